"""Machines for a test: network namespaces on a bridge in one more, the hub. They have no names, so the end of this process, whatever it is,
leaves nothing of them. `with machine:` is there for what this thread does meanwhile: connections, and children that are started."""
import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
HUB = "198.18.78.1"
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _here():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def lacking():
    """Why this machine cannot do it; None when it can."""
    if os.geteuid() != 0:
        return "root is needed, for network namespaces"
    if subprocess.run(["sh", "-c", "command -v ip"], capture_output=True).returncode != 0:
        return "no ip (Debian: iproute2)"
    with contextlib.suppress(OSError):
        Machine(None).close()
        return None
    return "network namespaces cannot be made here"


class Machine:
    """A namespace with one address; its cable to the hub can be pulled."""

    def __init__(self, address):
        self.address = address
        before = _here()
        try:
            _check(_libc.unshare(CLONE_NEWNET), "unshare")
            self._fd = _here()
        finally:
            _check(_libc.setns(before, CLONE_NEWNET), "setns")
            os.close(before)
        self._outside = []

    def __enter__(self):
        self._outside.append(_here())
        _check(_libc.setns(self._fd, CLONE_NEWNET), "setns")
        return self

    def __exit__(self, *_):
        outside = self._outside.pop()
        _check(_libc.setns(outside, CLONE_NEWNET), "setns")
        os.close(outside)

    def ip(self, *arguments):
        with self:
            subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)

    @property
    def path(self):
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    def close(self):
        os.close(self._fd)


class Network:
    """The hub, with an address of its own, and `count` machines beside it."""

    def __init__(self, count):
        self.hub = Machine(HUB)
        self.machines = [Machine(f"198.18.78.{11 + n}") for n in range(count)]
        self.hub.ip("link", "set", "lo", "up")
        self.hub.ip("link", "add", "bridge", "type", "bridge")
        self.hub.ip("addr", "add", f"{HUB}/24", "dev", "bridge")
        self.hub.ip("link", "set", "bridge", "up")
        for n, machine in enumerate(self.machines):
            self.hub.ip("link", "add", f"port{n}", "type", "veth", "peer", "name", "cable")
            self.hub.ip("link", "set", "cable", "netns", machine.path)
            self.hub.ip("link", "set", f"port{n}", "master", "bridge", "up")
            machine.ip("link", "set", "lo", "up")
            machine.ip("addr", "add", f"{machine.address}/24", "dev", "cable")
            machine.ip("link", "set", "cable", "up")

    def cut(self, machine):
        """Nothing arrives, and nobody is told: the port stays up on both sides and forwards nothing."""
        self.hub.ip("link", "set", f"port{self.machines.index(machine)}", "nomaster")

    def heal(self, machine):
        self.hub.ip("link", "set", f"port{self.machines.index(machine)}", "master", "bridge")

    def close(self):
        for machine in [*self.machines, self.hub]:
            machine.close()
