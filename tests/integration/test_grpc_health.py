#!/usr/bin/env python3
"""Health checks of clusters that speak HTTP/2: gRPC's own, against real servers, and HTTP ones over HTTP/2."""

import json
import os
import pathlib
import unittest

from support.authority import Authority
from support.case import IntegrationTest, main
from support.clients import get
from support.grpc_peers import Caller, GrpcOrigin, grpc
from support.waiting import wait_for
from support.weir import command, config

SWIFT = {"interval": "100ms", "unhealthy_interval": "100ms", "timeout": "2s", "healthy": 1, "unhealthy": 1}


def endpoint(weir):
    return weir.admin_json("/v1/clusters")[0]["endpoints"][0]


class CheckTest(IntegrationTest):
    def weir_checking(self, address, check, **cluster):
        return self.stage.weir(config([address], cluster={
            "protocol": "http2", "health_check": {**SWIFT, **check}, **cluster}))

    def wait_for(self, weir, health, cause=None):
        def reached():
            found = endpoint(weir)
            return found["health"] == health and (cause is None or cause in found["last_check"].get("cause", ""))
        try:
            wait_for(reached, f"{health}: {cause}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {endpoint(weir)}") from None


class GrpcChecks(CheckTest):
    def setUp(self):
        super().setUp()
        if grpc is None:
            raise unittest.SkipTest("no python3-grpcio")
        self.server = self.stage.keep(GrpcOrigin(self.stage.path("grpc"), "one"))
        self.direct = self.stage.keep(Caller(self.server.address))

    def test_a_server_that_serves_is_healthy_until_it_does_not(self):
        weir = self.weir_checking(self.server.address, {"grpc": {}})
        self.wait_for(weir, "healthy")
        call = self.stage.keep(Caller(weir.address))
        self.assertEqual(call("name"), b"one")
        for state, cause in (("ailing", "the service is NOT_SERVING"), ("broken", "no HealthCheckResponse"),
                             ("silent", "no answer within 2000 ms")):
            self.direct("set_health", state.encode())
            self.wait_for(weir, "unhealthy", cause)
            self.assertEqual(call.failure("name").code(), grpc.StatusCode.UNAVAILABLE)
            self.direct("set_health", b"serving")
            self.wait_for(weir, "healthy")
        wait_for(lambda: "unhealthy: 1 check failed, last: the service is NOT_SERVING" in weir.log(), "the log says so")

    def test_a_service_is_asked_for_by_its_name(self):
        weir = self.weir_checking(self.server.address, {"grpc": {"service": "shop"}})
        self.wait_for(weir, "healthy")
        unknown = self.weir_checking(self.server.address, {"grpc": {"service": "shed"}})
        self.wait_for(unknown, "unhealthy", "the service 'shed' is not known there")

    def test_over_tls(self):
        authority = Authority(self.stage.path("authority"))
        sealed = self.stage.keep(GrpcOrigin(self.stage.path("grpc"), "sealed", authority.issue("a", "IP:127.0.0.1")))
        weir = self.weir_checking(sealed.address, {"grpc": {}}, tls={"ca": authority.ca})
        self.wait_for(weir, "healthy")
        plain = self.weir_checking(sealed.address, {"grpc": {}})
        self.wait_for(plain, "unhealthy")

    def test_a_server_without_the_service_is_told_so(self):
        nginx = self.stage.nginx("one", options="http2")
        weir = self.weir_checking(nginx.address, {"grpc": {}})
        self.wait_for(weir, "unhealthy", "gRPC")

    def test_who_speaks_no_http2_is_told_so(self):
        answers = self.weir_checking(self.stage.origin().address, {"grpc": {}})
        self.wait_for(answers, "unhealthy", "the endpoint does not speak HTTP/2")
        closes = self.weir_checking(self.stage.origin(lambda connection: connection.head()).address, {"grpc": {}})
        self.wait_for(closes, "unhealthy", "without a word of HTTP/2")

    def test_a_cluster_of_http1_cannot_be_asked(self):
        path = pathlib.Path(self.stage.path("bad.yaml"))
        path.write_text(json.dumps(config([self.server.address], cluster={"health_check": {"grpc": {}}}), indent=1),
                        encoding="utf-8")
        said = command("check", "-c", os.fspath(path))
        self.assertEqual(said.returncode, 1)
        self.assertRegex(said.stderr, r"bad\.yaml\d*:\d+:\d+: a gRPC check needs HTTP/2: .*protocol: http2")


class HttpChecks(CheckTest):
    def test_they_speak_the_clusters_protocol(self):
        nginx = self.stage.nginx("one", options="http2", directives=(
            'location /proto { return 200 "$server_protocol $host $http_x_probe\\n"; } location /ill { return 503; }'))
        well = {"path": "/proto", "host": "app.test", "headers": {"X-Probe": "weir"},
                "body": {"contains": "HTTP/2.0 app.test weir"}}
        weir = self.weir_checking(nginx.address, well)
        self.wait_for(weir, "healthy")
        self.assertEqual(get(weir.address).body, b"one\n")
        self.wait_for(self.weir_checking(nginx.address, {"path": "/proto", "method": "HEAD"}), "healthy")
        self.wait_for(self.weir_checking(nginx.address, {"path": "/ill"}), "unhealthy", "status 503, expected 200-399")
        self.wait_for(self.weir_checking(nginx.address, {**well, "body": {"contains": "HTTP/1"}}), "unhealthy",
                      "not the body that is expected")


if __name__ == "__main__":
    main()
