"""Processes under measurement: started on one CPU, observed through /proc, stopped by their own id. Used by the
programs of this folder; starts nothing by itself and never signals a process it did not start."""

import functools
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable


@functools.cache
def two_cpus() -> tuple[int, int]:
    """The CPU for the proxy and the CPU for everything else. Asked once, before anything is pinned."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise SystemExit("bench: needs two CPUs: one for the proxy alone, one for the load and the origin")
    return usable[0], usable[1]


def free_port() -> int:
    """A port that was free a moment ago; the caller's server binds it next."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_file_limit(wanted: int | None = None) -> int:
    """Sets both limits of open files to `wanted` where that is allowed, else lifts the soft one to the hard one; children
    inherit them. What the soft limit is then."""
    if wanted is not None:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return wanted
        except (ValueError, PermissionError):
            pass
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Program:
    """A running program and its children. A context manager: leaving it stops the program."""

    def __init__(self, command: list[str], cpu: int, port: int, log: Path):
        self.command = command
        self.port = port
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))

    def __enter__(self) -> "Program":
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def wait_until_it_listens(self, seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"bench: {' '.join(self.command)}\nbench: does not listen on port {self.port}; "
                         f"its output ends:\n{self.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def pids(self) -> list[int]:
        """The program's own id and those of all its descendants."""
        found, unexplored = [], [self.process.pid]
        while unexplored:
            pid = unexplored.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                unexplored += _numbers(children)
        return found

    def cpu_nanoseconds(self) -> int:
        """Time on a CPU so far, of all threads and children (schedstat: nanoseconds, unlike the ticks of stat)."""
        total = 0
        for pid in self.pids():
            for schedstat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                total += (_numbers(schedstat) or [0])[0]
        return total

    def resident_bytes(self) -> int:
        """Resident memory; pages shared by several processes count once (proportional set size)."""
        return self._memory("Pss:")

    def private_bytes(self) -> int:
        """Resident memory that this program alone has written."""
        return self._memory("Private_Dirty:")

    def _memory(self, field: str) -> int:
        total = 0
        for pid in self.pids():
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith(field))
        return total


class Highest:
    """Watches from a thread of its own how high a reading of a program's memory goes while the context lasts."""

    def __init__(self, reading: Callable[[], int], every_seconds: float):
        self.before = self.highest = reading()
        self._reading, self._every = reading, every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Highest":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            self.highest = max(self.highest, self._reading())

    def grown_mb(self) -> float:
        return (self.highest - self.before) / 2**20


def _numbers(path: Path) -> list[int]:
    """The numbers in a file of /proc; none when its process or thread has just ended."""
    try:
        return [int(word) for word in path.read_text().split()]
    except OSError:
        return []


def stolen_share(before: list[int], after: list[int]) -> float:
    """The share of CPU time the hypervisor took away between two readings of cpu_times()."""
    spent = [b - a for a, b in zip(before, after)]
    return spent[7] / max(sum(spent[:8]), 1)


def cpu_times() -> list[int]:
    return [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
