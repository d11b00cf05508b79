#!/usr/bin/env python3
"""Header fields as a real origin and a real client see them: what is kept, set, replaced, dropped and refused on the
way through (RFC 9110 section 7.6, docs/configuration.md)."""

import json
import re

from support.case import IntegrationTest, main
from support.origins import OK
from support.weir import config


def pairs(raw):
    """Node's rawHeaders as (name, value) pairs."""
    return list(zip(raw[::2], raw[1::2]))


class Fields(IntegrationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.node = cls.shared.node()
        cls.weir = cls.shared.weir_before(cls.node)

    def seen(self, *fields, weir=None):
        """What the origin got of a request with these fields."""
        with (weir or self.weir).client() as client:
            return pairs(json.loads(client.request("GET", "/request", fields).body)["fields"])

    def values(self, seen, name):
        return [value for field, value in seen if field.lower() == name]

    def test_order_and_case_are_kept(self):
        sent = [("X-Zebra", "1"), ("x-lower", "2"), ("ACCEPT", "*/*"), ("X-Zebra", "3"), ("Cookie", "a=1; b=2")]
        seen = self.seen(*sent)
        self.assertEqual([pair for pair in seen if pair in sent], sent)
        self.assertEqual(seen[0], ("Host", "test.example"))

    def test_forwarding_fields_are_set(self):
        seen = self.seen()
        self.assertEqual(self.values(seen, "x-forwarded-for"), ["127.0.0.1"])
        self.assertEqual(self.values(seen, "x-forwarded-proto"), ["http"])
        self.assertEqual(self.values(seen, "x-forwarded-host"), ["test.example"])
        self.assertEqual(len(self.values(seen, "via")), 1)
        self.assertRegex(self.values(seen, "via")[0], r"^1\.1 ")
        self.assertEqual(len(self.values(seen, "x-request-id")), 1)
        self.assertTrue(self.values(seen, "x-request-id")[0])

    def test_forged_forwarding_fields_are_replaced(self):
        seen = self.seen(("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https"),
                         ("X-Forwarded-Host", "evil.example"), ("X-Request-Id", "chosen"))
        self.assertEqual(self.values(seen, "x-forwarded-for"), ["127.0.0.1"])
        self.assertEqual(self.values(seen, "x-forwarded-proto"), ["http"])
        self.assertEqual(self.values(seen, "x-forwarded-host"), ["test.example"])
        self.assertNotEqual(self.values(seen, "x-request-id"), ["chosen"])

    def test_a_trusted_proxys_fields_are_continued(self):
        weir = self.stage.weir_before(self.node, listener={"trusted_proxies": ["127.0.0.0/8"]})
        seen = self.seen(("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https"), ("X-Request-Id", "kept"),
                         weir=weir)
        self.assertEqual(", ".join(self.values(seen, "x-forwarded-for")), "192.0.2.7, 127.0.0.1")
        self.assertEqual(self.values(seen, "x-forwarded-proto"), ["https"])
        self.assertEqual(self.values(seen, "x-request-id"), ["kept"])
        self.assertEqual(json.loads(weir.access_log(1)[0])["client"], "192.0.2.7")

    def test_request_ids_differ(self):
        ids = {self.values(self.seen(), "x-request-id")[0] for _ in range(20)}
        self.assertEqual(len(ids), 20)

    def test_hop_by_hop_fields_stop_here(self):
        seen = self.seen(("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"), ("TE", "trailers"),
                         ("Proxy-Authorization", "Basic eDp5"), ("Connection", "X-Private, keep-alive"),
                         ("X-Private", "secret"), ("X-Public", "open"))
        for name in ("keep-alive", "proxy-connection", "x-private"):
            self.assertEqual(self.values(seen, name), [], name)
        self.assertNotIn("secret", str(seen))
        self.assertEqual(self.values(seen, "x-public"), ["open"])

    def test_underscore_twins_are_dropped_and_ordinary_ones_kept(self):
        seen = self.seen(("Content_Length", "5"), ("Transfer_Encoding", "chunked"), ("X_Forwarded_For", "6.6.6.6"),
                         ("my_field", "kept"))
        names = {name.lower() for name, _ in seen}
        self.assertFalse(names & {"content_length", "transfer_encoding", "x_forwarded_for"})
        self.assertEqual(self.values(seen, "my_field"), ["kept"])

    def test_trace_parent_passes(self):
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        self.assertEqual(self.values(self.seen(("traceparent", parent)), "traceparent")[0].split("-")[1],
                         "0af7651916cd43dd8448eb211c80319c")

    def test_h2c_upgrade_is_not_forwarded(self):
        seen = self.seen(("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk"))
        names = {name.lower() for name, _ in seen}
        self.assertFalse(names & {"upgrade", "http2-settings"})

    def test_response_fields_keep_order_and_lose_hop_by_hop(self):
        with self.weir.client() as client:
            response = client.request("GET", "/fields")
        names = [name for name, _ in response.fields]
        self.assertLess(names.index("X-First"), names.index("x-SECOND"))
        self.assertEqual(response.all("Set-Cookie"), ["a=1", "b=2"])
        self.assertEqual(response.all("X-Private"), [])
        self.assertEqual(response.all("Keep-Alive"), [])
        self.assertEqual(response.body, b"ok")

    def test_absolute_target_decides_the_host(self):
        with self.weir.client() as client:
            client.send("GET http://real.example/request HTTP/1.1\r\nHost: other.example\r\n\r\n")
            seen = json.loads(client.response().body)
        self.assertEqual(self.values(pairs(seen["fields"]), "host"), ["real.example"])
        self.assertEqual(seen["url"], "/request")

    def test_max_forwards_ends_here(self):
        with self.weir.client() as client:
            response = client.request("OPTIONS", "*", [("Max-Forwards", "0")])
            self.assertEqual(response.status // 100, 2)
            self.assertIsNone(response.get("X-Powered-By"))
            self.assertEqual(client.request().status, 200)


class Edits(IntegrationTest):
    def test_edits_and_rewrites_of_a_route(self):
        origin = self.stage.origin()
        settings = config([origin.address], route={
            "match": {"path_prefix": "/v1"}, "rewrite": {"prefix": "/"},
            "headers": {"request": {"set": {"X-Set": "new"}, "add": {"X-Add": "more"}, "remove": ["X-Gone"]},
                        "response": {"set": {"X-Seen": "yes"}, "remove": ["Server"]}}})
        origin_answer = OK.replace(b"\r\n\r\n", b"\r\nServer: secret\r\n\r\n")
        origin.script = lambda connection: origin.answer_all(connection, origin_answer)
        weir = self.stage.weir(settings)
        with weir.client() as client:
            response = client.request("GET", "/v1/users?a=b", [("X-Set", "old"), ("X-Gone", "1"), ("X-Add", "one")])
        request, = origin.requests
        self.assertEqual(request.target, "/users?a=b")
        self.assertEqual(request.all("X-Set"), ["new"])
        self.assertEqual(request.all("X-Add"), ["one", "more"])
        self.assertEqual(request.all("X-Gone"), [])
        self.assertEqual((response.get("X-Seen"), response.get("Server")), ("yes", None))

    def test_own_answers_of_routes(self):
        weir = self.stage.weir({
            "workers": 1, "listeners": {"web": {"address": "127.0.0.1:0"}},
            "routes": [
                {"name": "old", "match": {"path_prefix": "/old"}, "redirect": {"to": "https://new.example/"}},
                {"name": "hello", "match": {"hosts": ["hello.example"]}, "respond": {"body": "hello\n"}}]})
        with weir.client() as client:
            moved = client.request("GET", "/old/page?x=1")
            self.assertEqual((moved.status, moved.get("Location")), (308, "https://new.example/old/page?x=1"))
            client.send("GET / HTTP/1.1\r\nHost: hello.example\r\n\r\n")
            hello = client.response()
            self.assertEqual((hello.status, hello.body), (200, b"hello\n"))
            self.assertTrue(re.match(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$", hello.get("Date")))
            self.assert_own_answer(client.request(), 404, "destination_not_found")


if __name__ == "__main__":
    main()
