"""Enough of RFC 6455 for tests: the handshake of both sides and unfragmented frames. Shares nothing with Weir, which looks
at the handshake alone. A real server and client, python3-websockets, run beside it where they are installed."""

import base64
import hashlib
import os
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_for(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def handshake(path="/", fields=(), key=None):
    """The request of a client, and its key."""
    key = key or base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", "Host: test.example", "Connection: Upgrade", "Upgrade: websocket",
             f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode(), key


def answer_to(request):
    """The 101 of a server."""
    return ("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Accept: {accept_for(request.get('Sec-WebSocket-Key'))}\r\n\r\n").encode()


def frame(opcode, payload, masked):
    size = len(payload)
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, mask_bit | size)
    elif size < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, mask_bit | 127, size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def read_frame(reader):
    """(opcode, payload) of the next frame; None at the end of the connection."""
    if reader.at_end():
        return None
    first = reader.exactly(2)
    size = first[1] & 0x7f
    if size == 126:
        size, = struct.unpack("!H", reader.exactly(2))
    elif size == 127:
        size, = struct.unpack("!Q", reader.exactly(8))
    mask = reader.exactly(4) if first[1] & 0x80 else None
    payload = reader.exactly(size) if size else b""
    if mask:
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        payload = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
    return first[0] & 0x0f, payload


class Frames:
    """Whole frames of a RawClient or an OriginConnection whose handshake is over."""

    def __init__(self, connection, masked):
        self.connection = connection
        self._masked = masked

    def send(self, opcode, payload=b""):
        self.connection.send(frame(opcode, payload, self._masked))

    def receive(self):
        return read_frame(self.connection.reader)

    def echo(self, payload, opcode=TEXT):
        self.send(opcode, payload)
        return self.receive() == (opcode, payload)


def connect(weir, path="/", fields=(), client=None):
    """A client whose handshake Weir and the origin have answered."""
    client = client or weir.client()
    request, key = handshake(path, fields)
    client.send(request)
    answer = client.response()
    if answer.status != 101 or answer.get("Sec-WebSocket-Accept") != accept_for(key):
        raise AssertionError(f"no WebSocket: {answer.start_line} {answer.fields}")
    return Frames(client, masked=True)


def serve_echo(connection):
    """A script of ScriptedOrigin: answers one handshake, then everything as it came."""
    connection.send(answer_to(connection.head()))
    frames = Frames(connection, masked=False)
    while (got := frames.receive()) is not None:
        opcode, payload = got
        frames.send(PONG if opcode == PING else opcode, payload)
        if opcode == CLOSE:
            return
