"""RFC 9113, sections 3, 4, 6 and 7: the preface, the layout of frames, and each kind of frame by itself."""

from expectations import answered, either, ends, ignored, refused, resets
from suite import Case
from support import h2_frames as h2
from support.h2_fields import block, request_fields
from support.h2_frames import (COMPRESSION_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR, STREAM_CLOSED,
                               continuation, data, frame, goaway, headers, ping, priority, rst_stream, settings,
                               window_update)

GET = block(request_fields())
GET_HOLD = block(request_fields(path="/hold"))
POST = block(request_fields("POST"))
ECHO = block(request_fields("POST", "/echo/"))
OPEN = headers(1, GET, h2.END_HEADERS)  # a request whose content is to come
BEGUN = headers(1, GET[:5], h2.END_STREAM)  # a field block that goes on
MOST = h2.DEFAULT_FRAME_SIZE

ANY_SIZE_CODE = "5.4: a stream error may be treated as one of the connection"
NO_BYTE = "6.1, 4.2: padding that does not fit, or a frame too short for what it must hold; both describe it"


def echoed(content):
    return answered(check=lambda client, answer, requests: None if answer.body == content else f"{len(answer.body)} bytes")


def large_field(size):
    """A field whose representation has so many bytes, three of them its value's length."""
    return block([("x-large", "v" * (size - 12))])


def too_large(kind, flags=0, stream=0, before=b"", payload=bytes):
    """Sends a frame one byte larger than the server's SETTINGS_MAX_FRAME_SIZE, in which nothing else is wrong."""
    def send(client):
        most = client.server_settings.get(h2.MAX_FRAME_SIZE, MOST)
        client.send(before, frame(kind, flags, stream, payload(most + 1)))
    return send


def get_of(size):
    return GET + large_field(size - len(GET))


def in_single_bytes(client):
    for byte in h2.PREFACE + settings() + headers(1, GET):
        client.send(bytes((byte,)))


def last_stream(client):
    last = client.goaways[-1][0]
    return None if last in (0, 1) else f"GOAWAY names stream {last}"


def acknowledged(count):
    def check(client):
        client.sync()
        return None if client.settings_acks == count else f"{client.settings_acks} acknowledgements, not {count}"
    return ignored(check)


def ponged(payloads):
    return ignored(lambda client: None if client.pongs[:len(payloads)] == payloads else f"PING answers {client.pongs}")


def unanswered_ping_ack(client):
    return None if client.pongs == [b"after it"] else f"PING answers {client.pongs}"


def graceful(client):
    """A client's GOAWAY while an answer is due: the answer comes, and new streams of the client are not needed."""
    stream = client.request("GET", "/hold")
    client.send(goaway(0))
    client.sync()
    client.origin.let_go()
    client.until(lambda: client.answers[stream].over, "the answer that was due")


PREFACE = [
    Case("3.4", "the preface, SETTINGS and a request in one piece are answered",
         h2.PREFACE + settings() + headers(1, GET), answered(), raw=True),
    Case("3.4", "the preface and a request in single bytes are answered", in_single_bytes, answered(), raw=True),
    Case("3.4", "a preface with non-empty SETTINGS is answered", headers(1, GET), answered(),
         settings=((h2.HEADER_TABLE_SIZE, 8192), (h2.MAX_CONCURRENT_STREAMS, 10), (h2.INITIAL_WINDOW_SIZE, 100000))),
    Case("3.4", "PING in place of the first SETTINGS ends the connection", h2.PREFACE + ping(), ends(PROTOCOL_ERROR), raw=True),
    Case("3.4", "HEADERS in place of the first SETTINGS end the connection", h2.PREFACE + headers(1, GET),
         ends(PROTOCOL_ERROR), raw=True),
    Case("3.4", "an acknowledgement in place of the first SETTINGS ends the connection", h2.PREFACE + h2.SETTINGS_ACK,
         ends(PROTOCOL_ERROR), raw=True),
    Case("3.4", "the server acknowledges SETTINGS that came with the preface", lambda client: None, acknowledged(1)),
    # A server that also speaks HTTP/1.1 there may answer as that, so only the end is asked for (3.4: GOAWAY may be left out).
    Case("3.4", "a preface whose last line is wrong ends the connection", lambda client: client.send(
        h2.PREFACE[:-4].replace(b"SM", b"XM") + b"\r\n\r\n" + settings()), ends(PROTOCOL_ERROR, silently=True), raw=True),
]

LAYOUT = [
    Case("4.1", "a frame of unknown type on stream 0 is ignored", frame(0xEE, 0xFF, 0, b"whatever"), ignored()),
    Case("4.1", "a frame of unknown type on an open stream is ignored",
         OPEN + frame(0xEE, 0xFF, 1, b"whatever") + data(1, b"", h2.END_STREAM), answered()),
    Case("4.1", "a frame of unknown type on an idle stream is ignored", frame(0xEE, 0, 7, b"x") + headers(1, GET), answered()),
    Case("4.1", "an empty frame of unknown type is ignored", frame(0x20, 0, 0), ignored()),
    Case("4.1", "undefined flags of PING are ignored", ping(b"flagged.", 0xFE), ponged([b"flagged."])),
    Case("4.1", "undefined flags of HEADERS are ignored", headers(1, GET, h2.WHOLE | 0x82 & ~0x28), answered()),
    Case("4.1", "undefined flags of DATA are ignored", OPEN + data(1, b"abc", h2.END_STREAM | 0xF6), answered()),
    Case("4.1", "undefined flags of SETTINGS are ignored", settings(flags=0xFE), acknowledged(2)),
    Case("4.1", "undefined flags of WINDOW_UPDATE are ignored", frame(h2.WINDOW_UPDATE, 0xFF, 0, b"\0\0\0\1"), ignored()),
    Case("4.1", "undefined flags of RST_STREAM are ignored",
         headers(1, GET_HOLD) + frame(h2.RST_STREAM, 0xFF, 1, b"\0\0\0\x08"), ignored()),
    Case("4.1", "the reserved bit of a stream identifier is ignored", headers(1 | 1 << 31, GET), answered()),
    Case("4.1", "the reserved bit of stream 0 is ignored", frame(h2.PING, 0, 1 << 31, b"reserved"), ponged([b"reserved"])),
    Case("4.2", "DATA of 16,384 bytes is taken", headers(1, ECHO, h2.END_HEADERS) + data(1, b"z" * MOST, h2.END_STREAM),
         echoed(b"z" * MOST)),
    Case("4.2", "HEADERS of 16,384 bytes are taken as a frame",
         headers(1, GET + large_field(MOST - len(GET))),
         either(answered(), answered(431), answered(400), resets(PROTOCOL_ERROR, h2.ENHANCE_YOUR_CALM, h2.REFUSED_STREAM),
                ends(h2.ENHANCE_YOUR_CALM), why="10.5.1: a server may refuse the size of a field section, never of the frame")),
    Case("4.2", "DATA that is too large is a frame size error", too_large(h2.DATA, 0, 1, OPEN),
         either(resets(FRAME_SIZE_ERROR), ends(FRAME_SIZE_ERROR), why=ANY_SIZE_CODE)),
    Case("4.2", "HEADERS that are too large end the connection", too_large(h2.HEADERS, h2.WHOLE, 1, payload=get_of),
         ends(FRAME_SIZE_ERROR)),
    Case("4.2", "CONTINUATION that is too large ends the connection",
         too_large(h2.CONTINUATION, h2.END_HEADERS, 1, headers(1, GET, h2.END_STREAM), large_field), ends(FRAME_SIZE_ERROR)),
    Case("4.2", "SETTINGS that are too large end the connection", too_large(h2.SETTINGS), ends(FRAME_SIZE_ERROR)),
    Case("4.2", "PING that is too large ends the connection", too_large(h2.PING), ends(FRAME_SIZE_ERROR)),
    Case("4.2", "GOAWAY that is too large ends the connection", too_large(h2.GOAWAY), ends(FRAME_SIZE_ERROR)),
    Case("4.2", "a frame of unknown type that is too large is a frame size error", too_large(0xEE), ends(FRAME_SIZE_ERROR)),
    Case("4.3", "a field block that is no HPACK ends the connection", headers(1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
         ends(COMPRESSION_ERROR)),
    Case("4.3", "a field block that ends inside a field ends the connection", headers(1, GET[:-3]), ends(COMPRESSION_ERROR)),
    Case("4.3", "a broken block in CONTINUATION ends the connection",
         headers(1, GET, h2.END_STREAM) + continuation(1, b"\x80"), ends(COMPRESSION_ERROR)),
    Case("4.3", "broken trailers end the connection", OPEN + headers(1, b"\x80"), ends(COMPRESSION_ERROR)),
]

DATA = [
    Case("6.1", "DATA on stream 0 ends the connection", data(0, b"abc"), ends(PROTOCOL_ERROR)),
    Case("6.1", "padding as long as the frame ends the connection",
         OPEN + frame(h2.DATA, h2.PADDED, 1, b"\x04abc"), ends(PROTOCOL_ERROR)),
    Case("6.1", "padding longer than the frame ends the connection",
         OPEN + frame(h2.DATA, h2.PADDED, 1, b"\xffabc"), ends(PROTOCOL_ERROR)),
    Case("6.1", "padded DATA without a length of padding ends the connection", OPEN + frame(h2.DATA, h2.PADDED, 1),
         either(ends(PROTOCOL_ERROR, FRAME_SIZE_ERROR), resets(FRAME_SIZE_ERROR), why=NO_BYTE)),
    Case("6.1", "padding is no content", headers(1, ECHO, h2.END_HEADERS) + data(1, b"abc", padding=200) +
         data(1, b"def", h2.END_STREAM, padding=0), echoed(b"abcdef")),
    Case("6.1", "DATA that is all padding is taken", headers(1, ECHO, h2.END_HEADERS) + data(1, b"", padding=255) +
         data(1, b"abc", h2.END_STREAM), echoed(b"abc")),
    Case("6.1", "empty DATA ends a request", headers(1, ECHO, h2.END_HEADERS) + data(1, b"", h2.END_STREAM), echoed(b"")),
]

HEADERS = [
    Case("6.2", "HEADERS on stream 0 end the connection", headers(0, GET), ends(PROTOCOL_ERROR)),
    Case("6.2", "padding longer than the frame ends the connection",
         frame(h2.HEADERS, h2.WHOLE | h2.PADDED, 1, bytes((len(GET) + 1,)) + GET), ends(PROTOCOL_ERROR)),
    Case("6.2", "padded HEADERS without a length of padding end the connection", frame(h2.HEADERS, h2.WHOLE | h2.PADDED, 1),
         ends(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    Case("6.2", "HEADERS too short for their priority end the connection",
         frame(h2.HEADERS, h2.WHOLE | h2.PRIORITIZED, 1, b"\0\0\0"), ends(FRAME_SIZE_ERROR, PROTOCOL_ERROR)),
    Case("6.2", "padding of HEADERS is no field", headers(1, GET, padding=100), answered()),
    Case("6.2", "priority fields of HEADERS are taken", headers(1, GET, priority=(0, 255)), answered()),
    Case("6.2", "padding and priority together are taken", headers(1, GET, padding=9, priority=(1 << 31, 0)), answered()),
]

PRIORITIES = [
    Case("6.3", "PRIORITY on stream 0 ends the connection", priority(0), ends(PROTOCOL_ERROR)),
    Case("6.3", "PRIORITY on an idle stream is taken", priority(5, 3) + headers(7, GET), answered(stream=7)),
    Case("6.3", "PRIORITY on an open stream is taken", OPEN + priority(1, 3) + data(1, b"", h2.END_STREAM), answered()),
    Case("6.3", "PRIORITY of four bytes is a frame size error", OPEN + frame(h2.PRIORITY, 0, 1, bytes(4)),
         either(resets(FRAME_SIZE_ERROR), ends(FRAME_SIZE_ERROR), why=ANY_SIZE_CODE)),
    Case("6.3", "PRIORITY of six bytes is a frame size error", OPEN + frame(h2.PRIORITY, 0, 1, bytes(6)),
         either(resets(FRAME_SIZE_ERROR), ends(FRAME_SIZE_ERROR), why=ANY_SIZE_CODE)),
    Case("5.3.1", "a stream that depends on itself does no harm", headers(1, GET_HOLD) + priority(1, 1),
         either(ignored(), resets(PROTOCOL_ERROR), ends(PROTOCOL_ERROR),
                why="RFC 9113 deprecates priorities and drops the error that RFC 7540 had")),
]

RESETS = [
    Case("6.4", "RST_STREAM on stream 0 ends the connection", rst_stream(0), ends(PROTOCOL_ERROR)),
    Case("6.4", "RST_STREAM on an idle stream ends the connection", rst_stream(1), ends(PROTOCOL_ERROR)),
    Case("6.4", "RST_STREAM of three bytes ends the connection",
         headers(1, GET_HOLD) + frame(h2.RST_STREAM, 0, 1, bytes(3)), ends(FRAME_SIZE_ERROR)),
    Case("6.4", "RST_STREAM of five bytes ends the connection",
         headers(1, GET_HOLD) + frame(h2.RST_STREAM, 0, 1, bytes(5)), ends(FRAME_SIZE_ERROR)),
    Case("6.4", "RST_STREAM ends its stream and no other", headers(1, GET_HOLD) + headers(3, GET) + rst_stream(1),
         answered(stream=3)),
    Case("5.4.2", "RST_STREAM is not answered with RST_STREAM", headers(1, GET_HOLD) + rst_stream(1), ignored()),
    Case("7", "an unknown code of RST_STREAM has no special meaning",
         headers(1, GET_HOLD) + rst_stream(1, 0xDEADBEEF) + headers(3, GET), answered(stream=3)),
]

SETTINGS = [
    Case("6.5", "an acknowledgement with content ends the connection", frame(h2.SETTINGS, h2.ACK, 0, bytes(6)),
         ends(FRAME_SIZE_ERROR)),
    Case("6.5", "SETTINGS on a stream end the connection", OPEN + frame(h2.SETTINGS, 0, 1, b"\0\3\0\0\0\x64"),
         ends(PROTOCOL_ERROR)),
    Case("6.5", "an acknowledgement on a stream ends the connection", OPEN + frame(h2.SETTINGS, h2.ACK, 1),
         ends(PROTOCOL_ERROR)),
    Case("6.5", "SETTINGS of five bytes end the connection", frame(h2.SETTINGS, 0, 0, bytes(5)), ends(FRAME_SIZE_ERROR)),
    Case("6.5", "SETTINGS of seven bytes end the connection", frame(h2.SETTINGS, 0, 0, bytes(7)), ends(FRAME_SIZE_ERROR)),
    Case("6.5", "empty SETTINGS are acknowledged", settings(), acknowledged(2)),
    Case("6.5.2", "ENABLE_PUSH of 0 is taken", settings((h2.ENABLE_PUSH, 0)), acknowledged(2)),
    Case("6.5.2", "ENABLE_PUSH of 1 is taken", settings((h2.ENABLE_PUSH, 1)), acknowledged(2)),
    Case("6.5.2", "ENABLE_PUSH of 2 ends the connection", settings((h2.ENABLE_PUSH, 2)), ends(PROTOCOL_ERROR)),
    Case("6.5.2", "INITIAL_WINDOW_SIZE of 2^31 - 1 is taken", settings((h2.INITIAL_WINDOW_SIZE, 2**31 - 1)), acknowledged(2)),
    Case("6.5.2", "INITIAL_WINDOW_SIZE of 2^31 ends the connection", settings((h2.INITIAL_WINDOW_SIZE, 2**31)),
         ends(FLOW_CONTROL_ERROR)),
    Case("6.5.2", "MAX_FRAME_SIZE below 16,384 ends the connection", settings((h2.MAX_FRAME_SIZE, 16383)), ends(PROTOCOL_ERROR)),
    Case("6.5.2", "MAX_FRAME_SIZE of 16,384 is taken", settings((h2.MAX_FRAME_SIZE, 16384)), acknowledged(2)),
    Case("6.5.2", "MAX_FRAME_SIZE of 2^24 - 1 is taken", settings((h2.MAX_FRAME_SIZE, 2**24 - 1)), acknowledged(2)),
    Case("6.5.2", "MAX_FRAME_SIZE of 2^24 ends the connection", settings((h2.MAX_FRAME_SIZE, 2**24)), ends(PROTOCOL_ERROR)),
    Case("6.5.2", "HEADER_TABLE_SIZE of 2^32 - 1 is taken", settings((h2.HEADER_TABLE_SIZE, 2**32 - 1)), acknowledged(2)),
    Case("6.5.2", "MAX_CONCURRENT_STREAMS of 0 is taken", settings((h2.MAX_CONCURRENT_STREAMS, 0)), acknowledged(2)),
    Case("6.5.2", "MAX_HEADER_LIST_SIZE of 0 is advice", settings((h2.MAX_HEADER_LIST_SIZE, 0)), acknowledged(2)),
    Case("6.5.2", "unknown settings are ignored", settings((0xFFFF, 1), (0x0BAD, 2**32 - 1), (0, 0)), acknowledged(2)),
    Case("6.5.3", "every SETTINGS frame is acknowledged once", settings() * 5, acknowledged(6)),
    Case("6.5.3", "SETTINGS and their acknowledgement may cross others", settings() + ping(b"between.") + settings(),
         acknowledged(3)),
    Case("9218 2.1", "NO_RFC7540_PRIORITIES of 1 is taken", headers(1, GET), answered(),
         settings=((h2.NO_RFC7540_PRIORITIES, 1),)),
]

PUSHES = [
    Case("6.6", "PUSH_PROMISE of a client ends the connection", OPEN + frame(h2.PUSH_PROMISE, h2.END_HEADERS, 1,
                                                                            b"\0\0\0\2" + GET), ends(PROTOCOL_ERROR)),
    Case("6.6", "PUSH_PROMISE on stream 0 ends the connection", frame(h2.PUSH_PROMISE, h2.END_HEADERS, 0,
                                                                     b"\0\0\0\2" + GET), ends(PROTOCOL_ERROR)),
]

PINGS = [
    Case("6.7", "PING is acknowledged with its bytes", ping(b"\0\xff\x01six85"), ponged([b"\0\xff\x01six85"])),
    Case("6.7", "PINGs are acknowledged in order", b"".join(ping(b"number %d" % n) for n in range(5)),
         ponged([b"number %d" % n for n in range(5)])),
    Case("6.7", "PING is acknowledged while a request is under way", headers(1, GET_HOLD) + ping(), ponged([b"8 bytes."])),
    Case("6.7", "an acknowledgement nobody asked for is ignored", ping(b"unasked.", h2.ACK), ignored(unanswered_ping_ack)),
    Case("6.7", "PING on a stream ends the connection", OPEN + frame(h2.PING, 0, 1, bytes(8)), ends(PROTOCOL_ERROR)),
    Case("6.7", "PING of seven bytes ends the connection", frame(h2.PING, 0, 0, bytes(7)), ends(FRAME_SIZE_ERROR)),
    Case("6.7", "PING of nine bytes ends the connection", frame(h2.PING, 0, 0, bytes(9)), ends(FRAME_SIZE_ERROR)),
    Case("6.7", "empty PING ends the connection", frame(h2.PING), ends(FRAME_SIZE_ERROR)),
    Case("6.7", "an acknowledgement of six bytes ends the connection", frame(h2.PING, h2.ACK, 0, bytes(6)),
         ends(FRAME_SIZE_ERROR)),
]

# After a client's GOAWAY the server may close when nothing is due (6.8), so nothing more is asked of the connection.
GOAWAYS = [
    Case("6.8", "GOAWAY on a stream ends the connection", OPEN + frame(h2.GOAWAY, 0, 1, bytes(8)), ends(PROTOCOL_ERROR)),
    Case("6.8", "GOAWAY of seven bytes ends the connection", frame(h2.GOAWAY, 0, 0, bytes(7)),
         ends(FRAME_SIZE_ERROR)),
    Case("6.8", "what is under way at a client's GOAWAY is answered", graceful, answered(last=True)),
    Case("6.8", "a client's GOAWAY with nothing under way does no harm", goaway(0, h2.NO_ERROR, b"some words"),
         either(ignored(last=True), ends(h2.NO_ERROR, silently=True), why="6.8: the server may close at once or serve on")),
    Case("7", "an unknown code of GOAWAY has no special meaning", headers(1, GET) + goaway(0, 0xDEADBEEF), answered(last=True)),
]

CONTINUATIONS = [
    Case("6.10", "a field block in three frames is a request",
         headers(1, GET[:7], h2.END_STREAM) + continuation(1, GET[7:20], 0) + continuation(1, GET[20:]), answered()),
    Case("6.10", "a field block in six frames, cut inside of strings, is a request",
         headers(1, GET[:1], h2.END_STREAM) + b"".join(continuation(1, GET[at:at + 1], 0) for at in range(1, 5)) +
         continuation(1, GET[5:]), answered()),
    Case("6.10", "empty HEADERS and one CONTINUATION are a request", headers(1, b"", h2.END_STREAM) + continuation(1, GET),
         answered()),
    Case("6.10", "an empty last CONTINUATION is taken", headers(1, GET, h2.END_STREAM) + continuation(1), answered()),
    Case("6.10", "trailers in two frames end a request",
         OPEN + headers(1, block([("x-a", "1")]), h2.END_STREAM) + continuation(1, block([("x-b", "2")])), answered()),
    Case("6.10", "CONTINUATION on stream 0 ends the connection", BEGUN + continuation(0, GET[5:]), ends(PROTOCOL_ERROR)),
    Case("6.10", "CONTINUATION without HEADERS ends the connection", continuation(1, GET), ends(PROTOCOL_ERROR)),
    Case("6.10", "CONTINUATION after END_HEADERS ends the connection", headers(1, GET_HOLD) + continuation(1, GET),
         ends(PROTOCOL_ERROR, STREAM_CLOSED)),
    Case("6.10", "CONTINUATION after the block's last CONTINUATION ends the connection",
         headers(1, GET_HOLD[:5], h2.END_STREAM) + continuation(1, GET_HOLD[5:]) + continuation(1, GET),
         ends(PROTOCOL_ERROR, STREAM_CLOSED)),
    Case("6.10", "CONTINUATION after DATA ends the connection", OPEN + data(1, b"abc") + continuation(1, GET),
         ends(PROTOCOL_ERROR)),
    Case("6.10", "CONTINUATION of another stream ends the connection", BEGUN + continuation(3, GET[5:]),
         ends(PROTOCOL_ERROR)),
]

# 4.3, 5.5, 6.2, 6.10: until a field block has ended, nothing else may come, of whatever stream or type.
_BETWEEN = {
    "DATA": data(1, b"abc"), "HEADERS": headers(1, GET), "HEADERS of another stream": headers(3, GET),
    "PRIORITY": priority(1), "RST_STREAM": rst_stream(1), "SETTINGS": settings(), "an acknowledgement": h2.SETTINGS_ACK,
    "PING": ping(), "GOAWAY": goaway(), "WINDOW_UPDATE": window_update(0, 1), "an unknown frame": frame(0xEE, 0, 0, b"x"),
    "an unknown frame on the stream": frame(0xEE, 0, 1, b"x"),
}
INTERRUPTED = [Case("6.10", f"{what} inside of a field block ends the connection",
                    BEGUN + between + continuation(1, GET[5:]), ends(PROTOCOL_ERROR)) for what, between in _BETWEEN.items()]

TABLES = (PREFACE, LAYOUT, DATA, HEADERS, PRIORITIES, RESETS, SETTINGS, PUSHES, PINGS, GOAWAYS, CONTINUATIONS, INTERRUPTED)
