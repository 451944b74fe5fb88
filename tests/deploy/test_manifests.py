"""The plain manifests and the binary: what they tell it, it understands. That Kubernetes takes them: tests/e2e."""
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest
import yaml
from conftest import in_image
from support import ports, wire
from support.process import Process

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
CONTROLLERS = [path for path in ALL if path.stem.startswith("controller")]  # test_controller_manifests.py runs them
MANIFESTS = [path for path in ALL if path not in CONTROLLERS]


def objects(path, kind):
    return [document for document in yaml.safe_load_all(path.read_text()) if document and document["kind"] == kind]


def containers(path):
    for deployment in objects(path, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        yield pod, pod["containers"][0]


@pytest.fixture(scope="module", params=MANIFESTS, ids=lambda path: path.stem)
def manifest(request):
    return request.param


def options_of(binary, command):
    return set(re.findall(r"--[a-z-]+", subprocess.run([binary, command, "--help"], capture_output=True, text=True).stdout))


def configuration(manifest):
    config_map, = objects(manifest, "ConfigMap")
    return config_map["data"]["scaler.yaml"]


def test_GivenAManifest_WhenItsArgumentsAreRead_ThenEachIsAnOptionOfTheBinary(binary, manifest):
    for _, container in containers(manifest):
        command, *arguments = container["args"]
        assert {argument.split("=")[0] for argument in arguments} <= options_of(binary, command)


def test_GivenAManifest_WhenItsFilesAreTraced_ThenEachThatIsNamedIsMounted(manifest):
    for pod, container in containers(manifest):
        text = " ".join(container["args"]) + (configuration(manifest) if container["name"] == "scaler" else "")
        mounts = container.get("volumeMounts", [])
        for path in re.findall(r"/etc/gantry/[\w./-]+", text):
            assert any(f"{path}/".startswith(f"{mount['mountPath']}/") or mount["mountPath"].startswith(f"{path}/") for mount in mounts), path
        assert {mount["name"] for mount in mounts} == {volume["name"] for volume in pod.get("volumes", [])}


def mounted_root(root, manifest, pod, container, authority, tmp_path):
    """The image's files with the pod's volumes in their places, readable as the pod's fsGroup would have them."""
    root = shutil.copytree(root, tmp_path / f"root-{container['name']}", symlinks=True)
    contents = {"scaler.yaml": configuration(manifest), "accessKey": "reader", "secretKey": "secret", "ca.crt": authority["ca.crt"],
                "tls.crt": authority["tls.crt"], "tls.key": authority["tls.key"]}
    for mount in container.get("volumeMounts", []):
        path = root / mount["mountPath"].lstrip("/")
        if "subPath" in mount:
            files = {path: contents[mount["subPath"]]}
        else:
            names = ["accessKey", "secretKey"] if "/credentials/" in mount["mountPath"] else ["ca.crt", "tls.crt", "tls.key"]
            files = {path / name: contents[name] for name in names}
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o440)
            if os.geteuid() == 0:
                os.chown(file, 0, pod["securityContext"]["fsGroup"])
    return root


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    directory = tmp_path_factory.mktemp("authority")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", directory / "tls.key", "-out", directory / "tls.crt", "-subj", "/CN=gantry-scaler"], check=True, capture_output=True)
    return {"tls.key": (directory / "tls.key").read_text(), "tls.crt": (directory / "tls.crt").read_text(), "ca.crt": (directory / "tls.crt").read_text()}


def test_GivenAManifest_WhenItsConfigurationIsCheckedWithTheFilesThatItNames_ThenTheBinaryTakesIt(built, manifest, authority, tmp_path):
    pod, container = next((pod, container) for pod, container in containers(manifest) if container["name"] == "scaler")
    config = next(argument for argument in container["args"] if argument.startswith("--config="))
    root = mounted_root(built[1], manifest, pod, container, authority, tmp_path)

    done = subprocess.run(in_image(root, "/usr/bin/gantry", "scaler", config, "--check"), capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_GivenAManifest_WhenItsContainersRunFromTheImage_ThenEveryPortListensAndTheyEndWhenTold(built, manifest, authority, tmp_path):
    if manifest.stem == "metrics-api":
        pytest.skip("it asks the API server who may ask: tests/e2e/test_metrics_api.py has one")
    for pod, container in containers(manifest):
        root = mounted_root(built[1], manifest, pod, container, authority, tmp_path)
        moved = {port["containerPort"]: ports.free(1) for port in container["ports"]}  # the real ones may be taken here
        arguments = container["args"]
        for port, free in moved.items():
            arguments = [re.sub(rf"=:{port}$", f"=127.0.0.1:{free}", argument) for argument in arguments]
        environment = {variable["name"]: "value" for variable in container.get("env", [])}
        process = Process(in_image(root, "/usr/bin/gantry", *arguments), env=environment)
        try:
            for free in moved.values():
                wire.wait_until(lambda: socket.create_connection(("127.0.0.1", free), 1), 10, f"{container['name']} on {free}\n{process.tail()}").close()
        finally:
            code = process.stop()
        assert code == 0, process.tail()
