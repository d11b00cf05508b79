#!/usr/bin/env python3
"""HTTPS as clients see it: Python's ssl, curl and openssl against the real program; and what happens to certificates
while it runs."""

import base64
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import time

from support.case import IntegrationTest, main
from support.certificates import RSA, Authority, openssl, pair
from support.clients import RawClient
from support.generations import Generations
from support.http1 import Reader, Truncated
from support.metrics import metric, wait_for_metric
from support.waiting import wait_for
from support.weir import command, config


REFUSED = (ssl.SSLError, ConnectionError, Truncated)


def byte_sequence(certificate):
    """A PEM file's certificate as RFC 9440 has it."""
    der = ssl.PEM_cert_to_DER_cert(pathlib.Path(certificate).read_text(encoding="ascii").strip())
    return f":{base64.b64encode(der).decode()}:"


class TlsClient(RawClient):
    """A RawClient over TLS. `context` may be shared, so that sessions can be resumed."""

    def __init__(self, address, name="one.test", context=None, session=None):
        super().__init__(address)
        self.socket = context.wrap_socket(self.socket, server_hostname=name, session=session,
                                          suppress_ragged_eofs=False)
        self.reader = Reader(self.socket)

    def shown(self):
        return self.socket.getpeercert()["subject"][0][0][1]


def reload_with(weir, settings):
    weir.write(settings)
    return command("reload", "--admin", f"unix:{weir.admin}")


class TlsTest(IntegrationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.shared.path("ca"))
        cls.usual = cls.authority.issue("one", "one.test", "*.wild.test")

    def setUp(self):
        super().setUp()
        self.origin = self.stage.origin()

    def weir_of(self, *certificates, workers=1, watch=False, **tls):
        entries = [pair(*each) if isinstance(each, tuple) else each for each in certificates or (self.usual,)]
        return self.stage.weir(config([self.origin.address], workers=workers, watch=watch,
                                      listener={"tls": {"certificates": entries, **tls}}))

    def context(self, **files):
        made = ssl.create_default_context(cafile=self.authority.certificate)
        if files:
            made.load_cert_chain(**files)
        return made

    def client(self, weir, name="one.test", context=None, session=None):
        return TlsClient(weir.address, name, context or self.context(), session)


class Serving(TlsTest):
    def test_requests_are_answered_and_the_origin_is_told_of_https(self):
        weir = self.weir_of()
        with self.client(weir) as client:
            for _ in range(3):
                self.assertEqual(client.request(fields=[("X-Forwarded-Proto", "http")]).body, b"ok")
            self.assertEqual(client.socket.version(), "TLSv1.3")
        self.assertEqual([each.get("X-Forwarded-Proto") for each in self.origin.requests], ["https"] * 3)
        line = weir.logged(3)[0]
        self.assertEqual((line["tls"], line["tls_version"], line["tls_server_name"]), (True, "TLSv1.3", "one.test"))
        self.assertRegex(line["tls_cipher"], "^TLS_AES_")
        self.assertNotIn("client_certificate", line)
        wait_for_metric(weir, 1, "weir_tls_handshakes_total", version="TLSv1.3", resumed="false")
        self.assert_quiet(weir)

    def test_large_contents_pass_both_ways(self):
        content = bytes(range(256)) * 8192
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        self.origin.script = lambda connection: self.origin.answer_all(connection, answer)
        weir = self.weir_of(workers=2)
        with self.client(weir) as client:
            for _ in range(2):
                response = client.request("POST", body=content)
                self.assertEqual(hashlib.sha256(response.body).digest(), hashlib.sha256(content).digest())
        self.assertEqual(self.origin.requests[0].body, content)

    def test_an_answer_that_breaks_off_never_looks_complete(self):
        self.origin.script = lambda connection: (
            self.origin.take(connection),
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"))
        weir = self.weir_of()
        with self.client(weir) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: one.test\r\n\r\n")
            with self.assertRaises((ConnectionResetError, ssl.SSLError)):
                while client.socket.recv(4096):
                    pass

    def test_the_end_of_a_connection_is_said(self):
        weir = self.weir_of()
        with self.client(weir) as client:
            self.assertEqual(client.request(fields=[("Connection", "close")]).body, b"ok")
            self.assertEqual(client.socket.recv(10), b"")  # a close_notify: else ssl.SSLEOFError

    def test_plain_http_is_told_so(self):
        weir = self.weir_of()
        for method in ("GET", "OPTIONS", "POST"):
            with RawClient(weir.address) as client:
                response = client.request(method)
                self.assert_own_answer(response, 400, "http_request_error")
                self.assertIn(b"https://", response.body)
                self.assertEqual(client.socket.recv(10), b"")
        wait_for_metric(weir, 3, "weir_tls_handshake_failures_total", reason="plain_http")
        self.assert_quiet(weir)

    def test_checks_of_the_port_are_no_failed_handshakes(self):
        weir = self.weir_of()
        for sent, failed in ((b"", 0), (b"\x16\x03", 3)):
            for _ in range(3):
                with socket.create_connection(weir.address) as check:
                    check.sendall(sent)
            with self.client(weir) as client:  # who comes after them
                self.assertEqual(client.request().body, b"ok")
            wait_for_metric(weir, failed, "weir_tls_handshake_failures_total", reason="closed")

    def test_curl_and_old_versions(self):
        weir = self.weir_of()

        def curl(*arguments):
            return subprocess.run(["curl", "-sS", "--cacert", self.authority.certificate, "--resolve",
                                   f"one.test:{weir.address[1]}:127.0.0.1", *arguments,
                                   f"https://one.test:{weir.address[1]}/"], capture_output=True, text=True, timeout=30,
                                  check=False)
        self.assertEqual(curl().stdout, "ok")
        self.assertEqual(curl("--tlsv1.2", "--tls-max", "1.2").stdout, "ok")
        self.assertNotEqual(curl("--tlsv1.1", "--tls-max", "1.1").returncode, 0)

    def test_a_client_that_says_nothing_is_closed_in_time(self):
        weir = self.weir_of(handshake_timeout="200ms")
        with RawClient(weir.address) as client:
            client.send(b"\x16\x03\x01")
            self.assertEqual(client.socket.recv(10), b"")
        wait_for_metric(weir, 1, "weir_tls_handshake_failures_total", reason="timeout")

    def test_a_stop_answers_and_ends(self):
        weir = self.weir_of()
        with self.client(weir) as client, RawClient(weir.address):
            self.assertEqual(client.request().body, b"ok")
            weir.child.signal(signal.SIGTERM)
            wait_for(lambda: weir.readiness() == 503, "/readyz says 503")
            response = client.request()
            self.assertEqual((response.body, response.get("Connection")), (b"ok", "close"))
            self.assertEqual(weir.child.wait(30), 0)


class Certificates(TlsTest):
    def test_by_name_and_by_kind(self):
        two = self.authority.issue("two", "two.test")
        rsa = self.authority.issue("two-rsa", "two.test", kind=RSA)
        weir = self.weir_of(self.usual, two, rsa)
        for name, shown in (("one.test", "one.test"), ("x.wild.test", "one.test"), ("two.test", "two.test")):
            with self.client(weir, name) as client:
                self.assertEqual(client.shown(), shown)
                self.assertEqual(client.request().body, b"ok")
        context = self.context()
        context.check_hostname = False
        with self.client(weir, "unknown.test", context) as client:
            self.assertEqual(client.shown(), "one.test")

        def key_kind(*sigalgs):
            return openssl("s_client", "-connect", "127.0.0.1:%d" % weir.address[1], "-servername", "two.test",
                           *sigalgs, text="")
        self.assertIn("Peer signature type: ECDSA", key_kind())
        self.assertIn("Peer signature type: RSA-PSS", key_kind("-sigalgs", "rsa_pss_rsae_sha256"))

    def test_bad_files_are_refused_with_their_place(self):
        folder = pathlib.Path(self.stage.path("bad"))
        folder.mkdir()
        certificate, key = self.usual
        other = self.authority.issue("other", "other.test")
        expired = self.authority.issue("expired", "expired.test", days=-1)
        ocsp = self.authority.ocsp("one", certificate)
        file = folder / "weir.yaml"

        def errors(**entry):
            values = ", ".join(f"{name}: {value}" for name, value in entry.items())
            file.write_text("listeners:\n  web:\n    address: 127.0.0.1:0\n"
                            f"    tls: {{ certificates: [{{ {values} }}] }}\n", encoding="utf-8")
            done = command("check", "-c", str(file))
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.endswith("1 error\n"), done.stderr)
            return done.stderr.splitlines()[0].removeprefix(f"{file}:")
        self.assertEqual(errors(cert="gone.pem", key=key),
                         f"4:35: {folder}/gone.pem cannot be read: No such file or directory")
        self.assertEqual(errors(key=key, cert=key)[-len("holds no certificate in PEM form"):],
                         "holds no certificate in PEM form")
        self.assertRegex(errors(cert=certificate, key=other[1]), r"^4:\d+: .*/other.key is not the key of the certificate$")
        self.assertRegex(errors(cert=expired[0], key=expired[1]), r"^4:35: .*/expired.pem expired on .* UTC: renew it$")
        self.assertRegex(errors(cert=other[0], key=other[1], ocsp=ocsp), "is an OCSP response about another certificate$")

    def test_ciphers_are_checked_name_by_name(self):
        file = pathlib.Path(self.stage.path("ciphers.yaml"))

        def check(more):
            file.write_text("listeners: { web: { address: 127.0.0.1:0, tls: { certificates: [{ cert: %s, key: %s }],\n  %s } } }\n"
                            "routes: [{ name: r, respond: { body: x } }]\n" % (*self.usual, more), encoding="utf-8")
            return command("check", "-c", str(file))
        for names, words in (("NONE", "OpenSSL knows no cipher 'NONE'"),
                             ("ECDHE-RSA-AES128-GCM-SHA256:!BOGUS", "OpenSSL knows no cipher 'BOGUS'"),
                             ("TLS_AES_128_GCM_SHA256", "'TLS_AES_128_GCM_SHA256' is a suite of TLS 1.3")):
            self.assertIn(f"{file}:2:12: {words}", check(f'ciphers: "{names}"').stderr)
        for names in ("ECDHE+AESGCM:!aNULL:@STRENGTH", "DEFAULT:-CHACHA20, +AES256", "ECDHE-ECDSA-AES256-GCM-SHA384"):
            self.assertEqual(check(f'ciphers: "{names}"').returncode, 0, names)
        self.assertIn("min_version is 1.3", check('ciphers: "HIGH", min_version: 1.3').stderr)

    def test_they_are_taken_up_when_they_change_and_kept_when_they_vanish(self):
        folder = pathlib.Path(self.stage.path("live"))
        folder.mkdir()
        certificate, key = folder / "site.pem", folder / "site.key"

        def install(files):
            for source, target in zip(files, (certificate, key)):
                shutil.copy(source, f"{target}.new")
                os.rename(f"{target}.new", target)
        install(self.usual)
        weir = self.weir_of((str(certificate), str(key)), watch=True)
        context = self.context()
        context.check_hostname = False

        def shown():
            with self.client(weir, "any.test", context) as client:
                return client.shown()
        with self.client(weir) as kept:
            self.assertEqual(shown(), "one.test")
            before = metric(weir, "weir_certificate_expiry_timestamp_seconds", listener="web")
            self.assertAlmostEqual(before, time.time() + 90 * 86400, delta=600)
            install(self.authority.issue("renewed", "renewed.test", days=30))
            wait_for(lambda: shown() == "renewed.test", "the renewed certificate is shown")
            self.assertLess(metric(weir, "weir_certificate_expiry_timestamp_seconds", listener="web"), before)
            self.assertEqual(kept.request().body, b"ok", "a connection outlives its certificate")

        refused = metric(weir, "weir_config_reloads_total", result="refused")
        os.remove(certificate)
        wait_for_metric(weir, refused + 1, "weir_config_reloads_total", result="refused")
        self.assertIn(f"{certificate} cannot be read", weir.log())
        self.assertEqual(metric(weir, "weir_certificate_file_readable", listener="web"), 0)
        self.assertEqual(shown(), "renewed.test")
        install(self.usual)
        wait_for(lambda: shown() == "one.test", "it is back")
        self.assertEqual(metric(weir, "weir_certificate_file_readable", listener="web"), 1)

    def test_one_that_expires_soon_is_warned_of(self):
        weir = self.weir_of(self.authority.issue("short", "short.test", days=5))
        self.assertRegex(weir.log(), r"warning: .*/short.pem expires on")

    def test_ocsp_is_stapled(self):
        response = self.authority.ocsp("stapled", self.usual[0])
        weir = self.weir_of(pair(*self.usual, ocsp=response))
        said = openssl("s_client", "-connect", "127.0.0.1:%d" % weir.address[1], "-status", "-CAfile",
                       self.authority.certificate, text="")
        self.assertIn("OCSP Response Status: successful", said)
        self.assertIn("Cert Status: good", said)


class ClientCertificates(TlsTest):
    def told(self):
        request = self.origin.requests[-1]
        return tuple(request.get(name) for name in ("Client-Cert", "Client-Cert-Chain", "X-Client-Cert-Subject"))

    def test_they_are_required_checked_and_told(self):
        certificate, key = self.authority.issue("client", "client.test")
        weir = self.weir_of(client_ca=self.authority.certificate)
        with self.client(weir, context=self.context(certfile=certificate, keyfile=key)) as client:
            lies = [("Client-Cert", ":bGllcw==:"), ("Client-Cert-Chain", ":bGllcw==:"), ("X-Client-Cert-Subject", "x"),
                    ("client_cert", "x")]
            self.assertEqual(client.request(fields=lies).body, b"ok")
        # OpenSSL's client adds what it knows of the chain: here the authority itself.
        self.assertEqual(self.told(), (byte_sequence(certificate), byte_sequence(self.authority.certificate),
                                       "CN=client.test"))
        self.assertEqual(weir.logged(1)[0]["client_certificate"], "CN=client.test")
        self.assertIsNone(self.origin.requests[-1].get("client_cert"))

        with self.assertRaises(REFUSED), self.client(weir) as client:
            client.request()  # with TLS 1.3 the alert comes after the client thinks it is through
        foreign = Authority(self.stage.path("foreign")).issue("client", "client.test")
        with self.assertRaises(REFUSED), \
                self.client(weir, context=self.context(certfile=foreign[0], keyfile=foreign[1])) as client:
            client.request()
        wait_for_metric(weir, 2, "weir_tls_handshake_failures_total", reason="certificate")
        self.assertEqual(len(self.origin.requests), 1)

    def test_optional_ones_may_be_missing_and_their_fields_cannot_be_forged(self):
        weir = self.weir_of(client_ca=self.authority.certificate, client_auth="optional")
        with self.client(weir) as client:
            self.assertEqual(client.request(fields=[("Client-Cert", "x"), ("X-Client-Cert-Subject", "x")]).body, b"ok")
        self.assertEqual(self.told(), (None, None, None))


    def test_connections_that_have_not_proved_what_a_reload_demands_end(self):
        entry = {"certificates": [pair(*self.usual)]}
        stranger = Authority(self.stage.path("stranger")).certificate
        plain, open_to_all, known, others = (
            None, entry, {**entry, "client_ca": self.authority.certificate}, {**entry, "client_ca": stranger})
        certificate, key = self.authority.issue("client", "client.test")
        own = self.context(certfile=certificate, keyfile=key)
        for before, after, context in ((plain, open_to_all, None), (open_to_all, known, self.context()), (known, others, own)):
            with self.subTest(after=after):
                made = config([self.origin.address], listener={"tls": before} if before else {}, workers=1, watch=False)
                weir = self.stage.weir(made)
                with (TlsClient(weir.address, "one.test", context) if context else weir.client()) as client:
                    self.assertEqual(client.request().body, b"ok")
                    self.assertEqual(reload_with(weir, made).returncode, 0)
                    self.assertEqual(client.request().body, b"ok", "nothing has changed")
                    made["listeners"]["web"]["tls"] = after
                    self.assertEqual(reload_with(weir, made).returncode, 0)
                    last = client.request()  # it may have been on its way
                    self.assertEqual((last.body, last.get("Connection")), (b"ok", "close"))
                    self.assertTrue(client.reader.at_end())


class Tickets(TlsTest):
    def resumed(self, address, context, session):
        with TlsClient(address, "one.test", context, session) as client:
            client.request()
            return client.socket.session_reused, client.socket.session

    def test_sessions_are_resumed_at_every_worker_and_after_an_upgrade(self):
        settings = config([self.origin.address], workers=2, watch=False,
                          listener={"tls": {"certificates": [pair(*self.usual)]}})
        weir = Generations(self.stage.path("weir"), settings)
        self.stage.callback(weir.close)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.maximum_version = version
            reused, session = self.resumed(weir.address, context, None)
            self.assertFalse(reused)
            for _ in range(8):  # spread over the workers by the kernel
                reused, session = self.resumed(weir.address, context, session)
                self.assertTrue(reused)
        weir.install()
        weir.signal_upgrade()
        reused, _ = self.resumed(weir.address, context, session)
        self.assertTrue(reused, "the next process knows the keys")

    def test_they_can_be_switched_off(self):
        weir = self.weir_of(session_tickets=False)
        context = self.context()
        _, session = self.resumed(weir.address, context, None)
        self.assertFalse(self.resumed(weir.address, context, session)[0])


if __name__ == "__main__":
    main()
