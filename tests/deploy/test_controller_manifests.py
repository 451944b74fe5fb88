"""The controller's plain manifests and the binary: three pods as processes from the image, with their volumes and their
arguments as a kubelet would fill them in, form a group, and hand over when one is told to end."""
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
import yaml
from conftest import in_image
from support import ports, wire
from support.process import Process
from test_manifests import CONTROLLERS, objects, options_of


@pytest.fixture(scope="module", params=CONTROLLERS, ids=lambda path: path.stem)
def manifest(request):
    return request.param


def pod_of(manifest):
    controllers, = objects(manifest, "StatefulSet")
    pod = controllers["spec"]["template"]["spec"]
    return controllers, pod, pod["containers"][0]


def configuration(manifest):
    config_map, = objects(manifest, "ConfigMap")
    return config_map["data"]["controller.yaml"]


def test_GivenTheManifest_WhenItsArgumentsAreRead_ThenEachIsAnOptionOfTheBinaryAndEachVariableIsSet(binary, manifest):
    _, _, container = pod_of(manifest)
    command, *arguments = container["args"]
    assert command == "controller"
    assert {argument.split("=")[0] for argument in arguments} <= options_of(binary, command)
    assert set(re.findall(r"\$\((\w+)\)", " ".join(arguments))) == {variable["name"] for variable in container["env"]}


def test_GivenTheManifest_WhenItsNamesAreCompared_ThenEachPeerIsAPodOfTheHeadlessService(manifest):
    controllers, _, container = pod_of(manifest)
    name, replicas, service = controllers["metadata"]["name"], controllers["spec"]["replicas"], controllers["spec"]["serviceName"]
    headless, = [s for s in objects(manifest, "Service") if s["metadata"]["name"] == service]
    assert headless["spec"]["clusterIP"] == "None" and headless["spec"]["publishNotReadyAddresses"]
    port = {p["name"]: p["containerPort"] for p in container["ports"]}["controller"]
    peers = yaml.safe_load(configuration(manifest))["peers"]
    assert peers == {f"n{n}": f"{name}-{n}.{service}.gantry-system.svc.cluster.local:{port}" for n in range(replicas)}
    assert controllers["spec"]["podManagementPolicy"] == "Parallel", "or the first would wait for ever to be ready"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    directory = tmp_path_factory.mktemp("authority")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", directory / "tls.key", "-out", directory / "tls.crt", "-subj", "/CN=gantry-controller",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return {"tls.key": (directory / "tls.key").read_text(), "tls.crt": (directory / "tls.crt").read_text(), "ca.crt": (directory / "tls.crt").read_text()}


def ready(port):
    """Whether it is, and what it says."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return True, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return False, refusal.read().decode()
    except OSError as nobody:
        return False, str(nobody)


class Pod:
    def __init__(self, built, manifest, authority, index, names, http, directory):
        _, pod, container = pod_of(manifest)
        self.http = http[index]
        root = shutil.copytree(built[1], directory / f"root-{index}", symlinks=True)
        text = configuration(manifest)
        for name, address in names.items():
            text = text.replace(name, address)
        settings = yaml.safe_load(text)
        settings["http"] = f"127.0.0.1:{self.http}"
        settings["listenHost"] = "127.0.0.1"
        for mount in container["volumeMounts"]:
            path = root / mount["mountPath"].lstrip("/")
            if mount["name"] == "config":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(yaml.safe_dump(settings))
            else:
                path.mkdir(parents=True, exist_ok=True)
                path.chmod(0o777)
            if mount["name"] == "tls":
                for name, content in authority.items():
                    (path / name).write_text(content)
                    (path / name).chmod(0o444)
        variables = {"POD_INDEX": str(index), "OPERATOR_ACCESS_KEY": "ops", "OPERATOR_SECRET_KEY": "secret"}
        filled = [re.sub(r"\$\((\w+)\)", lambda m: variables[m[1]], argument) for argument in container["args"]]
        self.command = in_image(root, "/usr/bin/gantry", *filled)
        checked = subprocess.run([*self.command, "--check"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        self.process = Process(self.command)


def test_GivenThePodsFromTheImage_WhenTheyRun_ThenTheyFormAGroupAndALeaderThatIsToldToEndHandsOver(built, manifest, authority, tmp_path):
    controllers, _, _ = pod_of(manifest)
    replicas = controllers["spec"]["replicas"]
    peers = yaml.safe_load(configuration(manifest))["peers"]
    names = {peers[f"n{n}"]: f"127.0.0.1:{port}" for n, port in enumerate(ports.free(1) for _ in range(replicas))}
    http = [ports.free(1) for _ in range(replicas)]
    pods = [Pod(built, manifest, authority, n, names, http, tmp_path) for n in range(replicas)]
    try:
        wire.wait_until(lambda: all(ready(pod.http)[0] for pod in pods), 30, "\n".join(pod.process.tail() for pod in pods))
        leader = next(pod for pod in pods if "leads" in ready(pod.http)[1])
        assert leader.process.stop() == 0, leader.process.tail()
        assert "handing leadership over" in leader.process.tail()
        rest = [pod for pod in pods if pod is not leader]
        wire.wait_until(lambda: any("leads" in ready(pod.http)[1] for pod in rest), 10, "another leader")
    finally:
        for pod in pods:
            pod.process.stop()
