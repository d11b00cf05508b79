#!/usr/bin/env python3
"""Stopping in good order: what runs is finished, nothing new begins, idle connections are closed, and there is an end
to waiting; and SIGUSR1, which opens the logs anew."""

import json
import os
import pathlib
import signal
import socket
import threading

from support.case import IntegrationTest, main
from support.clients import Load, RawClient
from support.http1 import Truncated
from support.waiting import Stopwatch, wait_for


class HeldOrigin(IntegrationTest):
    """An origin that sends half an answer, and the other half when told."""

    def setUp(self):
        super().setUp()
        self.release = threading.Event()
        self.addCleanup(self.release.set)

        def script(connection):
            while self.origin.take(connection) is not None:
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
                self.release.wait(60)
                connection.send(b"56789")
        self.origin = self.stage.origin(script)

    def client_in_an_answer(self, weir):
        client = weir.client()
        self.addCleanup(client.close)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: self.origin.requests, "the request is at the origin")
        wait_for(lambda: client.socket.recv(1, socket.MSG_PEEK), "the answer has begun")
        return client


class Stopping(HeldOrigin):
    def refused(self, weir):
        try:
            RawClient(weir.address).close()
        except OSError:
            return True
        return False

    def test_what_runs_is_finished_and_nothing_new_begins(self):
        weir = self.stage.weir_before(self.origin)
        idle = weir.client()
        self.addCleanup(idle.close)
        client = self.client_in_an_answer(weir)
        weir.child.signal(signal.SIGTERM)
        wait_for(lambda: weir.readiness() == 503, "/readyz says 503")
        wait_for(lambda: self.refused(weir), "new connections are refused")
        self.assertTrue(idle.reader.at_end(), "an idle connection stays open")
        self.assertEqual(weir.admin_json("/v1/status")["state"], "draining")
        self.assertEqual(weir.admin_get("/livez").status, 200)
        self.assertIsNone(weir.child.exit_code)
        self.release.set()
        self.assertEqual(client.response().body, b"0123456789")
        self.assertTrue(client.reader.at_end())
        self.assertEqual(weir.child.wait(), 0)
        self.assertEqual(json.loads(weir.access_log(1)[0])["status"], 200)

    def test_a_request_that_waits_is_answered_and_told_to_close(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def script(connection):
            while origin.take(connection) is not None:
                gate.wait(60)
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        origin = self.stage.origin(script)
        weir = self.stage.weir_before(origin)
        with weir.client() as client:
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: origin.requests, "the request is at the origin")
            weir.child.signal(signal.SIGINT)
            wait_for(lambda: weir.readiness() == 503, "/readyz says 503")
            gate.set()
            response = client.response()
            self.assertEqual((response.status, response.get("Connection")), (200, "close"))
            self.assertTrue(client.reader.at_end())
        self.assertEqual(weir.child.wait(), 0)

    def test_an_answer_not_yet_read_by_its_client_is_not_cut(self):
        size = 350_000  # more than a unix socket holds, less than the proxy does: its origin is done with it at once
        origin = self.stage.origin(lambda connection: connection.request() and connection.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size) or connection.reader.at_end())
        path = self.stage.path("listener")
        weir = self.stage.weir_before(origin, listener={"address": f"unix:{path}"})
        with RawClient(path) as client:
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(json.loads(weir.access_log(1)[0])["bytes_out"] // size, 1)
            weir.child.signal(signal.SIGTERM)
            wait_for(lambda: weir.readiness() in (503, None), "the stop has begun")
            self.assertEqual(len(client.response().body), size)
        self.assertEqual(weir.child.wait(), 0)

    def test_sighup_stops_nothing(self):
        weir = self.stage.weir_before(self.stage.origin())
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
            weir.child.signal(signal.SIGHUP)
            wait_for(lambda: "SIGHUP" in weir.log(), "the log says so")
            self.assertEqual(client.request().status, 200)
        self.assertIsNone(weir.child.exit_code)

    def test_nothing_running_is_no_wait(self):
        weir = self.stage.weir_before(self.origin, workers=2)
        watch = Stopwatch()
        weir.child.signal(signal.SIGTERM)
        self.assertEqual(weir.child.wait(), 0)
        self.assertLess(watch.seconds, 10)

    def test_a_second_signal_ends_it_at_once(self):
        weir = self.stage.weir_before(self.origin)
        client = self.client_in_an_answer(weir)
        weir.child.signal(signal.SIGTERM)
        wait_for(lambda: weir.readiness() == 503, "/readyz says 503")
        weir.child.signal(signal.SIGTERM)
        self.assertEqual(weir.child.wait(), 0)
        with self.assertRaises((Truncated, ConnectionResetError)):
            client.response()

    def test_shutdown_timeout_bounds_it(self):
        weir = self.stage.weir_before(self.origin, shutdown_timeout="1s")
        client = self.client_in_an_answer(weir)
        watch = Stopwatch()
        weir.child.signal(signal.SIGTERM)
        self.assertEqual(weir.child.wait(), 0)
        self.assertGreaterEqual(watch.seconds, 0.95)
        self.assertIn("shutdown_timeout", weir.log())
        with self.assertRaises((Truncated, ConnectionResetError)):
            client.response()

    def test_stopping_under_load_cuts_no_answer(self):
        weir = self.stage.weir_before(self.stage.origin(), workers=2)
        with Load(weir.address, threads=4) as load:
            wait_for(lambda: load.answered > 200, "requests are answered")
            weir.child.signal(signal.SIGTERM)
            self.assertEqual(weir.child.wait(), 0)
        # A connection may be closed before its next request was read, as ever in HTTP/1.1; but no answer was begun and
        # left, and none was an error.
        allowed = ("Truncated('ended inside a head after 0 bytes", "ConnectionResetError", "ConnectionRefusedError",
                   "BrokenPipeError")
        self.assertEqual([failure for failure in load.failures if not failure.startswith(allowed)], [])


class ReopenedLogs(IntegrationTest):
    def test_a_moved_access_log_is_opened_anew_and_no_line_is_lost(self):
        weir = self.stage.weir_before(self.stage.origin())
        moved = weir.access_log_path + ".1"
        with weir.client() as client:
            for number in range(10):
                client.request("GET", f"/before/{number}")
            weir.access_log(10)
            os.rename(weir.access_log_path, moved)
            weir.child.signal(signal.SIGUSR1)
            wait_for(lambda: os.path.exists(weir.access_log_path), "the log is there again")
            for number in range(10):
                client.request("GET", f"/after/{number}")

        def lines():
            found = [json.loads(line)["path"] for path in (moved, weir.access_log_path)
                     for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
            return found if len(found) == 20 else None
        paths = wait_for(lines, "20 lines in both files")
        self.assertEqual(paths, [f"/before/{n}" for n in range(10)] + [f"/after/{n}" for n in range(10)])


if __name__ == "__main__":
    main()
