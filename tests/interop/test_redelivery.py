"""Retry, dead letters, delays, revival. They take their time by nature, so all of a server run at once, each asserted in a
test of its own."""
import pytest

from conftest import keys
from support.wire import wait_until


class Waiting:
    """Everything slow, started together."""

    def __init__(self, server):
        self.server = server
        s = server
        self.group = {name: s.name(name) for name in ("retry", "dead", "at-once", "pop-retry", "revive", "change", "delay", "timer", "check")}
        self.topic = {name: s.topic(name) for name in self.group}
        for name in ("retry", "dead", "at-once", "pop-retry", "revive", "change"):
            s.send(self.topic[name], 6)
        start = lambda name, mode="push", **o: s.start(mode, self.topic[name], self.group[name], timeout_s=60, **o)
        pop = lambda name, **o: s.pop(self.topic[name], self.group[name], timeout_s=60, **o)
        self.running = {
            "retry": start("retry", n=6, fail="once", delay_level=1),
            "dead": start("dead", fail="always", delay_level=1, max_reconsume=2),
            "at-once": start("at-once", fail="always", delay_level=-1),
            "pop-retry": start("pop-retry", mode="pop", n=6, fail="once", pop_delay_s=1),
            "revive": pop("revive", ack="none", invisible_ms=2000),
            "change": pop("change", n=6, ack="change", change_ms=1000),
            "delay": start("delay", n=4),
            "timer": start("timer", n=4),
            "check": start("check", n=4),
        }
        for scenario in self.running.values():
            scenario.started()
        s.send(self.topic["delay"], 4, kind="delay", delay_level=1)
        s.send(self.topic["timer"], 4, kind="delay", delay_ms=1500)
        self.undecided = s.driver.start("send", namesrv=s.namesrv, topic=self.topic["check"], kind="transaction", check=True, n=4,
                                        group=s.name("tx"), timeout_s=40)

    def result(self, name):
        return self.running[name].result()

    def stop(self):
        for scenario in [*self.running.values(), self.undecided]:
            scenario.stop()


_waiting = {}


@pytest.fixture
def waiting(server):
    if server.kind not in _waiting:
        _waiting[server.kind] = Waiting(server)
    return _waiting[server.kind]


@pytest.fixture(scope="module", autouse=True)
def stopped(driver):
    yield
    for waiting in _waiting.values():
        waiting.stop()
    _waiting.clear()


def by_key(messages):
    deliveries = {}
    for message in messages:
        deliveries.setdefault(message["key"], []).append(message)
    return deliveries


def test_given_a_delay_level_when_sent_then_it_comes_after_its_time(waiting):
    assert all(1000 <= m["age_ms"] < 5000 for m in waiting.result("delay")["messages"])


def test_given_a_delay_in_time_when_sent_then_it_comes_after_its_time(waiting):
    assert all(1500 <= m["age_ms"] < 6000 for m in waiting.result("timer")["messages"])


def test_given_a_message_refused_once_when_retried_then_it_is_the_same_message(waiting):
    got = waiting.result("retry")
    for deliveries in by_key(got["messages"]).values():
        assert [m["reconsume_times"] for m in deliveries] == [0, 1]
        first, second = deliveries
        assert second["topic"] == first["topic"] == waiting.topic["retry"]  # the retry topic stays hidden
        assert second["whole"] and second["tag"] == first["tag"]
        # the id is the one that the producer was given
        assert second["msg_id"] == first["msg_id"]


def dead_letters(waiting, name):
    s = waiting.server
    return s.consume("pull", f"%DLQ%{waiting.group[name]}", s.name("undertaker"), 6, timeout_s=30)["messages"]


def wait_for_dead(waiting, name):
    s, topic = waiting.server, f"%DLQ%{waiting.group[name]}"
    wait_until(lambda: s.request(105, {"topic": topic}, address=s.namesrv).code == 0, 40, f"route of {topic}")
    wait_until(lambda: s.queue_sum(30, topic, queues=1) == 6, 40, f"6 messages in {topic}")


def test_given_a_message_for_the_dead_letter_queue_when_refused_then_it_goes_there_at_once(waiting):
    wait_for_dead(waiting, "at-once")
    got = waiting.running["at-once"].stop().outcome()
    assert len(got["messages"]) == 6 and {m["reconsume_times"] for m in got["messages"]} == {0}
    assert keys(dead_letters(waiting, "at-once")) == keys(got["messages"])


def test_given_a_message_always_refused_when_retries_are_used_up_then_it_is_a_dead_letter(waiting):
    wait_for_dead(waiting, "dead")
    got = waiting.running["dead"].stop().outcome()
    for deliveries in by_key(got["messages"]).values():
        assert [m["reconsume_times"] for m in deliveries] == [0, 1, 2]
    dead = dead_letters(waiting, "dead")
    assert keys(dead) == [f"k{i}" for i in range(6)]
    assert all(m["whole"] for m in dead)


def test_given_the_pop_consumer_when_it_refuses_then_the_message_comes_again(waiting):
    got = waiting.result("pop-retry")
    for deliveries in by_key(got["messages"]).values():
        assert [m["accepted"] for m in deliveries] == [False, True]
        assert deliveries[1]["reconsume_times"] == 1
        assert deliveries[1]["topic"] == waiting.topic["pop-retry"]


def test_given_a_changed_invisible_time_when_it_ends_then_the_message_comes_again(waiting):
    got = waiting.result("change")
    assert got["unique"] == 6
    assert keys(got["changed"]) == keys(got["messages"])
    assert all(c["before"] != c["after"] for c in got["changed"])


def test_given_pop_without_ack_when_the_invisible_time_ends_then_the_message_is_revived(waiting):
    scenario = waiting.running["revive"]
    scenario.delivered(12, timeout_s=60)  # each at least twice
    got = scenario.stop().outcome()
    assert sorted(by_key(got["messages"])) == [f"k{i}" for i in range(6)]
    assert all(len(deliveries) >= 2 for deliveries in by_key(got["messages"]).values())


def test_given_an_undecided_transaction_when_the_broker_asks_then_it_is_seen(waiting):
    got = waiting.result("check")
    # a decision that is not yet on disk is asked for once more, and then committed once more: at least once is the promise
    assert sorted(by_key(got["messages"])) == ["k0", "k1", "k2", "k3"]
    checked = waiting.undecided.stop().outcome()["checked"]
    assert {c["key"] for c in checked} >= {"k1", "k3"}
