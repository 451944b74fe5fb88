"""A small kubelet: the pods of a namespace run as processes of this machine.

Enough of one for pods with one container: command, args, env (values, ConfigMaps, Secrets, $(NAME)), restarts, and the whole
of a pod's end: SIGTERM, its grace period, SIGKILL, and only then is it gone. An image is nothing here; a container without
a command does nothing."""
import base64
import re
import threading
import time

from .api import ApiError
from .daemon import Daemon

NODE = "local"


class Kubelet:
    """Runs from construction to `stop`. Logs are DIRECTORY/POD.log."""

    def __init__(self, plane, namespace, directory, *, names=None, path="", env=None):
        """`path`: directories where commands are looked for first."""
        self._api = plane.api
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self._namespace = namespace
        self._directory = directory
        self._names = names
        self._env = {"PATH": f"{path}:/usr/local/bin:/usr/bin:/bin", **{name: str(value) for name, value in (env or {}).items()}}
        self._seen = {}  # uid: event that tells its thread to end it
        self._stopping = threading.Event()
        self.started = 0  # processes, so far
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self):
        while not self._stopping.is_set():
            try:
                for pod in self._api.get(self._pods)["items"]:
                    self._look_at(pod)
                for kind, pod in self._api.watch(self._pods, timeoutSeconds=5):
                    if kind in ("ADDED", "MODIFIED"):
                        self._look_at(pod)
            except (OSError, ApiError, ValueError):
                time.sleep(0.1)  # the API server is away, or the watch was too old: list again

    def _look_at(self, pod):
        meta = pod["metadata"]
        if pod["spec"].get("nodeName") != NODE or self._stopping.is_set():
            return
        if meta["uid"] not in self._seen and pod["status"]["phase"] == "Pending":
            self._seen[meta["uid"]] = threading.Event()
            threading.Thread(target=self._run, args=(pod,), daemon=True).start()
        elif meta.get("deletionTimestamp") and meta["uid"] in self._seen:
            self._seen[meta["uid"]].set()

    def _run(self, pod):
        name, spec = pod["metadata"]["name"], pod["spec"]
        container, wanted_gone = spec["containers"][0], self._seen[pod["metadata"]["uid"]]
        restarts = 0
        while not wanted_gone.is_set():
            daemon = Daemon(name, self._command(container), self._directory / f"{name}.log", env=self._environment(container), names=self._names)
            self.started += 1
            self._report(name, container, "Running", {"running": {"startedAt": _now()}}, restarts)
            while daemon.code is None and not wanted_gone.wait(0.02):
                if self._stopping.is_set():
                    daemon.kill()
                    return
            if daemon.code is None:
                daemon.stop(spec.get("terminationGracePeriodSeconds", 30))
            code = daemon.code
            if wanted_gone.is_set() or spec["restartPolicy"] == "Never" or (spec["restartPolicy"] == "OnFailure" and code == 0):
                self._report(name, container, "Succeeded" if code == 0 else "Failed",
                             {"terminated": {"exitCode": code if code >= 0 else 128 - code, "finishedAt": _now()}}, restarts)
                break
            restarts += 1
            wanted_gone.wait(min(10, 2 ** restarts / 4))
        if wanted_gone.is_set() or self._is_going(name):
            self._forget(name)
            return
        wanted_gone.wait()  # a Job's pod stays until somebody deletes it
        self._forget(name)

    def _is_going(self, name):
        pod = self._api.find(f"{self._pods}/{name}")
        return pod is None or "deletionTimestamp" in pod["metadata"]

    def _forget(self, name):
        try:
            self._api.request("DELETE", f"{self._pods}/{name}", {"gracePeriodSeconds": 0})
        except (ApiError, OSError):
            pass

    def _report(self, name, container, phase, state, restarts):
        running = phase == "Running"
        status = {"phase": phase, "startTime": _now(), "hostIP": "127.0.0.1", "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}],
                  "conditions": [{"type": kind, "status": str(running), "lastTransitionTime": _now()} for kind in ("Initialized", "Ready", "ContainersReady")],
                  "containerStatuses": [{"name": container["name"], "image": container["image"], "imageID": "", "ready": running,
                                         "restartCount": restarts, "state": state}]}
        try:
            self._api.request("PATCH", f"{self._pods}/{name}/status", {"status": status}, "application/strategic-merge-patch+json")
        except (ApiError, OSError):
            pass  # it is gone

    def _environment(self, container):
        values = {}
        for source in container.get("envFrom", []):
            values.update(self._map("configMap", source["configMapRef"]["name"]) if "configMapRef" in source else self._map("secret", source["secretRef"]["name"]))
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            if "configMapKeyRef" in source:
                values[variable["name"]] = self._map("configMap", source["configMapKeyRef"]["name"])[source["configMapKeyRef"]["key"]]
            elif "secretKeyRef" in source:
                values[variable["name"]] = self._map("secret", source["secretKeyRef"]["name"])[source["secretKeyRef"]["key"]]
            else:
                values[variable["name"]] = _expand(variable.get("value", ""), values)
        return {**self._env, **values}

    def _map(self, kind, name):
        if kind == "configMap":
            return self._api.get(f"/api/v1/namespaces/{self._namespace}/configmaps/{name}").get("data", {})
        data = self._api.get(f"/api/v1/namespaces/{self._namespace}/secrets/{name}").get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def _command(self, container):
        if not container.get("command"):
            return ["sleep", "infinity"]
        environment = self._environment(container)
        return ["env", *(_expand(part, environment) for part in [*container["command"], *container.get("args", [])])]

    def stop(self):
        self._stopping.set()
        self._watcher.join(15)


def _expand(text, values):
    return re.sub(r"\$\((\w+)\)", lambda m: values.get(m[1], m[0]), text)


def _now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
