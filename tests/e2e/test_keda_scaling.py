"""KEDA and the HPA scale a Deployment on RocketMQ lag that `gantry scaler` tells them: from zero to one to many and back."""
import os
import statistics
import time

import pytest
from harness.workloads import Deployment, Recorder, ScaledObject

PUSH_MS_MAX = 200
PUSH_TRIES = int(os.environ.get("GANTRY_E2E_PUSHES", "7"))


@pytest.mark.parametrize("server", ["gantry", "java"])
def test_GivenLagThatComesAndGoes_WhenKedaAsksTheScaler_ThenReplicasGoFromZeroToOneToManyAndBack(plane, keda, scaler, brokers, server, namespace):
    cluster = brokers(server)
    runs = {}
    for trigger in ("external", "external-push"):  # side by side: most of the time is KEDA's and the HPA's intervals
        name = f"by-{trigger}"
        topic = cluster.topic(name)
        cluster.group(name)
        deployment = Deployment(plane, namespace, name)
        ScaledObject(plane, namespace, name, scaler.address, {"nameServers": cluster.namesrv, "topic": topic, "consumerGroup": name,
                                                              "lagThreshold": "10"}, trigger=trigger).wait_until_ready()
        runs[trigger] = (topic, deployment, Recorder(plane, namespace, name), name)
    assert all(deployment.replicas() == 0 for _, deployment, _, _ in runs.values())

    for topic, _, _, _ in runs.values():
        cluster.send(topic, 45)
    for _, deployment, _, _ in runs.values():
        deployment.wait_for(5, 40)
    for topic, _, _, group in runs.values():
        cluster.commit_all(topic, group)
    for _, deployment, _, _ in runs.values():
        deployment.wait_for(0, 40)

    for trigger, (_, _, recorder, _) in runs.items():
        replicas = recorder.stop()
        assert replicas[:3] == [0, 1, 5] and replicas[-1] == 0, f"{trigger}: {replicas}"


@pytest.mark.parametrize("server", ["gantry", "java"])
def test_GivenAnIdleWorkload_WhenItsFirstMessageIsSent_ThenItIsStartedLongBeforeTheNextPoll(plane, keda, scaler, brokers, server, namespace):
    cluster = brokers(server)
    times_ms = []
    for i in range(PUSH_TRIES):
        name = f"push-{i}"
        topic = cluster.topic(name)
        Deployment(plane, namespace, name)
        recorder = Recorder(plane, namespace, name)
        ScaledObject(plane, namespace, name, scaler.address, {"nameServers": cluster.namesrv, "topic": topic, "consumerGroup": name,
                                                              "lagThreshold": "10"}, trigger="external-push", polling_s=300).wait_until_ready()
        scaler.wait_for_idle(topic)

        sent = time.monotonic()
        cluster.send(topic, 1)
        recorder.wait_for(1, 10)
        times_ms.append((recorder.first_at(1) - sent) * 1000)
        recorder.stop()

    print(f"\nactivation by push, {server} broker, {PUSH_TRIES} times: median {statistics.median(times_ms):.0f} ms, "
          f"{min(times_ms):.0f} to {max(times_ms):.0f} ms from the send to the replica count at the API server")
    assert statistics.median(times_ms) < PUSH_MS_MAX, times_ms
