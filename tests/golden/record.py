#!/usr/bin/env python3
"""Records the golden frames: runs the real RocketMQ servers, Java client and mqadmin, with every connection through a
recording proxy, and writes one file a frame into frames/ with index.json. `tests/golden/record.py [SESSION ...]` (JSON,
ROCKETMQ, ACL, IPV6, CONTROLLER; without one, all) takes some minutes; needed again only for another RocketMQ version or another request. See README.md."""
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "interop")]

from recorder import Recorder  # noqa: E402
from support import java, replicas, wire  # noqa: E402

VERSION = "5.3.3"
FRAMES = HERE / "frames"
# The servers listen on SERVER; the broker tells the name server that it lives on PROXY, where the recorder listens on the
# same port: so clients pass through it and no address inside a frame has to be rewritten.
SERVER, PROXY = "127.0.0.1", "127.0.0.2"
NAMESRV_PORT, BROKER_PORT = 19220, 19230
NS = f"{PROXY}:{NAMESRV_PORT}"
BROKER = f"{PROXY}:{BROKER_PORT}"
CONTROLLER_PORT = 19260  # and the two after it
ACL_USER = {"access_key": "rocketmq", "secret_key": "12345678"}

# of these the same fields carry different things: each scenario's is kept
KEPT_PER_SCENARIO = {10, 11, 310, 320, 34, 200050}
CONTROLLER_CODES = {904, *range(1001, 1014)}  # of that session only these are kept, not what controllers say to each other
VARIANTS_MAX = 8
FRAME_BYTES_MAX = 24 << 10


@contextlib.contextmanager
def servers(recorder, *settings, serialization="JSON", server=SERVER, proxy=PROXY, acl=False):
    env = {"PEER_JVM": f"-Drocketmq.serialize.type={serialization}"}
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        recorder.forward((proxy, NAMESRV_PORT), (server, NAMESRV_PORT), "name server")
        recorder.forward((proxy, BROKER_PORT), (server, BROKER_PORT), "broker")
        stack.callback(recorder.close)
        namesrv = java.namesrv(f"{directory}/ns", NAMESRV_PORT, f"bindAddress={server}", env=env)
        stack.callback(namesrv.stop)
        broker = java.broker(f"{directory}/broker", BROKER_PORT, NS, f"brokerIP1={proxy}", f"bindAddress={server}",
                             "transactionCheckInterval=1500", "transactionTimeOut=1000", *settings, env=env, acl=acl)
        stack.callback(broker.stop)
        wire.wait_for_broker(NS)
        yield directory


class Session:
    """Names each scenario for the recorder and goes on after one that fails: what it sent is on record all the same."""

    def __init__(self, recorder, driver):
        self.recorder = recorder
        self.driver = driver

    def note(self, name):
        self.recorder.scenario = name

    def start(self, what, name, **options):
        self.note(name)
        return self.driver.start(what, namesrv=NS, **options)

    def run(self, what, name, **options):
        started = time.monotonic()
        outcome = self.start(what, name, **options).outcome()
        self.report(name, outcome, started)
        return outcome

    @staticmethod
    def report(name, outcome, started):
        took_s = time.monotonic() - started
        if not outcome["ok"] or took_s > 3:
            print(f"  {name}: {took_s:.1f} s {outcome['errors'][:2]}", flush=True)

    def admin(self, command, *args):
        self.note(f"mqadmin {command}")
        started = time.monotonic()
        outcome = self.driver.start("admin", args=[command, "-n", NS, *map(str, args)]).outcome(60)
        self.report(f"mqadmin {command}", outcome, started)
        return outcome["output"]

    def request(self, name, code, fields, body=None, address=BROKER):
        self.note(name)
        options = {"address": address, "code": code, "fields": fields}
        if body is not None:
            options["body"] = body
        return self.driver.start("request", **options).outcome()


def topics(s):
    cluster = ("-c", "DefaultCluster")
    s.admin("updateTopic", *cluster, "-t", "golden", "-r", 4, "-w", 4)
    s.admin("updateTopic", *cluster, "-t", "golden-order", "-r", 2, "-w", 2, "-o", "true")
    s.admin("updateTopic", *cluster, "-t", "golden-raw", "-r", 2, "-w", 2)
    s.admin("updateTopic", *cluster, "-t", "golden-gone", "-r", 1, "-w", 1)
    s.admin("updateTopicPerm", *cluster, "-t", "golden", "-p", 6)
    s.admin("updateSubGroup", *cluster, "-g", "golden-group", "-r", 3)
    s.admin("updateSubGroup", *cluster, "-g", "golden-gone", "-r", 3)
    s.admin("updateOrderConf", "-t", "golden-order", "-v", "broker-a:2", "-m", "put")


def sends(s):
    sent = s.run("send", "send", topic="golden", n=8, tag="A,B", group="golden-producer", properties={"color": "blue"})
    s.run("send", "send async", topic="golden", kind="async", n=2, group="golden-producer")
    s.run("send", "send one-way", topic="golden", kind="oneway", n=2, group="golden-producer")
    s.run("send", "send orderly", topic="golden-order", kind="orderly", n=8, group="golden-producer")
    s.run("send", "send batch", topic="golden", kind="batch", n=6, batch=3, tag="A,B", group="golden-producer")
    s.run("send", "send delay level", topic="golden", kind="delay", delay_level=1, n=2, group="golden-producer")
    s.run("send", "send delay ms", topic="golden", kind="delay", delay_ms=1000, n=2, group="golden-producer")
    for compress in ("zlib", "lz4", "zstd"):
        s.run("send", f"send {compress}", topic="golden", n=2, size=600, compress=compress, key_prefix=compress, group="golden-producer")
    s.run("send", "send auto-created topic", topic="golden-auto", n=2, group="golden-producer")
    s.run("send", "send raw", topic="golden-raw", n=40, group="golden-producer")
    s.run("send", "send transaction", topic="golden", kind="transaction", check=True, n=2, timeout_s=15, group="golden-tx")
    s.run("send", "send transaction", topic="golden", kind="transaction", n=2, group="golden-tx")
    return sent


def consumers(s, pop):
    s.run("consume", "consume push", topic="golden", group="golden-group", n=14)
    s.run("consume", "consume push tags", topic="golden", group="golden-tags", tag="A || B", n=8)
    s.run("consume", "consume orderly", topic="golden-order", group="golden-orderly", mode="orderly", n=8)
    s.run("consume", "consume pull", topic="golden", group="golden-pull", mode="pull", n=14)
    s.run("consume", "consume broadcast", topic="golden", group="golden-broadcast", broadcast=True, n=14)
    s.run("consume", "consume fail once", topic="golden-order", group="golden-retry", fail="once", delay_level=1, n=8)
    s.run("consume", "consume to dead letters", topic="golden-order", group="golden-dead", fail="always", delay_level=-1, timeout_s=4)
    s.run("pop-raw", "pop raw single", topic="golden-raw", group="golden-raw-single", ack="single", notify=True, n=20)
    if not pop:
        return
    for ack in ("batch", "change"):
        s.run("pop-raw", f"pop raw {ack}", topic="golden-raw", group=f"golden-raw-{ack}", ack=ack, notify=True, n=20)
    s.run("pop-raw", "pop raw nothing", topic="golden-raw", group="golden-raw-single", ack="single", notify=True, n=0, timeout_s=8, tag="none")
    s.run("pop-raw", "pop raw order", topic="golden-order", group="golden-raw-order", order=True, n=8)
    s.run("consume", "consume pop", topic="golden", group="golden-pop", mode="pop", n=14)
    s.run("consume", "consume pop fail once", topic="golden-order", group="golden-pop-retry", mode="pop", fail="once", pop_delay_s=1, n=8)


def requests(s, sent):
    queue = {"topic": "golden", "queueId": "0"}
    group = {**queue, "consumerGroup": "golden-group"}
    now = str(int(time.time() * 1000))
    s.request("max offset", 30, queue)
    s.request("min offset", 31, queue)
    s.request("offset by timestamp", 29, {**queue, "timestamp": now})
    s.request("offset by timestamp, lower boundary", 29, {**queue, "timestamp": "0", "boundaryType": "LOWER"})
    s.request("earliest store time", 32, queue)
    s.request("consumer offset", 14, group)
    s.request("consumer offset, never committed", 14, {**group, "consumerGroup": "golden-never", "setZeroIfNotFound": "false"})
    s.request("commit offset", 15, {**group, "commitOffset": "1"})
    s.request("commit offset of an unknown group", 15, {**group, "consumerGroup": "golden-unknown", "commitOffset": "1"})
    s.request("consumer list", 38, {"consumerGroup": "golden-group"})
    s.request("consumer list of nobody", 38, {"consumerGroup": "golden-never"})
    s.request("lite pull", 361, {**group, "queueOffset": "0", "maxMsgNums": "4", "sysFlag": "4", "commitOffset": "0",
                                 "suspendTimeoutMillis": "0", "subscription": "*", "subVersion": "0", "expressionType": "TAG"})
    s.request("pull beyond the end", 11, {**group, "queueOffset": "99999", "maxMsgNums": "4", "sysFlag": "4", "commitOffset": "0",
                                          "suspendTimeoutMillis": "0", "subscription": "*", "subVersion": "0", "expressionType": "TAG"})
    s.request("pull, long poll in vain", 11, {**group, "queueId": "3", "queueOffset": "6", "maxMsgNums": "4", "sysFlag": "6",
                                              "commitOffset": "0", "suspendTimeoutMillis": "1000", "subscription": "*",
                                              "subVersion": "0", "expressionType": "TAG"})
    s.request("pull of an unknown topic", 11, {**group, "topic": "golden-unknown", "queueOffset": "0", "maxMsgNums": "4", "sysFlag": "4",
                                               "commitOffset": "0", "suspendTimeoutMillis": "0", "subscription": "*",
                                               "subVersion": "0", "expressionType": "TAG"})
    s.request("route of an unknown topic", 105, {"topic": "golden-unknown"}, address=NS)
    s.request("unknown code at the broker", 31999, {})
    s.request("unknown code at the name server", 31999, {}, address=NS)
    s.request("max offset without fields", 30, {})
    s.request("topic stats of an unknown topic", 202, {"topic": "golden-unknown"})
    s.request("consume stats of an unknown group", 208, {"consumerGroup": "golden-unknown"})
    s.request("time span", 303, {"topic": "golden", "group": "golden-group"})
    s.request("who consumes", 300, {"topic": "golden"})
    s.request("topic config", 351, {"topic": "golden"})
    s.request("group config", 352, {"group": "golden-group"})
    s.request("all topic configs", 21, {})
    s.request("all groups", 201, {})
    s.request("all consumer offsets", 43, {})
    s.request("all delay offsets", 45, {})
    s.request("message by id", 33, {"offset": str(int(sent["sent"][0]["offset_msg_id"][-16:], 16))})
    s.request("message at an offset of none", 33, {"offset": "7"})
    s.request("polling info", 200055, {"topic": "golden", "consumerGroup": "golden-pop", "queueId": "0"})
    s.request("unregister", 35, {"clientID": "golden-client", "producerGroup": "golden-producer", "consumerGroup": "golden-group"})


def administration(s, sent):
    """With consumers and a producer connected, as most of these commands ask them something."""
    first = sent["sent"][0]
    group = ("-g", "golden-group")
    one = s.start("consume", "consume push", topic="golden", group="golden-group").started()
    two = s.start("consume", "second consumer joins", topic="golden", group="golden-group").started()
    orderly = s.start("consume", "orderly consumer stays", topic="golden-order", group="golden-orderly", mode="orderly").started()
    popping = s.start("consume", "POP consumer stays", topic="golden", group="golden-pop", mode="pop").started()
    producer = s.start("send", "producer stays", topic="golden", n=1, linger=True, group="golden-producer", timeout_s=600).started()
    s.admin("clusterList")
    s.admin("clusterList", "-m")
    s.admin("topicList")
    s.admin("topicList", "-c")
    s.admin("topicRoute", "-t", "golden")
    s.admin("topicStatus", "-t", "golden")
    s.admin("topicClusterList", "-t", "golden")
    s.admin("allocateMQ", "-t", "golden", "-i", "10.0.0.1,10.0.0.2")
    s.admin("consumerProgress")
    s.admin("consumerProgress", *group)
    s.admin("consumerProgress", *group, "-s", "true")
    s.admin("consumerProgress", *group, "-t", "golden")
    connections = s.admin("consumerConnection", *group)
    client = next(iter(re.findall(r"(\S+@\S+)", connections)), None)
    s.admin("consumerStatus", *group)
    s.admin("getConsumerConfig", *group)
    s.admin("producerConnection", "-g", "golden-producer", "-t", "golden")
    s.admin("brokerStatus", "-b", BROKER)
    s.admin("brokerConsumeStats", "-b", BROKER)
    s.admin("getBrokerConfig", "-b", BROKER)
    s.admin("updateBrokerConfig", "-b", BROKER, "-k", "defaultTopicQueueNums", "-v", 8)
    s.admin("getNamesrvConfig")
    s.admin("updateKvConfig", "-s", "golden", "-k", "k", "-v", "v")
    s.admin("deleteKvConfig", "-s", "golden", "-k", "k")
    s.admin("wipeWritePerm", "-b", "broker-a")
    s.admin("addWritePerm", "-b", "broker-a")
    s.admin("queryMsgById", "-t", "golden", "-i", first["offset_msg_id"])
    s.admin("queryMsgByUniqueKey", "-t", "golden", "-i", first["msg_id"])
    s.admin("queryMsgByKey", "-t", "golden", "-k", first["key"])
    s.admin("queryMsgByOffset", "-t", "golden", "-b", "broker-a", "-i", 0, "-o", 0)
    s.admin("queryCq", "-t", "golden", "-q", 0, "-i", 0, "-c", 4, "-b", BROKER)
    if client:
        s.admin("queryMsgById", "-t", "golden", "-i", first["offset_msg_id"], *group, "-d", client)
        s.admin("getConsumerStatus", *group, "-t", "golden", "-i", client)
    s.admin("statsAll", "-t", "golden")
    s.admin("checkMsgSendRT", "-t", "golden", "-a", 2, "-s", 32)
    s.admin("setConsumeMode", "-b", BROKER, "-t", "golden", *group, "-m", "PULL")
    s.admin("resetOffsetByTime", *group, "-t", "golden", "-s", 0)
    s.admin("resetOffsetByTime", *group, "-t", "golden", "-s", "now")
    s.admin("updateBrokerConfig", "-b", BROKER, "-k", "useServerSideResetOffset", "-v", "false")  # 220 goes to the consumers
    s.admin("resetOffsetByTime", *group, "-t", "golden", "-s", 0)
    s.admin("resetOffsetByTimeOld", "-g", "golden-pull", "-t", "golden", "-s", 0, "-f", "true")
    s.admin("skipAccumulatedMessage", *group, "-t", "golden", "-f", "true")
    s.admin("printMsg", "-t", "golden-raw")
    s.admin("consumeMessage", "-t", "golden-raw", "-c", 2)
    s.admin("cleanExpiredCQ", "-b", BROKER)
    s.admin("cleanUnusedTopic", "-b", BROKER)
    s.admin("deleteTopic", "-c", "DefaultCluster", "-t", "golden-gone")
    s.admin("deleteSubGroup", "-b", BROKER, "-g", "golden-gone")
    s.note("clients leave")
    for scenario in (two, one, orderly, popping, producer):
        scenario.stop().outcome()


def full(serialization):
    recorder = Recorder()
    env = {"PEER_JVM": f"-Drocketmq.serialize.type={serialization}"}
    with servers(recorder, serialization=serialization) as directory:
        driver = java.Driver(f"{directory}/driver", env=env)
        session = Session(recorder, driver)
        topics(session)
        sent = sends(session)
        # a binary header has 16 bits for the code, so the codes of POP (above 200000) arrive as others: one try is on record
        consumers(session, pop=serialization == "JSON")
        requests(session, sent)
        administration(session, sent)
        driver.close()
        # code 10 is what a client sends that was told not to shorten field names
        env = {"PEER_JVM": f"-Drocketmq.serialize.type={serialization} -Dorg.apache.rocketmq.client.sendSmartMsg=false"}
        driver = java.Driver(f"{directory}/driver-10", env=env)
        session = Session(recorder, driver)
        session.run("send", "send, long field names", topic="golden", n=2, group="golden-producer")
        session.run("send", "send batch, long field names", topic="golden", kind="batch", n=3, batch=3, group="golden-producer")
        driver.close()
        recorder.scenario = "servers stop"
    return recorder.records, {}


def acl():
    """ACL 2.0 with a key that is public, so that signatures can be checked."""
    recorder = Recorder()
    with servers(recorder, acl=True) as directory:
        driver = java.Driver(f"{directory}/driver")
        session = Session(recorder, driver)
        session.run("send", "send signed", topic="golden-acl", n=2, **ACL_USER)
        session.run("send", "send batch signed", topic="golden-acl", kind="batch", n=4, batch=4, **ACL_USER)
        session.run("send", "send with a wrong key", topic="golden-acl", n=1, **{**ACL_USER, "secret_key": "wrong678"})
        session.run("send", "send unsigned", topic="golden-acl", n=1)
        session.run("consume", "consume push signed", topic="golden-acl", group="golden-acl", n=4, **ACL_USER)
        # in a binary header the Java client writes the fields of a signed send twice
        driver.run("serialize", type="ROCKETMQ")
        session.run("send", "send signed, binary", topic="golden-acl", n=1, **ACL_USER)
        session.run("send", "send batch signed, binary", topic="golden-acl", kind="batch", n=4, batch=4, **ACL_USER)
        driver.close()
    return recorder.records, {"access_key": ACL_USER["access_key"], "secret_key": ACL_USER["secret_key"]}


def ipv6():
    """Born host and store host are IPv6 addresses."""
    recorder = Recorder()
    # ::1 is all the IPv6 loopback there is, so the proxy cannot have the servers' port: only the client-side host is v6,
    # and a second broker address makes the stored one v6
    with servers(recorder, "brokerIP1=::1", server="::1", proxy=PROXY) as directory:
        driver = java.Driver(f"{directory}/driver")
        session = Session(recorder, driver)
        # the route says ::1, past the recorder: raw requests go through it
        session.run("send", "send", topic="golden-v6", n=2)
        for queue in range(4):
            session.request("pull of records with IPv6 hosts", 11, {
                "consumerGroup": "CID_ONSAPI_golden", "topic": "golden-v6", "queueId": str(queue), "queueOffset": "0", "maxMsgNums": "4",
                "sysFlag": "4", "commitOffset": "0", "suspendTimeoutMillis": "0", "subscription": "*", "subVersion": "0", "expressionType": "TAG"})
        driver.close()
    return recorder.records, {}


@contextlib.contextmanager
def replica_set(recorder, serialization):
    """Three DLedger controllers and two brokers in controller mode, each known to all by the address where the recorder listens."""
    env = {"PEER_JVM": f"-Drocketmq.serialize.type={serialization}"}
    peers = ";".join(f"n{n}-{PROXY}:{CONTROLLER_PORT + n}" for n in range(3))
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        for n in range(3):
            recorder.forward((PROXY, CONTROLLER_PORT + n), (SERVER, CONTROLLER_PORT + n), "controller")
        recorder.forward((PROXY, BROKER_PORT), (SERVER, BROKER_PORT), "broker")
        recorder.forward((PROXY, BROKER_PORT + 10), (SERVER, BROKER_PORT + 10), "broker")
        stack.callback(recorder.close)
        # always JSON: the codes of DLedger's own requests (50001 and up) do not fit into the 16 bits of a binary header
        controllers = replicas.Controllers(directory, "dledger", 3, f"bindAddress={SERVER}", f"controllerDLegerPeers={peers}",
                                           port=CONTROLLER_PORT)
        stack.callback(controllers.close)
        namesrv = java.namesrv(f"{directory}/ns", NAMESRV_PORT, env=env)
        stack.callback(namesrv.kill)
        addresses = ";".join(f"{PROXY}:{CONTROLLER_PORT + n}" for n in range(3))
        brokers = []
        for n in range(2):
            broker = replicas.Replica(f"{directory}/broker-{n}", f"{SERVER}:{NAMESRV_PORT}", addresses, f"brokerIP1={PROXY}",
                                      port=BROKER_PORT + 10 * n, env=env)
            stack.callback(broker.kill)
            broker.up()
            brokers.append(broker)
        leader = controllers.leader_address
        replicas.wait_for_state([leader], lambda s: len(s["in_sync"]) == 2, 60, "two replicas in sync")
        yield directory, controllers, brokers, env


def controller_errors(s, leader, follower, state):
    """Each documented code that a client can provoke; of a set without live brokers, and of the live one with stale numbers."""
    dead, live = {"clusterName": "golden", "brokerName": "golden-dead"}, {"clusterName": "DefaultCluster", "brokerName": replicas.SET}
    code = f"{PROXY}:9;1795370057583"
    alter = {"brokerName": replicas.SET, "masterBrokerId": state["master"], "masterEpoch": state["epoch"]}

    def body(ids, epoch=state["in_sync_epoch"]):
        return json.dumps({"syncStateSet": ids, "syncStateSetEpoch": epoch})

    def ask(name, number, fields, content=None, address=leader):
        said = s.request(name, number, fields, content, address)
        print(f"  {name}: {said.get('code')} {said.get('remark')} {said['errors'][:1]}", flush=True)

    ask("next id of a new set", 1012, dead)
    ask("apply an id that is not the first", 1013, {**dead, "appliedBrokerId": 2, "registerCheckCode": code})
    ask("apply the first id", 1013, {**dead, "appliedBrokerId": 1, "registerCheckCode": code})
    ask("apply an id of another broker", 1013, {**dead, "appliedBrokerId": 1, "registerCheckCode": f"{PROXY}:8;1"})
    ask("register", 1003, {**dead, "brokerId": 1, "brokerAddress": f"{PROXY}:9", "invokeTime": 0})
    ask("register an id that was not applied for", 1003, {**dead, "brokerId": 7, "brokerAddress": f"{PROXY}:9"})
    ask("register in an unknown set", 1003, {**dead, "brokerName": "golden-none", "brokerId": 1, "brokerAddress": f"{PROXY}:9"})
    ask("replica info without a master", 1004, {"brokerName": "golden-dead"})
    ask("sync-state data without a master", 1006, {}, json.dumps(["golden-dead"]))
    ask("elect the first master", 1002, {**dead, "brokerId": 1, "designateElect": "false"})
    ask("elect in a set without live brokers, as a broker", 1002, {**dead, "brokerId": 1})
    ask("elect in a set without live brokers, for all", 1002, {**dead, "brokerId": -1})
    ask("elect in an unknown set", 1002, {**dead, "brokerName": "golden-none", "brokerId": 1})
    ask("elect while the master is alive", 1002, {**live, "brokerId": state["master"]})
    ask("alter to the same", 1001, alter, body(state["in_sync"]))
    ask("alter without the master", 1001, alter, body([i for i in state["in_sync"] if i != state["master"]]))
    ask("alter by another than the master", 1001, {**alter, "masterBrokerId": 9}, body([state["master"]]))
    ask("alter in an old master epoch", 1001, {**alter, "masterEpoch": 77}, body([state["master"]]))
    ask("alter an old set", 1001, alter, body([state["master"]], 77))
    ask("alter to unknown replicas", 1001, alter, body([state["master"], 9]))
    ask("alter an unknown set", 1001, {**alter, "brokerName": "golden-none"}, body([1]))
    ask("apply a third id", 1013, {**live, "appliedBrokerId": 3, "registerCheckCode": code})
    ask("alter to a dead replica", 1001, alter, body([*state["in_sync"], 3]))
    ask("replica info of an unknown set", 1004, {"brokerName": "golden-none"})
    ask("sync-state data of an unknown set", 1006, {}, json.dumps(["golden-none", replicas.SET]))
    ask("clean a living set", 1011, {**live, "isCleanLivingBroker": "false"})
    ask("clean a living broker", 1011, {**live, "brokerControllerIdsToClean": "1;2"})
    ask("clean ids that are none", 1011, {**live, "brokerControllerIdsToClean": "one"})
    ask("clean an unknown set", 1011, {**dead, "brokerName": "golden-none"})
    ask("heartbeat without an id", 904, {**live, "brokerAddr": f"{PROXY}:9"})
    ask("heartbeat that is answered", 904, {**dead, "brokerAddr": f"{PROXY}:9", "brokerId": 1, "epoch": 1, "maxOffset": 2,
                                            "confirmOffset": 2, "heartbeatTimeoutMills": 1000, "electionPriority": 2147483647})
    ask("update a setting of the black list", 1009, {}, "configStorePath=x")
    ask("metadata of a follower", 1005, {}, address=follower)
    ask("replica info of a follower", 1004, {"brokerName": replicas.SET}, address=follower)
    ask("alter at a follower", 1001, alter, body([state["master"]]), address=follower)


def controller():
    records = []
    for serialization in ("JSON", "ROCKETMQ"):
        recorder = Recorder()
        recorder.scenario = "brokers start"
        with replica_set(recorder, serialization) as (directory, controllers, brokers, env):
            first = controllers.leader()
            leader, follower = (f"{PROXY}:{CONTROLLER_PORT + n}" for n in (first, (first + 1) % 3))
            direct = controllers.list[first]  # past the recorder, for questions of ours
            driver = java.Driver(f"{directory}/driver", env=env)
            session = Session(recorder, driver)
            controller_errors(session, leader, follower, replicas.state(direct))
            at = ("-a", leader)

            def admin(command, *args):
                session.note(f"mqadmin {command}")
                outcome = driver.start("admin", args=[command, *map(str, args)]).outcome(60)
                Session.report(f"mqadmin {command}", outcome, time.monotonic())

            admin("getControllerMetaData", *at)
            admin("getSyncStateSet", *at, "-b", replicas.SET)
            admin("getControllerConfig", *at)
            admin("updateControllerConfig", *at, "-k", "enableElectUncleanMaster", "-v", "false")
            other = next(i for i in (1, 2) if i != replicas.state(direct)["master"])
            admin("electMaster", *at, "-b", other, "-bn", replicas.SET, "-c", "DefaultCluster")
            replicas.wait_for_state([direct], lambda s: s["in_sync"] == [1, 2], 60, "both in sync after the election")
            admin("cleanBrokerMetadata", *at, "-bn", "golden-dead", "-c", "golden", "-b", 1)
            recorder.scenario = "the master is killed"
            before = replicas.state(direct)
            next(b for b in brokers if before["address"].endswith(f":{b.port}")).kill()
            replicas.wait_for_state([direct], lambda s: s["master"] not in (None, before["master"]), 30, "new master")
            wire.wait_until(lambda: any(r.request_code == 1008 and r.scenario == recorder.scenario for r in recorder.records), 10,
                            "notice of the new master")
            driver.close()
        records += [r for r in recorder.records if r.request_code in CONTROLLER_CODES]
    return records, {}


SESSIONS = {"JSON": lambda: full("JSON"), "ROCKETMQ": lambda: full("ROCKETMQ"), "ACL": acl, "IPV6": ipv6, "CONTROLLER": controller}


SUFFIXES = {"ACL": "_acl", "IPV6": "_ipv6", "CONTROLLER": "_controller"}


def request_names():
    """Request codes by number, from the class file itself."""
    cache = subprocess.run([java.SCRIPT, "setup"], check=True, capture_output=True, text=True).stdout.strip()
    text = subprocess.run(["javap", "-cp", f"{cache}/lib/rocketmq-remoting-{VERSION}.jar", "-constants",
                           "org.apache.rocketmq.remoting.protocol.RequestCode"], check=True, capture_output=True, text=True).stdout
    return {int(code): name for name, code in re.findall(r"int (\w+) = (\d+);", text)}


def name_of(code, names):
    if code in names:
        return names[code]
    whole = next((name for number, name in names.items() if number > 0xFFFF and number & 0xFFFF == code), None)
    return f"{whole} cut to 16 bits" if whole else "unknown"


def shape(record, session):
    """Two frames of one shape teach the same: the first is kept."""
    frame = record.frame
    body = "none" if not frame.body else "json" if frame.body[:1] in b"[{" else "bytes"
    scenario = record.scenario if record.request_code in KEPT_PER_SCENARIO or session in ("ACL", "IPV6") else None
    return (record.request_code, record.direction, record.sender, frame.serialization,
            frame.code if frame.is_response else None, tuple(sorted(frame.fields)), body, scenario)


def session_of(entry):
    named = next((session for session, suffix in SUFFIXES.items() if suffix in entry["file"]), None)
    return named or entry["serialization"].upper()


def kept(sessions):
    """The entries of sessions that were not recorded this time; the files of the others go."""
    old = json.loads((HERE / "index.json").read_text()) if (HERE / "index.json").exists() else []
    for entry in old:
        if session_of(entry) in sessions:
            (HERE / entry["file"]).unlink()
    return [entry for entry in old if session_of(entry) not in sessions]


def write(sessions):
    FRAMES.mkdir(exist_ok=True)
    names, index, seen, counts = request_names(), kept(sessions), set(), {}
    for session, (records, extra) in sessions.items():
        for record in records:
            key = shape(record, session)
            if key in seen or len(record.data) > FRAME_BYTES_MAX:
                continue
            frame = record.frame
            suffix = SUFFIXES.get(session, "")
            stem = f"{record.request_code}_{record.direction}_{frame.serialization}{suffix}"
            counts[stem] = counts.get(stem, 0) + 1
            if counts[stem] > VARIANTS_MAX and record.request_code not in KEPT_PER_SCENARIO:
                continue
            seen.add(key)
            name = f"frames/{stem}{'' if counts[stem] == 1 else '_' + str(counts[stem])}.bin"
            (HERE / name).write_bytes(re.sub(rb"/tmp/tmp\w{8}", b"/srv/rocketmq-00", record.data))  # of the same length
            entry = {"file": name, "code": record.request_code, "name": name_of(record.request_code, names),
                     "direction": record.direction, "serialization": frame.serialization, "sender": record.sender,
                     "link": record.link, "scenario": record.scenario, "rocketmq": VERSION, "body_bytes": len(frame.body)}
            if frame.is_response:
                entry["response_code"] = frame.code
            if session == "ACL":
                entry.update(extra)
            index.append(entry)
    index.sort(key=lambda e: (e["code"], e["direction"], e["serialization"], len(e["file"]), e["file"]))
    lines = ",\n".join("  " + json.dumps(entry) for entry in index)
    (HERE / "index.json").write_text(f"[\n{lines}\n]\n")
    size = sum(f.stat().st_size for f in FRAMES.iterdir())
    print(f"{len(index)} frames of {len({e['code'] for e in index})} codes, {size} bytes")


def main():
    wanted = sys.argv[1:] or list(SESSIONS)
    sessions = {}
    for name in wanted:
        print(f"{name} ...", flush=True)
        started = time.monotonic()
        sessions[name] = SESSIONS[name]()
        print(f"{name}: {len(sessions[name][0])} frames in {time.monotonic() - started:.0f} s", flush=True)
    write(sessions)


if __name__ == "__main__":
    main()
