#!/usr/bin/env python3
"""A sample origin for scripts/quickstart: answers every request with its own name and what it saw of the request, as
text, over kept-alive HTTP/1.1. GET /healthz says "ok". Listens on loopback only; not for serving anybody.

usage: sample_origin.py NAME PORT
"""

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sample-origin"
    disable_nagle_algorithm = True
    timeout = 300  # seconds a connection may be idle; longer than any proxy keeps one
    wbufsize = -1  # one write for head and content

    def content(self) -> bytes:
        """The request's content, whichever way it is framed."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return content

    def answer(self) -> None:
        received = self.content()
        name, port = self.server.name, self.server.server_port
        if self.path == "/healthz":
            text = "ok\n"
        else:
            fields = "".join(f"  {key}: {value}\n" for key, value in self.headers.items())
            text = f"{name} on port {port}\n{self.command} {self.path}\n{fields}"
            text += f"  ({len(received)} bytes of content)\n" if received else ""
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("X-Origin", name)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_) -> None:
        pass  # the proxy logs


class Origin(ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET

    def __init__(self, name: str, port: int):
        self.name = name
        super().__init__(("127.0.0.1", port), Answer)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's asks the name service for this machine's name, which can take long
        self.server_name, self.server_port = self.server_address

    def handle_error(self, *_) -> None:
        pass  # a client that leaves is none of our business


def main() -> None:
    if len(sys.argv) != 3 or not sys.argv[2].isdigit():
        sys.exit(__doc__)
    try:
        Origin(sys.argv[1], int(sys.argv[2])).serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
