"""Messages that a broker holds back until their delivery time, as `includeDelayed` counts them, at both servers."""
import pytest

from support import gantry, java
from support.wire import wait_until

pytestmark = pytest.mark.usefixtures("binary")


def reading(server, topic, group, *options):
    return gantry.document("lag", "--namesrv", server.namesrv, "--topic", topic, "--group", group, "--delayed", *options)


def until(server, topic, group, timeout_s=30, **members):
    last = {}

    def there():
        last.update(reading(server, topic, group))
        return {name: last[name] for name in members} == members and last
    try:
        return wait_until(there, timeout_s, f"reading of {topic} with {members}")
    except AssertionError as error:
        raise AssertionError(f"{error}: {last}") from None


def test_given_messages_sent_by_level_and_as_timers_then_both_count_for_their_topic_until_they_are_due(server):
    topic, other, group = server.topic(), server.topic("other"), server.name("group")
    assert reading(server, topic, group)["delayed"] == 0
    server.send(topic, 40, kind="delay", delay_level=3)  # 10 s
    server.send(other, 3, kind="delay", delay_level=3)
    server.send(topic, 5, kind="delay", delay_level=2)
    server.send(topic, 4, kind="delay", delay_ms=6000)
    server.send(other, 2, kind="delay", delay_ms=6000)
    server.send(topic, 6)
    until(server, topic, group, delayed=49, lag=6)
    until(server, other, group, delayed=5, lag=0)
    until(server, topic, group, delayed=0, lag=55, delayed_retry=0)
    until(server, other, group, delayed=0, lag=5)


def test_given_messages_sent_by_level_then_none_is_missing_while_they_become_due(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 200, kind="delay", delay_level=1)
    while (last := reading(server, topic, group))["delayed"]:
        assert last["delayed"] + last["lag"] >= 200, last
    assert last["lag"] == 200


def test_given_messages_that_a_consumer_sent_back_then_they_count_as_delayed_retries_until_they_come_again(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 3)
    consumer = server.start("push", topic, group, n=3, fail="once", delay_level=3)
    until(server, topic, group, delayed=0, delayed_retry=3)
    consumer.result()
    until(server, topic, group, delayed=0, delayed_retry=0, retry=0)


def test_given_an_account_with_the_rights_of_the_documentation_then_it_is_told_and_without_them_why_not(java_acl_server, tmp_path):
    server, account = java_acl_server, ["--access-key", "counter", "--secret-key", "counts-only"]
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "tools.yml").write_text("accessKey: rocketmq\nsecretKey: 12345678\n")
    where = ["-n", server.namesrv, "-c", server.cluster]
    topic, group = server.name("held"), server.name("workers")

    def grant(command, resources, actions):
        done = java.mqadmin(tmp_path, command, *where, "-s", "User:counter", "-r", resources, "-a", actions, "-d", "Allow")
        assert "success" in done, done

    assert "success" in java.mqadmin(tmp_path, "createUser", *where, "-u", "counter", "-p", "counts-only")
    assert "success" in java.mqadmin(tmp_path, "updateTopic", *where, "-t", topic)
    grant("createAcl", f"Topic:{topic},Group:{group}*", "Get")
    server.send(topic, 7, kind="delay", delay_level=9, access_key="rocketmq", secret_key="12345678")
    refused = wait_until(lambda: reading(server, topic, group, *account), 15, "an answer")
    assert refused["lag"] == 0 and refused["delayed"] is None
    assert any("delayed messages" in why and "SCHEDULE_TOPIC_XXXX" in why for why in refused["unknown"]), refused["unknown"]
    grant("updateAcl", "Topic:SCHEDULE_TOPIC_XXXX", "Get,Sub")
    grant("updateAcl", "Group:TOOLS_CONSUMER", "Sub")
    wait_until(lambda: reading(server, topic, group, *account)["delayed"] == 7, 15, "7 delayed messages")
