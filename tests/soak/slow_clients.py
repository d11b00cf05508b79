#!/usr/bin/env python3
"""Slow clients beside quick ones: slowhttptest in its four modes (slow heads, slow bodies, overlapping ranges, slow
reading) with 1,000 connections, while wrk asks for a small page. wrk may see no error and a p99 of at most twice what it
is while the same slow clients are at another server (an nginx of their own): they take time of wrk's CPU wherever they
are. Its p99 without any is told too. Weir has one CPU for itself and everybody else shares another, the slow clients at
the lowest priority. The exit code is 1 when one is missed."""

import argparse
import os
import shutil
import statistics
import subprocess
import time

from common import Verdict  # first: it says where support is

from support.case import Stage
from support.weir import config
from support.wrk import Wrk

MODES = {"slow heads": ["-H"], "slow bodies": ["-B", "-s", "8192"], "ranges": ["-R"],
         "slow reading": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32"]}
FACTOR = 2.0
BIG = 1 << 20  # bytes of the page that is read slowly


def two_cpus():
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise SystemExit("slow_clients: needs two CPUs")
    return cpus[0], cpus[1]


def move(pid, cpu):
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {cpu})


def alone(weir, options):
    return Wrk(weir.url + "/", options.connections, options.seconds // 2).answers()


def beside(weir, mode, url, options, folder):
    """wrk's answers while the slow ones are at `url`, and how many connections Weir held."""
    slow = subprocess.Popen(
        ["nice", "-n", "19", "slowhttptest", *mode, "-c", str(options.slow), "-r", "200", "-i", "5",
         "-l", str(options.seconds + 10), "-p", "3", "-u", url],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        time.sleep(options.slow / 200 + 1)  # until all are connected
        held = weir.connections()
        return Wrk(weir.url + "/", options.connections, options.seconds).answers(), held
    finally:
        slow.terminate()
        slow.wait()


def stand(stage):
    """Weir before an nginx for everybody and, for the slow ones, a big page of it and an origin that waits for all of
    a request's content; and an nginx with that page that is not behind it."""
    folder = stage.path("files")
    os.makedirs(folder)
    with open(f"{folder}/big", "wb") as big:
        big.write(b"x" * BIG)
    nginx, other, patient = stage.nginx("origin", folder), stage.nginx("other", folder), stage.origin()
    settings = config([nginx.address], workers=1, access_log="off")
    settings["clusters"]["patient"] = {"endpoints": [patient.address]}
    settings["routes"][:0] = [
        {"name": "bodies", "match": {"path": "/slow", "methods": ["POST"]}, "cluster": "patient"},
        {"name": "big", "match": {"path": "/slow"}, "rewrite": {"prefix": "/files/big"}, "cluster": "origins"}]
    return stage.weir(settings), f"http://{other.address}/files/big"


def run(options):
    verdict, quiet = Verdict(), []
    own, others = two_cpus()
    os.sched_setaffinity(0, {others})
    with Stage() as stage:
        weir, elsewhere = stand(stage)
        move(weir.pid, own)
        for name, mode in MODES.items():
            quiet.append(alone(weir, options))
            usual, _ = beside(weir, mode, elsewhere, options, stage.folder)
            answers, held = beside(weir, mode, weir.url + "/slow", options, stage.folder)
            verdict.line(f"{name}: {held} connections held, wrk {answers.per_second:.0f} requests/s, {answers.failed} "
                         f"failed, p99 {answers.p99_ms:.2f} ms; {usual.p99_ms:.2f} ms with them elsewhere "
                         f"({answers.p99_ms / usual.p99_ms:.2f} x)",
                         answers.failed == 0 and answers.p99_ms <= FACTOR * usual.p99_ms)
        print(f"without any: p99 {', '.join(f'{each.p99_ms:.2f}' for each in quiet)} ms, "
              f"{statistics.median(each.per_second for each in quiet):.0f} requests/s")
    return verdict.exit_code()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", type=int, default=1000, help="slow connections")
    parser.add_argument("--connections", type=int, default=16, help="wrk's")
    parser.add_argument("--seconds", type=int, default=20, help="of each run")
    if shutil.which("slowhttptest") is None:
        raise SystemExit("slow_clients: slowhttptest is missing: apt install slowhttptest")
    return run(parser.parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
