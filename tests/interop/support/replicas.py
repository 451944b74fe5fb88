"""Replica sets of the real kind: controllers, Java's and ours, and Java brokers in controller mode under any of them. Each is one process that
a test stops, kills, hangs and starts again by its number or by its id as a replica."""
import contextlib
import json
import pathlib
import signal
import time

from . import gantry, java, ports, wire
from .process import Process

CLUSTER, SET = "DefaultCluster", "broker-a"
START_SECONDS_MAX = 90
# codes of the wire
HEARTBEAT, REPLICA_INFO, METADATA = 904, 1004, 1005


class Server:
    """One process that can be started again in its directory."""

    def __init__(self, *command, env=None, ready, executable=java.SCRIPT, machine=contextlib.nullcontext()):
        self._command = [executable, *command]
        self._env = env
        self._ready = ready
        self.machine = machine  # it runs there: netns.Machine
        self._process = None
        self.start()

    def start(self):
        """Returns at once; `up` waits. What it was before must be dead."""
        with self.machine:
            self._process = Process(self._command, env=self._env)
        return self

    def up(self):
        self._process.wait_for(lambda p: any(self._ready in line for line in p.out + p.err), START_SECONDS_MAX, f"{self._ready!r}")
        return self

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process.code is None

    def kill(self):
        """kill -9."""
        self._process.kill()

    def terminate(self, timeout_s=20):
        """As an operator stops it: SIGTERM, and it says goodbye."""
        return self._process.stop(timeout_s)

    def suspend(self):
        """SIGSTOP: it hangs, and its connections stay open."""
        self._process.signal(signal.SIGSTOP)

    def resume(self):
        self._process.signal(signal.SIGCONT)

    def tail(self):
        return self._process.tail()


class Controllers:
    """Controllers that are one group. `host`: of ours only. kind: "dledger" or "jraft", Java's; "gantry", ours, with the same properties file."""

    def __init__(self, directory, kind, size, *settings, env=None, port=None, ready=True, host="127.0.0.1"):
        port = port or ports.free(2 * size)  # jraft has its raft beside
        self.kind = kind
        self.list = [f"{host}:{port + n}" for n in range(size)]
        self.addresses = ";".join(self.list)  # as broker.conf and our commands take them
        node = self._gantry if kind == "gantry" else self._java
        self.nodes = [node(pathlib.Path(directory) / f"controller-{n}", n, *settings, env=env) for n in range(size)]
        if ready:
            try:
                self.up()
            except AssertionError:
                self.close()
                raise

    def _java(self, directory, n, *settings, env):
        port = int(self.list[0].split(":")[1])
        return Server("controller", directory, n, len(self.list), port, self.kind, *settings, env=env, ready="boot success")

    def _gantry(self, directory, n, *settings, env):
        directory.mkdir(parents=True, exist_ok=True)
        peers = ";".join(f"n{i}-{address}" for i, address in enumerate(self.list))
        properties = directory / "controller.properties"
        properties.write_text("\n".join([f"controllerDLegerPeers={peers}", f"controllerDLegerSelfId=n{n}",
                                         f"controllerStorePath={directory}", *settings]))
        return Server("controller", "--properties", properties, env=env, ready="controller: n", executable=gantry.path())

    def up(self):
        for node in self.nodes:
            node.up()
        self.leader()
        return self

    @property
    def pids(self):
        return [node.pid for node in self.nodes]

    def leader(self, timeout_s=30):
        """The number of the node that calls itself leader."""
        return wire.wait_until(lambda: leaders(self.list), timeout_s, f"leader of {self.addresses}")[0]

    @property
    def leader_address(self):
        return self.list[self.leader()]

    def close(self):
        for node in self.nodes:
            node.kill()


def leaders(addresses):
    """Numbers of the nodes that say that they lead; silent ones do not."""
    found = []
    for n, address in enumerate(addresses):
        try:
            if wire.call(address, METADATA, timeout_s=2).fields.get("isLeader") == "true":
                found.append(n)
        except OSError:
            pass
    return found


class Replica(Server):
    """A Java broker in controller mode. `controllers`: "HOST:PORT;..." of any implementation. `machine`: where it runs and listens."""

    def __init__(self, directory, namesrv, controllers, *settings, name=SET, port=None, env=None, machine=None):
        self.port = port or ports.free(4) + 2  # the broker also takes the ports beside its own
        host = machine.address if machine else "127.0.0.1"
        self.address = f"{host}:{self.port}"
        self.directory = pathlib.Path(directory)
        self.name = name
        listen = [f"brokerIP1={host}", f"brokerIP2={host}", f"bindAddress={host}"]
        super().__init__("broker-ctl", directory, self.port, namesrv, controllers, f"brokerName={name}", *listen, *settings, env=env,
                         ready="The broker[", machine=machine or contextlib.nullcontext())


def state(controller, name=SET):
    """What a controller says of a set by 1004: {"master": id, "address", "epoch", "in_sync": [ids], "in_sync_epoch"}; None when it does
    not know the set or does not answer."""
    try:
        answer = wire.call(controller, REPLICA_INFO, {"brokerName": name}, timeout_s=2)
    except OSError:
        return None
    if answer.code != 0:
        return None
    body = json.loads(answer.body)
    master = answer.fields.get("masterBrokerId")
    return {"master": int(master) if master else None, "address": answer.fields.get("masterAddress"),
            "epoch": int(answer.fields.get("masterEpoch", 0)), "in_sync": sorted(body["syncStateSet"]),
            "in_sync_epoch": body["syncStateSetEpoch"]}


def wait_for_state(controllers, wanted, timeout_s, what, name=SET):
    """Asks until what a controller says is `wanted`; returns (state, seconds waited). `controllers`: addresses, asked in turn."""
    started = time.monotonic()
    seen = {}

    def ready():
        for address in controllers:
            said = seen["last"] = state(address, name)
            if said and wanted(said):
                return said
        return None

    try:
        return wire.wait_until(ready, timeout_s, what), time.monotonic() - started
    except AssertionError as error:
        raise AssertionError(f"{error}; a controller says {seen.get('last')}") from None


@contextlib.contextmanager
def two_in_sync(directory, kind, size):
    """Controllers, a name server and a set of two brokers that are both in sync, for as long as it lasts: (controllers, address of the name
    server, brokers)."""
    servers = []
    try:
        namesrv_port = ports.free(1)
        controllers = Controllers(directory, kind, size, ready=False)
        servers += controllers.nodes
        servers.append(java.namesrv(directory / "namesrv", namesrv_port))
        controllers.up()
        namesrv = f"127.0.0.1:{namesrv_port}"
        brokers = [Replica(directory / f"broker-{n}", namesrv, controllers.addresses) for n in range(2)]
        servers += brokers
        wait_for_state(controllers.list, lambda s: len(s["in_sync"]) == 2, 90, "two replicas in sync")
        yield controllers, namesrv, brokers
    finally:
        for server in servers:
            server.kill()


def by_address(brokers, address):
    return next(broker for broker in brokers if broker.address == address)
