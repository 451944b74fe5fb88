"""The Debian package of `make deb`: what lintian would say of it, its installation into an empty root, and its units."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = ["gantry-broker.service", "gantry-controller.service", "gantry-scaler.service"]
CONFFILES = ["/etc/gantry/broker.env", "/etc/gantry/controller.yaml", "/etc/gantry/scaler.yaml"]
EXPOSURE_MAX = 2.0  # of 10, as `systemd-analyze security` counts


def run(*command, check=True, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert not check or done.returncode == 0, f"{command} -> {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def package(binary, tmp_path_factory):
    configuration = binary.parent / "CPackConfig.cmake"
    lacking = [tool for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "file") if not shutil.which(tool)]
    if lacking or not configuration.exists():
        pytest.skip(f"no {', '.join(lacking) or configuration} here")
    directory = tmp_path_factory.mktemp("deb")
    run("cpack", "--config", configuration, "-B", directory)
    found, = directory.glob("gantry_*.deb")
    return found


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    """(files, control files)"""
    directory = tmp_path_factory.mktemp("unpacked")
    run("dpkg-deb", "-x", package, directory / "files")
    run("dpkg-deb", "-e", package, directory / "control")
    return directory / "files", directory / "control"


def field(package, name):
    return run("dpkg-deb", "-f", package, name).strip()


def test_GivenThePackage_WhenItsControlIsRead_ThenItNeedsWhatTheBinaryIsLinkedWith(package):
    depends = field(package, "Depends")

    assert field(package, "Package") == "gantry"
    assert re.fullmatch(r"[^<>]+ <[^<>@]+@[^<>@]+>", field(package, "Maintainer"))
    for name in ("libc6", "libssl3", "librocksdb", "libstdc++6", "ca-certificates", "systemd-standalone-sysusers"):
        assert name in depends
    assert int(field(package, "Installed-Size")) < 60_000


def test_GivenThePackage_WhenItsFilesAreListed_ThenTheyAreRootsAndWhereDebianWantsThem(package):
    entries = [re.split(r"\s+", line, maxsplit=5) for line in run("dpkg-deb", "-c", package).splitlines()]

    assert {entry[1] for entry in entries} == {"root/root"}
    assert {entry[5].split("/")[1] for entry in entries} <= {"etc", "usr", ""}
    modes = {entry[5].lstrip("."): entry[0] for entry in entries}
    assert modes["/usr/bin/gantry"] == "-rwxr-xr-x"
    files = {path: mode for path, mode in modes.items() if not mode.startswith("d") and path != "/usr/bin/gantry"}
    assert set(files.values()) == {"-rw-r--r--"}
    assert set(CONFFILES) <= set(files) and not any("/local/" in path for path in files)


def test_GivenThePackage_WhenItsScriptsAreChecked_ThenTheyAreShellAndConffilesAreAllOfEtc(unpacked):
    files, control = unpacked
    for script in ("postinst", "prerm", "postrm"):
        assert os.access(control / script, os.X_OK)
        run("sh", "-n", control / script)

    listed = (control / "conffiles").read_text().split()
    assert sorted(listed) == sorted(f"/{path.relative_to(files)}" for path in (files / "etc").rglob("*") if path.is_file())


def test_GivenThePackage_WhenItsBinaryIsRead_ThenItIsStripped(unpacked):
    assert ", stripped" in run("file", unpacked[0] / "usr/bin/gantry")


@pytest.mark.parametrize("unit", UNITS)
def test_GivenAUnit_WhenVerified_ThenSystemdHasNothingToSayAndLittleIsExposed(unpacked, unit, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    text = (unpacked[0] / "usr/lib/systemd/system" / unit).read_text()
    here = tmp_path / unit
    here.write_text(text.replace("/usr/bin/gantry", str(unpacked[0] / "usr/bin/gantry")))

    assert run("systemd-analyze", "verify", "--man=no", here) == ""
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", run("systemd-analyze", "security", "--offline=true", here))
    assert float(exposure[1]) <= EXPOSURE_MAX


@pytest.mark.parametrize("unit", UNITS)
def test_GivenAUnit_WhenItsCommandIsRead_ThenEveryOptionIsOneOfTheBinarys(unpacked, binary, unit):
    text = (unpacked[0] / "usr/lib/systemd/system" / unit).read_text()
    command = re.search(r"^ExecStart=/usr/bin/gantry (\S+) (.*)$", text, re.M)
    if f"\n  {command[1]} " not in run(binary, "--help"):
        pytest.skip(f"this gantry has no command {command[1]}")
    options = re.findall(r"--[a-z-]+", command[2] + (unpacked[0] / "etc/gantry/broker.env").read_text().split("\n")[-2] * (command[1] == "broker"))

    known = re.findall(r"--[a-z-]+", run(binary, command[1], "--help"))
    assert options and set(options) <= set(known)


def test_GivenTheShippedConfigurationOfTheController_WhenChecked_ThenItStarts(unpacked, binary):
    said = run(binary, "controller", "--config", unpacked[0] / "etc/gantry/controller.yaml", "--check")

    assert "data: /var/lib/gantry/controller" in said and "127.0.0.1:9880" in said


@pytest.fixture
def dpkg(tmp_path):
    """dpkg on an empty root of its own; scripts run out here, told where by DPKG_ROOT."""
    root = tmp_path / "root"
    for directory in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"):
        (root / directory).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    if not shutil.which("systemd-sysusers") or (os.geteuid() != 0 and not shutil.which("fakeroot")):
        pytest.skip("no systemd-sysusers, or neither root nor fakeroot here")
    prefix = [] if os.geteuid() == 0 else ["fakeroot"]
    environment = {**os.environ, "PATH": f"/usr/sbin:/sbin:{os.environ['PATH']}"}

    def call(*arguments):
        return run(*prefix, "dpkg", f"--root={root}", "--force-depends", "--force-script-chrootless", "--force-confold", "--log=/dev/null",
                   *arguments, env=environment)

    return root, call


def test_GivenAnEmptyRoot_WhenInstalledUpgradedRemovedAndPurged_ThenChangesAreKeptUntilThePurge(package, dpkg):
    root, call = dpkg
    call("--install", package)
    assert "gantry:" in (root / "etc/passwd").read_text()
    assert os.access(root / "usr/bin/gantry", os.X_OK)
    assert not list(root.glob("etc/systemd/system/*.wants/gantry*"))  # nothing starts by itself

    (root / "etc/gantry/scaler.yaml").write_text("# mine\n{}\n")
    data = root / "var/lib/gantry/broker"
    data.mkdir(parents=True)
    call("--install", package)
    call("--remove", "gantry")
    assert (root / "etc/gantry/scaler.yaml").read_text().startswith("# mine")
    assert data.exists() and not (root / "usr/bin/gantry").exists()

    call("--purge", "gantry")
    assert not data.exists() and not (root / "etc/gantry/scaler.yaml").exists()
