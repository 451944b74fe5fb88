"""Deployments and ScaledObjects as a test sees them: replica counts as the API server has them."""
import json
import threading
import time

from .daemon import wait_until


class Deployment:
    """A Deployment, made here unless `exists`."""

    def __init__(self, plane, namespace, name="consumer", replicas=0, exists=False, env_from_secret=None):
        self._api = plane.api
        self._path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
        if not exists:
            labels = {"app": name}
            container = {"name": "consumer", "image": "fake"}
            if env_from_secret:
                container["envFrom"] = [{"secretRef": {"name": env_from_secret}}]
            self._api.request("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", {
                "metadata": {"name": name},
                "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
                    "metadata": {"labels": labels},
                    "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}}})

    def replicas(self):
        return self._api.get(self._path)["spec"]["replicas"]

    def ready(self):
        return self._api.get(self._path).get("status", {}).get("readyReplicas", 0)

    def scale(self, replicas):
        self._api.merge(f"{self._path}/scale", {"spec": {"replicas": replicas}})

    def wait_for(self, replicas, timeout_s=30):
        """Until so many replicas are wanted and ready; `replicas` may be a predicate of the number. Returns the number."""
        fits = replicas if callable(replicas) else lambda n: n == replicas
        try:
            wait_until(lambda: fits(self.replicas()) and self.ready() == self.replicas(), timeout_s, "fitting number of replicas")
        except AssertionError:
            raise AssertionError(f"{self._path}: {self.replicas()} replicas after {timeout_s} s, expected {replicas}") from None
        return self.replicas()


class Recorder:
    """Every replica count that was wanted of a Deployment, from now on, with its time."""

    def __init__(self, plane, namespace, name):
        self._api = plane.api
        self._changed = threading.Condition()
        self._counts = []  # (seconds of the monotonic clock, replicas), each differing from the one before
        self._stopped = False
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        self._note(self._api.get(f"{path}/{name}"))
        self._thread = threading.Thread(target=self._watch, args=(path, name), daemon=True)
        self._thread.start()

    def _watch(self, path, name):
        while not self._stopped:
            try:
                self._note(self._api.get(f"{path}/{name}"))
                for _, deployment in self._api.watch(path, fieldSelector=f"metadata.name={name}", timeoutSeconds=3):
                    self._note(deployment)
            except (OSError, ValueError):
                time.sleep(0.05)
            except Exception:  # the namespace is gone
                return

    def _note(self, deployment):
        if "spec" not in deployment:
            return
        with self._changed:
            replicas = deployment["spec"]["replicas"]
            if not self._counts or self._counts[-1][1] != replicas:
                self._counts.append((time.monotonic(), replicas))
                self._changed.notify_all()

    def replicas(self):
        with self._changed:
            return [replicas for _, replicas in self._counts]

    def wait_for(self, replicas, timeout_s):
        with self._changed:
            assert self._changed.wait_for(lambda: replicas in [n for _, n in self._counts], timeout_s), f"no {replicas} in {self._counts}"

    def falls_below(self, replicas, within_s):
        """Whether fewer were wanted at any time so far or are within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: min(n for _, n in self._counts) < replicas, within_s)

    def first_at(self, replicas):
        with self._changed:
            return next(at for at, n in self._counts if n == replicas)

    def stop(self):
        """The counts in their order."""
        self._stopped = True
        return self.replicas()


class ScaledObject:
    """One trigger of ours on a Deployment; scales down at once when it may."""

    def __init__(self, plane, namespace, name, address, metadata, *, trigger="external", polling_s=1, cooldown_s=1, max_replicas=5,
                 fallback=None, authentication=None):
        self._api = plane.api
        self._path = f"/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledobjects/{name}"
        self.hpa_path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/keda-hpa-{name}"
        source = {"type": trigger, "metadata": {"scalerAddress": address, **metadata}}
        if authentication:
            source["authenticationRef"] = {"name": authentication}
        self._api.request("POST", self._path.rsplit("/", 1)[0], {
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": name},
            "spec": {"scaleTargetRef": {"name": name}, "pollingInterval": polling_s, "cooldownPeriod": cooldown_s,
                     "minReplicaCount": 0, "maxReplicaCount": max_replicas, **({"fallback": fallback} if fallback else {}),
                     "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}},
                     "triggers": [source]}})

    def condition(self, kind):
        """The status ("True", "False", "Unknown") of a condition, None when there is none."""
        conditions = self._api.get(self._path).get("status", {}).get("conditions", [])
        return next((c["status"] for c in conditions if c["type"] == kind), None)

    def status(self):
        return self._api.get(self._path).get("status", {})

    def wait_until_ready(self):
        try:
            wait_until(lambda: self.condition("Ready") == "True" and self._api.find(self.hpa_path), 30, "ready ScaledObject")
        except AssertionError:
            raise AssertionError(f"{self._path} is not ready: {json.dumps(self.status(), indent=1)}") from None
        return self
