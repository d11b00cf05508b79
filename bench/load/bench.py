#!/usr/bin/env python3
"""Proxies side by side: the proxy alone on one CPU, wrk (HTTP/2: h2load) and the origin on another, in alternating rounds.

What to compare is the CPU time a proxy spends per request, best as the multiple of the floor (a byte forwarder that
understands nothing): requests/s is bounded by the load generator, and absolute times differ between machines. Multiples
are taken within a round, where the machine was the same, and their median is reported. The order is reversed every
second round, so that a drift of the machine hits everybody alike.

Writes DATE-COMMIT.json (every single measurement) and .md (the tables) into bench/results/.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import peers
import processes
from processes import Program
from scenarios import SCENARIOS, Scenario, scenario

ROOT = Path(__file__).resolve().parents[2]
NOISY = 0.01  # a measurement during which the hypervisor took more than this share is repeated once, then marked


@dataclass
class Measurement:
    scenario: str
    round: int
    proxy: str
    requests: int
    requests_per_second: float
    cpu_us_per_request: float
    p50_us: float
    p99_us: float
    memory_mb: float
    stolen: float
    errors: str


@dataclass(frozen=True)
class Load:
    requests: int
    per_second: float
    p50_us: float
    p99_us: float
    errors: str


def microseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]


def port_of(circumstances: Scenario, ports: peers.Ports) -> int:
    if circumstances.tls:
        return ports.tls
    return ports.h2c if circumstances.streams else ports.proxy


def generated(circumstances: Scenario, port: int, seconds: int) -> Load:
    """What the load generator found in so many seconds."""
    fields = [part for field in circumstances.headers for part in ("-H", field)]
    url = f"{'https' if circumstances.tls else 'http'}://127.0.0.1:{port}/"
    if circumstances.streams:
        command = ["h2load", f"-c{circumstances.connections}", f"-m{circumstances.streams}", f"-D{seconds}", *fields, url]
    else:
        command = ["wrk", "-t1", f"-c{circumstances.connections}", f"-d{seconds}s", "--latency", "--timeout", "5s", *fields, url]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {command[0]} failed: {done.stderr.strip()}")
    return (of_h2load if circumstances.streams else of_wrk)(done.stdout)


def of_wrk(report: str) -> Load:
    requests = int(re.search(r"(\d+) requests in", report)[1])
    quantile = lambda q: microseconds(re.search(rf"(?m)^\s+{q}%\s+(\S+)", report)[1]) if requests else 0.0
    return Load(requests, float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1]), quantile(50), quantile(99),
                " ".join(line.strip() for line in re.findall(r"Non-2xx.*|Socket errors.*", report)))


def of_h2load(report: str) -> Load:
    """h2load gives no quantiles: the mean stands for the median, and the longest for p99."""
    done, failed = map(int, re.search(r"(\d+) done, \d+ succeeded, (\d+) failed", report).groups())
    longest, mean = map(microseconds, re.search(r"time for request:\s+\S+\s+(\S+)\s+(\S+)", report).groups())
    return Load(done, float(re.search(r"finished in \S+, ([\d.]+) req/s", report)[1]), mean, longest,
                f"{failed} failed" if failed else "")


def measure(circumstances: Scenario, number: int, name: str, program: Program, port: int, seconds: int) -> Measurement:
    generated(circumstances, port, 1)  # warm: pools filled, caches hot
    times = processes.cpu_times()
    before = program.cpu_nanoseconds()
    found = generated(circumstances, port, seconds)
    spent = program.cpu_nanoseconds() - before
    return Measurement(
        scenario=circumstances.name, round=number, proxy=name, requests=found.requests,
        requests_per_second=found.per_second, cpu_us_per_request=spent / 1e3 / max(found.requests, 1),
        p50_us=found.p50_us, p99_us=found.p99_us, memory_mb=program.resident_bytes() / 2**20,
        stolen=processes.stolen_share(times, processes.cpu_times()), errors=found.errors)


def run_proxy(proxy: peers.Proxy, circumstances: Scenario, number: int, origin: int, options) -> Measurement:
    cpu, _ = processes.two_cpus()
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        ports = peers.Ports(processes.free_port(), origin, processes.free_port())
        command = proxy.command(ports, Path(folder))
        with Program(command, cpu, ports.proxy, Path(folder) / "log") as program:
            port = port_of(circumstances, ports)
            first = measure(circumstances, number, proxy.name, program, port, options.seconds)
            if first.stolen <= NOISY:
                return first
            return measure(circumstances, number, proxy.name, program, port, options.seconds)


def run_scenario(circumstances: Scenario, proxies: list[peers.Proxy], options, progress) -> list[Measurement]:
    rows = []
    if circumstances.tls or circumstances.streams:  # the floor forwards bytes and cannot speak these
        proxies = [proxy for proxy in proxies if proxy.name != "floor"]
    _, cpu = processes.two_cpus()
    port = processes.free_port()
    command = [str(options.tools / "weir_origin"), str(port), str(circumstances.body_bytes)]
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder, \
            Program(command, cpu, port, Path(folder) / "log"):
        for number in range(options.rounds):
            for proxy in proxies if number % 2 == 0 else proxies[::-1]:
                progress(circumstances.name, number, proxy.name)
                row = run_proxy(proxy, circumstances, number, port, options)
                rows.append(row)
                if row.errors:
                    print(f"\nbench: {proxy.name} in {circumstances.name}: {row.errors}", file=sys.stderr)
    return rows


class Progress:
    """One line that says where the run is and how long it will take; on a log, one line per scenario and round."""

    def __init__(self, total: int):
        self.total, self.done, self.begin = total, 0, time.monotonic()
        self.last = ("", -1)

    def __call__(self, name: str, number: int, proxy: str) -> None:
        elapsed = time.monotonic() - self.begin
        left = f", {elapsed / self.done * (self.total - self.done):.0f} s left" if self.done else ""
        line = f"[{self.done + 1}/{self.total}] {name}, round {number + 1}: {proxy}{left}"
        if sys.stderr.isatty():
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif (name, number) != self.last:
            print(line, file=sys.stderr, flush=True)
        self.last = (name, number)
        self.done += 1


def floor_multiples(rows: list[Measurement], proxy: str) -> list[float]:
    """Per round, the proxy's CPU time per request over the floor's in the same round."""
    floor = {row.round: row.cpu_us_per_request for row in rows if row.proxy == "floor"}
    return [row.cpu_us_per_request / floor[row.round]
            for row in rows if row.proxy == proxy and floor.get(row.round)]


def table(circumstances: Scenario, rows: list[Measurement]) -> list[str]:
    times_of = ("mean µs", "longest µs") if circumstances.streams else ("p50 µs", "p99 µs")
    lines = [f"### {circumstances.name}: {circumstances.about}", "",
             f"| proxy | CPU µs/request | × floor | range of × | requests/s | {times_of[0]} | {times_of[1]} | memory MB | errors |",
             "|---|--:|--:|--:|--:|--:|--:|--:|---|"]
    for name in dict.fromkeys(row.proxy for row in rows):
        own = [row for row in rows if row.proxy == name]
        median = lambda field: statistics.median(getattr(row, field) for row in own)
        times = floor_multiples(rows, name)
        multiple = f"{statistics.median(times):.2f} | {min(times):.2f}–{max(times):.2f}" if times else "- | -"
        errors = f"{sum(bool(row.errors) for row in own)} rounds" if any(row.errors for row in own) else "none"
        lines.append(f"| {name} | {median('cpu_us_per_request'):.2f} | {multiple} | "
                     f"{median('requests_per_second'):,.0f} | {median('p50_us'):.0f} | {median('p99_us'):.0f} | "
                     f"{median('memory_mb'):.1f} | {errors} |")
    noisy = sum(row.stolen > NOISY for row in rows)
    if noisy:
        lines += ["", f"{noisy} of {len(rows)} measurements lost more than {NOISY:.0%} of the CPU to the hypervisor."]
    return lines + [""]


def version_of(proxy: peers.Proxy) -> str:
    if proxy.name == "floor":
        return "bench/load/floor.cc"
    done = subprocess.run(proxy.version, capture_output=True, text=True)
    return ((done.stdout + done.stderr).strip().splitlines() or ["unknown"])[0]


def surroundings(proxies: list[peers.Proxy], options) -> dict:
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "commit": commit.stdout.strip() or "uncommitted",
            "machine": f"{model[1] if model else platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release()}",
            "rounds": options.rounds, "seconds": options.seconds,
            "versions": {proxy.name: version_of(proxy) for proxy in proxies}}


def write_results(about: dict, rows: list[Measurement], options) -> Path:
    lines = [f"# Side by side, {about['date']}", "",
             f"{about['machine']}; {about['rounds']} rounds of {about['seconds']} s; medians. "
             "Compare the multiples of the floor; how they come about is in bench/results/README.md.", ""]
    lines += [f"- {name}: {version}" for name, version in about["versions"].items()] + [""]
    for name in dict.fromkeys(row.scenario for row in rows):
        lines += table(scenario(name), [row for row in rows if row.scenario == name])
    return write_files(about, rows, lines, options.out)


def write_files(about: dict, rows: list, lines: list[str], folder: Path, suffix_of_name: str = "") -> Path:
    """Every measurement as JSON and the tables as Markdown; the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{about['date'][:10]}-{about['commit']}{suffix_of_name}"
    for suffix, text in ((".json", json.dumps({**about, "measurements": [asdict(row) for row in rows]}, indent=1) + "\n"),
                         (".md", "\n".join(lines))):
        unfinished = stem.with_name(stem.name + suffix + ".tmp")
        unfinished.write_text(text)
        unfinished.rename(stem.with_name(stem.name + suffix))
    return stem.with_name(stem.name + ".md")


def add_out(parser: argparse.ArgumentParser, suffix: str) -> None:
    """--out of a program that writes results only when it is asked to: write_files(..., '-' + suffix)."""
    parser.add_argument("--out", type=Path, nargs="?", const=ROOT / "bench/results", metavar="FOLDER",
                        help=f"write DATE-COMMIT-{suffix}.md and .json there too (default: bench/results)")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="list the scenarios and the proxies found, and stop")
    parser.add_argument("--scenario", action="append", metavar="NAME", help="only this one (repeatable)")
    parser.add_argument("--proxy", action="append", metavar="NAME", help="only this one, besides the floor (repeatable)")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement, after 1 s of warming up")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 2 s: to see that it works, not to quote")
    peers.add_places(parser)
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 2, 2
    if options.rounds < 1 or options.seconds < 1:
        parser.error("--rounds and --seconds count from 1")
    return options


def main() -> int:
    options = arguments()
    known = peers.known_proxies(options.weir, options.tools)
    present = [proxy for proxy in known if peers.installed(proxy)]
    if options.list:
        for each in SCENARIOS:
            print(f"{each.name:12} {each.about}")
        for proxy in known:
            print(f"{proxy.name:12} {'found' if proxy in present else 'missing'}: {proxy.version[0]}")
        return 0
    try:
        chosen = [scenario(name) for name in options.scenario] if options.scenario else list(SCENARIOS)
    except KeyError as unknown:
        raise SystemExit(f"bench: {unknown.args[0]}")
    for proxy in known:
        if proxy not in present:
            print(f"bench: {proxy.name} is left out: no {proxy.version[0]}", file=sys.stderr)
    if options.proxy:
        present = [proxy for proxy in present if proxy.name in ["floor", *options.proxy]]
    processes.raise_file_limit()
    os.sched_setaffinity(0, {processes.two_cpus()[1]})
    return report(chosen, present, options)


def report(chosen: list[Scenario], proxies: list[peers.Proxy], options) -> int:
    about = surroundings(proxies, options)
    progress = Progress(len(chosen) * options.rounds * len(proxies))
    rows: list[Measurement] = []
    try:
        for each in chosen:
            rows += run_scenario(each, proxies, options, progress)
    except KeyboardInterrupt:
        print("\nbench: interrupted; the scenarios that are complete are written", file=sys.stderr)
    if not rows:
        return 130
    path = write_results(about, rows, options)
    print(f"\n{path.read_text()}\nwritten: {path} and {path.with_suffix('.json').name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
