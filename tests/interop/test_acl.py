"""Signed requests: the Java client's against both brokers, and ours against the real one."""
import pytest

from conftest import keys
from support import gantry

KEY = {"access_key": "rocketmq", "secret_key": "12345678"}
OURS = ["--access-key", "rocketmq", "--secret-key", "12345678"]


def test_given_the_right_key_when_sent_and_consumed_then_it_works(acl_server):
    topic, group = acl_server.name("topic"), acl_server.name("group")
    acl_server.send(topic, 8, **KEY)
    acl_server.send(topic, 8, kind="batch", key_prefix="batch", **KEY)
    assert acl_server.consume("push", topic, group, 16, **KEY)["unique"] == 16
    assert acl_server.pop(topic, group + "p", n=16, ack="batch", **KEY).result()["unique"] == 16
    acl_server.driver.run("serialize", type="ROCKETMQ")
    try:
        acl_server.send(topic, 2, **KEY)
    finally:
        acl_server.driver.run("serialize", type="JSON")


@pytest.mark.parametrize("credentials", [{**KEY, "secret_key": "wrong"}, {**KEY, "access_key": "nobody"}, {}])
def test_given_a_wrong_key_or_none_when_sent_then_it_is_refused(acl_server, credentials):
    outcome = acl_server.driver.start("send", namesrv=acl_server.namesrv, topic=acl_server.name("topic"), n=1, **credentials).outcome()
    assert not outcome["ok"] and outcome["count"] == 0


def test_given_the_right_key_when_our_commands_are_used_then_they_work(acl_server, binary):
    topic, group = acl_server.name("topic"), acl_server.name("group")
    at = ["--namesrv", acl_server.namesrv, "--topic", topic, *OURS]
    sent = gantry.lines("send", *at, "--count", 5)
    assert gantry.document("lag", *at, "--group", group)["lag"] == 5
    got = gantry.lines("consume", *at, "--group", group, "--mode", "pull", "--count", 5)
    assert keys(got) == keys(sent)


def test_given_a_wrong_key_when_our_commands_are_used_then_they_say_so(acl_server, binary):
    done = gantry.command("send", "--namesrv", acl_server.namesrv, "--topic", acl_server.name("topic"), "--count", 1, "--access-key", "rocketmq",
                          "--secret-key", "wrong", check=False)
    assert done.returncode == 1 and done.stderr
