"""What the long runs share: the parts of tests/integration/support, a wrk that runs beside other things, a process's
memory, and a verdict line by line. Used by the programs of this folder; starts nothing by itself."""

import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))


@dataclass(frozen=True)
class Answers:
    """What wrk found."""
    requests: int
    per_second: float
    p99_ms: float
    socket_errors: int
    bad_answers: int

    @property
    def failed(self):
        return self.socket_errors + self.bad_answers


_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


class Wrk:
    """Started at once; answers() waits for its end."""

    def __init__(self, url, connections, seconds):
        self._seconds = seconds
        self._process = subprocess.Popen(
            ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "10s", url],
            stdout=subprocess.PIPE, text=True)

    @property
    def running(self):
        return self._process.poll() is None

    def answers(self):
        out, _ = self._process.communicate(timeout=self._seconds + 60)
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", out)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        errors = sum(int(n) for line in re.findall(r"Socket errors: (.*)", out) for n in re.findall(r"\d+", line))
        return Answers(requests=int(re.search(r"(\d+) requests in", out)[1]),
                       per_second=float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
                       p99_ms=float(p99[1]) * _UNITS_MS[p99[2]], socket_errors=errors,
                       bad_answers=int(bad[1]) if bad else 0)


def resident_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1])


class Verdict:
    """Prints each figure beside what is wanted of it and remembers whether all were met."""

    def __init__(self):
        self.met = True

    def line(self, words, met):
        print(f"{'ok  ' if met else 'MISS'}  {words}", flush=True)
        self.met = self.met and met

    def exit_code(self):
        return 0 if self.met else 1
