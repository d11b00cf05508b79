#!/usr/bin/env python3
"""Real HTTP/2 endpoints, Node and nghttpd, in the clear and over TLS, with clients of HTTP/1.1 and HTTP/2 before Weir: what
arrives is what was sent, requests share connections, and endpoints that restart or die are not noticed."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import unittest

from support.authority import Authority
from support.case import IntegrationTest, main
from support.children import Child, free_port
from support.clients import Load, curl, get, have
from support.metrics import metric
from support.origins import listens
from support.waiting import wait_for
from support.weir import config

HTTP2 = {"protocol": "http2"}
MEGABYTES_10 = 10 * 1024 * 1024


def facts(weir):
    return json.loads(get(weir.address, "/facts").body)


class Nghttpd:
    """nghttpd with files to serve, in the clear."""

    def __init__(self, folder, files):
        os.makedirs(folder)
        for _ in range(5):
            port = free_port()
            self.child = Child(["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", files, str(port)], f"{folder}/output")
            wait_for(lambda: self.child.exit_code is not None or listens(port), f"nghttpd on port {port}")
            if self.child.exit_code is None:
                self.address = f"127.0.0.1:{port}"
                return
        raise AssertionError("nghttpd does not start: " + self.child.output())

    def close(self):
        self.child.kill()


class Http2Origins(IntegrationTest):
    def node(self, *arguments):
        return self.stage.node("http2_origin.js", *arguments)

    def weir(self, *origins, **cluster):
        return self.stage.weir_before(*origins, cluster={**HTTP2, **cluster})


class Messages(IntegrationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.origin = cls.shared.node("http2_origin.js")
        cls.weir = cls.shared.weir_before(cls.origin, cluster=HTTP2)

    def test_a_request_is_told_as_it_is(self):
        with self.weir.client() as client:
            said = json.loads(client.request("GET", "/request?a=b", [("X-One", "1"), ("Cookie", "a=1; b=2")]).body)
        self.assertEqual((said["version"], said["method"], said["url"]), ("2.0", "GET", "/request?a=b"))
        headers = said["headers"]
        self.assertEqual((headers["x-one"], headers["cookie"], headers[":scheme"]), ("1", "a=1; b=2", "http"))
        self.assertEqual(headers["x-forwarded-for"], "127.0.0.1")
        self.assertNotIn("host", headers)
        self.assertNotIn("connection", headers)

    def test_large_content_passes_both_ways(self):
        content = os.urandom(MEGABYTES_10)
        path = pathlib.Path(self.stage.path("content"))
        path.write_bytes(content)
        for version in ("--http1.1", "--http2-prior-knowledge"):
            with self.subTest(version):
                said = json.loads(curl(version, "--data-binary", f"@{path}", self.weir.url + "/digest").stdout)
                self.assertEqual((said["size"], said["sha256"]), (MEGABYTES_10, hashlib.sha256(content).hexdigest()))
                back = curl(version, f"{self.weir.url}/bytes?size={MEGABYTES_10}").stdout
                self.assertEqual(back, b"weir" * (MEGABYTES_10 // 4))

    def test_slow_readers_and_writers_get_all_of_it(self):
        slow = curl("--limit-rate", "2M", f"{self.weir.url}/bytes?size=4000000&length=1").stdout
        self.assertEqual(len(slow), 4_000_000)
        path = pathlib.Path(self.stage.path("content"))
        path.write_bytes(b"x" * 4_000_000)
        said = json.loads(curl("--limit-rate", "2M", "--data-binary", f"@{path}", self.weir.url + "/digest").stdout)
        self.assertEqual(said["size"], 4_000_000)

    def test_trailers_pass_both_ways(self):
        with self.weir.client() as client:
            client.send("POST /digest HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n"
                        "Connection: TE\r\n\r\n3\r\nabc\r\n0\r\nX-Check: 7\r\n\r\n")
            self.assertEqual(json.loads(client.response().body)["trailers"], {"x-check": "7"})
            client.send("GET /trailers HTTP/1.1\r\nHost: a.test\r\n\r\n")
            response = client.response()
            self.assertEqual(response.body, b"content")
        told = curl("-v", "--http2-prior-knowledge", self.weir.url + "/trailers")
        self.assertIn(b"x-sum: 42", told.stderr + told.stdout)

    def test_early_hints_head_and_nothing(self):
        hinted = curl("-i", self.weir.url + "/hints").stdout
        self.assertIn(b"103", hinted.split(b"\r\n")[0])
        self.assertTrue(hinted.endswith(b"page"))
        with self.weir.client() as client:
            response = client.request("HEAD", "/bytes?size=7&length=1")
            self.assertEqual((response.status, response.get("Content-Length"), response.body), (200, "7", b""))
            self.assertEqual(client.request("GET", "/nothing").status, 204)
            self.assertEqual(client.request("GET", "/").body, b"node")

    def test_expect_continue_is_answered(self):
        path = pathlib.Path(self.stage.path("content"))
        path.write_bytes(b"x" * 100_000)
        told = curl("-v", "--http1.1", "-H", "Expect: 100-continue", "--data-binary", f"@{path}",
                    self.weir.url + "/digest")
        self.assertIn(b"100 Continue", told.stderr)
        self.assertEqual(json.loads(told.stdout)["size"], 100_000)


class Sharing(Http2Origins):
    def test_a_hundred_at_once_share_one_connection(self):
        weir = self.weir(self.node())
        answers = []

        def ask():
            answers.append(get(weir.address, "/wait?for=100").body)
        threads = [threading.Thread(target=ask) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [b"late"] * 100)
        found = facts(weir)
        self.assertEqual(found["connections"], 1)
        self.assertEqual(found["most"], 100)

    def test_the_endpoints_limit_is_kept(self):
        weir = self.weir(self.node("-", "-", "3"))
        self.assertEqual(get(weir.address).status, 200)  # now its settings are known
        threads = [threading.Thread(target=get, args=(weir.address, "/wait?for=10")) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({line["status"] for line in weir.logged(11)}, {200})
        self.assertGreaterEqual(facts(weir)["connections"], 4)

    def test_a_client_that_leaves_resets_its_request_alone(self):
        weir = self.weir(self.node())
        with weir.client() as client:
            client.send("GET /wait?ms=5000 HTTP/1.1\r\nHost: a.test\r\n\r\n")
            wait_for(lambda: facts(weir)["most"] == 1, "the request is there")
        wait_for(lambda: facts(weir)["resets"] == 1, "the request is reset")
        self.assertEqual(facts(weir)["connections"], 1)

    def test_a_reload_keeps_the_connection(self):
        weir = self.weir(self.node())
        get(weir.address)
        settings = json.loads(pathlib.Path(weir.config_path).read_text(encoding="utf-8"))
        settings["routes"][0]["timeouts"] = {"request": "50s"}
        pathlib.Path(weir.config_path).write_text(json.dumps(settings), encoding="utf-8")
        wait_for(lambda: metric(weir, "weir_config_generation") > 1, "the file is taken up")
        self.assertEqual(facts(weir)["connections"], 1)


class Restarts(Http2Origins):
    def test_graceful_ends_of_connections_are_not_noticed(self):
        origin = self.node()
        weir = self.weir(origin, outlier="off")
        with Load(weir.address, threads=8) as load:
            for _ in range(10):
                answered = load.answered
                time.sleep(0.2)
                wait_for(lambda n=answered: load.answered > n + 10 or load.failures, "requests go on")
                origin.child.signal(signal.SIGUSR2)
            time.sleep(0.2)
        self.assertEqual(load.failures, [])
        self.assertGreater(load.answered, 100)
        self.assertGreater(facts(weir)["connections"], 5)

    def test_an_endpoint_that_dies_under_load_fails_no_request(self):
        stays, dies = self.node(), self.node()
        weir = self.weir(stays, dies)
        with Load(weir.address, threads=8) as load:
            wait_for(lambda: load.answered > 100, "requests are answered")
            dies.child.signal(signal.SIGKILL)
            at_kill = load.answered
            wait_for(lambda: load.answered > at_kill + 300, "requests go on", 60)
        # An answer is two frames of HTTP/2, and may be cut between them; nothing else may go wrong.
        cut = [line["reason"] for line in weir.logged(load.answered + len(load.failures)) if "reason" in line]
        self.assertEqual(cut, ["upstream_truncated"] * len(load.failures), load.failures)
        self.assertGreater(load.answered, 100)


class Others(Http2Origins):
    @unittest.skipUnless(have("nghttpd"), "nghttpd is not installed (scripts/bootstrap test)")
    def test_nghttpd(self):
        files = self.stage.path("files")
        os.makedirs(files)
        content = os.urandom(3_000_000)
        pathlib.Path(files, "large").write_bytes(content)
        weir = self.weir(self.stage.keep(Nghttpd(self.stage.path("nghttpd"), files)))
        for _ in range(3):
            self.assertEqual(get(weir.address, "/large").body, content)

    @unittest.skipUnless(have("h2load"), "h2load is not installed (scripts/bootstrap test)")
    def test_many_clients_of_http2(self):
        weir = self.weir(self.node())
        done = subprocess.run(["h2load", "-n", "5000", "-c", "10", "-m", "20", weir.url + "/"],
                              capture_output=True, text=True, timeout=90, check=False)
        self.assertIn("5000 succeeded, 0 failed, 0 errored", done.stdout)
        self.assertLessEqual(facts(weir)["connections"], 4)


class OverTls(Http2Origins):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(os.path.join(cls.shared.folder, "authority"))

    def secure(self, *names):
        return self.node(*self.authority.issue(f"c{time.monotonic_ns()}", *(names or ["IP:127.0.0.1"])))

    def before(self, origin, **cluster):
        return self.weir(origin, tls={"ca": self.authority.ca}, **cluster)

    def refused(self, weir, reason, error):
        self.assert_own_answer(get(weir.address), 502, error)
        self.assertEqual(weir.logged(1)[-1]["reason"], reason)

    def test_it_is_agreed_on_by_alpn(self):
        weir = self.before(self.secure())
        said = json.loads(get(weir.address, "/request").body)
        self.assertEqual((said["version"], said["headers"][":scheme"]), ("2.0", "https"))
        self.assertEqual(len(get(weir.address, f"/bytes?size={MEGABYTES_10}").body), MEGABYTES_10)

    def test_an_endpoint_that_chooses_nothing_is_refused(self):
        certificate, key = self.authority.issue("h1", "IP:127.0.0.1")
        origin = self.stage.nginx("h1", options="ssl", directives=f"ssl_certificate {certificate}; ssl_certificate_key {key};")
        weir = self.before(origin)
        answer = get(weir.address)
        self.assertEqual(answer.status, 502)
        self.assertEqual(weir.logged(1)[-1]["reason"], "upstream_no_http2")

    def test_certificates_are_verified(self):
        self.refused(self.before(self.secure("DNS:other.test")), "upstream_certificate_name", "tls_certificate_error")

    def test_in_the_clear_an_http1_server_is_told_apart(self):
        self.refused(self.weir(self.stage.nginx("plain")), "upstream_no_http2", "http_protocol_error")


class Refused(IntegrationTest):
    def test_a_proxy_header_for_a_shared_connection(self):
        weir = self.stage.weir(config(["127.0.0.1:1"], cluster={**HTTP2, "proxy_protocol": "v1"}), ready=False)
        wait_for(lambda: weir.child.exit_code is not None, "weir gives up")
        self.assertIn("remove proxy_protocol", weir.log())


if __name__ == "__main__":
    main()
