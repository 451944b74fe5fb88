"""The API server from Python: JSON over one connection a thread, watches, and kubectl where a user would take it."""
import http.client
import json
import ssl
import subprocess
import threading
import urllib.parse


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body.get('message', body) if isinstance(body, dict) else body}")
        self.status = status


class Api:
    def __init__(self, port, ca, certificate, key, kubectl, kubeconfig):
        self._port = port
        self._context = ssl.create_default_context(cafile=str(ca))
        self._context.load_cert_chain(str(certificate), str(key))
        self._local = threading.local()
        self._kubectl = kubectl
        self.kubeconfig = kubeconfig

    def _connect(self, timeout_s):
        return http.client.HTTPSConnection("127.0.0.1", self._port, context=self._context, timeout=timeout_s)

    def request(self, method, path, body=None, content_type="application/json", accept="application/json"):
        """The decoded answer; ApiError from 400 on, OSError when nobody answers."""
        kept = getattr(self._local, "connection", None)
        connection = kept or self._connect(30)
        self._local.connection = None
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": content_type, "Accept": accept})
            response = connection.getresponse()
            text = response.read()
        except (ssl.SSLEOFError, BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected) as error:
            connection.close()
            if kept:  # the server closes what was idle for long, just when we begin to write: it read nothing of this
                return self.request(method, path, body, content_type, accept)
            raise ConnectionError(f"{method} {path}: {error!r}") from error
        except http.client.HTTPException as error:
            connection.close()
            raise ConnectionError(f"{method} {path}: {error!r}") from error
        except OSError:
            connection.close()
            raise
        self._local.connection = connection
        try:
            answer = json.loads(text)
        except ValueError:
            answer = text.decode(errors="replace")
        if response.status >= 400:
            raise ApiError(response.status, answer)
        return answer

    def get(self, path):
        return self.request("GET", path)

    def find(self, path):
        """The object, None when there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def merge(self, path, body):
        return self.request("PATCH", path, body, "application/merge-patch+json")

    def is_ready(self):
        try:
            return self.get("/readyz") == "ok"
        except ApiError:
            return False

    def watch(self, path, **parameters):
        """Yields (type, object) of each change from now on; ends with OSError when nothing comes for two minutes."""
        version = self.get(path)["metadata"]["resourceVersion"]
        query = urllib.parse.urlencode({"watch": 1, "resourceVersion": version, **parameters})
        connection = self._connect(120)
        try:
            connection.request("GET", f"{path}?{query}")
            for line in connection.getresponse():
                event = json.loads(line)
                yield event["type"], event["object"]
        finally:
            connection.close()

    def kubectl(self, *arguments, stdin=None, check=True, timeout_s=60):
        """Its standard output. `check=False`: the finished process instead, whatever it said."""
        done = subprocess.run([self._kubectl, "--kubeconfig", self.kubeconfig, *map(str, arguments)], input=stdin, text=True,
                              capture_output=True, timeout=timeout_s)
        if not check:
            return done
        assert done.returncode == 0, f"kubectl {' '.join(map(str, arguments))} -> {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def apply(self, manifest, namespace="default"):
        """`manifest`: a path, or the text of one."""
        if hasattr(manifest, "read_text"):
            return self.kubectl("apply", "-n", namespace, "-f", manifest)
        return self.kubectl("apply", "-n", namespace, "-f", "-", stdin=manifest)
