"""`gantry scaler` at the address of its Service, found by the names that its pods would find."""
import json
import socket
import urllib.request

from .daemon import Daemon, wait_until

PORT, PAGE_PORT = 6000, 8090


class Scaler:
    """Up when `start` returns; start again after `kill` or `stop` to have it restarted."""

    def __init__(self, binary, directory, names, service="gantry-scaler", namespace="gantry-system", config=None, copy=0):
        """`copy`: which of the addresses of a headless Service it listens on."""
        directory.mkdir(parents=True, exist_ok=True)
        self._binary = binary
        self._names = names
        self._log = directory / "scaler.log"
        self._config_file = directory / "scaler.yaml"
        self._host = names.endpoints(service, namespace, 1)[copy]
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

    def page(self):
        """What the page knows of the scaled objects."""
        with urllib.request.urlopen(f"http://{self._host}:{PAGE_PORT}/api/scaled-objects", timeout=5) as answer:
            return json.load(answer)

    def wait_for_idle(self, topic, namespace=None):
        """Until KEDA has asked about the topic's trigger (in that namespace) and learned that there is nothing to do."""
        wait_until(lambda: any(topic in trigger["topics"] and trigger["active"] is False and namespace in (None, trigger["namespace"])
                               for trigger in self.page()["triggers"]), 20, f"idle trigger of {topic}", watch=[self.daemon])

    def kill(self):
        self.daemon.kill()

    def stop(self):
        return self.daemon.stop()

    def tail(self):
        return self.daemon.tail()
