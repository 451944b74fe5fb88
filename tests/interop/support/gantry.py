"""Our own binary: its broker as a server of a test, and its commands."""
import json
import os
import pathlib
import subprocess

from . import ports, wire
from .process import Process

ROOT = pathlib.Path(__file__).resolve().parents[3]


def path():
    return pathlib.Path(os.environ.get("GANTRY", ROOT / "build" / "release" / "gantry")).absolute()


def binary():
    return path() if os.access(path(), os.X_OK) else None


class Broker:
    """`gantry broker`, up when the constructor returns."""

    def __init__(self, executable, directory, *arguments, namesrv_port=None, broker_port=None, credentials=None,
                 host="127.0.0.1"):
        self._credentials = credentials
        self.namesrv = f"{host}:{namesrv_port or ports.free(1)}"
        self.broker = f"{host}:{broker_port or ports.free(1)}"
        self._process = Process([executable, "broker", "--namesrv-listen", self.namesrv, "--listen", self.broker,
                                 "--data", directory, "--flush", "async", *arguments])
        try:
            wire.wait_until(self._is_up, 10, "gantry broker's answer")
        except AssertionError as error:
            self._process.kill()
            raise AssertionError(f"{error}\n{self._process.tail()}") from None

    def _is_up(self):
        if self._process.code is not None:
            raise AssertionError(f"gantry broker ended with {self._process.code}")
        return b"brokerAddr" in wire.call(self.namesrv, 106, credentials=self._credentials).body

    def identity(self):
        """(broker name, cluster) as the name server tells them."""
        info = json.loads(wire.quote_keys(wire.call(self.namesrv, 106, credentials=self._credentials).body.decode()))
        (name, data), = info["brokerAddrTable"].items()
        return name, data["cluster"]

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        self._process.kill()

    def stop(self):
        return self._process.stop()


def command(*arguments, timeout_s=30, check=True):
    """Runs a command of ours to its end; the parsed lines of its JSON output are `.json`."""
    done = subprocess.run([path(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL)
    if check:
        assert done.returncode == 0, f"gantry {' '.join(map(str, arguments))} -> {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done


def lines(*arguments, **options):
    """The output of a command with `-o json` that prints one object a line."""
    return [json.loads(line) for line in command(*arguments, "-o", "json", **options).stdout.splitlines() if line.strip()]


def document(*arguments, **options):
    """The output of a command with `-o json` that prints one object."""
    return json.loads(command(*arguments, "-o", "json", **options).stdout)
