"""mqadmin, as its users type it."""
import collections
import re
import time

import pytest

from support.wire import wait_until


def rows(output):
    """The table that mqadmin prints, as dictionaries by the heads of its columns."""
    lines = output.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("#"))
    heads = [head.strip() for head in re.split(r"\s*#", lines[start])[1:]]
    table = []
    for line in lines[start + 1:]:
        if not line.strip():
            break
        table.append(dict(zip(heads, re.split(r"\s{2,}", line.strip()))))
    return table


def test_given_a_cluster_when_listed_then_its_broker_is_there(server):
    row, = rows(server.admin("clusterList"))
    assert (row["Cluster Name"], row["Broker Name"], row["BID"], row["Addr"]) == (server.cluster, server.broker_name, "0", server.broker)
    assert row["Version"].startswith("V")


def test_given_the_statistics_when_the_cluster_is_listed_then_they_are_there(server):
    row, = rows(server.admin("clusterList", "-m"))
    assert row["Broker Name"] == server.broker_name


def test_given_a_new_topic_when_listed_then_it_is_there(server):
    topic = server.topic()
    assert topic in server.admin("topicList").splitlines()
    assert any(topic in line and server.cluster in line for line in server.admin("topicList", "-c").splitlines())


def test_given_a_topic_when_updated_then_its_route_has_the_new_queues(server):
    topic = server.topic(queues=2)
    assert '"writeQueueNums":2' in re.sub(r"\s", "", server.admin("topicRoute", "-t", topic))
    output = server.admin("updateTopic", "-c", server.cluster, "-t", topic, "-r", 6, "-w", 6)
    assert f"create topic to {server.broker} success" in output
    wait_until(lambda: '"writeQueueNums":6' in re.sub(r"\s", "", server.admin("topicRoute", "-t", topic)), 10, "6 queues")
    assert len(rows(server.admin("topicStatus", "-t", topic))) == 6


def test_given_messages_when_asked_for_the_status_of_their_topic_then_it_counts_them(server):
    topic = server.topic()
    server.send(topic, 10)
    table = rows(server.admin("topicStatus", "-t", topic))
    assert [row["QID"] for row in table] == ["0", "1", "2", "3"]
    assert sum(int(row["Max Offset"]) - int(row["Min Offset"]) for row in table) == 10
    assert all(re.match(r"\d{4}-\d\d-\d\d ", row["Last Updated"]) for row in table if row["Max Offset"] != "0")


def test_given_a_group_that_is_behind_when_asked_for_its_progress_then_the_difference_is_what_waits(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 10)
    server.consume("push", topic, group, 10)
    server.send(topic, 7)
    output = server.admin("consumerProgress", "-g", group)
    assert "Consume Diff Total: 7" in output
    table = [row for row in rows(output) if row["Topic"] == topic]
    assert sum(int(row["Diff"]) for row in table) == 7
    assert sum(int(row["Consumer Offset"]) for row in table) == 10


def test_given_groups_when_asked_for_the_progress_of_all_then_each_has_a_row(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 4)
    server.consume("push", topic, group, 4)
    consumer = server.start("push", topic, group).started()
    row, = (row for row in rows(server.admin("consumerProgress")) if row["Group"] == group)
    consumer.stop().result()
    assert row["Count"] == "1" and row["Diff Total"] == "0"


def test_given_a_running_consumer_when_its_connection_is_asked_for_then_it_is_there(server):
    topic, group = server.topic(), server.name("group")
    consumer = server.start("push", topic, group).started()
    output = server.admin("consumerConnection", "-g", group)
    consumer.stop().result()
    assert "CONSUME_PASSIVELY" in output and "CLUSTERING" in output and topic in output


def test_given_a_group_at_rest_when_reset_by_time_then_it_reads_from_there(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 8)
    server.consume("push", topic, group, 8)
    server.admin("resetOffsetByTime", "-g", group, "-t", topic, "-s", 0)
    assert "Consume Diff Total: 8" in server.admin("consumerProgress", "-g", group)
    assert server.consume("push", topic, group, 8)["unique"] == 8


def test_given_a_running_consumer_when_reset_by_time_then_it_gets_all_again(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 8)
    consumer = server.start("push", topic, group, timeout_s=60).started().delivered(8)
    output = server.admin("resetOffsetByTime", "-g", group, "-t", topic, "-s", 0)
    assert server.broker_name in output
    # it learns of that with its next pull or by the one-way request 220; the messages end the pulls that are waiting
    server.send(topic, 4, key_prefix="more")
    consumer.delivered(20, timeout_s=40)
    got = consumer.stop().outcome()
    assert got["unique"] == 12 and len(got["messages"]) >= 20


def test_given_a_consumer_at_work_when_reset_to_a_moment_then_it_consumes_again_from_there(server):
    topic, group = server.topic(queues=1), server.name("group")
    server.send(topic, 8, key_prefix="before")
    consumer = server.start("push", topic, group, timeout_s=70).started().delivered(8)
    sent_ms = time.time_ns() // 1_000_000
    wait_until(lambda: time.time_ns() // 1_000_000 > sent_ms, 1, "next millisecond")
    server.send(topic, 8, key_prefix="after")
    consumer.delivered(16)
    server.admin("resetOffsetByTime", "-g", group, "-t", topic, "-s", sent_ms + 1)
    # a message that comes meanwhile ends the pull that is waiting, by which a client may learn of the reset
    server.send(topic, 1, key_prefix="meanwhile")
    consumer.delivered(16 + 8 + 1, timeout_s=40)
    got = consumer.stop().outcome()
    times = collections.Counter(m["key"] for m in got["messages"])
    assert all(times[f"before{i}"] == 1 for i in range(8)), times
    assert all(times[f"after{i}"] == 2 for i in range(8)), times
    assert times["meanwhile0"] >= 1, times
    assert "Consume Diff Total: 0" in server.admin("consumerProgress", "-g", group)


def test_given_now_when_reset_by_time_then_the_backlog_is_skipped(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 8)
    server.consume("push", topic, group, 8)
    server.send(topic, 5)
    server.admin("resetOffsetByTime", "-g", group, "-t", topic, "-s", "now")
    assert "Consume Diff Total: 0" in server.admin("consumerProgress", "-g", group)


def test_given_a_message_when_looked_up_by_id_then_it_is_shown(server):
    topic = server.topic()
    sent = server.send(topic, 1, key_prefix="lookup")["sent"][0]
    output = server.admin("queryMsgById", "-t", topic, "-i", sent["offset_msg_id"])
    assert re.search(rf"Topic:\s+{topic}", output) and "lookup0" in output


def test_given_a_message_when_looked_up_by_key_then_it_is_found(server):
    topic = server.topic()
    key = server.name("lookup")
    sent = server.send(topic, 1, key_prefix=key)["sent"][0]
    # the real broker indexes a message some time after it has been acknowledged
    wait_until(lambda: sent["msg_id"] in server.admin("queryMsgByKey", "-t", topic, "-k", f"{key}0"), 10, "message by key")


def test_given_a_running_broker_when_its_status_is_asked_for_then_it_is_told(server):
    output = server.admin("brokerStatus", "-b", server.broker)
    assert re.search(r"^brokerVersionDesc\s+: V", output, re.M) and re.search(r"^bootTimestamp\s+: \d+", output, re.M)


def test_given_a_topic_when_deleted_then_it_is_gone(server):
    topic = server.topic()
    server.admin("deleteTopic", "-c", server.cluster, "-t", topic)
    wait_until(lambda: server.request(105, {"topic": topic}, address=server.namesrv).code == 17, 10, "no route")


UNKNOWN = {"topic": "no-such-topic", "queueId": "0", "consumerGroup": "no-such-group"}


@pytest.mark.parametrize("where, code, fields, expected", [
    ("namesrv", 105, UNKNOWN, 17),
    ("namesrv", 31999, {}, 3),
    ("broker", 31999, {}, 3),
    ("broker", 202, UNKNOWN, 17),
    ("broker", 14, {**UNKNOWN, "setZeroIfNotFound": "false"}, 22),
    ("broker", 33, {"offset": "7"}, 1),
    ("broker", 38, UNKNOWN, 1),
    ("broker", 203, UNKNOWN, 206),
])
def test_given_what_does_not_exist_when_asked_for_then_the_response_code_is_the_real_brokers(server, where, code, fields, expected):
    response = server.request(code, fields, address=server.namesrv if where == "namesrv" else server.broker)
    assert response.code == expected
    assert response.opaque == 1 and response.is_response
