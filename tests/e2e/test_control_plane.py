"""The harness itself: what every other test stands on."""
from harness.daemon import wait_until
from harness.kubelet import Kubelet
from harness.workloads import Deployment


def test_GivenAControlPlane_WhenADeploymentIsScaled_ThenItsPodsBecomeReady(plane, namespace):
    deployment = Deployment(plane, namespace)

    deployment.scale(3)

    deployment.wait_for(3)
    pods = plane.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    assert len({pod["status"]["podIP"] for pod in pods}) == 3
    deployment.scale(0)
    deployment.wait_for(0)


def test_GivenKeda_WhenAskedForItsMetrics_ThenTheAggregatorReachesIt(plane, keda):
    answer = plane.api.get("/apis/external.metrics.k8s.io/v1beta1")

    assert answer["kind"] == "APIResourceList"


def test_GivenNames_WhenTheOperatorRuns_ThenItSeesOurHosts(keda, names):
    address = names.service("some-service", "some-namespace")

    with open(f"/proc/{keda.operator.pid}/root/etc/hosts") as hosts:
        assert f"{address} some-service.some-namespace" in hosts.read()


def test_GivenAKubelet_WhenAPodIsDeleted_ThenItsProcessHasItsGracePeriod(plane, tmp_path):
    namespace = plane.namespace("kubelet", runs_pods=True)
    kubelet = Kubelet(plane, namespace, tmp_path)
    try:
        plane.api.apply(POD, namespace)
        path = f"/api/v1/namespaces/{namespace}/pods/polite"
        wait_until(lambda: "started by test" in (tmp_path / "polite.log").read_text(), 20, "started process")
        assert plane.api.get(path)["status"]["phase"] == "Running"

        plane.api.kubectl("delete", "pod", "polite", "-n", namespace, "--wait=false")

        wait_until(lambda: plane.api.find(path) is None, 20, "end of the pod")
        assert "took leave" in (tmp_path / "polite.log").read_text()
    finally:
        kubelet.stop()
        plane.api.kubectl("delete", "namespace", namespace, "--wait=false")


POD = """
apiVersion: v1
kind: Pod
metadata: {name: polite}
spec:
  terminationGracePeriodSeconds: 5
  containers:
    - name: polite
      image: none
      command: [sh, -c]
      args: ['trap "sleep 0.2; echo took leave; exit 0" TERM; echo started by $(WHO); while :; do sleep 0.05; done']
      env: [{name: WHO, value: test}]
"""
