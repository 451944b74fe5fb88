"""The harness itself: what every other test stands on."""
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
