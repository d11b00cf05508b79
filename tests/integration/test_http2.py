#!/usr/bin/env python3
"""HTTP/2 with real clients: curl, nghttp and h2load before scripted origins; the access log and the metrics; a drain
under load that loses nothing; and floods that cost their own connection alone."""

import json
import re
import signal
import socket
import struct
import subprocess
import threading

from support.case import IntegrationTest, main
from support.clients import get, have
from support.metrics import wait_for_metric
from support.origins import OK
from support.waiting import PATIENCE, wait_for

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, GOAWAY = 0, 1, 4, 6, 7
ACK, END_STREAM, END_HEADERS = 1, 1, 4


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def get_frame(stream):
    """GET http://a.test/, in literals and fields of the static table."""
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, b"\x82\x86\x84\x41\x06a.test")


def run(*command):
    return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True).stdout.decode()


def h2load(url, requests, *options):
    """How many requests succeeded, and what it said."""
    said = run("h2load", "-n", str(requests), *options, url)
    return int(re.search(r"(\d+) succeeded", said)[1]), said


class Clients(IntegrationTest):
    def test_curl_gets_posts_and_uploads(self):
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin)
        plain = ("curl", "-sS", "--http2-prior-knowledge", "-w", " %{http_version} %{http_code}")
        self.assertEqual(run(*plain, weir.url + "/a?b"), "ok 2 200")
        large = self.stage.path("upload")
        with open(large, "wb") as file:
            file.write(bytes(range(256)) * 4096)
        self.assertEqual(run(*plain, "-T", large, weir.url + "/up"), "ok 2 200")
        self.assertEqual(run(*plain, "-H", "Expect: 100-continue", "-d", "x=1", weir.url), "ok 2 200")
        got, put, posted = origin.requests
        self.assertEqual((got.method, got.target), ("GET", "/a?b"))
        self.assertEqual(put.body, bytes(range(256)) * 4096)
        self.assertEqual(posted.body, b"x=1")
        lines = [json.loads(line) for line in weir.access_log(3)]
        self.assertEqual({line["protocol"] for line in lines}, {"HTTP/2.0"})
        self.assertEqual([line["status"] for line in lines], [200, 200, 200])

    def test_a_large_answer_arrives_whole_by_each_protocol(self):
        content = bytes(i * 7 % 251 for i in range(3_000_000))
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content)
        weir = self.stage.weir_before(self.stage.origin(lambda c: c.request() and c.send(head + content)))
        for protocol in "--http2-prior-knowledge", "--http1.1":
            got = subprocess.run(["curl", "-sS", protocol, weir.url], capture_output=True, timeout=PATIENCE, check=True)
            self.assertEqual(got.stdout, content)

    def test_nghttp_sends_trailers_and_several_requests(self):
        if not have("nghttp"):
            self.skipTest("no nghttp")
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin)
        body = self.stage.path("body")
        with open(body, "w") as file:
            file.write("content")
        run("nghttp", "-n", "-d", body, "--trailer=x-sum: 7", weir.url)
        self.assertEqual(origin.requests[0].body, b"content")
        said = run("nghttp", "-ns", "-m", "20", weir.url)
        self.assertEqual(len(re.findall(r" 200 ", said)), 20)

    def test_http1_beside_it_is_as_ever(self):
        weir = self.stage.weir_before(self.stage.origin())
        self.assertEqual(get(weir.address).body, b"ok")


class UnderLoad(IntegrationTest):
    def setUp(self):
        super().setUp()
        if not have("h2load"):
            self.skipTest("no h2load")

    def test_h2load_succeeds_and_connections_to_the_origin_are_shared(self):
        origin = self.stage.origin()
        weir = self.stage.weir_before(origin, workers=1)
        succeeded, said = h2load(weir.url, 2000, "-c4", "-m8")
        self.assertEqual(succeeded, 2000, said)
        self.assertLessEqual(len(origin.connections), 4 * 8)

    def test_a_connection_that_has_had_enough_answers_what_it_took(self):
        weir = self.stage.weir_before(self.stage.origin(), workers=1, listener={"requests_per_connection": 9})
        with socket.create_connection(weir.address, PATIENCE) as client:
            client.sendall(PREFACE + frame(SETTINGS) + b"".join(get_frame(2 * i + 1) for i in range(30)))
            ended, last = set(), []
            with client.makefile("rb") as said:
                while head := said.read(9):
                    payload = said.read(int.from_bytes(head[:3], "big"))
                    kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
                    if kind in (DATA, HEADERS) and flags & END_STREAM:
                        ended.add(stream)
                    elif kind == PING and not flags & ACK:
                        client.sendall(get_frame(61) + frame(PING, ACK, 0, payload) + get_frame(63))
                    elif kind == GOAWAY:
                        last.append(struct.unpack(">II", payload[:8]))
        self.assertEqual(last, [(2**31 - 1, 0), (61, 0)])
        self.assertEqual(ended, set(range(1, 62, 2)))

    def test_a_stop_finishes_what_is_open(self):
        arrived, released = threading.Event(), threading.Event()

        def hold(connection):
            connection.request()
            arrived.set()
            released.wait(PATIENCE)
            connection.send(OK)

        weir = self.stage.weir_before(self.stage.origin(hold))
        with subprocess.Popen(["curl", "-sS", "--http2-prior-knowledge", weir.url], stdout=subprocess.PIPE) as curl:
            self.assertTrue(arrived.wait(PATIENCE))
            weir.child.signal(signal.SIGTERM)
            wait_for(lambda: not _listens(weir.address), "it has stopped accepting")
            released.set()
            self.assertEqual(curl.communicate(timeout=PATIENCE)[0], b"ok")
        self.assertEqual(weir.child.wait(), 0)


def _listens(address):
    try:
        socket.create_connection(address, PATIENCE).close()
    except OSError:
        return False
    return True


class Floods(IntegrationTest):
    def test_a_flood_costs_its_own_connection(self):
        weir = self.stage.weir_before(self.stage.origin(), workers=1)
        with socket.create_connection(weir.address, PATIENCE) as attacker:
            attacker.sendall(PREFACE + frame(SETTINGS) + frame(PING, payload=b"12345678") * 1000)
            said = b""
            while piece := attacker.recv(65536):
                said += piece
        self.assertIn(frame(GOAWAY, payload=struct.pack(">II", 0, 0xB)), said)
        wait_for_metric(weir, 1, "weir_http2_abuse_total", reason="pings")
        wait_for(lambda: "ended: pings" in weir.log(), "the log says so")
        self.assertEqual(run("curl", "-sS", "--http2-prior-knowledge", weir.url), "ok")


if __name__ == "__main__":
    main()
