#!/usr/bin/env python3
"""Endpoints by name: each address of a name is an endpoint, and addresses come and go with the name server's answers, under
load, without a reload and without a failed request; what name servers do wrong takes no endpoint away."""

import json
import pathlib
import signal
import threading

from support.case import IntegrationTest, main
from support.clients import Load
from support.generations import Generations
from support.metrics import metric
from support.name_server import AAAA, SERVFAIL, SRV
from support.origins import ScriptedOrigin, answering, named
from support.waiting import Stopwatch, wait_for
from support.weir import command, config

ONE, TWO, THREE = "127.0.0.1", "127.0.0.2", "127.0.0.3"


class Names(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.names = self.stage.name_server()

    def origins_at(self, *hosts):
        """An origin at each address, which answers that address, all at one port: so many, then the port."""
        while True:
            origins = []
            try:
                for host in hosts:
                    port = int(origins[0].address.rpartition(":")[2]) if origins else 0
                    origins.append(self.stage.origin(answering(named(host)), at=(host, port)))
                return [*origins, int(origins[0].address.rpartition(":")[2])]
            except OSError:
                continue  # somebody else has that port at another address

    def settings(self, endpoints, *, resolver=None, **options):
        return config(endpoints, watch=False, resolver={
            "servers": [self.names.address], "timeout": "2s", "min_ttl": "50ms", "max_ttl": "10s", "families": "ipv4",
            **(resolver or {})}, **options)

    def weir_of(self, *endpoints, **options):
        return self.stage.weir(self.settings(endpoints, **options))

    def endpoints(self, weir):
        return {each["endpoint"]: each for each in weir.admin_json("/v1/clusters")[0]["endpoints"]}

    def wait_for_endpoints(self, weir, *expected):
        wait_for(lambda: set(self.endpoints(weir)) == set(expected), f"endpoints {expected}")

    def served(self, weir, requests=20):
        """Who answers."""
        with weir.client() as client:
            return {client.request().get("X-Origin") for _ in range(requests)}

    def test_each_address_of_a_name_is_an_endpoint(self):
        *_, port = self.origins_at(ONE, TWO)
        self.names.hosts("app.test", TWO, ONE, ttl=60)
        weir = self.weir_of(f"app.test:{port}")
        self.assertEqual(self.served(weir), {ONE, TWO})
        endpoints = self.endpoints(weir)
        self.assertEqual(list(endpoints), [f"{ONE}:{port}", f"{TWO}:{port}"])
        for address, endpoint in endpoints.items():
            self.assertEqual((endpoint["address"], endpoint["from"]), (address, f"app.test:{port}"))
            self.assertEqual(metric(weir, "weir_endpoint_up", cluster="origins", endpoint=address), 1)
        self.assertEqual({line["endpoint"] for line in weir.logged(20)}, set(endpoints))
        status = command("status", "--admin", f"unix:{weir.admin}").stdout
        self.assertRegex(status, rf"{TWO}:{port} .*, from app\.test:{port}")

    def test_addresses_come_and_go_under_load(self):
        _, two, _, port = self.origins_at(ONE, TWO, THREE)
        self.names.hosts("app.test", ONE, TWO)
        weir = self.weir_of(f"app.test:{port}", workers=2)
        with Load(weir.address, threads=4) as load:
            wait_for(lambda: load.answered > 100, "answers")
            self.names.hosts("app.test", TWO, THREE)
            self.wait_for_endpoints(weir, f"{TWO}:{port}", f"{THREE}:{port}")
            opened = len(two.connections)
            wait_for(lambda: self.served(weir) == {TWO, THREE}, "the new address serves, the old one does not")
            for hosts in ((ONE, THREE), (ONE, TWO, THREE), (TWO,)):
                self.names.hosts("app.test", *hosts)
                self.wait_for_endpoints(weir, *(f"{host}:{port}" for host in hosts))
        self.assertEqual(load.failures, [])
        self.assertLessEqual(opened, 6, "an address that stays keeps its connections")
        wait_for(lambda: f"cluster origins: app.test resolves anew: came {THREE}:{port}; went {ONE}:{port}" in weir.log(),
                 "the log says so")
        self.assertEqual(weir.admin_json("/v1/status")["config"]["generation"], 1)
        self.assert_quiet(weir)

    def test_a_request_at_an_address_that_goes_is_finished(self):
        held, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            connection.request()
            held.set()
            release.wait(60)
            connection.send(named("slow"))
        slow = self.stage.origin(script)
        port = int(slow.address.rpartition(":")[2])
        self.names.hosts("app.test", ONE)
        weir = self.weir_of(f"app.test:{port}")
        with weir.client() as client:
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(held.wait(20))
            self.names.hosts("app.test", TWO)
            self.wait_for_endpoints(weir, f"{TWO}:{port}")
            release.set()
            self.assertEqual(client.response().body, b"slow")
        self.assert_quiet(weir)

    def test_the_last_good_answer_stays_when_the_name_server_fails(self):
        *_, port = self.origins_at(ONE, TWO)
        self.names.hosts("app.test", ONE, TWO)
        weir = self.weir_of(f"app.test:{port}")
        for failure, result in ((SERVFAIL, "failure"), ("silent", "timeout")):
            with self.subTest(result):
                self.names.failure = failure
                wait_for(lambda: metric(weir, "weir_dns_resolutions_total", cluster="origins", result=result), result)
                self.assertEqual(self.served(weir), {ONE, TWO})
        self.assertEqual(weir.log().count("app.test does not resolve"), 1, "told once")
        self.names.failure = None
        self.names.forget("app.test")
        wait_for(lambda: metric(weir, "weir_dns_resolutions_total", result="not_found"), "no such name", 60)
        self.assertEqual(self.served(weir), {ONE, TWO})
        self.names.hosts("app.test", TWO)
        wait_for(lambda: set(self.endpoints(weir)) == {f"{TWO}:{port}"}, "it resolves again", 60)
        wait_for(lambda: "app.test resolves again" in weir.log(), "the log says so")

    def test_a_ttl_is_kept_within_its_bounds(self):
        *_, port = self.origins_at(ONE)
        self.names.hosts("long.test", ONE, ttl=3600)
        self.names.hosts("short.test", ONE, ttl=0)
        self.names.hosts("two.test", ONE, ttl=2)
        watch = Stopwatch()
        weir = self.weir_of(f"long.test:{port}", f"short.test:{port}", f"two.test:{port}",
                            resolver={"min_ttl": "200ms", "max_ttl": "1s"})
        wait_for(lambda: self.names.asked("long.test") >= 3, "max_ttl is over")
        often, seldom = self.names.asked("short.test"), self.names.asked("two.test")
        seconds = watch.seconds  # read last: what is asked while the test is kept waiting has its time
        self.assertGreaterEqual(seconds, 2)
        self.assertLessEqual(often, 2 + seconds / 0.2)
        self.assertLessEqual(seldom, 2 + seconds)
        self.assertEqual(self.names.asked("long.test", AAAA), 0)
        self.assertEqual(self.served(weir), {ONE})

    def test_a_name_that_does_not_resolve_keeps_weir_from_starting(self):
        for failure, why in ((None, "not found"), (SERVFAIL, "contact"), ("silent", "no answer in time")):
            with self.subTest(why):
                self.names.failure = failure
                weir = self.stage.weir(self.settings(["nowhere.test:80"], resolver={"timeout": "300ms"}), ready=False)
                self.assertEqual(weir.child.wait(), 1)
                self.assertRegex(weir.log(), f"endpoint nowhere.test:80 does not resolve: .*{why}")

    def test_a_reload_goes_by_what_is_known(self):
        *_, port = self.origins_at(ONE, TWO)
        self.names.hosts("app.test", ONE, TWO)
        weir = self.weir_of(f"app.test:{port}")
        self.names.failure = SERVFAIL
        wait_for(lambda: metric(weir, "weir_dns_resolutions_total", result="failure"), "a failure")

        def reload(*endpoints):
            whole = json.loads(pathlib.Path(weir.config_path).read_text(encoding="utf-8"))
            whole["clusters"]["origins"] = {"endpoints": endpoints, "connections": {"max": 7}}
            pathlib.Path(weir.config_path).write_text(json.dumps(whole), encoding="utf-8")
            return command("reload", "--admin", f"unix:{weir.admin}")
        done = reload(f"app.test:{port}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(weir.log(), r"reload: cluster origins: app\.test does not resolve .*; what it last stood for stays")
        self.assertEqual(self.served(weir), {ONE, TWO})
        done = reload(f"app.test:{port}", "new.test:80")
        self.assertEqual(done.returncode, 1)
        self.assertIn("endpoint new.test:80 does not resolve", done.stderr)
        self.assertEqual(self.served(weir), {ONE, TWO})

    def test_a_drained_address_stays_drained(self):
        *_, port = self.origins_at(ONE, TWO, THREE)
        self.names.hosts("app.test", ONE, TWO)
        weir = self.weir_of(f"app.test:{port}")
        done = command("drain", f"origins/{TWO}:{port}", "--admin", f"unix:{weir.admin}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.names.hosts("app.test", TWO, THREE)
        self.wait_for_endpoints(weir, f"{TWO}:{port}", f"{THREE}:{port}")
        self.assertEqual(self.served(weir), {THREE})
        self.assertEqual(self.endpoints(weir)[f"{TWO}:{port}"]["state"], "draining")

    def test_new_addresses_are_checked_and_asked_by_their_name(self):
        hosts = []

        def script(connection):
            while (request := connection.request()) is not None:
                hosts.append(request.get("Host"))
                connection.send(named(ONE))
        origin = self.stage.origin(script)
        port = int(origin.address.rpartition(":")[2])
        self.names.hosts("app.test", ONE)
        weir = self.weir_of(f"app.test:{port}", cluster={"health_check": {"path": "/", "interval": "100ms"}})
        self.assertIn(f"app.test:{port}", hosts)
        self.names.hosts("app.test", ONE, TWO)
        wait_for(lambda: self.endpoints(weir).get(f"{TWO}:{port}", {}).get("health") == "unhealthy",
                 "the new address is found dead")
        self.assertEqual(self.served(weir), {ONE})

    def test_a_services_records_give_hosts_ports_and_weights(self):
        *_, port = self.origins_at(ONE, TWO)
        *_, other = self.origins_at(THREE)
        self.names.hosts("a.test", ONE)
        self.names.hosts("b.test", TWO)
        self.names.hosts("c.test", THREE)
        service = "_http._tcp.app.test"
        self.names.service(service, (0, 3, port, "a.test"), (0, 1, port, "b.test"), (10, 1, other, "c.test"))
        weir = self.weir_of({"service": service}, cluster={"balance": "weighted_round_robin"})
        found = {name: (each["weight"], each["backup"], each["from"]) for name, each in self.endpoints(weir).items()}
        self.assertEqual(found, {f"{ONE}:{port}": (3, False, service), f"{TWO}:{port}": (1, False, service),
                                 f"{THREE}:{other}": (1, True, service)})
        self.assertEqual(self.served(weir), {ONE, TWO})
        self.names.service(service, (10, 1, other, "c.test"))
        self.wait_for_endpoints(weir, f"{THREE}:{other}")
        self.assertEqual(self.served(weir), {THREE})
        self.assertGreater(self.names.asked(service, SRV), 1)

    def test_many_addresses_come_over_tcp(self):
        *_, port = self.origins_at(ONE)
        addresses = [f"127.0.1.{number}" for number in range(1, 101)]
        self.names.hosts("many.test", *addresses)
        weir = self.weir_of(f"many.test:{port}")
        self.assertEqual(set(self.endpoints(weir)), {f"{address}:{port}" for address in addresses})
        self.assertGreater(self.names.tcp_questions, 0)
        wait_for(lambda: metric(weir, "weir_dns_resolutions_total", result="success"), "asked again")
        self.assertEqual(len(self.endpoints(weir)), 100)

    def test_copies_go_to_what_a_name_stands_for_now(self):
        primary = self.stage.origin(answering(named("primary")))
        *shadows, port = self.origins_at(ONE, TWO)
        self.names.hosts("shadow.test", ONE)
        weir = self.stage.weir(self.settings(
            [primary.address], route={"mirror": [{"cluster": "shadow", "percent": 100}]},
        ) | {"clusters": {"origins": {"endpoints": [primary.address]}, "shadow": {"endpoints": [f"shadow.test:{port}"]}}})
        self.served(weir, 5)
        wait_for(lambda: shadows[0].received(), "a copy at the first address")
        self.names.hosts("shadow.test", TWO)
        wait_for(lambda: weir.admin_json("/v1/clusters")[1]["endpoints"][0]["endpoint"] == f"{TWO}:{port}", "the change")
        self.served(weir, 5)
        wait_for(lambda: shadows[1].received(), "a copy at the second address")

    def test_stopping_and_reloading_with_questions_under_way(self):
        """Loops abort when something is left open: then the exit code is not 0."""
        *_, port = self.origins_at(ONE)
        self.names.hosts("app.test", ONE)
        self.names.hosts("other.test", ONE)
        weir = self.weir_of(f"app.test:{port}", f"other.test:{port}", workers=2)
        self.names.failure = "silent"
        asked = self.names.asked("app.test") + self.names.asked("other.test")
        wait_for(lambda: self.names.asked("app.test") + self.names.asked("other.test") >= asked + 2, "questions")
        whole = json.loads(pathlib.Path(weir.config_path).read_text(encoding="utf-8"))
        whole["clusters"]["origins"]["endpoints"] = [f"app.test:{port}"]
        whole["resolver"]["timeout"] = "1500ms"
        pathlib.Path(weir.config_path).write_text(json.dumps(whole), encoding="utf-8")
        self.assertEqual(command("reload", "--admin", f"unix:{weir.admin}").returncode, 0)
        asked = self.names.asked("app.test")
        wait_for(lambda: self.names.asked("app.test") > asked, "a question of the new resolver")
        weir.child.signal(signal.SIGTERM)
        self.assertEqual(weir.child.wait(), 0, weir.log())

    def test_an_upgrade_goes_on_with_the_names(self):
        *_, port = self.origins_at(ONE, TWO)
        self.names.hosts("app.test", ONE)
        weir = Generations(self.stage.path("weir"), self.settings([f"app.test:{port}"]))
        self.stage.callback(weir.close)
        first = weir.pids[0]
        weir.signal_upgrade()
        self.names.hosts("app.test", TWO)
        self.wait_for_endpoints(weir, f"{TWO}:{port}")
        self.assertEqual(self.served(weir), {TWO})
        weir.wait_for_end(first)
        self.assertEqual(weir.child.exit_code, 0)


if __name__ == "__main__":
    main()
