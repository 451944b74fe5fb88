"""The container image of tools/image: its bytes, and that it runs as nobody in particular with nothing beside it."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import subprocess
import tarfile
import urllib.request

from conftest import NOBODY, in_image
from support import gantry, ports, wire
from support.process import Process

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPRESSED_BYTES_MAX = 60_000_000


def test_GivenAnImage_WhenRead_ThenItIsAnOciLayoutAndADockerArchiveWithTheDigestsThatItNames(built):
    with tarfile.open(built[0]) as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive}

    for name, data in files.items():
        if name.startswith("blobs/"):
            assert hashlib.sha256(data).hexdigest() == name.rsplit("/", 1)[1]
    index, docker = json.loads(files["index.json"]), json.loads(files["manifest.json"])[0]

    def blob(descriptor):
        data = files["blobs/sha256/" + descriptor["digest"].split(":")[1]]
        assert len(data) == descriptor["size"]
        return data

    manifest = json.loads(blob(index["manifests"][0]))
    config, layer = json.loads(blob(manifest["config"])), blob(manifest["layers"][0])
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(gzip.decompress(layer)).hexdigest()]
    assert config["config"]["User"] == f"{NOBODY}:{NOBODY}"
    assert docker["RepoTags"] == ["gantry:test"]
    assert files[docker["Layers"][0]] == layer and json.loads(files[docker["Config"]]) == config
    assert len(layer) < COMPRESSED_BYTES_MAX


def test_GivenAnImage_WhenItsFilesAreListed_ThenTheyAreSortedDatelessAndOfNobodyWhoCouldChangeTheProgram(built):
    with tarfile.open(built[0]) as archive:
        manifest = json.loads(archive.extractfile("manifest.json").read())[0]
        layer = gzip.decompress(archive.extractfile(manifest["Layers"][0]).read())
    with tarfile.open(fileobj=io.BytesIO(layer)) as entries:
        members = entries.getmembers()

    assert [m.name for m in members] == sorted(m.name for m in members)
    assert {m.mtime for m in members} == {0}
    assert {m.name for m in members if m.uid != 0} == {"home/nonroot", "var/lib/gantry"}
    assert not [m.name for m in members if m.isfile() and m.mode & 0o6022]
    assert not any(m.name.endswith(("/sh", "/bash", "busybox")) for m in members)


def test_GivenTheSameBinary_WhenBuiltTwice_ThenTheBytesAreTheSame(built, binary, tmp_path):
    again = tmp_path / "again.tar"
    subprocess.run([ROOT / "tools" / "image", "--binary", binary, "--output", again, "--tag", "gantry:test"], check=True)

    assert again.read_bytes() == built[0].read_bytes()


def test_GivenTheImagesFilesAlone_WhenAskedForItsVersion_ThenItAnswers(built):
    done = subprocess.run(in_image(built[1], "/usr/bin/gantry", "version"), capture_output=True, text=True)

    assert (done.returncode, done.stdout.split()[0]) == (0, "gantry"), done.stderr


def test_GivenTheImagesFilesAlone_WhenItsBrokerRuns_ThenItTakesMessages(built):
    if os.geteuid() == 0:
        os.chown(built[1] / "var/lib/gantry", NOBODY, NOBODY)
    namesrv, listen = (f"127.0.0.1:{ports.free(1)}" for _ in range(2))
    broker = Process(in_image(built[1], "/usr/bin/gantry", "broker", "--namesrv-listen", namesrv, "--listen", listen,
                              "--data", "/var/lib/gantry/broker"))
    try:
        wire.wait_for_broker(namesrv, 10)
        sent = gantry.command("send", "--namesrv", namesrv, "--topic", "orders", "--count", "10")
    finally:
        code = broker.stop()

    assert "10" in sent.stdout + sent.stderr
    assert code == 0, broker.tail()


def test_GivenTheImagesFilesAlone_WhenItsScalerRuns_ThenItListensAndEndsWhenTold(built):
    grpc, http = (f"127.0.0.1:{ports.free(1)}" for _ in range(2))
    scaler = Process(in_image(built[1], "/usr/bin/gantry", "scaler", "--grpc-listen", grpc, "--http", http))
    try:
        wire.wait_until(lambda: urllib.request.urlopen(f"http://{http}/healthz", timeout=2).status == 200, 10, "healthy scaler")
    finally:
        code = scaler.stop()

    assert code == 0, scaler.tail()


def test_GivenTheDockerfile_WhenComparedWithTheImage_ThenTheySayTheSame(built):
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    with tarfile.open(built[0]) as archive:
        docker = json.loads(archive.extractfile("manifest.json").read())[0]
        config = json.loads(archive.extractfile(docker["Config"]).read())["config"]

    assert f"USER {config['User']}" in lines
    assert f"ENTRYPOINT {json.dumps(config['Entrypoint'])}" in lines
    assert f"CMD {json.dumps(config['Cmd'])}" in lines
    assert f"ENV {' '.join(config['Env'])}" in lines
