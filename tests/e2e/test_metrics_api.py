"""The HPA without KEDA: the real HPA controller asks our metrics API through the real aggregation layer."""
import itertools
import json
import os
import signal

import pytest

from harness import rocketmq
from harness.api import ApiError
from harness.daemon import wait_until
from harness.metrics_api import MetricsApi
from harness.pod_consumer import PodConsumer
from harness.workloads import Deployment
from support import ports, wire

EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1/namespaces"
CUSTOM = "/apis/custom.metrics.k8s.io/v1beta2/namespaces"
QUEUES = 8
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def broker(binary, tmp_path_factory):
    """Of these tests alone: they also stop it."""
    with rocketmq.embedded(binary, tmp_path_factory.mktemp("broker")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def metrics(binary, bare_plane, broker, tmp_path_factory):
    api = MetricsApi(binary, bare_plane, tmp_path_factory.mktemp("metrics-api"), ports.free(1),
                     {"main": broker.namesrv}).start()
    yield api
    api.stop()


@pytest.fixture
def space(bare_plane):
    name = bare_plane.namespace(f"metrics-{next(_numbers)}")
    yield name
    bare_plane.api.kubectl("delete", "namespace", name, "--wait=false")


def apply_hpa(plane, namespace, *metrics, minimum=1, maximum=10):
    path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
    plane.api.request("POST", path, {
        "metadata": {"name": "consumer"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "consumer"},
                 "minReplicas": minimum, "maxReplicas": maximum, "metrics": list(metrics),
                 # the standard policy of at most 4 pods or 100 % in 15 s is not what is tested
                 "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 100, "periodSeconds": 1}]}, "scaleDown": {"stabilizationWindowSeconds": 0}}}})
    return lambda: {c["type"]: c for c in plane.api.get(f"{path}/consumer").get("status", {}).get("conditions", [])}


def metric(topic, group, name="rocketmq-lag", **labels):
    return {"name": name, "selector": {"matchLabels": {"topic": topic, "consumerGroup": group, **labels}}}


def external(topic, group, average):
    return {"type": "External", "external": {"metric": metric(topic, group), "target": {"type": "AverageValue", "averageValue": str(average)}}}


def of_object(topic, group, average):
    return {"type": "Object", "object": {"describedObject": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "consumer"},
                                         "metric": metric(topic, group), "target": {"type": "AverageValue", "averageValue": str(average)}}}


def of_pods(topic, group, average, **labels):
    return {"type": "Pods", "pods": {"metric": metric(topic, group, **labels), "target": {"type": "AverageValue", "averageValue": str(average)}}}


def test_GivenAnExternalMetric_WhenLagComesAndGoes_ThenTheHpaScalesFromZeroAndBack(bare_plane, metrics, broker, space):
    topic, group = broker.topic(), "g-external"
    broker.commit_all(topic, group)
    deployment = Deployment(bare_plane, space, replicas=1)
    apply_hpa(bare_plane, space, external(topic, group, 10), minimum=0)
    deployment.wait_for(0)

    broker.send(topic, 72)

    deployment.wait_for(8)
    broker.commit_all(topic, group)
    deployment.wait_for(0)


def test_GivenAnObjectMetric_WhenThereIsLag_ThenTheHpaScalesByItsAverage(bare_plane, metrics, broker, space):
    topic, group = broker.topic(), "g-object"
    deployment = Deployment(bare_plane, space, replicas=1)
    apply_hpa(bare_plane, space, of_object(topic, group, 20))

    broker.send(topic, 72)

    deployment.wait_for(4)


def broker_name(broker):
    """As the name server tells it."""
    info = json.loads(wire.quote_keys(wire.call(broker.namesrv, 106).body.decode()))
    return next(iter(info["brokerAddrTable"]))


@pytest.mark.parametrize("kind", ["gantry", "java"])
def test_GivenConsumersInPods_WhenThereIsLag_ThenEachPodHasThatOfItsQueuesAndTheHpaScales(bare_plane, metrics, broker, brokers, space, kind):
    cluster = "main"
    if kind == "java":
        cluster, main, broker = "java", broker, brokers("java")
        metrics.stop()
        metrics.configure({"main": main.namesrv, "java": broker.namesrv})
        metrics.start()
    topic, group = broker.topic(queues=QUEUES), broker.group("g-pods")
    deployment = Deployment(bare_plane, space, replicas=2)
    deployment.wait_for(2)
    pods = bare_plane.api.get(f"/api/v1/namespaces/{space}/pods")["items"]
    name = broker_name(broker)
    consumers = [PodConsumer(broker.broker, name, topic, group, pod["status"]["podIP"], queues) for pod, queues in zip(pods, (range(6), (6, 7)))]
    broker.send(topic, 80)
    path = (f"{CUSTOM}/{space}/pods/%2A/rocketmq-lag?labelSelector=app%3Dconsumer"
            f"&metricLabelSelector=topic%3D{topic}%2CconsumerGroup%3D{group}%2Ccluster%3D{cluster}")

    def values():
        try:
            return {item["describedObject"]["name"]: item["value"] for item in bare_plane.api.get(path)["items"]}
        except ApiError as error:
            return str(error)

    expected = {pods[0]["metadata"]["name"]: "60", pods[1]["metadata"]["name"]: "20"}
    wait_until(lambda: values() == expected, 20, f"{expected}, now {values()}")

    apply_hpa(bare_plane, space, of_pods(topic, group, 25, cluster=cluster))

    deployment.wait_for(4)  # (60 + 20) / 25; the new pods have no consumer, and are left out
    assert values() == expected
    for consumer in consumers:
        consumer.close()


def test_GivenABrokerThatHangs_WhenTheHpaAsks_ThenItKeepsItsReplicasAndSaysWhy(bare_plane, metrics, broker, space):
    topic, group = broker.topic(), "g-hangs"
    deployment = Deployment(bare_plane, space, replicas=1)
    conditions = apply_hpa(bare_plane, space, external(topic, group, 10))
    broker.send(topic, 50)
    deployment.wait_for(5)

    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        inactive = wait_until(lambda: conditions().get("ScalingActive", {}).get("status") == "False" and conditions(), 30, "an HPA that cannot read")
        assert "metric rocketmq-lag: broker-a" in inactive["ScalingActive"]["message"]  # our words
        assert deployment.replicas() == 5
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)

    wait_until(lambda: conditions()["ScalingActive"]["status"] == "True", 30, "an HPA that reads again")
    assert deployment.replicas() == 5


def test_GivenTheServerIsGone_WhenTheHpaAsks_ThenItKeepsItsReplicas(bare_plane, metrics, broker, space):
    topic, group = broker.topic(), "g-gone"
    deployment = Deployment(bare_plane, space, replicas=1)
    conditions = apply_hpa(bare_plane, space, external(topic, group, 10), of_object(topic, group, 10))
    broker.send(topic, 30)
    deployment.wait_for(3)

    metrics.stop()
    wait_until(lambda: conditions().get("ScalingActive", {}).get("status") == "False", 30, "an HPA that cannot read")
    assert deployment.replicas() == 3
    metrics.start()
    broker.send(topic, 20)

    deployment.wait_for(5)


def test_GivenWhoIsNotTheFrontProxy_WhenAsking_ThenTheAnswerIsARefusal(bare_plane, metrics, space):
    path = f"{EXTERNAL}/{space}/rocketmq-lag"
    for certificate, user, code in ((None, "admin", 401), (bare_plane.ca.issue("impostor", "/CN=front-proxy-client"), "admin", 401),
                                    (bare_plane.front_proxy_ca.issue("somebody", "/CN=somebody"), "admin", 403)):
        status, body = metrics.ask(path, certificate, user)
        assert (status, json.loads(body)["kind"], json.loads(body)["code"]) == (code, "Status", code)


def test_GivenAUserWithoutRights_WhenAskingTheApiServer_ThenItRefusesBeforeWeAreAsked(bare_plane, metrics, space):
    asked = bare_plane.api.kubectl("get", "--raw", f"{EXTERNAL}/{space}/rocketmq-lag", "--as", "somebody", check=False)

    assert asked.returncode != 0
    assert "forbidden" in asked.stderr.lower()


def test_GivenAWrongSelector_WhenAsked_ThenTheStatusNamesWhatIsExpected(bare_plane, metrics, space):
    with pytest.raises(ApiError, match="expected consumerGroup=VALUE") as refused:
        bare_plane.api.get(f"{EXTERNAL}/{space}/rocketmq-lag?labelSelector=topic%3Dt")

    assert refused.value.status == 400
