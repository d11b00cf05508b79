#!/usr/bin/env python3
"""Mirrors: what arrives at the shadow, what is never copied, and that every bound holds and every dropped copy is
counted with its reason. That clients do not notice: test_mirror_isolation.py."""

import threading

from support.case import main
from support.children import free_port
from support.clients import Load, RawClient
from support.http1 import Truncated
from support.metrics import metric, wait_for_metric
from support.mirrors import SWIFT, MirrorTest
from support.origins import OK, answering, named
from support.splits import named_origin, split_config, user
from support.waiting import Stopwatch, wait_for


class Copies(MirrorTest):
    def test_a_copy_is_the_request_with_a_marker(self):
        weir = self.weir(methods=["GET", "POST"])
        with weir.client() as client:
            self.assertEqual(client.request("GET", "/chairs?page=3", [("X-Tag", "a"), *user(1)]).body, b"primary")
            self.assertEqual(client.request("POST", "/orders", body=b"order" * 100).body, b"primary")
        get, post = sorted(self.copies(2), key=lambda request: request.method)
        self.assertEqual((get.start_line, get.body), ("GET /chairs?page=3 HTTP/1.1", b""))
        self.assertEqual((post.start_line, post.body), ("POST /orders HTTP/1.1", b"order" * 100))
        for copy, request in zip((get, post), self.primary.requests):
            self.assertEqual(copy.get("X-Weir-Mirror"), "shop")
            self.assertIsNone(request.get("X-Weir-Mirror"))
            same = [field for field in copy.fields if field[0].lower() != "x-weir-mirror"]
            self.assertEqual(same, request.fields)
        self.assert_outcome(weir, 2, "2xx")
        self.assertEqual([line["mirror"] for line in weir.logged(2)], ["shadow=sent"] * 2)
        self.assert_nothing_held(weir)

    def test_chunked_content_arrives_whole_with_its_trailers(self):
        weir = self.weir(methods=["POST"])
        with weir.client() as client:
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
            for number in range(20):
                client.send(f"400\r\n{chr(97 + number) * 1024}\r\n")
            client.send("0\r\nX-Sum: 42\r\n\r\n")
            self.assertEqual(client.response("POST").body, b"primary")
        copy, = self.copies(1)
        self.assertEqual(copy.body, b"".join(bytes([97 + number]) * 1024 for number in range(20)))
        self.assertEqual(copy.body, self.primary.requests[0].body)
        self.assertEqual(copy.trailers, self.primary.requests[0].trailers)

    def test_content_that_waits_for_continue_arrives_whole(self):
        def script(connection):
            request = connection.head()
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.reader.exactly(int(request.get("Content-Length")))
            connection.send(OK)
            connection.reader.at_end()
        self.primary.script = script
        weir = self.weir(methods=["POST"])
        with weir.client() as client:
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(client.reader.head().status, 100)
            self.assertEqual(client.send("order").response("POST").status, 200)
        self.assertEqual(self.copies(1)[0].body, b"order")

    def test_headers_host_and_idempotency_key_are_edited_in_the_copy_alone(self):
        weir = self.weir(host="next.example", set_headers={"X-Stage": "shadow", "X-Tag": "changed"},
                         remove_headers=["authorization"])
        fields = [("Authorization", "Basic secret"), ("X-Tag", "a"), ("Idempotency-Key", "k7")]
        with weir.client() as client:
            client.request("GET", "/", fields)
        copy, = self.copies(1)
        self.assertEqual([copy.all(name) for name in ("Host", "X-Stage", "X-Tag", "Authorization", "Idempotency-Key")],
                         [["next.example"], ["shadow"], ["changed"], [], ["k7-mirror"]])
        request, = self.primary.requests
        self.assertEqual([request.get(name) for name in ("Host", "X-Stage", "X-Tag", "Authorization",
                                                         "Idempotency-Key")],
                         ["test.example", None, "a", "Basic secret", "k7"])

    def test_every_mirror_of_a_route_gets_its_copy(self):
        settings = self.settings()
        other = named_origin(self.stage, "other")
        settings["clusters"]["other"] = {"endpoints": [other.address]}
        settings["routes"][0]["mirror"].append({"cluster": "other", "percent": 100})
        weir = self.stage.weir(settings)
        with weir.client() as client:
            client.request()
        self.copies(1)
        wait_for(lambda: other.requests, "the other copy arrives")
        self.assertEqual(weir.logged(1)[0]["mirror"], "shadow=sent,other=sent")

    def test_connections_to_the_shadow_are_kept(self):
        weir = self.weir()
        with weir.client() as client:
            for number in range(1, 21):
                client.request()
                self.assert_outcome(weir, number, "2xx")
        self.assertEqual(len(self.shadow.connections), 1)

    def test_copies_are_logged_where_the_file_wants_it(self):
        weir = self.weir(log=True)
        with weir.client() as client:
            client.request("GET", "/seen")
        self.assertEqual([line["path"] for line in weir.logged(2)], ["/seen", "/seen"])


class Shares(MirrorTest):
    def test_none_and_half(self):
        nothing = self.settings()
        nothing["routes"][0]["mirror"][0]["percent"] = 0
        half = self.settings()
        del half["routes"][0]["mirror"][0]["percent"]
        half["routes"][0]["mirror"][0]["fraction"] = {"numerator": 1, "denominator": 2}
        for settings, least, most in ((nothing, 0, 0), (half, 60, 140)):
            weir = self.stage.weir(settings)
            self.shadow.requests.clear()
            with weir.client() as client:
                for number in range(200):
                    client.request("GET", f"/{number}")
            self.assert_nothing_held(weir)
            sent = metric(weir, "weir_mirror_requests_total")
            self.assertTrue(least <= sent <= most, sent)
            self.copies(int(sent))

    def test_by_key_the_candidates_users_are_the_last_to_be_mirrored(self):
        canary = named_origin(self.stage, "canary")
        settings = split_config(self.primary.address, canary.address, (80, 20), route={
            "mirror": [{"cluster": "shadow", "percent": 80, "by": "key"}]},
            clusters={"shadow": {"endpoints": [self.shadow.address]}})
        weir = self.stage.weir(settings)
        with weir.client() as client:
            for number in range(100):
                client.request("GET", f"/{number}", user(number))
        mirrored = self.copies(len(self.primary.requests))
        self.assertEqual({request.target for request in mirrored},
                         {request.target for request in self.primary.requests})
        self.assertGreater(len(canary.requests), 0)


class NeverCopied(MirrorTest):
    def assert_only(self, weir, client, target="/last"):
        """Of all that was sent, only a last plain GET is mirrored."""
        client.request("GET", target)
        copy, = self.copies(1)
        self.assertEqual(copy.target, target)
        self.assertEqual(metric(weir, "weir_mirror_dropped_total"), 0)

    def test_methods_that_change_something(self):
        weir = self.weir()
        with weir.client() as client:
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                client.request(method, "/", body=b"x")
            self.assert_only(weir, client)

    def test_copies(self):
        weir = self.weir()
        with weir.client() as client:
            client.request("GET", "/", [("X-Weir-Mirror", "elsewhere")])
            self.assert_only(weir, client)

    def test_upgrades(self):
        weir = self.weir()
        with weir.client() as client:
            client.request("GET", "/", [("Connection", "Upgrade"), ("Upgrade", "websocket")])
            self.assert_only(weir, client)

    def test_retries(self):
        def resets(connection):
            self.primary.take(connection)
            connection.reset()
        self.primary.script = resets
        good = named_origin(self.stage, "good")
        settings = self.settings()
        settings["clusters"]["origins"]["endpoints"].append(good.address)
        weir = self.stage.weir(settings)
        with weir.client() as client:
            self.assertEqual([client.request("GET", f"/{number}").status for number in range(10)], [200] * 10)
        self.assertGreater(len(self.primary.requests), 0)
        self.assertEqual(sorted(request.target for request in self.copies(10)), [f"/{number}" for number in range(10)])


class Outcomes(MirrorTest):
    def test_answers_are_counted_by_class(self):
        def script(connection):
            while (request := self.shadow.take(connection)) is not None:
                status = request.target.removeprefix("/").encode()
                connection.send(b"HTTP/1.1 " + status + b" X\r\nContent-Length: 0\r\n\r\n")
        self.shadow.script = script
        weir = self.weir()
        with weir.client() as client:
            for status in (200, 201, 302, 404, 500):
                client.request("GET", f"/{status}")
        for outcome, count in (("2xx", 2), ("3xx", 1), ("4xx", 1), ("5xx", 1)):
            self.assert_outcome(weir, count, outcome)
        wait_for_metric(weir, 5, "weir_mirror_duration_seconds_count", route="shop", cluster="shadow")

    def test_a_timeout_ends_the_copy_at_the_shadow_too(self):
        self.silent()
        weir = self.weir(timeout="300ms")
        with weir.client() as client:
            client.request()
        wait_for(lambda: self.shadow.ended, "the shadow's connection is closed")
        self.assert_outcome(weir, 1, "timeout")

    def test_a_shadow_that_fails_is_left_alone_for_a_second(self):
        weir = self.weir(f"127.0.0.1:{free_port()}")
        with weir.client() as client:
            for number in range(1, 6):
                client.request()
                self.assert_outcome(weir, number, "connect")
            client.request()
            self.assert_dropped(weir, 1, "paused")

            def tried_again():
                client.request()
                return metric(weir, "weir_mirror_requests_total", outcome="connect") > 5
            wait_for(tried_again, "it is tried again")
        self.assertIn("shadow=paused", [line["mirror"] for line in weir.logged(7)])


class Bounds(MirrorTest):
    def test_content_below_and_at_the_cap_is_mirrored_and_above_it_not(self):
        weir = self.weir(methods=["POST"], max_body="1KiB")
        with weir.client() as client:
            for size in (1023, 1024, 1025):
                self.assertEqual(client.request("POST", "/", body=b"x" * size).body, b"primary")
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(3):
                client.send(f"190\r\n{'y' * 400}\r\n")
            self.assertEqual(client.send("0\r\n\r\n").response("POST").body, b"primary")
        self.assertEqual([len(request.body) for request in self.primary.requests], [1023, 1024, 1025, 1200])
        self.assertEqual(sorted(len(request.body) for request in self.copies(2)), [1023, 1024])
        self.assert_dropped(weir, 2, "body")
        self.assertEqual([line["mirror"] for line in weir.logged(4)],
                         ["shadow=sent", "shadow=sent", "shadow=body", "shadow=body"])
        self.assert_nothing_held(weir)

    def test_no_more_copies_are_under_way_than_the_file_says(self):
        for workers in (1, 2):
            with self.subTest(workers=workers):
                self.silent()
                self.shadow.requests.clear()
                settings = self.settings(max_in_flight=3)
                settings["workers"] = workers
                weir = self.stage.weir(settings)
                for _ in range(8):  # a connection each, so that both workers are met
                    with weir.client() as client:
                        self.assertEqual(client.request().body, b"primary")
                self.copies(3)
                self.assert_dropped(weir, 5, "in_flight")
                self.assertEqual(metric(weir, "weir_mirror_in_flight", route="shop", cluster="shadow"), 3)

    def holding(self, **top):
        """Three requests with 30 KB of content while the shadow takes no connection."""
        settings = self.settings(self.full(), methods=["POST"], **top.pop("mirror", {}))
        settings["clusters"]["shadow"]["connections"] = {"connect_timeout": "4s"}
        weir = self.stage.weir({**settings, **top})
        with weir.client() as client:
            for _ in range(3):
                self.assertEqual(client.request("POST", "/", body=b"x" * 30_000).body, b"primary")
        return weir

    def test_a_mirror_holds_no_more_bytes_than_the_file_says(self):
        weir = self.holding(mirror={"max_bytes": "64KiB"})
        self.assert_dropped(weir, 1, "bytes")
        self.assertLessEqual(metric(weir, "weir_mirror_held_bytes"), 65536)
        self.assert_nothing_held(weir)

    def test_all_mirrors_hold_no_more_bytes_than_the_file_says(self):
        weir = self.holding(mirror_bytes="64KiB")
        self.assert_dropped(weir, 1, "process_bytes")
        self.assert_nothing_held(weir)

    def test_routes_tell_what_their_mirrors_do(self):
        self.silent()
        weir = self.weir(max_in_flight=2)
        with weir.client() as client:
            for _ in range(3):
                client.request()
        self.assert_dropped(weir, 1, "in_flight")
        mirror, = weir.admin_json("/v1/routes")[0]["mirrors"]
        self.assertEqual({name: mirror[name] for name in ("cluster", "percent", "in_flight", "dropped")},
                         {"cluster": "shadow", "percent": 100, "in_flight": 2, "dropped": 1})
        self.assertLessEqual({"held_bytes", "sent"}, mirror.keys())


class Lifetimes(MirrorTest):
    def held(self, origin):
        """The origin answers when the event is set."""
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            while origin.take(connection) is not None:
                release.wait(60)
                connection.send(named("held"))
        origin.script = script
        return release

    def test_a_client_that_left_after_its_request_does_not_end_the_copy(self):
        self.held(self.primary)
        release = self.held(self.shadow)
        weir = self.weir(methods=["POST"])
        client = weir.client()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\norder")
        self.copies(1)
        client.close()
        self.assertEqual(weir.logged(1)[0]["status"], 499)
        self.assertEqual(metric(weir, "weir_mirror_in_flight"), 1)
        release.set()
        self.assert_outcome(weir, 1, "2xx")

    def test_a_client_that_leaves_within_its_request_takes_the_copy_along(self):
        for framing, content in (("Content-Length: 1000", "x" * 500), ("Transfer-Encoding: chunked", "5\r\norder\r\n")):
            for leave in (RawClient.close, RawClient.reset):
                with self.subTest(framing, leave=leave.__name__):
                    weir = self.weir(methods=["POST"])
                    client = weir.client()
                    client.send(f"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{content}")
                    wait_for(lambda w=weir: metric(w, "weir_mirror_held_bytes") > 0, "the content is on its way")
                    leave(client)
                    self.assert_dropped(weir, 1, "incomplete")
                    self.assertEqual(weir.logged(1)[0]["mirror"], "shadow=incomplete")
                    self.assert_nothing_held(weir)
        self.assertEqual(self.shadow.requests, [])

    def test_after_waits_for_the_primarys_success(self):
        release = self.held(self.primary)
        weir = self.weir(when="after")
        with weir.client() as client:
            client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: self.primary.requests, "the request is at the primary")
            self.assertEqual(self.shadow.connections, [])
            release.set()
            self.assertEqual(client.response().body, b"held")
        self.copies(1)
        self.assertEqual(weir.logged(1)[0]["mirror"], "shadow=sent")

    def test_after_a_failure_nothing_is_mirrored(self):
        def resets(connection):
            self.primary.take(connection)
            connection.reset()
        weir = self.weir(when="after")
        for number, script in enumerate((answering(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"), resets), 1):
            self.primary.script = script
            with weir.client() as client:
                self.assertGreaterEqual(client.request("GET", "/", [("Connection", "close")]).status, 500)
            self.assert_dropped(weir, number, "primary_failed")
        self.assertEqual(self.shadow.requests, [])

    def test_concurrent_does_not_wait_for_the_primary(self):
        self.held(self.primary)
        weir = self.weir()
        with weir.client() as client:
            client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            self.copies(1)
            self.assert_outcome(weir, 1, "2xx")

    def test_a_cut_answer_of_the_primary_is_no_business_of_the_copys(self):
        def script(connection):
            self.primary.take(connection)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        self.primary.script = script
        weir = self.weir()
        with weir.client() as client, self.assertRaises((Truncated, ConnectionResetError)):
            client.request()
        self.copies(1)
        self.assert_outcome(weir, 1, "2xx")

    def test_stopping_waits_for_no_copy_longer_than_its_timeout(self):
        self.silent()
        weir = self.weir(timeout="1s")
        with weir.client() as client:
            self.assertEqual(client.request().body, b"primary")
        self.copies(1)
        watch = Stopwatch()
        weir.child.end()
        self.assertEqual(weir.child.exit_code, 0)
        self.assertLess(watch.seconds, 1 + SWIFT)

    def test_a_load_leaves_nothing_behind(self):
        self.silent()
        weir = self.weir(timeout="300ms", max_in_flight=16)
        descriptors = weir.child.descriptors()
        with Load(weir.address, threads=8) as load:
            wait_for(lambda: load.answered > 1000 or load.failures, "requests are answered", 60)
        self.assertEqual(load.failures, [])
        self.assert_nothing_held(weir)
        self.assert_quiet(weir)
        # Kept connections, one for each thread, and the one that libuv reserves where a worker listens: a worker may
        # get there after the count.
        wait_for(lambda: weir.child.descriptors() <= descriptors + 8 + 1, "descriptors are given back")


if __name__ == "__main__":
    main()
