#!/usr/bin/env python3
"""WebSocket tunnels: opens many through each proxy, one after the other, reports what an idle tunnel costs in private
memory over the same process before them, and then has every tunnel echo its messages, all at once. Any message lost,
late by more than 20 s, or changed is an error, and makes the run fail. The bytes of the kernel (two sockets a tunnel) are
the same for everybody and not in the figure; nginx's table of connections is in the memory before, which is reported
too. Both ends are bench/load/tunnels.cc, on one CPU; the proxy has the other. With --http2 the tunnels are streams, a
hundred on each connection of HTTP/2 (RFC 8441), and only the origin's ends are connections."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import peers
import processes
from processes import Program

LEFT_OVER = 200  # descriptors that a proxy has besides those of its tunnels


def configured(name: str, ports: peers.Ports, folder: Path, files: int) -> list[str]:
    """The command of a proxy whose configuration differs from the other benches' in what tunnels need."""
    def written(template: str) -> str:
        return peers.written(folder, "configuration", template, ports, files=files, copies="", copies_to="", copies_by="")
    if name == "nginx":
        user = "user root;\n" if os.geteuid() == 0 else ""
        template = user + peers.NGINX.replace("worker_connections 16384", f"worker_connections {files}").replace(
            'proxy_set_header Connection "";',
            "proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade; proxy_read_timeout 1h;")
        return ["-p", str(folder), "-g", "daemon off;", "-c", written(template)]
    if name == "haproxy":
        template = peers.HAPROXY.replace("maxconn 8000", f"maxconn {files // 2 - LEFT_OVER}").replace(
            "  timeout http-keep-alive", "  timeout tunnel 1h\n  timeout http-keep-alive")
        return ["-db", "-f", written(template)]
    return ["run", "-c", written(peers.WEIR)]


def measure(proxy: peers.Proxy, origin: int, tools: Path, options: argparse.Namespace, files: int) -> dict:
    cpu, other = processes.two_cpus()
    with tempfile.TemporaryDirectory(prefix="weir-tunnels-") as folder:
        ports = peers.Ports(processes.free_port(), origin, processes.free_port())
        command = [proxy.version[0], *configured(proxy.name, ports, Path(folder), files)]
        with Program(command, cpu, ports.proxy, Path(folder) / "log") as program:
            before = program.private_bytes()
            load = subprocess.Popen(
                [str(tools / "weir_tunnels"), *(("streams", str(ports.h2c)) if options.http2 else ("load", str(ports.proxy))),
                 str(options.tunnels), str(options.messages), str(options.bytes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                preexec_fn=lambda: os.sched_setaffinity(0, {other}))
            try:
                load.stdout.readline()  # all are open
                idle = program.private_bytes()
                cpu_before = program.cpu_nanoseconds()
                output, _ = load.communicate("\n", timeout=300)
            finally:
                load.kill()
                load.wait()
            result = json.loads(output)
            result.update(before=before, idle=idle, after=program.private_bytes(),
                          cpu_us=(program.cpu_nanoseconds() - cpu_before) / 1000 / max(result["messages"], 1))
            return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--tunnels", type=int, default=10_000)
    parser.add_argument("-m", "--messages", type=int, default=10, help="through each tunnel")
    parser.add_argument("-b", "--bytes", type=int, default=64, help="of a message, at most 65535")
    parser.add_argument("--http2", action="store_true", help="tunnels in streams of HTTP/2; not nginx, which has none")
    parser.add_argument("--proxy", action="append", help="only this one: weir, nginx, haproxy")
    peers.add_places(parser)
    options = parser.parse_args()
    wanted = (1 if options.http2 else 2) * options.tunnels + 2 * LEFT_OVER
    files = processes.raise_file_limit(wanted)
    if files < wanted:
        raise SystemExit(f"tunnels: {wanted} open files are needed, {files} are allowed (ulimit -Hn)")
    tools = options.tools
    known = [proxy for proxy in peers.known_proxies(options.weir, tools) if proxy.name != "floor"]
    _, cpu = processes.two_cpus()
    port = processes.free_port()
    errors = 0
    print(f"{options.tunnels} tunnels, {options.messages} messages of {options.bytes} bytes through each\n\n"
          "| proxy | errors | messages/s | p50 ms | p99 ms | CPU us/message | before, MB | idle, MB | KiB per idle tunnel |\n"
          "|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="weir-tunnels-") as folder, \
            Program([str(tools / "weir_tunnels"), "echo", str(port)], cpu, port, Path(folder) / "log"):
        for proxy in known:
            if (options.proxy and proxy.name not in options.proxy) or (options.http2 and proxy.name == "nginx"):
                continue
            if not peers.installed(proxy):
                print(f"tunnels: {proxy.name} is left out: no {proxy.version[0]}", file=sys.stderr)
                continue
            got = measure(proxy, port, tools, options, files)
            errors += got["errors"]
            each = (got["idle"] - got["before"]) / 1024 / options.tunnels
            print(f"| {proxy.name} | {got['errors']} | {got['per_second']} | {got['p50_ms']} | {got['p99_ms']} | "
                  f"{got['cpu_us']:.1f} | {got['before'] / 2**20:.1f} | {got['idle'] / 2**20:.1f} | {each:.2f} |",
                  flush=True)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
