"""Apache RocketMQ of the real kind: its servers, mqadmin, and the stock Java client behind a driver (peers/rocketmq)."""
import itertools
import json
import os
import pathlib
import subprocess
import threading

from .process import Process

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "peers" / "rocketmq" / "rocketmq"
LACKING = 77


def setup(timeout_s=600):
    """None when the peer can run here, else the reason why it cannot. Fetches the jars on the first run."""
    done = subprocess.run([SCRIPT, "setup"], capture_output=True, text=True, timeout=timeout_s)
    if done.returncode == 0:
        return None
    if done.returncode == LACKING:
        return done.stderr.strip()
    raise RuntimeError(f"{SCRIPT} setup failed:\n{done.stderr}")


def _started(command, env, ready):
    server = Process([SCRIPT, *command], env=env)
    try:
        server.wait_for(lambda p: any(ready in line for line in p.out), 60, f"{ready!r} from {command[0]}")
    except AssertionError:
        server.kill()
        raise
    return server


def cluster(directory, namesrv_port, broker_port, *settings, env=None):
    """Name server and broker in one JVM, up when this returns. `settings` are lines of broker.conf."""
    return _started(["cluster", directory, namesrv_port, broker_port, *settings], env, "The broker[")


def namesrv(directory, port, *settings, env=None):
    return _started(["namesrv", directory, port, *settings], env, "The Name Server boot success")


def broker(directory, port, namesrv_address, *settings, env=None, acl=False):
    return _started(["broker-acl" if acl else "broker", directory, port, namesrv_address, *settings], env, "The broker[")


def mqadmin(directory, *arguments, timeout_s=60):
    """mqadmin in a JVM of its own; what it printed."""
    done = subprocess.run([SCRIPT, "admin", *map(str, arguments)], capture_output=True, text=True, timeout=timeout_s,
                          env={**os.environ, "ADMIN_DIR": str(directory)})
    return done.stdout + done.stderr


class Scenario:
    """One scenario that runs in the driver."""

    def __init__(self, driver, name, options):
        self._driver = driver
        self.name = name
        self.options = options
        self._changed = threading.Condition()
        self._started = False
        self._result = None
        self.deliveries = 0
        self.keys = set()

    def deliver(self, line):
        with self._changed:
            if line["event"] == "done":
                self._result = line
            elif line["event"] == "delivered":
                self.deliveries = line["count"]
                self.keys.add(line.get("key"))
            else:
                self._started = True
            self._changed.notify_all()

    def _wait(self, ready, timeout_s, what):
        with self._changed:
            if not self._changed.wait_for(ready, timeout_s):
                raise AssertionError(f"driver: no {what} of {self.options} within {timeout_s} s\n{self._driver.tail()}")

    def started(self, timeout_s=20):
        """Waits until the consumer runs."""
        self._wait(lambda: self._started or self._result, timeout_s, "start")
        return self

    def delivered(self, count, timeout_s=30):
        """Waits until the consumer was given `count` messages, refused and repeated ones included."""
        self._wait(lambda: self.deliveries >= count or self._result, timeout_s, f"delivery of {count}, but of {self.deliveries},")
        return self

    def delivered_all(self, keys, timeout_s):
        """Waits until the consumer was given a message of each of these keys; returns those that are missing when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: keys <= self.keys or self._result, timeout_s)
            return keys - self.keys

    def stop(self):
        self._driver.stop_scenario(self.name)
        return self

    @property
    def over(self):
        return self._result is not None

    def outcome(self, timeout_s=None):
        """The result, errors and all. The driver keeps to the scenario's own timeout_s; the rest is the time a JVM may be late by."""
        allowed = self.options.get("timeout_s", 30) + 20 if timeout_s is None else timeout_s
        self._wait(lambda: self._result is not None, allowed, "end")
        return self._result

    def result(self, timeout_s=None):
        outcome = self.outcome(timeout_s)
        assert outcome["ok"], f"{self.options}\n-> {json.dumps(outcome)[:4000]}"
        return outcome


class Driver:
    """The stock Java client. One JVM runs any number of scenarios, at the same time where asked to (Driver.java)."""

    def __init__(self, directory, env=None):
        self._names = map(str, itertools.count(1))
        self._running = {}
        self._process = Process([SCRIPT, "driver", directory], env=env, stdin=True, on_line=self._deliver)

    def _deliver(self, text):
        try:
            line = json.loads(text)
        except ValueError:
            return
        self._running[line["id"]].deliver(line)

    def start(self, what, **options):
        name = next(self._names)
        scenario = self._running[name] = Scenario(self, name, {"do": what, **options})
        self._process.write_line(json.dumps({"id": name, "do": what, **options}))
        return scenario

    def run(self, what, **options):
        return self.start(what, **options).result()

    def stop_scenario(self, name):
        self._process.write_line(json.dumps({"id": "", "do": "stop", "target": name}))

    def admin(self, *args, **options):
        """mqadmin as typed; returns what it printed."""
        return self.run("admin", args=[str(arg) for arg in args], **options)["output"]

    def tail(self):
        return self._process.tail()

    def close(self):
        self._process.kill()
