"""Weirs that replace themselves: a program that stands at a path of its own, so that it can be exchanged, and the
processes that come after the first, which are nobody's children and are ended by their id."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import threading

from support.clients import RawClient
from support.http1 import Truncated
from support.waiting import wait_for
from support.weir import BINARY, Weir


def is_alive(pid):
    """Does it run? One that has ended and was not waited for does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Generations(Weir):
    """A Weir with `program` as its binary, a pid file, and successors."""

    def __init__(self, folder, configuration, environment=None, socket_activated=None):
        self.program = f"{folder}.bin"
        self.pid_file = f"{folder}.pid"
        self.pids = []
        self.install()
        command = [self.program, "run", "--pid-file", self.pid_file]
        inherit = ()
        if socket_activated is not None:
            # LISTEN_PID is the program's own id, which a shell knows before it becomes the program.
            script = f'exec 3<&{socket_activated}; LISTEN_PID=$$ exec "$@"'
            command, inherit = ["/bin/bash", "-c", script, "sh", *command], (socket_activated,)
        super().__init__(folder, configuration, command=command, environment=environment, inherit=inherit)
        self.pids.append(self.pid)

    def install(self, content=None):
        """Another file at the program's path: the real program, or a script."""
        fresh = f"{self.program}.new"
        if content is None:
            shutil.copy2(BINARY, fresh)
        else:
            pathlib.Path(fresh).write_text(content, encoding="utf-8")
            os.chmod(fresh, 0o755)
        os.rename(fresh, self.program)

    def pid_in_file(self):
        return int(pathlib.Path(self.pid_file).read_text(encoding="ascii"))

    def signal_upgrade(self):
        """Sends SIGUSR2 to the process that serves; the id of the next when that does."""
        before = self.pids[-1]
        os.kill(before, signal.SIGUSR2)
        wait_for(lambda: self.pid_in_file() != before, "the pid file names another process", 60)
        wait_for(lambda: self.log().count("ready: ") > len(self.pids), "the next process is ready", 60)
        self.pids.append(self.pid_in_file())
        return self.pids[-1]

    def wait_for_end(self, pid, timeout=60):
        if pid == self.pid:
            self.child.wait(timeout)
        wait_for(lambda: not is_alive(pid), f"process {pid} has ended", timeout)

    def close(self):
        with contextlib.suppress(OSError, ValueError):
            self.pids.append(self.pid_in_file())
        for pid in self.pids[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        super().close()
        for pid in self.pids[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Newcomers:
    """Threads that open a connection for each request; what fails is kept."""

    def __init__(self, address, threads=2):
        self.address, self.failures, self.answered = address, [], 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self):
        while not self._over.is_set():
            failure = None
            try:
                with RawClient(self.address) as client:
                    status = client.request(fields=[("Connection", "close")]).status
                    failure = None if status == 200 else str(status)
            except (OSError, Truncated) as error:
                failure = repr(error)
            with self._lock:
                if failure:
                    self.failures.append(failure)
                else:
                    self.answered += 1


class Notices:
    """The socket of a service manager, and what it was told."""

    def __init__(self, path):
        self.path, self._socket = path, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(30)

    def next(self, containing):
        """The next message with this line, as a dict."""
        while True:
            lines = self._socket.recv(4096).decode().splitlines()
            if containing in lines or any(line.startswith(containing) for line in lines):
                return dict(line.split("=", 1) for line in lines)

    def close(self):
        self._socket.close()
