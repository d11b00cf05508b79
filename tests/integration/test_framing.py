#!/usr/bin/env python3
"""Strict framing at the sockets: malformed requests are refused with the right status and nothing of them reaches an
origin; malformed answers become 502 and their connections are never used again; what is split is as good as whole; what
was cut is never passed on as complete. The large corpus runs against the parser in tests/conformance; here the whole
program is asked."""

from support.case import IntegrationTest, main
from support.http1 import Truncated
from support.origins import OK, answering
from support.waiting import wait_for

HOST = b"Host: test.example\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST

REFUSED = {
    "length and chunks": (400, POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "differing lengths": (400, POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    "list of lengths": (400, POST + b"Content-Length: 3, 4\r\n\r\nabcd"),
    "signed length": (400, POST + b"Content-Length: +3\r\n\r\nabc"),
    "huge length": (400, POST + b"Content-Length: 99999999999999999999\r\n\r\n"),
    "chunked is not last": (400, POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
    "unknown coding": (501, POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "line feed alone": (400, b"GET / HTTP/1.1\n" + HOST + b"\r\n"),
    "carriage return alone": (400, b"GET / HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n"),
    "nul in a value": (400, b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n"),
    "folded line": (400, b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n"),
    "space before colon": (400, b"GET / HTTP/1.1\r\n" + HOST + b"X : a\r\n\r\n"),
    "line without colon": (400, b"GET / HTTP/1.1\r\n" + HOST + b"nonsense\r\n\r\n"),
    "no host": (400, b"GET / HTTP/1.1\r\nX: a\r\n\r\n"),
    "two hosts": (400, b"GET / HTTP/1.1\r\n" + HOST + b"Host: other.example\r\n\r\n"),
    "bad host": (400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    "space in the target": (400, b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n"),
    "relative target": (400, b"GET a HTTP/1.1\r\n" + HOST + b"\r\n"),
    "old protocol": (400, b"GET /\r\n"),
    "newer protocol": (505, b"GET / HTTP/3.0\r\n" + HOST + b"\r\n"),
    "tls hello": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n"),
    "connect": (405, b"CONNECT test.example:443 HTTP/1.1\r\nHost: test.example:443\r\n\r\n"),
    "trace": (405, b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "unknown method": (501, b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "unknown expectation": (417, POST + b"Expect: miracles\r\nContent-Length: 1\r\n\r\na"),
    "long target": (414, b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "long head": (431, b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 70000 + b"\r\n\r\n"),
    "many fields": (431, b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 101 + b"\r\n"),
}

BAD_CHUNKS = {
    "size": b"xyz\r\nabc\r\n0\r\n\r\n",
    "size with sign": b"-3\r\nabc\r\n0\r\n\r\n",
    "size too long": b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "end": b"3\r\nabcd\r\n0\r\n\r\n",
    "bare line feed": b"3\nabc\r\n0\r\n\r\n",
    "trailer": b"3\r\nabc\r\n0\r\nbad trailer\r\n\r\n",
}

BAD_ANSWERS = {
    "garbage": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "status": b"HTTP/1.1 2OO OK\r\nContent-Length: 2\r\n\r\nok",
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "differing lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
    "coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: cow\r\n\r\nok",
    "space before colon": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
    "nul": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
    "folded line": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
    "switching unasked": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "endless interim answers": b"HTTP/1.1 102 Processing\r\n\r\n" * 50 + OK,
    "large head": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100000 + b"\r\nContent-Length: 2\r\n\r\nok",
}

ANSWERS_TO_CUT = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",
}


class MalformedRequests(IntegrationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.origin = cls.shared.origin()
        cls.weir = cls.shared.weir_before(cls.origin)

    def test_they_are_refused_and_nothing_reaches_the_origin(self):
        for name, (status, request) in REFUSED.items():
            with self.subTest(name), self.weir.client() as client:
                client.send(request)
                self.assert_own_answer(client.response(), status)
                if status in (400, 501, 505):
                    self.assertTrue(client.reader.at_end(), "the connection stays open")
        self.assertEqual(self.origin.received(), b"")

    def test_what_follows_a_refused_request_is_not_answered(self):
        for name in ("length and chunks", "folded line", "no host"):
            with self.subTest(name), self.weir.client() as client:
                client.send(REFUSED[name][1] + b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n")
                self.assert_own_answer(client.response(), 400)
                self.assertTrue(client.reader.at_end())
        self.assertNotIn(b"smuggled", self.origin.received())


class MalformedContent(IntegrationTest):
    def test_a_bad_chunk_never_completes_a_request(self):
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin)
        for name, chunks in BAD_CHUNKS.items():
            with self.subTest(name), weir.client() as client:
                client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
                self.assert_own_answer(client.response("POST"), 400)
                self.assertTrue(client.reader.at_end())
        self.assertEqual(origin.requests, [])
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)

    def test_a_request_cut_anywhere_is_never_complete_at_the_origin(self):
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin)
        for request in (POST + b"Content-Length: 6\r\n\r\nabcdef",
                        POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"):
            for end in (*range(1, len(request), 7), len(request) - 1):
                with weir.client() as client:
                    client.send(request[:end])
        wait_for(lambda: weir.connections() == 0, "the cut connections are gone")
        with weir.client() as client:
            self.assertEqual(client.request("GET", "/after").status, 200)
        self.assertEqual([request.target for request in origin.requests], ["/after"])

    def test_a_request_in_single_bytes_is_as_good_as_whole(self):
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin)
        request = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\nX-Sum: 1\r\n\r\n"
        with weir.client() as client:
            for at in range(len(request)):
                client.send(request[at:at + 1])
            self.assertEqual(client.response().body, b"ok")
        seen, = origin.requests
        self.assertEqual((seen.body, seen.trailers), (b"abcdef", [("X-Sum", "1")]))


class Answers(IntegrationTest):
    def test_malformed_ones_become_502_and_their_connections_are_not_reused(self):
        for name, answer in BAD_ANSWERS.items():
            with self.subTest(name):
                origin = self.stage.origin(answering(answer))
                weir = self.stage.weir_before(origin)
                with weir.client() as client:
                    for _ in range(2):
                        response = client.request()
                        self.assert_own_answer(response, 502)
                        self.assertLess(len(response.interim), 50)
                self.assertTrue(all(connection.received.count(b"GET ") == 1 for connection in origin.connections))

    def test_bytes_after_an_answer_are_never_somebodys_answer(self):
        origin = self.stage.origin(answering(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"))
        weir = self.stage.weir_before(origin)
        with weir.client() as client:
            self.assertEqual([client.request().body for _ in range(5)], [b"ok"] * 5)
        self.assertEqual(len(origin.connections), 5)

    def test_an_answer_cut_anywhere_is_never_complete(self):
        for name, answer in ANSWERS_TO_CUT.items():
            cut = {"at": 0}
            origin = self.stage.origin(lambda connection, whole=answer, cut=cut: (
                connection.request() and connection.send(whole[:cut["at"]])))
            weir = self.stage.weir_before(origin)
            for cut["at"] in range(len(answer)):
                with self.subTest(name, at=cut["at"]), weir.client() as client:
                    client.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
                    try:
                        response = client.response()
                    except (Truncated, ConnectionResetError):
                        self.assertGreater(cut["at"], answer.index(b"\r\n\r\n"))
                        continue
                    self.assert_own_answer(response, 502)

    def test_an_answer_in_single_bytes_is_as_good_as_whole(self):
        def script(connection):
            while connection.request() is not None:
                for byte in ANSWERS_TO_CUT["chunks"]:
                    connection.send(bytes([byte]))
        weir = self.stage.weir_before(self.stage.origin(script))
        with weir.client() as client:
            self.assertEqual([client.request().body for _ in range(5)], [b"0123456789"] * 5)

    def test_an_answer_until_the_connection_ends_is_whole(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100000)
        weir = self.stage.weir_before(self.stage.origin(script))
        with weir.client() as client:
            for _ in range(3):
                self.assertEqual(len(client.request().body), 100000)


if __name__ == "__main__":
    main()
