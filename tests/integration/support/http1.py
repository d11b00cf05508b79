"""A strict reader of HTTP/1.1 messages for both ends of the tests: it takes exactly one message from a socket, keeps
the bytes as they came, and says Truncated when the other side ended before the message did."""

import dataclasses


class Truncated(Exception):
    """The connection ended inside a message; `received` is what there was of it."""

    def __init__(self, where, received=b""):
        super().__init__(f"ended inside {where} after {len(received)} bytes")
        self.received = received


@dataclasses.dataclass
class Message:
    start_line: str
    fields: list  # (name, value) in order and case of arrival
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)
    interim: list = dataclasses.field(default_factory=list)  # 1xx messages before a response

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name, default=None):
        return next(iter(self.all(name)), default)

    @property
    def status(self):
        return int(self.start_line.split(" ")[1])

    @property
    def method(self):
        return self.start_line.split(" ")[0]

    @property
    def target(self):
        return self.start_line.split(" ")[1]


class Reader:
    """Takes messages from a socket. Everything read is kept in `raw`."""

    def __init__(self, sock):
        self._socket = sock
        self._buffer = b""
        self.raw = bytearray()

    def pending(self):
        return self._buffer

    def _more(self):
        data = self._socket.recv(65536)
        self._buffer += data
        self.raw += data
        return bool(data)

    def _until(self, mark, where):
        while mark not in self._buffer:
            if not self._more():
                raise Truncated(where, self._buffer)
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _exactly(self, size, where):
        parts = [self._buffer[:size]]
        have = len(parts[0])
        self._buffer = self._buffer[size:]
        while have < size:
            if not self._more():
                raise Truncated(where, b"".join(parts))
            parts.append(self._buffer[:size - have])
            have += len(parts[-1])
            self._buffer = self._buffer[len(parts[-1]):]
        return b"".join(parts)

    def _head(self):
        lines = self._until(b"\r\n\r\n", "a head").decode("latin-1").split("\r\n")
        return Message(lines[0], [_field(line) for line in lines[1:]])

    def _chunks(self):
        body = []
        while True:
            size = int(self._until(b"\r\n", "a chunk size").split(b";")[0], 16)
            if size == 0:
                return b"".join(body), self._trailers()
            body.append(self._exactly(size, "a chunk"))
            if self._exactly(2, "a chunk's end") != b"\r\n":
                raise Truncated("a chunk's end")

    def _trailers(self):
        trailers = []
        while line := self._until(b"\r\n", "trailers"):
            trailers.append(_field(line.decode("latin-1")))
        return trailers

    def exactly(self, size):
        """So many bytes, whatever they are."""
        return self._exactly(size, "bytes")

    def some(self):
        """What there is, waiting for a first byte; nothing at the end of the connection."""
        if not self._buffer:
            self._more()
        found, self._buffer = self._buffer, b""
        return found

    def rest(self):
        """Everything until the other side ends the connection."""
        while self._more():
            pass
        found, self._buffer = self._buffer, b""
        return found

    def at_end(self):
        """Is there nothing left but the end of the connection? Waits for either."""
        try:
            return not self._buffer and not self._more()
        except ConnectionResetError:
            return True

    def head(self):
        """The next head alone, whatever follows."""
        return self._head()

    def response(self, request_method="GET"):
        interim = []
        while True:
            message = self._head()
            if message.status >= 200 or message.status == 101:
                break
            interim.append(message)
        message.interim = interim
        if request_method == "HEAD" or message.status in (101, 204, 304):
            return message
        if not self._framed(message):
            message.body = self.rest()
        return message

    def request(self):
        """The next request, or None when the client ended the connection between two."""
        if not self._buffer and not self._more():
            return None
        message = self._head()
        self._framed(message)
        return message

    def content(self, message):
        """Takes what follows a request's head."""
        self._framed(message)

    def _framed(self, message):
        if "chunked" in (message.get("Transfer-Encoding") or "").lower():
            message.body, message.trailers = self._chunks()
        elif message.get("Content-Length") is not None:
            message.body = self._exactly(int(message.get("Content-Length")), "content")
        else:
            return False
        return True


def _field(line):
    name, _, value = line.partition(":")
    return name, value.strip()
