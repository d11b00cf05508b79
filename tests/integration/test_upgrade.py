#!/usr/bin/env python3
"""A new binary in place of a running one: nothing is refused and nothing fails, whoever comes meanwhile; and one that
cannot serve changes nothing. What service managers see and give: the pid file, sd_notify, sockets."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import threading
import time

from support import websocket
from support.case import IntegrationTest, main
from support.children import free_port
from support.clients import Load, RawClient
from support.generations import Generations, Newcomers, Notices, is_alive
from support.h2_client import H2Client
from support.h2_tunnel import H2Tunnel
from support.splits import assignments, counted, named_origin, split_config
from support.waiting import wait_for
from support.websocket import BINARY, CLOSE, Frames
from support.weir import Weir, command, config

UPGRADES = 20


class Upgrades(IntegrationTest):
    def generations(self, environment=None, origin=None, **options):
        self.origin = origin or self.stage.origin()
        settings = config([self.origin.address], **options)
        weir = Generations(self.stage.path("weir"), settings, environment)
        self.stage.callback(weir.close)
        return weir

    def upgrade(self, weir):
        """By the command; the id of the new process."""
        done = command("upgrade", "--admin", f"unix:{weir.admin}")
        self.assertEqual((done.returncode, done.stderr), (0, ""), weir.log())
        weir.pids.append(int(done.stdout.split()[1]))
        return weir.pids[-1]


class UnderLoad(Upgrades):
    def test_twenty_in_a_row_refuse_and_fail_nothing(self):
        weir = self.generations(workers=2)
        occasional = Occasional(weir.address)
        with Load(weir.address, threads=4) as load, Newcomers(weir.address) as newcomers, occasional:
            for number in range(UPGRADES):
                weir.install()
                answered, came = load.answered, newcomers.answered
                if number % 2:
                    weir.signal_upgrade()
                else:
                    self.upgrade(weir)
                wait_for(lambda: load.answered > answered + 20 and newcomers.answered > came + 20, "requests go on")
        print(f"{UPGRADES} upgrades: {load.answered} requests on kept connections, {newcomers.answered} on new ones, "
              f"{occasional.answered} on connections mostly idle; failed: {len(load.failures)}, "
              f"{len(newcomers.failures)}, {len(occasional.failures)}")
        self.assertEqual((load.failures, newcomers.failures, occasional.failures), ([], [], []))
        self.assertEqual(len(set(weir.pids)), UPGRADES + 1)
        for pid in weir.pids[:-1]:
            weir.wait_for_end(pid)
        self.assertEqual(weir.admin_json("/v1/status")["pid"], weir.pids[-1])

    def test_fewer_and_more_workers_lose_no_connection(self):
        weir = self.generations(workers=4)
        settings = json.loads(pathlib.Path(weir.config_path).read_text(encoding="utf-8"))
        with Newcomers(weir.address, threads=4) as newcomers:
            for workers in (1, 3, 2, 4):
                settings["workers"] = workers
                # Written at once, and taken up by the next process alone: the file is not watched.
                pathlib.Path(weir.config_path).write_text(json.dumps({**settings, "watch": False}), encoding="utf-8")
                self.upgrade(weir)
                self.assertEqual(weir.admin_json("/v1/status")["workers"], workers)
                came = newcomers.answered
                wait_for(lambda: newcomers.answered > came + 50, "requests go on")
        self.assertEqual(newcomers.failures, [])


class Occasional:
    """A client that sends a request every 50 ms on a connection it keeps, and counts those that were lost."""

    def __init__(self, address):
        self.address, self.failures, self.answered = address, [], 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(30)

    def _run(self):
        client = None
        while not self._over.wait(0.05):
            try:
                client = client or RawClient(self.address)
                response = client.request()
                self.answered += 1
                if response.get("Connection") == "close":
                    client.close()
                    client = None
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(repr(error))
                client = None
        if client:
            client.close()


class OneUpgrade(Upgrades):
    def test_an_idle_client_gets_its_next_answer_and_is_told_to_leave(self):
        weir = self.generations()
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
            self.upgrade(weir)
            time.sleep(1.5)  # longer than a plain stop would wait
            response = client.request()
            self.assertEqual((response.status, response.get("Connection")), (200, "close"))
            self.assertTrue(client.reader.at_end())
        weir.wait_for_end(weir.pid)

    def test_tunnels_stay_with_the_old_process_and_its_connection_ends_with_the_last(self):
        weir = self.generations(origin=self.stage.origin(websocket.serve_echo))
        client = self.stage.enter_context(H2Client(weir.address))
        tunnels = [H2Tunnel(client, f"/{number}", [("sec-websocket-version", "13")]) for number in range(2)]
        frames = [Frames(tunnel.opened(), masked=True) for tunnel in tunnels]
        self.upgrade(weir)
        time.sleep(1.5)  # longer than the old process leaves idle connections open
        for each in frames:
            self.assertTrue(each.echo(b"still here", BINARY))
            each.send(CLOSE, b"\x03\xe8")
            self.assertEqual(each.receive(), (CLOSE, b"\x03\xe8"))
            each.connection.close()
        weir.wait_for_end(weir.pid)
        client.until_closed()
        self.assertEqual({code for _, code, _ in client.goaways}, {0})

    def test_the_log_goes_on_when_the_old_process_is_gone(self):
        weir = self.generations(access_log={"path": "stderr"})
        self.upgrade(weir)
        weir.wait_for_end(weir.pids[0])
        self.assertEqual(command("reload", "--admin", f"unix:{weir.admin}").returncode, 0)
        with weir.client() as client:
            client.request(path="/after")
        wait_for(lambda: "nothing has changed" in weir.log(), "the new process's own log")
        wait_for(lambda: '"path":"/after"' in weir.log(), "its access log")
        self.upgrade(weir)
        weir.wait_for_end(weir.pids[1])
        wait_for(lambda: weir.log().count("info stopped") == 2, "the second's last word")

    def test_the_pid_file_names_the_process_that_serves_and_goes_with_the_last(self):
        weir = self.generations()
        self.assertEqual(weir.pid_in_file(), weir.pid)
        new = self.upgrade(weir)
        self.assertEqual(weir.pid_in_file(), new)
        weir.wait_for_end(weir.pid)
        self.assertEqual(weir.pid_in_file(), new)
        os.kill(new, signal.SIGTERM)
        weir.wait_for_end(new)
        self.assertFalse(os.path.exists(weir.pid_file))
        self.assertFalse(os.path.exists(weir.admin), "the admin socket's file is left behind")

    def test_unix_sockets_stay_where_they_are(self):
        path = self.stage.path("listener")
        weir = self.generations(listener={"address": f"unix:{path}"}, workers=2)
        inode = os.stat(path).st_ino
        for _ in range(2):
            old = weir.pids[-1]
            self.upgrade(weir)
            weir.wait_for_end(old)
            self.assertEqual(os.stat(path).st_ino, inode)
            with RawClient(path) as client:
                self.assertEqual(client.request().status, 200)
        os.kill(weir.pids[-1], signal.SIGTERM)
        weir.wait_for_end(weir.pids[-1])
        self.assertFalse(os.path.exists(path))

    def test_the_new_file_at_the_path_runs_and_not_the_old_one(self):
        weir = self.generations()
        real = f"{weir.program}.real"
        os.rename(weir.program, real)
        weir.install(f"#!/bin/sh\necho the new one >&2\nexec {real} \"$@\"\n")
        self.upgrade(weir)
        self.assertIn("the new one", weir.log())

    def test_a_listener_that_is_no_more_closes_and_a_new_one_opens(self):
        weir = self.generations()
        settings = json.loads(pathlib.Path(weir.config_path).read_text(encoding="utf-8"))
        port = free_port()
        settings["listeners"] = {"other": {"address": f"127.0.0.1:{port}"}}
        settings["watch"] = False
        pathlib.Path(weir.config_path).write_text(json.dumps(settings), encoding="utf-8")
        self.upgrade(weir)
        weir.wait_for_end(weir.pid)
        with RawClient(("127.0.0.1", port)) as client:
            self.assertEqual(client.request().status, 200)
        with self.assertRaises(ConnectionRefusedError):
            RawClient(weir.address)


class PredecessorGone(IntegrationTest):
    """Whoever started the new process died before it could answer: nobody else serves."""

    def test_the_new_process_serves_whether_or_not_it_was_heard(self):
        for heard in (False, True):
            with self.subTest(heard=heard), contextlib.ExitStack() as stack:
                ours, theirs = map(stack.enter_context, socket.socketpair())
                settings = os.memfd_create("settings")
                stack.callback(os.close, settings)
                weir = Weir(self.stage.path(f"heard-{heard}"), config(["127.0.0.1:1"]), ready=False,
                            environment={"WEIR_READY_FD": str(theirs.fileno()), "WEIR_SETTINGS_FD": str(settings)},
                            inherit=(theirs.fileno(), settings))
                self.stage.callback(weir.close)
                theirs.close()
                if heard:
                    self.assertEqual(ours.recv(1), b"p")
                else:
                    self.assertEqual(ours.recv(1, socket.MSG_PEEK), b"p")
                ours.close()
                wait_for(lambda weir=weir: weir.readiness() == 200, "it serves")


WEIGHTS, ENDPOINTS = "/v1/routes/shop/weights", "/v1/clusters/shop-v1/endpoints"


class WhatWasSet(Upgrades):
    """At run time, by operators."""

    def setUp(self):
        super().setUp()
        origins = [named_origin(self.stage, name) for name in ("stable", "canary", "other")]
        self.stable, self.canary, self.other = (each.address for each in origins)
        self.settings = split_config(self.stable, self.canary, (95, 5), watch=False)
        self.weir = Generations(self.stage.path("weir"), self.settings)
        self.stage.callback(self.weir.close)

    def put(self, path, body):
        response = self.weir.admin_put(path, body, [("X-Weir-Actor", "alice")])
        return response.status, response.body.decode()

    def set(self, path, body):
        status, text = self.put(path, body)
        self.assertEqual(status, 200, text)

    def weights(self):
        split = self.weir.admin_json("/v1/routes")[0]["split"]
        return {each["variant"]: each["weight"] for each in split["variants"]}

    def script(self, *lines):
        """A binary that does no more than these lines of sh, after it was told to go on; whoever is to tell it."""
        self.weir.install("\n".join(["#!/bin/sh", "touch $0.began", "while [ ! -e $0.go ]; do sleep 0.02; done", *lines, ""]))
        os.kill(self.weir.pid, signal.SIGUSR2)
        self.appears("began")
        return pathlib.Path(f"{self.weir.program}.go").touch

    def appears(self, mark):
        wait_for(pathlib.Path(f"{self.weir.program}.{mark}").exists, mark)

    def wait_for_failure(self):
        wait_for(lambda: "upgrade failed" in self.weir.log(), "the upgrade has failed")
        self.assertEqual(self.weir.pid_in_file(), self.weir.pid)

    def test_it_goes_on_in_the_new_process_and_the_next(self):
        self.set(WEIGHTS, {"canary": 40, "stable": 60})
        self.set(ENDPOINTS, {"endpoints": [self.stable, {"address": self.other, "weight": 3}]})
        drained = command("drain", f"shop-v1/{self.other}", "--admin", f"unix:{self.weir.admin}")
        self.assertEqual(drained.returncode, 0, drained.stderr)
        before = self.weir.admin_json("/v1/clusters"), self.weir.admin_json(WEIGHTS)
        for _ in range(2):
            self.upgrade(self.weir)
            after = self.weir.admin_json("/v1/clusters"), self.weir.admin_json(WEIGHTS)
            self.assertEqual(told(after), told(before))
        self.assertIn("handed over as set at run time: splits 1, endpoints 1, sets of endpoints 1", self.weir.log())
        self.assertEqual(before[1]["changed"]["by"], "alice")
        self.assertEqual(before[1]["changed"]["from"], {"stable": 95, "canary": 5})
        self.assertEqual(counted(assignments(self.weir, range(50))).keys(), {"stable", "canary"}, "drained: other")

    def test_what_the_file_says_otherwise_wins_and_the_log_says_so(self):
        self.set(WEIGHTS, {"canary": 40})
        self.set(ENDPOINTS, {"endpoints": [self.other]})
        self.weir.write(split_config(self.stable, self.canary, (90, 10), watch=False))
        self.upgrade(self.weir)
        self.assertEqual(self.weights(), {"stable": 90, "canary": 10})
        self.assertIn("upgrade: route shop: the file's weights take the place of stable 95, canary 40, set by alice",
                      self.weir.log())
        self.assertEqual([each["endpoint"] for each in self.weir.admin_json(ENDPOINTS)["endpoints"]], [self.other])

    def test_a_change_while_the_new_process_starts_is_in_force_and_not_lost(self):
        go_on = self.script("printf p >&4", "exec sleep 300")
        self.set(WEIGHTS, {"canary": 40})
        self.assertEqual(self.weights(), {"stable": 95, "canary": 40})
        go_on()
        self.wait_for_failure()
        self.assertIn("were changed while the new process was starting", self.weir.log())
        self.weir.install()
        self.upgrade(self.weir)
        self.assertEqual(self.weights(), {"stable": 95, "canary": 40})

    def test_between_readiness_and_service_nothing_can_be_set(self):
        go_on = self.script("printf p >&4", "head -c 1 <&4 > $0.told", "touch $0.asked",
                            "while [ ! -e $0.end ]; do sleep 0.02; done", "exit 1")
        go_on()
        self.appears("asked")
        self.assertEqual(pathlib.Path(f"{self.weir.program}.told").read_text(encoding="ascii"), "s")
        for path, body in ((WEIGHTS, {"canary": 40}), (ENDPOINTS, {"endpoints": [self.other]})):
            status, text = self.put(path, body)
            self.assertEqual(status, 503, text)
            self.assertIn("ask again in a second", text)
        pathlib.Path(f"{self.weir.program}.end").touch()
        self.wait_for_failure()
        self.set(WEIGHTS, {"canary": 40})


def told(documents):
    """Of /v1/clusters and weights, what does not count requests or time."""
    clusters, weights = documents
    keep = ("endpoint", "state", "weight", "backup", "changed")
    return [[each["cluster"], each["replaced"], [{key: one[key] for key in keep} for one in each["endpoints"]]]
            for each in clusters], weights


class CannotServe(Upgrades):
    def failed(self, weir, *reasons):
        """An upgrade fails with these reasons, and nothing has changed."""
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
            done = command("upgrade", "--admin", f"unix:{weir.admin}")
            self.assertEqual(done.returncode, 1, done.stdout)
            for reason in reasons:
                self.assertIn(reason, done.stderr)
                self.assertIn(reason, weir.log())
            self.assertEqual(client.request().get("Connection"), None)
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
        self.assertEqual(weir.pid_in_file(), weir.pid)
        status = weir.admin_json("/v1/status")
        self.assertEqual((status["pid"], status["state"]), (weir.pid, "running"))
        self.assertEqual(status["upgrades"]["last"]["outcome"], "failed")
        self.assertIn("weir_failed_upgrades_total 1\n", weir.admin_get("/metrics").body.decode())

    def test_a_binary_that_exits_at_once(self):
        weir = self.generations()
        weir.install("#!/bin/sh\necho libnothing.so: cannot open shared object file >&2\nexit 127\n")
        self.failed(weir, "exited with 127", "libnothing.so: cannot open")
        weir.install()
        self.upgrade(weir)

    def test_a_binary_that_is_none(self):
        weir = self.generations()
        os.unlink(weir.program)
        done = command("upgrade", "--admin", f"unix:{weir.admin}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("No such file", done.stderr)
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)

    def test_a_file_with_mistakes(self):
        path = self.stage.path("listener")
        weir = self.generations(listener={"address": f"unix:{path}"}, watch=False)
        before = pathlib.Path(weir.config_path).read_text(encoding="utf-8")
        pathlib.Path(weir.config_path).write_text(before.replace('"workers"', '"wrokers"'), encoding="utf-8")
        self.failed(weir, "exited with 1", "wrokers")
        self.assertTrue(os.path.exists(path), "its socket's file is gone")
        pathlib.Path(weir.config_path).write_text(before, encoding="utf-8")
        self.upgrade(weir)

    def test_an_address_that_is_taken_comes_after_sockets_were(self):
        path = self.stage.path("listener")
        weir = self.generations(listener={"address": f"unix:{path}"}, watch=False)
        settings = json.loads(pathlib.Path(weir.config_path).read_text(encoding="utf-8"))
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            settings["listeners"]["zz"] = {"address": "127.0.0.1:%d" % busy.getsockname()[1]}
            pathlib.Path(weir.config_path).write_text(json.dumps(settings), encoding="utf-8")
            self.failed(weir, "already in use")
        self.assertTrue(os.path.exists(path), "its socket's file is gone")

    def test_a_stop_ends_the_new_process_too(self):
        weir = self.generations()
        weir.install("#!/bin/sh\necho $$ > $0.pid\nexec sleep 300\n")
        os.kill(weir.pid, signal.SIGUSR2)
        started = pathlib.Path(f"{weir.program}.pid")
        wait_for(lambda: started.exists() and started.read_text(encoding="ascii").strip(), "it was started")
        pid = int(started.read_text(encoding="ascii"))
        weir.child.signal(signal.SIGTERM)
        self.assertEqual(weir.child.wait(), 0)
        wait_for(lambda: not is_alive(pid), "the new process has ended")


class ServiceManager(Upgrades):
    def test_it_is_told_of_start_reload_upgrade_and_stop(self):
        notices = Notices(self.stage.path("notify"))
        self.addCleanup(notices.close)
        weir = self.generations({"NOTIFY_SOCKET": notices.path})
        self.assertIn("serves", notices.next("READY=1")["STATUS"])
        weir.child.signal(signal.SIGHUP)
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertLess(abs(int(notices.next("RELOADING=1")["MONOTONIC_USEC"]) - now), 30_000_000)
        notices.next("READY=1")
        new = self.upgrade(weir)
        self.assertEqual(notices.next("MAINPID=")["MAINPID"], str(new))
        weir.wait_for_end(weir.pid)
        os.kill(new, signal.SIGTERM)
        notices.next("STOPPING=1")

    def test_its_sockets_are_used_by_address_and_by_name(self):
        for by_name in (False, True):
            with socket.socket() as ours:
                ours.bind(("127.0.0.1", 0))
                ours.listen(64)
                address = "127.0.0.1:%d" % ours.getsockname()[1]
                waiting = RawClient(ours.getsockname())  # before anybody accepts
                self.addCleanup(waiting.close)
                waiting.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                listener = {"address": "127.0.0.1:1" if by_name else address}
                weir = self.activated(ours, "web" if by_name else "unknown", listener)
                self.assertEqual(weir.admin_json("/v1/status")["listeners"][0]["address"], address)
                self.assertEqual(waiting.response().status, 200)
                with weir.client() as client:
                    self.assertEqual(client.request().status, 200)
                new = self.upgrade(weir)
                self.assertEqual(weir.admin_json("/v1/status")["listeners"][0]["address"], address)
                self.assertEqual(weir.admin_json("/v1/status")["pid"], new)
                with weir.client() as client:
                    self.assertEqual(client.request().status, 200)

    def test_a_socket_of_no_listener_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as ours:
            weir = self.activated(ours, "wbe", {"address": "127.0.0.1:0"})
            self.assertIn(f"the socket 'wbe' of the service manager, 127.0.0.1:{ours.getsockname()[1]}, is no listener's",
                          weir.log())

    def activated(self, ours, name, listener):
        origin = self.stage.origin()
        weir = Generations(self.stage.path("weir"), config([origin.address], listener=listener, workers=2),
                           {"LISTEN_FDS": "1", "LISTEN_FDNAMES": name}, socket_activated=ours.fileno())
        self.stage.callback(weir.close)
        return weir


if __name__ == "__main__":
    main()
