"""RFC 9113, section 8: messages, their fields and pseudo fields, and what they become at an HTTP/1.1 origin (RFC 9110,
9112). A malformed request is refused and never complete at the origin."""

from expectations import answered, either, refused
from suite import Case
from support import h2_frames as h2
from support.h2_fields import block, request_fields
from support.h2_frames import data, headers

WITH_CONTENT = h2.END_HEADERS  # flags of HEADERS that content or trailers follow


def request(*more, method="GET", path="/case", authority="test.example"):
    return headers(1, block(request_fields(method, path, authority=authority) + list(more)))


def only(*fields, flags=h2.WHOLE):
    """HEADERS of exactly these fields in this order."""
    return headers(1, block(fields), flags)


def post(*more, path="/echo/"):
    return headers(1, block(request_fields("POST", path) + list(more)), WITH_CONTENT)


def trailers(*fields, flags=h2.WHOLE):
    return headers(1, block(fields), flags)


METHOD, SCHEME, PATH, AUTHORITY = request_fields()


def trailers_of(seen):
    return [(name.lower(), value) for name, value in seen.trailers]


def received(words, what):
    """`what(request)` holds for the one request that the origin received."""
    def check(_, __, requests):
        return None if len(requests) == 1 and what(requests[0]) else f"{words}: {requests}"
    return answered(check=check)


def answer_has(what):
    return lambda client, answer, requests: None if what(answer) else f"the answer is {answer} {answer.fields} {answer.trailers}"


REQUESTS = [
    Case("8.1", "content and trailers of a request arrive", post() + data(1, b"abc") + trailers(("x-sum", "1")),
         received("content and trailers", lambda seen: (seen.body, trailers_of(seen)) == (b"abc", [("x-sum", "1")]))),
    Case("8.1", "trailers may come without content", post() + trailers(("x-sum", "1")),
         received("no content", lambda seen: seen.body == b"")),
    Case("8.1", "HEADERS that neither end the stream nor begin it are malformed",
         post() + data(1, b"abc") + trailers(("x-sum", "1"), flags=h2.END_HEADERS), refused()),
    Case("8.1", "pseudo fields in trailers are malformed", post() + data(1, b"abc") + trailers((":path", "/other")), refused()),
    Case("8.1", "an unknown pseudo field in trailers is malformed", post() + trailers((":x", "1")), refused()),
    Case("8.1", "a connection field in trailers is malformed", post() + trailers(("connection", "close")), refused()),
    Case("8.1", "an upper case name in trailers is malformed", post() + trailers(("X-Sum", "1")), refused()),
    # RFC 9110, 6.5.1: framing, routing and the like are not taken from trailers; they may be dropped or refused.
    Case("8.1", "a length in trailers says nothing", post() + data(1, b"abc") + trailers(("content-length", "7")),
         either(received("no length in trailers", lambda seen: "content-length" not in dict(trailers_of(seen))), refused(),
                why="RFC 9110, 6.5.1: dropped or refused")),
]

LENGTHS = [
    Case("8.1.1", "content as long as its length arrives", post(("content-length", "6")) + data(1, b"abc") +
         data(1, b"def", h2.END_STREAM), received("six bytes", lambda seen: seen.body == b"abcdef")),
    Case("8.1.1", "less content than its length is malformed", post(("content-length", "6")) + data(1, b"abc", h2.END_STREAM),
         refused()),
    Case("8.1.1", "more content than its length is malformed", post(("content-length", "2")) + data(1, b"abc", h2.END_STREAM),
         refused()),
    Case("8.1.1", "more content than its length in a second frame is malformed",
         post(("content-length", "3")) + data(1, b"abc") + data(1, b"d", h2.END_STREAM), refused(late=True)),
    Case("8.1.1", "less content than its length before trailers is malformed",
         post(("content-length", "6")) + data(1, b"abc") + trailers(("x-sum", "1")), refused()),
    Case("8.1.1", "a length without content is malformed", request(("content-length", "1"), method="POST"), refused()),
    Case("8.1.1", "a length of 0 without content arrives", request(("content-length", "0"), method="POST"),
         received("no content", lambda seen: seen.body == b"")),
    Case("8.1.1", "two different lengths are malformed",
         post(("content-length", "3"), ("content-length", "4")) + data(1, b"abc", h2.END_STREAM), refused()),
    Case("8.1.1", "a length of no digits is malformed", post(("content-length", "three")) + data(1, b"abc", h2.END_STREAM),
         refused()),
    Case("8.1.1", "a length with a sign is malformed", post(("content-length", "+3")) + data(1, b"abc", h2.END_STREAM), refused()),
    Case("8.1.1", "a negative length is malformed", post(("content-length", "-3")) + data(1, b"abc", h2.END_STREAM), refused()),
    Case("8.1.1", "an empty length is malformed", post(("content-length", "")) + data(1, b"abc", h2.END_STREAM), refused()),
    Case("8.1.1", "a length beyond 64 bits is malformed",
         post(("content-length", "99999999999999999999999")) + data(1, b"abc", h2.END_STREAM), refused(400, 413)),
    Case("8.1.1", "a list of lengths is malformed", post(("content-length", "3, 3")) + data(1, b"abc", h2.END_STREAM),
         either(refused(), received("three bytes", lambda seen: seen.body == b"abc"),
                why="RFC 9110, 8.6: a list of one value repeated may be taken as that value")),
]

_BAD_NAMES = {"an upper case letter": "X-Upper", "a space": "x name", "a trailing space": "x-name ", "a colon inside": "x:name",
              "a control character": "x\x01name", "a NUL": "x\0name", "a line feed": "x\nname", "a carriage return": "x\rname",
              "DEL": "x\x7fname", "a byte above ASCII": "x\xe4name", "nothing": "", "a slash": "x/name", "a quote": 'x"name'}
_BAD_VALUES = {"a NUL": "a\0b", "a line feed": "a\nb", "a carriage return": "a\rb", "a leading space": " a",
               "a trailing space": "a ", "a leading tab": "\ta", "a trailing tab": "a\t", "a NUL at its end": "a\0",
               "a line feed at its end": "a\n"}
NAMES = [Case("8.2.1", f"a name of {what} is malformed", request((name, "1")), refused()) for what, name in _BAD_NAMES.items()]
VALUES = [Case("8.2.1", f"a value with {what} is malformed", request(("x-value", value)), refused())
          for what, value in _BAD_VALUES.items()]
FIELDS = [
    Case("8.2.1", "a value with a tab inside arrives", request(("x-value", "a\tb")),
         received("the value", lambda seen: seen.get("x-value") == "a\tb")),
    Case("8.2.1", "a value of bytes above ASCII arrives", request(("x-value", "\xe4\xff")),
         received("the value", lambda seen: seen.get("x-value") == "\xe4\xff")),
    Case("8.2.1", "every character of a token may be in a name", request(("!#$%&'*+-.^_`|~09az", "1")), answered()),
    Case("8.2.2", "connection is malformed", request(("connection", "close")), refused()),
    Case("8.2.2", "connection with another field's name is malformed", request(("connection", "x-other")), refused()),
    Case("8.2.2", "keep-alive is malformed", request(("keep-alive", "timeout=5")), refused()),
    Case("8.2.2", "proxy-connection is malformed", request(("proxy-connection", "keep-alive")), refused()),
    Case("8.2.2", "upgrade is malformed", request(("upgrade", "websocket")), refused()),
    Case("8.2.2", "transfer-encoding is malformed", post(("transfer-encoding", "chunked")) + data(1, b"0\r\n\r\n", h2.END_STREAM),
         refused()),
    Case("8.2.2", "te of trailers is taken", request(("te", "trailers")), answered()),
    Case("8.2.2", "te of anything else is malformed", request(("te", "gzip")), refused()),
    Case("8.2.2", "te of trailers and more is malformed", request(("te", "trailers, deflate")), refused()),
    Case("8.2.3", "cookies in several fields arrive as one", request(("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")),
         received("one cookie", lambda seen: seen.all("cookie") == ["a=1; b=2; c=3"])),
    Case("8.2", "fields of one name keep their order", request(("x-list", "1"), ("x-other", "-"), ("x-list", "2")),
         received("both in order", lambda seen: seen.all("x-list") == ["1", "2"])),
]

PSEUDO = [
    Case("8.3.1", "a request arrives as its pseudo fields say",
         request(method="GET", path="/case?q=1&r=%20", authority="other.example:8080"),
         received("method, target and host", lambda seen: seen.start_line == "GET /case?q=1&r=%20 HTTP/1.1" and
                  seen.all("host") == ["other.example:8080"])),
    Case("8.3", "a pseudo field after a field is malformed", only(METHOD, SCHEME, AUTHORITY, ("x-a", "1"), PATH), refused()),
    Case("8.3", "an unknown pseudo field is malformed", request((":unknown", "1")), refused()),
    Case("8.3", "an unknown pseudo field before the others is malformed", only((":unknown", "1"), METHOD, SCHEME, PATH, AUTHORITY),
         refused()),
    Case("8.3", "a response's pseudo field is malformed", only(METHOD, SCHEME, PATH, AUTHORITY, (":status", "200")), refused()),
    Case("8.3.1", "no method is malformed", only(SCHEME, PATH, AUTHORITY), refused()),
    Case("8.3.1", "no scheme is malformed", only(METHOD, PATH, AUTHORITY), refused()),
    Case("8.3.1", "no path is malformed", only(METHOD, SCHEME, AUTHORITY), refused()),
    Case("8.3.1", "no pseudo fields at all are malformed", only(("x-a", "1")), refused()),
    Case("8.3.1", "no fields at all are malformed", only(), refused()),
    Case("8.3.1", "two methods are malformed", only(METHOD, (":method", "POST"), SCHEME, PATH, AUTHORITY), refused()),
    Case("8.3.1", "two schemes are malformed", only(METHOD, SCHEME, SCHEME, PATH, AUTHORITY), refused()),
    Case("8.3.1", "two paths are malformed", only(METHOD, SCHEME, PATH, PATH, AUTHORITY), refused()),
    Case("8.3.1", "two authorities are malformed", only(METHOD, SCHEME, PATH, AUTHORITY, (":authority", "b.example")), refused()),
    Case("8.3.1", "an empty path is malformed", request(path=""), refused()),
    Case("8.3.1", "an empty method is malformed", request(method=""), refused(400, 501)),
    Case("8.3.1", "a path without its slash is malformed", request(path="case"), refused()),
    Case("8.3.1", "an absolute URI as path is malformed", request(path="http://other.example/"), refused()),
    Case("8.3.1", "a path of * for GET is malformed", request(path="*"), refused()),
    Case("8.3.1", "a path of * for OPTIONS arrives", request(method="OPTIONS", path="*"),
         received("OPTIONS *", lambda seen: seen.start_line == "OPTIONS * HTTP/1.1")),
    Case("8.3.1", "host in place of authority is taken", only(METHOD, SCHEME, PATH, ("host", "test.example")),
         received("one host", lambda seen: seen.all("host") == ["test.example"])),
    Case("8.3.1", "host that equals the authority is taken once", request(("host", "test.example")),
         received("one host", lambda seen: seen.all("host") == ["test.example"])),
    Case("8.3.1", "host that differs from the authority is refused", request(("host", "other.example")), refused()),
    Case("8.3.1", "two hosts are refused", only(METHOD, SCHEME, PATH, ("host", "a.example"), ("host", "b.example")), refused()),
    Case("8.3.1", "neither authority nor host is refused", only(METHOD, SCHEME, PATH), refused()),
    Case("8.3.1", "user information in the authority is malformed", request(authority="user:pass@test.example"), refused()),
    Case("8.3.1", "an authority with a space is malformed", request(authority="test example"), refused()),
    Case("8.3.1", "an authority with a path is malformed", request(authority="test.example/x"), refused()),
    Case("8.3.1", "a HEAD request is answered without content", request(method="HEAD", path="/bytes/100"),
         answered(check=lambda client, answer, _: None if not answer.body and answer.get("content-length") == "100"
                  else f"{answer} {answer.fields}")),
    Case("8.5", "CONNECT is not served and does no harm", only((":method", "CONNECT"), (":authority", "test.example:443")),
         refused(400, 405, 501)),
    Case("8.5", "CONNECT with scheme and path is malformed",
         only((":method", "CONNECT"), SCHEME, PATH, (":authority", "test.example:443")), refused(400, 405, 501)),
    Case("8.5", "CONNECT without authority is malformed", only((":method", "CONNECT")), refused(400, 405, 501)),
]

ANSWERS = [
    Case("8.1", "an answer is a head, content, and nothing after its end", request(path="/bytes/3"),
         answered(check=answer_has(lambda answer: answer.body == b"xxx" and answer.get("content-length") == "3"))),
    Case("8.1", "chunks of an origin are content, its trailers are trailers", request(path="/chunks/70"),
         answered(check=answer_has(lambda answer: answer.body == b"y" * 70 and answer.get("content-length") is None and
                                   ("x-sum", "42") in (answer.trailers or [])))),
    Case("8.1", "an empty answer ends", request(path="/status/404"), answered(404)),
    Case("8.1", "204 has no content", request(path="/status/204"),
         answered(204, check=answer_has(lambda answer: answer.body == b"" and answer.get("content-length") is None))),
    Case("8.1", "304 has no content", request(path="/status/304"), answered(304, check=answer_has(lambda answer: not answer.body))),
    Case("8.1", "interim answers come before the final one", request(path="/interim"),
         answered(check=answer_has(lambda answer: [dict(each)[":status"] for each in answer.interim] == ["103", "103"]))),
    Case("8.2.1", "names of an origin come in lower case, in order", request(path="/words"),
         answered(check=answer_has(lambda answer: answer.get("x-mixed-case") == "Yes" and
                                   answer.all("set-cookie") == ["a=1", "b=2"]))),
    Case("8.2.2", "what an origin says of its connection is not passed on", request(path="/words"),
         answered(check=answer_has(lambda answer: not {"connection", "keep-alive", "x-hop"} & dict(answer.fields).keys()))),
]

TABLES = (REQUESTS, LENGTHS, NAMES, VALUES, FIELDS, PSEUDO, ANSWERS)
