#!/usr/bin/env python3
"""What a TLS handshake costs: one client opens connections one after the other, each with one request and its end, and
the CPU time of the proxy per connection is compared; full handshakes, and resumed ones (the client brings the session of
the connection before). The same without TLS is measured too, so that what the handshake adds is the difference. One
P-256 certificate, TLS 1.3 and 1.2; the order of the proxies is reversed every second round. The client is slower than
the proxies, so handshakes per second are not measured: CPU time per connection is, and its inverse.
"""

import argparse
import os
import socket
import ssl
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import bench
import peers
import processes
from processes import Program

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
BODY_BYTES = 128
WAYS = ("plain", "1.3 full", "1.3 resumed", "1.2 full", "1.2 resumed")


@dataclass
class Row:
    proxy: str
    way: str
    round: int
    connections: int
    cpu_us_per_connection: float
    resumed: int


def context_for(way: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = context.minimum_version = (
        ssl.TLSVersion.TLSv1_3 if way.startswith("1.3") else ssl.TLSVersion.TLSv1_2)
    return context


def ask(connection) -> None:
    connection.sendall(REQUEST)
    answer = b""
    while more := connection.recv(65536):
        answer += more
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"handshakes: unexpected answer: {answer[:60]!r}")


def connect(ports: peers.Ports, way: str, context, session) -> tuple[object, bool]:
    """The session to resume next, and whether this connection was resumed."""
    with socket.create_connection(("127.0.0.1", ports.proxy if way == "plain" else ports.tls), 5) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if way == "plain":
            ask(raw)
            return None, False
        with context.wrap_socket(raw, server_hostname="localhost", session=session, suppress_ragged_eofs=True) as secure:
            ask(secure)
            return (secure.session if way.endswith("resumed") else None), secure.session_reused


def measure(program: Program, ports: peers.Ports, way: str, seconds: float) -> tuple[int, float, int]:
    """(connections, microseconds of the proxy's CPU for each, how many were resumed)."""
    context = None if way == "plain" else context_for(way)
    session = None
    for _ in range(20):
        session, _ = connect(ports, way, context, session)
    before, until, count, resumed = program.cpu_nanoseconds(), time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        session, was_resumed = connect(ports, way, context, session)
        count += 1
        resumed += was_resumed
    return count, (program.cpu_nanoseconds() - before) / 1e3 / count, resumed


def table(rows: list[Row]) -> list[str]:
    lines = ["| handshake | proxy | CPU µs/connection | of which the handshake | handshakes per CPU second | resumed |",
             "|---|---|--:|--:|--:|--:|"]
    of = lambda proxy, way: [row for row in rows if (row.proxy, row.way) == (proxy, way)]
    cpu = lambda proxy, way: statistics.median(row.cpu_us_per_connection for row in of(proxy, way))
    for way in WAYS:
        for proxy in dict.fromkeys(row.proxy for row in rows):
            own = of(proxy, way)
            added = cpu(proxy, way) - cpu(proxy, "plain")
            share = sum(row.resumed for row in own) / sum(row.connections for row in own)
            handshake = "- | -" if way == "plain" else f"{added:.0f} | {1e6 / added:,.0f}"
            lines.append(f"| {way} | {proxy} | {cpu(proxy, way):.0f} | {handshake} | {share:.0%} |")
    return lines + [""]


def run(proxies, options) -> list[Row]:
    rows, progress = [], bench.Progress(options.rounds * len(WAYS) * len(proxies))
    cpu, other = processes.two_cpus()
    port = processes.free_port()
    origin = [str(options.tools / "weir_origin"), str(port), str(BODY_BYTES)]
    with tempfile.TemporaryDirectory(prefix="weir-tls-") as folder, Program(origin, other, port, Path(folder) / "log"):
        for number in range(options.rounds):
            for proxy in proxies if number % 2 == 0 else proxies[::-1]:
                with tempfile.TemporaryDirectory(prefix="weir-tls-") as name:
                    ports = peers.Ports(processes.free_port(), port, processes.free_port())
                    with Program(proxy.command(ports, Path(name)), cpu, ports.proxy, Path(name) / "log") as program:
                        for way in WAYS:
                            progress(way, number, proxy.name)
                            count, spent, resumed = measure(program, ports, way, options.seconds)
                            rows.append(Row(proxy.name, way, number, count, spent, resumed))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--proxy", action="append", metavar="NAME", help="only this one (repeatable)")
    peers.add_places(parser)
    bench.add_out(parser, "handshakes")
    options = parser.parse_args()
    proxies = [proxy for proxy in peers.known_proxies(options.weir, options.tools)
               if proxy.name != "floor" and peers.installed(proxy) and proxy.name in (options.proxy or [proxy.name])]
    os.sched_setaffinity(0, {processes.two_cpus()[1]})
    about, rows = bench.surroundings(proxies, options), run(proxies, options)
    page = [f"# TLS handshakes, {about['date']}", "",
            f"{about['machine']}; {about['rounds']} rounds of {about['seconds']:g} s; medians. How it is measured: "
            "bench/load/handshakes.py.", "", *[f"- {name}: {version}" for name, version in about["versions"].items()], "",
            *table(rows)]
    print("\n" + "\n".join(page))
    if options.out:
        print(f"written: {bench.write_files(about, rows, page, options.out, '-handshakes')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
