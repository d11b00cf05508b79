"""The origin of the HTTP/2 tests: what it answers follows from the path, and every request that arrived whole is
kept. Requests for /probe come from the tests themselves and are not."""

import socket
import threading

from support import websocket
from support.origins import OK, ScriptedOrigin
from support.waiting import PATIENCE, wait_for

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
TRAILERS = b"0\r\nX-Sum: 42\r\n\r\n"
OWN_WORDS = (b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nX-Mixed-Case: Yes\r\n"
             b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok")


class CaseOrigin(ScriptedOrigin):
    """/bytes/N answers N bytes, /chunks/N the same in chunks and with a trailer, /hold not before `let_go`, /unread
    does not even read content before; /echo answers the request's content, /status/N nothing; anything else "ok".
    /tunnel opens the WebSocket that is asked for and returns what comes, whatever it is, until the end; /tunnel/hold does
    so when it is let go, /tunnel/end has ended its own side, /tunnel/reset resets."""

    def __init__(self):
        self._go = threading.Event()
        self._held = 0
        super().__init__(self._answer_each, receive_buffer=64 * 1024)

    def _answer_each(self, connection):
        while True:
            if connection.reader.at_end():
                return
            request = connection.head()
            if request.target.startswith("/unread"):
                self._go.wait(PATIENCE)
            connection.reader.content(request)
            if request.target != "/probe":
                with self._lock:
                    self.requests.append(request)
            if request.target.startswith("/tunnel"):
                self._tunnel(connection, request)
                return
            self._answer(connection, request)

    def _answer(self, connection, request):
        _, kind, argument, *_ = request.target.split("/") + ["", ""]
        if kind == "bytes":
            self._sized(connection, request, b"x" * int(argument))
        elif kind == "echo":
            self._sized(connection, request, request.body)
        elif kind == "chunks":
            content = b"y" * int(argument)
            connection.send(CHUNKED + b"%x\r\n" % len(content) + content + b"\r\n" + TRAILERS)
        elif kind == "status":
            connection.send(b"HTTP/1.1 %d Whatever\r\n%s\r\n" % (
                int(argument), b"" if argument in ("204", "304") else b"Content-Length: 0\r\n"))
        elif kind == "interim":
            connection.send(INTERIM + INTERIM + OK)
        elif kind == "words":
            connection.send(OWN_WORDS)
        elif kind == "hold":
            self._wait()
            connection.send(OK)
        else:
            self._sized(connection, request, b"ok")

    def _tunnel(self, connection, request):
        if request.target.endswith("/hold"):
            self._wait()
        connection.send(websocket.answer_to(request))
        if request.target.endswith("/reset"):
            connection.reset()
            return
        if request.target.endswith("/end"):
            connection.socket.shutdown(socket.SHUT_WR)
            connection.reader.rest()
            return
        while some := connection.reader.some():
            connection.send(some)

    def _wait(self):
        go = self._go
        with self._lock:
            self._held += 1
        go.wait(PATIENCE)

    @staticmethod
    def _sized(connection, request, content):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content)
        connection.send(head if request.method == "HEAD" else head + content)

    def whole_requests(self):
        with self._lock:
            return list(self.requests)

    def await_held(self, count):
        """Returns when so many requests for /hold have come since the last were let go."""
        wait_for(lambda: self._held >= count, f"{count} requests are held", every=0.001)

    def let_go(self):
        """What is held is answered; from then on holding holds again."""
        with self._lock:
            self._held = 0
        self._go.set()
        self._go = threading.Event()
