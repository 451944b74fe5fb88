"""`gantry scaler` at the address of its Service, found by the names that its pods would find."""
import json
import socket

from .daemon import Daemon, wait_until

PORT, PAGE_PORT = 6000, 8090


class Scaler:
    """Up when `start` returns; start again after `kill` or `stop` to have it restarted."""

    def __init__(self, binary, directory, names, service="gantry-scaler", namespace="gantry-system", config=None):
        directory.mkdir(parents=True, exist_ok=True)
        self._binary = binary
        self._names = names
        self._log = directory / "scaler.log"
        self._config_file = directory / "scaler.yaml"
        self._host = names.service(service, namespace)
        self.address = f"{service}.{namespace}:{PORT}"
        self.configure(config or {})
        self.daemon = None

    def configure(self, config):
        """Takes effect at the next start. JSON is YAML."""
        self._config_file.write_text(json.dumps(config))

    def start(self):
        self.daemon = Daemon("gantry-scaler", [self._binary, "scaler", "--config", self._config_file, "--grpc-listen", f"{self._host}:{PORT}",
                                               "--http", f"{self._host}:{PAGE_PORT}"], self._log, names=self._names)
        wait_until(self._accepts, 10, "listening scaler", watch=[self.daemon])
        return self

    def _accepts(self):
        with socket.create_connection((self._host, PORT), 1):
            return True

    def kill(self):
        self.daemon.kill()

    def stop(self):
        return self.daemon.stop()

    def tail(self):
        return self.daemon.tail()
