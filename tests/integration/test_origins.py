#!/usr/bin/env python3
"""Origins with habits of their own: HTTP/1.0, closing after each answer, answering before the content is there, no
length, large heads; and what the pool makes of each."""

import threading

from support.case import IntegrationTest, main
from support.origins import OK, answering
from support.waiting import wait_for
from support.weir import config


class Habits(IntegrationTest):
    def serve(self, script, count=5, path="/"):
        """Responses to so many requests on one client connection, and the origin."""
        origin = self.stage.origin(script)
        weir = self.stage.weir_before(origin)
        with weir.client() as client:
            return [client.request("GET", path) for _ in range(count)], origin

    def test_one_kept_connection_serves_all(self):
        responses, origin = self.serve(answering(OK), 50)
        self.assertEqual({response.body for response in responses}, {b"ok"})
        self.assertEqual(len(origin.connections), 1)

    def test_connection_close_is_believed(self):
        def script(connection):
            connection.request()
            connection.send(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            connection.reader.at_end()
        responses, origin = self.serve(script)
        self.assertEqual([response.body for response in responses], [b"ok"] * 5)
        self.assertNotIn("close", str(responses[0].all("Connection")))
        self.assertEqual(len(origin.connections), 5)

    def test_http_1_0_answers(self):
        for extra, connections in ((b"", 5), (b"Connection: keep-alive\r\n", 1)):
            with self.subTest(extra):
                answer = b"HTTP/1.0 200 OK\r\n" + extra + b"Content-Length: 2\r\n\r\nok"

                def script(connection, answer=answer, stays=bool(extra)):
                    while connection.request() is not None:
                        connection.send(answer)
                        if not stays:
                            return
                responses, origin = self.serve(script)
                self.assertEqual([(response.start_line, response.body) for response in responses],
                                 [("HTTP/1.1 200 OK", b"ok")] * 5)
                self.assertEqual(len(origin.connections), connections)

    def test_answers_without_content(self):
        for head in (b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
                     b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"):
            with self.subTest(head):
                responses, origin = self.serve(answering(head))
                self.assertEqual({response.body for response in responses}, {b""})
                self.assertEqual(len(origin.connections), 1)

    def test_a_head_answer_may_name_a_length(self):
        def script(connection):
            while (request := connection.request()) is not None:
                connection.send(OK[:-2] if request.method == "HEAD" else OK)
        weir = self.stage.weir_before(self.stage.origin(script))
        with weir.client() as client:
            for method in ("HEAD", "GET", "HEAD", "GET"):
                response = client.request(method)
                self.assertEqual(response.get("Content-Length"), "2")
                self.assertEqual(response.body, b"ok" if method == "GET" else b"")

    def test_large_heads_pass(self):
        large = b"X-Large: " + b"a" * 50000 + b"\r\n"
        responses, _ = self.serve(answering(OK.replace(b"\r\n\r\n", b"\r\n" + large + b"\r\n")), 2)
        self.assertEqual([len(response.get("X-Large")) for response in responses], [50000] * 2)

    def test_unknown_statuses_pass(self):
        responses, _ = self.serve(answering(b"HTTP/1.1 299 Very Fine\r\nContent-Length: 0\r\n\r\n"))
        self.assertEqual(responses[0].start_line, "HTTP/1.1 299 Very Fine")

    def test_names_resolve(self):
        origin = self.stage.origin()
        weir = self.stage.weir(config(["localhost:" + origin.address.rpartition(":")[2]]))
        with weir.client() as client:
            self.assertEqual([client.request().status for _ in range(5)], [200] * 5)


class EarlyAnswers(IntegrationTest):
    def test_an_answer_before_the_content_reaches_the_client(self):
        """The origin refuses an upload by its head alone: the client gets that answer, not 502."""
        refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\ntoo"

        def script(connection):
            connection.head()
            connection.send(refusal)
            connection.reader.rest()
        weir = self.stage.weir_before(self.stage.origin(script))
        for framing in ("Content-Length: 1000000", "Transfer-Encoding: chunked"):
            with self.subTest(framing), weir.client() as client:
                client.send(f"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n" + "5\r\nabcde\r\n")
                response = client.response("POST")
                self.assertEqual((response.status, response.body), (413, b"too"))
        self.assert_quiet(weir)

    def test_the_rest_of_an_upload_never_becomes_a_request(self):
        """An origin that keeps the connection after an early answer gets no next request inside the content."""
        def script(connection):
            connection.head()
            connection.send(OK)
            connection.reader.rest()
        origin = self.stage.origin(script)
        weir = self.stage.weir_before(origin)
        with weir.client() as client:
            client.send("POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbegin")
            self.assertEqual(client.response("POST").status, 200)
        with weir.client() as client:
            self.assertEqual(client.request("GET", "/second").status, 200)
        wait_for(lambda: len(origin.connections) == 2, "a connection for each")
        self.assertTrue(all(connection.received.count(b"HTTP/1.1") == 1 for connection in origin.connections))

    def test_content_and_answer_flow_at_the_same_time(self):
        turns = 20

        def script(connection):
            connection.head()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(turns):
                connection.send(b"5\r\n" + connection.reader.exactly(10)[3:8] + b"\r\n")
            connection.send(b"0\r\n\r\n")
        weir = self.stage.weir_before(self.stage.origin(script))
        with weir.client() as client:
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            self.assertEqual(client.reader.head().status, 200)
            for number in range(turns):
                piece = b"5\r\n%05d\r\n" % number
                client.send(piece)
                self.assertEqual(client.reader.exactly(10), piece)
            self.assertEqual(client.reader.exactly(5), b"0\r\n\r\n")

    def test_the_first_bytes_of_an_answer_do_not_wait_for_the_rest(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            release.wait(60)
            connection.send(b"data: 2\n\n")
        weir = self.stage.weir_before(self.stage.origin(script))
        with weir.client() as client:
            client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            client.reader.head()
            self.assertEqual(client.reader.exactly(9), b"data: 1\n\n")
            release.set()
            self.assertEqual(client.reader.rest(), b"data: 2\n\n")


if __name__ == "__main__":
    main()
