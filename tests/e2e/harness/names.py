"""Host names of Services for processes that are no pods.

A process started with `prefix()` has a mount namespace of its own, in which /etc/hosts is our file and no DNS server
answers. Each name gets a loopback address of its own, so that a Service's port can be the real one (6000, 9876) whatever
else runs on this machine. Adding a name changes the file in place: running processes see it (Go looks again after 5 s)."""
import os
import shutil
import subprocess


class Names:
    def __init__(self, directory):
        self._hosts = directory / "hosts"
        self._resolv = directory / "resolv.conf"
        # 127.64.0.0/10 by the process id: runs at the same time do not meet
        pid = os.getpid()
        self._network = f"127.{64 + pid // 256 % 64}.{pid % 256}"
        self._addresses = {}
        self._resolv.write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")
        self._write()

    def address(self, *names):
        """The loopback address of a Service, given by all the names it goes by; made on the first call."""
        for name in names:
            if name in self._addresses:
                return self._addresses[name]
        address = f"{self._network}.{len(set(self._addresses.values())) + 1}"
        self._addresses.update(dict.fromkeys(names, address))
        self._write()
        return address

    def service(self, name, namespace):
        return self.address(f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local")

    def _write(self):
        lines = [f"{address} {name}" for name, address in self._addresses.items()]
        self._hosts.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))

    def prefix(self):
        """What comes before a command; it replaces itself by the command, so the process id is the command's."""
        mount = 'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
        return ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount",
                "sh", "-c", mount, str(self._hosts), str(self._resolv)]

    @staticmethod
    def lacking():
        """Why this machine cannot do it, or None."""
        if not shutil.which("unshare"):
            return "no unshare here"
        probe = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount", "true"]
        done = subprocess.run(probe, capture_output=True, text=True)
        return None if done.returncode == 0 else f"no mount namespaces here: {done.stderr.strip()}"
