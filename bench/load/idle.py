#!/usr/bin/env python3
"""What an idle client connection costs: opens many kept-alive connections, one request each, and reports each proxy's
private memory per connection over the same process before them: HTTP/1.1 in the clear, or with --tls over TLS 1.3, with
--http2 by HTTP/2 in the clear, with both by HTTP/2 over TLS. The kernel's share (about 4 KB a socket) is the same
for everybody and not in the figure; neither is what a proxy reserved for connections before they came (nginx's table
of connections), so the memory before is reported too. Two warm-up requests come before the first reading.
"""

import argparse
import socket
import ssl
import sys
import tempfile
from pathlib import Path

import peers
import processes
from processes import Program

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n"
BODY_BYTES = 128
# Preface, SETTINGS, and on stream 1 a GET of / at 127.0.0.1 with two fields, from the static table and literals.
_BLOCK = b"\x82\x86\x84\x41\x09127.0.0.1\x0f\x2b\x04idle\x0f\x04\x03*/*"
H2_REQUEST = (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04\0" + bytes(4) +
              bytes((0, 0, len(_BLOCK), 1, 5, 0, 0, 0, 1)) + _BLOCK)
H2_SETTINGS_ACK = b"\0\0\0\x04\x01" + bytes(4)


def one_request_h2(connection) -> None:
    """The same by HTTP/2; returns when stream 1 has ended."""
    connection.sendall(H2_REQUEST)
    received, ended = b"", False
    while not ended:
        more = connection.recv(65536)
        if not more:
            raise SystemExit("idle: the proxy closed a connection it should keep")
        received += more
        while len(received) >= 9 and len(received) >= 9 + int.from_bytes(received[:3], "big"):
            kind, flags, stream = received[3], received[4], received[8]
            if kind in (3, 7):
                raise SystemExit("idle: the proxy ended the stream or the connection")
            if kind == 4 and not flags & 1:
                connection.sendall(H2_SETTINGS_ACK)
            ended |= kind in (0, 1) and stream == 1 and flags & 1 == 1
            received = received[9 + int.from_bytes(received[:3], "big"):]


def one_request(connection: socket.socket) -> None:
    connection.sendall(REQUEST)
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer.split(b"\r\n\r\n", 1)[1]) < BODY_BYTES:
        more = connection.recv(65536)
        if not more:
            raise SystemExit("idle: the proxy closed a connection it should keep")
        answer += more
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"idle: unexpected answer: {answer[:60]!r}")


def open_connections(ports: peers.Ports, count: int, options) -> list[socket.socket]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2" if options.http2 else "http/1.1"])
    port = ports.tls if options.tls else ports.h2c if options.http2 else ports.proxy
    opened = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), 5)
        if options.tls:
            connection = context.wrap_socket(connection, server_hostname="localhost")
        (one_request_h2 if options.http2 else one_request)(connection)
        opened.append(connection)
    return opened


def measure(proxy: peers.Proxy, origin: int, options) -> tuple[int, int]:
    """Bytes of private memory before the connections, and with them."""
    cpu, _ = processes.two_cpus()
    with tempfile.TemporaryDirectory(prefix="weir-idle-") as folder:
        ports = peers.Ports(processes.free_port(), origin, processes.free_port())
        with Program(proxy.command(ports, Path(folder)), cpu, ports.proxy, Path(folder) / "log") as program:
            for warm in open_connections(ports, 2, options):
                warm.close()
            before = program.private_bytes()
            connections = open_connections(ports, options.connections, options)
            after = program.private_bytes()
            for connection in connections:
                connection.close()
    return before, after


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--connections", type=int, default=5000)
    parser.add_argument("--tls", action="store_true", help="over TLS 1.3")
    parser.add_argument("--http2", action="store_true", help="by HTTP/2")
    peers.add_places(parser)
    options = parser.parse_args()
    if processes.raise_file_limit() < options.connections + 64:
        raise SystemExit(f"idle: the limit of open files is too low for {options.connections} connections (ulimit -Hn)")
    known = peers.known_proxies(options.weir, options.tools)
    _, cpu = processes.two_cpus()
    port = processes.free_port()
    origin = [str(options.tools / "weir_origin"), str(port), str(BODY_BYTES)]
    print(f"| proxy | before, MB | with {options.connections} idle connections, MB | KiB per connection |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="weir-idle-") as folder, Program(origin, cpu, port, Path(folder) / "log"):
        for proxy in known:
            if not peers.installed(proxy):
                print(f"idle: {proxy.name} is left out: no {proxy.version[0]}", file=sys.stderr)
                continue
            if proxy.name == "floor" and (options.tls or options.http2):
                continue  # it forwards bytes and cannot speak these
            before, after = measure(proxy, port, options)
            print(f"| {proxy.name} | {before / 2**20:.1f} | {after / 2**20:.1f} | "
                  f"{(after - before) / 1024 / options.connections:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
