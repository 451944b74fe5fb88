"""`gantry topic`, `group` and `doctor` against both servers: what they say is what mqadmin says, and what they do it sees."""
import json
import re

import pytest

from support import gantry, process
from support.wire import wait_until

pytestmark = pytest.mark.usefixtures("binary")


def ask(server, *arguments):
    return gantry.document(*arguments, "--namesrv", server.namesrv)


def clients(server, group):
    """Those that are connected; none as long as the group does not exist: its first consumer makes it."""
    done = gantry.command("group", "describe", "--group", group, "--namesrv", server.namesrv, "-o", "json", check=False)
    assert done.returncode == 0 or "does not exist" in done.stderr, done.stderr
    return json.loads(done.stdout)["clients"] if done.returncode == 0 else []


def test_given_topic_create_and_delete_then_mqadmin_sees_it(server):
    topic = server.name("made")
    assert ask(server, "topic", "create", "--topic", topic, "--queues", 3)["queues"] == 3
    wait_until(lambda: topic in server.admin("topicList"), 20, "the topic in mqadmin's list")
    assert re.search(r"readQueueNums.?[=: ]+3\b", server.admin("topicRoute", "-t", topic).replace('"', ""))
    server.send(topic, 6)
    described = ask(server, "topic", "describe", "--topic", topic)
    assert [q["queue_id"] for q in described["queues"]] == [0, 1, 2]
    assert sum(q["max_offset"] - q["min_offset"] for q in described["queues"]) == 6
    assert {b["broker"]: (b["read_queues"], b["write_queues"], b["perm"]) for b in described["brokers"]} == {server.broker_name: (3, 3, "RW")}
    server.consume("push", topic, server.name("group"), 6)
    assert topic not in ask(server, "topic", "describe", "--topic", topic)["groups"], "a topic is no group of itself"
    assert topic in {t["topic"] for t in ask(server, "topic", "list")}
    assert ask(server, "topic", "delete", "--topic", topic)["deleted"] is True
    wait_until(lambda: topic not in server.admin("topicList"), 20, "the topic gone from mqadmin's list")


def test_given_a_consumer_then_group_describe_names_it(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 2)
    consumer = server.start("push", topic, group, tag="A || B").started()
    wait_until(lambda: clients(server, group), 10, "its client")
    described = ask(server, "group", "describe", "--group", group)
    assert (described["consume_type"], described["message_model"]) == ("CONSUME_PASSIVELY", "CLUSTERING")
    assert topic in described["topics"] and described["subscriptions"][topic] == "A || B"
    assert [(client["language"], client["version"]) for client in described["clients"]] == [("JAVA", "5.3.3")]
    assert described["clients"][0]["client_id"] in server.admin("consumerConnection", "-g", group)
    listed = {g["group"]: g for g in ask(server, "group", "list")}
    assert listed[group]["consumers"] == 1
    consumer.stop()


def test_given_a_gantry_consumer_then_mqadmin_sees_which_queues_it_holds(server):
    topic, group = server.topic(queues=2), server.name("group")
    server.send(topic, 4)
    consumer = process.Process([gantry.path(), "consume", "--topic", topic, "--group", group, "--mode", "push", "--namesrv", server.namesrv, "-o", "json"])
    try:
        host = wait_until(lambda: clients(server, group), 20, "its client")[0]["client_id"].split("@")[0]
        # a row a queue: topic, broker, queue, offsets, and the client that told (307) that it holds the queue
        row = re.compile(rf"^{re.escape(topic)} .* {re.escape(host)} ", re.M)
        wait_until(lambda: len(row.findall(server.admin("consumerProgress", "-g", group, "-t", topic, "-s", "true"))) == 2, 20, "its address at both queues")
    finally:
        consumer.stop()


def test_given_group_reset_then_mqadmin_and_the_java_client_start_there(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 8)
    server.consume("push", topic, group, 8)
    assert "Consume Diff Total: 0" in server.admin("consumerProgress", "-g", group)
    moved = ask(server, "group", "reset", "--group", group, "--topic", topic, "--to", "earliest")
    assert sum(q["before"] for q in moved) == 8
    assert {(q["queue_id"], q["offset"]) for q in moved} == {(0, 0), (1, 0), (2, 0), (3, 0)}
    assert "Consume Diff Total: 8" in server.admin("consumerProgress", "-g", group)
    assert len(server.consume("push", topic, group, 8)["messages"]) == 8
    ask(server, "group", "reset", "--group", group, "--topic", topic, "--to", "earliest")
    ask(server, "group", "reset", "--group", group, "--topic", topic, "--to", "now")
    assert "Consume Diff Total: 0" in server.admin("consumerProgress", "-g", group)
    assert ask(server, "group", "delete", "--group", group)["deleted"] is True
    wait_until(lambda: group not in {g["group"] for g in ask(server, "group", "list")}, 10, "the group gone")


def test_given_the_address_of_a_broker_as_name_server_then_the_error_says_so(java_server):
    for command in (["lag", "--topic", "t", "--group", "g"], ["doctor"]):
        done = gantry.command(*command, "--namesrv", java_server.broker, check=False)
        assert done.returncode == 1 and "name servers listen on 9876" in done.stdout + done.stderr


def test_given_doctor_then_what_it_finds_is_true(server):
    found = ask(server, "doctor")
    assert all(check["state"] in ("ok", "warning") for check in found), found
    by_check = {check["check"]: check for check in found}
    assert by_check[f"name server {server.namesrv}"]["found"] == "answers"
    version = next(check["found"] for name, check in by_check.items() if name.endswith(" version"))
    assert version in server.admin("clusterList")
    assert any(server.broker_name in name and server.broker in name for name in by_check)
    assert by_check["autoCreateTopicEnable"]["found"].startswith("on")
