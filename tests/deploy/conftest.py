"""What is shipped: the container image, the Debian package, the Helm chart. No cluster here: tests/e2e has one."""
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "interop"))
os.environ["GANTRY_INTEROP_PORTS"] = os.environ.get("GANTRY_DEPLOY_PORTS", "19500-19529")

from support import gantry  # noqa: E402


@pytest.fixture(scope="session")
def binary():
    path = gantry.binary()
    if not path:
        pytest.skip(f"no gantry binary at {gantry.path()} (set GANTRY)")
    return path
