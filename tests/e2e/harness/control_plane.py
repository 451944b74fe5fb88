"""etcd, kube-apiserver, kube-controller-manager (with the HPA), kube-scheduler, and kwok in the place of kubelets."""
import base64
import json

from . import certificates
from .api import Api
from .binaries import MANIFESTS
from .daemon import Daemon, wait_until

IP = "127.0.0.1"
PORTS = 6

# Nothing here has disks or real nodes. Without the node lifecycle controller a busy machine cannot make nodes look dead.
_CONTROLLERS_OFF = ("nodeipam", "node-lifecycle-controller", "persistentvolume-binder-controller",
                    "persistentvolume-attach-detach-controller", "persistentvolume-expander-controller",
                    "ephemeral-volume-controller")

_ROOM = {"cpu": "256", "memory": "1Ti", "pods": "1000"}
_LOCAL_NODE_STATUS = {"status": {"capacity": _ROOM, "allocatable": _ROOM, "conditions": [{"type": "Ready", "status": "True"}]}}
# what the two admission plugins need to put all pods of a namespace on the node of harness/kubelet.py
_RUNS_PODS = {"scheduler.alpha.kubernetes.io/node-selector": "e2e/pods=local",
              "scheduler.alpha.kubernetes.io/defaultTolerations": '[{"key": "e2e/pods", "operator": "Exists"}]'}


class ControlPlane:
    """Up when the constructor returns (about 5 s on an idle machine); `stop` ends all of it."""

    def __init__(self, binaries, directory, first_port, *, hpa_sync_s=1, feature_gates="", hpa_downscale="0s"):
        """`hpa_downscale`: the HPA's default stabilization window for scaling down, five minutes in production."""
        self.directory = directory
        self._binaries = binaries
        self._logs = directory / "log"
        self._logs.mkdir(parents=True)
        self._daemons = []
        (self._etcd_port, self._etcd_peer_port, self.port, self._manager_port, self._scheduler_port,
         self._kwok_port) = range(first_port, first_port + PORTS)
        self._gates = ["--feature-gates", feature_gates] if feature_gates else []
        self._make_certificates()
        self.kubeconfig = self._kubeconfig("admin")
        self.api = Api(self.port, self.ca.certificate, *self._users["admin"], binaries / "kubectl", self.kubeconfig)
        try:
            self._start(hpa_sync_s, hpa_downscale)
        except BaseException:
            self.stop()
            raise

    def _make_certificates(self):
        pki = directory = self.directory / "pki"
        self.ca = certificates.Authority(pki, "ca")
        self.front_proxy_ca = certificates.Authority(pki, "front-proxy-ca")
        self._server = self.ca.issue("apiserver", "/CN=kube-apiserver", f"IP:{IP}", "DNS:localhost", "DNS:kubernetes.default.svc")
        self._front_proxy = self.front_proxy_ca.issue("front-proxy-client", "/CN=front-proxy-client")
        self._service_account_keys = certificates.rsa_pair(directory, "service-accounts")
        self._users = {"admin": self.ca.issue("admin", "/O=system:masters/CN=admin"),
                       **{name: self.ca.issue(name, f"/CN=system:kube-{name}", f"IP:{IP}", "DNS:localhost")
                          for name in ("controller-manager", "scheduler")}}

    def _kubeconfig(self, user):
        certificate, key = self._users[user]
        path = self.directory / f"{user}.kubeconfig"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "e2e",
            "clusters": [{"name": "e2e", "cluster": {"server": f"https://{IP}:{self.port}",
                                                     "certificate-authority": str(self.ca.certificate)}}],
            "users": [{"name": user, "user": {"client-certificate": str(certificate), "client-key": str(key)}}],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": user}}]}))
        path.chmod(0o600)
        return path

    def run(self, name, *arguments, env=None, names=None):
        """A further process of the cluster, from the directory of the binaries; its log is log/NAME.log."""
        daemon = Daemon(name, [self._binaries / name, *arguments], self._logs / f"{name}.log", env=env, names=names)
        self._daemons.append(daemon)
        return daemon

    def _start(self, hpa_sync_s, hpa_downscale):
        etcd_url, peer_url = f"http://{IP}:{self._etcd_port}", f"http://{IP}:{self._etcd_peer_port}"
        self.run("etcd", "--name", "e2e", "--data-dir", self.directory / "etcd", "--unsafe-no-fsync", "--log-level", "warn",
                 "--listen-client-urls", etcd_url, "--advertise-client-urls", etcd_url,
                 "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
                 "--initial-cluster", f"e2e={peer_url}")
        private, public = self._service_account_keys
        self.run("kube-apiserver", "--etcd-servers", etcd_url, "--bind-address", IP, "--advertise-address", IP,
                 "--secure-port", self.port, "--service-cluster-ip-range", "10.96.0.0/16",
                 # it would write an Endpoints with a loopback address, which is refused
                 "--endpoint-reconciler-type", "none",
                 "--tls-cert-file", self._server[0], "--tls-private-key-file", self._server[1],
                 "--client-ca-file", self.ca.certificate, "--authorization-mode", "RBAC",
                 "--disable-admission-plugins", "TaintNodesByCondition",
                 "--enable-admission-plugins", "PodNodeSelector,PodTolerationRestriction",
                 "--service-account-issuer", "https://kubernetes.default.svc",
                 "--service-account-key-file", public, "--service-account-signing-key-file", private,
                 "--requestheader-client-ca-file", self.front_proxy_ca.certificate,
                 "--requestheader-allowed-names", "front-proxy-client",
                 "--requestheader-username-headers", "X-Remote-User", "--requestheader-group-headers", "X-Remote-Group",
                 "--requestheader-extra-headers-prefix", "X-Remote-Extra-",
                 "--proxy-client-cert-file", self._front_proxy[0], "--proxy-client-key-file", self._front_proxy[1],
                 "--audit-policy-file", MANIFESTS / "audit-policy.yaml", "--audit-log-path", self._logs / "audit.log", *self._gates)
        wait_until(self.api.is_ready, 90, "ready API server", watch=self._daemons)
        self._run_with_kubeconfig("controller-manager", self._manager_port,
                                  "--use-service-account-credentials", "--service-account-private-key-file", private,
                                  "--root-ca-file", self.ca.certificate,
                                  "--controllers", ",".join(["*", *(f"-{name}" for name in _CONTROLLERS_OFF)]),
                                  "--horizontal-pod-autoscaler-sync-period", f"{hpa_sync_s}s",
                                  "--horizontal-pod-autoscaler-initial-readiness-delay", "1s",
                                  "--horizontal-pod-autoscaler-downscale-stabilization", hpa_downscale, *self._gates)
        self._run_with_kubeconfig("scheduler", self._scheduler_port)
        self.run("kwok", "--kubeconfig", self.kubeconfig, "--config", self._binaries / "kwok-stages.yaml",
                 "--manage-all-nodes=false", "--manage-nodes-with-label-selector", "e2e/pods=fake",
                 "--cidr", "10.0.0.1/16", "--node-ip", IP, "--server-address", f"{IP}:{self._kwok_port}",
                 "--node-lease-duration-seconds", "40")
        self.api.apply(MANIFESTS / "hpa-reads-metrics.yaml")
        self.api.apply(MANIFESTS / "node.yaml")
        self.api.request("PATCH", "/api/v1/nodes/local/status", _LOCAL_NODE_STATUS, "application/merge-patch+json")
        wait_until(self._node_is_ready, 60, "ready node", watch=self._daemons)
        wait_until(lambda: self.api.find("/api/v1/namespaces/default/serviceaccounts/default"), 60, "default service account",
                   watch=self._daemons)

    def _run_with_kubeconfig(self, user, port, *arguments):
        kubeconfig, (certificate, key) = self._kubeconfig(user), self._users[user]
        self.run(f"kube-{user}", "--kubeconfig", kubeconfig, "--authentication-kubeconfig", kubeconfig,
                 "--authorization-kubeconfig", kubeconfig, "--bind-address", IP, "--secure-port", port, "--leader-elect=false",
                 "--tls-cert-file", certificate, "--tls-private-key-file", key, *arguments)

    def _node_is_ready(self):
        conditions = self.api.get("/api/v1/nodes/fake").get("status", {}).get("conditions", [])
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def extension_certificate(self, service, namespace):
        """(certificate, key) for a server behind an APIService: good for its Service's name and for 127.0.0.1."""
        return self.ca.issue(f"{service}.{namespace}", f"/CN={service}", f"DNS:{service}.{namespace}.svc", "DNS:localhost", f"IP:{IP}")

    def add_api_service(self, group, version, service, namespace, port):
        """Has the aggregator ask https://127.0.0.1:port for that group; a certificate of extension_certificate() is expected."""
        ca = base64.b64encode(self.ca.certificate.read_bytes()).decode()
        text = (MANIFESTS / "api-service.yaml").read_text()
        for name, value in {"GROUP": group, "VERSION": version, "SERVICE": service, "NAMESPACE": namespace, "PORT": port, "CA": ca}.items():
            text = text.replace(f"@{name}@", str(value))
        self.api.apply(text, namespace)

    def api_service_is_available(self, group, version):
        service = self.api.find(f"/apis/apiregistration.k8s.io/v1/apiservices/{version}.{group}") or {}
        return any(c["type"] == "Available" and c["status"] == "True" for c in service.get("status", {}).get("conditions", []))

    def namespace(self, name, runs_pods=False):
        """A namespace of a test's own, with its default service account. `runs_pods`: by a Kubelet, which the test starts."""
        self.api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name, "annotations": _RUNS_PODS if runs_pods else {}}})
        wait_until(lambda: self.api.find(f"/api/v1/namespaces/{name}/serviceaccounts/default"), 20, f"service account in {name}")
        return name

    def audit(self):
        """The entries of the audit log so far: see manifests/audit-policy.yaml."""
        path = self._logs / "audit.log"
        return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")] if path.exists() else []

    def tail(self):
        return "\n".join(daemon.tail() for daemon in self._daemons)

    def stop(self):
        # the last started first; what they keep is thrown away, so nobody needs to be polite
        for daemon in reversed(self._daemons):
            daemon.kill()
        self._daemons.clear()
