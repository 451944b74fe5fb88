"""A RocketMQ cluster of a test, ours or the Java one: its topics, messages sent one by one, offsets committed at will.

Lag is made and taken away without consumers: what is tested here is scaling. The consumers' own part is in tests/interop."""
import contextlib
import itertools
import json
import time

from support import gantry, java, ports, wire

_SEND_MESSAGE, _COMMIT_OFFSET, _MAX_OFFSET, _CREATE_GROUP = 10, 15, 30, 200
_numbers = itertools.count(1)


class Cluster:
    def __init__(self, kind, start):
        """`start` gives (name server, broker, process); called again it starts the same again."""
        self.kind = kind
        self._start = start
        self.restart()

    def restart(self):
        self.namesrv, self.broker, self.process = self._start()

    def topic(self, stem="topic", queues=8):
        """A new topic that has a route."""
        topic = f"{stem}-{next(_numbers)}"
        gantry.command("topic", "create", topic, "--queues", queues, "--namesrv", self.namesrv)
        wire.wait_until(lambda: wire.call(self.namesrv, 105, {"topic": topic}).code == 0, 10, f"a route of {topic}")
        return topic

    def send(self, topic, n, queues=8):
        for i in range(n):
            answer = wire.call(self.broker, _SEND_MESSAGE, {
                "producerGroup": "e2e", "topic": topic, "defaultTopic": "TBW102", "defaultTopicQueueNums": "8",
                "queueId": str(i % queues), "sysFlag": "0", "bornTimestamp": str(int(time.time() * 1000)), "flag": "0",
                "properties": "", "reconsumeTimes": "0", "unitMode": "false", "batch": "false"}, b"order")
            assert answer.code == 0, answer

    def group(self, name):
        """A consumer group of that name; the Java broker takes no offsets of one that it does not know."""
        body = {"groupName": name, "consumeEnable": True, "consumeBroadcastEnable": True, "consumeFromMinEnable": True, "retryQueueNums": 1,
                "retryMaxTimes": 16, "brokerId": 0, "whichBrokerWhenConsumeSlowly": 1}
        answer = wire.call(self.broker, _CREATE_GROUP, {}, json.dumps(body).encode())
        assert answer.code == 0, answer
        return name

    def commit_all(self, topic, group, queues=8):
        """As if the group had consumed everything."""
        for queue in range(queues):
            end = wire.call(self.broker, _MAX_OFFSET, {"topic": topic, "queueId": str(queue)}).fields["offset"]
            answer = wire.call(self.broker, _COMMIT_OFFSET, {"consumerGroup": group, "topic": topic, "queueId": str(queue), "commitOffset": end})
            assert answer.code == 0, answer


@contextlib.contextmanager
def embedded(binary, directory, host="127.0.0.1", namesrv_port=None, broker_port=None, options=(), credentials=None):
    """`gantry broker`, with further options. `credentials`: a pair of keys, for a broker that has users."""
    namesrv_port, broker_port = namesrv_port or ports.free(1), broker_port or ports.free(1)

    def start():
        process = gantry.Broker(binary, directory, *options, host=host, namesrv_port=namesrv_port, broker_port=broker_port,
                                credentials=credentials)
        return process.namesrv, process.broker, process

    cluster = Cluster("gantry", start)
    try:
        yield cluster
    finally:
        cluster.process.stop()


@contextlib.contextmanager
def apache(directory):
    namesrv_port, broker_port = ports.free(1), ports.free(4) + 2  # the broker also takes the ports beside its own

    def start():
        process = java.cluster(directory, namesrv_port, broker_port)
        wire.wait_for_broker(f"127.0.0.1:{namesrv_port}")
        return f"127.0.0.1:{namesrv_port}", f"127.0.0.1:{broker_port}", process

    cluster = Cluster("java", start)
    try:
        yield cluster
    finally:
        cluster.process.kill()
