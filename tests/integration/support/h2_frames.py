"""The frames of HTTP/2 as bytes (RFC 9113, section 4 and 6): built from whatever is asked for, right or wrong, and taken
apart. Nothing here knows what is allowed."""

import dataclasses
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DEFAULT_WINDOW = 65535
DEFAULT_FRAME_SIZE = 16384

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
KINDS = ("DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE",
         "CONTINUATION")

# Flags.
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITIZED = 0x20
WHOLE = END_STREAM | END_HEADERS

(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY,
 HTTP_1_1_REQUIRED) = range(14)
CODES = ("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
         "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
         "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED")

# Settings.
(HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE,
 MAX_HEADER_LIST_SIZE) = range(1, 7)
ENABLE_CONNECT_PROTOCOL = 8
NO_RFC7540_PRIORITIES = 9


def code_name(code):
    return CODES[code] if code < len(CODES) else f"code {code:#x}"


@dataclasses.dataclass(frozen=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    def __str__(self):
        kind = KINDS[self.kind] if self.kind < len(KINDS) else f"type {self.kind:#x}"
        more = ""
        if self.kind == RST_STREAM and len(self.payload) == 4:
            more = " " + code_name(number(self.payload))
        elif self.kind == GOAWAY and len(self.payload) >= 8:
            more = f" last {number(self.payload[:4])}, {code_name(number(self.payload[4:8]))} {self.payload[8:]!r}"
        return f"{kind} stream {self.stream} flags {self.flags:#x} length {len(self.payload)}{more}"


def number(four_bytes):
    return struct.unpack(">I", four_bytes)[0]


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """`length` is what the header says, where that is not the truth."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def data(stream, content=b"", flags=0, padding=None):
    if padding is not None:
        return frame(DATA, flags | PADDED, stream, bytes((padding,)) + content + bytes(padding))
    return frame(DATA, flags, stream, content)


def headers(stream, block, flags=WHOLE, padding=None, priority=None):
    """`priority` is (stream it depends on, weight - 1)."""
    payload = block
    if priority is not None:
        flags |= PRIORITIZED
        payload = struct.pack(">IB", *priority) + payload
    if padding is not None:
        flags |= PADDED
        payload = bytes((padding,)) + payload + bytes(padding)
    return frame(HEADERS, flags, stream, payload)


def continuation(stream, block=b"", flags=END_HEADERS):
    return frame(CONTINUATION, flags, stream, block)


def priority(stream, depends_on=0, weight=15):
    return frame(PRIORITY, 0, stream, struct.pack(">IB", depends_on, weight))


def rst_stream(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def settings(*pairs, flags=0):
    """Pairs of (identifier, value), in that order, also several of one identifier."""
    return frame(SETTINGS, flags, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


SETTINGS_ACK = frame(SETTINGS, ACK)


def ping(payload=b"8 bytes.", flags=0):
    return frame(PING, flags, 0, payload)


def goaway(last=0, code=NO_ERROR, more=b""):
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code) + more)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))
