#!/usr/bin/env python3
"""Starting: what cannot start says why in one line and exits 1; unix sockets, IPv6, several listeners and several
workers serve."""

import json
import pathlib
import re
import socket
import threading

from support.case import IntegrationTest, main
from support.children import free_port
from support.clients import RawClient
from support.waiting import wait_for
from support.weir import command, config

BROKEN = """\
workers: many
listeners:
  web:
    adress: 127.0.0.1:8080
routes:
  - name: everything
    cluster: nowhere
clusters:
  origins:
    balance: round_robbin
    endpoints: [ 127.0.0.1:9101 ]
"""


class CannotStart(IntegrationTest):
    def run_with(self, settings):
        path = pathlib.Path(self.stage.folder, "weir.yaml")
        path.write_text(settings if isinstance(settings, str) else json.dumps(settings), encoding="utf-8")
        return command("run", "-c", str(path)), str(path)

    def test_a_busy_port_is_one_clear_line(self):
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            address = "127.0.0.1:%d" % busy.getsockname()[1]
            done, _ = self.run_with(config(["127.0.0.1:1"], listener={"address": address}, admin="off"))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, f"weir: listener web: {address}: address already in use\n")

    def test_a_port_of_another_weir_is_busy_too(self):
        first = self.stage.weir_before(self.stage.origin())
        address = "%s:%d" % first.address
        done, _ = self.run_with(config(["127.0.0.1:1"], listener={"address": address}, admin="off"))
        self.assertEqual((done.returncode, done.stderr),
                         (1, f"weir: listener web: {address}: address already in use\n"))
        with first.client() as client:
            self.assertEqual(client.request().status, 200)

    def test_a_busy_admin_port_is_one_clear_line(self):
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            address = "127.0.0.1:%d" % busy.getsockname()[1]
            done, _ = self.run_with(config(["127.0.0.1:1"], admin={"address": address}))
        self.assertEqual((done.returncode, done.stderr), (1, f"weir: admin: {address}: address already in use\n"))

    def test_a_missing_file_is_one_clear_line(self):
        for verb in ("run", "check"):
            done = command(verb, "-c", self.stage.folder + "/none.yaml")
            self.assertEqual(done.returncode, 1)
            self.assertIn("none.yaml", done.stderr)
            self.assertIn("No such file", done.stderr)

    def test_every_mistake_of_a_file_is_named_with_its_place(self):
        done, path = self.run_with(BROKEN)
        self.assertEqual(done.returncode, 1)
        places = set(re.findall(re.escape(path) + r":(\d+):\d+: ", done.stderr))
        self.assertLessEqual({"1", "4", "7", "10"}, places, done.stderr)
        self.assertIn("address", done.stderr)
        self.assertIn("round_robin", done.stderr)

    def test_an_access_log_that_cannot_be_written_is_one_clear_line(self):
        done, _ = self.run_with(config(["127.0.0.1:1"], admin="off", access_log={"path": "/nowhere/access.log"}))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^weir: access_log /nowhere/access\.log: No such file or directory\n$")


class Listeners(IntegrationTest):
    def test_unix_sockets_on_both_sides(self):
        path = self.stage.path("listener")
        origin = self.stage.origin(unix_path=self.stage.path("origin"))
        weir = self.stage.weir_before(origin, listener={"address": f"unix:{path}"})
        with RawClient(path) as client:
            for _ in range(3):
                self.assertEqual(client.request().body, b"ok")
        self.assertEqual(len(origin.connections), 1)
        self.assertEqual(len(weir.access_log(3)), 3)

    def test_a_stale_unix_socket_is_no_obstacle(self):
        path = self.stage.path("listener")
        origin = self.stage.origin()
        first = self.stage.weir_before(origin, listener={"address": f"unix:{path}"})
        first.child.kill()
        self.assertTrue(pathlib.Path(path).exists())
        self.stage.weir_before(origin, listener={"address": f"unix:{path}"})
        with RawClient(path) as client:
            self.assertEqual(client.request().status, 200)

    def test_ipv6(self):
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                self.skipTest("this machine has no ::1")
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin, listener={"address": "[::1]:0"})
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
        self.assertEqual(origin.requests[0].get("X-Forwarded-For"), "::1")

    def test_several_listeners_and_routes_by_listener(self):
        origins = [self.stage.origin(), self.stage.origin()]
        port = free_port()
        weir = self.stage.weir({
            "workers": 1,
            "listeners": {"public": {"address": "127.0.0.1:0"}, "inner": {"address": f"127.0.0.1:{port}"}},
            "routes": [{"name": "inner", "match": {"listeners": ["inner"]}, "cluster": "b"},
                       {"name": "public", "cluster": "a"}],
            "clusters": {"a": {"endpoints": [origins[0].address]}, "b": {"endpoints": [origins[1].address]}}})
        self.assertEqual(weir.addresses["inner"], ("127.0.0.1", port))
        for listener, path in (("public", "/p"), ("inner", "/i")):
            with weir.client(listener) as client:
                self.assertEqual(client.request("GET", path).status, 200)
        self.assertEqual([[r.target for r in origin.requests] for origin in origins], [["/p"], ["/i"]])


class TwoWorkers(IntegrationTest):
    def test_both_serve_and_every_answer_is_right(self):
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin, workers=2)
        wait_for(lambda: sorted(_worker_turns(weir.pid)) == ["weir-0", "weir-1"], "both workers run")
        before = _worker_turns(weir.pid)
        statuses = []

        def serve():
            for _ in range(10):
                with weir.client() as client:
                    statuses.extend(client.request().status for _ in range(5))
        clients = [threading.Thread(target=serve) for _ in range(6)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join(60)
        self.assertEqual(statuses, [200] * 300)
        self.assertEqual(len(origin.requests), 300)
        after = _worker_turns(weir.pid)
        for name, turns in before.items():
            self.assertGreater(after[name] - turns, 50, f"{name} did not serve")


def _worker_turns(pid):
    """How often each worker went to sleep and woke again."""
    turns = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text(encoding="ascii").strip()
        if re.fullmatch(r"weir-\d+", name):
            status = (task / "status").read_text(encoding="ascii")
            turns[name] = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M)[1])
    return turns


if __name__ == "__main__":
    main()
