#!/usr/bin/env python3
"""gRPC through Weir, with grpcio at both ends: every kind of call, what calls say beside their messages, how they fail
and are cancelled, Weir's own answers, servers that come and go, releases, and streams that are silent for long."""

import json
import os
import pathlib
import queue
import signal
import threading
import time
import unittest

import yaml

from support.authority import Authority
from support.case import IntegrationTest, main
from support.children import free_port
from support.generations import Generations
from support.grpc_peers import Caller, GrpcOrigin, fields, grpc
from support.metrics import metric, wait_for_metric
from support.splits import split_config
from support.waiting import PATIENCE, wait_for
from support.weir import ROOT, config

HTTP2 = {"protocol": "http2"}


def setUpModule():
    if grpc is None:
        raise unittest.SkipTest("no python3-grpcio")


class GrpcTest(IntegrationTest):
    def server(self, name="one", tls=()):
        return self.stage.keep(GrpcOrigin(self.stage.path("grpc"), name, tls))

    def caller(self, weir, **options):
        return self.stage.keep(Caller(weir.address, **options))

    def weir_with(self, *servers, cluster=None, **options):
        return self.stage.weir_before(*servers, cluster={**HTTP2, **(cluster or {})}, **options)

    def assert_code(self, error, code):
        self.assertEqual(error.code(), getattr(grpc.StatusCode, code), error.details())


class Calls(GrpcTest):
    def setUp(self):
        super().setUp()
        self.origin = self.server()
        self.weir = self.weir_with(self.origin)
        self.call = self.caller(self.weir)

    def test_a_unary_call_with_all_it_says(self):
        binary = bytes(range(256))
        sent = (("x-user", "ann"), ("x-trace-bin", binary), ("x-twice", "1"), ("x-twice", "2"))
        answer, call = self.call.unary("unary").with_call(b"hello", metadata=sent, timeout=PATIENCE)
        self.assertEqual(answer, b"hello")
        for said in call.initial_metadata(), call.trailing_metadata():
            said = [(key, value) for key, value in said if key.startswith("x-")]
            for field in sent:
                self.assertIn(field, said)
        self.assertEqual(fields(call.initial_metadata())["x-origin"], "one")
        self.assertEqual(fields(call.trailing_metadata())["x-behind-bin"], binary)
        line, = self.weir.logged(1)
        self.assertEqual((line["protocol"], line["status"], line["grpc_status"], line["path"]),
                         ("HTTP/2.0", 200, 0, "/test.Echo/unary"))
        wait_for_metric(self.weir, 1, "weir_grpc_responses_total", route="everything", cluster="origins", grpc_status="0")

    def test_a_server_streams(self):
        messages = list(self.call.streaming("stream")(b"200 4000", timeout=PATIENCE))
        self.assertEqual([int.from_bytes(message[:4], "big") for message in messages], list(range(200)))
        self.assertEqual({len(message) for message in messages}, {4000})

    def test_messages_come_when_they_are_sent(self):
        for number, message in enumerate(self.call.streaming("turns")(b"4", timeout=PATIENCE)):
            self.assertEqual(message, b"%d" % number)
            self.call.unary("hear")(b"", timeout=PATIENCE)  # or the server says nothing more
        self.assertEqual(number, 3)

    def test_a_client_streams(self):
        answer = self.call.collecting("collect")((b"x" * 5000 for _ in range(300)), timeout=PATIENCE)
        self.assertEqual(answer, b"300 1500000")

    def test_both_talk_in_turns(self):
        said = queue.Queue()
        heard = self.call.talking("echo")(iter(said.get, None), timeout=PATIENCE)
        for number in range(50):  # each is answered before the next is said
            said.put(b"%d" % number)
            self.assertEqual(next(heard), b"%d" % number)
        said.put(None)
        self.assertEqual(list(heard), [])
        self.assert_code(heard, "OK")

    def test_large_messages_pass_both_ways(self):
        for size in 4_000_000, 20_000_000:
            message = os.urandom(1000) * (size // 1000)
            self.assertEqual(self.call("unary", message, 60), message)
        self.assertEqual(metric(self.weir, "weir_http2_abuse_total"), 0)

    def test_a_hundred_calls_at_once_share_connections(self):
        calls = [self.call.unary("slow").future(b"300", timeout=PATIENCE) for _ in range(100)]
        self.assertEqual({each.result() for each in calls}, {b"one"})
        self.assertLessEqual(metric(self.weir, "weir_upstream_connections", cluster="origins"), 5)
        wait_for_metric(self.weir, 100, "weir_grpc_responses_total", grpc_status="0")
        self.call.close()
        self.assert_quiet(self.weir)

    def test_failures_arrive_as_they_are(self):
        for code, message in (5, "no such thing"), (9, "100% sure: é\n"), (16, ""), (13, "x" * 1000):
            error = self.call.failure("fail", f"{code}:{message}".encode())
            self.assertEqual(error.code().value[0], code)
            self.assertEqual(error.details(), message)
            self.assertEqual(fields(error.trailing_metadata())["x-why-bin"], b"\x00\xff")
        self.assertEqual([line["grpc_status"] for line in self.weir.logged(4)], [5, 9, 16, 13])
        self.assertEqual({line["status"] for line in self.weir.logged(4)}, {200})

    def test_an_unknown_method_is_the_servers_to_refuse(self):
        self.assert_code(self.call.failure("/test.Other/None"), "UNIMPLEMENTED")
        self.assertNotIn("reason", self.weir.logged(1)[0])

    def test_deadlines_are_told_and_kept(self):
        self.assertLess(float(self.call("remaining", timeout=7)), 7.01)
        self.assert_code(self.call.failure("hang", timeout=1), "DEADLINE_EXCEEDED")
        self.wait_for_count("cancelled", 1)

    def test_a_cancelled_call_is_cancelled_at_the_server(self):
        call = self.call.unary("hang").future(b"")
        self.wait_for_count("hanging", 1)
        call.cancel()
        self.wait_for_count("cancelled", 1)
        self.assertEqual(self.call("unary", b"again"), b"again")
        def reasons():
            return [line["reason"] for line in self.weir.logged(1) if "reason" in line]
        self.assertEqual(wait_for(reasons, "it is logged"), ["client_gone"])
        wait_for_metric(self.weir, 1, "weir_grpc_responses_total", grpc_status="none")

    def wait_for_count(self, what, number):
        wait_for(lambda: int(self.call("tell_count", what.encode())) == number, f"the server counts {what}", every=0.1)

    def test_pings_of_patient_clients_are_no_flood(self):
        call = self.caller(self.weir, keepalive_time_ms=100, keepalive_timeout_ms=5000,
                           keepalive_permit_without_calls=1, **{"http2.max_pings_without_data": 0})
        said = queue.Queue()
        heard = call.talking("echo")(iter(said.get, None), timeout=PATIENCE)
        for _ in range(2):
            said.put(b"x")
            self.assertEqual(next(heard), b"x")
            time.sleep(2)
        said.put(None)
        self.assertEqual(list(heard), [])
        self.assertEqual(metric(self.weir, "weir_http2_abuse_total"), 0)

    def test_downloads_at_full_speed_are_no_flood(self):
        for _ in range(3):
            size = sum(map(len, self.call.streaming("stream")(b"300 200000", timeout=60)))
            self.assertEqual(size, 300 * 200000)
        self.assertEqual(metric(self.weir, "weir_http2_abuse_total"), 0)


class TheSample(GrpcTest):
    def test_it_serves_as_the_documents_say(self):
        servers = [self.server(name) for name in ("one", "two")]
        sample = yaml.safe_load((ROOT / "conf/grpc.yaml").read_text(encoding="utf-8"))
        del sample["admin"]
        sample["listeners"]["calls"]["address"] = "127.0.0.1:0"
        sample["clusters"]["servers"]["endpoints"] = [server.address for server in servers]
        call = self.caller(self.stage.weir(sample))
        self.assertEqual(sorted(call("name") for _ in range(4)), [b"one", b"one", b"two", b"two"])
        self.assertEqual(len(list(call.streaming("stream")(b"3 8", timeout=PATIENCE))), 3)


class OverTls(GrpcTest):
    def test_both_ends_are_encrypted(self):
        authority = Authority(self.stage.path("authority"))
        outside = authority.issue("outside", "IP:127.0.0.1")
        inside = authority.issue("inside", "IP:127.0.0.1")
        weir = self.weir_with(self.server("sealed", inside), cluster={"tls": {"ca": authority.ca}}, listener={
            "tls": {"certificates": [{"cert": outside[0], "key": outside[1]}]}})
        call = self.caller(weir, root_certificate=authority.ca)
        self.assertEqual(call("name"), b"sealed")
        message = os.urandom(4_000_000)
        self.assertEqual(call("unary", message, 60), message)
        line = weir.logged(2)[0]
        self.assertEqual((line["tls"], line["grpc_status"]), (True, 0))


class OwnAnswers(GrpcTest):
    def test_no_endpoint_is_unavailable(self):
        weir = self.stage.weir(config([f"127.0.0.1:{free_port()}"], cluster=HTTP2))
        error = self.caller(weir).failure("unary")
        self.assert_code(error, "UNAVAILABLE")
        self.assertEqual(error.details(), "502 Bad Gateway: the endpoint refused the connection")
        self.assertIn("error=connection_refused", fields(error.trailing_metadata())["proxy-status"])
        line, = weir.logged(1)
        self.assertEqual((line["status"], line["grpc_status"], line["reason"]), (502, 14, "connect_refused"))
        wait_for_metric(weir, 1, "weir_grpc_responses_total", grpc_status="14")
        wait_for_metric(weir, 1, "weir_requests_total", code_class="5xx")

    def test_no_route_is_unimplemented(self):
        weir = self.weir_with(self.server(), route={"match": {"path_prefix": "/test.Shop/"}})
        error = self.caller(weir).failure("unary")
        self.assert_code(error, "UNIMPLEMENTED")
        self.assertEqual(error.details(), "404 Not Found: no route matches")

    def test_a_rate_limit_exhausts(self):
        weir = self.weir_with(self.server(), route={"rate_limit": {"requests": 1, "per": "1m"}})
        call = self.caller(weir)
        self.assertEqual(call("name"), b"one")
        error = call.failure("name")
        self.assert_code(error, "RESOURCE_EXHAUSTED")
        self.assertIn("retry-after", fields(error.trailing_metadata()))

    def test_a_slow_server_exceeds_weirs_deadline(self):
        weir = self.weir_with(self.server(), route={"timeouts": {"response_head": "300ms"}})
        error = self.caller(weir).failure("slow", b"5000")
        self.assert_code(error, "DEADLINE_EXCEEDED")
        self.assertEqual(weir.logged(1)[0]["reason"], "response_timeout")

    def test_a_fixed_answer_is_understood(self):
        made = config([f"127.0.0.1:{free_port()}"])
        made["routes"] = [{"name": "closed", "respond": {"status": 503, "body": "back at noon\n"}}]
        weir = self.stage.weir(made)
        error = self.caller(weir).failure("unary")
        self.assert_code(error, "UNAVAILABLE")
        self.assertEqual(error.details(), "back at noon")
        self.assertNotIn(b"weir_grpc", weir.admin_get("/metrics").body, "a route that leads to no gRPC has no such series")


class Load:
    """Threads that call until they are told to stop; what failed is kept."""

    def __init__(self, call, threads=4):
        self.failures, self.answers = [], 0
        self._call, self._over, self._lock = call, threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _run(self):
        while not self._over.is_set():
            try:
                self._call("slow", b"5")
            except grpc.RpcError as error:
                with self._lock:
                    self.failures.append(f"{error.code()} {error.details()}")
            else:
                with self._lock:
                    self.answers += 1

    def wait_for_more(self, number):
        wanted = self.answers + number
        wait_for(lambda: self.answers >= wanted, f"{number} more answers")


class Restarts(GrpcTest):
    def setUp(self):
        super().setUp()
        self.one, self.two = self.server("one"), self.server("two")
        self.weir = self.weir_with(self.one, self.two)
        self.call = self.caller(self.weir)

    def test_servers_that_stop_politely_lose_no_call(self):
        with Load(self.call) as load:
            for server in self.one, self.two, self.one:
                load.wait_for_more(100)
                server.stop()
                server.child.wait()
                load.wait_for_more(100)
                server.start()
            load.wait_for_more(100)
        # A grpcio that stops cancels by itself what comes in its last moment. What Weir answers has a reason.
        of_grpcio = {"StatusCode.CANCELLED CANCELLED", "StatusCode.UNAVAILABLE Cancelling all calls"}
        self.assertEqual(set(load.failures) - of_grpcio, set())
        lines = self.weir.logged(load.answers + len(load.failures))
        self.assertEqual([line for line in lines if "reason" in line], [])

    def test_a_killed_server_loses_what_it_had_and_no_more(self):
        with Load(self.call, threads=8) as load:
            load.wait_for_more(100)
            self.one.kill()
            load.wait_for_more(200)
            lost = len(load.failures)
            load.wait_for_more(100)
            self.assertEqual(len(load.failures), lost)
        # Calls are POSTs: those that had been sent are not sent again.
        self.assertLessEqual(lost, 8, load.failures)
        self.assertEqual({failure.partition(" ")[0] for failure in load.failures} - {"StatusCode.UNAVAILABLE"}, set())

    def test_a_call_that_could_not_be_sent_goes_elsewhere(self):
        self.one.kill()
        self.assertEqual({self.call("name") for _ in range(6)}, {b"two"})

    def test_a_client_that_waits_for_ready_waits_for_weir(self):
        port = free_port()
        call = self.stage.keep(Caller(("127.0.0.1", port), initial_reconnect_backoff_ms=100, max_reconnect_backoff_ms=200))
        answer = call.unary("name").future(b"", wait_for_ready=True, timeout=PATIENCE)
        self.assertFalse(answer.done())
        self.weir_with(self.one, listener={"address": f"127.0.0.1:{port}"})
        self.assertEqual(answer.result(), b"one")


class WeirItself(GrpcTest):
    def test_an_upgrade_loses_no_call(self):
        weir = Generations(self.stage.path("weir"), config([self.server().address], cluster=HTTP2))
        self.stage.keep(weir)
        with Load(self.caller(weir)) as load:
            for _ in range(2):
                load.wait_for_more(100)
                before = weir.pids[-1]
                weir.signal_upgrade()
                weir.wait_for_end(before)
            load.wait_for_more(100)
        self.assertEqual(load.failures, [])

    def test_a_reload_keeps_what_is_being_said(self):
        weir = self.weir_with(self.server())
        said = queue.Queue()
        heard = self.caller(weir).talking("echo")(iter(said.get, None), timeout=PATIENCE)
        for number in range(3):
            said.put(b"%d" % number)
            self.assertEqual(next(heard), b"%d" % number)
            settings = json.loads(pathlib.Path(weir.config_path).read_text(encoding="utf-8"))
            settings["routes"][0]["name"] = f"another-{number}"
            pathlib.Path(weir.config_path).write_text(json.dumps(settings), encoding="utf-8")
            weir.child.signal(signal.SIGHUP)
            wait_for_metric(weir, number + 2, "weir_config_generation")
        said.put(None)
        self.assertEqual(list(heard), [])


class Releases(GrpcTest):
    def test_users_are_divided_and_stay(self):
        stable, canary = self.server("stable"), self.server("canary")
        weir = self.stage.weir(split_config(
            stable.address, canary.address, (50, 50), split={"key": [{"header": "x-user"}]},
            clusters={"shop-v1": HTTP2, "shop-v2": HTTP2}))
        call = self.caller(weir)
        answers = [{user: call("name", metadata=(("x-user", str(user)),)) for user in range(40)} for _ in range(2)]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(set(answers[0].values()), {b"stable", b"canary"})
        for variant, name in ("stable", b"stable"), ("canary", b"canary"):
            wait_for_metric(weir, 2 * list(answers[0].values()).count(name), "weir_grpc_responses_total",
                            variant=variant, grpc_status="0")

    def test_a_dead_canary_is_not_an_outage(self):
        stable = self.server("stable")
        weir = self.stage.weir(split_config(
            stable.address, f"127.0.0.1:{free_port()}", (0, 100), split={"key": [{"header": "x-user"}]},
            clusters={"shop-v1": HTTP2, "shop-v2": HTTP2}))
        call = self.caller(weir)
        self.assertEqual({call("name", metadata=(("x-user", str(user)),)) for user in range(10)}, {b"stable"})

    def test_calls_are_mirrored(self):
        primary, shadow = self.server("primary"), self.server("shadow")
        made = config([primary.address], cluster=HTTP2,
                      route={"mirror": [{"cluster": "shadow", "percent": 100, "methods": ["POST"]}]})
        made["clusters"]["shadow"] = {"endpoints": [shadow.address], **HTTP2}
        weir = self.stage.weir(made)
        call = self.caller(weir)
        for _ in range(20):
            self.assertEqual(call("name"), b"primary")
        wait_for_metric(weir, 20, "weir_mirror_requests_total", outcome="2xx")
        direct = self.stage.keep(Caller(shadow.address))
        self.assertEqual(direct("tell_count", b"calls"), b"20")


class LongStreams(GrpcTest):
    def talk(self, **timeouts):
        self.weir = self.weir_with(self.server(), route={"timeouts": {"response_idle": "200ms", "response_head": "200ms",
                                                                      **timeouts}},
                                   listener={"timeouts": {"body_idle": "200ms"}, "limits": {"min_body_rate": 1000000}})
        self.said = queue.Queue()
        self.heard = self.caller(self.weir).talking("echo")(iter(self.said.get, None), timeout=PATIENCE)
        return self.heard

    def test_neither_side_has_to_talk(self):
        heard = self.talk()
        for number in range(3):
            time.sleep(0.7)
            self.said.put(b"%d" % number)
            self.assertEqual(next(heard), b"%d" % number)
        time.sleep(0.7)
        self.said.put(None)
        self.assertEqual(list(heard), [])

    def test_but_not_for_ever(self):
        heard = self.talk(stream_idle="1500ms")
        for _ in range(6):  # each of which is news
            self.said.put(b"x")
            self.assertEqual(next(heard), b"x")
            time.sleep(0.3)
        with self.assertRaises(grpc.RpcError):
            next(heard)
        self.assertEqual(self.weir.logged(1)[0]["reason"], "stream_idle")

    def test_nor_before_the_first_answer(self):
        weir = self.weir_with(self.server(), route={"timeouts": {"stream_idle": "600ms"}})
        said = queue.Queue()
        said.put(b"one")
        heard = self.caller(weir).collecting("collect").future(iter(said.get, None), timeout=PATIENCE)
        error = wait_for(heard.exception, "the call has ended")
        self.assert_code(error, "DEADLINE_EXCEEDED")
        self.assertEqual(error.details(), "504 Gateway Timeout: nothing passed through the call for too long")


if __name__ == "__main__":
    main()
