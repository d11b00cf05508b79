#!/usr/bin/env python3
"""What a client that abuses HTTP/2 does to the others: it floods at the full speed of one core while two clients that
behave send requests at a constant rate, one by HTTP/1.1 and one by HTTP/2, each on connections of its own.

The proxy has one CPU and one thread. The origin, the two clients and the flooder share another, where the flooder runs
in the idle class: it has all of that CPU but for the few percent that the others ask for, and makes nobody wait. The
p99 of those who behave is compared with what it is without a flood, in the same round and on the same process; memory is
the resident memory of the proxy, looked at twenty times a second. A kind passes when p99 stays within 3 times (or within
1 ms, below which the machine's own noise is larger) and memory grows by less than 64 MB.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import bench
import peers
import processes
from processes import Highest, Program

KINDS = {  # name, without the times: weir_flood's; (connections of the flooder, what it is)
    "rapid_reset": (4, "requests that are reset at once (CVE-2023-44487)"),
    "made_reset": (4, "requests that the server is made to reset (CVE-2025-8671)"),
    "continuation": (1, "a field block that never ends (CVE-2024-28182 and others)"),
    "empty_continuation": (1, "the same of empty frames"),
    "settings": (1, "SETTINGS whose acknowledgements nobody reads (CVE-2019-9515)"),
    "ping": (1, "PINGs whose acknowledgements nobody reads (CVE-2019-9512)"),
    "priority": (1, "PRIORITY frames (CVE-2019-9513)"),
    "empty_data": (1, "empty DATA (CVE-2019-9518)"),
    "late_data": (1, "empty DATA on a stream that has ended"),
    "late_headers": (1, "HEADERS on a stream that has ended"),
    "window_update": (1, "WINDOW_UPDATE frames of one byte"),
    "unknown": (1, "frames of a type that nobody knows"),
    "hpack_bomb": (1, "field blocks of 16 KB that decode to 48 MB (CVE-2016-6581)"),
    "many_fields": (1, "field blocks of 16,000 fields, broken by the second"),
    "stall": (4, "answers for which there is no window (CVE-2019-9511)"),
    "unread": (4, "answers that nobody reads (CVE-2019-9517)"),
    "stall x64": (64, "the same on many connections"),
    "unread x64": (64, "the same on many connections"),
}
TIMES, AT_LEAST_US = 3.0, 1000.0
GROWTH_MB = 64
SAMPLE_SECONDS = 0.05
BODY_BYTES = 8 * 1024  # of each answer: 64 connections with 100 stalled answers have 51 MB due


@dataclass
class Run:
    proxy: str
    kind: str
    round: int
    h1_alone_us: float
    h1_p99_us: float
    h2_alone_us: float
    h2_p99_us: float
    failed: int  # requests of those who behave, without an answer
    memory_before_mb: float
    memory_most_mb: float
    proxy_cpu: float  # of its CPU
    flood: dict

    @property
    def times(self) -> float:
        return max(self.h1_p99_us / max(self.h1_alone_us, 1), self.h2_p99_us / max(self.h2_alone_us, 1))

    @property
    def passes(self) -> bool:
        slow = any(p99 > max(TIMES * alone, AT_LEAST_US) for p99, alone in (
            (self.h1_p99_us, self.h1_alone_us), (self.h2_p99_us, self.h2_alone_us)))
        return not slow and not self.failed and self.memory_most_mb - self.memory_before_mb < GROWTH_MB


def behaving(ports: peers.Ports, options, folder: Path) -> tuple[float, float, int]:
    """(p99 in microseconds by HTTP/1.1, the same by HTTP/2, requests without an answer) of so many seconds."""
    log = folder / "h2load.log"
    log.unlink(missing_ok=True)
    h1 = subprocess.Popen([str(options.tools / "weir_rate"), str(ports.proxy), str(options.rate), str(options.seconds), "4", "1"],
                          stdout=subprocess.PIPE, text=True)
    h2 = subprocess.run(["h2load", "-c2", "-m10", f"--rps={options.rate // 2}", f"-D{options.seconds}", "--warm-up-time=1",
                         f"--log-file={log}", f"http://127.0.0.1:{ports.h2c}/"], capture_output=True, text=True)
    h1_found = json.loads(h1.communicate()[0])
    done = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", h2.stdout)
    lost = h1_found["errors"] + h1_found["unanswered"] + (sum(map(int, done.groups())) if done else 1)
    lines = [line.split("\t") for line in log.read_text().splitlines()]
    latencies = sorted(int(line[2]) for line in lines if line[1] == "200")
    if not latencies:
        return h1_found["p99_us"], float("inf"), lost + 1
    return h1_found["p99_us"], float(latencies[int(len(latencies) * 0.99)]), lost


def in_idle_class() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def one_flood(proxy: peers.Proxy, kind: str, number: int, origin: int, options) -> Run:
    cpu, _ = processes.two_cpus()
    with tempfile.TemporaryDirectory(prefix="weir-flood-") as name:
        folder = Path(name)
        ports = peers.Ports(processes.free_port(), origin, processes.free_port())
        with Program(proxy.command(ports, folder), cpu, ports.proxy, folder / "log") as program:
            h1_alone, h2_alone, lost = behaving(ports, options, folder)
            if lost:
                raise SystemExit(f"h2_floods: {proxy.name} lost {lost} requests without a flood")
            cpu_before = program.cpu_nanoseconds()
            with Highest(program.resident_bytes, SAMPLE_SECONDS) as memory:
                flood = subprocess.Popen(
                    [str(options.tools / "weir_flood"), str(ports.h2c), kind.partition(" ")[0], str(options.seconds + 2), str(KINDS[kind][0])],
                    stdout=subprocess.PIPE, text=True, preexec_fn=in_idle_class)
                h1, h2, lost = behaving(ports, options, folder)
                found = json.loads(flood.communicate()[0])
            spent = (program.cpu_nanoseconds() - cpu_before) / 1e9 / (options.seconds + 2)
            if program.process.poll() is not None:
                raise SystemExit(f"h2_floods: {proxy.name} is gone after {kind}:\n{program.log.read_text()[-2000:]}")
    return Run(proxy.name, kind, number, h1_alone, h1, h2_alone, h2, lost, memory.before / 2**20,
               memory.highest / 2**20, spent, found)


def row(kind: str, proxy: str, own: list[Run]) -> str:
    of = lambda what: statistics.median(what(run) for run in own)
    failing = sum(not run.passes for run in own)
    return (f"| {kind} | {proxy} | {of(lambda r: r.h1_alone_us):.0f}, {of(lambda r: r.h1_p99_us):.0f} | "
            f"{of(lambda r: r.h2_alone_us):.0f}, {of(lambda r: r.h2_p99_us):.0f} | {of(lambda r: r.times):.1f} | "
            f"{sum(run.failed for run in own)} | {of(lambda r: r.memory_before_mb):.1f}, "
            f"{max(run.memory_most_mb for run in own):.1f} | {of(lambda r: r.proxy_cpu):.0%} | "
            f"{of(lambda r: r.flood['ended']):.0f} | {of(lambda r: r.flood['megabytes'] / r.flood['seconds']):.1f} | "
            f"{f'fails in {failing} of {len(own)}' if failing else 'passes'} |")


def table(runs: list[Run]) -> list[str]:
    lines = ["| flood | proxy | HTTP/1.1 p99 µs: alone, flooded | HTTP/2 p99 µs: alone, flooded | × | failed "
             "| memory MB: before, most | proxy's CPU | connections thrown out | taken MB/s | |",
             "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"]
    groups = dict.fromkeys((run.kind, run.proxy) for run in runs)
    return lines + [row(kind, proxy, [run for run in runs if (run.kind, run.proxy) == (kind, proxy)])
                    for kind, proxy in groups] + [""]


def page(about: dict, runs: list[Run]) -> list[str]:
    return [f"# HTTP/2 floods, {about['date']}", "",
            f"{about['machine']}; {about['rounds']} rounds; {about['rate']} requests/s by each protocol for {about['seconds']} s; "
            "medians, memory the most of all. How it is measured: bench/load/h2_floods.py.", "",
            *[f"- {name}: {version}" for name, version in about["versions"].items()], "",
            *[f"- {kind}: {KINDS[kind][1]}, {KINDS[kind][0]} connections" for kind in dict.fromkeys(run.kind for run in runs)], "",
            *table(runs)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=500, help="requests/s of each client that behaves")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement, after 1 s of warming up")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this one (repeatable)")
    parser.add_argument("--proxy", action="append", choices=["weir", "nginx", "haproxy"],
                        help="this one (repeatable; default: weir)")
    parser.add_argument("--quick", action="store_true", help="1 round of 2 s: to see that it works, not to quote")
    peers.add_places(parser)
    bench.add_out(parser, "floods")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 2
    if min(options.rate // 2, options.seconds, options.rounds) < 1:
        parser.error("--seconds and --rounds count from 1, --rate from 2")
    return options


def main() -> int:
    options = arguments()
    proxies = [proxy for proxy in peers.known_proxies(options.weir, options.tools)
               if proxy.name in (options.proxy or ["weir"]) and peers.installed(proxy)]
    if not proxies:
        raise SystemExit("h2_floods: nothing to measure")
    processes.raise_file_limit()
    _, cpu = processes.two_cpus()
    os.sched_setaffinity(0, {cpu})
    kinds = options.kind or list(KINDS)
    about = {**bench.surroundings(proxies, options), "rate": options.rate}
    progress, runs = bench.Progress(options.rounds * len(kinds) * len(proxies)), []
    port = processes.free_port()
    with tempfile.TemporaryDirectory(prefix="weir-flood-") as folder, \
            Program([str(options.tools / "weir_origin"), str(port), str(BODY_BYTES)], cpu, port, Path(folder) / "log"):
        for number in range(options.rounds):
            for kind in kinds:
                for proxy in proxies:
                    progress(kind, number, proxy.name)
                    runs.append(one_flood(proxy, kind, number, port, options))
    print("\n" + "\n".join(page(about, runs)))
    if options.out:
        print(f"written: {bench.write_files(about, runs, page(about, runs), options.out, '-floods')}")
    return int(any(not run.passes for run in runs if run.proxy == "weir"))


if __name__ == "__main__":
    sys.exit(main())
