"""A server of a test: its output goes to a file, it ends with the test run whatever happens to that."""
import ctypes
import os
import signal
import subprocess
import time

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Daemon:
    def __init__(self, name, command, log, *, env=None, names=None):
        """`names`: a Names; the process then resolves those host names."""
        self.name = name
        self.log = log
        self.command = [*(names.prefix() if names else []), *(str(part) for part in command)]
        with open(log, "ab") as output:
            self._child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                           env={**os.environ, **(env or {})}, start_new_session=True,
                                           preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self._child.pid

    @property
    def code(self):
        """The exit code, None while it runs."""
        return self._child.poll()

    def signal(self, number):
        self._child.send_signal(number)

    def stop(self, timeout_s=10):
        """SIGTERM, then SIGKILL. Returns the exit code."""
        self._child.terminate()
        self._child.send_signal(signal.SIGCONT)
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        self._child.kill()
        return self._child.wait()

    def tail(self, lines=20):
        text = self.log.read_text(errors="replace").splitlines()[-lines:] if self.log.exists() else []
        return "\n".join([f"-- {self.name} ({self.log}), exit code {self.code}", *text])


def wait_until(ready, timeout_s, what, *, watch=(), every_s=0.05):
    """Asks until `ready()` is true and returns what it gave; an OSError means not yet. `watch`: daemons that have to go on
    running meanwhile. The AssertionError at the end tells the last answer and the ends of their logs."""
    deadline = time.monotonic() + timeout_s
    last = None
    while time.monotonic() < deadline:
        try:
            last = ready()
            if last:
                return last
        except OSError as error:
            last = error
        ended = next((daemon for daemon in watch if daemon.code is not None), None)
        if ended:
            raise AssertionError(f"{ended.name} ended before {what}\n{ended.tail()}")
        time.sleep(every_s)
    raise AssertionError("\n".join([f"no {what} within {timeout_s} s, last: {last!r}", *(d.tail() for d in watch)]))
