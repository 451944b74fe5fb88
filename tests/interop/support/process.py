"""A child process whose output is kept line by line, so that a test waits for what it says and never for time to pass."""
import os
import signal
import subprocess
import threading
import time


class Process:
    """stdout and stderr are read by a thread each; `wait_for` returns as soon as a line matches."""

    def __init__(self, command, *, env=None, stdin=False, on_line=None):
        self.command = [str(part) for part in command]
        self._changed = threading.Condition()
        self.out = []
        self.err = []
        self._child = subprocess.Popen(
            self.command, env={**os.environ, **(env or {})}, text=True, bufsize=1, errors="replace",
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # a group of its own: whatever the child starts ends with it
            start_new_session=True)
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((self._child.stdout, self.out, on_line), (self._child.stderr, self.err, None))]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self):
        return self._child.pid

    @property
    def code(self):
        """The exit code, None while it runs."""
        return self._child.poll()

    def _read(self, pipe, lines, on_line):
        for line in pipe:
            with self._changed:
                lines.append(line.rstrip("\n"))
                self._changed.notify_all()
            if on_line:
                on_line(line)
        with self._changed:
            self._changed.notify_all()

    def write_line(self, line):
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()

    def wait_for(self, matches, timeout_s, what):
        """Blocks until `matches(process)` is true; an end of the process or of the time is an AssertionError that shows the output."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not matches(self):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"no {what} within {timeout_s} s\n{self.tail()}")
                if self.code is not None and not any(reader.is_alive() for reader in self._readers):
                    raise AssertionError(f"ended with {self.code} before {what}\n{self.tail()}")
                self._changed.wait(min(left, 0.2))

    def wait(self, timeout_s):
        try:
            code = self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout_s} s\n{self.tail()}") from None
        for reader in self._readers:
            reader.join(1)
        return code

    def interrupt(self):
        if self.code is None:
            self._child.send_signal(signal.SIGINT)

    def signal(self, number):
        """To the process alone, not its group: SIGSTOP and SIGCONT hang a server and let it go on."""
        if self.code is None:
            self._child.send_signal(number)

    def stop(self, timeout_s=5):
        """SIGTERM, then SIGKILL for the whole group. Returns the exit code."""
        if self.code is None:
            self._child.terminate()
            try:
                self._child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        return self._child.wait()

    def kill(self):
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._child.wait()

    def tail(self, lines=30):
        # RocketMQ's logging library reports on its own configuration in some hundred lines
        out = [line for line in self.out if " |-INFO in " not in line and " |-WARN in " not in line]
        return "\n".join(["$ " + " ".join(self.command), *out[-lines:], "-- stderr --", *self.err[-lines:]])
