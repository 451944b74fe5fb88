"""Interop: real Apache RocketMQ peers against ours, and ours against theirs. See README.md."""
import contextlib
import itertools

import pytest

from support import gantry, java, ports, session, wire
from support.session import pytest_addoption, pytest_configure, pytest_terminal_summary  # noqa: F401

SCENARIO_SECONDS_MAX = 75


class Server:
    """A name server with one broker, ours or the real one; and what a test needs to make names of its own there."""

    def __init__(self, kind, namesrv, broker, cluster, broker_name, driver):
        self.kind = kind
        self.namesrv = namesrv
        self.broker = broker
        self.cluster = cluster
        self.broker_name = broker_name
        self.driver = driver
        self._numbers = itertools.count(1)

    def name(self, stem):
        """A name nobody else uses on this server."""
        return f"{stem}-{next(self._numbers)}"

    def admin(self, command, *args):
        return self.driver.admin(command, "-n", self.namesrv, *args)

    def topic(self, stem="topic", queues=4):
        """A new topic that has a route."""
        topic = self.name(stem)
        self.admin("updateTopic", "-b", self.broker, "-t", topic, "-r", queues, "-w", queues)
        wire.wait_until(lambda: wire.call(self.namesrv, 105, {"topic": topic}).code == 0, 10, f"a route of {topic}")
        return topic

    def send(self, topic, n, **options):
        result = self.driver.run("send", namesrv=self.namesrv, topic=topic, n=n, **options)
        assert result["count"] == n
        return result

    def start(self, mode, topic, group, **options):
        return self.driver.start("consume", namesrv=self.namesrv, topic=topic, group=group, mode=mode, **options)

    def consume(self, mode, topic, group, n, **options):
        return self.start(mode, topic, group, n=n, **options).result()

    def pop(self, topic, group, **options):
        return self.driver.start("pop-raw", namesrv=self.namesrv, topic=topic, group=group, **options)

    def request(self, code, fields, address=None, body=b""):
        return wire.call(address or self.broker, code, fields, body)

    def queue_sum(self, code, topic, queues=4, **fields):
        """Max offsets (30) or minimum offsets (31) of all queues, added up."""
        return sum(int(self.request(code, {"topic": topic, "queueId": str(q), **fields}).fields["offset"]) for q in range(queues))


def keys(messages):
    return sorted(m["key"] for m in messages)


@contextlib.contextmanager
def java_running(driver, directory, *settings, **options):
    namesrv_port, broker_port = ports.free(1), ports.free(4) + 2  # the broker also takes the ports beside its own
    process = java.cluster(directory, namesrv_port, broker_port, *settings, **options)
    namesrv = f"127.0.0.1:{namesrv_port}"
    try:
        wire.wait_for_broker(namesrv)
        yield Server("java", namesrv, f"127.0.0.1:{broker_port}", "DefaultCluster", "broker-a", driver)
    finally:
        process.kill()  # it takes 5 s to stop, and its data is thrown away


@contextlib.contextmanager
def gantry_running(driver, binary, directory, *options, **broker):
    process = gantry.Broker(binary, directory, *options, **broker)
    try:
        broker_name, cluster = process.identity()
        yield Server("gantry", process.namesrv, process.broker, cluster, broker_name, driver)
    finally:
        process.stop()


@pytest.fixture(scope="session")
def peer():
    reason = java.setup()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def driver(peer, tmp_path_factory):
    driver = java.Driver(tmp_path_factory.mktemp("driver"))
    yield driver
    driver.close()


@pytest.fixture(scope="session")
def java_server(driver, tmp_path_factory):
    with java_running(driver, tmp_path_factory.mktemp("java"), "transactionCheckInterval=1000",
                      "transactionTimeOut=500") as server:
        yield server


@pytest.fixture(scope="session")
def binary():
    path = gantry.binary()
    if not path:
        pytest.skip(f"no gantry binary at {gantry.path()} (set GANTRY)")
    return path


@pytest.fixture(scope="session")
def gantry_server(binary, driver, tmp_path_factory):
    with gantry_running(driver, binary, tmp_path_factory.mktemp("gantry")) as server:
        yield server


@pytest.fixture(scope="session")
def java_acl_server(driver, tmp_path_factory):
    """With ACL 2.0 on."""
    namesrv_port, broker_port = ports.free(1), ports.free(4) + 2
    processes = [java.namesrv(tmp_path_factory.mktemp("java-acl-namesrv"), namesrv_port)]
    namesrv = f"127.0.0.1:{namesrv_port}"
    try:
        processes.append(java.broker(tmp_path_factory.mktemp("java-acl"), broker_port, namesrv, acl=True))
        wire.wait_for_broker(namesrv)
        yield Server("java", namesrv, f"127.0.0.1:{broker_port}", "DefaultCluster", "broker-a", driver)
    finally:
        for process in processes:
            process.kill()


@pytest.fixture(scope="session")
def gantry_acl_server(binary, driver, tmp_path_factory):
    with gantry_running(driver, binary, tmp_path_factory.mktemp("gantry-acl"), "--user", "rocketmq:12345678",
                        credentials=("rocketmq", "12345678")) as server:
        yield server


@pytest.fixture(params=["java", "gantry"])
def acl_server(request):
    return request.getfixturevalue(f"{request.param}_acl_server")


@pytest.fixture(params=["java", "gantry"])
def server(request):
    return request.getfixturevalue(f"{request.param}_server")


bounded = session.bounded(SCENARIO_SECONDS_MAX)


def pytest_collection_modifyitems(config, items):
    session.leave_out_long(config, items)
    # all tests against the real servers first: they tell whether the tests are true
    items.sort(key=lambda item: "gantry" in item.name)
