#!/usr/bin/env python3
"""Endpoints taken out of service, brought back and replaced while requests run: nothing new goes to one that drains,
what is in flight there finishes, and no request fails of any of it."""

import json
import threading

from support.case import IntegrationTest, main
from support.clients import Load, RawClient, get
from support.splits import named_origin, split_config
from support.waiting import Stopwatch, wait_for
from support.weir import command, config

SET = "/v1/clusters/origins/endpoints"


class DrainTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.a, self.b = named_origin(self.stage, "a"), named_origin(self.stage, "b")

    def weir(self, *origins, **options):
        return self.stage.weir_before(*(origins or (self.a, self.b)), workers=2, watch=False, **options)

    def ask(self, weir, method, path, body):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with RawClient(weir.admin) as client:
            return client.request(method, path, [("X-Weir-Actor", "ann")], content)

    def patch(self, weir, origin, body, query=""):
        return self.ask(weir, "PATCH", f"{SET}/{origin.address.replace('/', '%2F')}{query}", body)

    def endpoint(self, weir, origin):
        return weir.admin_json(f"{SET}/{origin.address.replace('/', '%2F')}")

    def share(self, weir):
        """Of the first endpoint, in percent of its weight."""
        return weir.admin_json("/v1/clusters")[0]["endpoints"][0].get("share_percent", 100)

    def serving(self, weir, requests=20):
        return {get(weir.address).body.decode() for _ in range(requests)}

    def hold(self, weir, origin):
        """A request that `origin` answers when the event is set; the thread that waits for it, and its answers."""
        release, answers = threading.Event(), []

        def script(connection):
            while origin.take(connection) is not None:
                release.wait(30)
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")
        origin.script = script
        thread = threading.Thread(target=lambda: answers.append(get(weir.address)), daemon=True)
        thread.start()
        wait_for(lambda: self.endpoint(weir, origin)["active_requests"] == 1, "the request is in flight")
        self.addCleanup(release.set)
        return release, thread, answers

    def reload(self, weir, settings):
        weir.write(settings)
        done = command("reload", "--admin", f"unix:{weir.admin}")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def drain(self, weir, origin, *options):
        return command("drain", f"origins/{origin.address}", "--admin", f"unix:{weir.admin}", "--as", "ann", *options)


class States(DrainTest):
    def test_a_drained_endpoint_takes_nothing_new_until_it_is_brought_back(self):
        for state in ("draining", "down"):
            weir = self.weir()
            self.assertEqual(self.serving(weir), {"a", "b"})
            said = self.patch(weir, self.a, {"state": state})
            self.assertEqual(said.status, 200, said.body)
            self.assertEqual(self.serving(weir), {"b"})
            self.assertEqual(self.patch(weir, self.a, {"state": "active"}).status, 200)
            self.assertEqual(self.serving(weir), {"a", "b"})

    def test_one_that_is_brought_back_starts_slowly_where_the_file_says_so(self):
        weir = self.weir(cluster={"slow_start": "60s"})
        self.patch(weir, self.a, {"weight": 2})
        self.assertEqual(self.share(weir), 100, "it took requests all the time")
        self.assertEqual(self.patch(weir, self.a, {"state": "draining"}).status, 200)
        self.assertEqual(self.patch(weir, self.a, {"state": "active", "weight": 1}).status, 200)
        self.assertLessEqual(self.share(weir), 20)
        with weir.client() as client:
            answers = [client.request().body for _ in range(100)]
        self.assertLess(answers.count(b"a"), 30)
        self.assertGreater(answers.count(b"a"), 3)

    def test_idle_connections_close(self):
        weir = self.weir(self.a)
        with weir.client() as client:
            client.request()
            self.assertEqual(weir.admin_json("/v1/clusters")[0]["connections"], 1)
            self.assertEqual(self.patch(weir, self.a, {"state": "draining"}).status, 200)
            wait_for(lambda: weir.admin_json("/v1/clusters")[0]["connections"] == 0, "the idle connection closes")

    def test_a_change_says_who_when_from_and_to_wherever_it_is_shown(self):
        weir = self.weir()
        changed = json.loads(self.patch(weir, self.a, {"state": "draining", "weight": 7}).body)["changed"]
        self.assertEqual((changed["by"], changed["from"], changed["to"]),
                         ("ann", {"state": "active", "weight": 1}, {"state": "draining", "weight": 7}))
        self.assertEqual(weir.admin_json("/v1/clusters")[0]["endpoints"][0]["changed"], changed)
        status = command("status", "--admin", f"unix:{weir.admin}").stdout
        self.assertIn("by ann: active -> draining, weight 1 -> 7", status)
        self.assertIn("set by ann (from unix): active -> draining, weight 1 -> 7", weir.log())

    def test_a_unix_path_is_one_segment(self):
        origin = self.stage.origin(unix_path=self.stage.path("origin"))
        weir = self.weir(origin)
        self.assertEqual(self.patch(weir, origin, {"weight": 3}).status, 200)
        self.assertEqual(self.endpoint(weir, origin)["weight"], 3)

    def test_below_min_available_is_refused_unless_forced(self):
        weir = self.weir(cluster={"min_available": 2})
        refused = self.patch(weir, self.a, {"state": "down"})
        self.assertEqual(refused.status, 409)
        self.assertIn("left with 1 endpoint taking requests, and its min_available is 2", refused.body.decode())
        self.assertEqual(self.endpoint(weir, self.a)["state"], "active")
        self.assertEqual(self.patch(weir, self.a, {"state": "down"}, "?force=true").status, 200)

    def test_wrong_calls_change_nothing(self):
        weir = self.weir()
        for body in (b"", b"{", b"[]", {}, {"state": "off"}, {"state": 1}, {"weight": -1}, {"weight": 65536},
                     {"weight": "1"}, {"stat": "down"}, b'{"state": "down", "state": "active"}'):
            with self.subTest(body):
                self.assertEqual(self.patch(weir, self.a, body).status, 400)
        for query in ("?wait=1", "?timeout=x", "?now=true", "?force=2"):
            with self.subTest(query):
                self.assertEqual(self.patch(weir, self.a, {"state": "down"}, query).status, 400)
        self.assertEqual(self.patch(weir, self.a, {"state": "active"}, "?wait=drained").status, 400)
        unknown = self.ask(weir, "PATCH", f"{SET}/nobody:1", {"state": "down"})
        self.assertEqual(unknown.status, 404)
        self.assertIn(self.a.address, unknown.body.decode())
        self.assertEqual(self.ask(weir, "PATCH", "/v1/clusters/none/endpoints/x", {"state": "down"}).status, 404)
        self.assertIsNone(self.endpoint(weir, self.a)["changed"])


class Waiting(DrainTest):
    def test_the_answer_comes_when_the_last_request_is_over(self):
        weir = self.weir(self.a)
        release, thread, answers = self.hold(weir, self.a)
        with RawClient(weir.admin) as waiting:
            body = b'{"state": "draining"}'
            waiting.send(f"PATCH {SET}/{self.a.address}?wait=drained HTTP/1.1\r\nHost: localhost\r\n"
                         f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_for(lambda: self.endpoint(weir, self.a)["state"] == "draining", "others are answered meanwhile")
            release.set()
            said = waiting.response("PATCH")
            self.assertEqual((said.status, json.loads(said.body)["active_requests"]), (200, 0))
            self.assertEqual(waiting.request("GET", "/livez").status, 200)
        thread.join(10)
        self.assertEqual([each.body for each in answers], [b"slow"])

    def test_when_time_is_up_it_says_what_is_left(self):
        weir = self.weir(self.a)
        release, thread, answers = self.hold(weir, self.a)
        said = self.patch(weir, self.a, {"state": "draining"}, "?wait=drained&timeout=200ms")
        self.assertEqual((said.status, json.loads(said.body)["active_requests"]), (504, 1))
        release.set()
        thread.join(10)
        self.assertEqual(answers[0].status, 200)

    def test_who_leaves_while_waiting_leaves_the_endpoint_draining(self):
        weir = self.weir(self.a)
        release, thread, _ = self.hold(weir, self.a)
        with RawClient(weir.admin) as client:
            body = b'{"state": "draining"}'
            client.send(f"PATCH {SET}/{self.a.address}?wait=drained HTTP/1.1\r\nHost: localhost\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_for(lambda: self.endpoint(weir, self.a)["state"] == "draining", "it drains")
        release.set()
        thread.join(10)
        self.assertEqual(self.endpoint(weir, self.a)["state"], "draining")
        self.assert_quiet(weir)


class Sets(DrainTest):
    def put(self, weir, endpoints, query=""):
        return self.ask(weir, "PUT", SET + query, {"endpoints": endpoints})

    def test_a_set_is_in_force_when_the_answer_is_there(self):
        weir = self.weir(self.a)
        said = self.put(weir, [{"address": self.b.address, "weight": 3}])
        self.assertEqual(said.status, 200, said.body)
        document = json.loads(said.body)
        self.assertEqual([each["endpoint"] for each in document["endpoints"]], [self.b.address])
        self.assertEqual((document["replaced"]["by"], document["replaced"]["from"]), ("ann", [self.a.address]))
        self.assertEqual(weir.admin_json(SET), document)
        self.assertEqual(self.serving(weir), {"b"})

    def test_endpoints_that_stay_keep_state_and_weight(self):
        weir = self.weir()
        self.patch(weir, self.a, {"state": "draining", "weight": 9})
        third = named_origin(self.stage, "c")
        self.assertEqual(self.put(weir, [self.a.address, third.address]).status, 200)
        kept = self.endpoint(weir, self.a)
        self.assertEqual((kept["state"], kept["weight"], kept["changed"]["by"]), ("draining", 9, "ann"))
        self.assertEqual(self.serving(weir), {"c"})

    def test_wrong_sets_change_nothing(self):
        weir = self.weir(cluster={"min_available": 2})
        for endpoints in ([], [self.a.address] * 2, [7], ["nowhere"], [{"weight": 1}], [{"address": 1}],
                          [{"address": self.a.address, "weight": 0}, {"address": self.b.address, "weight": 0}],
                          ["no-such-host.invalid:1", self.a.address]):
            with self.subTest(endpoints):
                self.assertEqual(self.put(weir, endpoints).status, 400)
        self.assertEqual(self.put(weir, [self.a.address]).status, 409)
        self.assertIsNone(weir.admin_json(SET)["replaced"])
        self.assertEqual(self.put(weir, [self.a.address], "?force=true").status, 200)

    def test_copies_go_to_the_new_set_too(self):
        shadow, fresh = named_origin(self.stage, "old"), named_origin(self.stage, "new")
        settings = split_config(self.a.address, self.b.address, route={"mirror": [{"cluster": "shadow", "percent": 100}]},
                                clusters={"shadow": {"endpoints": [shadow.address]}})
        weir = self.stage.weir(settings)
        said = self.ask(weir, "PUT", "/v1/clusters/shadow/endpoints", {"endpoints": [fresh.address]})
        self.assertEqual(said.status, 200, said.body)
        get(weir.address)
        wait_for(lambda: fresh.requests, "the copy arrives")
        self.assertEqual(shadow.requests, [])

    def test_replacing_sets_and_draining_under_load_fails_nobody(self):
        weir = self.weir()
        with Load(weir.address, threads=6) as load:
            for turn in range(15):
                origins = [self.a, self.b] if turn % 2 else [self.b]
                self.assertEqual(self.put(weir, [each.address for each in origins]).status, 200)
                if turn % 2:
                    for state in ("draining", "active"):
                        said = self.patch(weir, self.a, {"state": state}, "?wait=drained" if state != "active" else "")
                        self.assertEqual(said.status, 200, said.body)
                answered = load.answered
                wait_for(lambda n=answered: load.answered > n + 20 or load.failures, "requests go on")
        self.assertEqual(load.failures, [])
        self.assert_quiet(weir)


class WhileStarting(DrainTest):
    def test_a_set_that_is_put_before_the_first_checks_are_over_serves(self):
        def say_nothing(connection):
            silent.take(connection)
            connection.reader.at_end()
        silent = self.stage.origin(say_nothing)
        weir = self.stage.weir(config([silent.address], cluster={"health_check": {"path": "/"}}, workers=2),
                               ready=False)
        wait_for(lambda: weir.readiness() == 503, "the admin API answers, and first checks are awaited")
        self.assertEqual(self.ask(weir, "PUT", SET, {"endpoints": [self.a.address]}).status, 200)
        wait_for(lambda: weir.readiness() == 200, "it is ready")
        host, _, port = weir.admin_json("/v1/status")["listeners"][0]["address"].rpartition(":")
        weir.address = (host, int(port))
        self.assertEqual(self.serving(weir), {"a"})


class Reloads(DrainTest):
    def settings(self, origins, **options):
        return config([each.address for each in origins], workers=2, watch=False, **options)

    def test_states_stay_and_sets_stay_until_the_file_says_others(self):
        weir = self.weir()
        self.patch(weir, self.b, {"state": "draining"})
        third = named_origin(self.stage, "c")
        body = {"endpoints": [self.b.address, third.address]}
        self.assertEqual(self.ask(weir, "PUT", SET, body).status, 200)
        self.reload(weir, self.settings([self.a, self.b], cluster={"connections": {"max": 7}}))
        self.assertEqual(self.serving(weir), {"c"})
        self.assertEqual(self.endpoint(weir, self.b)["changed"]["by"], "ann")
        said = self.reload(weir, self.settings([self.b, self.a, third]))
        self.assertIn("cluster origins: the file's endpoints take the place of those set by ann", said)
        self.assertEqual(self.serving(weir), {"a", "c"})
        self.assertEqual(self.endpoint(weir, self.b)["state"], "draining")
        self.assertIsNone(weir.admin_json(SET)["replaced"])


class Command(DrainTest):
    def test_it_drains_waits_and_undoes(self):
        weir = self.weir()
        done = self.drain(weir, self.a, "--wait", "--timeout", "5s")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, f"origins/{self.a.address}: draining, weight 1, 0 requests in flight\n", ""))
        self.assertEqual(self.serving(weir), {"b"})
        self.assertEqual(self.drain(weir, self.a, "--undo").returncode, 0)
        self.assertEqual(self.serving(weir), {"a", "b"})

    def test_a_timeout_is_exit_3(self):
        weir = self.weir(self.a)
        self.hold(weir, self.a)
        watch = Stopwatch()
        done = self.drain(weir, self.a, "--wait", "--timeout", "300ms")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("1 request", done.stderr)
        self.assertGreater(watch.seconds, 0.3)

    def test_refused_is_exit_1_and_wrong_usage_exit_2(self):
        weir = self.weir(cluster={"min_available": 2})
        refused = self.drain(weir, self.a)
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("min_available", refused.stderr)
        self.assertEqual(self.drain(weir, self.a, "--force").returncode, 0)
        admin = ["--admin", f"unix:{weir.admin}"]
        for arguments, code in ((["origins/none:1"], 1), ([], 2), (["origins"], 2), (["origins/"], 2),
                                ([f"origins/{self.a.address}", "--wait", "--timeout", "x"], 2),
                                ([f"origins/{self.a.address}", "--undo", "--wait"], 2)):
            with self.subTest(arguments):
                self.assertEqual(command("drain", *arguments, *admin).returncode, code)
        self.assertEqual(command("drain", "origins/x:1", "--admin", f"unix:{weir.admin}.not").returncode, 1)


if __name__ == "__main__":
    main()
