#!/usr/bin/env python3
"""Endpoints that are dead, ill, silent or moody, with and without health checks: who gets requests, who does not, what
is said about it, and that no GET fails meanwhile."""

import re
import signal
import threading

from support.case import IntegrationTest, main
from support.children import free_port
from support.clients import Load
from support.metrics import metric, wait_for_metric
from support.origins import OK
from support.waiting import Stopwatch, wait_for
from support.weir import command, config, sanitized

FAST = {"path": "/healthz", "interval": "100ms", "unhealthy_interval": "100ms", "timeout": "1s"}
ERROR = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
LOOP = b"HTTP/1.1 302 Found\r\nLocation: /healthz\r\nContent-Length: 0\r\n\r\n"


class Patient:
    """An origin whose health is what the test says: bytes to answer, or None for silence. `served` counts requests that
    are no checks."""

    def __init__(self, stage, health=OK, answer=OK):
        self.health, self.answer = health, answer
        self.served = self.checks = 0
        self.over = threading.Event()
        stage.callback(self.over.set)
        self.origin = stage.origin(self._script)
        self.address = self.origin.address

    def _script(self, connection):
        while (request := connection.request()) is not None:
            if request.target == "/healthz":
                self.checks += 1
                if self.health is None:
                    self.over.wait(60)
                    return
                connection.send(self.health)
            else:
                self.served += 1
                if self.answer is None:
                    connection.reset()
                    return
                connection.send(self.answer)


def state(weir, origin):
    endpoints = weir.admin_json("/v1/clusters")[0]["endpoints"]
    return next(each for each in endpoints if each["endpoint"] == origin.address)


class OneOfThreeIsKilled(IntegrationTest):
    def kill_under_load(self, out, **cluster):
        origins = [self.stage.nginx(name) for name in ("one", "two", "three")]
        weir = self.stage.weir_before(*origins, cluster=cluster, workers=2)
        with Load(weir.address, threads=8) as load:
            wait_for(lambda: load.answered > 300, "requests are answered")
            origins[1].child.kill()
            wait_for(lambda: out(state(weir, origins[1])) or load.failures, "the dead one is out")
            at_end = load.answered
            wait_for(lambda: load.answered > at_end + 1000 or load.failures, "requests go on", 60)
        self.assertEqual(load.failures, [])
        self.assert_quiet(weir)
        return weir

    def test_no_get_fails_without_checks(self):
        weir = self.kill_under_load(lambda endpoint: endpoint["ejected"])
        wait_for(lambda: "5 failures in a row, last: the endpoint" in weir.log(), "the log says so")
        wait_for_metric(weir, 1, "weir_endpoint_ejections_total")
        wait_for_metric(weir, 2, "weir_endpoint_up")

    def test_no_get_fails_with_checks(self):
        weir = self.kill_under_load(lambda endpoint: endpoint["health"] == "unhealthy",
                                    health_check={**FAST, "path": "/"}, outlier="off")
        wait_for(lambda: "unhealthy: 3 checks failed, last: the endpoint" in weir.log(), "the log says so")
        wait_for_metric(weir, 2, "weir_endpoint_healthy")


class IllFromTheStart(IntegrationTest):
    """What the first check finds decides before the first request is served."""

    def ill_and_well(self, cause, health, **check):
        ill, well = Patient(self.stage, health=health), Patient(self.stage)
        weir = self.stage.weir_before(ill, well, cluster={"health_check": {**FAST, **check}})
        with weir.client() as client:
            for _ in range(20):
                self.assertEqual(client.request().status, 200)
        self.assertEqual((ill.served, well.served), (0, 20))
        said = f"endpoint {ill.address}: unhealthy: 1 check failed, last: {cause}"
        wait_for(lambda: said in weir.log(), "the log says so")  # a check may take as long as the start waits for it
        self.assertTrue(state(weir, ill)["last_check"]["cause"].startswith(cause))
        return ill, weir

    def test_an_error_status(self):
        self.ill_and_well("status 500, expected 200-399", ERROR)

    def test_a_redirect_for_ever_is_a_status(self):
        self.ill_and_well("status 302, expected 200-299", LOOP, expect=["200-299"])
        fine = Patient(self.stage, health=LOOP)
        weir = self.stage.weir_before(fine, cluster={"health_check": FAST})
        self.assertEqual(state(weir, fine)["health"], "healthy")

    def test_the_wrong_body(self):
        self.ill_and_well("status 200, but not the body", OK.replace(b"ok", b"no"), body={"contains": "ok"})

    def test_silence(self):
        ill, well = Patient(self.stage, health=None), Patient(self.stage)
        watch = Stopwatch()
        weir = self.stage.weir_before(ill, well, cluster={"health_check": {**FAST, "timeout": "30s", "grace": "30s"}})
        with weir.client() as client:
            for _ in range(10):
                self.assertEqual(client.request().status, 200)
        self.assertLess(watch.seconds, 20, "it waits for the check, 30s")
        self.assertEqual(ill.served, 0)
        self.assertEqual(state(weir, ill)["health"], "unknown")

    def test_silence_times_out(self):
        ill, weir = self.ill_and_well("no answer within 1000 ms", None)
        self.assertEqual(state(weir, ill)["last_check"]["result"], "timeout")

    def test_who_is_mended_serves_again(self):
        ill, weir = self.ill_and_well("status 500", ERROR)
        ill.health = OK
        wait_for(lambda: state(weir, ill)["health"] == "healthy", "it is healthy")
        wait_for(lambda: f"endpoint {ill.address}: healthy: 2 checks succeeded" in weir.log(), "the log says so")
        with weir.client() as client:
            for _ in range(10):
                self.assertEqual(client.request().status, 200)
        self.assertGreater(ill.served, 0)


class Start(IntegrationTest):
    def test_good_endpoints_serve_at_once(self):
        made = [Patient(self.stage) for _ in range(3)]
        weir = self.stage.weir_before(*made, cluster={"health_check": {**FAST, "interval": "10s"}})
        with weir.client() as client:
            for _ in range(9):
                self.assertEqual(client.request().status, 200)
        self.assertEqual([each.served for each in made], [3, 3, 3])
        self.assertEqual([each.checks for each in made], [1, 1, 1])

    def test_who_is_never_checked_serves_no_longer_than_its_grace(self):
        only = Patient(self.stage, health=None)
        weir = self.stage.weir_before(
            only, cluster={"health_check": {**FAST, "timeout": "30s", "grace": "2500ms"}})
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
            wait_for(lambda: not state(weir, only)["takes_requests"], "the grace is over")
            self.assert_own_answer(client.request(), 503)
        wait_for(lambda: "no check has ended within 2500 ms" in weir.log(), "the log says so")

    def test_a_stop_while_waiting_for_first_checks_is_heard(self):
        only = Patient(self.stage, health=None)
        settings = config([only.address], cluster={"health_check": {**FAST, "timeout": "30s"}})
        weir = self.stage.weir(settings, ready=False)
        wait_for(lambda: weir.readiness() == 503, "it waits for the first check")
        weir.child.end()
        self.assertEqual(weir.child.exit_code, 0)


class Reload(IntegrationTest):
    def settings(self, *origins, **cluster):
        return config([each.address for each in origins], cluster={"health_check": FAST, **cluster}, watch=False)

    def weir(self, *origins, **cluster):
        return self.stage.weir(self.settings(*origins, **cluster))

    def reload(self, weir):
        self.assertEqual(command("reload", "--admin", f"unix:{weir.admin}").returncode, 0)

    def test_what_is_known_of_endpoints_stays(self):
        ill, well = Patient(self.stage, health=ERROR), Patient(self.stage)
        weir = self.weir(ill, well)
        checks = state(weir, ill)["last_check"]["at"]
        weir.write(self.settings(ill, well, balance="random"))
        self.reload(weir)
        self.assertEqual(state(weir, ill)["health"], "unhealthy")
        self.assertGreaterEqual(state(weir, ill)["last_check"]["at"], checks)
        with weir.client() as client:
            self.assertEqual([client.request().status for _ in range(20)], [200] * 20)
        self.assertEqual(ill.served, 0)
        self.assertEqual(weir.log().count("unhealthy:"), 1)

    def test_a_new_endpoint_serves_when_it_has_shown_that_it_can(self):
        well, ill = Patient(self.stage), Patient(self.stage, health=None, answer=ERROR)
        weir = self.weir(well)
        with Load(weir.address, threads=4) as load:
            wait_for(lambda: load.answered > 100, "requests are answered")
            weir.write(self.settings(well, ill))
            self.reload(weir)
            at_reload = load.answered
            wait_for(lambda: load.answered > at_reload + 300 or load.failures, "requests go on")
        self.assertEqual(load.failures, [])
        self.assertEqual(ill.served, 0)

    def test_checks_can_be_taken_off(self):
        ill = Patient(self.stage, health=ERROR)
        weir = self.weir(ill)
        with weir.client() as client:
            self.assert_own_answer(client.request(), 503)
            weir.write(config([ill.address], watch=False))
            self.reload(weir)
            self.assertEqual(client.request().status, 200)

    def test_a_signal_before_the_first_checks_are_in_is_not_lost(self):
        silent, other = Patient(self.stage, health=None), Patient(self.stage)
        settings = self.settings(silent, health_check={**FAST, "timeout": "30s"})
        weir = self.stage.weir(settings, ready=False)
        wait_for(lambda: weir.readiness() == 503, "it waits for the first check")
        weir.write(self.settings(other))
        weir.child.signal(signal.SIGHUP)
        wait_for(lambda: weir.admin_json("/v1/status")["config"]["generation"] == 2, "the file is taken up")
        wait_for(lambda: "reload (SIGHUP) applied" in weir.log(), "the log says so")
        self.assertLess(weir.log().index(" ready: "), weir.log().index("reload (SIGHUP) applied"))


class OncePerProcess(IntegrationTest):
    def test_workers_share_what_was_found(self):
        only = Patient(self.stage)
        weir = self.stage.weir_before(only, workers=4, cluster={"health_check": {**FAST, "interval": "200ms"}})
        watch = Stopwatch()
        wait_for(lambda: only.checks >= 10, "ten checks")
        self.assertGreater(watch.seconds, 1.2)
        self.assertGreaterEqual(metric(weir, "weir_health_checks_total"), 9)


class AllUnhealthy(IntegrationTest):
    def weir(self, **cluster):
        made = [Patient(self.stage, health=ERROR) for _ in range(2)]
        return made, self.stage.weir_before(*made, cluster={"health_check": FAST, **cluster})

    def test_fail_says_503_at_once(self):
        made, weir = self.weir()
        with weir.client() as client:
            watch = Stopwatch()
            for _ in range(10):
                self.assert_own_answer(client.request(), 503, "destination_unavailable")
            self.assertLess(watch.seconds, 6 if sanitized() else 2)
            made[0].health = OK
            wait_for(lambda: client.request().status == 200, "one is back")
        self.assertEqual(made[1].served, 0)

    def test_use_all_serves_with_all(self):
        made, weir = self.weir(when_all_unhealthy="use_all")
        with weir.client() as client:
            for _ in range(10):
                self.assertEqual(client.request().status, 200)
            self.assertEqual([each.served for each in made], [5, 5])
            made[0].health = OK
            wait_for(lambda: not state(weir, made[1])["takes_requests"], "the other no longer serves")
            before = made[1].served
            for _ in range(10):
                self.assertEqual(client.request().status, 200)
        self.assertEqual(made[1].served, before)


class Outliers(IntegrationTest):
    OUTLIER = {"consecutive_failures": 3, "ejection": "1s", "max_ejection": "4s"}

    def test_a_flapping_origin_is_left_out_for_longer_each_time(self):
        bad, good = Patient(self.stage, answer=None), Patient(self.stage)
        weir = self.stage.weir_before(bad, good, cluster={"outlier": self.OUTLIER})
        with Load(weir.address, threads=2) as load:
            times = wait_for(lambda: (found := re.findall(r"ejected for (\d+) s: 3 failures in a row", weir.log()))
                             if weir.log().count("ejected for") >= 3 else None, "three ejections", 30)
        self.assertEqual(load.failures, [])
        self.assertEqual(times[:3], ["1", "2", "4"])
        self.assertLessEqual(bad.served, 3 * 3 + 4)

    def test_health_checks_that_answer_do_not_hide_failing_traffic(self):
        bad, good = Patient(self.stage, answer=ERROR), Patient(self.stage)
        weir = self.stage.weir_before(bad, good, cluster={"health_check": FAST, "outlier": {"ejection": "60s"}})
        statuses = []
        with weir.client() as client:
            for _ in range(100):
                statuses.append(client.request().status)
        self.assertEqual(statuses.count(500), 5)
        self.assertEqual(state(weir, bad)["health"], "healthy")
        self.assertTrue(state(weir, bad)["ejected"])
        self.assertRegex(state(weir, bad)["ejected_until"], r"^\d{4}-.*Z$")

    def test_all_dead_and_one_back_is_found_at_once(self):
        path = self.stage.path("socket")
        settings = config([f"127.0.0.1:{free_port()}", f"unix:{path}"], cluster={"outlier": {"ejection": "60s"}})
        weir = self.stage.weir(settings)
        with weir.client() as client:
            for _ in range(20):
                self.assert_own_answer(client.request(), 502)
            self.stage.origin(unix_path=path)
            for _ in range(10):
                self.assertEqual(client.request().status, 200)

    def test_success_rates_are_compared(self):
        counter = iter(range(10**9))
        bad, good = Patient(self.stage), Patient(self.stage)

        def moody(connection):
            while connection.request() is not None:
                connection.send(ERROR if next(counter) % 2 else OK)
        bad.origin.script = moody
        weir = self.stage.weir_before(bad, good, cluster={"outlier": {
            "interval": "500ms", "success_rate": {"min_requests": 20, "below_percent": 20}}})
        with weir.client() as client:
            wait_for(lambda: client.request() and state(weir, bad)["ejected"], "it is ejected")
        wait_for(lambda: "ejected for" in weir.log(), "the log says so")
        self.assertRegex(weir.log(), r"ejected for 10 s: (4|5)\d % of its requests succeeded, 100 % of the others'")

    def test_slow_start_lets_requests_return_by_degrees(self):
        bad, good = Patient(self.stage, answer=None), Patient(self.stage)
        weir = self.stage.weir_before(bad, good, cluster={
            "outlier": {**self.OUTLIER, "ejection": "200ms"}, "slow_start": "30s"})
        with weir.client() as client:
            wait_for(lambda: client.request() and state(weir, bad)["ejected"], "it is ejected")
            bad.answer = OK
            wait_for(lambda: not state(weir, bad)["ejected"], "it is back")
            before = bad.served, good.served
            for _ in range(110):
                self.assertEqual(client.request().status, 200)
        share = (bad.served - before[0]) / 110
        self.assertLess(share, 0.3)
        self.assertGreater(share, 0.03)


class CircuitLimits(IntegrationTest):
    def test_requests_beyond_the_limit_are_refused_over_all_workers(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            while origin.take(connection) is not None:
                release.wait(60)
                connection.send(OK)
        origin = self.stage.origin(script)
        weir = self.stage.weir_before(origin, workers=3, cluster={"connections": {"max_requests": 4}})
        clients = [weir.client() for _ in range(4)]
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: len(origin.requests) == 4, "four are under way")
        for _ in range(10):
            with weir.client() as another:
                self.assert_own_answer(another.request(), 503)
        release.set()
        for client in clients:
            self.assertEqual(client.response().status, 200)
            client.close()
        with weir.client() as another:
            wait_for(lambda: another.request().status == 200, "there is room again")
        self.assert_quiet(weir)


if __name__ == "__main__":
    main()
