#!/usr/bin/env python3
"""The PROXY protocol in front of the real program: whose address counts, what is refused, and that others go on."""

import socket
import ssl
import struct
import time

from support.case import IntegrationTest, main
from support.certificates import Authority, pair
from support.clients import RawClient, curl
from support.http1 import Reader
from support.metrics import metric, wait_for_metric
from support.waiting import wait_for

V1 = b"PROXY TCP4 203.0.113.9 198.51.100.1 4711 443\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(source, command=0x21, extensions=b""):
    body = socket.inet_aton(source) + socket.inet_aton("198.51.100.1") + struct.pack(">HH", 4711, 443) + extensions
    return SIGNATURE + bytes([command, 0x11]) + struct.pack(">H", len(body)) + body


class FromTrustedSources(IntegrationTest):
    def weir(self, **listener):
        self.origin = self.stage.origin()
        return self.stage.weir_before(self.origin, listener={
            "proxy_protocol": True, "trusted_proxies": ["127.0.0.1"], **listener})

    def seen_client(self, weir, header):
        with weir.client() as client:
            client.send(header)
            self.assertEqual(client.request().status, 200)
        return self.origin.requests[-1].get("X-Forwarded-For")

    def test_the_source_of_the_header_is_the_client(self):
        weir = self.weir()
        self.assertEqual(self.seen_client(weir, V1), "203.0.113.9")
        self.assertEqual(self.seen_client(weir, v2("203.0.113.10")), "203.0.113.10")
        self.assertEqual(self.seen_client(weir, v2("203.0.113.11", extensions=b"\2\0\4host")), "203.0.113.11")
        self.assertEqual(self.seen_client(weir, v2("203.0.113.12", command=0x20)), "127.0.0.1")  # LOCAL
        self.assertEqual(self.seen_client(weir, b"PROXY UNKNOWN\r\n"), "127.0.0.1")
        self.assertEqual([line["client"] for line in weir.logged(5)],
                         ["203.0.113.9", "203.0.113.10", "203.0.113.11", "127.0.0.1", "127.0.0.1"])
        answer = curl("--haproxy-protocol", weir.url + "/")  # one that others wrote
        self.assertEqual((answer.returncode, answer.stdout), (0, b"ok"))

    def test_tls_comes_behind_the_header(self):
        authority = Authority(self.stage.path("ca"))
        weir = self.weir(tls={"certificates": [pair(*authority.issue("one", "one.test"))]})
        context = ssl.create_default_context(cafile=authority.certificate)
        for header in (V1, v2("203.0.113.9")):
            with RawClient(weir.address) as client:
                client.send(header)
                client.socket = context.wrap_socket(client.socket, server_hostname="one.test")
                client.reader = Reader(client.socket)
                self.assertEqual(client.request().status, 200)
            self.assertEqual(self.origin.requests[-1].get("X-Forwarded-For"), "203.0.113.9")
            self.assertEqual(self.origin.requests[-1].get("X-Forwarded-Proto"), "https")
        with RawClient(weir.address) as client:  # and TLS alone is no header
            client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500)
            self.assertTrue(client.reader.at_end())

    def test_a_header_in_single_bytes(self):
        weir = self.weir()
        with weir.client() as client:
            for byte in v2("203.0.113.10") + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n":
                client.send(bytes([byte]))
            self.assertEqual(client.response().status, 200)
        self.assertEqual(self.origin.requests[-1].get("X-Forwarded-For"), "203.0.113.10")

    def test_garbage_ends_its_connection_and_no_other(self):
        weir = self.weir()
        with weir.client() as good:
            good.send(V1)
            self.assertEqual(good.request().status, 200)
            for garbage in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"PROXY TCP4 1.2.3.4\r\n", SIGNATURE + b"\x11",
                            b"\x16\x03\x01\x02\x00\x01", b"\0" * 5000):
                with weir.client() as bad:
                    bad.send(garbage)
                    self.assertTrue(bad.reader.at_end())
                self.assertEqual(good.request().status, 200)
        wait_for_metric(weir, 5, "weir_refused_connections_total", reason="proxy_header")
        wait_for(lambda: "127.0.0.1 sent no valid PROXY header" in weir.log(), "the log says so")
        self.assert_quiet(weir)

    def test_a_header_that_does_not_come_ends_its_connection(self):
        weir = self.weir()
        begin = time.monotonic()
        with weir.client() as silent:
            self.assertTrue(silent.reader.at_end())
        self.assertGreater(time.monotonic() - begin, 4)

    def test_who_is_not_trusted_speaks_for_itself(self):
        weir = self.weir()
        with RawClient(weir.address, source="127.0.0.2") as stranger:
            self.assertEqual(stranger.request().status, 200)
            self.assertEqual(self.origin.requests[-1].get("X-Forwarded-For"), "127.0.0.2")
        for header in (V1, v2("203.0.113.9")):
            with RawClient(weir.address, source="127.0.0.2") as liar:
                liar.send(header + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(liar.response().status, 400)
                self.assertTrue(liar.reader.at_end())
        self.assertEqual(len(self.origin.requests), 1)

    def test_connections_are_counted_by_the_client_behind_the_balancer(self):
        weir = self.weir(limits={"connections_per_address": 2})
        clients = [weir.client() for _ in range(3)]
        for client in clients[:2]:
            client.send(V1)
            self.assertEqual(client.request().status, 200)
        clients[2].send(V1)
        self.assertTrue(clients[2].reader.at_end())
        self.assertEqual(self.seen_client(weir, v2("203.0.113.10")), "203.0.113.10")
        for client in clients:
            client.close()
        self.assert_quiet(weir)


class ToEndpoints(IntegrationTest):
    SAYS_WHO = ('location /who { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr '
                '$proxy_protocol_server_port $connection"; }')

    def weir(self, version, **cluster):
        self.nginx = self.stage.nginx("one", options="proxy_protocol", directives=self.SAYS_WHO)
        return self.stage.weir_before(self.nginx, cluster={"proxy_protocol": version, **cluster})

    def who(self, client):
        """(what nginx was told: client and server, its number of the connection)"""
        answer = client.request("GET", "/who")
        self.assertEqual(answer.status, 200)
        told, _, connection = answer.body.decode().rpartition(" ")
        return told, connection

    def check(self, version):
        weir = self.weir(version)
        connections = set()
        for source in ("127.0.0.1", "127.0.0.2", "127.0.0.2"):
            with RawClient(weir.address, source=source) as client:
                told = "%s %d %s %d" % (*client.socket.getsockname(), *weir.address)
                first, second = self.who(client), self.who(client)
                self.assertEqual(first[0], told)
                self.assertEqual(first, second)
                connections.add(first[1])
        self.assertEqual(len(connections), 3, "a connection was another client's before")

    def test_version_1_tells_nginx_each_client_on_a_connection_of_its_own(self):
        self.check("v1")

    def test_version_2_does_too(self):
        self.check("v2")

    def test_health_checks_speak_for_themselves(self):
        for version in ("v1", "v2"):
            weir = self.weir(version, health_check={"path": "/", "interval": "100ms", "healthy": 1})
            wait_for_metric(weir, 1, "weir_endpoint_healthy")
            wait_for(lambda: metric(weir, "weir_health_checks_total", result="success") > 0, "a check succeeds")
            self.assertEqual(metric(weir, "weir_health_checks_total", result="failure"), 0)


if __name__ == "__main__":
    main()
