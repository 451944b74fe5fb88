"""Keys of a RocketMQ cluster on their way to the scaler: by name from a mounted Secret, or through KEDA; and never anywhere else."""
import json

import pytest
from harness import rocketmq
from harness.certificates import Authority
from harness.daemon import wait_until
from harness.scaler import Scaler
from harness.workloads import Deployment, ScaledObject
from support import gantry, java, ports, wire

ACCESS_KEY, SECRET_KEY = "orders-reader", "s3cret-of-the-cluster"


@pytest.fixture(scope="module")
def secured(binary, tmp_path_factory):
    """(cluster, its authority): TLS, and a user without whose keys nothing is told."""
    directory = tmp_path_factory.mktemp("secured")
    authority = Authority(directory / "pki", "brokers")
    certificate, key = authority.issue("broker", "/CN=broker", "IP:127.0.0.1", "DNS:localhost")
    options = ["--user", f"{ACCESS_KEY}:{SECRET_KEY}", "--tls-cert", certificate, "--tls-key", key]
    with rocketmq.embedded(binary, directory / "broker", options=options, credentials=(ACCESS_KEY, SECRET_KEY)) as cluster:
        yield cluster, authority


def command(cluster, authority, *arguments):
    return gantry.command(*arguments, "--namesrv", cluster.namesrv, "--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY,
                          "--tls", "--tls-ca", authority.certificate)


def test_GivenAMountedSecret_WhenItIsRotated_ThenTheScalerTakesItWithoutARestartAndShowsItToNobody(
        plane, keda, binary, names, service_names, namespace, secured, tmp_path):
    cluster, authority = secured
    command(cluster, authority, "topic", "create", "orders")
    mounted = tmp_path / "credentials" / "orders-cluster"
    mounted.mkdir(parents=True)
    (mounted / "accessKey").write_text(ACCESS_KEY)
    (mounted / "secretKey").write_text("of-yesterday")
    scaler = Scaler(binary, tmp_path / "scaler", names, *next(service_names), config={
        "credentials": {"directory": str(mounted.parent)}, "rocketmq": {"tls": {"ca": str(authority.certificate)}}}).start()
    try:
        deployment = Deployment(plane, namespace, "orders")
        scaled = ScaledObject(plane, namespace, "orders", scaler.address, {
            "nameServers": cluster.namesrv, "topic": "orders", "consumerGroup": "orders", "lagThreshold": "10", "tls": "enable",
            "authMode": "acl", "credentials": "orders-cluster"}, trigger="external-push")
        command(cluster, authority, "send", "--topic", "orders", "--count", "25")
        wait_until(lambda: any(trigger["error"] for trigger in scaler.page()["triggers"]), 20, "error of the wrong keys", watch=[scaler.daemon])
        assert deployment.replicas() == 0

        (mounted / "secretKey").write_text(SECRET_KEY + "\n")

        deployment.wait_for(3, 60)
        told = [scaler.daemon.log.read_text(), json.dumps(scaler.page()), json.dumps(scaled.status()), keda.operator.log.read_text(errors="replace")]
        assert not any(secret in text for text in told for secret in (SECRET_KEY, "of-yesterday"))
    finally:
        scaler.kill()


def test_GivenKeysInTheWorkersEnvironment_WhenKedaHandsThemOver_ThenTheLagIsRead(plane, keda, binary, names, service_names, namespace, secured, tmp_path):
    cluster, authority = secured
    command(cluster, authority, "topic", "create", "refunds")
    scaler = Scaler(binary, tmp_path / "scaler", names, *next(service_names),
                    config={"rocketmq": {"tls": {"ca": str(authority.certificate)}}}).start()
    try:
        plane.api.request("POST", f"/api/v1/namespaces/{namespace}/secrets", {
            "metadata": {"name": "keys"}, "stringData": {"ACCESS_KEY": ACCESS_KEY, "SECRET_KEY": SECRET_KEY}})
        deployment = Deployment(plane, namespace, "refunds", env_from_secret="keys")
        ScaledObject(plane, namespace, "refunds", scaler.address, {
            "nameServers": cluster.namesrv, "topic": "refunds", "consumerGroup": "refunds", "lagThreshold": "10", "tls": "enable",
            "authMode": "acl", "accessKeyFromEnv": "ACCESS_KEY", "secretKeyFromEnv": "SECRET_KEY"}).wait_until_ready()

        command(cluster, authority, "send", "--topic", "refunds", "--count", "25")

        deployment.wait_for(3, 60)
        assert SECRET_KEY not in scaler.daemon.log.read_text() + json.dumps(scaler.page())
    finally:
        scaler.kill()


USER, PASSWORD = "scaler", "of-the-scaler"
ADMIN = ("rocketmq", "12345678")
_CREATE_USER, _CREATE_ACL, _UPDATE_ACL = 3001, 3006, 3007
# What docs/keda.md says that the scaler needs of ACL 2.0. The star: the broker takes the retry topic of POP, %RETRY%GROUP_TOPIC, for
# a group of the name GROUP_TOPIC.
READS = {"Topic:{topic}": ["Get"], "Group:{group}*": ["Get"]}
WAITS = {"Topic:{topic}": ["Get", "Sub"], "Group:{group}*": ["Get", "Sub"]}  # push without looking again and again


class JavaWithAcl:
    """The Java broker with ACL 2.0 on, and a user who may do no more than `grant` says."""

    def __init__(self, directory):
        namesrv_port, self._port = ports.free(1), ports.free(4) + 2
        self.namesrv, self.broker = f"127.0.0.1:{namesrv_port}", f"127.0.0.1:{self._port}"
        self._processes = [java.namesrv(directory / "namesrv", namesrv_port)]
        self._processes.append(java.broker(directory / "broker", self._port, self.namesrv, acl=True))
        wire.wait_for_broker(self.namesrv)
        self._call(_CREATE_USER, {"username": USER}, {"username": USER, "password": PASSWORD, "userType": "Normal"})
        self._granted = False

    def _call(self, code, fields, body):
        answer = wire.call(self.broker, code, fields, json.dumps(body).encode(), credentials=ADMIN)
        assert answer.code == 0, answer

    def grant(self, rights):
        subject = f"User:{USER}"
        policies = [{"policyType": "Custom", "entries": [{"resource": resource, "actions": actions, "sourceIps": [], "decision": "Allow"}
                                                         for resource, actions in rights.items()]}]
        self._call(_UPDATE_ACL if self._granted else _CREATE_ACL, {"subject": subject}, {"subject": subject, "policies": policies})
        self._granted = True

    def as_admin(self, *arguments):
        return gantry.command(*arguments, "--namesrv", self.namesrv, "--access-key", ADMIN[0], "--secret-key", ADMIN[1])

    def close(self):
        for process in self._processes:
            process.kill()


@pytest.fixture(scope="module")
def java_acl(tmp_path_factory):
    if reason := java.setup():
        pytest.skip(reason)
    server = JavaWithAcl(tmp_path_factory.mktemp("java-acl"))
    yield server
    server.close()


@pytest.mark.parametrize("trigger, rights", [("external", READS), ("external-push", READS), ("external-push", WAITS)],
                         ids=["external-get", "push-get", "push-get-sub"])
def test_GivenAJavaBrokerThatGrantsNoMore_WhenLagComes_ThenTheRightsOfTheGuideAreEnough(
        plane, keda, binary, names, service_names, namespace, java_acl, tmp_path, trigger, rights):
    name = f"rights-{trigger}-{len(rights['Topic:{topic}'])}"
    java_acl.as_admin("topic", "create", name)
    java_acl.grant({resource.format(topic=name, group=name): actions for resource, actions in rights.items()})
    scaler = Scaler(binary, tmp_path / "scaler", names, *next(service_names), config={
        "credentials": {"clusters": {"java": {"accessKey": USER, "secretKey": PASSWORD}}}}).start()
    try:
        deployment = Deployment(plane, namespace, name)
        ScaledObject(plane, namespace, name, scaler.address, {
            "nameServers": java_acl.namesrv, "topic": name, "consumerGroup": name, "lagThreshold": "10", "authMode": "acl", "credentials": "java"},
            trigger=trigger).wait_until_ready()
        assert deployment.replicas() == 0

        java_acl.as_admin("send", "--topic", name, "--count", "25")

        try:
            deployment.wait_for(3, 40)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(scaler.page(), indent=1)}") from None
    finally:
        scaler.kill()


@pytest.mark.parametrize("missing", READS)
def test_GivenOneRightLess_WhenLagIsRead_ThenItIsUnknownAndTheErrorSaysWhy(java_acl, missing):
    topic = f"less-{missing.partition(':')[0].lower()}"
    java_acl.as_admin("topic", "create", topic)
    java_acl.as_admin("send", "--topic", topic, "--count", "5")
    java_acl.grant({resource.format(topic=topic, group=topic): actions for resource, actions in READS.items() if resource != missing})

    done = gantry.command("lag", "--namesrv", java_acl.namesrv, "--topic", topic, "--group", topic, "--access-key", USER, "--secret-key", PASSWORD,
                          check=False)

    assert done.returncode != 0 or "unknown" in done.stdout
    assert "permission" in (done.stdout + done.stderr).lower(), done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
