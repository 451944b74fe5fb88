"""A classic consumer as a broker sees it, without consuming: it is connected, says which queues it holds, and that is all."""
import contextlib
import json
import socket
import struct
import threading
import time

_HEARTBEAT, _RUNNING_INFO = 34, 307


class PodConsumer:
    """Holds `queues` of `topic` under a client id that begins with `ip`, as those of Java clients do, until `close`."""

    def __init__(self, broker, broker_name, topic, group, ip, queues):
        self._queues = [{"brokerName": broker_name, "queueId": queue, "topic": topic} for queue in queues]
        self._client_id = f"{ip}@{id(self) % 65536}#1"
        host, _, port = broker.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), 5)
        self._socket.settimeout(None)
        self._joined = threading.Event()
        subscription = {"topic": topic, "subString": "*", "tagsSet": [], "codeSet": [], "subVersion": int(time.time() * 1000), "expressionType": "TAG"}
        self._send({"code": _HEARTBEAT, "flag": 0, "opaque": 1}, json.dumps({
            "clientID": self._client_id, "producerDataSet": [],
            "consumerDataSet": [{"groupName": group, "consumeType": "CONSUME_PASSIVELY", "messageModel": "CLUSTERING",
                                 "consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET", "subscriptionDataSet": [subscription], "unitMode": False}]}).encode())
        threading.Thread(target=self._serve, daemon=True).start()
        assert self._joined.wait(5), "the broker does not take the heartbeat"

    def _send(self, header, body=b""):
        header = json.dumps({"language": "JAVA", "version": 477, "serializeTypeCurrentRPC": "JSON", "extFields": {}, **header}).encode()
        self._socket.sendall(struct.pack(">ii", 4 + len(header) + len(body), len(header)) + header + body)

    def _serve(self):
        with contextlib.suppress(ConnectionResetError), self._socket.makefile("rb") as stream:  # the broker may be killed
            while prefix := stream.read(8):
                total, word = struct.unpack(">iI", prefix)
                rest = stream.read(total - 4)
                header = json.loads(rest[:word & 0xFFFFFF])
                if header["flag"] & 1:
                    self._joined.set()
                elif header["code"] == _RUNNING_INFO:
                    # a map whose keys are objects: what fastjson writes
                    table = ",".join(f"{json.dumps(queue)}:{json.dumps({'lastPullTimestamp': int(time.time() * 1000), 'droped': False})}" for queue in self._queues)
                    self._send({"code": 0, "flag": 1, "opaque": header["opaque"]}, b'{"mqTable":{%s},"properties":{},"subscriptionSet":[]}' % table.encode())

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
