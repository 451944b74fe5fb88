"""From Java controllers to ours and back, under real brokers that go on: `gantry controller import`."""
import json
import shutil

import pytest

from support import gantry, replicas, wire
from support.process import Process


@pytest.fixture
def cluster(peer, tmp_path):
    """One Java controller, a name server and a set of two brokers that are both in sync."""
    with replicas.two_in_sync(tmp_path, "dledger", 1) as (controllers, namesrv, brokers):
        yield tmp_path, controllers, namesrv, brokers


def stored_bytes(broker):
    """Where the broker's log ends."""
    return json.loads(wire.call(broker.address, 1007, timeout_s=5).body)["maxOffset"]


def status(address):
    answer = wire.call(address, 19001, timeout_s=2)
    return json.loads(answer.body)


@pytest.mark.seconds(180)
def test_given_java_controllers_when_imported_then_brokers_keep_their_master_and_fail_over_under_ours(cluster):
    directory, old, namesrv, brokers = cluster
    before = replicas.state(old.leader_address)
    importing = Process([gantry.path(), "controller", "import", "--from", old.addresses, "--namesrv", namesrv, "--endpoints",
                         old.addresses, "--timeout", "60s", "-o", "json"])
    ours = None
    try:
        importing.wait_for(lambda p: any("Now stop all" in line for line in p.err), 20, "what to do next")
        assert importing.code is None, "the old ones answer: it waits"
        old.close()
        # at once, in their place: what the import reads meanwhile may be the new one's answer
        port = int(old.list[0].split(":")[1])
        ours = replicas.Controllers(directory / "ours", "gantry", 1, port=port)
        importing.wait_for(lambda p: p.code is not None, 30, "its end")
        assert importing.code == 0, importing.tail()
        result = json.loads("\n".join(importing.out))
        assert [(row["set"], row["result"], row["remark"]) for row in result] == [(replicas.SET, "imported", "")]

        # the brokers are back at the same address, and nothing was elected
        wire.wait_until(lambda: status(ours.list[0])["brokers_alive"] == 2, 60, "heartbeats of both")
        after = replicas.state(ours.leader_address)
        assert after == before

        master = replicas.by_address(brokers, before["address"])
        master.kill()
        new, _ = replicas.wait_for_state(ours.list, lambda s: s["master"] not in (None, before["master"]), 30, "new master")
        assert new["epoch"] == before["epoch"] + 1
        master.start()
        replicas.wait_for_state(ours.list, lambda s: s["in_sync"] == [1, 2], 90, "old master in sync again")
    finally:
        importing.kill()
        if ours:
            ours.close()


@pytest.mark.seconds(120)
def test_given_java_controllers_that_go_on_then_nothing_is_imported(cluster):
    directory, old, namesrv, _ = cluster
    ours = replicas.Controllers(directory / "ours", "gantry", 1)
    try:
        ended = gantry.command("controller", "import", "--from", old.addresses, "--namesrv", namesrv, "--endpoints", ours.addresses,
                               "--timeout", "3s", check=False)
        assert ended.returncode == 1
        assert f"controller {old.list[0]} still answers: nothing was imported" in ended.stderr
        assert replicas.state(ours.leader_address) is None
    finally:
        ours.close()


@pytest.mark.long
@pytest.mark.seconds(240)
def test_given_an_election_under_ours_when_the_way_back_is_taken_then_java_goes_on_with_the_messages(cluster):
    """docs/controller.md, "And back"."""
    directory, old, namesrv, brokers = cluster
    before = replicas.state(old.leader_address)
    importing = Process([gantry.path(), "controller", "import", "--from", old.addresses, "--namesrv", namesrv, "--endpoints",
                         old.addresses, "--timeout", "60s"])
    importing.wait_for(lambda p: any("Now stop all" in line for line in p.err), 20, "what to do next")
    old.close()
    ours = replicas.Controllers(directory / "ours", "gantry", 1, port=int(old.list[0].split(":")[1]))
    try:
        importing.wait_for(lambda p: p.code is not None, 30, "its end")
        assert importing.code == 0, importing.tail()
        wire.wait_until(lambda: status(ours.list[0])["brokers_alive"] == 2, 60, "heartbeats of both")
        master = replicas.by_address(brokers, before["address"])
        master.kill()
        replicas.wait_for_state(ours.list, lambda s: s["master"] not in (None, before["master"]), 30, "new master")
        master.start()
        last, _ = replicas.wait_for_state(ours.list, lambda s: s["in_sync"] == [1, 2], 90, "both in sync")
        assert last["epoch"] > before["epoch"]
        gantry.command("topic", "create", "--namesrv", namesrv, "--topic", "kept", "--queues", "1")
        gantry.command("send", "--namesrv", namesrv, "--topic", "kept", "--count", "50")
        stored = stored_bytes(replicas.by_address(brokers, last["address"]))
    finally:
        ours.close()

    for broker in brokers:
        broker.terminate()
    ahead, behind = (replicas.by_address(brokers, last["address"]), next(b for b in brokers if b.address != last["address"]))
    for name in ("brokerIdentity", "epochFileCheckpoint", "epochFileCheckpoint.bak"):
        (ahead.directory / "store" / name).unlink(missing_ok=True)
    shutil.rmtree(behind.directory / "store")
    fresh = replicas.Controllers(directory / "fresh", "dledger", 1, port=int(old.list[0].split(":")[1]))
    try:
        ahead.start()
        replicas.wait_for_state(fresh.list, lambda s: s["address"] == ahead.address, 60, "the one with the messages as master")
        behind.start()
        replicas.wait_for_state(fresh.list, lambda s: s["in_sync"] == [1, 2], 90, "both in sync under Java")
        assert stored_bytes(ahead) >= stored > 0
        wire.wait_until(lambda: stored_bytes(behind) == stored_bytes(ahead), 30, "both with the same messages")
        got = gantry.lines("consume", "--namesrv", namesrv, "--topic", "kept", "--group", "way-back", "--mode", "pull", "--count", "50")
        assert len(got) == 50
    finally:
        fresh.close()
