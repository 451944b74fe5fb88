"""What fails must not look like no lag: under each fault the HPA keeps its replicas, KEDA falls back where it was told to,
nothing goes to zero, and afterwards scaling goes on."""
import itertools
import os
import signal
import threading

import pytest
from harness import rocketmq
from harness.certificates import Authority
from harness.daemon import wait_until
from harness.scaler import Scaler
from harness.workloads import Deployment, Recorder, ScaledObject
from support import gantry, java, ports, wire

LAG, THRESHOLD = 25, 10  # three replicas
SILENCE_S = 10  # ten polls of KEDA, ten looks of the HPA
FALLBACK = {"failureThreshold": 2, "replicas": 4}
# Longer than the fault, as KEDA's default is than most: since 2.20 KEDA holds a poll for "not active" when its metrics server's
# question failed at the same moment (ErrCacheClosed), whatever a scaler does. That ours never says so is seen in KEDA's log.
COOLDOWN_S = 60
_numbers = itertools.count(1)


@pytest.fixture
def own_scaler(binary, names, service_names, tmp_path):
    """A scaler with a Service of its own, for a test that hurts it."""
    scaler = Scaler(binary, tmp_path / "scaler", names, *next(service_names)).start()
    yield scaler
    assert scaler.daemon.code is None, scaler.tail()
    scaler.kill()


@pytest.fixture
def own_broker(binary, tmp_path):
    with rocketmq.embedded(binary, tmp_path / "broker") as cluster:
        yield cluster


class Workload:
    """A Deployment with three replicas on lag, watched from then on."""

    def __init__(self, plane, namespace, name, scaler, cluster, **options):
        self.plane = plane
        self.cluster = cluster
        self.name = name
        self.topic = cluster.topic(name)
        self.deployment = Deployment(plane, namespace, name)
        self.object = ScaledObject(plane, namespace, name, scaler.address, {"nameServers": cluster.namesrv, "topic": self.topic,
                                                                            "consumerGroup": name, "lagThreshold": str(THRESHOLD)},
                                   cooldown_s=COOLDOWN_S, **options)
        cluster.send(self.topic, LAG)

    def wait_until_scaled(self):
        self.object.wait_until_ready()
        self.deployment.wait_for(3, 40)
        self.recorder = Recorder(self.plane, *self.deployment._path.split("/")[5::2])

    def hpa_condition(self, kind):
        conditions = self.plane.api.get(self.object.hpa_path).get("status", {}).get("conditions", [])
        return next((c["status"] for c in conditions if c["type"] == kind), None)


def hpa_knows_nothing(workload):
    wait_until(lambda: workload.hpa_condition("ScalingActive") == "False", 60, "HPA that says it knows no metric")


def idle_answers(keda, namespace, name):
    """What KEDA heard from our scaler that was no error and said that there is nothing to do."""
    return keda.log_lines("Getting metrics and activity from scaler", f'"scaledObject.Namespace": "{namespace}", "scaledObject.Name": "{name}"',
                          '"activity": false', '"scalerError": null')


class Killed:
    """KEDA counts failures by metric, and whoever answers to GetMetricSpec is gone too: it does not fall back."""
    falls_back = False

    def strike(self, scaler, cluster, plane):
        scaler.kill()

    def is_felt(self, workload):
        hpa_knows_nothing(workload)

    def heal(self, scaler, cluster):
        scaler.start()


class Stopped:
    """Not dead, but it answers nothing: calls of KEDA's loop have no deadline, so nothing fails and nothing is known."""
    falls_back = False

    def strike(self, scaler, cluster, plane):
        scaler.daemon.signal(signal.SIGSTOP)

    def is_felt(self, workload):
        assert not workload.recorder.falls_below(3, SILENCE_S)

    def heal(self, scaler, cluster):
        scaler.daemon.signal(signal.SIGCONT)


class BrokerGone:
    """The scaler still says what it would measure, so failures are counted and KEDA falls back."""
    falls_back = True

    def strike(self, scaler, cluster, plane):
        cluster.process.kill()

    def is_felt(self, workload):
        hpa_knows_nothing(workload)

    def heal(self, scaler, cluster):
        cluster.restart()


class BrokerHangs(BrokerGone):
    """Its connections stay, its answers do not come: a reading that takes too long is an error, not a wait."""

    def strike(self, scaler, cluster, plane):
        os.kill(cluster.process.pid, signal.SIGSTOP)

    def heal(self, scaler, cluster):
        os.kill(cluster.process.pid, signal.SIGCONT)


FAULTS = [Killed, Stopped, BrokerGone, BrokerHangs]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_GivenReplicasOnLag_WhenAFaultHidesTheLag_ThenTheyAreKeptAndKedaFallsBackAndScalingGoesOnAfterwards(
        plane, keda, own_scaler, own_broker, namespace, fault):
    plain = Workload(plane, namespace, "plain", own_scaler, own_broker)
    guarded = Workload(plane, namespace, "guarded", own_scaler, own_broker, fallback=FALLBACK, trigger="external-push")
    for workload in (plain, guarded):
        workload.wait_until_scaled()
    before = [len(idle_answers(keda, namespace, workload.name)) for workload in (plain, guarded)]  # of the time before it had a backlog
    fault = fault()

    fault.strike(own_scaler, own_broker, plane)

    fault.is_felt(plain)
    if fault.falls_back:
        guarded.deployment.wait_for(FALLBACK["replicas"], 40)
        wait_until(lambda: guarded.object.condition("Fallback") == "True", 10, "ScaledObject that says that it fell back")
    fault.heal(own_scaler, own_broker)
    for workload in (plain, guarded):
        own_broker.send(workload.topic, LAG)
        workload.deployment.wait_for(5, 60)
    assert [len(idle_answers(keda, namespace, workload.name)) for workload in (plain, guarded)] == before
    assert min(plain.recorder.stop()) == 3
    assert min(guarded.recorder.stop()) >= 3


def test_GivenAMutualTlsChannel_WhenTheCertificateIsWrong_ThenReplicasAreKeptUntilItIsRightAgain(
        plane, keda, names, service_names, binary, brokers, namespace, tmp_path):
    cluster = brokers("gantry")
    service = ".".join(own := next(service_names))
    right, wrong = Authority(tmp_path / "right", "right"), Authority(tmp_path / "wrong", "wrong")
    client = right.issue("keda", "/CN=keda")

    def served_by(authority):
        certificate, key = authority.issue(f"{service}-{next(_numbers)}", f"/CN={service}", f"DNS:{service}")
        return {"grpc": {"tls": {"certificate": str(certificate), "key": str(key), "clientCa": str(right.certificate)}}}

    scaler = Scaler(binary, tmp_path / "scaler", names, *own, config=served_by(right)).start()
    try:
        plane.api.request("POST", f"/api/v1/namespaces/{namespace}/secrets", {
            "metadata": {"name": "channel"},
            "stringData": {"ca": right.certificate.read_text(), "certificate": client[0].read_text(), "key": client[1].read_text()}})
        plane.api.request("POST", f"/apis/keda.sh/v1alpha1/namespaces/{namespace}/triggerauthentications", {
            "apiVersion": "keda.sh/v1alpha1", "kind": "TriggerAuthentication", "metadata": {"name": "channel"},
            "spec": {"secretTargetRef": [{"parameter": parameter, "name": "channel", "key": key} for parameter, key in
                                         (("caCert", "ca"), ("tlsClientCert", "certificate"), ("tlsClientKey", "key"))]}})
        workload = Workload(plane, namespace, "secured", scaler, cluster, authentication="channel")
        workload.wait_until_scaled()

        scaler.stop()
        scaler.configure(served_by(wrong))
        scaler.start()

        hpa_knows_nothing(workload)
        assert keda.log_lines("certificate signed by unknown authority")
        scaler.stop()
        scaler.configure(served_by(right))
        scaler.start()
        cluster.send(workload.topic, LAG)
        workload.deployment.wait_for(5, 60)
        assert min(workload.recorder.stop()) == 3
    finally:
        scaler.kill()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_GivenAnIdleWorkload_WhenTheScalerIsRestarted_ThenAMessageOfTheMeantimeStillStartsIt(plane, keda, own_scaler, brokers, namespace, end):
    cluster = brokers("gantry")
    topic = cluster.topic("restart")
    deployment = Deployment(plane, namespace, "idle")
    ScaledObject(plane, namespace, "idle", own_scaler.address, {"nameServers": cluster.namesrv, "topic": topic, "consumerGroup": "idle",
                                                                "lagThreshold": "10"}, trigger="external-push", polling_s=300).wait_until_ready()
    own_scaler.wait_for_idle(topic)

    code = getattr(own_scaler, end)()
    cluster.send(topic, 1)
    own_scaler.start()

    deployment.wait_for(1, 30)  # KEDA connects again after 2 s when the stream ended with OK, later when it broke
    assert end == "kill" or code == 0


def test_GivenTwoCopiesOfTheScaler_WhenOneIsKilled_ThenTheOtherGoesOnAndPushesToo(plane, keda, names, binary, brokers, namespace, tmp_path):
    cluster = brokers("gantry")
    copies = [Scaler(binary, tmp_path / f"copy-{i}", names, "scaler-copies", "tests", copy=i).start() for i in range(2)]
    try:
        polled = Workload(plane, namespace, "polled", copies[0], cluster)
        polled.wait_until_scaled()
        topic = cluster.topic("pushed")
        pushed = Deployment(plane, namespace, "pushed")
        ScaledObject(plane, namespace, "pushed", copies[0].address, {"nameServers": cluster.namesrv, "topic": topic, "consumerGroup": "pushed",
                                                                     "lagThreshold": "10"}, trigger="external-push", polling_s=300).wait_until_ready()

        copies[0].kill()

        cluster.send(polled.topic, LAG)
        cluster.send(topic, 1)
        polled.deployment.wait_for(5, 30)
        pushed.wait_for(1, 30)
        assert min(polled.recorder.stop()) == 3
    finally:
        for copy in copies:
            copy.kill()


class TwoBrokers:
    """A name server of its own with two Java brokers that share a topic: one can be replaced while the other serves."""

    def __init__(self, directory):
        self._directory = directory
        self._namesrv_port = ports.free(1)
        self.namesrv = f"127.0.0.1:{self._namesrv_port}"
        self._processes = {"namesrv": java.namesrv(directory / "namesrv", self._namesrv_port)}
        self.brokers = {}
        for name in ("broker-a", "broker-b"):
            self.start(name)
        wire.wait_until(lambda: all(name.encode() in wire.call(self.namesrv, 106).body for name in self.brokers), 30, "both brokers")

    def start(self, name):
        port = ports.free(4) + 2  # another port: the new broker is another machine
        self._processes[name] = java.broker(self._directory / name, port, self.namesrv, f"brokerName={name}")
        self.brokers[name] = f"127.0.0.1:{port}"

    def kill(self, name):
        self._processes[name].kill()

    def close(self):
        for process in self._processes.values():
            process.kill()


@pytest.mark.seconds(200)
def test_GivenTwoBrokersWithLag_WhenOneIsReplacedDuringTraffic_ThenReplicasAreKept(plane, keda, scaler, brokers, namespace, tmp_path):
    """The lag lies on the broker that goes. The name server forgets it at once, so its queues are no part of the route any more:
    lag that was there a moment ago must not look consumed."""
    brokers("java")  # skipped where there is none
    cluster = TwoBrokers(tmp_path)
    stop = threading.Event()
    try:
        topic, group = "replaced", "replaced-workers"
        gantry.command("topic", "create", topic, "--queues", 4, "--namesrv", cluster.namesrv)
        wire.wait_until(lambda: all(name.encode() in wire.call(cluster.namesrv, 105, {"topic": topic}).body for name in cluster.brokers), 20,
                        "route to both brokers")
        on_b = rocketmq.Cluster("java", lambda: (cluster.namesrv, cluster.brokers["broker-b"], None))
        deployment = Deployment(plane, namespace, group)
        ScaledObject(plane, namespace, group, scaler.address, {"nameServers": cluster.namesrv, "topic": topic, "consumerGroup": group,
                                                               "lagThreshold": "10"}, cooldown_s=COOLDOWN_S).wait_until_ready()
        on_b.send(topic, LAG, queues=4)
        deployment.wait_for(3, 40)
        recorder = Recorder(plane, namespace, group)
        before = len(idle_answers(keda, namespace, group))
        on_a = rocketmq.Cluster("java", lambda: (cluster.namesrv, cluster.brokers["broker-a"], None))

        def traffic():  # consumed as soon as it comes: no lag on this one
            on_a.group(group)
            while not stop.wait(0.2):
                on_a.send(topic, 1, queues=4)
                on_a.commit_all(topic, group, queues=4)

        sender = threading.Thread(target=traffic, daemon=True)
        sender.start()
        cluster.kill("broker-b")
        wire.wait_until(lambda: b"broker-b" not in wire.call(cluster.namesrv, 105, {"topic": topic}).body, 30, "route without the broker")
        assert not recorder.falls_below(3, SILENCE_S), recorder.replicas()

        cluster.start("broker-b")

        wire.wait_until(lambda: b"broker-b" in wire.call(cluster.namesrv, 105, {"topic": topic}).body, 30, "route with the new broker")
        on_b.restart()
        on_b.send(topic, LAG, queues=4)
        deployment.wait_for(5, 60)
        assert min(recorder.stop()) == 3
        assert len(idle_answers(keda, namespace, group)) == before
        stop.set()
        sender.join()
    finally:
        stop.set()
        cluster.close()
