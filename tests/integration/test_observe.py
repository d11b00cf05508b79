#!/usr/bin/env python3
"""What the proxy tells of itself: access log lines for every kind of end, metrics that count what was done, the admin
API's documents, and whom that API refuses (docs/observability.md)."""

import json
import re

from support.case import IntegrationTest, main
from support.children import free_port
from support.http1 import Truncated
from support.metrics import parse_metrics, value
from support.waiting import wait_for
from support.weir import config

ALWAYS = {"time": str, "id": str, "client": str, "listener": str, "method": str, "host": str, "path": str,
          "protocol": str, "status": int, "bytes_in": int, "bytes_out": int, "attempts": int, "reused": bool,
          "duration_ms": float, "tls": bool}
SOMETIMES = {"reason": str, "route": str, "cluster": str, "endpoint": str, "request_ms": float, "connect_ms": float,
             "response_head_ms": float, "response_ms": float, "upstream_status": int, "trace_id": str,
             "user_agent": str, "referer": str}
COMBINED = re.compile(r'^(\S+) - - \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000)\] '
                      r'"([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"$')


class OneWeir(IntegrationTest):
    """Two routes: everything under /live to a living origin, /dead to a port where nobody listens."""

    def setUp(self):
        super().setUp()
        self.origin = self.stage.origin()
        self.weir = self.stage.weir(self.settings())

    def settings(self, **top):
        return config([self.origin.address], **top) | {
            "routes": [{"name": "live", "match": {"path_prefix": "/live"}, "cluster": "origins"},
                       {"name": "dead", "match": {"path_prefix": "/dead"}, "cluster": "gone"}],
            "clusters": {"origins": {"endpoints": [self.origin.address]},
                         "gone": {"endpoints": [f"127.0.0.1:{free_port()}"]}}}

    def one_of_each(self):
        with self.weir.client() as client:
            client.request("GET", "/live?a=b", [("User-Agent", 'say "hi"\\'), ("Referer", "http://r.example/")])
            client.request("POST", "/live", body=b"four")
            client.request("GET", "/none")
            client.request("GET", "/dead")
        with self.weir.client() as client:
            client.send("GET /bad HTTP/1.1\r\nHost: a\r\nBad Field: x\r\n\r\n")
            client.response()


class AccessLog(OneWeir):
    def lines(self, count):
        return [json.loads(line) for line in self.weir.access_log(count)]

    def test_each_line_has_the_documented_fields(self):
        self.one_of_each()
        lines = self.lines(5)
        for line in lines:
            for name, kind in ALWAYS.items():
                self.assertIs(type(line[name]), kind, f"{name} of {line}")
            for name in line.keys() - ALWAYS.keys():
                self.assertIs(type(line[name]), SOMETIMES[name], f"{name} of {line}")
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual((line["client"], line["listener"], line["tls"]), ("127.0.0.1", "web", False))
        self.assertEqual([line["status"] for line in lines], [200, 200, 404, 502, 400])
        self.assertEqual([line.get("reason") for line in lines],
                         [None, None, "no_route", "connect_refused", "bad_field"])

    def test_an_answered_request_in_full(self):
        self.one_of_each()
        get, post, none, dead, _ = self.lines(5)
        self.assertEqual({name: get[name] for name in ("method", "host", "path", "protocol", "route", "cluster",
                                                       "endpoint", "attempts", "reused", "upstream_status",
                                                       "user_agent", "referer")},
                         {"method": "GET", "host": "test.example", "path": "/live?a=b", "protocol": "HTTP/1.1",
                          "route": "live", "cluster": "origins", "endpoint": self.origin.address, "attempts": 1,
                          "reused": False, "upstream_status": 200, "user_agent": 'say "hi"\\',
                          "referer": "http://r.example/"})
        self.assertEqual(get["id"], self.origin.requests[0].get("X-Request-Id"))
        parts = sum(get[name] for name in ("request_ms", "connect_ms", "response_head_ms", "response_ms"))
        self.assertAlmostEqual(parts, get["duration_ms"], delta=0.01)
        self.assertEqual((post["bytes_in"], post["reused"]), (4, True))
        self.assertGreater(post["bytes_out"], 2)
        self.assertNotIn("route", none)
        self.assertEqual((none["attempts"], dead["route"], dead["attempts"]), (0, "dead", 1))

    def test_a_client_that_left_before_the_answer_is_499(self):
        def script(connection):
            self.origin.take(connection)
            connection.reader.at_end()
        self.origin.script = script
        with self.weir.client() as client:
            client.send("GET /live HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: self.origin.requests, "the request is at the origin")
        line, = self.lines(1)
        self.assertEqual((line["status"], line["reason"], line["bytes_out"]), (499, "client_gone", 0))

    def test_an_answer_cut_by_the_origin_says_so(self):
        def script(connection):
            self.origin.take(connection)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        self.origin.script = script
        with self.weir.client() as client, self.assertRaises((Truncated, ConnectionResetError)):
            client.request("GET", "/live")
        line, = self.lines(1)
        self.assertEqual((line["status"], line["reason"]), (200, "upstream_truncated"))

    def test_bytes_of_any_kind_stay_valid_json(self):
        with self.weir.client() as client:
            client.send(b"GET /live HTTP/1.1\r\nHost: a\r\nUser-Agent: \xff\xc3\xa4\t\"\\\xe2\x82\r\n\r\n")
            client.response()
        line, = self.lines(1)
        self.assertEqual(line["user_agent"], "\ufffd\u00e4\t\"\\\ufffd\ufffd")


class CombinedLog(OneWeir):
    def settings(self, **top):
        return super().settings(access_log={"path": self.stage.folder + "/combined", "format": "combined"})

    def test_every_line_parses(self):
        self.one_of_each()
        self.weir.access_log_path = self.stage.folder + "/combined"
        lines = [COMBINED.match(line) for line in self.weir.access_log(5)]
        self.assertTrue(all(lines), self.weir.access_log(5))
        self.assertEqual([line[4] for line in lines], ["200", "200", "404", "502", "400"])
        self.assertEqual(lines[0].group(1, 3, 6, 7), ("127.0.0.1", "GET /live?a=b HTTP/1.1", "http://r.example/",
                                                      "say \\x22hi\\x22\\x5C"))


class Metrics(OneWeir):
    def samples(self):
        response = self.weir.admin_get("/metrics")
        self.assertTrue(response.get("Content-Type").startswith("text/plain; version=0.0.4"))
        return parse_metrics(response.body.decode())

    def test_counters_equal_what_was_done(self):
        before = self.samples()
        self.assertEqual(value(before, "weir_requests_total"), 0)
        for _ in range(3):
            self.one_of_each()
        total = lambda **labels: value(after, "weir_requests_total", listener="web", **labels)
        wait_for(lambda: value(self.samples(), "weir_requests_total", listener="web") >= 15,
                 "what ends after its answer was sent is counted")
        after = self.samples()
        self.assertEqual(total(), 15)
        self.assertEqual(total(route="live", cluster="origins", code_class="2xx"), 6)
        self.assertEqual(total(route="dead", code_class="5xx"), 3)
        self.assertEqual(total(route="", code_class="4xx"), 6)
        self.assertEqual(value(after, "weir_request_duration_seconds_count"), 15)
        self.assertEqual(value(after, "weir_request_duration_seconds_bucket", le="+Inf"), 15)
        self.assertEqual(value(after, "weir_upstream_duration_seconds_count"), 6)
        self.assertEqual(value(after, "weir_received_bytes_total"), 12)
        self.assertEqual(value(after, "weir_accepted_connections_total"), 6)
        self.assertEqual(value(after, "weir_endpoint_up", cluster="origins"), 1)
        self.assertEqual(value(after, "weir_endpoint_active_requests"), 0)
        self.assertEqual(value(after, "weir_upstream_connections", cluster="origins", state="idle"), 1)
        self.assertEqual(value(after, "weir_config_generation"), 1)

    def test_buckets_only_grow(self):
        self.one_of_each()
        samples = self.samples()
        series = {}
        for labels, number in samples["weir_request_duration_seconds_bucket"]:
            bound = labels.pop("le")
            series.setdefault(tuple(sorted(labels.items())), []).append((float(bound), number))
        for buckets in series.values():
            self.assertEqual(buckets, sorted(buckets))
            self.assertEqual([number for _, number in buckets], sorted(number for _, number in buckets))


if __name__ == "__main__":
    main()
