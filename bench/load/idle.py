#!/usr/bin/env python3
"""What an idle client connection costs: opens many kept-alive connections, one request each, and reports each proxy's
private memory per connection over the same process before them. The kernel's share (about 4 KB a socket) is the same
for everybody and not in the figure; neither is what a proxy reserved for connections before they came (nginx's table
of connections), so the memory before is reported too. Two warm-up requests come before the first reading.
"""

import argparse
import socket
import sys
import tempfile
from pathlib import Path

import peers
import processes
from processes import Program

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n"
BODY_BYTES = 128


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


def open_connections(port: int, count: int) -> list[socket.socket]:
    opened = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), 5)
        one_request(connection)
        opened.append(connection)
    return opened


def measure(proxy: peers.Proxy, origin: int, count: int) -> tuple[int, int]:
    """Bytes of private memory before the connections, and with them."""
    cpu, _ = processes.two_cpus()
    with tempfile.TemporaryDirectory(prefix="weir-idle-") as folder:
        ports = peers.Ports(processes.free_port(), origin, processes.free_port())
        with Program(proxy.command(ports, Path(folder)), cpu, ports.proxy, Path(folder) / "log") as program:
            for warm in open_connections(ports.proxy, 2):
                warm.close()
            before = program.private_bytes()
            connections = open_connections(ports.proxy, count)
            after = program.private_bytes()
            for connection in connections:
                connection.close()
    return before, after


def main() -> int:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--connections", type=int, default=5000)
    parser.add_argument("--weir", type=Path, default=root / "build/release/weir")
    parser.add_argument("--tools", type=Path, default=root / "build/bench")
    options = parser.parse_args()
    if processes.raise_file_limit() < options.connections + 64:
        raise SystemExit(f"idle: the limit of open files is too low for {options.connections} connections (ulimit -Hn)")
    known = peers.known_proxies(options.weir.absolute(), options.tools.absolute())
    _, cpu = processes.two_cpus()
    port = processes.free_port()
    origin = [str(options.tools.absolute() / "weir_origin"), str(port), str(BODY_BYTES)]
    print(f"| proxy | before, MB | with {options.connections} idle connections, MB | KiB per connection |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="weir-idle-") as folder, Program(origin, cpu, port, Path(folder) / "log"):
        for proxy in known:
            if not peers.installed(proxy):
                print(f"idle: {proxy.name} is left out: no {proxy.version[0]}", file=sys.stderr)
                continue
            before, after = measure(proxy, port, options.connections)
            print(f"| {proxy.name} | {before / 2**20:.1f} | {after / 2**20:.1f} | "
                  f"{(after - before) / 1024 / options.connections:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
