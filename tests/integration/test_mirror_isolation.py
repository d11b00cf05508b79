#!/usr/bin/env python3
"""Nothing that a mirror's shadow does or omits reaches a client: not the answer, not its time, not the next request."""

import contextlib
import threading

from support.case import main
from support.children import free_port
from support.clients import Load
from support.metrics import metric
from support.mirrors import SWIFT, MirrorTest
from support.origins import answering
from support.waiting import Stopwatch, wait_for

LONG = "5s"  # a mirror's timeout that would be noticed
HUGE = 100 * 1024 * 1024


class TheClientDoesNotNotice(MirrorTest):
    """Whatever the shadow does, each answer on a kept-alive connection comes at once and is the primary's."""

    def assert_unnoticed(self, weir, count=40):
        with weir.client() as client:
            for number in range(count):
                watch = Stopwatch()
                response = client.request("GET", f"/{number}")
                self.assertEqual((response.status, response.body), (200, b"primary"))
                self.assertLess(watch.seconds, SWIFT)
        self.assertEqual(len(self.primary.requests), count)
        with Load(weir.address, threads=4) as load:
            wait_for(lambda: load.answered > 500 or load.failures, "a load is answered")
        self.assertEqual(load.failures, [])

    def test_one_that_refuses(self):
        weir = self.weir(f"127.0.0.1:{free_port()}")
        self.assert_unnoticed(weir)
        self.assertGreater(metric(weir, "weir_mirror_requests_total", outcome="connect"), 0)

    def test_one_that_takes_no_connection(self):
        self.assert_unnoticed(self.weir(self.full()))

    def test_one_that_hangs(self):
        self.silent()
        weir = self.weir(timeout=LONG)
        self.assert_unnoticed(weir)
        wait_for(lambda: metric(weir, "weir_mirror_requests_total", outcome="timeout") > 0, "the timeout is counted")
        self.assert_nothing_held(weir)

    def test_one_that_resets(self):
        def script(connection):
            self.shadow.take(connection)
            connection.reset()
        self.shadow.script = script
        weir = self.weir()
        self.assert_unnoticed(weir)
        self.assertGreater(metric(weir, "weir_mirror_requests_total", outcome="reset"), 0)

    def test_one_that_never_reads(self):
        over = threading.Event()
        self.addCleanup(over.set)
        self.shadow.script = lambda connection: over.wait(60)
        weir = self.weir(methods=["POST"], timeout=LONG, max_body="1MiB")
        with weir.client() as client:
            for _ in range(20):
                watch = Stopwatch()
                self.assertEqual(client.request("POST", "/", body=b"x" * 900_000).body, b"primary")
                self.assertLess(watch.seconds, SWIFT * 2)
        self.assert_nothing_held(weir)

    def test_one_that_answers_100_mb(self):
        cut = []

        def script(connection):
            self.shadow.take(connection)
            with contextlib.suppress(OSError):
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE)
                for _ in range(HUGE >> 20):
                    connection.send(bytes(1 << 20))
                return
            cut.append(connection)
        self.shadow.script = script
        weir = self.weir()
        with weir.client() as client:
            for number in range(20):
                watch = Stopwatch()
                self.assertEqual(client.request("GET", f"/{number}").body, b"primary")
                self.assertLess(watch.seconds, SWIFT)
        wait_for(lambda: len(cut) == 20, "every such answer is cut")
        self.assert_outcome(weir, 20, "2xx")

    def test_one_that_drips(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def script(connection):
            self.shadow.take(connection)
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not over.wait(0.05):
                connection.send(b"1\r\nx\r\n")
        self.shadow.script = script
        weir = self.weir(timeout=LONG)
        self.assert_unnoticed(weir, 10)
        self.assert_nothing_held(weir)

    def test_one_that_answers_nonsense(self):
        self.shadow.script = answering(b"SPAM 200\r\n\r\n")
        weir = self.weir()
        self.assert_unnoticed(weir)
        self.assertGreater(metric(weir, "weir_mirror_requests_total", outcome="bad_response"), 0)


if __name__ == "__main__":
    main()
