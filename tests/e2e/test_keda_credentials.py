"""Keys of a RocketMQ cluster on their way to the scaler: by name from a mounted Secret, or through KEDA; and never anywhere else."""
import json

import pytest
from harness import rocketmq
from harness.certificates import Authority
from harness.daemon import wait_until
from harness.scaler import Scaler
from harness.workloads import Deployment, ScaledObject
from support import gantry

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
