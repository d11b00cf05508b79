#!/usr/bin/env python3
"""WebSocket and other tunnels in streams of HTTP/2 (RFC 8441) through the real program: a browser, Node and raw frames
before real and scripted servers; either side's end and reset, what is logged and counted, reloads and stops."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import unittest
import urllib.parse

from support import h2_frames as h2
from support import websocket
from support.case import IntegrationTest, main
from support.certificates import Authority, pair
from support.children import Child
from support.clients import have
from support.h2_client import Ended, H2Client
from support.h2_tunnel import H2Tunnel
from support.metrics import wait_for_metric
from support.waiting import Stopwatch, wait_for
from support.websocket import BINARY, CLOSE, PING, PONG, TEXT, Frames
from support.websocket_server import RealServer, websockets
from support.weir import command, config

HERE = pathlib.Path(__file__).resolve().parent
CHROMIUM = next((name for name in ("chromium", "chromium-browser", "google-chrome") if have(name)), None)
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"
VERSION = ("sec-websocket-version", "13")


class TunnelTest(IntegrationTest):
    def client(self, weir, **options):
        return self.stage.enter_context(H2Client(weir.address, **options))

    def frames(self, client, path="/chat"):
        """A WebSocket on a stream of that client."""
        return Frames(H2Tunnel(client, path, [VERSION]).opened(), masked=True)

    def ended(self, weir):
        return weir.logged(1)[0].get("reason")


class WebSockets(TunnelTest):
    def test_messages_of_all_sizes_go_both_ways(self):
        weir = self.stage.weir_before(self.stage.origin(websocket.serve_echo))
        frames = self.frames(self.client(weir))
        for size in (0, 1, 125, 126, 65_535, 65_536, 2_000_000):
            self.assertTrue(frames.echo(b"y" * size, BINARY), size)
        frames.send(PING, b"there?")
        self.assertEqual(frames.receive(), (PONG, b"there?"))
        wait_for_metric(weir, 1, "weir_tunnels", route="everything")
        frames.send(CLOSE, b"\x03\xe8")
        self.assertEqual(frames.receive(), (CLOSE, b"\x03\xe8"))
        self.assertEqual(frames.connection.rest(), b"")
        frames.connection.close()
        line, = weir.logged(1)
        self.assertEqual((line["method"], line["path"], line["protocol"], line["status"]), ("GET", "/chat", "HTTP/2.0", 101))
        self.assertNotIn("reason", line)
        self.assertGreater(line["bytes_in"], 2_000_000)
        self.assertGreater(line["bytes_out"], 2_000_000)
        wait_for_metric(weir, 1, "weir_requests_total", code_class="1xx")
        wait_for_metric(weir, 1, "weir_tunnels_ended_total", reason="closed")

    def test_a_hundred_at_once_on_one_connection(self):
        weir = self.stage.weir_before(self.stage.origin(websocket.serve_echo))
        client = self.client(weir)
        tunnels = [H2Tunnel(client, f"/{number}", [VERSION]) for number in range(100)]
        frames = [Frames(tunnel.opened(), masked=True) for tunnel in tunnels]
        wait_for_metric(weir, 100, "weir_tunnels")
        self.assertEqual(weir.connections(), 1)
        for round_ in range(5):
            messages = [b"%d %d " % (round_, number) * (number + 1) for number in range(100)]
            for each, message in zip(frames, messages):
                each.send(BINARY, message)
            self.assertEqual([each.receive() for each in reversed(frames)], [(BINARY, each) for each in reversed(messages)])
        for each in frames:
            each.connection.close()
        wait_for_metric(weir, 100, "weir_tunnels_ended_total", reason="closed")
        wait_for_metric(weir, 0, "weir_tunnels")

    def test_an_origin_that_refuses_is_heard(self):
        weir = self.stage.weir_before(self.stage.origin(lambda connection: connection.head() and connection.send(
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")))
        tunnel = H2Tunnel(self.client(weir))
        answer = tunnel.client.response(tunnel.stream)
        self.assertEqual((answer.status, answer.body, answer.reset), (403, b"no", None))

    def test_bytes_before_the_answer_are_the_first_of_the_tunnel(self):
        heard, go = [], threading.Event()

        def serve(connection):
            request = connection.head()
            go.wait(20)
            heard.append(connection.reader.pending())
            connection.send(websocket.answer_to(request))
            heard.append(connection.reader.exactly(5))
        weir = self.stage.weir_before(self.stage.origin(serve))
        tunnel = H2Tunnel(self.client(weir))
        tunnel.send(b"early")
        tunnel.client.sync()
        go.set()
        tunnel.opened()
        wait_for(lambda: len(heard) == 2, "the origin has the client's first bytes")
        self.assertEqual(heard, [b"", b"early"], "nothing of the tunnel goes before its 101")


class RawTunnels(TunnelTest):
    """With a protocol of no framing, so that every byte is the test's."""

    def open(self, script, **options):
        def serve(connection):
            connection.head()
            connection.send(SWITCHING)
            script(connection)
        route = {"upgrade": ["raw"], **options.pop("route", {})}
        weir = self.stage.weir(config([self.stage.origin(serve).address], route=route, **options))
        return H2Tunnel(self.client(weir), protocol="raw").opened(), weir

    def test_a_clients_half_close_reaches_the_origin_which_goes_on(self):
        tunnel, weir = self.open(lambda connection: connection.send(b"you said " + connection.reader.rest()))
        tunnel.send(b"something")
        tunnel.finish_sending()
        self.assertEqual(tunnel.rest(), b"you said something")
        self.assertTrue(tunnel.answer.ended)
        self.assertIsNone(self.ended(weir))

    def test_an_origins_half_close_reaches_the_client_which_goes_on(self):
        heard = []

        def script(connection):
            connection.send(b"that is all")
            connection.socket.shutdown(socket.SHUT_WR)
            heard.append(connection.reader.rest())
        tunnel, weir = self.open(script)
        self.assertEqual(tunnel.rest(), b"that is all")
        self.assertTrue(tunnel.answer.ended)
        tunnel.send(b"thanks")
        tunnel.finish_sending()
        wait_for(lambda: heard, "the origin has heard it all")
        self.assertEqual(heard, [b"thanks"])
        self.assertIsNone(self.ended(weir))

    def test_a_clients_reset_resets_the_origin(self):
        errors = []

        def script(connection):
            try:
                connection.reader.rest()
                errors.append(None)
            except ConnectionResetError as error:
                errors.append(error)
        tunnel, weir = self.open(script)
        tunnel.reset()
        wait_for(lambda: errors, "the origin sees an end")
        self.assertIsInstance(errors[0], ConnectionResetError)
        self.assertEqual(self.ended(weir), "client_reset")

    def test_an_origins_reset_is_cancel(self):
        tunnel, weir = self.open(lambda connection: connection.reset())
        tunnel.rest()
        self.assertEqual((tunnel.answer.ended, tunnel.answer.reset), (False, h2.CANCEL))
        self.assertEqual(self.ended(weir), "tunnel_reset")
        wait_for_metric(weir, 1, "weir_tunnels_ended_total", reason="origin_reset")

    def test_nothing_for_too_long_ends_it(self):
        tunnel, weir = self.open(lambda connection: connection.reader.rest(),
                                 listener={"timeouts": {"body_idle": "1s", "idle": "1s"}},
                                 route={"timeouts": {"tunnel_idle": "1500ms", "request": "1s"}})
        tunnel.rest()
        self.assertEqual(tunnel.answer.reset, h2.CANCEL)
        self.assertEqual(self.ended(weir), "tunnel_idle")
        self.assertGreaterEqual(weir.logged(1)[0]["duration_ms"], 1500)

    def test_much_goes_both_ways_past_readers_that_pause(self):
        size = 4 * 1024 * 1024
        heard = []

        def script(connection):
            sender = threading.Thread(target=connection.send, args=(b"o" * size,), daemon=True)
            sender.start()
            heard.append(connection.reader.exactly(size) == b"c" * size)
            sender.join(60)
        tunnel, weir = self.open(script)
        tunnel.send(b"c" * size)
        self.assertEqual(tunnel.exactly(size), b"o" * size)
        wait_for(lambda: heard, "the origin has it all")
        self.assertEqual(heard, [True])
        self.assertLess(weir.child.resident_kib(), 200 * 1024)


class Changes(TunnelTest):
    def setUp(self):
        super().setUp()
        self.origin = self.stage.origin(websocket.serve_echo)

    def test_a_reload_keeps_them_and_ends_the_offer(self):
        weir = self.stage.weir(config([self.origin.address], watch=False))
        client = self.client(weir)
        frames = self.frames(client)
        self.assertEqual(client.server_settings[h2.ENABLE_CONNECT_PROTOCOL], 1)
        settings = config([self.origin.address], route={"upgrade": "off", "timeouts": {"tunnel_idle": "1ms"}}, watch=False)
        weir.write(settings)
        done = command("reload", "--admin", f"unix:{weir.admin}")
        self.assertEqual(done.returncode, 0, done.stderr)
        for number in range(5):
            self.assertTrue(frames.echo(b"%d" % number))
        late = H2Tunnel(client)
        self.assertEqual(client.response(late.stream).status, 501)
        other = self.client(weir).settled()
        self.assertEqual(other.server_settings.get(h2.ENABLE_CONNECT_PROTOCOL, 0), 0)

    def test_a_stop_gives_them_until_its_timeout(self):
        weir = self.stage.weir_before(self.origin, shutdown_timeout="2s")
        client = self.client(weir)
        frames = self.frames(client)
        watch = Stopwatch()
        weir.child.signal(signal.SIGTERM)
        client.until(lambda: client.goaways, "GOAWAY")
        self.assertTrue(frames.echo(b"while it drains"))
        with self.assertRaises(Ended):
            frames.connection.rest()
        self.assertGreater(watch.seconds, 1.9)
        self.assertEqual(client.goaways[-1][1], h2.NO_ERROR)
        self.assertEqual(weir.child.wait(), 0)
        self.assertEqual(self.ended(weir), "shutting_down")

    def test_a_stop_ends_with_the_last_of_them(self):
        weir = self.stage.weir_before(self.origin)
        client = self.client(weir)
        frames = self.frames(client)
        weir.child.signal(signal.SIGTERM)
        client.until(lambda: client.goaways, "GOAWAY")
        self.assertTrue(frames.echo(b"one more", TEXT))
        frames.connection.close()
        watch = Stopwatch()
        self.assertEqual(weir.child.wait(), 0)
        self.assertLess(watch.seconds, 15, "it does not wait for its timeout, 30s")


# A page that opens WebSockets on the connection it came by, and reports how they went.
SOCKETS = 60
PAGE = """<!doctype html><title>sockets</title>
<script>
const url = `wss://${location.host}/socket`;
const large = 'ü'.repeat(500000);
const talk = (what, protocols) => new Promise((done) => {
  const heard = [];
  const socket = new WebSocket(url, protocols);
  socket.onopen = () => socket.send(what);
  socket.onmessage = (event) => { heard.push(event.data); if (what !== 'stay') socket.close(3001, 'enough'); };
  socket.onclose = (event) => done({ echoed: heard[0] === what, code: event.code, reason: event.reason,
                                     clean: event.wasClean, protocol: socket.protocol });
});
const refused = () => new Promise((done) => {
  const socket = new WebSocket(`wss://${location.host}/none`);
  socket.onclose = (event) => done(event.code);
});
async function run() {
  const small = await Promise.all(Array.from({ length: %d }, (_, number) => talk(`number ${number}`)));
  const big = await talk(large);
  const chat = await talk('hello', ['chat']);
  const closed = await talk('close 4001 go away');
  const report = {
    small: small.filter((each) => each.echoed && each.clean && each.code === 3001).length, big: big.echoed && big.clean,
    chat: chat.protocol, closed: [closed.code, closed.reason, closed.clean], refused: await refused(),
    page: performance.getEntriesByType('navigation')[0].nextHopProtocol };
  await fetch('/report?' + encodeURIComponent(JSON.stringify(report)));
}
run();
</script>""" % SOCKETS


class Browser:
    """Chromium without a window, at that page until it is closed."""

    def __init__(self, url, folder):
        os.makedirs(folder)
        self._child = Child([
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
            "--ignore-certificate-errors", f"--user-data-dir={folder}/profile", url], f"{folder}/output")

    def close(self):
        self._child.end()


class Clients(TunnelTest):
    def setUp(self):
        super().setUp()
        if websockets is None:
            self.skipTest("python3-websockets is not installed")
        self.server = self.stage.keep(RealServer())
        certificate = pair(*Authority(self.stage.path("ca")).issue("localhost", "localhost"))
        settings = config([self.server.address], listener={"tls": {"certificates": [certificate]}})
        settings["routes"] = [
            {"name": "page", "match": {"path": "/page"}, "respond": {
                "status": 200, "content_type": "text/html", "body": PAGE.replace("$", "$$")}},
            {"name": "none", "match": {"path": "/none"}, "respond": {"status": 404, "body": ""}},
            {"name": "report", "match": {"path": "/report"}, "respond": {"status": 204, "body": ""}},
            *settings["routes"]]
        self.weir = self.stage.weir(settings)
        self.url = f"https://localhost:{self.weir.address[1]}"

    def reported(self):
        """The lines of the log up to that of the page's report, which comes when its sockets are closed."""
        lines = self.weir.logged(1)
        last = next((at for at, line in enumerate(lines) if line["route"] == "report"), None)
        return None if last is None else lines[:last + 1]

    @unittest.skipUnless(have("node"), "node is not installed (scripts/bootstrap test)")
    def test_node_talks_to_a_real_server(self):
        done = subprocess.run(["node", str(HERE / "clients/http2_websocket.js"), self.url], capture_output=True, text=True,
                              timeout=90, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), {"offered": True, "status": 200, "protocol": "chat", "echoed": 300_000,
                                                   "closed": [4001, "go away"], "denied": 501})
        self.assertEqual(self.server.closed, [4001])

    @unittest.skipUnless(CHROMIUM, "Chromium is not installed (scripts/bootstrap browser)")
    def test_a_browser_opens_its_sockets_on_the_pages_connection(self):
        self.stage.keep(Browser(f"{self.url}/page", self.stage.path("browser")))
        lines = wait_for(self.reported, "the page's report", 60)
        self.assertEqual(json.loads(urllib.parse.unquote(lines[-1]["path"].partition("?")[2])),
                         {"small": SOCKETS, "big": True, "chat": "chat", "closed": [4001, "go away", True], "refused": 1006,
                          "page": "h2"})
        tunnels = [line for line in lines if line["status"] == 101]
        self.assertEqual({line["protocol"] for line in lines}, {"HTTP/2.0"})
        self.assertEqual({line.get("reason") for line in tunnels}, {None})
        self.assertEqual(len(tunnels), SOCKETS + 3)
        self.assertEqual(sorted(self.server.closed), [3001] * (SOCKETS + 2) + [4001])


if __name__ == "__main__":
    main()
