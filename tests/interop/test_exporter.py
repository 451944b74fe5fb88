"""`gantry exporter` against both servers: its numbers are those of `gantry lag` and of mqadmin, in a form that Prometheus reads."""
import contextlib
import re
import urllib.request

import pytest

from support import gantry, java, ports
from support.process import Process
from support.wire import wait_until

pytestmark = pytest.mark.usefixtures("binary")


class Exporter:
    def __init__(self, namesrv, *arguments, env=None):
        port = ports.free(1)
        self.url = f"http://127.0.0.1:{port}/metrics"
        self.process = Process([gantry.path(), "exporter", "--namesrv", namesrv, "--listen", f"127.0.0.1:{port}",
                                "--interval", "200ms", *arguments], env=env)
        wait_until(lambda: self.text() is not None, 10, "the exporter's answer")

    def text(self):
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(self.url, timeout=5) as answer:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                return answer.read().decode()
        return None

    def samples(self, text=None):
        """{(name, frozenset of labels): value}; a sample that comes twice is a fault."""
        found = {}
        for line in (text or self.text()).splitlines():
            if line.startswith("#") or not line:
                continue
            name, labels, value = re.fullmatch(r"([a-z_0-9]+)(?:\{(.*)\})? (\S+)", line).groups()
            key = (name, frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")))
            assert key not in found, line
            found[key] = float(value)
        return found

    def value(self, name, **labels):
        """Of the only sample with these labels among others; None when there is none."""
        found = [v for (n, pairs), v in self.samples().items() if n == name and set(labels.items()) <= pairs]
        assert len(found) < 2, (name, labels, found)
        return found[0] if found else None

    def fresh(self):
        """Waits for a cycle that began after this was called."""
        cycles = self.value("gantry_exporter_cycles_total")
        wait_until(lambda: self.value("gantry_exporter_cycles_total") >= cycles + 2, 20, "two cycles")


@pytest.fixture(scope="module")
def exporters():
    running = {}

    def of(server):
        if server.namesrv not in running:
            running[server.namesrv] = Exporter(server.namesrv)
        return running[server.namesrv]

    yield of
    for exporter in running.values():
        assert exporter.process.stop() == 0


def test_given_lag_then_the_series_are_what_gantry_lag_and_mqadmin_say(server, exporters):
    exporter = exporters(server)
    topic, group = server.topic(), server.name("group")
    server.send(topic, 20)
    server.consume("push", topic, group, 20)
    server.send(topic, 7)
    wait_until(lambda: exporter.value("gantry_rocketmq_group_lag_messages", topic=topic, group=group) == 7, 15, "a lag of 7")
    wait_until(lambda: exporter.value("gantry_rocketmq_group_consumers", group=group) == 0, 15, "nobody connected")
    exporter.fresh()
    reading = gantry.document("lag", "--topic", topic, "--group", group, "--namesrv", server.namesrv)
    for series, member in [("lag_messages", "lag"), ("in_flight_messages", "in_flight"), ("ready_messages", "ready")]:
        assert exporter.value(f"gantry_rocketmq_group_{series}", topic=topic, group=group) == reading[member], series
    for series, member in [("retry_messages", "retry"), ("dead_letter_messages", "dlq"), ("consumers", "consumers")]:
        assert exporter.value(f"gantry_rocketmq_group_{series}", group=group) == reading[member], series
    age_s = exporter.value("gantry_rocketmq_group_lag_seconds", topic=topic, group=group)
    assert abs(age_s - reading["oldest_age_ms"] / 1000) < 3
    # consumerProgress counts the group's retry topic too, which is empty
    assert "Consume Diff Total: 7" in server.admin("consumerProgress", "-g", group)
    assert exporter.value("rocketmq_group_diff", topic=topic, group=group) == 7
    assert exporter.value("rocketmq_producer_offset", topic=topic) == 27
    assert exporter.value("rocketmq_consumer_offset", topic=topic, group=group) == 20
    assert exporter.value("gantry_rocketmq_topic_stored_messages", topic=topic) == 27
    assert exporter.value("gantry_rocketmq_group_consumed_messages_total", topic=topic, group=group) == 20


def test_given_a_connected_consumer_then_it_is_counted_and_says_what_it_does(server, exporters):
    exporter = exporters(server)
    topic, group = server.topic(), server.name("group")
    consumer = server.start("push", topic, group).started()
    server.send(topic, 10)
    wait_until(lambda: consumer.deliveries >= 10, 20, "10 deliveries")
    wait_until(lambda: exporter.value("gantry_rocketmq_group_consumers", group=group) == 1, 15, "one consumer")
    wait_until(lambda: exporter.value("rocketmq_client_consume_rt", topic=topic, group=group) is not None, 15, "its details")
    count, = [(labels, v) for (name, labels), v in exporter.samples().items()
              if name == "rocketmq_group_count" and ("group", group) in labels]
    assert count[1] == 1 and dict(count[0])["localaddr"] and dict(count[0])["caddr"].startswith("127.0.0.1:")
    wait_until(lambda: exporter.value("rocketmq_consumer_tps", topic=topic, group=group), 15, "a rate above 0")
    consumer.stop()
    wait_until(lambda: exporter.value("gantry_rocketmq_group_consumers", group=group) == 0, 20, "nobody")
    assert exporter.value("rocketmq_client_consume_rt", topic=topic, group=group) is None


def test_given_messages_that_fail_for_good_then_dead_letters_are_counted(server, exporters):
    exporter = exporters(server)
    topic, group = server.topic(), server.name("group")
    server.send(topic, 4)
    server.consume("push", topic, group, 4)
    server.admin("updateTopic", "-b", server.broker, "-t", f"%RETRY%{group}", "-r", 1, "-w", 1)
    server.send(f"%RETRY%{group}", 3)
    wait_until(lambda: exporter.value("gantry_rocketmq_group_retry_messages", group=group) == 3, 15, "3 retries")
    reading = gantry.document("lag", "--topic", topic, "--group", group, "--namesrv", server.namesrv)
    assert reading["retry"] == 3
    assert exporter.value("rocketmq_group_retrydiff", group=group) == 3


def test_given_a_group_and_a_topic_that_are_deleted_then_their_series_go(server, exporters):
    exporter = exporters(server)
    topic, group = server.topic(), server.name("group")
    server.send(topic, 4)
    server.consume("push", topic, group, 4)
    wait_until(lambda: exporter.value("rocketmq_group_diff", topic=topic, group=group) == 0, 15, "a lag of 0")
    server.admin("deleteSubGroup", "-b", server.broker, "-g", group, "-r", "true")
    wait_until(lambda: not any(("group", group) in labels for _, labels in exporter.samples()), 15, "no series of the group")
    server.admin("deleteTopic", "-c", server.cluster, "-t", topic)
    wait_until(lambda: not any(("topic", topic) in labels for _, labels in exporter.samples()), 15, "no series of the topic")


def test_given_the_text_then_the_parser_of_prometheus_reads_it(server, exporters):
    parser = pytest.importorskip("prometheus_client.parser", reason="the PyPI package prometheus_client is not installed")
    exporter = exporters(server)
    exporter.fresh()
    text = exporter.text()
    families = list(parser.text_string_to_metric_families(text))
    read = {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}
    own = {(name, frozenset((k, v.replace('\\"', '"').replace("\\\\", "\\")) for k, v in labels)): value
           for (name, labels), value in exporter.samples(text).items()}
    assert read == own
    assert all(family.type in ("gauge", "counter") and family.documentation for family in families)
    for family in families:
        assert family.name.startswith(("gantry_rocketmq_", "gantry_exporter_", "rocketmq_"))
        # the parser takes _total off the name of a counter
        assert family.type != "counter" or all(s.name.endswith("_total") for s in family.samples)


def test_given_a_real_broker_then_it_tells_what_the_apache_exporter_reads(java_server, exporters):
    exporter = exporters(java_server)
    exporter.fresh()
    runtime = {name.removeprefix("rocketmq_brokeruntime_") for name, _ in exporter.samples() if name.startswith("rocketmq_brokeruntime_")}
    # a broker says nothing of rates and of the distribution of times in its first minutes
    assert len({name for name in runtime if not re.search("tps|pmdt", name)}) == 35
    assert exporter.value("gantry_rocketmq_broker_info", version="V5_3_3") == 1
    assert exporter.value("gantry_rocketmq_broker_commit_log_disk_total_bytes") > 2**30
    assert not [labels for name, labels in exporter.samples() if name == "gantry_exporter_errors_total" and ("request", "client_details") not in labels]


def test_given_an_account_that_may_only_look_then_nothing_is_refused(java_acl_server, tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "tools.yml").write_text("accessKey: rocketmq\nsecretKey: 12345678\n")
    where = ["-n", java_acl_server.namesrv, "-c", java_acl_server.cluster]
    assert "success" in java.mqadmin(tmp_path, "createUser", *where, "-u", "looker", "-p", "looks-only")
    assert "success" in java.mqadmin(tmp_path, "createAcl", *where, "-s", "User:looker", "-r", "Cluster:*,Topic:*,Group:*", "-a", "Get", "-d", "Allow")
    assert "success" in java.mqadmin(tmp_path, "updateTopic", *where, "-t", "looked-at")
    exporter = Exporter(java_acl_server.namesrv, "--access-key", "looker", "--secret-key", "looks-only")
    wait_until(lambda: exporter.value("rocketmq_producer_offset", topic="looked-at") == 0, 15, "the topic")
    exporter.fresh()
    assert not [name for name, _ in exporter.samples() if name == "gantry_exporter_errors_total"]
    assert exporter.value("gantry_rocketmq_broker_up") == 1
    assert exporter.process.stop() == 0


def test_given_keys_then_no_secret_is_in_the_text_or_the_log(acl_server):
    secret = "12345678"
    for keys, up in [(("rocketmq", secret), True), (("rocketmq", "wrong-secret-key"), False)]:
        exporter = Exporter(acl_server.namesrv, "--access-key", keys[0], "--secret-key", keys[1])
        exporter.fresh()
        if up:
            assert exporter.value("gantry_rocketmq_broker_up") == 1
        else:
            assert not exporter.value("gantry_rocketmq_broker_up")
            assert any(name == "gantry_exporter_errors_total" for name, _ in exporter.samples())
        text = exporter.text()
        assert exporter.process.stop() == 0
        for hidden in keys[1:]:
            assert hidden not in text and hidden not in "\n".join(exporter.process.out + exporter.process.err)
