"""Our commands against both servers: what they send the Java client reads, what it sends they read, and lag is what mqadmin says."""
import json

import pytest

from conftest import keys
from support import gantry
from support.process import Process
from support.wire import wait_until
from test_java_client import committed, members

pytestmark = pytest.mark.usefixtures("binary")


def test_given_gantry_send_when_java_consumes_then_each_message_comes_once(server):
    topic, group = server.topic(), server.name("group")
    lines = gantry.lines("send", "--namesrv", server.namesrv, "--topic", topic, "--count", 20, "--size", 300, "--tag", "A")
    assert len(lines) == 20
    assert all(set(line) >= {"msg_id", "key", "broker", "queue_id", "queue_offset", "status"} for line in lines)
    got = server.consume("push", topic, group, 20, tag="A")
    assert keys(got["messages"]) == keys(lines)
    assert {m["msg_id"] for m in got["messages"]} == {line["msg_id"] for line in lines}
    assert {(m["key"], m["queue"], m["offset"]) for m in got["messages"]} == {(l["key"], l["queue_id"], l["queue_offset"]) for l in lines}
    assert {m["size"] for m in got["messages"]} == {300}


@pytest.mark.parametrize("mode", ["push", "pull", "pop"])
def test_given_java_sends_when_gantry_consumes_then_each_message_comes_once(server, mode):
    topic, group = server.topic(), server.name("group")
    sent = server.send(topic, 20, size=300)["sent"]
    lines = gantry.lines("consume", "--namesrv", server.namesrv, "--topic", topic, "--group", group, "--mode", mode, "--count", 20)
    assert keys(lines) == keys(sent)
    assert {line["msg_id"] for line in lines} == {s["msg_id"] for s in sent}
    assert all(line["reconsume_times"] == 0 for line in lines)
    if mode != "pop":
        wait_until(lambda: committed(server, topic, group) == 20, 10, "20 committed offsets")


@pytest.mark.parametrize("compress", ["zlib", "lz4", "zstd"])
def test_given_java_sends_compressed_and_in_batches_when_gantry_consumes_then_it_reads_them(server, compress):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 4, size=5000, compress=compress)
    server.send(topic, 8, kind="batch", key_prefix="batch")
    lines = gantry.lines("consume", "--namesrv", server.namesrv, "--topic", topic, "--group", group, "--mode", "pull", "--count", 12)
    assert len({line["key"] for line in lines}) == 12


def test_given_gantry_and_java_in_one_group_when_sent_then_they_share_the_queues(server):
    topic, group = server.topic(), server.name("group")
    theirs = server.start("push", topic, group).started()
    ours = Process([gantry.path(), "consume", "--namesrv", server.namesrv, "--topic", topic, "--group", group, "--mode", "push", "-o", "json"])
    try:
        wait_until(lambda: len(members(server, group)) == 2, 15, "two members")
        sent = 0
        for number in range(60):
            server.send(topic, 8, key_prefix=f"round{number}-")
            sent += 8
            if ours.out and theirs.deliveries:
                break
        wait_until(lambda: len(ours.out) + theirs.deliveries >= sent, 30, f"{sent} deliveries")
        ours.interrupt()
        assert ours.wait(10) in (0, 130)
    finally:
        ours.kill()
    got = theirs.stop().outcome()
    our_keys = keys(json.loads(line) for line in ours.out)
    assert our_keys and got["messages"]
    assert len(set(our_keys) | set(keys(got["messages"]))) == sent


def lag(server, topic, group):
    return gantry.document("lag", "--namesrv", server.namesrv, "--topic", topic, "--group", group)


def test_given_a_group_that_is_behind_when_asked_for_lag_then_it_is_what_mqadmin_says(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 10)
    server.consume("push", topic, group, 10)
    assert lag(server, topic, group)["lag"] == 0
    server.send(topic, 7)
    reading = lag(server, topic, group)
    assert "Consume Diff Total: 7" in server.admin("consumerProgress", "-g", group)
    assert (reading["topic"], reading["group"], reading["lag"], reading["consumers"]) == (topic, group, 7, 0)
    assert reading["unknown"] == [] and reading["oldest_age_ms"] >= 0
    assert sum(q["lag"] for q in reading["queues"]) == 7
    assert sorted(q["queue_id"] for q in reading["queues"]) == [0, 1, 2, 3]
    assert sum(q["broker_offset"] for q in reading["queues"]) == 17
    assert {q["broker"] for q in reading["queues"]} == {server.broker_name}


def test_given_a_group_that_never_committed_when_asked_for_lag_then_all_waits(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 9)
    assert lag(server, topic, group)["lag"] == 9


def test_given_a_running_consumer_when_asked_for_lag_then_it_is_counted(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 4)
    consumer = server.start("push", topic, group).started()
    wait_until(lambda: lag(server, topic, group)["consumers"] == 1, 10, "one consumer")
    consumer.delivered(4).stop().result()
    wait_until(lambda: lag(server, topic, group)["lag"] == 0, 10, "no lag")


def test_given_a_group_beyond_the_end_of_a_queue_then_its_lag_is_unknown_and_the_next_consumer_begins_at_the_end(server):
    topic, group = server.topic(queues=1), server.name("group")
    server.send(topic, 5)
    server.consume("push", topic, group, 5)
    assert server.request(15, {"consumerGroup": group, "topic": topic, "queueId": "0", "commitOffset": "1000"}).code == 0
    server.send(topic, 2)
    reading = lag(server, topic, group)
    assert reading["lag"] is None and reading["queues"][0]["consumer_offset"] == 1000
    assert "993 beyond the end of queue 0" in reading["unknown"][0]
    consumer = server.start("push", topic, group).started()
    wait_until(lambda: lag(server, topic, group)["lag"] == 0, 30, "a consumer that begins at the end")
    server.send(topic, 1)
    assert len(consumer.delivered(1).stop().outcome()["messages"]) == 1


def test_given_retries_of_pop_then_they_are_of_the_group_that_has_an_offset_there_and_of_no_other(server):
    topic, group = server.topic(queues=1), server.name("group")
    other = f"{group}_{topic}"  # its retry topic has the name of that of POP
    server.send(topic, 3)
    server.consume("push", topic, other, 3)
    server.admin("updateTopic", "-b", server.broker, "-t", f"%RETRY%{other}", "-r", 1, "-w", 1)
    server.send(f"%RETRY%{other}", 2)
    wait_until(lambda: lag(server, topic, other)["retry"] == 2, 20, "two retries")
    assert lag(server, topic, group)["retry"] == 0

    pops, popping = server.topic(queues=1), server.name("group")
    server.send(pops, 3)
    server.pop(pops, popping, n=3, ack="none", invisible_ms=1000, timeout_s=5).outcome()
    wait_until(lambda: lag(server, pops, popping)["retry"] == 3, 40, "three messages that were not acknowledged")


def test_given_no_topic_when_asked_for_lag_then_the_error_says_what_to_do(server):
    done = gantry.command("lag", "--namesrv", server.namesrv, "--topic", "no-such-topic", "--group", "g", "-o", "json", check=False)
    assert done.returncode != 0 and "no-such-topic" in done.stderr


ORDERS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: worker}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: worker}}}}
  template:
    metadata: {{labels: {{app: worker}}}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: worker
          image: gantry
          command: ["{gantry}", "consume", "--namesrv", "{namesrv}", "--topic", "{topic}"]
          args: ["--group", "{group}", "--mode", "pull", "--cost", "20ms"]
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: orders
  annotations: {{gantry/hpa-sync-period: 1s}}
spec:
  scaleTargetRef: {{name: worker}}
  pollingInterval: 1
  cooldownPeriod: 3
  minReplicaCount: 0
  maxReplicaCount: 4
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp: {{stabilizationWindowSeconds: 0, policies: [{{type: Pods, value: 4, periodSeconds: 1}}]}}
        scaleDown: {{stabilizationWindowSeconds: 1, policies: [{{type: Percent, value: 100, periodSeconds: 1}}]}}
  triggers:
    - type: external-push
      metadata:
        scalerAddress: gantry-scaler.gantry-system:6000
        nameServers: "{namesrv}"
        topic: {topic}
        consumerGroup: {group}
        lagThreshold: "100"
        activationLagThreshold: "0"
        offsetResetPolicy: earliest
"""


@pytest.mark.seconds(120)
def test_given_a_burst_from_java_when_gantry_up_runs_then_workers_come_and_go(server, tmp_path):
    topic, group = server.topic(), server.name("group")
    manifest, report = tmp_path / "orders.yaml", tmp_path / "report.json"
    manifest.write_text(ORDERS.format(gantry=gantry.path(), namesrv=server.namesrv, topic=topic, group=group))
    server.send(topic, 800, kind="async", size=100)
    gantry.command("up", "-f", manifest, "--namesrv", server.namesrv, "--http", "127.0.0.1:0", "--duration", "25s", "--report", report, timeout_s=80)
    result = json.loads(report.read_text())
    samples, verdict = result["samples"], result["verdict"]
    assert verdict["ok"], verdict
    assert max(s["replicas"] for s in samples) == verdict["max_replicas"] == 4
    assert verdict["final_replicas"] == 0 and verdict["final_lag"] == 0
    assert verdict["max_lag"] >= 700
    assert committed(server, topic, group) == 800
