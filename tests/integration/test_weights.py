#!/usr/bin/env python3
"""Weights changed while requests run, by the admin API and by `weir weight`: a change holds at once and for all
workers, no request fails of it, a wrong one changes nothing, and everybody can see who changed what."""

import json
import os
import threading

from support.case import IntegrationTest, main
from support.clients import Load
from support.metrics import metric, wait_for_metric
from support.splits import assignments, counted, named_origin, split_config
from support.waiting import wait_for
from support.weir import command, sanitized

PATH = "/v1/routes/shop/weights"


class WeightsTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.stable, self.canary = named_origin(self.stage, "stable"), named_origin(self.stage, "canary")

    def weir(self, weights=(100, 0), **keys):
        return self.stage.weir(split_config(self.stable.address, self.canary.address, weights, **keys))

    def put(self, weir, weights, fields=()):
        response = weir.admin_put(PATH, weights, fields)
        self.assertEqual(response.status, 200, response.body)

    def in_force(self, weir):
        split = weir.admin_json("/v1/routes")[0]["split"]
        return {each["variant"]: each["weight"] for each in split["variants"]}


class Changing(WeightsTest):
    def test_the_next_request_goes_by_the_new_weights(self):
        weir = self.weir(workers=2)
        for weights, expected in (({"stable": 0, "canary": 100}, "canary"), ({"stable": 100, "canary": 0}, "stable")):
            self.put(weir, weights)
            for _ in range(4):  # a connection each, so that both workers are met
                self.assertEqual(counted(assignments(weir, range(20))), {expected: 20})

    def test_growing_and_shrinking_moves_no_one_else(self):
        weir = self.weir()
        self.put(weir, {"stable": 80, "canary": 20})
        early = assignments(weir, range(200))
        self.put(weir, {"stable": 40, "canary": 60})
        late = assignments(weir, range(200))
        self.assertEqual({late[number] for number in early if early[number] == "canary"}, {"canary"})
        self.assertGreater(counted(late)["canary"], counted(early)["canary"])
        self.put(weir, {"stable": 80, "canary": 20})
        self.assertEqual(assignments(weir, range(200)), early)

    def test_variants_left_out_keep_their_weight(self):
        weir = self.weir((30, 10))
        self.put(weir, {"canary": 70})
        self.assertEqual(self.in_force(weir), {"stable": 30, "canary": 70})


class Answers(WeightsTest):
    def test_a_change_tells_what_it_was_and_who_made_it(self):
        weir = self.weir((95, 5))
        response = weir.admin_put(PATH, {"stable": 90, "canary": 10}, [("X-Weir-Actor", "ann")])
        self.assertEqual((response.status, response.get("Content-Type")), (200, "application/json"))
        said = json.loads(response.body)
        self.assertEqual(said["route"], "shop")
        self.assertEqual(said["variants"],
                         [{"variant": "stable", "cluster": "shop-v1", "weight": 90, "configured_weight": 95},
                          {"variant": "canary", "cluster": "shop-v2", "weight": 10, "configured_weight": 5}])
        changed = said["changed"]
        self.assertEqual((changed["by"], changed["from"], changed["to"]),
                         ("ann", {"stable": 95, "canary": 5}, {"stable": 90, "canary": 10}))
        self.assertRegex(changed["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertEqual(weir.admin_json("/v1/routes")[0]["split"]["changed"], changed)
        wait_for(lambda: "ann" in weir.log(), "the log says who")

    def test_the_routes_say_weights_and_observed_shares_without_overrides(self):
        weir = self.weir((100, 0), split={"override": {"header": "X-Variant", "from": ["127.0.0.0/8"]}})
        self.assertIsNone(weir.admin_json("/v1/routes")[0]["split"]["changed"])
        self.put(weir, {"stable": 60, "canary": 40})
        assigned = counted(assignments(weir, range(100)))
        with weir.client() as client:
            for _ in range(50):
                client.request("GET", "/", [("X-Variant", "canary")])
        wait_for_metric(weir, 150, "weir_requests_total", route="shop")
        stable, canary = weir.admin_json("/v1/routes")[0]["split"]["variants"]
        self.assertEqual((canary["variant"], canary["cluster"], canary["weight"], canary["configured_weight"]),
                         ("canary", "shop-v2", 40, 0))
        self.assertAlmostEqual(canary["share"], assigned["canary"] / 100, places=3)
        self.assertAlmostEqual(stable["share"] + canary["share"], 1, places=3)

    def test_a_wrong_change_is_refused_and_changes_nothing(self):
        weir = self.weir((95, 5))
        for body in (b"", b"{", b"[]", b"7", b'"canary"', b"null", b'{"stable": 1,}', b'{"stable": 1} x', b"\xff\xfe",
                     {"canary": -1}, {"canary": 1.5}, {"canary": "10"}, {"canary": None}, {"canary": [1]},
                     {"canary": 1000001}, {"canary": 1 << 70}, {"nobody": 1}, {"stable": 10, "nobody": 1},
                     {"stable": 0, "canary": 0}):
            with self.subTest(body):
                response = weir.admin_put(PATH, body)
                self.assertEqual(response.status, 400, response.body)
                self.assertIn(b'"error"', response.body)
                self.assertEqual(self.in_force(weir), {"stable": 95, "canary": 5})
        self.assertIsNone(weir.admin_json("/v1/routes")[0]["split"]["changed"])

    def test_routes_that_are_not_there_or_not_split_are_told_apart(self):
        settings = split_config(self.stable.address, self.canary.address)
        settings["routes"].append({"name": "plain", "match": {"path": "/plain"}, "cluster": "shop-v1"})
        settings["routes"].reverse()
        weir = self.stage.weir(settings)
        self.assertEqual(weir.admin_put("/v1/routes/none/weights", {"canary": 1}).status, 404)
        self.assertEqual(weir.admin_put("/v1/routes/plain/weights", {"canary": 1}).status, 409)

    def test_web_pages_and_those_without_the_token_are_refused(self):
        os.environ["WEIR_TEST_TOKEN"] = "open-sesame"
        self.addCleanup(os.environ.pop, "WEIR_TEST_TOKEN")
        socket = self.stage.path("admin")
        weir = self.stage.weir(split_config(self.stable.address, self.canary.address, (100, 0), admin={
            "address": f"unix:{socket}", "token_env": "WEIR_TEST_TOKEN"}), ready=False)
        weir.admin = socket
        wait_for(lambda: weir.readiness() == 200, "the admin socket answers")
        token = ("Authorization", "Bearer open-sesame")
        self.assertEqual(weir.admin_put(PATH, {"canary": 1}).status, 401)
        self.assertEqual(weir.admin_put(PATH, {"canary": 1}, [token, ("Origin", "http://evil.example")]).status, 403)
        self.assertEqual(metric(weir, "weir_split_weight", variant="canary"), 0)
        self.assertEqual(weir.admin_put(PATH, {"canary": 1}, [token]).status, 200)


class UnderLoad(WeightsTest):
    FLIPS = 100

    def torn(self, response):
        """What is wrong with an answer whose parts are of two variants."""
        return None if response.get("X-Origin") == response.body.decode() else f"torn: {response}"

    def test_a_hundred_flips_fail_nobody_and_tear_no_answer(self):
        weir = self.weir(workers=2)
        with Load(weir.address, threads=8, wrong=self.torn) as load:
            wait_for(lambda: load.answered > 100, "requests are answered")
            for flip in range(self.FLIPS):
                to_canary = flip % 2 == 0
                self.put(weir, {"stable": 0 if to_canary else 100, "canary": 100 if to_canary else 0})
                answered = load.answered
                wait_for(lambda n=answered: load.answered > n + 10 or load.failures, "requests go on")
        self.assertEqual(load.failures, [])
        self.assertGreater(len(self.canary.requests), self.FLIPS)
        self.assert_quiet(weir)
        for line in weir.logged(load.answered):
            self.assertEqual((line["status"], line["variant"]),
                             (200, "canary" if line["cluster"] == "shop-v2" else "stable"))

    def test_a_tenth_of_a_second_after_a_return_to_zero_nothing_reaches_the_candidate(self):
        weir = self.weir((50, 50), workers=2)
        settle = threading.Event()
        with Load(weir.address, threads=8) as load:
            for _ in range(3):
                before = len(self.canary.requests)
                wait_for(lambda n=before: len(self.canary.requests) > n + 100, "the candidate serves")
                self.put(weir, {"stable": 100, "canary": 0})
                settle.wait(0.5 if sanitized() else 0.1)
                at_rest, answered = len(self.canary.requests), load.answered
                wait_for(lambda n=answered: load.answered > n + 500 or load.failures, "requests go on", 60)
                self.assertEqual(len(self.canary.requests), at_rest)
                self.put(weir, {"stable": 50, "canary": 50})
        self.assertEqual(load.failures, [])


class Command(WeightsTest):
    def test_it_sets_weights_and_says_so(self):
        weir = self.weir((95, 5))
        for where in (["--admin", f"unix:{weir.admin}"], ["-c", weir.config_path]):
            with self.subTest(where):
                self.put(weir, {"stable": 95, "canary": 5})
                done = command("weight", "shop", "stable=80", "canary=20", *where)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("canary", done.stdout)
                self.assertEqual(self.in_force(weir), {"stable": 80, "canary": 20})

    def test_without_assignments_it_shows_them(self):
        weir = self.weir((95, 5))
        done = command("weight", "shop", "--admin", f"unix:{weir.admin}")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "shop: stable 95, canary 5\n", ""))

    def test_a_refusal_is_exit_1_and_wrong_usage_exit_2(self):
        weir = self.weir((95, 5))
        admin = ["--admin", f"unix:{weir.admin}"]
        for arguments, code in ((["none", "canary=1"], 1), (["shop", "nobody=1"], 1),
                                (["shop", "stable=0", "canary=0"], 1), ([], 2), (["shop", "canary"], 2),
                                (["shop", "canary=x"], 2), (["shop", "canary=-1"], 2)):
            with self.subTest(arguments):
                done = command("weight", *arguments, *admin)
                self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
                self.assertTrue(done.stderr)
                self.assertEqual(self.in_force(weir), {"stable": 95, "canary": 5})

    def test_nobody_to_ask_is_exit_1(self):
        done = command("weight", "shop", "canary=1", "--admin", f"unix:{self.stage.path('nobody')}")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"^weir: [^\n]+\n$")


if __name__ == "__main__":
    main()
