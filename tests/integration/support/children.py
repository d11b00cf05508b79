"""Child processes that cannot outlive a test: they are ended by their own id, and the kernel ends them when the test
process itself is killed. Output goes to files, so that no child ever waits for a reader."""

import ctypes
import os
import random
import signal
import socket
import subprocess

from support.waiting import PATIENCE

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class Child:
    """A running program. `limits` is called in the child before the program starts; `inherit` are descriptors
    it keeps."""

    def __init__(self, command, output, limits=None, environment=None, inherit=()):
        self.output_path = output
        with open(output, "ab") as sink:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environment,
                pass_fds=inherit, preexec_fn=lambda: _before_exec(limits))

    @property
    def pid(self):
        return self._process.pid

    @property
    def exit_code(self):
        """None while it runs."""
        return self._process.poll()

    def output(self):
        with open(self.output_path, encoding="utf-8", errors="replace") as text:
            return text.read()

    def signal(self, number):
        if self.exit_code is None:
            self._process.send_signal(number)

    def wait(self, timeout=PATIENCE):
        return self._process.wait(timeout)

    def kill(self):
        self.signal(signal.SIGKILL)
        self._process.wait()

    def end(self):
        """Asks first; kills when that takes too long."""
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()

    def cpu_seconds(self):
        """User and system time of all its threads so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kib(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def _before_exec(limits):
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if limits is not None:
        limits()


def free_port():
    """A port nobody listens on, below the range that outgoing connections are given theirs from."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
