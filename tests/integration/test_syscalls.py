#!/usr/bin/env python3
"""Four system calls carry a request through in the steady state: read and write on either side, and nothing about the
descriptors themselves, and none for memory. Counted with strace on the worker's thread alone."""

import re
import signal
import subprocess
import unittest
from collections import Counter
from pathlib import Path

from support.case import IntegrationTest, main
from support.children import Child
from support.clients import have
from support.waiting import wait_for
from support.weir import sanitized

REQUESTS = 200
DATA = {"read", "readv", "recv", "recvfrom", "recvmsg", "write", "writev", "send", "sendto", "sendmsg", "sendfile"}
UPKEEP = {"epoll_ctl", "getsockopt", "setsockopt", "fcntl", "ioctl", "accept", "accept4", "socket", "connect", "close",
          "shutdown", "getpeername", "getsockname", "timerfd_settime"}
MEMORY = {"mmap", "munmap", "mremap", "brk", "madvise", "mprotect"}


def may_trace():
    if not have("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(may_trace(), "strace is not installed or not permitted here")
class SteadyState(IntegrationTest):
    def worker_thread(self, weir):
        tasks = [task.name for task in Path(f"/proc/{weir.pid}/task").iterdir()
                 if (task / "comm").read_text(encoding="ascii").strip() == "weir-0"]
        self.assertEqual(len(tasks), 1)
        return tasks[0]

    def traced(self, weir, act):
        """The calls of the worker's thread while `act` runs, by name."""
        trace = self.stage.path("trace")
        strace = Child(["strace", "-p", self.worker_thread(weir), "-o", trace], self.stage.path("strace"))
        self.stage.callback(strace.end)
        wait_for(lambda: "attached" in strace.output() or strace.exit_code is not None, "strace is attached")
        if strace.exit_code is not None:
            self.skipTest("strace cannot attach here: " + strace.output())
        act()
        strace.signal(signal.SIGINT)
        strace.wait()
        text = Path(trace).read_text(encoding="utf-8", errors="replace")
        return Counter(re.findall(r"^(\w+)\(", text, re.M)), text

    def check(self, **top):
        origin = self.stage.nginx("one")
        weir = self.stage.weir_before(origin, **top)
        with weir.client() as client:
            for _ in range(20):
                self.assertEqual(client.request().status, 200)

            def serve():
                for _ in range(REQUESTS):
                    self.assertEqual(client.request().status, 200)
            calls, text = self.traced(weir, serve)
        carrying = {name: count for name, count in calls.items() if name in DATA}
        self.assertEqual(sum(carrying.values()), 4 * REQUESTS, f"{dict(calls)}\n{text[:3000]}")
        unwanted = UPKEEP if sanitized() else UPKEEP | MEMORY
        self.assertEqual({name: count for name, count in calls.items() if name in unwanted}, {})
        self.assertLessEqual(calls["epoll_wait"] + calls["epoll_pwait"], 2 * REQUESTS + 50)

    def test_four_calls_a_request(self):
        self.check(access_log="off")

    def test_the_access_log_costs_the_worker_none(self):
        self.check()


if __name__ == "__main__":
    main()
