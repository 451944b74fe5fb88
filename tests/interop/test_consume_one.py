"""`gantry consume --one --exec CMD`, what a Job runs, against both servers: one message each, held by renewal, back when its taker dies."""
import contextlib
import json

import pytest

from support import gantry
from support.process import Process
from support.wire import wait_until

pytestmark = pytest.mark.usefixtures("binary")


def arguments(server, topic, group, script, *options):
    return ["consume", "--one", "--namesrv", server.namesrv, "--topic", topic, "--group", group, "-o", "json", *options, "--exec", "sh", "-c", script]


def one(server, topic, group, script, *options, check=True):
    """(exit code, the lines about the messages that were taken: one or none)"""
    done = gantry.command(*arguments(server, topic, group, script, *options), timeout_s=60, check=check)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@contextlib.contextmanager
def at_work(server, topic, group, script, *options):
    """A job whose command has begun."""
    process = Process([gantry.path(), *arguments(server, topic, group, "echo begun >&2; " + script, *options)])
    try:
        process.wait_for(lambda p: "begun" in p.err, 30, "the command's begin")
        yield process
    finally:
        process.kill()


def test_given_messages_when_as_many_jobs_run_then_each_is_handled_once(server, tmp_path):
    topic, group = server.topic(), server.name("group")
    sent = {m["msg_id"] for m in server.send(topic, 12, size=300)["sent"]}
    script = f"cat > {tmp_path}/$GANTRY_MESSAGE_ID.$$"
    jobs = [Process([gantry.path(), *arguments(server, topic, group, script, "--wait", "20s")]) for _ in range(12)]
    assert [job.wait(40) for job in jobs] == [0] * 12
    handled = [path.name.split(".")[0] for path in tmp_path.iterdir()]
    assert sorted(handled) == sorted(sent)
    assert {path.stat().st_size for path in tmp_path.iterdir()} == {300}
    assert one(server, topic, group, "true", "--wait", "1s") == (0, [])


def test_given_work_longer_than_the_invisible_time_then_renewals_keep_it_and_it_is_acknowledged(server):
    topic, group = server.topic(), server.name("group")
    server.send(topic, 1)
    with at_work(server, topic, group, "sleep 9", "--invisible", "3s", "--wait", "20s") as job:
        assert one(server, topic, group, "true", "--wait", "8s") == (0, []), "others got it while it was worked on"
        assert job.wait(30) == 0
        assert json.loads(job.out[-1])["status"] == "CONSUME_SUCCESS"
    assert one(server, topic, group, "true", "--wait", "6s") == (0, []), "it came again after its acknowledgement"
    wait_until(lambda: gantry.document("lag", "--namesrv", server.namesrv, "--topic", topic, "--group", group)["lag"] == 0, 20, "lag 0")


def test_given_a_command_that_fails_then_its_code_is_ours_and_the_message_comes_again(server):
    topic, group = server.topic(), server.name("group")
    (sent,) = server.send(topic, 1)["sent"]
    code, (line,) = one(server, topic, group, "exit 7", "--wait", "20s", "--retry-after", "1s", check=False)
    assert (code, line["status"], line["msg_id"]) == (7, "RECONSUME_LATER", sent["msg_id"])
    code, (line,) = one(server, topic, group, '[ "$GANTRY_TOPIC" = %s ] && [ $GANTRY_RECONSUME_TIMES = 1 ]' % topic, "--wait", "40s")
    assert (code, line["status"], line["msg_id"]) == (0, "CONSUME_SUCCESS", sent["msg_id"])
    assert one(server, topic, group, "true", "--wait", "3s") == (0, [])


def test_given_a_job_killed_with_9_then_the_message_comes_again_after_its_invisible_time(server):
    topic, group = server.topic(), server.name("group")
    (sent,) = server.send(topic, 1)["sent"]
    with at_work(server, topic, group, "sleep 60", "--invisible", "3s", "--wait", "20s") as job:
        job.kill()
    _, (line,) = one(server, topic, group, "true", "--wait", "40s")
    assert line["msg_id"] == sent["msg_id"]


JOBS = """
apiVersion: keda.sh/v1alpha1
kind: ScaledJob
metadata:
  name: resize
spec:
  jobTargetRef:
    backoffLimit: 0
    template:
      spec:
        restartPolicy: Never
        containers:
          - name: resize
            command: ["gantry", "consume", "--one", "--topic", "{topic}", "--group", "{group}", "--wait", "2s"]
            args: ["--exec", "sh", "-c", "sleep 1; mktemp {done}/$GANTRY_MESSAGE_ID.XXXXXX"]
  pollingInterval: 1
  maxReplicaCount: 6
  scalingStrategy: {{strategy: {strategy}}}
  triggers:
    - type: external
      metadata:
        scalerAddress: gantry-scaler.gantry-system:6000
        nameServers: "{namesrv}"
        topic: {topic}
        consumerGroup: {group}
        mode: pop
        lagThreshold: "1"
        includeInFlight: "{in_flight}"
"""


@pytest.mark.parametrize("strategy", ["default", "accurate"])
@pytest.mark.seconds(120)
def test_given_a_scaled_job_when_gantry_up_runs_then_each_message_has_a_job_of_its_own(server, strategy, tmp_path):
    topic, group = server.topic(), server.name("group")
    done, manifest, report = tmp_path / "done", tmp_path / "jobs.yaml", tmp_path / "report.json"
    done.mkdir()
    manifest.write_text(JOBS.format(namesrv=server.namesrv, topic=topic, group=group, done=done, strategy=strategy,
                                    in_flight="false" if strategy == "accurate" else "true"))
    sent = [m["msg_id"] for m in server.send(topic, 15)["sent"]]
    up = Process([gantry.path(), "up", "-f", manifest, "--namesrv", server.namesrv, "--http", "127.0.0.1:0", "--report", report])
    try:
        wait_until(lambda: len(list(done.iterdir())) >= len(sent), 60, "work on every message")
        up.interrupt()
        assert up.wait(10) in (0, 130)
    finally:
        up.kill()
    assert sorted(path.name.split(".")[0] for path in done.iterdir()) == sorted(sent)
    assert 1 < json.loads(report.read_text())["verdict"]["max_replicas"] <= 6
