#!/usr/bin/env python3
"""WebSocket and other tunnels through the real program: echoes of real and scripted servers, either side's end and reset,
what is logged and counted, and that reloads, drains and stops treat tunnels as they say."""

import asyncio
import contextlib
import signal
import socket
import threading

from support import websocket
from support.case import IntegrationTest, main
from support.clients import RawClient
from support.generations import Generations
from support.metrics import wait_for_metric
from support.waiting import Stopwatch, wait_for
from support.websocket import BINARY, CLOSE, TEXT
from support.websocket_server import RealServer, websockets
from support.weir import command, config

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"
ASKING = b"GET /raw HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"


class WebSockets(IntegrationTest):
    @staticmethod
    def uri(weir):
        return "ws://%s:%d/chat" % weir.address

    def real(self):
        if websockets is None:
            self.skipTest("python3-websockets is not installed")
        server = RealServer()
        self.stage.callback(server.close)
        return self.stage.weir(config([server.address], workers=2))

    def test_a_real_server_echoes_a_real_client(self):
        weir = self.real()

        async def talk():
            async with websockets.connect(self.uri(weir), max_size=None, compression=None) as peer:
                for message in ("hello", "", "ü" * 70_000, b"\0\1\2", b"x" * 2_000_000):
                    await peer.send(message)
                    self.assertEqual(await peer.recv(), message)
                await peer.send(part for part in ("in ", "several ", "frames"))
                self.assertEqual(await peer.recv(), "in several frames")
                await (await peer.ping())
            self.assertEqual(peer.close_code, 1000)
        asyncio.run(talk())
        line, = weir.logged(1)
        self.assertEqual((line["status"], line["path"]), (101, "/chat"))
        self.assertNotIn("reason", line)
        self.assertGreater(line["bytes_in"], 2_000_000)

    def test_many_clients_of_a_real_server_at_once(self):
        weir = self.real()

        async def one(number):
            async with websockets.connect(self.uri(weir)) as peer:
                for round_ in range(5):
                    await peer.send(f"{number} {round_}")
                    self.assertEqual(await peer.recv(), f"{number} {round_}")

        async def crowd():
            await asyncio.gather(*(one(number) for number in range(100)))
        asyncio.run(crowd())
        wait_for_metric(weir, 100, "weir_tunnels_ended_total", reason="closed")
        wait_for_metric(weir, 0, "weir_tunnels")

    def test_a_scripted_server_echoes(self):
        weir = self.stage.weir_before(self.stage.origin(websocket.serve_echo))
        frames = websocket.connect(weir)
        for size in (0, 1, 125, 126, 65_535, 65_536, 300_000):
            self.assertTrue(frames.echo(b"y" * size, BINARY), size)
        wait_for_metric(weir, 1, "weir_tunnels", route="everything")
        frames.send(CLOSE, b"\x03\xe8")
        self.assertEqual(frames.receive(), (CLOSE, b"\x03\xe8"))
        frames.connection.close()
        line, = weir.logged(1)
        self.assertEqual(line["status"], 101)
        self.assertGreaterEqual(line["bytes_out"], 430_000)
        wait_for_metric(weir, 1, "weir_requests_total", code_class="1xx")


class RawTunnels(IntegrationTest):
    """With a protocol of no framing, so that every byte is the test's."""

    def open(self, script, **options):
        """A client and Weir; `script` has the origin's connection from behind its 101 on."""
        def serve(connection):
            connection.head()
            connection.send(SWITCHING)
            script(connection)
        self.origin = self.stage.origin(serve)
        route = {"upgrade": ["raw"], **options.pop("route", {})}
        weir = self.stage.weir(config([self.origin.address], route=route, **options))
        return self.join(weir), weir

    def join(self, weir):
        client = weir.client()
        self.addCleanup(client.close)
        client.send(ASKING)
        self.assertEqual(client.response().status, 101)
        return client

    def ended(self, weir):
        return weir.logged(1)[0].get("reason")

    def test_a_clients_half_close_reaches_the_origin_which_goes_on(self):
        def script(connection):
            said = connection.reader.rest()  # until the end
            connection.send(b"you said " + said)
        client, weir = self.open(script)
        client.send(b"something").finish_sending()
        self.assertEqual(client.reader.rest(), b"you said something")
        self.assertIsNone(self.ended(weir))

    def test_an_origins_half_close_reaches_the_client_which_goes_on(self):
        heard = []

        def script(connection):
            connection.send(b"that is all")
            connection.socket.shutdown(socket.SHUT_WR)
            heard.append(connection.reader.rest())
        client, weir = self.open(script)
        self.assertEqual(client.reader.rest(), b"that is all")
        client.send(b"thanks").finish_sending()
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
        client, weir = self.open(script)
        client.reset()
        wait_for(lambda: errors, "the origin sees an end")
        self.assertIsInstance(errors[0], ConnectionResetError)
        self.assertEqual(self.ended(weir), "client_reset")

    def test_an_origins_reset_resets_the_client(self):
        client, weir = self.open(lambda connection: connection.reset())
        with self.assertRaises(ConnectionResetError):
            client.reader.rest()
        self.assertEqual(self.ended(weir), "tunnel_reset")
        wait_for_metric(weir, 1, "weir_tunnels_ended_total", reason="origin_reset")

    def test_nothing_for_too_long_ends_it(self):
        client, weir = self.open(lambda connection: connection.reader.rest(),
                                 route={"timeouts": {"tunnel_idle": "1500ms", "request": "1s"}})
        with self.assertRaises(ConnectionResetError):
            client.reader.rest()
        self.assertEqual(self.ended(weir), "tunnel_idle")
        self.assertGreaterEqual(weir.logged(1)[0]["duration_ms"], 1500)

    def test_bytes_behind_the_heads_are_the_first_of_the_tunnel(self):
        heard = []

        def serve(connection):
            connection.head()
            heard.append(connection.reader.pending())
            connection.send(SWITCHING + b"first")
            heard.append(connection.reader.exactly(5))
        origin = self.stage.origin(serve)
        weir = self.stage.weir(config([origin.address], route={"upgrade": "any"}))
        with weir.client() as client:
            client.send(ASKING + b"early")
            self.assertEqual(client.response().status, 101)
            self.assertEqual(client.reader.exactly(5), b"first")
            wait_for(lambda: len(heard) == 2, "the origin has the client's first bytes")
        self.assertEqual(heard, [b"", b"early"], "nothing of the tunnel goes before its 101")

    def test_much_goes_both_ways_past_readers_that_pause(self):
        size = 8 * 1024 * 1024
        heard = []

        def script(connection):
            sender = threading.Thread(target=connection.send, args=(b"o" * size,), daemon=True)
            sender.start()
            heard.append(connection.reader.exactly(size) == b"c" * size)
            sender.join(60)
        client, weir = self.open(script)
        sender = threading.Thread(target=client.send, args=(b"c" * size,), daemon=True)
        sender.start()
        self.assertEqual(client.reader.exactly(size), b"o" * size)
        sender.join(60)
        wait_for(lambda: heard, "the origin has it all")
        self.assertEqual(heard, [True])
        self.assertLess(weir.child.resident_kib(), 200 * 1024)


class Changes(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.origin = self.stage.origin(websocket.serve_echo)

    def reload(self, weir, settings):
        weir.write(settings)
        done = command("reload", "--admin", f"unix:{weir.admin}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_reloads_keep_tunnels_even_of_what_is_gone(self):
        weir = self.stage.weir(config([self.origin.address], workers=2, watch=False))
        frames = websocket.connect(weir)
        other = self.stage.origin()
        listener = {"listeners": {"other": {"address": "127.0.0.1:0"}}, "workers": 2, "watch": False}
        self.reload(weir, {**config([other.address]), **listener, "routes": [
            {"name": "another", "cluster": "origins", "upgrade": "off", "timeouts": {"tunnel_idle": "1ms"}}]})
        with contextlib.suppress(OSError):
            RawClient(weir.address).close()
            self.fail("the listener is still there")
        for number in range(5):
            self.assertTrue(frames.echo(b"%d" % number))
        frames.connection.close()
        line, = weir.logged(1)
        self.assertEqual((line["listener"], line["route"]), ("web", "everything"))

    def test_a_drain_sees_tunnels_as_requests_in_flight(self):
        weir = self.stage.weir_before(self.origin, watch=False)
        frames = websocket.connect(weir)
        done = command("drain", f"origins/{self.origin.address}", "--admin", f"unix:{weir.admin}", "--wait",
                       "--timeout", "200ms")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertTrue(frames.echo(b"still here"))
        frames.connection.close()
        done = command("drain", f"origins/{self.origin.address}", "--admin", f"unix:{weir.admin}", "--wait")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_stop_gives_tunnels_until_its_timeout(self):
        weir = self.stage.weir_before(self.origin, shutdown_timeout="2s")
        frames = websocket.connect(weir)
        watch = Stopwatch()
        weir.child.signal(signal.SIGTERM)
        wait_for(lambda: weir.readiness() == 503, "/readyz says 503")
        self.assertTrue(frames.echo(b"while it drains"))
        with self.assertRaises(ConnectionResetError):
            frames.connection.reader.rest()
        self.assertGreater(watch.seconds, 1.9)
        frames.connection.close()
        self.assertEqual(weir.child.wait(), 0)
        self.assertEqual(weir.logged(1)[0]["reason"], "shutting_down")

    def test_a_stop_ends_with_the_last_tunnel(self):
        weir = self.stage.weir_before(self.origin)
        frames = websocket.connect(weir)
        weir.child.signal(signal.SIGTERM)
        wait_for(lambda: weir.readiness() == 503, "/readyz says 503")
        self.assertTrue(frames.echo(b"one more", TEXT))
        frames.connection.close()
        watch = Stopwatch()
        self.assertEqual(weir.child.wait(), 0)
        self.assertLess(watch.seconds, 15, "it does not wait for its timeout, 30s")

    def test_an_upgrade_of_the_program_leaves_tunnels_to_the_old_process(self):
        weir = Generations(self.stage.path("weir"), config([self.origin.address]))
        self.stage.callback(weir.close)
        frames = websocket.connect(weir)
        old = weir.pids[-1]
        weir.signal_upgrade()
        self.assertTrue(frames.echo(b"in the old process"))
        later = websocket.connect(weir)
        self.assertTrue(later.echo(b"in the new one"))
        for each in (frames, later):
            each.connection.close()
        weir.wait_for_end(old)


if __name__ == "__main__":
    main()
