#!/usr/bin/env python3
"""Origins that die, stall, refuse and close behind the proxy's back, and clients that leave: no GET fails while another
origin lives, no POST is delivered twice, every wait ends, and what a client left is ended at the origin too."""

import contextlib
import json
import os
import random
import socket
import threading
from collections import Counter

from support.case import IntegrationTest, main
from support.children import free_port
from support.clients import Load, RawClient
from support.http1 import Truncated
from support.origins import OK
from support.waiting import Stopwatch, wait_for
from support.weir import config, sanitized


class OneOfThreeDies(IntegrationTest):
    def test_no_get_fails_when_an_origin_is_killed(self):
        origins = [self.stage.nginx(name) for name in ("one", "two", "three")]
        weir = self.stage.weir_before(*origins)
        with Load(weir.address, threads=8) as load:
            wait_for(lambda: load.answered > 300, "requests are answered")
            origins[1].child.kill()
            at_kill = load.answered
            wait_for(lambda: load.answered > at_kill + 2000 or load.failures, "requests go on", 60)
        self.assertEqual(load.failures, [])
        self.assert_quiet(weir)

    def test_no_get_fails_when_connections_are_few_and_requests_wait(self):
        origins = [self.stage.nginx(name) for name in ("one", "two", "three")]
        weir = self.stage.weir_before(*origins, cluster={"connections": {"max": 4}})
        with Load(weir.address, threads=10) as load:
            wait_for(lambda: load.answered > 300, "requests are answered")
            origins[0].child.kill()
            at_kill = load.answered
            wait_for(lambda: load.answered > at_kill + 2000 or load.failures, "requests go on", 60)
        self.assertEqual(load.failures, [])
        self.assert_quiet(weir)

    def test_no_get_fails_when_a_restarted_origin_dies_again(self):
        stable, fragile = self.stage.origin(), self.stage.path("socket")
        # Ejected, it would not be used again within the test.
        weir = self.stage.weir(config([stable.address, f"unix:{fragile}"], cluster={"outlier": "off"}))
        with Load(weir.address, threads=4) as load:
            for round_ in range(5):
                origin = self.stage.origin(unix_path=f"{fragile}.new{round_}")
                os.rename(f"{fragile}.new{round_}", fragile)
                wait_for(lambda o=origin: len(o.requests) > 30 or load.failures, "the restarted origin is used")
                origin.close()
                at_close = load.answered
                wait_for(lambda n=at_close: load.answered > n + 100 or load.failures, "requests go on")
        self.assertEqual(load.failures, [])
        self.assert_quiet(weir)


class Races(IntegrationTest):
    """An origin that closes idle connections at random moments, some of them just as the next request is written."""

    def origin_that_closes(self, random_):
        def script(connection):
            for _ in range(random_.randrange(1, 4)):
                if origin.take(connection) is None:
                    return
                connection.send(OK)
            connection.socket.settimeout(random_.random() * 0.003 + 0.0001)
            connection.reader.raw.clear()
            try:
                data = connection.socket.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                return
            if data and random_.random() < 0.5:
                connection.reset()
        origin = self.stage.origin(script)
        return origin

    def test_gets_never_fail(self):
        seed = random.randrange(1 << 30)
        random_ = random.Random(seed)
        weir = self.stage.weir_before(self.origin_that_closes(random_), self.stage.origin())
        pause = threading.Event()
        with weir.client() as client:
            for number in range(1000):
                response = client.request("GET", f"/{number}")
                self.assertEqual(response.status, 200, f"seed {seed}, request {number}, {response.get('Proxy-Status')}")
                if number % 3 == 0:
                    pause.wait(random_.random() * 0.004)
        self.assert_quiet(weir)

    def test_posts_are_never_doubled(self):
        seed = random.randrange(1 << 30)
        random_ = random.Random(seed)
        origins = [self.origin_that_closes(random_), self.origin_that_closes(random_)]
        weir = self.stage.weir_before(*origins)
        statuses = Counter()
        with weir.client() as client:
            for number in range(1000):
                statuses[client.request("POST", f"/{number}", body=b"order").status] += 1
        self.assert_quiet(weir)
        seen = Counter(request.target for origin in origins for request in origin.requests)
        self.assertEqual([target for target, times in seen.items() if times > 1], [], f"seed {seed}")
        self.assertLessEqual(set(statuses), {200, 502}, f"seed {seed}")
        self.assertGreaterEqual(len(seen), statuses[200])


class DiesWithoutAnAnswer(IntegrationTest):
    def origin_that_takes_and(self, end):
        def script(connection):
            origin.take(connection)
            if end == "resets":
                connection.reset()
        origin = self.stage.origin(script)
        return origin

    def test_a_get_is_tried_elsewhere(self):
        for end in ("closes", "resets"):
            with self.subTest(end):
                bad, good = self.origin_that_takes_and(end), self.stage.origin()
                weir = self.stage.weir_before(bad, good)
                with weir.client() as client:
                    self.assertEqual([client.request().status for _ in range(10)], [200] * 10)
                self.assertGreater(len(bad.requests), 0)

    def test_every_try_is_in_the_access_log(self):
        bad, good = self.origin_that_takes_and("closes"), self.stage.origin()
        weir = self.stage.weir(config([bad.address, good.address]))
        with weir.client() as client:
            for _ in range(4):
                client.request()
        lines = [json.loads(line) for line in weir.access_log(4)]
        tried = [[(each["endpoint"], each.get("reason"), each.get("upstream_status")) for each in line["tries"]]
                 for line in lines if line["attempts"] == 2]
        self.assertGreater(len(tried), 0)
        for tries in tried:
            self.assertEqual(tries[0], (bad.address, "upstream_reset", None))
            self.assertEqual(tries[-1], (good.address, None, 200))
        self.assertTrue(all("tries" not in line for line in lines if line["attempts"] == 1 and not line["reused"]))

    def test_a_try_that_takes_too_long_is_made_elsewhere(self):
        def say_nothing(connection):
            silent.take(connection)
            connection.reader.at_end()
        silent, good = self.stage.origin(say_nothing), self.stage.origin()
        weir = self.stage.weir(config([silent.address, good.address],
                                      route={"retry": {"per_try_timeout": "700ms"}}))
        with weir.client() as client:
            for _ in range(4):
                watch = Stopwatch()
                self.assertEqual(client.request().status, 200)
                self.assertLess(watch.seconds, 5)
        line = next(line for line in map(json.loads, weir.access_log(4)) if line["attempts"] == 2)
        self.assertEqual(line["tries"][0]["reason"], "response_timeout")
        self.assertGreaterEqual(line["tries"][0]["duration_ms"], 699)

    def test_a_post_is_not(self):
        for end in ("closes", "resets"):
            with self.subTest(end):
                bad, good = self.origin_that_takes_and(end), self.stage.origin()
                weir = self.stage.weir_before(bad, good, cluster={"outlier": "off"})
                statuses = Counter()
                with weir.client() as client:
                    for number in range(1000):
                        statuses[client.request("POST", f"/{number}", body=b"order").status] += 1
                self.assertEqual(statuses, {200: 500, 502: 500})
                seen = Counter(request.target for origin in (bad, good) for request in origin.requests)
                self.assertEqual(set(seen.values()), {1})


class Overload(IntegrationTest):
    BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"

    def test_retries_make_at_most_a_quarter_more_when_everything_fails(self):
        origins = [self.stage.origin() for _ in range(3)]
        for origin in origins:
            origin.script = lambda connection, origin=origin: origin.answer_all(connection, self.BUSY)
        weir = self.stage.weir(config([origin.address for origin in origins], cluster={"outlier": "off"},
                                      route={"retry": {"attempts": 3, "on": ["connect", "reset", 503]}}))
        def asked():
            return sum(len(origin.requests) for origin in origins)

        with Load(weir.address, threads=4, expected=503) as load:
            # A worker begins with savings for a burst of 100 retries (docs/decisions/0012-retry-budget.md).
            wait_for(lambda: load.answered >= 1000 or load.failures, "the savings are spent", 60)
            answered, before = load.answered, asked()
            wait_for(lambda: load.answered >= answered + 2000 or load.failures, "2,000 more answers", 60)
        self.assertEqual(load.failures, [])
        ratio = (asked() - before) / (load.answered - answered)
        print(f"with everything failing: {ratio:.3f} requests to origins for each of a client's")
        self.assertGreater(ratio, 1.1)
        self.assertLessEqual(ratio, 1.25)

    def test_what_is_too_much_for_a_hung_cluster_is_refused_at_once(self):
        def say_nothing(connection):
            hung.take(connection)
            connection.reader.at_end()
        hung = self.stage.origin(say_nothing)
        weir = self.stage.weir_before(hung, cluster={"connections": {"max": 4, "max_pending": 4}})
        with contextlib.ExitStack() as waiting:
            for _ in range(8):
                waiting.enter_context(weir.client()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: weir.admin_json("/v1/clusters")[0]["waiting"] == 4, "all places are taken")
            wait_for(lambda: len(hung.requests) == 4, "those who are not waiting are with the origin")
            times = []
            with weir.client() as client:
                for _ in range(100):
                    watch = Stopwatch()
                    self.assertEqual(client.request().status, 503)
                    times.append(watch.seconds)
            self.assertEqual(len(hung.requests), 4)
        print(f"refused by a hung cluster in {sorted(times)[50] * 1000:.2f} ms, at most {max(times) * 1000:.2f} ms")
        self.assertLess(sorted(times)[50], 0.05 if sanitized() else 0.01)


class NothingThere(IntegrationTest):
    def test_all_down_is_said_at_once_and_recovery_seen_at_once(self):
        path = self.stage.path("socket")
        weir = self.stage.weir(config([f"127.0.0.1:{free_port()}", f"unix:{path}"]))
        with weir.client() as client:
            for _ in range(5):
                watch = Stopwatch()
                self.assert_own_answer(client.request(), 502)
                self.assertLess(watch.seconds, 3 if sanitized() else 1)
            self.stage.origin(unix_path=path)
            for _ in range(5):
                self.assertEqual(client.request().status, 200)

    def test_an_endpoint_that_accepts_nothing_is_504(self):
        full = socket.socket()
        self.addCleanup(full.close)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # fills the queue: further connection attempts are not answered
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        weir = self.stage.weir(config(["127.0.0.1:%d" % full.getsockname()[1]],
                                       cluster={"connections": {"connect_timeout": "300ms"}}))
        with weir.client() as client:
            watch = Stopwatch()
            self.assert_own_answer(client.request(), 504, "connection_timeout")
            self.assertGreaterEqual(watch.seconds, 0.29)


class Stalls(IntegrationTest):
    def silent_origin(self, first=b""):
        """Reads a request, sends `first` and then nothing; its connection's end is told by `left`."""
        def script(connection):
            origin.take(connection)
            connection.send(first)
            origin.left.append(connection.reader.at_end())
        origin = self.stage.origin(script)
        origin.left = []
        return origin

    def test_no_answer_is_504_and_ends_the_attempt(self):
        for key in ("response_head", "request"):
            with self.subTest(key):
                origin = self.silent_origin()
                weir = self.stage.weir_before(origin, route={"timeouts": {key: "300ms"}})
                with weir.client() as client:
                    watch = Stopwatch()
                    self.assert_own_answer(client.request(), 504, "http_response_timeout")
                    self.assertGreaterEqual(watch.seconds, 0.29)
                wait_for(lambda o=origin: o.left, "the origin's connection is closed")

    def test_an_answer_that_stalls_is_cut_and_never_complete(self):
        for first in (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234",
                      b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n"):
            origin = self.silent_origin(first)
            weir = self.stage.weir_before(origin, route={"timeouts": {"response_idle": "300ms"}})
            with weir.client() as client, self.assertRaises((Truncated, ConnectionResetError)):
                client.request()
            wait_for(lambda o=origin: o.left, "the origin's connection is closed")

    def test_a_client_that_leaves_while_waiting_ends_the_attempt(self):
        origin = self.silent_origin()
        weir = self.stage.weir_before(origin)
        for leave in (RawClient.close, RawClient.reset):
            client = weir.client()
            count = len(origin.left)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda n=count: len(origin.requests) > n, "the request is at the origin")
            leave(client)
            wait_for(lambda n=count: len(origin.left) > n, "the origin's connection is closed")
        self.assert_quiet(weir)

    def test_a_client_that_leaves_a_download_ends_it_at_the_origin(self):
        node = self.stage.node()
        weir = self.stage.weir_before(node)
        client = weir.client()
        client.send("GET /drip?count=100000&every=5 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.reader.head()
        client.close()

        def fate():
            with weir.client() as asker:
                return json.loads(asker.request("GET", "/fate").body)["fate"] == "cut"
        wait_for(fate, "the origin's transfer is ended")


if __name__ == "__main__":
    main()
