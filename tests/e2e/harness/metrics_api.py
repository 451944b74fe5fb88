"""The metrics API of ours behind a control plane's aggregation layer."""
import json
import ssl
import urllib.error
import urllib.request

from .daemon import Daemon, wait_until

GROUPS = (("external.metrics.k8s.io", "v1beta1"), ("custom.metrics.k8s.io", "v1beta2"))
SERVICE, NAMESPACE = "gantry-scaler", "gantry-system"


class MetricsApi:
    """Up when `start` returns; both API groups are then available."""

    def __init__(self, binary, plane, directory, port, clusters):
        directory.mkdir(parents=True, exist_ok=True)
        self._binary = binary
        self._plane = plane
        self._log = directory / "metrics-api.log"
        self._port = port
        self._config = directory / "scaler.yaml"
        self._certificate, self._key = plane.extension_certificate(SERVICE, NAMESPACE)
        self.configure(clusters)
        for group, version in GROUPS:
            plane.add_api_service(group, version, SERVICE, NAMESPACE, port)

    def configure(self, clusters):
        """`clusters`: name to name servers; the first is the default. Takes effect at the next start."""
        # JSON is YAML. Who may ask is not said: the API server's ConfigMap tells it
        self._config.write_text(json.dumps({"metricsApi": {
            "tls": {"certificate": str(self._certificate), "key": str(self._key)}, "defaultCluster": next(iter(clusters)),
            "clusters": [{"name": name, "metadata": {"nameServers": servers}} for name, servers in clusters.items()]}}))

    def start(self):
        self.daemon = Daemon("metrics-api", [self._binary, "scaler", "--config", self._config, "--grpc-listen", "127.0.0.1:0",
                                             "--api-listen", f"127.0.0.1:{self._port}", "--kubeconfig", self._plane.kubeconfig], self._log)
        wait_until(lambda: all(self._plane.api_service_is_available(*group) for group in GROUPS), 60, "metrics API services", watch=[self.daemon])
        wait_until(lambda: self.ask("/readyz") == (200, "ok"), 10, "ready metrics API", watch=[self.daemon])
        return self

    def stop(self):
        return self.daemon.stop()

    def ask(self, path, certificate=None, user=None):
        """(status, body) of a request that does not come through the aggregation layer."""
        context = ssl.create_default_context(cafile=str(self._plane.ca.certificate))
        if certificate:
            context.load_cert_chain(*map(str, certificate))
        request = urllib.request.Request(f"https://localhost:{self._port}{path}", headers={"X-Remote-User": user} if user else {})
        try:
            with urllib.request.urlopen(request, context=context, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
