"""Just enough of the RocketMQ wire to name and cut recorded bytes: frames, both header serializations, message records."""
import base64
import dataclasses
import hmac
import json
import re
import socket
import struct
import time

JSON, ROCKETMQ = 0, 1
SERIALIZATION = {JSON: "json", ROCKETMQ: "rocketmq"}
RESPONSE_FLAG, ONEWAY_FLAG = 1, 2
LANGUAGES = ["JAVA", "CPP", "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY", "OTHER", "HTTP", "GO", "PHP", "OMS", "RUST", "NODE_JS"]


@dataclasses.dataclass
class Frame:
    serialization: str
    header: bytes
    body: bytes
    code: int
    flag: int
    opaque: int
    language: str
    version: int
    remark: str | None
    fields: dict

    @property
    def is_response(self):
        return bool(self.flag & RESPONSE_FLAG)

    @property
    def is_oneway(self):
        return bool(self.flag & ONEWAY_FLAG)


def parse(data):
    """`data` is one whole frame with its length prefix. ValueError when it is not one."""
    total, word = struct.unpack_from(">iI", data)
    if total != len(data) - 4:
        raise ValueError(f"the frame says {total} bytes and has {len(data) - 4}")
    kind, size = word >> 24, word & 0xFFFFFF
    header, body = data[8:8 + size], data[8 + size:]
    if len(header) != size:
        raise ValueError("the header is longer than the frame")
    if kind == JSON:
        h = json.loads(header)
        return Frame("json", header, body, h["code"], h["flag"], h["opaque"], h["language"], h["version"],
                     h.get("remark"), h.get("extFields") or {})
    if kind != ROCKETMQ:
        raise ValueError(f"unknown serialization {kind}")
    code, language, version, opaque, flag, remark_size = struct.unpack_from(">hBhiii", header)
    at = 17
    remark = header[at:at + remark_size].decode() if remark_size > 0 else None
    at += max(0, remark_size)
    end, fields = at + 4 + struct.unpack_from(">i", header, at)[0], {}
    at += 4
    while at < end:
        name_size, = struct.unpack_from(">h", header, at)
        name = header[at + 2:at + 2 + name_size].decode()
        at += 2 + name_size
        value_size, = struct.unpack_from(">i", header, at)
        fields[name] = header[at + 4:at + 4 + value_size].decode()
        at += 4 + value_size
    return Frame("rocketmq", header, body, code, flag, opaque, LANGUAGES[language], version, remark, fields)


MAGIC_V1, MAGIC_V2 = 0xDAA320A7, 0xDAA320AB
SYSFLAG_BORNHOST_V6, SYSFLAG_STOREHOST_V6 = 1 << 4, 1 << 5


def records(body):
    """Yields each message record of a pull or pop response body; nothing when the body is something else."""
    at = 0
    while at + 88 <= len(body):
        size, magic = struct.unpack_from(">iI", body, at)
        if magic not in (MAGIC_V1, MAGIC_V2) or size < 88 or at + size > len(body):
            return
        yield body[at:at + size]
        at += size


def properties(record):
    """The properties string of a message record, as the bytes of the wire."""
    sysflag, = struct.unpack_from(">i", record, 36)
    at = 48 + (20 if sysflag & SYSFLAG_BORNHOST_V6 else 8) + 8 + (20 if sysflag & SYSFLAG_STOREHOST_V6 else 8) + 4 + 8
    body_size, = struct.unpack_from(">i", record, at)
    at += 4 + body_size
    if struct.unpack_from(">I", record, 4)[0] == MAGIC_V2:
        at += 2 + struct.unpack_from(">H", record, at)[0]
    else:
        at += 1 + record[at]
    size, = struct.unpack_from(">h", record, at)
    return record[at + 2:at + 2 + size]


def signed(fields, body, access_key, secret_key):
    """The fields with their signature: HMAC-SHA1 over the values in the order of their names, then the body."""
    fields = {**fields, "AccessKey": access_key}
    content = "".join(fields[name] for name in sorted(fields)).encode() + body
    signature = base64.b64encode(hmac.digest(secret_key.encode(), content, "sha1")).decode()
    return {**fields, "Signature": signature}


def request(code, fields=None, body=b"", flag=0):
    """The bytes of a request with a JSON header, to send on any connection."""
    header = json.dumps({"code": code, "flag": flag, "language": "PYTHON", "opaque": 1, "version": 477,
                         "serializeTypeCurrentRPC": "JSON", "extFields": fields or {}}).encode()
    return struct.pack(">ii", 4 + len(header) + len(body), len(header)) + header + body


def call(address, code, fields=None, body=b"", timeout_s=5, credentials=None):
    """One request on a connection of its own, JSON header; returns the response frame. OSError when nobody answers.
    `credentials`: (access key, secret key) to sign with."""
    host, _, port = address.rpartition(":")
    if credentials:
        fields = signed(fields or {}, body, *credentials)
    with socket.create_connection((host, int(port)), timeout_s) as connection:
        connection.sendall(request(code, fields, body))
        with connection.makefile("rb") as stream:
            prefix = stream.read(4)
            if len(prefix) < 4:
                raise ConnectionError(f"{address} closed the connection")
            return parse(prefix + stream.read(struct.unpack(">i", prefix)[0]))


def wait_until(ready, timeout_s, what):
    """Asks until `ready()` is true; a server that does not answer yet is not ready."""
    deadline = time.monotonic() + timeout_s
    seen = None
    while time.monotonic() < deadline:
        try:
            seen = ready()
            if seen:
                return seen
        except OSError as error:
            seen = error
        time.sleep(0.02)
    raise AssertionError(f"no {what} within {timeout_s} s, last: {seen!r}")


def wait_for_broker(namesrv, timeout_s=30):
    """Until the name server knows a broker: a server that is up registers a moment later."""
    wait_until(lambda: b"brokerAddrs" in call(namesrv, 106).body, timeout_s, f"broker at {namesrv}")


def quote_keys(text):
    """Java writes the integer keys of maps without quotes."""
    return re.sub(r"([{,])(-?\d+):", r'\1"\2":', text)
