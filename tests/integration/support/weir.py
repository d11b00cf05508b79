"""The program under test: started with a configuration given as a dict (JSON is YAML), waited for by /readyz on an
admin socket in its own folder, and asked for the port it was given."""

import json
import os
import pathlib
import subprocess

from support.children import Child
from support.clients import RawClient
from support.http1 import Truncated
from support.waiting import PATIENCE, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("WEIR_BIN", str(ROOT / "build/release/weir"))


def sanitized():
    """Was the program built with a sanitizer? Those keep freed memory and make system calls of their own."""
    program = pathlib.Path(BINARY).read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def config(endpoints=(), *, listener=None, route=None, cluster=None, **top):
    """One listener, one route for everything, one cluster; the keyword arguments add keys to each."""
    result = {
        "workers": 1,
        "listeners": {"web": {"address": "127.0.0.1:0", **(listener or {})}},
        "routes": [{"name": "everything", "cluster": "origins", **(route or {})}],
        "clusters": {"origins": {"endpoints": list(endpoints), **(cluster or {})}},
    }
    return {**result, **top}


class Weir:
    def __init__(self, folder, configuration, limits=None, ready=True, command=None, environment=None, inherit=()):
        os.makedirs(folder)
        self.folder = folder
        self.admin = f"{folder}/admin.sock"
        self.log_path = f"{folder}/log"
        self.access_log_path = f"{folder}/access.log"
        self.config_path = f"{folder}/weir.yaml"
        self.write(configuration)
        self.child = Child([*(command or [BINARY, "run"]), "-c", self.config_path], self.log_path, limits,
                           {**os.environ, **environment} if environment else None, inherit)
        if ready:
            wait_for(self._ready_or_gone, "weir answers /readyz", 60)
            if self.child.exit_code is not None:
                raise AssertionError("weir does not start: " + self.log())
            self.addresses = {each["listener"]: _connectable(each["address"])
                              for each in self.admin_json("/v1/status")["listeners"]}
            self.address = next(iter(self.addresses.values()))

    def write(self, configuration):
        """The file, in place as an editor without care does, with this one's admin address and access log."""
        settings = {"admin": {"address": f"unix:{self.admin}"}, "access_log": {"path": self.access_log_path},
                    **configuration}
        pathlib.Path(self.config_path).write_text(json.dumps(settings, indent=1), encoding="utf-8")

    @property
    def pid(self):
        return self.child.pid

    @property
    def url(self):
        return "http://%s:%d" % self.address

    def _ready_or_gone(self):
        return self.child.exit_code is not None or self.readiness() == 200

    def readiness(self):
        """The status of /readyz, None when nobody answers."""
        try:
            return self.admin_get("/readyz").status
        except (OSError, Truncated):
            return None

    def admin_get(self, path, fields=()):
        with RawClient(self.admin) as client:
            return client.request("GET", path, fields)

    def admin_put(self, path, body, fields=()):
        """`body` is sent as JSON, or as it is when it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with RawClient(self.admin) as client:
            return client.request("PUT", path, [("Content-Type", "application/json"), *fields], content)

    def admin_json(self, path):
        return json.loads(self.admin_get(path).body)

    def client(self, listener=None, timeout=PATIENCE):
        return RawClient(self.addresses[listener] if listener else self.address, timeout)

    def log(self):
        return self.child.output()

    def access_log(self, lines):
        """The lines of the access log as soon as there are so many."""
        def enough():
            if not os.path.exists(self.access_log_path):
                return None
            text = pathlib.Path(self.access_log_path).read_text(encoding="utf-8")
            found = text.splitlines()
            return found if len(found) >= lines and text.endswith("\n") else None
        return wait_for(enough, f"{lines} lines of access log")

    def logged(self, lines):
        """The same as objects."""
        return [json.loads(line) for line in self.access_log(lines)]

    def connections(self):
        return sum(each["connections"] for each in self.admin_json("/v1/status")["listeners"])

    def close(self):
        self.child.end()


def _connectable(address):
    if address.startswith("unix:"):
        return address[len("unix:"):]
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def command(*arguments, environment=None):
    """A finished run of the program: exit code, stdout and stderr as text."""
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **(environment or {})})
