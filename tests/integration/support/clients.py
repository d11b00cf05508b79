"""Clients: raw bytes over a socket, whole GETs and POSTs on kept-alive connections, curl, wrk, and a load of GETs that
counts what went wrong. Every one has a time limit."""

import shutil
import socket
import subprocess
import threading

from support.http1 import Reader, Truncated
from support.waiting import PATIENCE
from support.wrk import Wrk


class RawClient:
    """One connection. `address` is (host, port), or the path of a unix socket; `source` is where it comes from."""

    def __init__(self, address, timeout=PATIENCE, source=""):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            try:
                self.socket.connect(address)
            except OSError:
                self.socket.close()
                raise
        else:
            self.socket = socket.create_connection(address, timeout, (source, 0) if source else None)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def request(self, method="GET", path="/", fields=(), body=b""):
        """Sends one request with the fields given, and Host and Content-Length where they are needed."""
        lines = [f"{method} {path} HTTP/1.1", "Host: test.example"] + [f"{n}: {v}" for n, v in fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
        return self.reader.response(method)

    def response(self, method="GET"):
        return self.reader.response(method)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with a reset instead of an orderly close."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def get(address, path="/", fields=()):
    with RawClient(address) as client:
        return client.request("GET", path, fields)


def curl(*arguments):
    """The finished process: stdout as bytes, exit code."""
    return subprocess.run(["curl", "-sS", "--max-time", "60", "--noproxy", "*", *arguments],
                          capture_output=True, timeout=90, check=False)


def have(program):
    return shutil.which(program) is not None


def wrk(url, connections=20, seconds=2):
    """(requests, socket errors, answers that are not 2xx or 3xx) of a wrk run."""
    found = Wrk(url, connections, seconds).answers()
    return found.requests, found.socket_errors, found.bad_answers


class Load:
    """Threads that send requests on kept-alive connections until told to stop. What fails is kept in `failures`;
    `wrong(response)` may say what is wrong with an answer of the expected status."""

    def __init__(self, address, threads=4, path="/", expected=200, wrong=lambda response: None):
        self.address, self.path, self.expected, self.wrong = address, path, expected, wrong
        self.failures, self.answered = [], 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _run(self):
        client = None
        while not self._over.is_set():
            try:
                client = client or RawClient(self.address)
                response = client.request("GET", self.path)
                failure = self.wrong(response) if response.status == self.expected else (
                    f"{response.start_line} {response.get('Proxy-Status')}")
            except (OSError, Truncated) as error:
                failure = repr(error)
                response = None
            with self._lock:
                if failure:
                    self.failures.append(failure)
                else:
                    self.answered += 1
            if response is None or (response.get("Connection") or "").lower() == "close":
                if client:
                    client.close()
                client = None
        if client:
            client.close()
