"""deploy/grafana: every series and every label that a dashboard uses is exposed, by a real run of the exporter."""
import json
import pathlib
import re

import pytest

from support.wire import wait_until
from test_exporter import Exporter

pytestmark = pytest.mark.usefixtures("binary")

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "grafana"
BOARDS = sorted(FOLDER.glob("*.json"))
# What a single node has not, and what ours does not measure.
NOT_TOLD = {
    "java": {"gantry_rocketmq_broker_replica_behind_bytes", "gantry_rocketmq_broker_put_messages_per_second",
             "gantry_rocketmq_broker_get_messages_per_second"},  # the last two: not in a broker's first minutes
    "gantry": {"gantry_rocketmq_broker_replica_behind_bytes", "gantry_rocketmq_broker_put_seconds_p99",
               "gantry_rocketmq_broker_put_seconds_p999", "gantry_rocketmq_broker_unflushed_bytes"},
}
FROM_PROMETHEUS = {"instance", "job"}
METRIC = r"(gantry_[a-z0-9_]+|rocketmq_[a-z0-9_]+)"


def board(path):
    return json.loads(path.read_text())


def queries(path):
    """(where, expression, legend) of every panel and variable."""
    dashboard = board(path)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target["legendFormat"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
            assert variable["query"]["query"] == variable["definition"]
            yield variable["name"], metric, "{{" + label + "}}"


def selectors(expression):
    """(series, its label matchers) as they stand in an expression."""
    for name, matchers in re.findall(METRIC + r"(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', matchers))


def filled(expression):
    """The expression as Grafana sends it."""
    return re.sub(r"\$(__rate_interval|__interval)", "1m", re.sub(r'"\$\w+"', '".*"', expression))


@pytest.fixture(scope="module", params=["java", "gantry"])
def exposed(request):
    """({series: its labels}, kind of broker) with consumers at work, retries and dead letters."""
    server = request.getfixturevalue(f"{request.param}_server")
    topic, group = server.topic(), server.name("group")
    producer_and_consumer = server.start("push", topic, group).started()
    server.send(topic, 10)
    exporter = Exporter(server.namesrv)
    wanted = {"gantry_rocketmq_client_consume_seconds", "gantry_rocketmq_group_lag_seconds", "gantry_rocketmq_topic_last_message_timestamp_seconds"}
    producing = server.start("push", topic, server.name("group")).started()  # a client's inner producer is one, too
    found = {}

    def read():
        found.clear()
        for name, labels in exporter.samples():
            found.setdefault(name, set()).update(label for label, _ in labels)
        return wanted <= set(found)

    wait_until(read, 20, f"{wanted}")
    yield found, request.param
    producing.stop()
    producer_and_consumer.stop()
    exporter.process.stop()


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_given_a_dashboard_then_all_that_it_uses_is_exposed(exposed, path):
    found, kind = exposed
    used = set()
    for where, expression, legend in queries(path):
        labels_around = set(re.findall(r"\{\{(\w+)\}\}", legend))
        for names in re.findall(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)", expression):
            labels_around |= {name.strip() for name in names.split(",") if name.strip()}
        known = set(FROM_PROMETHEUS)
        unknown_series = False
        for name, matched in selectors(expression):
            used.add(name)
            if name not in found:
                # a counter of errors has no sample before the first error
                assert name in NOT_TOLD[kind] | {"gantry_exporter_errors_total"}, f"{path.name}: {where}: {name}"
                unknown_series = True
                continue
            assert matched <= found[name], f"{path.name}: {where}: {name} has no {matched - found[name]}"
            known |= found[name]
        assert unknown_series or labels_around <= known, f"{path.name}: {where}: nothing has {labels_around - known}"
    assert len(used) > 10


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_given_a_dashboard_then_it_is_well_made(path):
    dashboard = board(path)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & taken, f"{panel['title']} overlaps"
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["description"], f"{panel['title']} says nothing of itself"
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            asked = set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval", "__interval"}
            assert asked <= variables, f"{panel['title']} asks for {asked - variables}"


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_given_a_dashboard_then_its_expressions_are_promql(path):
    parser = pytest.importorskip("promql_parser", reason="the PyPI package promql-parser is not installed")
    for where, expression, _ in queries(path):
        assert parser.parse(filled(expression)), where


def test_given_the_dashboards_then_there_are_three():
    assert [path.stem for path in BOARDS] == ["rocketmq-brokers", "rocketmq-consumer-groups", "rocketmq-overview"]
