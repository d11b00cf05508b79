#!/usr/bin/env python3
"""TLS to endpoints, which are real nginx: whom Weir believes, whom it does not and what it says then, certificates of its
own, sessions, health checks, and that files which are no good are refused with their place."""

import json
import os
import pathlib
import time

from support.authority import Authority
from support.case import IntegrationTest, main
from support.clients import get
from support.metrics import metric, wait_for_metric
from support.waiting import wait_for
from support.weir import command, config

SAYS_HOW = ('location /how { return 200 "$ssl_protocol|$ssl_server_name|$ssl_session_reused|$ssl_client_verify|'
            '$connection"; }')


class UpstreamTls(IntegrationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(os.path.join(cls.shared.folder, "authority"))

    def nginx(self, *names, directives="", options="ssl", protocols="TLSv1.2 TLSv1.3", **issued):
        certificate, key = self.authority.issue(f"c{time.monotonic_ns()}", *(names or ["IP:127.0.0.1"]), **issued)
        return self.stage.nginx("one", options=options, directives=(
            f"ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols {protocols}; {SAYS_HOW} {directives}"))

    def weir(self, nginx, tls=None, **cluster):
        return self.stage.weir_before(nginx, cluster={"tls": {"ca": self.authority.ca, **(tls or {})}, **cluster})

    def refused(self, weir, reason, error):
        answer = get(weir.address)
        self.assert_own_answer(answer, 502, error)
        self.assertEqual(weir.logged(1)[-1]["reason"], reason)

    def test_requests_go_over_tls_to_who_proves_its_address(self):
        weir = self.weir(self.nginx())
        with weir.client() as client:
            first = client.request("GET", "/how").body.decode().split("|")
            self.assertEqual(first[0], "TLSv1.3")
            self.assertEqual(client.request("GET", "/how").body.decode().split("|")[-1], first[-1], "one connection")
        large = b"x" * 1_000_000
        with weir.client() as client:
            self.assertEqual(client.request("POST", "/", body=large).status, 200)
        self.assert_quiet(weir)

    def test_the_name_is_told_and_verified(self):
        weir = self.weir(self.nginx("DNS:app.test"), {"server_name": "app.test"})
        self.assertEqual(get(weir.address, "/how").body.decode().split("|")[1], "app.test")
        by_name = self.stage.weir(config(
            [self.nginx("DNS:localhost").address.replace("127.0.0.1", "localhost")],
            cluster={"tls": {"ca": self.authority.ca}}))
        self.assertEqual(get(by_name.address, "/how").body.decode().split("|")[1], "localhost")

    def test_another_name_is_refused(self):
        weir = self.weir(self.nginx("DNS:app.test"), {"server_name": "other.test"})
        self.refused(weir, "upstream_certificate_name", "tls_certificate_error")
        wait_for(lambda: metric(weir, "weir_endpoint_up") == 1, "one endpoint alone is not ejected")

    def test_another_address_is_refused(self):
        self.refused(self.weir(self.nginx("DNS:app.test")), "upstream_certificate_name", "tls_certificate_error")

    def test_a_self_signed_certificate_is_refused(self):
        self.refused(self.weir(self.nginx(self_signed=True)), "upstream_certificate_untrusted", "tls_certificate_error")

    def test_an_expired_certificate_is_refused(self):
        self.refused(self.weir(self.nginx(days=-1)), "upstream_certificate_expired", "tls_certificate_error")

    def test_the_systems_authorities_are_asked_without_a_file(self):
        weir = self.stage.weir_before(self.nginx(), cluster={"tls": {}})
        self.refused(weir, "upstream_certificate_untrusted", "tls_certificate_error")

    def test_nobody_is_verified_on_demand_and_the_log_says_so(self):
        weir = self.stage.weir_before(self.nginx(days=-1), cluster={"tls": {"verify": False}})
        self.assertEqual(get(weir.address).status, 200)
        self.assertIn("certificates are not verified", weir.log())

    def test_an_endpoint_that_speaks_plain_http_is_refused(self):
        self.refused(self.weir(self.stage.nginx("plain")), "upstream_tls", "tls_protocol_error")

    def test_an_old_version_is_refused(self):
        nginx = self.nginx(protocols="TLSv1.2")
        self.assertEqual(get(self.weir(nginx).address, "/how").body.decode().split("|")[0], "TLSv1.2")
        answer = get(self.weir(nginx, {"min_version": "1.3"}).address)
        self.assert_own_answer(answer, 502)
        self.assertIn(answer.get("Proxy-Status").split("error=")[1].split(";")[0],
                      ("tls_protocol_error", "tls_alert_received"))

    def test_our_own_certificate_is_shown_to_who_asks(self):
        asks = f"ssl_client_certificate {self.authority.ca}; ssl_verify_client on;"
        nginx = self.nginx(directives=asks)
        certificate, key = self.authority.issue("client", "DNS:weir.test")
        weir = self.weir(nginx, {"certificate": certificate, "key": key})
        self.assertEqual(get(weir.address, "/how").body.decode().split("|")[3], "SUCCESS")
        without = self.weir(nginx)
        self.assertIn(get(without.address).status, (400, 502))  # nginx says it in HTTP

    def test_sessions_are_resumed(self):
        weir = self.weir(self.nginx(directives="keepalive_requests 1;"))
        reused = [get(weir.address, "/how").body.decode().split("|")[2] for _ in range(4)]
        self.assertEqual(reused[0], ".")
        self.assertIn("r", reused[1:])

    def test_a_handshake_that_does_not_come_ends_at_connect_timeout(self):
        silent = self.stage.origin(lambda connection: connection.socket.recv(100_000) and time.sleep(10))
        weir = self.weir(silent, connections={"connect_timeout": "300ms"})
        begin = time.monotonic()
        self.assert_own_answer(get(weir.address), 504, "connection_timeout")
        self.assertLess(time.monotonic() - begin, 8)

    def test_an_endpoint_that_is_not_believed_is_left_for_one_that_is(self):
        bad, good = self.nginx(days=-1), self.nginx()
        weir = self.stage.weir_before(bad, good, cluster={"tls": {"ca": self.authority.ca}})
        self.assertEqual({get(weir.address).status for _ in range(6)}, {200})

    def test_health_checks_go_over_tls(self):
        check = {"path": "/", "interval": "100ms", "healthy": 1, "unhealthy": 1}
        weir = self.weir(self.nginx(), health_check=check)
        wait_for(lambda: metric(weir, "weir_health_checks_total", result="success") > 1, "checks succeed")
        self.assertEqual(metric(weir, "weir_health_checks_total", result="failure"), 0)
        bad = self.weir(self.nginx(days=-1), health_check=check)
        wait_for_metric(bad, 0, "weir_endpoint_healthy")
        wait_for(lambda: "certificate has expired" in bad.log(), "the log says why")

    def test_header_and_tls_go_together(self):
        nginx = self.nginx(options="ssl proxy_protocol", directives=(
            'location /who { return 200 "$proxy_protocol_addr $ssl_protocol"; }'))
        weir = self.weir(nginx, proxy_protocol="v2", health_check={"path": "/", "interval": "100ms"})
        self.assertEqual(get(weir.address, "/who").body, b"127.0.0.1 TLSv1.3")
        wait_for(lambda: metric(weir, "weir_health_checks_total", result="success") > 0, "a check succeeds")


class Files(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(os.path.join(self.stage.folder, "authority"))

    def check(self, **tls):
        path = pathlib.Path(self.stage.folder, "weir.yaml")
        path.write_text(json.dumps(config(["127.0.0.1:1"], cluster={"tls": tls}), indent=1), encoding="utf-8")
        done = command("check", "-c", str(path))
        return done.returncode, done.stdout + done.stderr

    @staticmethod
    def reload(weir):
        return command("reload", "--admin", f"unix:{weir.admin}").returncode

    def assert_refused(self, words, **tls):
        code, output = self.check(**tls)
        self.assertEqual(code, 1)
        self.assertRegex(output, r"weir\.yaml:\d+:\d+: " + words)

    def test_a_certificate_of_ours_that_expires_soon_is_warned_of(self):
        certificate, key = self.authority.issue("short", "DNS:weir.test", days=5)
        code, output = self.check(certificate=certificate, key=key)
        self.assertEqual(code, 0)
        warning = r"weir\.yaml:\d+:\d+: .*/short\.pem: expires on \d{4}-"
        self.assertRegex(output, warning)
        settings = config(["127.0.0.1:1"], cluster={"tls": {"certificate": certificate, "key": key}}, watch=False)
        weir = self.stage.weir(settings)
        self.assertRegex(weir.log(), warning)
        until = metric(weir, "weir_upstream_certificate_expiry_timestamp_seconds", cluster="origins", certificate=certificate)
        self.assertAlmostEqual(until, time.time() + 5 * 86400, delta=3600)
        settings["clusters"]["origins"]["min_available"] = 1
        weir.write(settings)
        reloaded = command("reload", "--admin", f"unix:{weir.admin}")
        self.assertEqual(reloaded.returncode, 0, reloaded.stderr)
        self.assertRegex(reloaded.stdout + reloaded.stderr, warning)
        long_lived = self.authority.issue("long", "DNS:weir.test", days=90)
        self.assertNotIn("expires", self.check(certificate=long_lived[0], key=long_lived[1])[1])

    def test_files_that_are_no_good_are_refused_with_their_place(self):
        certificate, key = self.authority.issue("own", "DNS:weir.test")
        _, other_key = self.authority.issue("other", "DNS:weir.test")
        self.assert_refused(r".*/nowhere\.pem: cannot be opened: No such file", ca="nowhere.pem")
        self.assert_refused(r".*own\.key: holds no certificate", ca=key)
        self.assert_refused(r".*own\.key: holds no certificate", certificate=key, key=key)
        self.assert_refused(r".*own\.pem: holds no private key", certificate=certificate, key=certificate)
        self.assert_refused(r".*other\.key: is not the key of the certificate", certificate=certificate, key=other_key)
        expired, expired_key = self.authority.issue("expired", "DNS:weir.test", days=-1)
        self.assert_refused(r".*expired\.pem: has expired: renew it", certificate=expired, key=expired_key)
        self.assertEqual(self.check(ca="authority/ca.pem", certificate=certificate, key=key)[0], 0)

    def test_a_reload_takes_up_another_authority_or_keeps_the_one_in_force(self):
        certificate, key = self.authority.issue("nginx", "IP:127.0.0.1")
        nginx = self.stage.nginx("one", options="ssl", directives=(
            f"ssl_certificate {certificate}; ssl_certificate_key {key};"))
        trusted = pathlib.Path(self.stage.folder, "trusted.pem")
        good = pathlib.Path(self.authority.ca).read_text(encoding="ascii")
        other = Authority(os.path.join(self.stage.folder, "other"), "Another")
        trusted.write_text(good, encoding="ascii")
        weir = self.stage.weir_before(nginx, cluster={"tls": {"ca": str(trusted)}})
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
            trusted.write_text("nonsense", encoding="ascii")
            self.assertEqual(self.reload(weir), 1)
            self.assertEqual(client.request().status, 200)
            trusted.write_text(pathlib.Path(other.ca).read_text(encoding="ascii"), encoding="ascii")
            self.assertEqual(self.reload(weir), 0)
            self.assert_own_answer(client.request(), 502, "tls_certificate_error")
            trusted.write_text(good, encoding="ascii")
            self.assertEqual(self.reload(weir), 0)
            self.assertEqual(client.request().status, 200)


if __name__ == "__main__":
    main()
