"""A wrk run that goes on beside other things, and what it found."""

import re
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Answers:
    requests: int
    per_second: float
    p99_ms: float
    socket_errors: int
    bad_answers: int  # that are not 2xx or 3xx

    @property
    def failed(self):
        return self.socket_errors + self.bad_answers


_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


class Wrk:
    """Started at once; answers() waits for its end."""

    def __init__(self, url, connections=20, seconds=2):
        self._seconds = seconds
        self._process = subprocess.Popen(
            ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "10s", url],
            stdout=subprocess.PIPE, text=True)

    @property
    def running(self):
        return self._process.poll() is None

    def answers(self):
        out, _ = self._process.communicate(timeout=self._seconds + 60)
        if self._process.returncode != 0:
            raise AssertionError(f"wrk ended with {self._process.returncode}: {out}")
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", out)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        errors = sum(int(n) for line in re.findall(r"Socket errors: (.*)", out) for n in re.findall(r"\d+", line))
        return Answers(requests=int(re.search(r"(\d+) requests in", out)[1]),
                       per_second=float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
                       p99_ms=float(p99[1]) * _UNITS_MS[p99[2]], socket_errors=errors,
                       bad_answers=int(bad[1]) if bad else 0)
