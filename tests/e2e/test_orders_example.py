"""examples/orders.yaml as it is, on a cluster: real consumers in real pods' stead work off a real backlog."""
import json
import pathlib

import pytest
from harness import rocketmq
from harness.daemon import wait_until
from harness.kubelet import Kubelet
from harness.workloads import Deployment, Recorder
from support import gantry

ROOT = pathlib.Path(__file__).resolve().parents[2]
MESSAGES = 4000  # 13 workers' worth at 300 each; there may be 8


@pytest.mark.seconds(150)
def test_GivenTheExampleUnmodified_WhenABurstArrives_ThenWorkersComeFromZeroHandleEachMessageOnceAndGo(plane, keda, scaler, binary, names, tmp_path):
    namespace = plane.namespace("orders", runs_pods=True)
    kubelet = Kubelet(plane, namespace, tmp_path, names=names, path=str(binary.parent))
    host = names.service("rocketmq-namesrv", "rocketmq")
    try:
        with rocketmq.embedded(binary, tmp_path / "broker", host, namesrv_port=9876, broker_port=10911) as cluster:
            gantry.command("topic", "create", "orders", "--namesrv", cluster.namesrv)
            plane.api.apply(ROOT / "examples" / "orders.yaml", namespace)
            path = f"/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledobjects/orders"
            wait_until(lambda: any(c["type"] == "Ready" and c["status"] == "True" for c in plane.api.get(path).get("status", {}).get("conditions", [])),
                       30, "ready ScaledObject")
            workers = Deployment(plane, namespace, "orders-worker", exists=True)
            recorder = Recorder(plane, namespace, "orders-worker")
            assert recorder.replicas() == [0]

            gantry.command("send", "--namesrv", cluster.namesrv, "--topic", "orders", "--count", MESSAGES)

            wait_until(lambda: max(recorder.replicas()) == 8, 30, "eight workers")
            wait_until(lambda: lag(cluster) == 0, 60, "end of the backlog", every_s=0.5)
            workers.wait_for(0, 60)
            replicas = recorder.stop()
            assert replicas[:2] == [0, 1], replicas
            wait_until(lambda: not plane.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"], 20, "end of the pods")
        handled = [line["msg_id"] for log in tmp_path.glob("orders-worker-*.log") for line in json_lines(log) if "msg_id" in line]
        assert len(set(handled)) == MESSAGES
    finally:
        kubelet.stop()
        plane.api.kubectl("delete", "namespace", namespace, "--wait=false")


def lag(cluster):
    return gantry.document("lag", "--namesrv", cluster.namesrv, "--topic", "orders", "--group", "orders-workers")["lag"]


def json_lines(log):
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
