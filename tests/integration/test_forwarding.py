#!/usr/bin/env python3
"""Ordinary traffic through the real program: nginx and Node behind it, curl, wrk and Python before it. What arrives on
either side is what was sent, byte for byte."""

import hashlib
import http.client
import json
import os
import pathlib
import unittest
from collections import Counter

from support.case import IntegrationTest, main
from support.clients import curl, have, wrk

MEGABYTES_10 = 10 * 1024 * 1024


def digest(data):
    return hashlib.sha256(data).hexdigest()


class ThreeNginx(IntegrationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        files = cls.shared.path("files")
        os.makedirs(files)
        cls.large = os.urandom(MEGABYTES_10)
        pathlib.Path(files, "large").write_bytes(cls.large)
        pathlib.Path(files, "text").write_bytes(b"weir " * 1000)
        origins = [cls.shared.nginx(name, files) for name in ("one", "two", "three")]
        cls.weir = cls.shared.weir_before(*origins)

    def test_requests_go_round_evenly_on_one_connection(self):
        with self.weir.client() as client:
            bodies = [client.request().body for _ in range(30)]
        self.assertEqual(Counter(bodies), {b"one\n": 10, b"two\n": 10, b"three\n": 10})
        self.assertEqual(len(set(bodies[:3])), 3)

    def test_head_has_the_fields_and_no_content(self):
        with self.weir.client() as client:
            response = client.request("HEAD", "/files/large")
            self.assertEqual((response.status, response.get("Content-Length")), (200, str(MEGABYTES_10)))
            self.assertEqual(client.request("GET", "/files/text").body, b"weir " * 1000)

    def test_not_modified_has_no_content(self):
        with self.weir.client() as client:
            tag = client.request("HEAD", "/files/text").get("ETag")
            self.assertEqual(client.request("GET", "/files/text", [("If-None-Match", tag)]).status, 304)
            self.assertEqual(client.request("GET", "/files/text").status, 200)

    def test_large_downloads_are_whole(self):
        with self.weir.client() as client:
            for _ in range(3):
                self.assertEqual(digest(client.request("GET", "/files/large").body), digest(self.large))

    def test_ranges_pass(self):
        with self.weir.client() as client:
            response = client.request("GET", "/files/large", [("Range", "bytes=5-14")])
        self.assertEqual((response.status, response.body), (206, self.large[5:15]))

    def test_compressed_content_is_not_touched(self):
        plain = curl(self.weir.url + "/gzip/text").stdout
        packed = curl("-H", "Accept-Encoding: gzip", self.weir.url + "/gzip/text").stdout
        unpacked = curl("--compressed", self.weir.url + "/gzip/text").stdout
        self.assertEqual(plain, b"weir " * 1000)
        self.assertEqual(packed[:2], b"\x1f\x8b")
        self.assertEqual(unpacked, plain)

    def test_http_1_0_client_gets_an_answer_that_ends_with_the_connection(self):
        with self.weir.client() as client:
            client.send("GET /files/text HTTP/1.0\r\nHost: test.example\r\n\r\n")
            response = client.response()
            self.assertEqual(response.body, b"weir " * 1000)
            self.assertIsNone(response.get("Transfer-Encoding"))
            self.assertTrue(client.reader.at_end())

    def test_pipelined_requests_are_answered_in_order(self):
        with self.weir.client() as client:
            client.send(b"".join(b"GET /files/text HTTP/1.1\r\nHost: a\r\nRange: bytes=%d-%d\r\n\r\n" % (n, n)
                                 for n in range(20)))
            got = b"".join(client.response().body for _ in range(20))
        self.assertEqual(got, b"weir " * 4)

    def test_python_client_keeps_its_connection(self):
        connection = http.client.HTTPConnection(*self.weir.address, timeout=20)
        self.addCleanup(connection.close)
        ports = set()
        for _ in range(10):
            connection.request("GET", "/")
            response = connection.getresponse()
            self.assertEqual(response.status, 200)
            response.read()
            ports.add(connection.sock.getsockname()[1])
        self.assertEqual(len(ports), 1)

    @unittest.skipUnless(have("wrk"), "wrk is not installed")
    def test_wrk_sees_no_error(self):
        requests, socket_errors, bad_answers = wrk(self.weir.url + "/", connections=50)
        self.assertGreater(requests, 100)
        self.assertEqual((socket_errors, bad_answers), (0, 0))


class Content(IntegrationTest):
    """Content, interim answers and trailers with Node."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.node = cls.shared.node()
        cls.weir = cls.shared.weir_before(cls.node)
        cls.large = os.urandom(MEGABYTES_10)

    def upload_file(self):
        path = os.path.join(self.stage.folder, "upload")
        pathlib.Path(path).write_bytes(self.large)
        return path

    def test_upload_with_length_arrives_whole(self):
        with self.weir.client() as client:
            seen = json.loads(client.request("POST", "/digest", body=self.large).body)
        self.assertEqual((seen["size"], seen["sha256"]), (MEGABYTES_10, digest(self.large)))

    def test_chunked_upload_by_curl_arrives_whole(self):
        done = curl("-T", self.upload_file(), "-H", "Transfer-Encoding: chunked", self.weir.url + "/digest")
        self.assertEqual(json.loads(done.stdout)["sha256"], digest(self.large), done.stderr)

    def test_large_content_goes_there_and_back(self):
        connection = http.client.HTTPConnection(*self.weir.address, timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", "/digest", iter([self.large]), encode_chunked=True)
        self.assertEqual(json.loads(connection.getresponse().read())["sha256"], digest(self.large))
        done = curl("--data-binary", "@" + self.upload_file(), self.weir.url + "/echo")
        self.assertEqual(digest(done.stdout), digest(self.large), done.stderr)

    def test_trailers_pass_both_ways(self):
        with self.weir.client() as client:
            client.send("POST /digest HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                        "3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n")
            self.assertEqual(json.loads(client.response().body)["trailers"], ["X-Sum", "7"])
            response = client.request("GET", "/trailers", [("TE", "trailers")])
        self.assertEqual((response.body, response.trailers), (b"content", [("X-Sum", "42")]))

    def test_continue_comes_from_the_origin(self):
        with self.weir.client() as client:
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(client.reader.head().status, 100)
            client.send("body")
            self.assertEqual(client.response().body, b"body")

    def test_refused_expectation_needs_no_content(self):
        with self.weir.client() as client:
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n"
                        "X-Refuse: 1\r\n\r\n")
            response = client.response()
        self.assertEqual((response.status, response.interim), (403, []))

    def test_curl_waits_for_continue(self):
        done = curl("-v", "-H", "Expect: 100-continue", "--data-binary", "@" + self.upload_file(),
                    self.weir.url + "/digest")
        self.assertIn(b"100 Continue", done.stderr)
        self.assertEqual(json.loads(done.stdout)["sha256"], digest(self.large))

    def test_early_hints_pass_before_the_answer(self):
        with self.weir.client() as client:
            response = client.request("GET", "/hints")
        self.assertEqual([hint.status for hint in response.interim], [103])
        self.assertEqual(response.interim[0].get("Link"), "</style.css>; rel=preload; as=style")
        self.assertEqual(response.body, b"page")

    def test_http_1_0_client_gets_no_interim_answers(self):
        with self.weir.client() as client:
            client.send("GET /hints HTTP/1.0\r\nHost: a\r\n\r\n")
            response = client.response()
        self.assertEqual((response.status, response.interim, response.body), (200, [], b"page"))


if __name__ == "__main__":
    main()
