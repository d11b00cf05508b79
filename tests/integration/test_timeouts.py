#!/usr/bin/env python3
"""Clients that are slow, silent or do not read: each is let go after its configured time, and none makes the proxy hold
more than a bounded amount (docs/configuration.md, timeouts of a listener)."""

import json
import socket
import threading

from support.case import IntegrationTest, main
from support.http1 import Truncated
from support.waiting import Stopwatch, wait_for
from support.weir import sanitized

PATIENT_KILOBYTES = 100_000 if sanitized() else 20_000  # of 200 MB that are on their way
HEAD = b"GET / HTTP/1.1\r\nHost: test.example\r\n\r\n"


class SlowClients(IntegrationTest):
    def weir_with(self, origin, **timeouts):
        return self.stage.weir_before(origin, listener={"timeouts": timeouts})

    def test_a_head_that_stops_is_408(self):
        weir = self.weir_with(self.stage.origin(), head="400ms")
        with weir.client() as client:
            watch = Stopwatch()
            client.send(HEAD[:20])
            self.assert_own_answer(client.response(), 408)
            self.assertTrue(client.reader.at_end())
            self.assertGreaterEqual(watch.seconds, 0.39)

    def test_a_head_that_trickles_is_408_all_the_same(self):
        origin = self.stage.origin()
        weir = self.weir_with(origin, head="400ms")
        over = threading.Event()
        self.addCleanup(over.set)
        with weir.client() as client:
            def trickle():
                try:
                    for _ in range(10000):
                        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n" if _ == 0 else b"X-A: b\r\n")
                        if over.wait(0.05):
                            return
                except OSError:
                    return
            threading.Thread(target=trickle, daemon=True).start()
            watch = Stopwatch()
            self.assert_own_answer(client.response(), 408)
            self.assertLess(watch.seconds, 8)
        self.assertEqual(origin.received(), b"")

    def test_a_connection_without_a_request_is_closed(self):
        weir = self.weir_with(self.stage.origin(), head="300ms", idle="300ms")
        with weir.client() as client:
            self.assertIsInstance(client.reader.rest(), bytes)
        wait_for(lambda: weir.connections() == 0, "the connection is gone")

    def test_an_idle_connection_is_closed_without_an_answer(self):
        weir = self.weir_with(self.stage.origin(), idle="300ms")
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
            watch = Stopwatch()
            self.assertEqual(client.reader.rest(), b"")
            self.assertGreaterEqual(watch.seconds, 0.29)

    def test_idle_time_begins_anew_with_each_request(self):
        weir = self.weir_with(self.stage.origin(), idle="2s")
        pause = threading.Event()
        with weir.client() as client:
            for _ in range(7):
                self.assertEqual(client.request().status, 200)
                pause.wait(0.4)

    def test_content_that_stops_is_408_and_never_complete_at_the_origin(self):
        origin = self.stage.origin()
        weir = self.weir_with(origin, body_idle="300ms")
        with weir.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            self.assert_own_answer(client.response("POST"), 408)
            self.assertTrue(client.reader.at_end())
        wait_for(lambda: origin.broken, "the origin's connection ends inside the request")
        self.assertEqual(origin.requests, [])

    def test_content_that_drips_is_408_for_its_rate(self):
        origin = self.stage.origin()
        weir = self.weir_with(origin)
        over = threading.Event()
        self.addCleanup(over.set)
        with weir.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")

            def drip():
                try:
                    while not over.wait(0.5):
                        client.send(b"x" * 10)
                except OSError:
                    return
            threading.Thread(target=drip, daemon=True).start()
            watch = Stopwatch()
            self.assert_own_answer(client.response("POST"), 408)
            self.assertTrue(9.5 < watch.seconds < 20, watch.seconds)  # ten seconds and what the bytes have earned
        self.assertEqual(weir.logged(1)[0]["reason"], "body_timeout")
        wait_for(lambda: origin.broken, "the origin's connection ends inside the request")

    def test_a_client_that_does_not_read_is_let_go_and_costs_little(self):
        node = self.stage.node()
        weir = self.weir_with(node, write_idle="500ms")
        before = weir.child.resident_kib()
        with weir.client() as client:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send(b"GET /bytes?size=200000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            client.reader.head()
            line = json.loads(weir.access_log(1)[0])
            self.assertEqual(line["reason"], "client_idle")
            self.assertLess(weir.child.resident_kib() - before, PATIENT_KILOBYTES)
            with self.assertRaises((Truncated, ConnectionResetError)):
                client.reader.rest()
                raise Truncated("the answer")

    def test_a_slow_upload_costs_little(self):
        """An origin that does not read makes the client wait, not the proxy's memory grow."""
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            connection.head()
            release.wait(60)
        weir = self.stage.weir_before(self.stage.origin(script))
        before = weir.child.resident_kib()
        with weir.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n")
            client.socket.settimeout(1)
            with self.assertRaises(TimeoutError):
                for _ in range(2000):
                    client.send(b"x" * 100000)
            self.assertLess(weir.child.resident_kib() - before, PATIENT_KILOBYTES)


if __name__ == "__main__":
    main()
