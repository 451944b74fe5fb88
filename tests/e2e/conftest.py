"""End to end: a real Kubernetes control plane and a real KEDA, with RocketMQ brokers and our scaler. See README.md."""
import contextlib
import itertools
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
os.environ["GANTRY_INTEROP_PORTS"] = os.environ.get("GANTRY_E2E_PORTS", "19400-19499")

from harness import binaries as peers  # noqa: E402
from harness import control_plane, keda as keda_module  # noqa: E402
from harness import rocketmq  # noqa: E402
from harness.names import Names  # noqa: E402
from harness.scaler import Scaler  # noqa: E402
from support import gantry, java, ports, session  # noqa: E402
from support.session import pytest_configure, pytest_terminal_summary  # noqa: E402, F401

TEST_SECONDS_MAX = 120
SCALERS_MAX = 40
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def binaries():
    """The directory of the peers' binaries."""
    directory, reason = peers.locate()
    if reason:
        pytest.skip(reason)
    return directory


@pytest.fixture(scope="session")
def helm(binaries):
    path, reason = peers.helm()
    if reason:
        pytest.skip(f"no helm: {reason}")
    return path


@pytest.fixture(scope="session")
def names(tmp_path_factory):
    reason = Names.lacking()
    if reason:
        pytest.skip(reason)
    names = Names(tmp_path_factory.mktemp("names"))
    # known before KEDA starts: it reads /etc/hosts again only after five seconds
    names.service("gantry-scaler", "gantry-system")
    names.service("rocketmq-namesrv", "rocketmq")
    for number in range(SCALERS_MAX):
        names.service(f"scaler-{number}", "tests")
    names.endpoints("scaler-copies", "tests", 2)
    return names


@pytest.fixture(scope="session")
def service_names():
    """Names of Services for scalers of a test's own, as (name, namespace); next() gives one that nobody has."""
    return ((f"scaler-{number}", "tests") for number in range(SCALERS_MAX))


@pytest.fixture(scope="session")
def plane(binaries, tmp_path_factory):
    """The control plane. KEDA is there only for tests that also take `keda`."""
    plane = control_plane.ControlPlane(binaries, tmp_path_factory.mktemp("plane"), ports.free(control_plane.PORTS))
    yield plane
    plane.stop()


@pytest.fixture(scope="session")
def bare_plane(binaries, tmp_path_factory):
    """A second control plane that never has KEDA, so that its metrics API groups are free; an HPA here may go to zero."""
    plane = control_plane.ControlPlane(binaries, tmp_path_factory.mktemp("bare-plane"), ports.free(control_plane.PORTS),
                                       feature_gates="HPAScaleToZero=true")
    yield plane
    plane.stop()


@pytest.fixture(scope="session")
def keda(plane, names):
    return keda_module.Keda(plane, ports.free(keda_module.PORTS), names)  # ends with the control plane


@pytest.fixture(scope="session")
def binary():
    path = gantry.binary()
    if not path:
        pytest.skip(f"no gantry binary at {gantry.path()} (set GANTRY)")
    return path


@pytest.fixture(scope="session")
def brokers(binary, tmp_path_factory):
    """brokers("gantry") or brokers("java"): a name server with a broker that all tests share, started when first asked for."""
    running, stack = {}, contextlib.ExitStack()

    def get(kind):
        if kind not in running:
            directory = tmp_path_factory.mktemp(kind)
            if kind == "java":
                if reason := java.setup():
                    pytest.skip(reason)
                running[kind] = stack.enter_context(rocketmq.apache(directory))
            else:
                running[kind] = stack.enter_context(rocketmq.embedded(binary, directory))
        return running[kind]

    with stack:
        yield get


@pytest.fixture(scope="session")
def scaler(binary, names, tmp_path_factory):
    """The scaler of tests that do it no harm."""
    scaler = Scaler(binary, tmp_path_factory.mktemp("scaler"), names).start()
    yield scaler
    scaler.kill()


@pytest.fixture
def namespace(plane, request):
    """A namespace of the test's own."""
    name = plane.namespace(f"test-{next(_numbers)}")
    yield name
    plane.api.kubectl("delete", "namespace", name, "--wait=false")


bounded = session.bounded(TEST_SECONDS_MAX)
