#!/usr/bin/env python3
"""What a mirror's target can do to the traffic that is mirrored: nothing, or so it is hoped. Every request is copied to
a target that is healthy, refuses, hangs, resets and so on, while clients ask at a constant rate (weir_rate, which
measures from the moment a request was due), and then as fast as they are answered (wrk). Weir and nginx take turns in
every round; the proxy has one CPU for itself, everybody else shares another, faulty targets at the lowest priority.

A faulty target passes when, at the constant rate, no request fails, throughput is at least 95 % of the healthy
target's in the same round, and p99 at most 10 % and 1 ms above. Medians over the rounds. What wrk finds is shown beside
it. The exit code is 1 when Weir does not pass.
"""

import argparse
import contextlib
import json
import os
import socket
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
from scenarios import Scenario

BODY_BYTES = 128
THROUGHPUT, P99, P99_US = 0.95, 1.10, 1000  # of the healthy target's
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Target:
    name: str
    about: str
    mode: str | None = None  # of weir_bad_origin


TARGETS = (
    Target("none", "no mirror"),
    Target("healthy", "answers as the origin does"),
    Target("refusing", "nobody listens"),
    Target("unreachable", "connections are not taken"),
    Target("hanging", "takes requests, never answers", "hang"),
    Target("resetting", "takes a request, resets", "reset"),
    Target("slow", "reads one byte a second", "slow"),
    Target("huge", "answers 100 MB", "huge"),
)
FAULTY = [target.name for target in TARGETS[2:]]


@dataclass
class Row:
    target: str
    round: int
    proxy: str
    requests_per_second: float  # at the constant rate, as all up to `failed`
    p50_us: float
    p99_us: float
    max_us: float
    failed: int  # errors, and what was not answered at all
    closed_requests_per_second: float  # wrk's, as all up to `closed_errors`
    closed_p99_us: float
    closed_cpu_us_per_request: float
    closed_errors: str
    grown_mb: float  # memory at its highest over what it was before the load
    stolen: float


@contextlib.contextmanager
def unlistened():
    """A port that is taken, so that nobody else listens on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextlib.contextmanager
def full():
    """A port whose queue of new connections is full: further ones are not answered."""
    with contextlib.ExitStack() as held, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            filler = held.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextlib.contextmanager
def standing(target: Target, folder: Path, options):
    """The port of the target, None where nothing is mirrored."""
    if target.name == "none":
        yield None
    elif target.name == "refusing":
        with unlistened() as port:
            yield port
    elif target.name == "unreachable":
        with full() as port:
            yield port
    else:
        port = processes.free_port()
        command = [str(options.tools / "weir_origin"), str(port), str(BODY_BYTES)]
        if target.mode:
            command = ["nice", "-n", "19", str(options.tools / "weir_bad_origin"), str(port), target.mode]
        with Program(command, processes.two_cpus()[1], port, folder / "target.log"):
            yield port


def constant_rate(port: int, options) -> dict:
    command = [str(options.tools / "weir_rate"), str(port), str(options.rate), str(options.seconds),
               str(options.connections), "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"mirror: {' '.join(command)} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def closed_loop(program: Program, name: str, number: int, options) -> bench.Measurement:
    circumstances = Scenario("mirror", "as fast as answers come", options.connections, BODY_BYTES)
    return bench.measure(circumstances, number, name, program, program.port, options.closed_seconds)


def measure(proxy: peers.Proxy, target: Target, number: int, origin: int, options) -> Row:
    cpu, _ = processes.two_cpus()
    with tempfile.TemporaryDirectory(prefix="weir-mirror-") as name, standing(target, Path(name), options) as shadow:
        folder = Path(name)
        ports = peers.Ports(processes.free_port(), origin, processes.free_port(), shadow)
        with Program(proxy.command(ports, folder), cpu, ports.proxy, folder / "log") as program:
            with Highest(program.private_bytes, SAMPLE_SECONDS) as memory:
                times = processes.cpu_times()
                at_rate = constant_rate(ports.proxy, options)
                stolen = processes.stolen_share(times, processes.cpu_times())
                closed = closed_loop(program, proxy.name, number, options)
    return Row(target=target.name, round=number, proxy=proxy.name,
               requests_per_second=at_rate["requests_per_second"], p50_us=at_rate["p50_us"],
               p99_us=at_rate["p99_us"], max_us=at_rate["max_us"], failed=at_rate["errors"] + at_rate["unanswered"],
               closed_requests_per_second=closed.requests_per_second, closed_p99_us=closed.p99_us,
               closed_cpu_us_per_request=closed.cpu_us_per_request, closed_errors=closed.errors,
               grown_mb=memory.grown_mb(), stolen=stolen)


def run(proxies: list[peers.Proxy], targets: list[Target], options, progress) -> list[Row]:
    rows = []
    port = processes.free_port()
    command = [str(options.tools / "weir_origin"), str(port), str(BODY_BYTES)]
    with tempfile.TemporaryDirectory(prefix="weir-mirror-") as folder, \
            Program(command, processes.two_cpus()[1], port, Path(folder) / "log"):
        for number in range(options.rounds):
            for target in targets:
                for proxy in proxies if number % 2 == 0 else proxies[::-1]:
                    progress(target.name, number, proxy.name)
                    rows.append(measure(proxy, target, number, port, options))
    return rows


def beside_healthy(rows: list[Row], proxy: str, target: str) -> list[tuple[Row, Row]]:
    """Per round, the target's row and the healthy one's."""
    healthy = {row.round: row for row in rows if (row.proxy, row.target) == (proxy, "healthy")}
    return [(row, healthy[row.round]) for row in rows
            if (row.proxy, row.target) == (proxy, target) and row.round in healthy]


def verdict(rows: list[Row], proxy: str, target: str) -> str:
    """"passes", or what does not; empty for targets that are not faulty."""
    pairs = beside_healthy(rows, proxy, target)
    if target not in FAULTY or not pairs:
        return ""
    faults = []
    if any(row.failed for row, _ in pairs):
        faults.append("requests failed")
    if statistics.median(row.requests_per_second / max(well.requests_per_second, 1) for row, well in pairs) < THROUGHPUT:
        faults.append("throughput")
    if statistics.median(row.p99_us - P99 * well.p99_us for row, well in pairs) > P99_US:
        faults.append("p99")
    return "fails: " + ", ".join(faults) if faults else "passes"


def table(rows: list[Row], proxy: str) -> list[str]:
    lines = [f"### {proxy}", "",
             "| mirror target | requests/s | × healthy | p99 ms | × healthy | max ms | failed | wrk requests/s | "
             "× healthy | wrk p99 ms | memory grew MB | verdict |",
             "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|"]
    for target in TARGETS:
        own = [row for row in rows if (row.proxy, row.target) == (proxy, target.name)]
        if not own:
            continue
        pairs = beside_healthy(rows, proxy, target.name)
        median = lambda field: statistics.median(getattr(row, field) for row in own)

        def times(field):
            ratios = [getattr(row, field) / getattr(well, field) for row, well in pairs if getattr(well, field)]
            return f"{statistics.median(ratios):.2f}" if ratios else "-"
        lines.append(f"| {target.name}: {target.about} | {median('requests_per_second'):,.0f} | "
                     f"{times('requests_per_second')} | {median('p99_us') / 1e3:,.2f} | {times('p99_us')} | "
                     f"{max(row.max_us for row in own) / 1e3:,.1f} | {sum(row.failed for row in own):,} | "
                     f"{median('closed_requests_per_second'):,.0f} | {times('closed_requests_per_second')} | "
                     f"{median('closed_p99_us') / 1e3:,.1f} | {max(row.grown_mb for row in own):.1f} | "
                     f"{verdict(rows, proxy, target.name)} |")
    return lines + [""]


def page(about: dict, rows: list[Row]) -> list[str]:
    lines = [f"# Mirrors, {about['date']}", "",
             f"{about['machine']}; {about['rounds']} rounds; {about['rate']} requests/s for {about['seconds']} s over "
             f"{about['connections']} connections, then wrk for {about['closed_seconds']} s; every request is mirrored. "
             "Medians; max and memory are the highest, failed the sum. How to read it is in bench/results/README.md.",
             ""]
    lines += [f"- {name}: {version}" for name, version in about["versions"].items()] + [""]
    for proxy in dict.fromkeys(row.proxy for row in rows):
        lines += table(rows, proxy)
    noisy = sum(row.stolen > bench.NOISY for row in rows)
    if noisy:
        lines += [f"{noisy} of {len(rows)} measurements lost more than {bench.NOISY:.0%} of the CPU to the hypervisor.",
                  ""]
    return lines


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=3000, help="requests per second")
    parser.add_argument("--seconds", type=int, default=8, help="at that rate, after 1 s of warming up")
    parser.add_argument("--closed-seconds", type=int, default=3, help="of wrk, after 1 s of warming up")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--proxy", action="append", choices=["weir", "nginx"], help="only this one (repeatable)")
    parser.add_argument("--target", action="append", choices=[target.name for target in TARGETS],
                        help="only this one, besides the healthy (repeatable)")
    parser.add_argument("--quick", action="store_true", help="1 round of 3 s and 2 s: to see that it works, not to quote")
    peers.add_places(parser)
    bench.add_out(parser, "mirror")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.closed_seconds = 1, 3, 2
    if min(options.rate, options.seconds, options.closed_seconds, options.connections, options.rounds) < 1:
        parser.error("--rate, --seconds, --closed-seconds, --connections and --rounds count from 1")
    return options


def chosen_proxies(options) -> list[peers.Proxy]:
    proxies = [proxy for proxy in peers.known_proxies(options.weir, options.tools)
               if proxy.name in (options.proxy or ["weir", "nginx"])]
    for proxy in proxies:
        if not peers.installed(proxy):
            print(f"mirror: {proxy.name} is left out: no {proxy.version[0]}", file=sys.stderr)
    return [proxy for proxy in proxies if peers.installed(proxy)]


def main() -> int:
    options = arguments()
    proxies = chosen_proxies(options)
    if not proxies:
        raise SystemExit("mirror: nothing to measure")
    targets = [target for target in TARGETS if not options.target or target.name in ["healthy", *options.target]]
    processes.raise_file_limit()
    os.sched_setaffinity(0, {processes.two_cpus()[1]})
    about = {**bench.surroundings(proxies, options), "rate": options.rate, "connections": options.connections,
             "closed_seconds": options.closed_seconds}
    rows = run(proxies, targets, options, bench.Progress(options.rounds * len(targets) * len(proxies)))
    print("\n" + "\n".join(page(about, rows)))
    if options.out:
        print(f"written: {bench.write_files(about, rows, page(about, rows), options.out, '-mirror')}")
    return int(any(verdict(rows, "weir", target).startswith("fails") for target in FAULTY))


if __name__ == "__main__":
    sys.exit(main())
