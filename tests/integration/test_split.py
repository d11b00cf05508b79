#!/usr/bin/env python3
"""A route split between a stable variant and a candidate, as its users and the two origins meet it: shares, who stays
where, the cookie that is issued, testers' overrides, and that a broken candidate fails nobody it need not fail."""

import os
import random
import re
import threading

from support.case import IntegrationTest, main
from support.children import free_port
from support.clients import Load, wrk
from support.http1 import Truncated
from support.metrics import metric, wait_for_metric
from support.origins import answering, named
from support.splits import assignments, counted, named_origin, split_config, user
from support.waiting import wait_for
from support.weir import command, sanitized


class SplitTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.stable, self.canary = named_origin(self.stage, "stable"), named_origin(self.stage, "canary")

    def weir(self, weights=(50, 50), **keys):
        return self.stage.weir(split_config(self.stable.address, self.canary.address, weights, **keys))


class Shares(SplitTest):
    def test_shares_follow_the_weights(self):
        share = counted(assignments(self.weir((70, 30)), range(800)))["canary"] / 800
        self.assertAlmostEqual(share, 0.3, delta=0.065)  # four standard deviations

    def test_a_user_stays_over_requests_workers_and_restarts(self):
        first = self.weir()
        before = assignments(first, range(100))
        self.assertEqual(set(before.values()), {"stable", "canary"})
        self.assertEqual(assignments(first, range(100)), before)
        first.close()
        again = self.weir(workers=2)
        for _ in range(3):  # a connection each, so that both workers are met
            self.assertEqual(assignments(again, range(100)), before)

    def test_zero_and_all_are_exact(self):
        for weights, expected in (((1, 0), "stable"), ((0, 1), "canary"), ((100, 0), "stable"), ((0, 100), "canary")):
            with self.subTest(weights):
                weir = self.weir(weights)
                self.assertEqual(counted(assignments(weir, range(200))), {expected: 200})
                self.assertEqual(counted(assignments(weir, range(200), lambda _: ())), {expected: 200})

    def test_a_grown_weight_only_moves_users_in(self):
        users = {}
        for weight in (10, 25, 60):
            assigned = assignments(self.weir((100 - weight, weight)), range(300))
            users[weight] = {number for number, variant in assigned.items() if variant == "canary"}
        self.assertLess(users[10], users[25])
        self.assertLess(users[25], users[60])

    def test_of_three_variants_only_the_grown_one_gains(self):
        third = named_origin(self.stage, "third")

        def assigned(weight):
            settings = split_config(self.stable.address, self.canary.address, (40, 40),
                                    clusters={"shop-v3": {"endpoints": [third.address]}})
            settings["routes"][0]["split"]["variants"].append({"name": "third", "cluster": "shop-v3", "weight": weight})
            return assignments(self.stage.weir(settings), range(300))
        before, after = assigned(20), assigned(60)
        self.assertEqual(set(before.values()), {"stable", "canary", "third"})
        self.assertEqual({after[number] for number in after if after[number] != before[number]}, {"third"})

    def test_the_salt_decides_whether_two_routes_choose_alike(self):
        plain, same, other = (assignments(self.weir(split=split), range(200)) for split in
                              ({}, {"salt": "shop"}, {"salt": "autumn"}))
        self.assertEqual(plain, same)  # the salt is the route's name by default
        self.assertNotEqual(plain, other)


class Keys(SplitTest):
    def test_each_kind_of_key_keeps_its_users(self):
        kinds = (({"header": "X-User"}, lambda number: [("x-user", f"u{number}")], lambda number: "/"),
                 ({"cookie": "sid"}, user, lambda number: "/"),
                 ({"query": "user"}, lambda number: (), lambda number: f"/?a=b&user=u{number}"),
                 ("client_ip", lambda number: [("X-Forwarded-For", f"192.0.2.{number}")], lambda number: "/"))
        for key, fields, path in kinds:
            with self.subTest(key):
                weir = self.weir(split={"key": [key]})

                def ask(client, number):
                    return client.request("GET", path(number), fields(number)).body
                with weir.client() as client:
                    before = [ask(client, number) for number in range(60)]
                    self.assertEqual(set(before), {b"stable", b"canary"})
                    self.assertEqual([ask(client, number) for number in range(60)], before)

    def test_the_first_key_that_a_request_has_decides(self):
        weir = self.weir(split={"key": [{"header": "X-User"}, {"cookie": "sid"}]})
        by_cookie = assignments(weir, range(60))
        both = assignments(weir, range(60), lambda number: [("X-User", "ann"), *user(number)])
        self.assertEqual(set(by_cookie.values()), {"stable", "canary"})
        self.assertEqual(len(set(both.values())), 1)

    def test_a_request_without_a_key_is_random_or_stable(self):
        both = counted(assignments(self.weir(), range(200), lambda _: ()))
        self.assertGreater(min(both["stable"], both["canary"]), 40)
        weir = self.weir((1, 99), split={"missing_key": "stable"})
        self.assertEqual(counted(assignments(weir, range(100), lambda _: ())), {"stable": 100})

    def test_explain_says_what_then_happens(self):
        weir = self.weir()
        for number, variant in assignments(weir, range(6)).items():
            said = command("explain", "GET", "http://shop.example/", "-H", f"Cookie: sid=user-{number}",
                           "-c", weir.config_path)
            self.assertEqual((said.returncode, said.stderr), (0, ""))
            self.assertRegex(said.stdout, rf"(?m)^variant +{variant}\b")


class Told(SplitTest):
    def test_the_log_and_the_metrics_name_the_variant_and_why(self):
        weir = self.weir((1, 0), split={"override": {"header": "X-Variant", "from": ["127.0.0.0/8"]}})
        with weir.client() as client:
            client.request("GET", "/", user(1))
            client.request("GET", "/")
            client.request("GET", "/", [("X-Variant", "canary")])
        lines = weir.logged(3)
        self.assertEqual([(line["variant"], line["variant_reason"], line["cluster"]) for line in lines],
                         [("stable", "weight", "shop-v1"), ("stable", "no_key", "shop-v1"),
                          ("canary", "override", "shop-v2")])
        self.assertFalse([line for line in lines if "assigned_variant" in line])
        for variant, reason, count in (("stable", "weight", 1), ("stable", "no_key", 1), ("canary", "override", 1),
                                       ("canary", "weight", 0)):
            wait_for_metric(weir, count, "weir_split_assigned_total", route="shop", variant=variant, reason=reason)
        wait_for_metric(weir, 2, "weir_requests_total", route="shop", variant="stable", cluster="shop-v1",
                        code_class="2xx")
        wait_for_metric(weir, 1, "weir_requests_total", route="shop", variant="canary", cluster="shop-v2")


class IssuedCookie(SplitTest):
    COOKIE = re.compile(r"weir-id=([0-9a-f]{32})(?:; .*)?")

    def issuing(self, settings=None, **keys):
        return self.weir(split={"key": [{"issued_cookie": settings or {}}]}, **keys)

    def issued(self, response):
        return [value for value in response.all("Set-Cookie") if value.startswith("weir-id=")]

    def test_it_is_as_documented_and_given_once(self):
        weir = self.issuing()
        with weir.client() as client:
            cookie, = self.issued(client.request())
            self.assertRegex(cookie, r"^weir-id=[0-9a-f]{32}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax$")
            pair = cookie.partition(";")[0]
            self.assertEqual(self.issued(client.request("GET", "/", [("Cookie", f"a=b; {pair}")])), [])
            other, = self.issued(client.request())
            self.assertNotEqual(other, cookie)

    def test_its_attributes_are_those_of_the_file(self):
        weir = self.issuing({"name": "bucket", "max_age": "1h", "path": "/shop", "domain": "shop.example",
                             "secure": "always", "http_only": False, "same_site": "none"})
        with weir.client() as client:
            pair, *attributes = client.request().get("Set-Cookie").split("; ")
        self.assertRegex(pair, "^bucket=[0-9a-f]{32}$")
        self.assertEqual(set(attributes), {"Path=/shop", "Domain=shop.example", "Max-Age=3600", "Secure",
                                           "SameSite=None"})

    def test_the_first_answer_and_all_later_ones_are_of_one_variant(self):
        weir = self.issuing()
        met = set()
        for _ in range(40):
            with weir.client() as client:
                first = client.request()
                pair = self.issued(first)[0].partition(";")[0]
                later = {client.request("GET", f"/{number}", [("Cookie", pair)]).body for number in range(3)}
            self.assertEqual(later, {first.body})
            met.add(first.body)
        self.assertEqual(met, {b"stable", b"canary"})

    def test_what_is_no_id_counts_as_none(self):
        weir = self.issuing()
        with weir.client() as client:
            for value in ("", "canary", "0123", "g" * 32, "a" * 33, "a" * 31 + ";", "%00", "a" * 3000):
                with self.subTest(value[:40]):
                    response = client.request("GET", "/", [("Cookie", f"weir-id={value}")])
                    self.assertEqual((response.status, len(self.issued(response))), (200, 1))

    def cacheable(self, fields, settings=None):
        """How many cookies an answer with these fields is given."""
        origin = named_origin(self.stage, "stable", fields)
        weir = self.stage.weir(split_config(origin.address, origin.address,
                                            split={"key": [{"issued_cookie": settings or {}}]}))
        with weir.client() as client:
            return len(self.issued(client.request()))

    def test_what_shared_caches_may_keep_has_none(self):
        for fields in ("Cache-Control: public\r\n", "Cache-Control: max-age=60\r\n", "cache-control: S-MaxAge=5\r\n",
                       "Expires: Thu, 01 Jan 2099 00:00:00 GMT\r\n"):
            with self.subTest(fields):
                self.assertEqual(self.cacheable(fields), 0)

    def test_what_they_may_not_keep_has_one(self):
        for fields in ("Cache-Control: no-store\r\n", "Cache-Control: private, max-age=60\r\n",
                       "Cache-Control: max-age=0\r\n", "Cache-Control: no-cache\r\n", "Set-Cookie: own=1\r\n"):
            with self.subTest(fields):
                self.assertEqual(self.cacheable(fields), 1)

    def test_force_gives_it_all_the_same(self):
        self.assertEqual(self.cacheable("Cache-Control: public, max-age=60\r\n", {"force": True}), 1)

    def test_the_origins_own_cookies_stay(self):
        origin = named_origin(self.stage, "stable", "Set-Cookie: own=1\r\n")
        weir = self.stage.weir(split_config(origin.address, origin.address, split={"key": [{"issued_cookie": {}}]}))
        with weir.client() as client:
            self.assertEqual(client.request().all("Set-Cookie")[0], "own=1")


class Override(SplitTest):
    def served(self, weir, *fields):
        with weir.client() as client:
            return client.request("GET", "/", fields).body.decode()

    def test_a_variant_is_chosen_by_header_or_cookie(self):
        weir = self.weir((100, 0), split={"override": {"header": "X-Variant", "cookie": "variant",
                                                       "from": ["127.0.0.0/8"]}})
        for value, expected in (("canary", "canary"), ("always", "canary"), ("never", "stable"), ("stable", "stable")):
            with self.subTest(value):
                self.assertEqual(self.served(weir, ("X-Variant", value)), expected)
                self.assertEqual(self.served(weir, ("Cookie", f"sid=1; variant={value}")), expected)
        self.assertEqual(self.served(weir), "stable")

    def test_never_keeps_a_tester_on_stable(self):
        weir = self.weir((0, 100), split={"override": {"header": "X-Variant", "from": ["127.0.0.0/8"]}})
        self.assertEqual(self.served(weir, ("X-Variant", "never")), "stable")

    def with_secret(self, **override):
        os.environ["WEIR_TEST_SECRET"] = "open-sesame"
        self.addCleanup(os.environ.pop, "WEIR_TEST_SECRET")
        return self.weir((100, 0), split={"override": {"header": "X-Variant", "secret_env": "WEIR_TEST_SECRET",
                                                       **override}})

    def ignored(self, weir, reason, count):
        wait_for_metric(weir, count, "weir_override_ignored_total", route="shop", reason=reason)

    def test_a_secret_is_asked_for_and_wrong_ones_are_counted(self):
        weir = self.with_secret()
        self.assertEqual(self.served(weir, ("X-Variant", "canary:open-sesame")), "canary")
        self.assertEqual(self.served(weir, ("X-Variant", "always:open-sesame")), "canary")
        self.ignored(weir, "secret", 0)
        for number, value in enumerate(("canary:wrong", "canary", "canary:", "canary:open-sesam",
                                        "canary:open-sesame1"), 1):
            with self.subTest(value):
                self.assertEqual(self.served(weir, ("X-Variant", value)), "stable")
                self.ignored(weir, "secret", number)
        self.assertEqual(self.served(weir, ("X-Variant", "nonsense:open-sesame")), "stable")
        self.ignored(weir, "value", 1)

    def test_a_secret_is_not_shown_to_origins(self):
        weir = self.with_secret()
        self.served(weir, ("X-Variant", "canary:open-sesame"))
        self.assertNotIn(b"open-sesame", self.canary.received())

    def test_who_asks_from_the_range_needs_no_secret(self):
        weir = self.with_secret(**{"from": ["192.0.2.0/24"]})
        ask = lambda address, value: self.served(weir, ("X-Forwarded-For", address), ("X-Variant", value))
        self.assertEqual(ask("192.0.2.7", "canary"), "canary")
        self.assertEqual(ask("198.51.100.7", "canary"), "stable")
        self.assertEqual(ask("198.51.100.7", "canary:open-sesame"), "canary")
        self.ignored(weir, "secret", 1)

    def test_garbage_is_as_if_nothing_was_said(self):
        weir = self.weir(split={"override": {"header": "X-Variant", "from": ["127.0.0.0/8"]}})
        plain = assignments(weir, range(40))
        garbage = assignments(weir, range(40), lambda number: [("X-Variant", "Canary!"), *user(number)])
        self.assertEqual(garbage, plain)
        self.ignored(weir, "value", 40)


class Failover(SplitTest):
    """The candidate takes one request at a time, and none waits: while it is busy it is unavailable."""

    FULL = {"connections": {"max": 1, "max_pending": 0}}

    def busy(self, cluster, origin, **keys):
        """A Weir whose variant of that cluster is busy with one request until the test ends."""
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            while origin.take(connection) is not None:
                release.wait(60)
                connection.send(named("late"))
        origin.script = script
        weir = self.weir((0, 100) if origin is self.canary else (100, 0), clusters={cluster: self.FULL}, **keys)
        client = weir.client()
        self.addCleanup(client.close)
        client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: origin.requests, "the variant is busy")
        return weir

    def test_its_share_is_served_by_stable_and_charged_to_it(self):
        weir = self.busy("shop-v2", self.canary)
        with weir.client() as client:
            for method in ("GET", "POST"):
                self.assertEqual(client.request(method, "/", user(1), b"order").body, b"stable")
        for line in weir.logged(2):
            self.assertEqual((line["variant"], line["variant_reason"], line["assigned_variant"], line["attempts"]),
                             ("stable", "failover", "canary", 1))
        wait_for_metric(weir, 2, "weir_failovers_total", route="shop", variant="canary")

    def test_fail_is_said_instead_where_the_file_wants_it(self):
        weir = self.busy("shop-v2", self.canary, split={"on_unavailable": "fail"})
        with weir.client() as client:
            self.assert_own_answer(client.request(), 503)
        self.assertEqual(self.stable.requests, [])

    def test_stable_never_spills_to_the_candidate(self):
        weir = self.busy("shop-v1", self.stable)
        with weir.client() as client:
            self.assert_own_answer(client.request(), 503)
        self.assertEqual(self.canary.requests, [])


class Rescue(SplitTest):
    """Everybody is assigned to a candidate that fails in one way."""

    def weir_with(self, script, split=None, route=None):
        self.canary.script = script
        return self.weir((0, 100), split=split, route=route)

    def takes_and_closes(self, connection):
        self.canary.take(connection)

    def assert_rescued(self, weir, count=1):
        line = weir.logged(count)[-1]
        self.assertEqual((line["status"], line["variant"], line["variant_reason"], line["assigned_variant"],
                          line["cluster"]), (200, "stable", "rescue", "canary", "shop-v1"))
        wait_for_metric(weir, count, "weir_rescues_total", route="shop", variant="canary")

    def test_a_refused_connection_is_rescued_whatever_the_method(self):
        weir = self.stage.weir(split_config(self.stable.address, f"127.0.0.1:{free_port()}", (0, 100)))
        with weir.client() as client:
            self.assertEqual(client.request().body, b"stable")
            self.assert_rescued(weir)
            self.assertEqual(client.request("POST", "/", body=b"order").body, b"stable")  # nothing of it was sent
            self.assert_rescued(weir, 2)

    def test_a_get_whose_connection_ended_is_rescued(self):
        weir = self.weir_with(self.takes_and_closes)
        with weir.client() as client:
            self.assertEqual(client.request().body, b"stable")
        self.assert_rescued(weir)

    def test_a_post_that_was_sent_is_not(self):
        for end in ("closes", "resets", "answers 500"):
            with self.subTest(end):
                self.stable.requests.clear()
                self.canary.requests.clear()

                def script(connection):
                    self.canary.take(connection)
                    if end == "resets":
                        connection.reset()
                    elif end == "answers 500":
                        connection.send(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
                weir = self.weir_with(script)
                with weir.client() as client:
                    self.assertEqual(client.request("POST", "/", body=b"order").status,
                                     500 if end == "answers 500" else 502)
                self.assertEqual((len(self.stable.requests), len(self.canary.requests)), (0, 1))
                self.assertEqual(metric(weir, "weir_rescues_total"), 0)

    def test_answers_that_mean_broken_are_rescued_and_others_are_not(self):
        for status, rescued in ((500, True), (502, True), (503, True), (504, True), (501, False), (404, False)):
            with self.subTest(status):
                weir = self.weir_with(answering(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status))
                with weir.client() as client:
                    self.assertEqual(client.request().status, 200 if rescued else status)
                wait_for_metric(weir, int(rescued), "weir_rescues_total", variant="canary")

    def test_no_answer_in_time_is_rescued(self):
        def script(connection):
            self.canary.take(connection)
            connection.reader.at_end()
        weir = self.weir_with(script, route={"timeouts": {"response_head": "1s"}})
        with weir.client() as client:
            self.assertEqual(client.request().body, b"stable")
        self.assert_rescued(weir)

    def test_an_answer_that_has_begun_is_cut_and_not_begun_again(self):
        def script(connection):
            self.canary.take(connection)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        weir = self.weir_with(script)
        with weir.client() as client, self.assertRaises((Truncated, ConnectionResetError)):
            client.request()
        self.assertEqual(self.stable.requests, [])

    def test_the_file_narrows_it_or_switches_it_off(self):
        broken = answering(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
        for rescue in ("off", {"on": ["connect", "reset"]}, {"methods": ["HEAD"]}):
            with self.subTest(rescue):
                weir = self.weir_with(broken, split={"rescue": rescue})
                with weir.client() as client:
                    self.assertEqual(client.request().status, 500)
                self.assertEqual(self.stable.requests, [])

    def test_a_rescued_user_is_back_on_the_candidate_when_it_is(self):
        path = self.stage.path("socket")
        weir = self.stage.weir(split_config(self.stable.address, f"unix:{path}", (0, 100)))
        with weir.client() as client:
            self.assertEqual(client.request("GET", "/", user(1)).body, b"stable")
            self.stage.origin(answering(named("canary")), unix_path=path)
            self.assertEqual(client.request("GET", "/", user(1)).body, b"canary")

    def test_nobody_is_rescued_from_stable_to_the_candidate(self):
        def script(connection):
            self.stable.take(connection)
        self.stable.script = script
        weir = self.weir()
        statuses = {}
        with weir.client() as client:
            for number in range(40):
                statuses.setdefault(client.request("GET", f"/{number}", user(number)).status, set()).add(f"/{number}")
        self.assertEqual(set(statuses), {200, 502})
        self.assertEqual({request.target for request in self.canary.requests}, statuses[200])

    def test_rescues_beyond_the_budget_are_refused_and_counted(self):
        weir = self.weir_with(self.takes_and_closes, split={"rescue": {"budget_percent": 5}})
        with weir.client() as client:
            statuses = [client.request().status for _ in range(100)]
        self.assertEqual(set(statuses), {200, 502})
        self.assertGreater(statuses.count(502), 40)
        wait_for_metric(weir, statuses.count(502), "weir_rescues_refused_total", route="shop", variant="canary")
        wait_for_metric(weir, statuses.count(200), "weir_rescues_total", route="shop", variant="canary")


class ACandidateDiesUnderLoad(IntegrationTest):
    """Half of the users are on a candidate that is killed while 64 connections ask."""

    CONNECTIONS = 64

    def kill_under_load(self, stable, canary):
        weir = self.stage.weir(split_config(stable.address, canary.address, workers=2))
        with Load(weir.address, threads=self.CONNECTIONS) as load:
            wait_for(lambda: load.answered > 1000, "requests are answered", 60)
            canary.child.kill()
            at_kill = load.answered
            wait_for(lambda: load.answered > at_kill + 2000 or load.failures, "requests go on", 60)
        self.assertEqual(load.failures, [])
        self.assertGreater(metric(weir, "weir_rescues_total", route="shop", variant="canary"), 0)
        self.assert_quiet(weir)

    def test_no_get_fails_when_it_was_nginx(self):
        self.kill_under_load(self.stage.nginx("stable"), self.stage.nginx("canary"))

    def test_no_get_fails_when_it_was_node(self):
        self.kill_under_load(self.stage.node(), self.stage.node())

    def test_no_get_fails_at_full_speed(self):
        stable, canary = self.stage.nginx("stable"), self.stage.nginx("canary")
        weir = self.stage.weir(split_config(stable.address, canary.address))
        served = lambda: metric(weir, "weir_requests_total", variant="canary")

        def kill_in_the_middle():
            wait_for(lambda: served() > 500, "the candidate serves", 60)
            canary.child.kill()
        killer = threading.Thread(target=kill_in_the_middle, daemon=True)
        killer.start()
        requests, socket_errors, bad_answers = wrk(weir.url + "/", self.CONNECTIONS, 6 if sanitized() else 3)
        killer.join(60)
        self.assertIsNotNone(canary.child.exit_code, "the candidate was not killed in time")
        self.assertEqual((socket_errors, bad_answers), (0, 0), f"of {requests} requests")
        self.assertGreater(metric(weir, "weir_rescues_total", route="shop", variant="canary"), 0)

    def test_no_post_is_delivered_twice(self):
        seed = random.randrange(1 << 30)
        random_ = random.Random(seed)
        origins = [self.stage.origin(), self.stage.origin()]

        def closes_now_and_then(connection):
            while origins[1].take(connection) is not None:
                if random_.random() < 0.3:
                    return
                connection.send(named("canary"))
        origins[1].script = closes_now_and_then
        weir = self.stage.weir(split_config(*(origin.address for origin in origins)))
        with weir.client() as client:
            statuses = {client.request("POST", f"/{number}", user(number), b"order").status for number in range(200)}
        self.assertLessEqual(statuses, {200, 502}, f"seed {seed}")
        targets = [request.target for origin in origins for request in origin.requests]
        self.assertEqual(len(targets), len(set(targets)), f"seed {seed}")


if __name__ == "__main__":
    main()
