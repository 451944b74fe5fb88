"""KEDA's operator and metrics adapter against a control plane. They hold v1beta1.external.metrics.k8s.io while they run."""
import urllib.error
import urllib.request

from .control_plane import IP
from .daemon import wait_until

PORTS = 4
NAMESPACE = "keda"
_GROUP, _VERSION = "external.metrics.k8s.io", "v1beta1"


class Keda:
    """Up when the constructor returns (about 4 s)."""

    def __init__(self, plane, first_port, names):
        """`names`: the host names that the operator finds scalers by."""
        self._plane = plane
        metrics, self._health_port, grpc, adapter = range(first_port, first_port + PORTS)
        plane.api.kubectl("apply", "--server-side", "-f", plane._binaries / "keda-crds")
        plane.add_api_service(_GROUP, _VERSION, "keda-metrics-apiserver", NAMESPACE, adapter)
        plane.api.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd/scaledobjects.keda.sh", "crd/scaledjobs.keda.sh",
                          "crd/triggerauthentications.keda.sh", "crd/clustertriggerauthentications.keda.sh")
        # operator and adapter speak mTLS with each other, by the files of one directory
        directory = plane.directory / "keda-certificates"
        directory.mkdir()
        certificate, key = plane.extension_certificate("keda-metrics-apiserver", NAMESPACE)
        for name, source in (("ca.crt", plane.ca.certificate), ("tls.crt", certificate), ("tls.key", key)):
            (directory / name).write_bytes(source.read_bytes())
        env = {"KUBECONFIG": str(plane.kubeconfig), "WATCH_NAMESPACE": "", "POD_NAMESPACE": NAMESPACE, "POD_NAME": "keda-operator",
               "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE}
        log = ["--zap-log-level", "debug", "--zap-encoder", "console", "--zap-time-encoding", "rfc3339nano"]
        self.operator = plane.run("keda-operator", "--leader-elect=false", "--metrics-bind-address", f"{IP}:{metrics}",
                                  "--health-probe-bind-address", f"{IP}:{self._health_port}",
                                  "--metrics-service-bind-address", f"{IP}:{grpc}", "--cert-dir", directory, *log,
                                  env=env, names=names)
        self.adapter = plane.run("keda-adapter", "--bind-address", IP, "--secure-port", adapter,
                                 "--port", "0",  # its plain metrics listen on all addresses: any free port is better than a known one
                                 "--metrics-service-address", f"localhost:{grpc}", "--cert-dir", directory,
                                 "--tls-cert-file", directory / "tls.crt", "--tls-private-key-file", directory / "tls.key",
                                 "--client-ca-file", directory / "ca.crt", "--lister-kubeconfig", plane.kubeconfig,
                                 "--authentication-kubeconfig", plane.kubeconfig, "--authorization-kubeconfig", plane.kubeconfig, *log,
                                 env=env)
        both = (self.operator, self.adapter)
        wait_until(self._is_ready, 90, "ready KEDA operator", watch=both)
        wait_until(lambda: plane.api_service_is_available(_GROUP, _VERSION), 90, "available KEDA metrics adapter", watch=both)

    def _is_ready(self):
        try:
            return urllib.request.urlopen(f"http://{IP}:{self._health_port}/readyz", timeout=2).status == 200
        except urllib.error.HTTPError:
            return False

    def log_lines(self, *words):
        """The lines of the operator's log that contain all the words."""
        return [line for line in self.operator.log.read_text(errors="replace").splitlines() if all(word in line for word in words)]
