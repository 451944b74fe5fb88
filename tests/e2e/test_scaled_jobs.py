"""Long work under KEDA: one message a Job, taken by POP and renewed while the Job's command works."""
import itertools
import pathlib

import pytest
from harness import rocketmq
from harness.daemon import wait_until
from harness.kubelet import Kubelet
from support import gantry

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "examples" / "scaled-job.yaml"
MESSAGES = 6
_numbers = itertools.count(1)
# what the image of the example would hold: it works for as long as the test wants, and says what it did
MAKE_REPORT = """#!/bin/sh
trap 'echo "$GANTRY_MESSAGE_ID" >> "$RECORDS/interrupted"; exit 1' TERM
echo "$GANTRY_MESSAGE_ID" >> "$RECORDS/begun"
while [ -e "$RECORDS/hold" ]; do sleep 0.05; done
echo "$GANTRY_MESSAGE_ID" >> "$RECORDS/done"
"""


@pytest.fixture
def reports(plane, keda, scaler, binary, names, brokers, tmp_path, request):
    """The example's ScaledJob, ready: (cluster, API paths, records)."""
    namespace = plane.namespace(f"jobs-{request.param}-{next(_numbers)}", runs_pods=True)
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
        # KEDA looks twice when an object is new: messages that come between would have two Jobs each, one of them in vain
        path = f"/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledjobs/reports"
        wait_until(lambda: any(c["type"] == "Ready" and c["status"] == "True" for c in plane.api.get(path).get("status", {}).get("conditions", [])),
                   30, "ready ScaledJob")
        scaler.wait_for_idle("reports", namespace)
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
def test_GivenTheExample_WhenMessagesWait_ThenEachHasOneJobOfItsOwnWhileOthersWork(reports):
    reports.hold(True)
    reports.send(MESSAGES)
    wait_until(lambda: len(reports.lines("begun")) >= MESSAGES, 40, f"{MESSAGES} Jobs at work")
    reports.send(2)  # jobs that work must neither stand for these nor be started again for theirs
    wait_until(lambda: len(reports.lines("begun")) >= MESSAGES + 2, 40, "two more Jobs at work")
    assert not reports.lines("done")

    reports.hold(False)

    wait_until(lambda: len(reports.lines("done")) >= MESSAGES + 2, 20, "all reports")
    wait_until(lambda: all(job.get("status", {}).get("succeeded") for job in reports.jobs()), 20, "end of all Jobs")
    assert len(set(reports.lines("done"))) == len(reports.lines("begun")) == MESSAGES + 2
    assert reports.kubelet.started == MESSAGES + 2  # nor was there a Job in vain


@pytest.mark.parametrize("reports", ["gantry"], indirect=True)
def test_GivenAJobAtWork_WhenItIsTakenAway_ThenItsCommandIsToldAndAnotherJobGetsTheMessage(reports):
    reports.hold(True)
    reports.send(1)
    wait_until(lambda: reports.lines("begun"), 40, "Job at work")
    job, = reports.jobs()

    reports.plane.api.kubectl("delete", "job", job["metadata"]["name"], "-n", reports.namespace, "--wait=false")

    wait_until(lambda: reports.lines("interrupted"), 20, "command that was told to stop")
    reports.hold(False)
    wait_until(lambda: reports.lines("done"), 60, "report by another Job")
    assert reports.lines("begun") == reports.lines("done") * 2 == reports.lines("interrupted") * 2
