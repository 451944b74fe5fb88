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
        self._lines = []  # (address, name)
        self._resolv.write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")
        self._write()

    def service(self, name, namespace):
        """The loopback address of a Service; made on the first call."""
        return self.endpoints(name, namespace, 1)[0]

    def endpoints(self, name, namespace, count):
        """The same of a headless Service, which has an address for each of its pods."""
        known = [address for address, host in self._lines if host == f"{name}.{namespace}"]
        if not known:
            first = len({address for address, _ in self._lines}) + 1
            known = [f"{self._network}.{first + i}" for i in range(count)]
            self._lines += [(address, f"{name}.{namespace}{end}") for address in known for end in ("", ".svc", ".svc.cluster.local")]
            self._write()
        return known

    def _write(self):
        self._hosts.write_text("\n".join(["127.0.0.1 localhost", *(f"{address} {name}" for address, name in self._lines), ""]))

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
