#!/usr/bin/env python3
"""Reloads under load: 200 in 60 s that change endpoints, routes and listeners while wrk asks over 64 connections, then
as many more as make 1,000. No request may fail, a cluster that never changes may see no new connection, and resident
memory may not grow by more than 5 % from the hundredth reload to the last. The exit code is 1 when one is missed."""

import argparse
import json
import pathlib
import time

from common import Verdict  # first: it says where support is

from support.case import Stage
from support.clients import Load
from support.waiting import wait_for
from support.weir import command, config
from support.wrk import Wrk

GROWTH = 1.05
WARM = 100  # reloads before memory is compared
STEADY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsteady"


def settings(number, origins, steady):
    chosen = [origins[i].address for i in ((0, 1), (1, 2), (0, 2), (0, 1, 2))[number % 4]]
    made = config(chosen, cluster={"balance": ("round_robin", "least_connections")[number % 2]}, workers=2, watch=False,
                  listener={"requests_per_connection": 0})  # a client that comes anew may come to another worker
    made["clusters"]["steady"] = {"endpoints": [steady.address]}
    made["routes"].insert(0, {"name": "steady", "match": {"path": "/steady"}, "cluster": "steady"})
    made["routes"].insert(0, {"name": f"r{number % 3}", "match": {"path": f"/r{number}"}, "respond": {"status": 200}})
    if number % 5 == 0:
        made["listeners"]["more"] = {"address": "127.0.0.1:0"}
    return made


def reload(weir, number, origins, steady):
    whole = {"admin": {"address": f"unix:{weir.admin}"}, "access_log": {"path": weir.access_log_path},
             **settings(number, origins, steady)}
    pathlib.Path(weir.config_path).write_text(json.dumps(whole), encoding="utf-8")
    done = command("reload", "--admin", f"unix:{weir.admin}")
    if done.returncode != 0:
        raise SystemExit(f"reload {number} was refused: {done.stderr}")


def run(options):
    verdict, memory = Verdict(), {}
    with Stage() as stage:
        origins = [stage.nginx(name) for name in "abc"]
        steady = stage.origin()
        steady.script = lambda connection: steady.answer_all(connection, STEADY)
        weir = stage.weir({**settings(0, origins, steady), "access_log": "off"})

        def reload_and_note(number):
            reload(weir, number, origins, steady)
            if number % 100 == 0:
                memory[number] = weir.child.resident_kib()

        with Load(weir.address, threads=1, path="/steady") as other:
            wait_for(lambda: other.answered > 20, "the steady cluster is asked")
            connections = len(steady.connections)
            wrk = Wrk(weir.url + "/", 64, options.seconds)
            began = time.monotonic()
            for number in range(1, options.reloads + 1):
                reload_and_note(number)
                time.sleep(max(0.0, began + number * (options.seconds - 2) / options.reloads - time.monotonic()))
            took, inside = time.monotonic() - began, wrk.running
            answers = wrk.answers()
            for number in range(options.reloads + 1, options.total + 1):
                reload_and_note(number)
        generation = weir.admin_json("/v1/status")["config"]["generation"]
        verdict.line(f"{options.reloads} reloads in {took:.1f} s under wrk -c64: {answers.requests} requests, "
                     f"{answers.failed} failed, p99 {answers.p99_ms:.1f} ms", answers.failed == 0 and inside)
        verdict.line(f"{other.answered} requests to the steady cluster: {len(other.failures)} failed",
                     not other.failures)
        verdict.line(f"its origin saw {len(steady.connections) - connections} new connections",
                     len(steady.connections) == connections)
        verdict.line(f"generation {generation} after {options.total} reloads", generation == options.total + 1)
        first, last = memory[min(WARM, max(memory))], memory[max(memory)]
        verdict.line(f"resident memory from reload {WARM} to {max(memory)}: {first} to {last} KiB "
                     f"({(last / first - 1) * 100:+.1f} %); all: {memory}", last <= first * GROWTH)
    return verdict.exit_code()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reloads", type=int, default=200, help="while wrk runs")
    parser.add_argument("--seconds", type=int, default=60, help="that wrk runs for")
    parser.add_argument("--total", type=int, default=1000, help="reloads in all")
    return run(parser.parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
