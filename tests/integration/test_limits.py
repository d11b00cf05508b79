#!/usr/bin/env python3
"""What is bounded stays bounded and says so: file descriptors, connections, content, waiting requests; and a few
thousand idle clients beside normal service."""

import resource
import socket
import threading

from support.case import IntegrationTest, main
from support.clients import RawClient, get, have, wrk
from support.metrics import metric, wait_for_metric
from support.waiting import Stopwatch, wait_for
from support.weir import config, sanitized

FEW_DESCRIPTORS = 64
IDLE_CLIENTS = 2000


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_DESCRIPTORS, FEW_DESCRIPTORS))


class OutOfDescriptors(IntegrationTest):
    def weir_with_few(self, **keys):
        self.origin = self.stage.origin()
        weir = self.stage.weir(config([self.origin.address], **keys), limits=few_descriptors)
        # One that comes and goes beforehand: the undefined-behaviour sanitizer looks at the first object of a class by a
        # pipe, and takes the object for broken when there is no descriptor for it.
        with weir.client() as passing:
            self.assertEqual(passing.request().status, 200)
        wait_for(lambda: weir.connections() == 0, "the first client is gone")
        return weir

    def test_idle_clients_make_room_for_those_that_wait(self):
        weir = self.weir_with_few()
        busy = weir.client()
        crowd = [weir.client() for _ in range(FEW_DESCRIPTORS * 2)]
        wait_for(lambda: "out of file descriptors" in weir.log(), "the log says so")
        begin, watch = weir.child.cpu_seconds(), Stopwatch()
        for _ in range(15):  # seldom idle for long, and never closed
            self.assertEqual(busy.request().status, 200)
            threading.Event().wait(0.1)
        share = (weir.child.cpu_seconds() - begin) / watch.seconds
        self.assertLess(share, 0.3, "accepting spins")
        self.assertLessEqual(weir.log().count("out of file descriptors"), watch.seconds * 2 + 3)
        with weir.client() as last:
            self.assertEqual(last.request().status, 200)
        self.assertEqual(crowd[0].reader.rest(), b"", "the one that was idle longest")
        for client in [busy, *crowd]:
            client.close()
        wait_for(lambda: weir.readiness() == 200, "the admin address answers again")
        self.assertGreater(metric(weir, "weir_accept_starvations_total"), 0)
        self.assertGreaterEqual(metric(weir, "weir_closed_idle_connections_total"), FEW_DESCRIPTORS)
        self.assertIsNone(weir.child.exit_code)

    def test_who_waits_in_vain_is_told(self):
        weir = self.weir_with_few(listener={"timeouts": {"head": "60s"}})
        crowd = [weir.client().send(b"GET / HT") for _ in range(FEW_DESCRIPTORS * 2)]
        wait_for(lambda: "out of file descriptors" in weir.log(), "the log says so")
        with weir.client() as late:
            watch = Stopwatch()
            refused = late.request()
            self.assert_own_answer(refused, 503, "connection_limit_reached")
            self.assertEqual((refused.get("Retry-After"), refused.get("Connection")), ("1", "close"))
            self.assertLess(watch.seconds, 5)
        self.assertIsNone(weir.child.exit_code)
        served = 0
        for client in crowd[:10]:  # who came in time is served
            client.send(b"TP/1.1\r\nHost: a\r\n\r\n")
            served += client.response().status in (200, 503)  # there may be no descriptor for the origin's side
        self.assertEqual(served, 10)
        for client in crowd:
            client.close()
        wait_for(lambda: weir.readiness() == 200, "the admin address answers again")
        self.assertGreater(metric(weir, "weir_refused_connections_total", reason="descriptors"), 0)
        self.assertEqual(get(weir.address).status, 200)


class ManyIdleClients(IntegrationTest):
    def test_thousands_of_idle_connections_beside_normal_service(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = IDLE_CLIENTS + 500
        if hard != resource.RLIM_INFINITY and hard < wanted:
            self.skipTest(f"only {hard} file descriptors are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        nginx = self.stage.nginx("one")
        weir = self.stage.weir_before(nginx)
        idle = []
        self.addCleanup(lambda: [client.close() for client in idle])
        for _ in range(IDLE_CLIENTS):
            idle.append(weir.client())
            self.assertEqual(idle[-1].request().status, 200)
        self.assertEqual(weir.connections(), IDLE_CLIENTS)
        if have("wrk"):
            requests, socket_errors, bad_answers = wrk(weir.url + "/", connections=20)
            self.assertGreater(requests, 100)
            self.assertEqual((socket_errors, bad_answers), (0, 0))
            wait_for(lambda: weir.connections() == IDLE_CLIENTS, "the idle ones alone are left")
        begin, watch = weir.child.cpu_seconds(), Stopwatch()
        threading.Event().wait(0.5)
        self.assertLess((weir.child.cpu_seconds() - begin) / watch.seconds, 0.3, "idle connections cost time")
        for client in idle[::100]:
            self.assertEqual(client.request().status, 200)
        for client in idle:
            client.close()
        wait_for(lambda: weir.connections() == 0, "the connections are gone")
        wait_for(lambda: weir.child.descriptors() < 100, "their descriptors are given back")


class FullBuffers(IntegrationTest):
    def test_requests_are_refused_and_newcomers_wait_until_there_is_room(self):
        weir = self.stage.weir_before(self.stage.node(), buffer_bytes="1MiB")
        early = weir.client()
        self.assertEqual(early.request("GET", "/bytes?size=10").status, 200)
        hoarders = [weir.client() for _ in range(6)]
        for client in hoarders:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send(b"GET /bytes?size=200000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: metric(weir, "weir_buffer_bytes") > 0.95 * 1024 * 1024, "the buffers fill")
        refused = early.request("GET", "/bytes?size=10")
        self.assert_own_answer(refused, 503, "proxy_internal_error")
        self.assertEqual((refused.get("Retry-After"), refused.get("Connection")), ("1", "close"))
        newcomer = weir.client().send(b"GET /bytes?size=10 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: metric(weir, "weir_memory_pauses_total") > 1, "accepting pauses")
        self.assertLess(metric(weir, "weir_buffer_bytes"), 6 * 400 * 1024)
        for client in hoarders:
            client.close()
        self.assertEqual(newcomer.response().status, 200)
        wait_for(lambda: metric(weir, "weir_buffer_bytes") == 0, "nothing is held any more")
        early.close()
        newcomer.close()


class LimitsOfTheFile(IntegrationTest):
    def test_connections_beyond_the_limit_are_closed_at_once(self):
        weir = self.stage.weir_before(self.stage.origin(), listener={"limits": {"connections": 3}})
        clients = [weir.client() for _ in range(3)]
        for client in clients:
            self.assertEqual(client.request().status, 200)
        with weir.client() as refused:
            self.assertTrue(refused.reader.at_end())
        clients[0].close()
        wait_for(lambda: weir.connections() == 2, "one is gone")
        self.assertEqual(get(weir.address).status, 200)
        for client in clients:
            client.close()

    def test_connections_of_one_address_beyond_its_limit_are_closed_at_once(self):
        limits = {"limits": {"connections_per_address": 3}}
        weir = self.stage.weir_before(self.stage.origin(), listener=limits, workers=2)
        clients = [weir.client() for _ in range(3)]
        for client in clients:
            self.assertEqual(client.request().status, 200)
        for _ in range(4):  # whichever worker accepts
            with weir.client() as refused:
                self.assertTrue(refused.reader.at_end())
        wait_for_metric(weir, 4, "weir_refused_connections_total", reason="address")
        self.assertEqual(metric(weir, "weir_refused_connections_total", reason="listener"), 0)
        with RawClient(weir.address, source="127.0.0.2") as other:
            self.assertEqual(other.request().status, 200)
        clients[0].close()
        wait_for(lambda: weir.connections() == 2, "two are gone")
        self.assertEqual(get(weir.address).status, 200)
        for client in clients:
            client.close()

    def test_connections_of_a_trusted_proxy_are_not_counted_by_address(self):
        listener = {"limits": {"connections_per_address": 1}, "trusted_proxies": ["127.0.0.0/8"]}
        weir = self.stage.weir_before(self.stage.origin(), listener=listener)
        clients = [weir.client() for _ in range(3)]
        for client in clients:
            self.assertEqual(client.request().status, 200)
            client.close()

    def test_content_beyond_the_limit_is_413(self):
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin, listener={"limits": {"body_bytes": 1000}})
        with weir.client() as client:
            self.assertEqual(client.request("POST", "/", body=b"x" * 1000).status, 200)
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
            self.assert_own_answer(client.response("POST"), 413)
        self.assertEqual(len(origin.requests), 1)
        with weir.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001)
            self.assert_own_answer(client.response("POST"), 413)
        self.assertEqual(len(origin.requests), 1)

    def test_heads_beyond_the_limit_are_431(self):
        weir = self.stage.weir_before(self.stage.origin(), listener={"limits": {"header_bytes": "1KiB", "headers": 5}})
        with weir.client() as client:
            self.assertEqual(client.request("GET", "/", [("X", "a" * 500)]).status, 200)
            self.assert_own_answer(client.request("GET", "/", [("X", "a" * 1100)]), 431)
        with weir.client() as client:
            self.assertEqual(client.request("GET", "/", [("X", "a")] * 4).status, 200)
            self.assert_own_answer(client.request("GET", "/", [("X", "a")] * 5), 431)

    def test_requests_beyond_the_queue_are_503_at_once(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            while origin.take(connection) is not None:
                release.wait(60)
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        origin = self.stage.origin(script)
        weir = self.stage.weir_before(origin, cluster={"connections": {"max": 1, "max_pending": 1}})
        clients = [weir.client() for _ in range(3)]
        clients[0].send(b"GET /0 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: origin.requests, "the first is at the origin")
        clients[1].send(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: weir.admin_json("/v1/clusters")[0]["waiting"] == 1, "the second waits")
        watch = Stopwatch()
        refused = clients[2].request("GET", "/2")
        self.assert_own_answer(refused, 503, "connection_limit_reached")
        self.assertRegex(refused.get("Retry-After"), r"^\d+$")
        self.assertLess(watch.seconds, 3 if sanitized() else 1)
        release.set()
        self.assertEqual([client.response().status for client in clients[:2]], [200, 200])
        self.assertEqual(len(origin.connections), 1)
        for client in clients:
            client.close()

    def test_a_connection_ends_in_good_order_after_its_requests(self):
        weir = self.stage.weir_before(self.stage.origin(), listener={"requests_per_connection": 20})
        with weir.client() as client:
            served = 0
            while True:
                response = client.request()
                self.assertEqual(response.status, 200)
                served += 1
                if response.get("Connection") == "close":
                    break
                self.assertLess(served, 30)
            self.assertTrue(client.reader.at_end())
        self.assertTrue(17 <= served <= 23, served)


if __name__ == "__main__":
    main()
