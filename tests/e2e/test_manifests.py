"""What deploy/ ships, taken by a real API server: the Helm chart in every profile, the plain manifests, the examples."""
import json
import os
import pathlib
import subprocess
import urllib.parse

import pytest
import yaml
from harness import binaries as peers
from harness import rocketmq
from harness.daemon import wait_until
from harness.workloads import Deployment
from support import gantry

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "gantry-scaler"
CONTROLLER_CHART = ROOT / "deploy" / "helm" / "gantry-controller"
PROFILES = sorted(path.stem for path in (CHART / "profiles").glob("*.yaml"))
CONTROLLER_PROFILES = sorted(path.stem for path in (CONTROLLER_CHART / "profiles").glob("*.yaml"))
PLAIN = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
EXAMPLES = sorted((ROOT / "deploy" / "examples").glob("*.yaml"))
NAMESPACE = "gantry-system"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:gantry-scaler"


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def render(helm, *arguments, check=True, chart=CHART):
    done = subprocess.run([helm, "template", chart.name, chart, "--namespace", NAMESPACE, "--kube-version", "1.36.0", *map(str, arguments)],
                          capture_output=True, text=True)
    if check:
        assert done.returncode == 0, done.stderr
    return done.stdout if check else done


@pytest.fixture
def scaler_namespace(bare_plane):
    """The namespace of the plain manifests, empty, where only pods of the restricted profile are let in."""
    wait_until(lambda: not bare_plane.api.find(f"/api/v1/namespaces/{NAMESPACE}"), 60, "end of the namespace before")
    bare_plane.namespace(NAMESPACE)
    bare_plane.api.merge(f"/api/v1/namespaces/{NAMESPACE}", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    yield bare_plane
    bare_plane.api.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def apply_and_wait(plane, text):
    """Server-side, with unknown fields refused; then every pod has to get through admission and scheduling. Those of a
    StatefulSet through admission alone: there are no disks here."""
    plane.api.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", stdin=text)
    for controllers in (d for d in documents(text) if d["kind"] == "StatefulSet"):
        wait_for_claims(plane, controllers)
    wanted = {d["metadata"]["name"]: d["spec"]["replicas"] for d in documents(text) if d["kind"] == "Deployment"}
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
    wait_until(lambda: {d["metadata"]["name"]: d["status"].get("readyReplicas") for d in plane.api.get(path)["items"]} == wanted, 60, f"ready pods: {wanted}")
    for kind in ("services", "poddisruptionbudgets"):  # what they choose by must choose somebody, and only whom it should
        for item in plane.api.get(f"/{'api/v1' if kind == 'services' else 'apis/policy/v1'}/namespaces/{NAMESPACE}/{kind}")["items"]:
            selector = item["spec"]["selector"].get("matchLabels", item["spec"]["selector"])
            labels = ",".join(f"{key}={value}" for key, value in selector.items())
            pods = plane.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={urllib.parse.quote(labels)}")["items"]
            name = item["metadata"]["name"]
            copies = {d["metadata"]["name"]: d["spec"]["replicas"] for d in documents(text) if d["kind"] == "StatefulSet"}
            assert len(pods) == {**wanted, **copies}[name.removesuffix("-peers")], f"{kind} {name}"


def wait_for_claims(plane, controllers):
    """All pods are there at once, each with a claim of its own and its index; the group would be formed by them."""
    name, replicas = controllers["metadata"]["name"], controllers["spec"]["replicas"]
    indices = [str(n) for n in range(replicas)]

    def pods():
        found = plane.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app.kubernetes.io/name=gantry-controller")["items"]
        return sorted(pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] for pod in found)

    wait_until(lambda: pods() == indices, 60, f"pods of {name}")
    claims = {claim["metadata"]["name"] for claim in plane.api.get(f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims")["items"]}
    assert claims >= {f"data-{name}-{n}" for n in indices}


def remove(plane, text):
    plane.api.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", stdin=text)


@pytest.mark.parametrize("profile", PROFILES)
def test_GivenAProfile_WhenInstalled_ThenTheApiServerTakesItAndPodsOfTheRestrictedKindRun(scaler_namespace, helm, profile):
    scaler_namespace.api.apply(peers.MANIFESTS / "service-monitor-crd.yaml")
    scaler_namespace.api.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd/servicemonitors.monitoring.coreos.com")
    text = render(helm, "-f", CHART / "profiles" / f"{profile}.yaml")

    apply_and_wait(scaler_namespace, text)

    remove(scaler_namespace, text)


@pytest.mark.parametrize("profile", CONTROLLER_PROFILES)
def test_GivenAProfileOfTheController_WhenInstalled_ThenTheApiServerTakesItAndItsPodsAndClaimsAreThere(scaler_namespace, helm, profile):
    text = render(helm, "-f", CONTROLLER_CHART / "profiles" / f"{profile}.yaml", chart=CONTROLLER_CHART)

    apply_and_wait(scaler_namespace, text)

    remove(scaler_namespace, text)


@pytest.mark.parametrize("manifest", PLAIN, ids=lambda path: path.stem)
def test_GivenAPlainManifest_WhenApplied_ThenTheApiServerTakesIt(scaler_namespace, manifest):
    text = manifest.read_text()

    apply_and_wait(scaler_namespace, text)

    remove(scaler_namespace, text)


def test_GivenTheChart_WhenThePlainManifestsAreRenderedAgain_ThenTheyAreTheSame(helm, tmp_path):
    subprocess.run([ROOT / "tools" / "manifests", tmp_path], check=True, env={**os.environ, "HELM": str(helm)})

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {path.name: path.read_text() for path in PLAIN}


@pytest.mark.parametrize("chart", [CHART, CONTROLLER_CHART], ids=lambda chart: chart.name)
def test_GivenAChart_WhenLinted_ThenHelmHasNothingToSay(helm, chart):
    done = subprocess.run([helm, "lint", "--strict", chart], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("value, problem", [
    ("replicas=two", "replicas"),
    ("replica=2", "replica"),
    ("grpc.port=70000", "port"),
    ("image.pullPolicy=Sometimes", "pullPolicy"),
    ("credentials[0].name=orders", "secretName"),
    ("credentials[0].name=Orders,credentials[0].secretName=s", "name"),
    ("exporter.nameServers=rocketmq", "nameServers"),
    ("exporter.enabled=true", "exporter.nameServers"),
    ("exporter.names=short", "names"),
    ("metricsApi.enabled=true", "metricsApi.tls"),
    ("metricsApi.enabled=true,metricsApi.tls.secretName=s", "caBundle"),
    ("serviceMonitor.interval=often", "interval"),
    ("extraArgs[0]=verbose", "extraArgs"),
])
def test_GivenAValueThatCannotBe_WhenRendered_ThenHelmNamesIt(helm, value, problem):
    done = render(helm, "--set", value, check=False)

    assert done.returncode != 0 and problem in done.stderr


@pytest.mark.parametrize("value, problem", [
    ("replicas=2", "replicas"),
    ("antiAffinity=never", "antiAffinity"),
    ("storage.size=lots", "size"),
    ("port=0", "port"),
    ("tls.secretName=Not_a_name", "secretName"),
    ("unknown=1", "unknown"),
])
def test_GivenAValueOfTheControllerThatCannotBe_WhenRendered_ThenHelmNamesIt(helm, value, problem):
    done = render(helm, "--set", value, check=False, chart=CONTROLLER_CHART)

    assert done.returncode != 0 and problem in done.stderr


# who may do what: the rights of a profile are these and no others that matter
RIGHTS = [
    ("scaler", "list", "scaledobjects.keda.sh", True),
    ("scaler", "watch", "horizontalpodautoscalers.autoscaling", True),
    ("scaler", "patch", "scaledobjects.keda.sh", False),
    ("scaler", "list", "pods", False),
    ("scaler", "list", "secrets", False),
    ("scaler", "update", "deployments.apps", False),
    ("metrics-api", "list", "pods", True),
    ("metrics-api", "watch", "pods", True),
    ("metrics-api", "delete", "pods", False),
    ("metrics-api", "list", "secrets", False),
    ("metrics-api", "list", "scaledobjects.keda.sh", False),
    ("metrics-api", "create", "subjectaccessreviews.authorization.k8s.io", False),
]


@pytest.mark.parametrize("profile", sorted({row[0] for row in RIGHTS}))
def test_GivenAProfile_WhenItsAccountIsAsked_ThenItHasTheRightsThatItNeedsAndNoMore(scaler_namespace, profile):
    text = (ROOT / "deploy" / "kubernetes" / f"{profile}.yaml").read_text()
    scaler_namespace.api.kubectl("apply", "--server-side", "-f", "-", stdin=text)

    def may(verb, resource):
        name, _, group = resource.partition(".")
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                  "spec": {"user": ACCOUNT, "groups": ["system:serviceaccounts", "system:authenticated"],
                           "resourceAttributes": {"verb": verb, "resource": name, "group": group, "namespace": "default"}}}
        return scaler_namespace.api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]

    expected = {(verb, resource): allowed for name, verb, resource, allowed in RIGHTS if name == profile}
    wait_until(lambda: {key: may(*key) for key in expected} == expected, 10, f"rights {expected}")  # a binding counts a moment later
    remove(scaler_namespace, text)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_GivenAnExample_WhenApplied_ThenTheApiServerTakesItAsItIs(plane, keda, namespace, example):
    plane.api.kubectl("apply", "-n", namespace, "--server-side", "--validate=strict", "-f", example)
    # what the API server stored is what the example says: no field was dropped
    for document in documents(example.read_text()):
        stored = json.loads(plane.api.kubectl("get", document["kind"], document["metadata"]["name"], "-n", namespace, "-o", "json"))
        assert contains(stored.get("spec", {}), document.get("spec", {}))


def contains(whole, part):
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and contains(whole[name], value) for name, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(contains, whole, part))
    return whole == part


def test_GivenTheExamples_WhenTheirOptionsAreCollected_ThenEveryOptionOfTheReferenceIsShown():
    reference = (ROOT / "docs" / "reference.md").read_text()
    shown = {option for path in EXAMPLES for d in documents(path.read_text()) for t in d.get("spec", {}).get("triggers", [])
             if t["type"].startswith("external") for option in t["metadata"]}
    kinds = {(d["kind"], t["type"]) for path in EXAMPLES for d in documents(path.read_text()) for t in d.get("spec", {}).get("triggers", [])}

    assert {("ScaledObject", "external"), ("ScaledObject", "external-push"), ("ScaledJob", "external")} <= kinds
    assert ("ScaledJob", "external-push") not in kinds  # KEDA ignores those
    unexplained = [option for option in shown - {"scalerAddress"} if f"`{option}`" not in reference and f"`{option.removesuffix('FromEnv')}" not in reference]
    assert not unexplained
    asked = {"nameServers", "topic", "topics", "consumerGroup", "lagThreshold", "activationLagThreshold", "lagSecondsThreshold", "mode",
             "includeRetry", "offsetResetPolicy", "allowIdleConsumers", "limitToQueuesWithLag", "excludePersistentLag",
             "scaleToZeroOnInvalidOffset", "ensureEvenDistributionOfQueues", "namespace", "tls", "authMode", "credentials",
             "accessKeyFromEnv", "secretKeyFromEnv", "includeInFlight"}
    assert asked <= shown


# hpa is not KEDA's; the others need real keys and certificates: test_keda_credentials.py
SCALED = sorted(path for path in EXAMPLES if path.stem not in ("hpa", "mtls", "credentials", "credentials-from-env"))


@pytest.fixture(scope="module")
def example_cluster(binary, names, tmp_path_factory):
    """The cluster that the examples name."""
    host = names.service("rocketmq-namesrv", "rocketmq")
    with rocketmq.embedded(binary, tmp_path_factory.mktemp("example-broker"), host, namesrv_port=9876, broker_port=10911) as cluster:
        for topic in ("orders", "refunds", "returns", "reports"):
            gantry.command("topic", "create", topic, "--namesrv", cluster.namesrv)
        yield cluster


@pytest.mark.parametrize("example", SCALED, ids=lambda path: path.stem)
def test_GivenAnExample_WhenKedaAsksTheScaler_ThenItIsReady(plane, keda, scaler, example_cluster, namespace, example):
    objects = documents(example.read_text())
    targets = {d["spec"]["scaleTargetRef"]["name"] for d in objects if d["kind"] == "ScaledObject"}
    for name in targets - {d["metadata"]["name"] for d in objects if d["kind"] == "Deployment"}:
        Deployment(plane, namespace, name)

    plane.api.apply(example, namespace)

    for document in objects:
        if document["kind"] in ("ScaledObject", "ScaledJob"):
            path = f"/apis/keda.sh/v1alpha1/namespaces/{namespace}/{document['kind'].lower()}s/{document['metadata']['name']}"
            wait_until(lambda: is_ready(plane.api.get(path)), 20, f"readiness of {path}")


def is_ready(scaled):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in scaled.get("status", {}).get("conditions", []))
