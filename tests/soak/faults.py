#!/usr/bin/env python3
"""Everything at once, for a long time: origins are killed, stopped and started again, files reloaded, weights turned,
endpoints drained, the program upgraded, clients leave in the middle, all at random from a seed that is printed, while
requests go on. Meant for a program built with the address sanitizer (WEIR_BIN=build/asan/weir). At the end nothing may
be left: no report, no leak, no request in flight, no more descriptors than there were, and every process ended with 0.
Failed requests are shown: with every origin down at times, some are right. The exit code is 1 when one is missed."""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import time
from collections import Counter

from common import Verdict  # first: it says where support is

from support.case import Stage
from support.clients import Load, RawClient
from support.generations import Generations
from support.http1 import Truncated
from support.origins import Nginx
from support.waiting import wait_for
from support.weir import command, config

REPORTS = re.compile(r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|runtime error:|WARNING: ThreadSanitizer")


class Origins:
    """Three nginx at fixed ports, to be killed and stopped."""

    def __init__(self, stage):
        self.stage = stage
        self.all = [stage.nginx(name) for name in "abc"]
        self.stopped = set()

    def hit(self, choose):
        """Kills, stops or mends one; says what it did."""
        index = choose.randrange(len(self.all))
        child = self.all[index].child
        if child.exit_code is not None:
            self.all[index] = self._again(index)
            return "origin started"
        if index in self.stopped:
            self.stopped.discard(index)
            child.signal(signal.SIGCONT)
            return "origin continued"
        if choose.random() < 0.5:
            child.kill()
            return "origin killed"
        self.stopped.add(index)
        child.signal(signal.SIGSTOP)
        return "origin stopped"

    def _again(self, index):
        fresh = Nginx(self.stage.path("nginx"), "abc"[index])
        self.stage.callback(fresh.close)
        return fresh

    def mend(self):
        for index, origin in enumerate(self.all):
            if index in self.stopped:
                origin.child.signal(signal.SIGCONT)
            if origin.child.exit_code is not None:
                self.all[index] = self._again(index)
        self.stopped.clear()


class Soak:
    def __init__(self, stage, options):
        self.choose = random.Random(options.seed)
        self.stage, self.options = stage, options
        self.origins = Origins(stage)
        self.done, self.number = Counter(), 0
        self.weir = Generations(stage.path("weir"), self.settings())
        stage.callback(self.weir.close)

    def settings(self):
        addresses = [origin.address for origin in self.origins.all]
        made = config([], workers=2, watch=False)
        made["clusters"] = {"origins": {"endpoints": addresses[:2], "health_check": {"path": "/", "interval": "500ms"},
                                        "outlier": {"ejection": "1s"}},
                            "next": {"endpoints": addresses[1:]}}
        made["routes"] = [{
            "name": "all", "timeouts": {"response_head": "2s"},
            "retry": {"attempts": 2, "per_try_timeout": "500ms", "on": ["connect", "reset", 502, 503]},
            "split": {"variants": [{"name": "stable", "cluster": "origins", "weight": 80},
                                   {"name": "canary", "cluster": "next", "weight": 20}]},
            "mirror": [{"cluster": "next", "percent": 30, "timeout": "1s"}]}]
        if self.number % 3 == 0:
            made["listeners"]["more"] = {"address": "127.0.0.1:0"}
        return made

    def step(self):
        actions = [(self.hit, 5), (self.reload, 4), (self.turn_weights, 2), (self.set_endpoint, 2), (self.leave, 4),
                   (self.upgrade, 1)]
        action = self.choose.choices([each for each, _ in actions], [weight for _, weight in actions])[0]
        self.done[action() or action.__name__] += 1

    def hit(self):
        return self.origins.hit(self.choose)

    def reload(self):
        self.number += 1
        whole = {"admin": {"address": f"unix:{self.weir.admin}"}, "access_log": {"path": self.weir.access_log_path},
                 **self.settings()}
        text = json.dumps(whole) if self.choose.random() < 0.9 else json.dumps(whole)[:-20]
        pathlib.Path(self.weir.config_path).write_text(text, encoding="utf-8")
        command("reload", "--admin", f"unix:{self.weir.admin}")
        pathlib.Path(self.weir.config_path).write_text(json.dumps(whole), encoding="utf-8")

    def turn_weights(self):
        self.weir.admin_put("/v1/routes/all/weights", {"stable": 50, "canary": self.choose.randrange(100)})

    def set_endpoint(self):
        address = self.origins.all[self.choose.randrange(2)].address
        with RawClient(self.weir.admin) as client:
            client.request("PATCH", f"/v1/clusters/origins/endpoints/{address}",
                           [("Content-Type", "application/json")],
                           json.dumps({"state": self.choose.choice(["active", "active", "draining"])}).encode())

    def leave(self):
        with contextlib.suppress(OSError, Truncated):
            client = RawClient(self.weir.address)
            client.send(self.choose.choice(["GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01",
                                            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"]))
            time.sleep(self.choose.random() * 0.05)
            client.reset()

    def upgrade(self):
        if command("upgrade", "--admin", f"unix:{self.weir.admin}").returncode != 0:
            return "upgrade refused"
        self.weir.pids.append(self.weir.pid_in_file())
        return "upgrade"

    def run(self):
        end = time.monotonic() + self.options.minutes * 60
        failed = Counter()
        with Load(self.weir.address, threads=4) as load:
            while time.monotonic() < end:
                self.step()
                time.sleep(self.choose.random() * 0.4)
            self.origins.mend()
        for failure in load.failures:
            failed[re.sub(r"\d{4,}", "N", failure)[:90]] += 1
        print(f"{load.answered} requests answered, {len(load.failures)} failed: {dict(failed.most_common(8))}")
        print(f"what was done: {dict(self.done)}")
        return load


def judge(soak):
    verdict, weir = Verdict(), soak.weir
    wait_for(lambda: sum(each["active_requests"] for cluster in weir.admin_json("/v1/clusters")
                         for each in cluster["endpoints"]) == 0, "no request is in flight", 30)
    verdict.line("no request in flight, none waiting",
                 sum(each["waiting"] for each in weir.admin_json("/v1/clusters")) == 0)
    with RawClient(weir.address) as client:
        verdict.line("it answers 200 when all origins are mended", client.request().status == 200)
    log = pathlib.Path(weir.child.output_path)
    for pid in weir.pids[:-1]:
        weir.wait_for_end(pid)
    os.kill(weir.pids[-1], signal.SIGTERM)
    weir.wait_for_end(weir.pids[-1])
    text = log.read_text(encoding="utf-8", errors="replace")
    reports = REPORTS.findall(text)
    verdict.line(f"{len(weir.pids)} processes, {len(reports)} reports of a sanitizer", not reports)
    if reports:
        at = REPORTS.search(text).start()
        print(text[at:at + 4000])
    if text.count("info stopped") != len(weir.pids):
        print("\n".join(line for line in text.splitlines() if " health" not in line)[-3000:])
    verdict.line(f"{text.count('info stopped')} of them stopped in order", text.count("info stopped") == len(weir.pids))
    return verdict.exit_code()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}: repeat with --seed {options.seed}", flush=True)
    with Stage() as stage:
        soak = Soak(stage, options)
        soak.run()
        return judge(soak)


if __name__ == "__main__":
    raise SystemExit(main())
