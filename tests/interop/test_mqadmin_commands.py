"""Every mqadmin command of general use, as a table: what it prints against the real broker it prints against ours, or
says that a single node does not do it. Left out: clusterRT and startMonitoring, which run for ever."""
import re

import pytest

from support import java
from support.wire import wait_until


# These keep the client that they shut down at their end, so they work once in a JVM, and the driver's is shared.
ONCE_A_JVM = {"brokerConsumeStats", "sendMessage", "consumeMessage"}


class Busy:
    """A topic with messages, a group at work, a group at rest that is behind, and a producer that stays."""

    def __init__(self, server):
        self.server = server
        self.topic, self.group, self.idle, self.made = server.topic("busy", queues=2), *map(server.name, ("group", "idle", "made"))
        self.producers = server.name("producers")
        self.sent = server.send(self.topic, 6)["sent"]
        server.consume("push", self.topic, self.idle, 6)
        self.consumer = server.start("push", self.topic, self.group, timeout_s=600).started().delivered(6)
        self.producer = server.driver.start("send", namesrv=server.namesrv, topic=self.topic, n=2, key_prefix="late", group=self.producers,
                                            linger=True, timeout_s=600).started()
        wait_until(lambda: self.sent[0]["msg_id"] in server.admin("queryMsgByKey", "-t", self.topic, "-k", "k0"), 20, "the index")

    def words(self, text):
        first = self.sent[0]
        return text.format(topic=self.topic, group=self.group, idle=self.idle, made=self.made, producers=self.producers, broker=self.server.broker,
                           name=self.server.broker_name, cluster=self.server.cluster, queue=first["queue"], offset=first["offset"],
                           unique=first["msg_id"], id=first["offset_msg_id"])

    def close(self):
        for scenario in (self.consumer, self.producer):
            scenario.stop().outcome()


@pytest.fixture(scope="module")
def busy_servers():
    made = {}
    yield made
    for busy in made.values():
        busy.close()


@pytest.fixture
def busy(server, busy_servers):
    if server.kind not in busy_servers:
        busy_servers[server.kind] = Busy(server)
    return busy_servers[server.kind]


@pytest.mark.parametrize("command, expected", [
    ("brokerStatus -b {broker}", r"putTps +: [\d.]+"),
    ("topicRoute -t {topic}", r'"writeQueueNums":2'),
    ("topicClusterList -t {topic}", r"^{cluster}$"),
    ("consumerConnection -g {group}", r"JAVA"),
    ("producerConnection -g {producers} -t {topic}", r"127\.0\.0\.1:\d+ +JAVA"),
    ("producer -b {broker}", r"producer group \({producers}\) instance : clientId=.*127\.0\.0\.1:\d+, language=JAVA"),
    ("consumerStatus -g {group}", r"Rebalance OK"),
    ("consumerProgress -g {idle} -t {topic}", r"Consume Diff Total: 2"),
    ("getConsumerConfig -g {group}", r"groupName += +{group}"),
    ("brokerConsumeStats -b {broker} -l 1", r"{topic} +{idle} .*\n(.*\n)*Diff Total: \d+"),
    ("queryMsgById -t {topic} -i {id}", r"Keys: +\[k0\]"),
    ("queryMsgByKey -t {topic} -k k0", r"{unique}"),
    ("queryMsgByOffset -t {topic} -b {name} -i {queue} -o {offset}", r"Keys: +\[k0\]"),
    ("printMsg -t {topic} -d true", r"BODY: k0\|"),
    ("printMsgByQueue -t {topic} -a {name} -i {queue} -p true -d true", r"BODY: k0\|"),
    ("queryCq -b {broker} -t {topic} -q {queue} -i {offset} -c 1", r"max: \d+, min: 0\n=+\nidx: {offset}\nConsumeQueueData.*tagsCode="),
    ("queryCq -b {broker} -t {topic} -q {queue} -i {offset} -c 1 -g {group}", r'"subString":\s*"\*"'),
    ("statsAll -t {topic}", r"{topic} +{idle} +2 "),
    ("getBrokerConfig -b {broker}", r"brokerName += +{name}"),
    ("getNamesrvConfig", r"listenPort += +\d+"),
    ("allocateMQ -t {topic} -i 127.0.0.1,127.0.0.2", r'"127\.0\.0\.2":\[\{{.*"queueId":'),
    ("checkMsgSendRT -t {made} -a 3 -s 10", r"Avg RT: "),
    ("sendMsgStatus -b {name} -c 2 -s 10", r"sendStatus=SEND_OK"),
    ("updateSubGroup -b {broker} -g {made} -r 3", r"create subscription group to {broker} success"),
    ("setConsumeMode -b {broker} -t {topic} -g {made} -m PULL", r"success"),
    ("cloneGroupOffset -s {idle} -d {made} -t {topic} -o false", r"clone group offset success"),
    ("skipAccumulatedMessage -g {idle} -t {topic}", r"{name} +\d +\d+"),
    ("deleteSubGroup -b {broker} -g {made}", r"delete subscription group \[{made}\] from broker \[{broker}\] success"),
    ("updateTopicPerm -b {broker} -t {topic} -p 4", r"from 6 to 4"),
    ("updateTopicPerm -b {broker} -t {topic} -p 6", r"from 4 to 6"),
    ("updateOrderConf -t {topic} -m put -v {name}:2", r"orderConf=\[{name}:2\]"),
    ("updateOrderConf -t {topic} -m get", r"orderConf=\[{name}:2\]"),
    ("updateOrderConf -t {topic} -m delete", r"delete orderConf success"),
    ("updateKvConfig -s interop -k k -v v", r"success"),
    ("deleteKvConfig -s interop -k k", r"success"),
    ("cleanUnusedTopic -b {broker}", r"success"),
    ("cleanExpiredCQ -b {broker}", r"success"),
    ("deleteExpiredCommitLog -b {broker}", r"success"),
])
def test_given_a_broker_at_work_when_a_command_is_typed_then_it_answers(busy, command, expected, tmp_path):
    if "{made}" in command and command.startswith("checkMsgSendRT"):
        busy.server.admin("updateTopic", "-b", busy.server.broker, "-t", busy.made)
        wait_until(lambda: "brokerDatas" in busy.server.admin("topicRoute", "-t", busy.made), 10, "a route")
    words = busy.words(command).split()
    if words[0] in ONCE_A_JVM:
        output = java.mqadmin(tmp_path, *words, "-n", busy.server.namesrv)
    else:
        output = busy.server.admin(*words)
    pattern = re.sub(r"\{(\w+)\}", lambda m: re.escape(busy.words(m[0])), expected.replace("{{", "{").replace("}}", "}"))
    assert re.search(pattern, output, re.M), output
    assert "CODE: 3 " not in output, output


def test_given_a_broker_to_drain_when_its_write_permission_is_wiped_then_routes_say_so_until_it_is_added(server):
    topic = server.topic()

    def permission():
        return re.search(r'"perm":(\d)', re.sub(r"\s", "", server.admin("topicRoute", "-t", topic)))[1]

    assert permission() == "6"
    assert re.search(rf"wipe write perm of broker\[{server.broker_name}\] in name server\[.*\] OK, \d+", server.admin("wipeWritePerm", "-b", server.broker_name))
    try:
        assert permission() == "4"
    finally:
        output = server.admin("addWritePerm", "-b", server.broker_name)
    assert re.search(rf"add write perm of broker\[{server.broker_name}\] in name server\[.*\] OK, \d+", output)
    assert permission() == "6"


def test_given_a_topic_when_a_message_is_typed_then_it_can_be_read_by_mqadmin(server, tmp_path):
    topic = server.topic(queues=1)
    output = java.mqadmin(tmp_path, "sendMessage", "-t", topic, "-p", "typed by hand", "-n", server.namesrv)
    assert "SEND_OK" in output, output
    output = java.mqadmin(tmp_path, "consumeMessage", "-t", topic, "-c", 1, "-n", server.namesrv)
    assert "BODY: typed by hand" in output, output


@pytest.mark.parametrize("command, reason", [
    ("updateBrokerConfig -b {broker} -k flushDiskType -v ASYNC_FLUSH", "settings are options"),
    ("updateNamesrvConfig -k x -v y", "settings are options"),
    ("haStatus -b {broker}", "no replicas"),
    ("getBrokerEpoch -b {name}", "no replicas"),
    ("listUser -b {broker}", "--user"),
    ("listAcl -b {broker}", "--user"),
    ("getColdDataFlowCtrInfo -b {broker}", "old messages"),
])
def test_given_what_a_single_node_does_not_do_when_typed_then_it_says_so(gantry_server, command, reason):
    words = command.format(broker=gantry_server.broker, name=gantry_server.broker_name).split()
    outcome = gantry_server.driver.start("admin", args=[*words, "-n", gantry_server.namesrv]).outcome()
    assert "a single node" in outcome["output"] and reason in outcome["output"], outcome["output"]
