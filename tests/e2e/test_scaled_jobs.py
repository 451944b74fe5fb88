"""Long work under KEDA: one message a Job, taken by POP and renewed while the Job's command works."""
import pathlib

import pytest
from harness import rocketmq
from harness.daemon import wait_until
from harness.kubelet import Kubelet
from support import gantry

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "examples" / "scaled-job.yaml"
MESSAGES = 6
# what the image of the example would hold: it works for longer than KEDA's polling interval (5 s), and says what it did
MAKE_REPORT = """#!/bin/sh
trap 'echo "$GANTRY_MESSAGE_ID" >> "$RECORDS/interrupted"; exit 1' TERM
echo "$GANTRY_MESSAGE_ID" >> "$RECORDS/begun"
if [ -e "$RECORDS/hold" ]; then while :; do sleep 0.05; done; fi
sleep 8
echo "$GANTRY_MESSAGE_ID" >> "$RECORDS/done"
"""


@pytest.fixture
def reports(plane, keda, scaler, binary, names, brokers, tmp_path, request):
    """The example's ScaledJob, ready: (cluster, API paths, records)."""
    namespace = plane.namespace(f"jobs-{request.param}", runs_pods=True)
    script = tmp_path / "bin" / "make-report"
    script.parent.mkdir()
    script.write_text(MAKE_REPORT)
    script.chmod(0o755)
    kubelet = Kubelet(plane, namespace, tmp_path, names=names, path=f"{binary.parent}:{script.parent}", env={"RECORDS": tmp_path})
    try:
        cluster = brokers(request.param)
        gantry.command("topic", "create", "reports", "--queues", 4, "--namesrv", cluster.namesrv)
        cluster.group("report-jobs")
        plane.api.apply(EXAMPLE.read_text().replace("rocketmq-namesrv.rocketmq:9876", cluster.namesrv), namespace)
        yield Reports(plane, namespace, cluster, kubelet, tmp_path)
    finally:
        kubelet.stop()
        plane.api.kubectl("delete", "namespace", namespace, "--wait=false")


class Reports:
    def __init__(self, plane, namespace, cluster, kubelet, records):
        self.plane, self.cluster, self.kubelet = plane, cluster, kubelet
        self._records = records
        self.jobs_path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        self.namespace = namespace

    def send(self, n):
        gantry.command("send", "--namesrv", self.cluster.namesrv, "--topic", "reports", "--count", n)

    def jobs(self):
        return self.plane.api.get(self.jobs_path)["items"]

    def lines(self, name):
        path = self._records / name
        return path.read_text().splitlines() if path.exists() else []

    def hold(self, on):
        (self._records / "hold").touch() if on else (self._records / "hold").unlink()


@pytest.mark.parametrize("reports", ["gantry", "java"], indirect=True)
def test_GivenTheExample_WhenMessagesWait_ThenEachHasOneJobOfItsOwn(reports):
    reports.send(MESSAGES)

    wait_until(lambda: len(reports.lines("done")) >= MESSAGES, 60, f"{MESSAGES} reports")
    wait_until(lambda: all(job.get("status", {}).get("succeeded") for job in reports.jobs()), 20, "end of all Jobs")
    assert sorted(reports.lines("done")) == sorted(set(reports.lines("begun"))) and len(set(reports.lines("done"))) == MESSAGES
    assert len(reports.lines("begun")) == MESSAGES
    assert reports.kubelet.started == MESSAGES  # nor was there a Job in vain


@pytest.mark.parametrize("reports", ["gantry"], indirect=True)
def test_GivenAJobAtWork_WhenItIsTakenAway_ThenItsCommandIsToldAndAnotherJobGetsTheMessage(reports):
    reports.hold(True)
    reports.send(1)
    wait_until(lambda: reports.lines("begun"), 40, "Job at work")
    job, = reports.jobs()

    reports.hold(False)
    reports.plane.api.kubectl("delete", "job", job["metadata"]["name"], "-n", reports.namespace, "--wait=false")

    wait_until(lambda: reports.lines("interrupted"), 20, "command that was told to stop")
    wait_until(lambda: reports.lines("done"), 60, "report by another Job")
    assert reports.lines("begun") == reports.lines("done") * 2 == reports.lines("interrupted") * 2
