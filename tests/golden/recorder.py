"""A TCP proxy that hands every RocketMQ frame on unchanged and remembers it, with the request that a response answers."""
import asyncio
import dataclasses
import struct
import threading

from support import wire

FRAME_BYTES_MAX = 16 << 20


@dataclasses.dataclass
class Record:
    data: bytes
    frame: wire.Frame
    request_code: int
    direction: str   # "request", "oneway" or "response"
    sender: str      # "client" (it opened the connection) or "server"
    link: str        # what is talking to what, as given to `forward`
    scenario: str    # what was being done


class Recorder:
    """Runs its own event loop in a thread. Requests of both sides are remembered by opaque until their response passes."""

    def __init__(self):
        self.records = []
        self.scenario = "start"
        self._loop = asyncio.new_event_loop()
        self._servers = []
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def forward(self, listen, upstream, link):
        async def start():
            self._servers.append(await asyncio.start_server(
                lambda reader, writer: self._connection(reader, writer, upstream, link), *listen))
        asyncio.run_coroutine_threadsafe(start(), self._loop).result()

    def close(self):
        async def stop():
            for server in self._servers:
                server.close()
        asyncio.run_coroutine_threadsafe(stop(), self._loop).result()

    async def _connection(self, reader, writer, upstream, link):
        try:
            up_reader, up_writer = await asyncio.open_connection(*upstream)
        except OSError:
            writer.close()
            return
        asked = {"client": {}, "server": {}}
        await asyncio.gather(self._pump(reader, up_writer, "client", asked, link),
                             self._pump(up_reader, writer, "server", asked, link))

    async def _pump(self, reader, writer, sender, asked, link):
        try:
            while True:
                prefix = await reader.readexactly(4)
                size, = struct.unpack(">i", prefix)
                if not 4 <= size <= FRAME_BYTES_MAX:
                    raise ValueError(f"{link}: a frame of {size} bytes")
                data = prefix + await reader.readexactly(size)
                self._remember(data, sender, asked, link)
                writer.write(data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _remember(self, data, sender, asked, link):
        frame = wire.parse(data)
        scenario = self.scenario
        if frame.is_response:
            # a response belongs to the scenario of its request: a long poll may end in a later one
            answered = asked["server" if sender == "client" else "client"].pop(frame.opaque, None)
            if answered is None:
                return
            code, scenario = answered
            direction = "response"
        else:
            code, direction = frame.code, "oneway" if frame.is_oneway else "request"
            if direction == "request":
                asked[sender][frame.opaque] = (code, scenario)
        self.records.append(Record(data, frame, code, direction, sender, link, scenario))
