"""Deployments and ScaledObjects as a test sees them: replica counts as the API server has them."""
from .daemon import wait_until

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{{name: consumer, image: fake}}]
"""


class Deployment:
    """A Deployment, made here unless `exists`."""

    def __init__(self, plane, namespace, name="consumer", replicas=0, exists=False):
        self._api = plane.api
        self._path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
        if not exists:
            plane.api.apply(DEPLOYMENT.format(name=name, replicas=replicas), namespace)

    def replicas(self):
        return self._api.get(self._path)["spec"]["replicas"]

    def ready(self):
        return self._api.get(self._path).get("status", {}).get("readyReplicas", 0)

    def scale(self, replicas):
        self._api.merge(f"{self._path}/scale", {"spec": {"replicas": replicas}})

    def wait_for(self, replicas, timeout_s=30):
        """Until so many replicas are wanted and ready; `replicas` may be a predicate of the number."""
        fits = replicas if callable(replicas) else lambda n: n == replicas
        wait_until(lambda: fits(self.replicas()) and self.ready() == self.replicas(), timeout_s,
                   f"{replicas if not callable(replicas) else 'fitting number of'} replicas (now {self.replicas()})")
        return self.replicas()
