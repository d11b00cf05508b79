#!/usr/bin/env python3
"""HTTP/2 as others speak it: curl, nghttp, h2load, Node and Chromium, in the clear with prior knowledge and over TLS by
ALPN. A client that is not installed is skipped and named; scripts/bootstrap test installs all but the browser
(scripts/bootstrap browser)."""

import json
import os
import pathlib
import re
import subprocess
import unittest

from support.case import IntegrationTest, main
from support.case_origin import CaseOrigin
from support.certificates import Authority, pair
from support.clients import curl, have
from support.origins import answering
from support.weir import config, sanitized

HERE = pathlib.Path(__file__).resolve().parent
CHROMIUM = next((name for name in ("chromium", "chromium-browser", "google-chrome") if have(name)), None)
IMAGES = 50
# A PNG of one pixel, and a page that says after loading how its images came.
PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c6360f8cf"
                      "c00000030101003fbb3a4d0000000049454e44ae426082")
PAGE = """<!doctype html><title>images</title><pre id="found">nothing</pre>
%s
<script>
addEventListener('load', () => {
  const images = [...document.images];
  const how = performance.getEntriesByType('resource').map((each) => each.nextHopProtocol);
  document.getElementById('found').textContent = JSON.stringify({
    loaded: images.filter((image) => image.complete && image.naturalWidth === 1).length,
    by_h2: how.filter((protocol) => protocol === 'h2').length,
    page: performance.getEntriesByType('navigation')[0].nextHopProtocol });
});
</script>""" % "".join(f'<img src="/image/{n}.png">' for n in range(IMAGES))


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, **options)


def needs(program):
    return unittest.skipUnless(have(program), f"{program} is not installed (scripts/bootstrap test)")


def page_origin(connection):
    """An origin of the page and its images."""
    while (request := connection.request()) is not None:
        kind, content = ("image/png", PIXEL) if request.target.startswith("/image/") else ("text/html", PAGE.encode())
        connection.send(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)


class Clients(IntegrationTest):
    """`clear` and `secure` are the URLs of two listeners before one origin."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.origin = cls.origin_of(cls.shared)
        cls.pages = cls.shared.origin(page_origin)
        certificate = pair(*Authority(cls.shared.path("ca")).issue("localhost", "localhost"))
        settings = config([cls.origin.address])
        settings["listeners"] = {
            "clear": {"address": "127.0.0.1:0"},
            "secure": {"address": "127.0.0.1:0", "tls": {"certificates": [certificate]}}}
        settings["routes"].insert(0, {"name": "pages", "match": {"path_prefix": "/page"}, "cluster": "pages"})
        settings["routes"].insert(0, {"name": "images", "match": {"path_prefix": "/image/"}, "cluster": "pages"})
        settings["clusters"]["pages"] = {"endpoints": [cls.pages.address]}
        cls.weir = cls.shared.weir(settings)
        cls.clear = "http://%s:%d" % cls.weir.addresses["clear"]
        cls.secure = "https://localhost:%d" % cls.weir.addresses["secure"][1]

    @classmethod
    def origin_of(cls, stage):
        return stage.keep(CaseOrigin())

    def curl_says(self, *arguments):
        """curl's (HTTP version, status, size of the content) for each transfer, one a line."""
        done = curl("-k", "-w", "%{http_version} %{http_code} %{size_download}\n", "-o", "/dev/null", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode().split("\n")[:-1]


class Curl(Clients):
    def test_prior_knowledge(self):
        self.assertEqual(self.curl_says("--http2-prior-knowledge", f"{self.clear}/bytes/70000"), ["2 200 70000"])

    def test_alpn(self):
        self.assertEqual(self.curl_says("--http2", f"{self.secure}/bytes/70000"), ["2 200 70000"])

    def test_http_1_1_on_the_same_listeners(self):
        self.assertEqual(self.curl_says("--http1.1", f"{self.secure}/bytes/10"), ["1.1 200 10"])
        self.assertEqual(self.curl_says("--http1.1", f"{self.clear}/bytes/10"), ["1.1 200 10"])

    def test_an_upgrade_to_h2c_is_not_taken_and_the_request_is_answered(self):
        self.assertEqual(self.curl_says("--http2", f"{self.clear}/bytes/10"), ["1.1 200 10"])
        self.assertEqual(self.origin.whole_requests()[-1].all("Upgrade"), [])

    def test_forty_at_once(self):
        # curl 7.88 waits for a connection to become multiplexed, and with prior knowledge takes that for a fault.
        for how, url in (("--http2-prior-knowledge --parallel-immediate", self.clear), ("--http2", self.secure)):
            outputs = (part for n in range(39) for part in ("-o", "/dev/null", f"{url}/bytes/{n}"))
            answers = self.curl_says(f"{url}/bytes/39", "-Z", *how.split(), *outputs)
            self.assertEqual(sorted(answers), sorted(f"2 200 {n}" for n in range(40)))

    def test_upload(self):
        upload = os.path.join(self.shared.folder, "upload")
        pathlib.Path(upload).write_bytes(os.urandom(1 << 20))
        for how, url in (("--http2-prior-knowledge", self.clear), ("--http2", self.secure)):
            done = curl("-k", how, "-T", upload, f"{url}/echo/")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, pathlib.Path(upload).read_bytes())

    def test_head(self):
        self.assertEqual(self.curl_says("--http2", "-I", f"{self.secure}/bytes/10"), ["2 200 0"])


@needs("nghttp")
class Nghttp(Clients):
    def test_verbose_get_without_push(self):
        for url in (self.clear, self.secure):
            done = run("nghttp", "-nv", "--no-push", f"{url}/bytes/50000", f"{url}/bytes/10")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(re.findall(r":status: (\d+)", done.stdout), ["200", "200"], done.stdout)
            self.assertNotIn("PUSH_PROMISE", done.stdout)
            self.assertNotIn("PROTOCOL_ERROR", done.stdout)

    def test_upload(self):
        upload = os.path.join(self.shared.folder, "nghttp-upload")
        pathlib.Path(upload).write_bytes(b"u" * 300000)
        for url in (self.clear, self.secure):
            done = run("nghttp", "-d", upload, f"{url}/echo/")
            self.assertEqual((done.returncode, len(done.stdout)), (0, 300000), done.stderr)

    def test_trailers_and_continuation(self):
        done = run("nghttp", "-nv", "--continuation", "--trailer=x-sum: 1", "--no-content-length",
                   "-d", __file__, f"{self.clear}/echo/")
        self.assertEqual(re.findall(r":status: (\d+)", done.stdout), ["200"], done.stdout)
        seen = self.origin.whole_requests()[-1]
        self.assertEqual([(name.lower(), value) for name, value in seen.trailers], [("x-sum", "1")])


@needs("h2load")
class H2load(Clients):
    @classmethod
    def origin_of(cls, stage):
        return stage.nginx("one")

    def test_every_request_is_answered(self):
        requests = 1000 if sanitized() else 5000
        for listener, scheme in (("clear", "http"), ("secure", "https")):
            done = run("h2load", f"-n{requests}", "-c10", "-m20",
                       "%s://127.0.0.1:%d/" % (scheme, self.weir.addresses[listener][1]))
            self.assertIn(f"{requests} done, {requests} succeeded, 0 failed, 0 errored, 0 timeout", done.stdout,
                          done.stdout + done.stderr)
            self.assertIn(f"{requests} 2xx", done.stdout)


@needs("node")
class Node(Clients):
    def test_one_session_does_everything(self):
        for url, protocol in ((self.clear, "h2c"), (self.secure, "h2")):
            done = run("node", str(HERE / "clients/http2.js"), url)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout), {"pages": 200, "echoed": 300000, "cancelled": True, "trailers": "42",
                                                       "after": 200, "protocol": protocol})


@unittest.skipUnless(CHROMIUM, "Chromium is not installed (scripts/bootstrap browser)")
class Chromium(Clients):
    def test_a_page_with_fifty_images(self):
        done = run(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
                   "--ignore-certificate-errors", f"--user-data-dir={self.shared.folder}/profile", "--virtual-time-budget=20000",
                   "--dump-dom", f"{self.secure}/page")
        found = re.search(r'id="found">([^<]*)<', done.stdout)
        self.assertTrue(found, done.stdout + done.stderr)
        self.assertEqual(json.loads(found[1].replace("&quot;", '"')),
                         {"loaded": IMAGES, "by_h2": IMAGES, "page": "h2"}, done.stderr[-2000:])


if __name__ == "__main__":
    main()
