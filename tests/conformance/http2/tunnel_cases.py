"""RFC 8441: WebSockets in streams of HTTP/2, by extended CONNECT; and what RFC 9113, 8.5 says of every tunnel. The origin
behind speaks HTTP/1.1 and gives back what comes."""

from expectations import answered, ends, ignored, refused, resets, tunnelled
from suite import Case
from support import h2_frames as h2
from support.h2_fields import block
from support.h2_frames import CANCEL, FLOW_CONTROL_ERROR, PROTOCOL_ERROR, data, headers, rst_stream, settings

METHOD, PROTOCOL = (":method", "CONNECT"), (":protocol", "websocket")
VERSION = ("sec-websocket-version", "13")


BAD_PROTOCOLS = {"nothing": "", "two words": "web socket", "a list": "websocket, irc", "a line end": "web\r\nx: y",
                 "a quote": 'a"b'}
TRAILERS = headers(1, block([("x-sum", "1")]))


def only(*fields, flags=h2.END_HEADERS):
    return headers(1, block(fields), flags)


def connect(*more, path="/tunnel", protocol="websocket", flags=h2.END_HEADERS):
    return only(METHOD, (":protocol", protocol), (":scheme", "http"), (":path", path), (":authority", "test.example"), *more,
                flags=flags)


def when_open(*parts, path="/tunnel"):
    """Sends these parts once the tunnel is open."""
    def send(client):
        client.send(connect(path=path))
        client.until(lambda: client.answers[1].fields or client.answers[1].over, "an answer")
        client.send(*parts)
    return send


def announced(client):
    value = client.server_settings.get(h2.ENABLE_CONNECT_PROTOCOL)
    return None if value == 1 else f"the setting is {value}"


def arrived(words, what):
    """`what(request)` holds for the one request that the origin received."""
    return lambda _, __, requests: None if len(requests) == 1 and what(requests[0]) else f"{words}: {requests}"


def answer_is(words, what):
    return lambda _, answer, __: None if what(answer) else f"{words}: {answer.fields}"


def flood(path):
    """More content than the window of a stream, before anybody has opened it."""
    def send(client):
        client.send(connect(path=path))
        window = client.server_settings.get(h2.INITIAL_WINDOW_SIZE, h2.DEFAULT_WINDOW)
        client.send(*[data(1, bytes(h2.DEFAULT_FRAME_SIZE))] * (window // h2.DEFAULT_FRAME_SIZE + 1))
    return send


SETTING = [
    Case("8441 3", "the server says that it takes extended CONNECT", b"", ignored(check=announced)),
    Case("8441 3", "a client may say it too", settings((h2.ENABLE_CONNECT_PROTOCOL, 1)), ignored()),
    Case("8441 3", "a client may say it not to be", settings((h2.ENABLE_CONNECT_PROTOCOL, 0)), ignored()),
    Case("8441 3", "any other value ends the connection", settings((h2.ENABLE_CONNECT_PROTOCOL, 2)), ends(PROTOCOL_ERROR)),
]

REQUESTS = [
    Case("8441 4", "CONNECT with a protocol, scheme, path and authority opens a tunnel", connect(VERSION), tunnelled()),
    Case("8441 4", "the target is of scheme, authority and path", connect(path="/tunnel?a=1"),
         tunnelled(check=arrived("GET and Host", lambda seen: seen.start_line == "GET /tunnel?a=1 HTTP/1.1" and
                                 seen.all("host") == ["test.example"]))),
    Case("8441 4", "to an HTTP/1.1 origin it is an upgrade", connect(),
         tunnelled(check=arrived("Upgrade", lambda seen: seen.all("upgrade") == ["websocket"] and
                                 seen.get("connection", "").lower() == "upgrade" and not seen.all("content-length") and
                                 not seen.all("transfer-encoding")))),
    Case("8441 4", "no scheme is malformed", only(METHOD, PROTOCOL, (":path", "/tunnel"), (":authority", "a.test")), refused()),
    Case("8441 4", "no path is malformed", only(METHOD, PROTOCOL, (":scheme", "http"), (":authority", "a.test")), refused()),
    Case("8441 4", "no authority is malformed", only(METHOD, PROTOCOL, (":scheme", "http"), (":path", "/tunnel")), refused()),
    Case("8441 4", "host is no authority here", only(METHOD, PROTOCOL, (":scheme", "http"), (":path", "/tunnel"),
                                                   ("host", "a.test")), refused()),
    Case("8441 4", "two protocols are malformed", only(METHOD, PROTOCOL, PROTOCOL, (":scheme", "http"), (":path", "/tunnel"),
                                                     (":authority", "a.test")), refused()),
    Case("8441 4", "a protocol behind a field is malformed", only(METHOD, (":scheme", "http"), (":path", "/tunnel"),
                                                                (":authority", "a.test"), VERSION, PROTOCOL), refused()),
    Case("8441 4", "GET has no protocol", only((":method", "GET"), PROTOCOL, (":scheme", "http"), (":path", "/tunnel"),
                                             (":authority", "a.test"), flags=h2.WHOLE), refused()),
    Case("8441 4", "POST has no protocol", only((":method", "POST"), PROTOCOL, (":scheme", "http"), (":path", "/tunnel"),
                                              (":authority", "a.test")) + data(1, b"x", h2.END_STREAM), refused()),
    *(Case("8441 4", f"a protocol of {what} is malformed", connect(protocol=value), refused(400, 501))
      for what, value in BAD_PROTOCOLS.items()),
    Case("8441 4", "a length is malformed", connect(("content-length", "3")) + data(1, b"abc"), refused()),
    Case("8441 4", "a length of 0 is malformed", connect(("content-length", "0")), refused()),
    Case("8441 4", "upgrade is malformed as in any request", connect(("upgrade", "websocket")), refused()),
    Case("8441 4", "connection is malformed as in any request", connect(("connection", "upgrade")), refused()),
    Case("8441 4", "transfer-encoding is malformed as in any request", connect(("transfer-encoding", "chunked")), refused()),
    Case("9220 3", "a protocol that nobody serves is answered with 501", connect(protocol="irc"), answered(501)),
    Case("9220 3", "HTTP in a tunnel is not served", connect(protocol="h2c"), answered(501)),
    Case("9113 8.5", "CONNECT without a protocol is another thing", only(METHOD, (":authority", "test.example:443")),
         refused(400, 405, 501)),
]

HANDSHAKES = [
    Case("8441 5", "the key of the handshake is the proxy's", connect(),
         tunnelled(check=arrived("a key", lambda seen: len(seen.get("sec-websocket-key", "")) == 24))),
    Case("8441 5", "a client's own key is not the origin's", connect(("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")),
         tunnelled(check=arrived("another key", lambda seen: len(seen.all("sec-websocket-key")) == 1 and
                                 seen.get("sec-websocket-key") != "dGhlIHNhbXBsZSBub25jZQ=="))),
    Case("8441 5", "what the client offers arrives", connect(VERSION, ("sec-websocket-protocol", "chat"), ("origin", "http://a")),
         tunnelled(check=arrived("the fields", lambda seen: seen.get("sec-websocket-version") == "13" and
                                 seen.get("origin") == "http://a" and seen.get("sec-websocket-protocol") == "chat"))),
    Case("8441 5", "the answer says nothing of HTTP/1.1's handshake", connect(),
         tunnelled(check=answer_is("no upgrade", lambda answer: not {"sec-websocket-accept", "upgrade", "connection"} &
                                   dict(answer.fields).keys()))),
    Case("8441 5", "a refusal of the origin is an answer", connect(path="/status/403"), answered(403)),
    Case("8441 5", "a redirect of the origin is an answer", connect(path="/status/302"), answered(302)),
    Case("9110 9.3.6", "a success of an origin that opened nothing is none", connect(path="/case"), answered(502)),
    Case("9110 9.3.6", "nor is one without content", connect(path="/status/204"), answered(502)),
]

BYTES = [
    Case("8441 5", "bytes go through both ways", when_open(data(1, b"to "), data(1, b"and fro")), tunnelled(b"to and fro")),
    Case("8441 5", "what comes before the answer waits for it", connect() + data(1, b"early"), tunnelled(b"early")),
    Case("6.9", "it waits in the window of its stream", flood("/tunnel/hold"), resets(FLOW_CONTROL_ERROR)),
    Case("6.1", "padding is no part of it", when_open(data(1, b"padded", padding=20)), tunnelled(b"padded")),
    Case("8441 5", "a client's end ends one direction", when_open(data(1, b"all", h2.END_STREAM)),
         answered(check=answer_is("all came back", lambda answer: answer.body == b"all"))),
    Case("8441 5", "an early end too", connect() + data(1, b"all", h2.END_STREAM),
         answered(check=answer_is("all came back", lambda answer: answer.body == b"all"))),
    Case("8441 5", "a head may end it", connect(flags=h2.WHOLE), answered()),
    Case("8441 5", "an origin's end ends the other", when_open(data(1, b"more"), path="/tunnel/end"),
         answered(check=answer_is("no reset", lambda answer: answer.reset is None))),
    Case("8441 5", "an origin's reset is CANCEL", connect(path="/tunnel/reset"), resets(CANCEL)),
    Case("5.4.2", "a client's reset ends both", when_open(rst_stream(1)), ignored()),
    Case("9113 8.5", "trailers in a tunnel are malformed", when_open(TRAILERS), resets(PROTOCOL_ERROR)),
    Case("9113 8.5", "a second head in a tunnel is malformed", when_open(headers(1, block([("x-a", "1")]), h2.END_HEADERS)),
         resets(PROTOCOL_ERROR)),
    Case("9113 8.5", "trailers before the answer are malformed", connect(path="/tunnel/hold") + TRAILERS, refused(late=True)),
]

TABLES = (SETTING, REQUESTS, HANDSHAKES, BYTES)
