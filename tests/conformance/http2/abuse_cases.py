"""RFC 9113, section 10.5: what is allowed and, in numbers, only meant to wear a server out. RFC 9113 leaves the answer to
the server; Weir ends such a connection with ENHANCE_YOUR_CALM (docs/threat-model.md has its bounds), and takes what
clients do in good faith. At full speed and beside others it is measured by bench/load/h2_floods.py."""

from expectations import answered, either, ends, ignored, refused
from suite import Case
from support import h2_fields as hp
from support import h2_frames as h2
from support.h2_fields import block, indexed, kept, request_fields
from support.h2_frames import (ENHANCE_YOUR_CALM, continuation, data, frame, headers, ping, priority, rst_stream, settings,
                               window_update)

GET = block(request_fields())
POST = block(request_fields("POST", "/echo/"))
LONG_PATH = block(request_fields(path="/" + "p" * 20000))
CALM = ends(ENHANCE_YOUR_CALM)
MANY = 5000


def streams(count):
    return range(1, 2 * count, 2)


def huge_field_section(client):
    """Entries of one table, named over and over: 16 KB that decode to 64 MB."""
    client.send(headers(1, GET + kept("x-bomb", "v" * 4000)))
    client.response(1)
    client.send(headers(3, GET + indexed(hp.STATIC_ENTRIES + 1) * 16000))


def seldom(frames, count, between):
    """Some of the frames, and an answer between each: a client of good faith."""
    def send(client):
        for number in range(count):
            client.send(frames(number))
            between(client)
    return send


FLOODS = [
    Case("10.5", "requests that are reset at once, without end",
         b"".join(headers(stream, GET) + rst_stream(stream) for stream in streams(MANY)), CALM),
    Case("10.5", "requests that the server is made to reset by an increment of 0, without end",
         b"".join(headers(stream, GET) + window_update(stream, 0) for stream in streams(MANY)),
         ends(ENHANCE_YOUR_CALM, h2.PROTOCOL_ERROR)),
    # In one piece they are also more streams at once than announced (5.1.2).
    Case("10.5", "requests that are malformed, without end",
         b"".join(headers(stream, GET + hp.literal("X-Upper", "1")) for stream in streams(MANY)),
         ends(ENHANCE_YOUR_CALM, h2.PROTOCOL_ERROR)),
    Case("10.5", "CONTINUATION without end",
         headers(1, GET, h2.END_STREAM) + continuation(1, block([("x-a", "1")]), 0) * MANY, CALM),
    Case("10.5", "empty CONTINUATION without end", headers(1, GET, h2.END_STREAM) + continuation(1, b"", 0) * MANY, CALM),
    Case("10.5", "SETTINGS without end", settings((h2.MAX_CONCURRENT_STREAMS, 100)) * MANY, CALM),
    Case("10.5", "empty SETTINGS without end", settings() * MANY, CALM),
    Case("10.5", "SETTINGS of very many entries", settings(*[(0x7777, 1)] * 2700),
         either(CALM, ignored(), why="one frame is not yet a flood")),
    Case("10.5", "PING without end", ping() * MANY, CALM),
    Case("10.5", "PRIORITY without end", b"".join(priority(stream) for stream in streams(MANY)), CALM),
    Case("10.5", "empty DATA without end", headers(1, POST, h2.END_HEADERS) + data(1) * MANY, CALM),
    Case("10.5", "DATA of padding alone without end", headers(1, POST, h2.END_HEADERS) + data(1, padding=3) * MANY, CALM),
    Case("10.5", "WINDOW_UPDATE of one byte without end",
         headers(1, POST, h2.END_HEADERS) + window_update(1, 1) * MANY * 2, CALM),
    Case("10.5", "frames of unknown type without end", frame(0xEE) * MANY, CALM),
    Case("10.5", "a field section that decodes to far more than it is", huge_field_section,
         either(refused(431, stream=3), CALM, why="10.5.1: the request may be refused or the connection ended")),
    Case("10.5.1", "a field section of 70,000 bytes", headers(1, GET + block([("x-a", "v" * 14000)]), h2.END_STREAM) +
         continuation(1, block([("x-b", "v" * 14000)]), 0) * 3 + continuation(1, block([("x-c", "v" * 14000)])), refused(431)),
    Case("10.5.1", "a field section of 200 fields", headers(1, GET + block([("x-a", "1")]) * 200), refused(431)),
    Case("10.5.1", "a path of 20,000 bytes", headers(1, LONG_PATH[:16000], h2.END_STREAM) + continuation(1, LONG_PATH[16000:]),
         refused(414)),
]

IN_GOOD_FAITH = [
    Case("10.5", "a PING for each of fifty answers", seldom(lambda _: ping(), 50, lambda client: client.get("/case")), answered()),
    Case("10.5", "a WINDOW_UPDATE for each frame of a large answer", lambda client: client.request(path="/bytes/3000000"), answered()),
    Case("10.5", "twenty requests that are given up", b"".join(headers(stream, block(request_fields(path="/hold"))) +
                                                               rst_stream(stream) for stream in streams(20)), ignored()),
    Case("10.5", "three SETTINGS in a connection's life", settings() * 3, ignored()),
    Case("10.5", "a field block in five frames", headers(1, GET, h2.END_STREAM) + continuation(1, block([("x-a", "1")]), 0) * 3 +
         continuation(1), answered()),
    Case("10.5", "a large request in small pieces", headers(1, POST, h2.END_HEADERS) + data(1, b"u" * 20) * 2000 +
         data(1, b"", h2.END_STREAM), answered(check=lambda client, answer, _: None if len(answer.body) == 40000 else "cut")),
    Case("10.5.1", "a field section of 60,000 bytes", headers(1, GET + block([("x-a", "v" * 14000)]), h2.END_STREAM) +
         continuation(1, block([("x-b", "v" * 14000)]), 0) * 2 + continuation(1, block([("x-c", "v" * 14000)])), answered()),
    Case("10.5.1", "a field section of 90 fields", headers(1, GET + block([("x-a", "1")]) * 90), answered()),
    Case("10.5.1", "ninety cookie fields", headers(1, GET + block([("cookie", "a=1")]) * 90), answered()),
]

TABLES = (FLOODS, IN_GOOD_FAITH)
