"""TLS: the Java client with `tls.enable=true`, which verifies the server's certificate, beside clients without it on the
same port."""
import shutil
import socket
import ssl
import subprocess

import pytest

from conftest import gantry_running, java_running
from support import java


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(certificate, key), PEM; the certificate is its own authority."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    directory = tmp_path_factory.mktemp("certificate")
    certificate, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return certificate, key


@pytest.fixture(scope="module")
def tls_driver(peer, certificate, tmp_path_factory):
    jvm = f"-Dtls.enable=true -Dtls.test.mode.enable=false -Dtls.client.authServer=true -Dtls.client.trustCertPath={certificate[0]}"
    driver = java.Driver(tmp_path_factory.mktemp("tls-driver"), env={"PEER_JVM": jvm})
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def java_tls_server(driver, certificate, tmp_path_factory):
    jvm = f"-Dtls.test.mode.enable=false -Dtls.server.certPath={certificate[0]} -Dtls.server.keyPath={certificate[1]}"
    with java_running(driver, tmp_path_factory.mktemp("java-tls"), env={"PEER_JVM": jvm}) as server:
        yield server


@pytest.fixture(scope="module")
def gantry_tls_server(binary, driver, certificate, tmp_path_factory):
    with gantry_running(driver, binary, tmp_path_factory.mktemp("gantry-tls"), "--tls-cert", certificate[0],
                        "--tls-key", certificate[1]) as server:
        yield server


@pytest.fixture(params=["java", "gantry"])
def tls_server(request):
    return request.getfixturevalue(f"{request.param}_tls_server")


@pytest.mark.parametrize("kind, mode", [("normal", "push"), ("batch", "pull"), ("orderly", "orderly")])
def test_given_tls_when_sent_and_consumed_then_all_comes(tls_server, tls_driver, kind, mode):
    topic, group = tls_server.topic(), tls_server.name("group")
    tls_driver.run("send", namesrv=tls_server.namesrv, topic=topic, n=24, kind=kind, size=20000)
    got = tls_driver.run("consume", namesrv=tls_server.namesrv, topic=topic, group=group, mode=mode, n=24)
    assert got["unique"] == 24 and all(m["whole"] for m in got["messages"])


def test_given_tls_when_popped_then_all_comes(tls_server, tls_driver):
    topic, group = tls_server.topic(), tls_server.name("group")
    tls_driver.run("send", namesrv=tls_server.namesrv, topic=topic, n=16)
    assert tls_driver.run("pop-raw", namesrv=tls_server.namesrv, topic=topic, group=group, n=16)["unique"] == 16


def test_given_one_port_when_used_with_tls_and_without_then_they_share_a_topic(tls_server, tls_driver):
    topic, group = tls_server.topic(), tls_server.name("group")
    consumer = tls_driver.start("consume", namesrv=tls_server.namesrv, topic=topic, group=group, mode="push", n=16).started()
    tls_server.send(topic, 8, key_prefix="plain")
    tls_driver.run("send", namesrv=tls_server.namesrv, topic=topic, n=8, key_prefix="tls")
    assert consumer.result()["unique"] == 16
    assert tls_server.consume("push", topic, group + "-plain", 16)["unique"] == 16


def test_given_tls_when_mqadmin_asks_then_it_is_answered(tls_server, tls_driver):
    assert tls_server.broker in tls_driver.admin("clusterList", "-n", tls_server.namesrv)


def test_given_the_port_when_shaken_hands_with_then_its_certificate_is_the_one_given(tls_server, certificate):
    context = ssl.create_default_context(cafile=certificate[0])
    for address in (tls_server.namesrv, tls_server.broker):
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), 5) as plain:
            with context.wrap_socket(plain, server_hostname=host) as connection:
                assert connection.version() in ("TLSv1.2", "TLSv1.3")


def test_given_a_server_without_tls_when_a_client_wants_it_then_nothing_is_sent_in_the_clear(gantry_server, tls_driver):
    outcome = tls_driver.start("send", namesrv=gantry_server.namesrv, topic=gantry_server.topic(), n=1).outcome()
    assert not outcome["ok"] and outcome["count"] == 0
