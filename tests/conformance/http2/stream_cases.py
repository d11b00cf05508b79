"""RFC 9113, sections 5 and 6.9: the states of streams, their identifiers and number, and flow control both ways."""

from expectations import answered, either, ends, ignored, resets
from suite import Case
from support import h2_frames as h2
from support.h2_fields import block, request_fields
from support.h2_frames import (FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED, data,
                               frame, headers, priority, rst_stream, settings, window_update)

GET = block(request_fields())
GET_HOLD = block(request_fields(path="/hold"))
POST = block(request_fields("POST"))
HELD = headers(1, GET_HOLD)  # half-closed (remote): the request is whole, the answer not there
OPEN = headers(1, POST, h2.END_HEADERS)
MOST_WINDOW = 2**31 - 1

OF_CONNECTION = "5.4: a stream error may be treated as one of the connection"
HALF_CLOSED = either(resets(STREAM_CLOSED), ends(STREAM_CLOSED), why=OF_CONNECTION)
LATE = ("5.1: frames on a closed stream may have been sent before its sender knew, and may be discarded; a server that "
        "knows better may end the stream or the connection")
CLOSED = either(ignored(), resets(STREAM_CLOSED), ends(STREAM_CLOSED), why=LATE)
OVERRUN = either(resets(FLOW_CONTROL_ERROR, stream=None), ends(FLOW_CONTROL_ERROR), why=OF_CONNECTION)


def expect(holds, words, client):
    if not holds:
        raise AssertionError(f"{words}; {client.story()}")


def after_answer(*frames):
    """On stream 1 when it has been answered."""
    def send(client):
        client.response(client.request())
        client.send(*frames)
    return send


def after_own_reset(*frames):
    return lambda client: client.send(HELD, rst_stream(1), *frames)


def body(client, stream=1):
    client.sync()
    return len(client.answers[stream].body)


def no_window(client):
    """Without a window the head comes and no content; each byte of window is one of content."""
    client.request(path="/bytes/5")
    client.until(lambda: client.answers[1].fields, "a head")
    expect(body(client) == 0, "content came without a window", client)
    for more in (1, 2):
        client.send(window_update(1, more))
        client.until(lambda: len(client.answers[1].body) >= more, "content")
    expect(body(client) == 3, "content beyond the window", client)
    client.send(window_update(1, 100))


def window_by_settings(client):
    """A window that SETTINGS raise is a window, also of streams that wait."""
    client.request(path="/bytes/5")
    client.until(lambda: client.answers[1].fields, "a head")
    client.send(settings((h2.INITIAL_WINDOW_SIZE, 3)))
    client.until(lambda: len(client.answers[1].body) == 3, "three bytes of content")
    client.send(settings((h2.INITIAL_WINDOW_SIZE, 5)))


def negative_window(client):
    """SETTINGS may make a window negative; content goes on when it is positive again."""
    client.request(path="/bytes/100")
    client.until(lambda: len(client.answers[1].body) == 50, "fifty bytes of content")
    client.send(settings((h2.INITIAL_WINDOW_SIZE, 10)))  # a window of -40
    client.send(window_update(1, 40))
    expect(body(client) == 50, "content at a window of 0", client)
    client.send(window_update(1, 1))
    client.until(lambda: len(client.answers[1].body) == 51, "one more byte")
    expect(body(client) == 51, "content beyond the window", client)
    client.send(window_update(1, 49))


def connection_window(client):
    """SETTINGS do not change the connection's window: 65,535 bytes come, and no more without WINDOW_UPDATE."""
    client.request(path="/bytes/100000")
    client.until(lambda: len(client.answers[1].body) == h2.DEFAULT_WINDOW, "content up to the connection's window")
    expect(body(client) == h2.DEFAULT_WINDOW, "content beyond the connection's window", client)
    client.send(window_update(0, 100000))


def last_of_repeated_settings(client):
    client.send(settings((h2.INITIAL_WINDOW_SIZE, 100), (h2.INITIAL_WINDOW_SIZE, 1)))
    client.request(path="/bytes/5")
    client.until(lambda: client.answers[1].body, "content")
    expect(body(client) == 1, "the first value counts", client)
    client.send(window_update(1, 4), settings((h2.INITIAL_WINDOW_SIZE, h2.DEFAULT_WINDOW)))


def one_stream_waits(client):
    """A stream without window does not keep others from being answered."""
    client.request(path="/bytes/50")
    client.until(lambda: client.answers[1].fields, "a head")
    client.request(path="/bytes/50")
    client.send(window_update(3, 50))


def upload(client, size=1 << 20):
    """Content as the server's windows allow, given back or not."""
    stream = client.request("POST", "/echo/", end=False)
    sent = 0
    initial = client.server_settings.get(h2.INITIAL_WINDOW_SIZE, h2.DEFAULT_WINDOW)
    before = client.sent_content
    while sent < size:
        room = min(size - sent, initial + client.windows[stream] - sent,
                   h2.DEFAULT_WINDOW + client.windows[0] - before - sent, h2.DEFAULT_FRAME_SIZE)
        if room > 0:
            client.send(data(stream, b"u" * room))
            sent += room
            continue
        seen = client.windows[stream] + client.windows[0]
        client.until(lambda seen=seen: client.windows[stream] + client.windows[0] > seen or client.answers[stream].over,
                     "WINDOW_UPDATE")
        expect(not client.answers[stream].over, "the request ended early", client)
    client.sent_content += sent
    client.send(data(stream, b"", h2.END_STREAM))


def uploads_cut_short(client):
    """Content of streams that were reset meanwhile counts, and is given back, on the connection (5.1, 6.9)."""
    for _ in range(20):
        stream = client.request("POST", "/hold", end=False)
        piece = min(h2.DEFAULT_FRAME_SIZE, h2.DEFAULT_WINDOW + client.windows[0] - client.sent_content)
        expect(piece > 0, "the connection's window is used up", client)
        client.send(rst_stream(stream), data(stream, b"u" * piece))
        client.sent_content += piece
        client.sync()
    upload(client, 1 << 17)


def overrun(stream_only):
    """Fills the windows of a request whose origin does not read, then sends what no window allows."""
    def send(client):
        streams = [client.request("POST", "/unread", end=False) for _ in range(1 if stream_only else 6)]
        initial = client.server_settings.get(h2.INITIAL_WINDOW_SIZE, h2.DEFAULT_WINDOW)
        sent = dict.fromkeys(streams, 0)

        def room(stream):
            return min(initial + client.windows[stream] - sent[stream],
                       h2.DEFAULT_WINDOW + client.windows[0] - sum(sent.values()), h2.DEFAULT_FRAME_SIZE)
        def more_room():
            return any(room(stream) > 0 for stream in streams)
        while client.within(0.3, more_room):  # else nothing is given back any more
            for stream in streams:
                while (size := room(stream)) > 0:
                    client.send(data(stream, bytes(size)))
                    sent[stream] += size
        for _ in range(64):
            client.send(data(streams[-1], bytes(h2.DEFAULT_FRAME_SIZE)))
    return send


def limit_of(client):
    return client.server_settings[h2.MAX_CONCURRENT_STREAMS]


def too_many_streams(client):
    for _ in range(limit_of(client)):
        client.request(path="/hold")
    client.sync()
    client.request(path="/hold")


def as_many_as_announced(client):
    """So many at once, and when they are over, so many again."""
    for _ in range(2):
        streams = [client.request(path="/hold") for _ in range(limit_of(client))]
        client.sync()
        client.origin.await_held(len(streams))
        client.origin.let_go()
        for stream in streams:
            answer = client.response(stream)
            expect(answer.ended and answer.status == 200, f"a stream within the limit: {answer}", client)


IDLE = [
    Case("5.1", "DATA on an idle stream ends the connection", data(1, b"abc"), ends(PROTOCOL_ERROR)),
    Case("5.1", "WINDOW_UPDATE on an idle stream ends the connection", window_update(1, 100), ends(PROTOCOL_ERROR)),
    Case("5.1", "RST_STREAM on a later idle stream ends the connection", headers(1, GET_HOLD) + rst_stream(3),
         ends(PROTOCOL_ERROR)),
    Case("5.1", "CONTINUATION on an idle stream ends the connection", h2.continuation(1, GET), ends(PROTOCOL_ERROR)),
    Case("5.1", "DATA on a stream of the server's ends the connection", data(2, b"abc"), ends(PROTOCOL_ERROR)),
    Case("5.1", "WINDOW_UPDATE on a stream of the server's ends the connection", window_update(2, 1), ends(PROTOCOL_ERROR)),
]

HALF = [
    Case("5.1", "DATA after END_STREAM is an error", HELD + data(1, b"abc"), HALF_CLOSED),
    Case("5.1", "empty DATA after END_STREAM is an error", HELD + data(1, b"", h2.END_STREAM), HALF_CLOSED),
    Case("5.1", "HEADERS after END_STREAM are an error", HELD + headers(1, GET), HALF_CLOSED),
    Case("5.1", "DATA after DATA with END_STREAM is an error",
         headers(1, block(request_fields("POST", "/hold")), h2.END_HEADERS) + data(1, b"abc", h2.END_STREAM) + data(1, b"def"),
         HALF_CLOSED),
    Case("5.1", "DATA after trailers is an error",
         headers(1, block(request_fields("POST", "/hold")), h2.END_HEADERS) + headers(1, block([("x-sum", "1")])) +
         data(1, b"def"), HALF_CLOSED),
    Case("5.1", "WINDOW_UPDATE after END_STREAM is taken", HELD + window_update(1, 100), ignored()),
    Case("5.1", "PRIORITY after END_STREAM is taken", HELD + priority(1, 0), ignored()),
    Case("5.1", "an unknown frame after END_STREAM is ignored", HELD + frame(0xEE, 0, 1, b"x"), ignored()),
]

CLOSED_STREAMS = [
    Case("5.1", "DATA on an answered stream serves nobody", after_answer(data(1, b"abc")), CLOSED),
    Case("5.1", "HEADERS on an answered stream are no request", after_answer(headers(1, GET)), CLOSED),
    Case("5.1", "CONTINUATION on an answered stream ends the connection", after_answer(h2.continuation(1, GET)),
         ends(PROTOCOL_ERROR, STREAM_CLOSED)),
    Case("5.1", "WINDOW_UPDATE on an answered stream is ignored", after_answer(window_update(1, 1)), ignored()),
    Case("5.1", "RST_STREAM on an answered stream is ignored", after_answer(rst_stream(1)), ignored()),
    Case("5.1", "PRIORITY on an answered stream is ignored", after_answer(priority(1, 0)), ignored()),
    Case("5.1", "DATA after the client's RST_STREAM serves nobody", after_own_reset(data(1, b"abc")), CLOSED),
    Case("5.1", "HEADERS after the client's RST_STREAM are no request", after_own_reset(headers(1, GET)), CLOSED),
    Case("5.1", "CONTINUATION after the client's RST_STREAM ends the connection",
         after_own_reset(h2.continuation(1, GET)), ends(PROTOCOL_ERROR, STREAM_CLOSED)),
    Case("5.1", "a second RST_STREAM does no harm", after_own_reset(rst_stream(1)), CLOSED),
    Case("5.1", "WINDOW_UPDATE after the client's RST_STREAM does no harm", after_own_reset(window_update(1, 1)), CLOSED),
    Case("5.1", "PRIORITY after the client's RST_STREAM is ignored", after_own_reset(priority(1, 0)), ignored()),
]

IDENTIFIERS = [
    Case("5.1.1", "an even stream is not a client's", headers(2, GET), ends(PROTOCOL_ERROR)),
    Case("5.1.1", "a stream below one that was opened ends the connection", headers(5, GET) + headers(3, GET),
         ends(PROTOCOL_ERROR, STREAM_CLOSED)),
    Case("5.1.1", "a stream below one that was answered ends the connection",
         lambda client: (client.send(headers(5, GET)), client.response(5), client.send(headers(3, GET))),
         ends(PROTOCOL_ERROR, STREAM_CLOSED)),
    Case("5.1.1", "streams may be left out", headers(7, GET) + headers(77, GET), answered(stream=77)),
    Case("5.1.1", "PRIORITY does not open streams before its own", priority(21) + headers(1, GET), answered()),
]

CONCURRENCY = [
    Case("5.1.2", "one stream more than announced is refused", too_many_streams,
         either(resets(REFUSED_STREAM, PROTOCOL_ERROR, stream=None), ends(PROTOCOL_ERROR), why=OF_CONNECTION)),
    Case("5.1.2", "as many streams as announced are answered, again and again", as_many_as_announced, ignored()),
]

SENDING = [
    Case("6.9.1", "content waits for the stream's window", no_window, answered(), settings=((h2.INITIAL_WINDOW_SIZE, 0),),
         replenish=False),
    Case("6.9.2", "SETTINGS that raise windows let content go on", window_by_settings, answered(),
         settings=((h2.INITIAL_WINDOW_SIZE, 0),), replenish=False),
    Case("6.9.2", "a window may become negative", negative_window, answered(), settings=((h2.INITIAL_WINDOW_SIZE, 50),),
         replenish=False),
    Case("6.9.2", "SETTINGS do not change the connection's window", connection_window, answered(),
         settings=((h2.INITIAL_WINDOW_SIZE, 200000),), replenish=False),
    Case("6.5.3", "the last value of a repeated setting counts", last_of_repeated_settings, answered(), replenish=False),
    Case("5.2.1", "a stream that waits for its window does not hold up others", one_stream_waits, answered(stream=3),
         settings=((h2.INITIAL_WINDOW_SIZE, 0),), replenish=False),
    Case("5.2.1", "an answer larger than both windows comes whole", headers(1, block(request_fields(path="/bytes/1000000"))),
         answered(check=lambda client, answer, _: None if len(answer.body) == 1000000 else f"{len(answer.body)} bytes")),
    Case("6.9.1", "WINDOW_UPDATE up to 2^31 - 1 of the stream is taken",
         HELD + window_update(1, MOST_WINDOW - h2.DEFAULT_WINDOW), ignored()),
    Case("6.9.1", "WINDOW_UPDATE up to 2^31 - 1 of the connection is taken",
         window_update(0, MOST_WINDOW - h2.DEFAULT_WINDOW), ignored()),
    Case("6.9.1", "a window of the connection beyond 2^31 - 1 ends it",
         window_update(0, MOST_WINDOW) + window_update(0, MOST_WINDOW), ends(FLOW_CONTROL_ERROR)),
    Case("6.9.1", "a window of a stream beyond 2^31 - 1 ends the stream",
         HELD + window_update(1, MOST_WINDOW) + window_update(1, MOST_WINDOW), resets(FLOW_CONTROL_ERROR)),
    Case("6.9.2", "a window of a stream beyond 2^31 - 1 by SETTINGS ends the connection",
         HELD + window_update(1, MOST_WINDOW - h2.DEFAULT_WINDOW) + settings((h2.INITIAL_WINDOW_SIZE, h2.DEFAULT_WINDOW + 1)),
         ends(FLOW_CONTROL_ERROR)),
]

UPDATES = [
    Case("6.9", "an increment of 0 on the connection ends it", window_update(0, 0), ends(PROTOCOL_ERROR)),
    Case("6.9", "an increment of 0 on a stream ends the stream", HELD + window_update(1, 0),
         either(resets(PROTOCOL_ERROR), ends(PROTOCOL_ERROR), why=OF_CONNECTION)),
    Case("6.9", "the reserved bit of an increment is ignored", window_update(0, 1 << 31 | 5), ignored()),
    Case("6.9", "an increment of 0 with the reserved bit is 0", window_update(0, 1 << 31), ends(PROTOCOL_ERROR)),
    Case("6.9", "WINDOW_UPDATE of three bytes ends the connection", frame(h2.WINDOW_UPDATE, 0, 0, bytes(3)),
         ends(FRAME_SIZE_ERROR)),
    Case("6.9", "WINDOW_UPDATE of five bytes ends the connection", frame(h2.WINDOW_UPDATE, 0, 0, bytes(5)),
         ends(FRAME_SIZE_ERROR)),
    Case("6.9", "WINDOW_UPDATE of eight bytes on a stream ends the connection",
         HELD + frame(h2.WINDOW_UPDATE, 0, 1, bytes(8)), ends(FRAME_SIZE_ERROR)),
]

RECEIVING = [
    Case("5.2.2", "a large request is taken as windows are given back", upload,
         answered(check=lambda client, answer, _: None if len(answer.body) == 1 << 20 else f"{len(answer.body)} bytes")),
    Case("5.1", "content of streams that were reset is given back to the connection", uploads_cut_short,
         answered(stream=41)),
    Case("6.9.1", "content beyond the stream's window is a flow control error", overrun(True), OVERRUN),
    Case("6.9.1", "content beyond the connection's window is a flow control error", overrun(False), OVERRUN),
]

TABLES = (IDLE, HALF, CLOSED_STREAMS, IDENTIFIERS, CONCURRENCY, SENDING, UPDATES, RECEIVING)
