"""What is shipped: the container image, the Debian package, the Helm chart. No cluster here: tests/e2e has one."""
import os
import pathlib
import subprocess
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


NOBODY = 65532  # the image's user


@pytest.fixture(scope="session")
def built(binary, tmp_path_factory):
    """The container image: (archive, unpacked root)."""
    directory = tmp_path_factory.mktemp("image")
    subprocess.run([ROOT / "tools" / "image", "--binary", binary, "--output", directory / "gantry.tar", "--root", directory / "root",
                    "--tag", "gantry:test"], check=True)
    return directory / "gantry.tar", directory / "root"


def in_image(root, *command):
    """A command that sees nothing but the image's files; as its user where we may choose one."""
    if os.geteuid() == 0:
        return ["chroot", f"--userspec={NOBODY}:{NOBODY}", root, *command]
    return ["unshare", "--map-root-user", "chroot", root, *command]
