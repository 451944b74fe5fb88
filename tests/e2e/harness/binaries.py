"""Where the peers' binaries are: cluster/setup fills a cache from an archive of ready-built ones, or builds them."""
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent.parent
MANIFESTS = HERE / "manifests"
SETUP = HERE / "cluster" / "setup"
LACKING = 77


def locate():
    """(directory of the binaries, None), or (None, why they are not there)."""
    if not os.environ.get("GANTRY_E2E_PREBUILT") and not os.environ.get("GANTRY_E2E_BUILD"):
        return None, "GANTRY_E2E_PREBUILT names no archive of ready-built peers (`make e2e` builds them)"
    return _setup()


def helm():
    """(path of helm, None), or (None, why there is none). One on the PATH is taken, else it is built."""
    if found := shutil.which("helm"):
        return pathlib.Path(found), None
    directory, reason = _setup("helm")
    return (directory / "helm" if directory else None), reason


def _setup(*arguments):
    done = subprocess.run([SETUP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == LACKING:
        return None, done.stderr.strip().splitlines()[-1]
    if done.returncode != 0:
        raise RuntimeError(f"{SETUP} failed:\n{done.stderr}")
    return pathlib.Path(done.stdout.strip()), None
