"""Origins: one scripted in Python that answers exact bytes and keeps what arrived, a real nginx, and Node programs from
origins/. Each listens on loopback at a free port."""

import contextlib
import os
import pathlib
import socket
import threading

from support.children import Child, free_port
from support.http1 import Reader, Truncated
from support.waiting import PATIENCE, wait_for

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "origins"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class OriginConnection:
    """One connection as the script sees it."""

    def __init__(self, sock):
        self.socket = sock
        self.reader = Reader(sock)

    @property
    def received(self):
        return bytes(self.reader.raw)

    def request(self):
        return self.reader.request()

    def head(self):
        return self.reader.head()

    def send(self, data):
        self.socket.sendall(data)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


class ScriptedOrigin:
    """Calls script(connection) in a thread of its own for each connection, and closes the connection when it returns.
    `requests` collects what `take` read; the default script answers OK to every request."""

    def __init__(self, script=None, unix_path=None, at=("127.0.0.1", 0), receive_buffer=None):
        self.script = script or self.answer_all
        self._lock = threading.Lock()
        self.connections, self.requests, self.broken = [], [], []
        if unix_path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(unix_path)
            self.address = f"unix:{unix_path}"
        else:
            self._listener = socket.socket()
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if receive_buffer:
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self._listener.bind(at)
            self.address = "%s:%d" % self._listener.getsockname()
        self._listener.listen(1024)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE * 3)
            connection = OriginConnection(sock)
            with self._lock:
                self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self.script(connection)
        except (OSError, Truncated) as error:
            with self._lock:
                self.broken.append(error)
        finally:
            with contextlib.suppress(OSError):
                connection.socket.close()

    def take(self, connection):
        """The next whole request, which is also kept; None when the connection ended between two."""
        request = connection.request()
        if request is not None:
            with self._lock:
                self.requests.append(request)
        return request

    def answer_all(self, connection, answer=OK):
        while self.take(connection) is not None:
            connection.send(answer)

    def received(self):
        """All bytes of all connections."""
        with self._lock:
            return b"".join(connection.received for connection in self.connections)

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.socket.shutdown(socket.SHUT_RDWR)


def answering(data):
    """A script that answers these bytes to every request."""
    def script(connection):
        while connection.request() is not None:
            connection.send(data)
    return script


def named(name, fields=""):
    """An answer whose field and content say who gave it."""
    return (f"HTTP/1.1 200 OK\r\nX-Origin: {name}\r\n{fields}Content-Length: {len(name)}\r\n\r\n{name}").encode()


_NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_timeout 60s; keepalive_requests 1000000; default_type text/plain;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} {options};
    {directives}
    location / {{ add_header X-Origin {name}; return 200 "{name}\\n"; }}
    location /files/ {{ alias {files}/; }}
    location /gzip/ {{ alias {files}/; gzip on; gzip_proxied any; gzip_min_length 1; gzip_types *; }}
  }}
}}
"""


class Nginx:
    """One nginx process that answers its name, and files under /files/ and, compressed on the way, /gzip/. `options`
    follow its listen directive, `directives` stand in its server block."""

    def __init__(self, folder, name, files=None, options="", directives=""):
        self.name = name
        os.makedirs(folder)
        for _ in range(5):
            port = free_port()
            config = f"{folder}/nginx.conf"
            pathlib.Path(config).write_text(
                _NGINX.format(folder=folder, port=port, name=name, files=files or folder, options=options,
                              directives=directives), encoding="ascii")
            self.child = Child(["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", config], f"{folder}/output")
            self.address = f"127.0.0.1:{port}"
            wait_for(lambda: self.child.exit_code is not None or listens(port), f"nginx on port {port}")
            if self.child.exit_code is None:
                return
        raise AssertionError("nginx does not start: " + self.child.output())

    def close(self):
        self.child.kill()


class Node:
    """One Node program from origins/, which prints its port when it listens."""

    def __init__(self, folder, script, *arguments):
        os.makedirs(folder)
        self.child = Child(["node", str(FOLDER / script), *arguments], f"{folder}/output")
        wait_for(lambda: self.child.exit_code is not None or "\n" in self.child.output(), f"node {script}", 60)
        first_line = self.child.output().partition("\n")[0]
        if self.child.exit_code is not None or not first_line.isdigit():
            raise AssertionError("node does not start: " + self.child.output())
        self.address = f"127.0.0.1:{first_line}"

    def close(self):
        self.child.kill()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
