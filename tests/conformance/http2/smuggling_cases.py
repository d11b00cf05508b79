"""What must not come through: HTTP/2 requests that a careless proxy would turn into something else at an HTTP/1.1 origin,
a second request, another length, another host, or fields that only the proxy may set (RFC 9113, 10.3). Nothing of a
refused request is complete at the origin, and one that is passed on arrives as exactly one, without what was hidden."""

from expectations import Expectation, answered, either, refused
from suite import Case
from support import h2_frames as h2
from support.h2_fields import block, request_fields
from support.h2_frames import data, headers

SECOND = "GET /smuggled HTTP/1.1\r\nHost: test.example\r\n\r\n"


def request(*more, method="GET", path="/case", authority="test.example", scheme="http", flags=h2.WHOLE):
    return headers(1, block(request_fields(method, path, authority=authority, scheme=scheme) + list(more)), flags)


def post(*more, content=b"abc"):
    return request(*more, method="POST", flags=h2.END_HEADERS) + data(1, content, h2.END_STREAM)


class Harmless(Expectation):
    """An answer, and at the origin one request at most that has `body`, no "smuggled" anywhere, and none of `names`."""

    def __init__(self, names=(), body=b""):
        self.names, self.body = names, body

    def __str__(self):
        return "one request without what was hidden"

    def reached(self, client):
        return client.answers[1].ended

    def fault(self, client):
        requests = client.requests()
        if len(requests) > 1:
            return f"{len(requests)} requests arrived"
        for seen in requests:
            text = "\n".join((seen.start_line, *(f"{name}: {value}" for name, value in seen.fields)))
            if "smuggled" in text or seen.body != self.body:
                return f"the origin received {seen}"
            found = [name for name, _ in seen.fields if name.lower() in self.names]
            if found:
                return f"the origin received {found}"
        return None


def dropped(*names, body=b""):
    """The field is left out, or the request refused."""
    return either(Harmless(names, body), refused(), why="a field that means another one elsewhere may be left out")


def split_in(what, frames):
    return Case("10.3", f"a request hidden in {what} does not come through", frames, refused(400, 501))


SPLITTING = [
    split_in("a value", request(("x-a", "1\r\n\r\n" + SECOND))),
    split_in("a value by line feeds alone", request(("x-a", "1\n\n" + SECOND.replace("\r", "")))),
    split_in("a name", request(("x-a: 1\r\n\r\nget /smuggled http/1.1\r\nx", "1"))),
    split_in("a name with a colon", request(("x-a: 1\r\nsmuggled", "1"))),
    split_in("the path", request(path="/case HTTP/1.1\r\nHost: a\r\n\r\n" + SECOND)),
    split_in("the path by a version", request(path="/smuggled HTTP/1.1")),
    split_in("the method", request(method="GET /smuggled HTTP/1.1\r\nX: y\r\n\r\nGET")),
    split_in("the method by a target", request(method="GET /smuggled")),
    split_in("the authority", request(authority="test.example\r\nSmuggled: 1")),
    split_in("the authority by a second request", request(authority="test.example\r\n\r\n" + SECOND)),
    split_in("host", headers(1, block(request_fields(authority=None) + [("host", "test.example\r\nsmuggled: 1")]))),
    split_in("a cookie", request(("cookie", "a=1\r\nsmuggled: 1"))),
    split_in("a second cookie", request(("cookie", "a=1"), ("cookie", "b=2\r\n\r\n" + SECOND))),
    split_in("te", request(("te", "trailers\r\nsmuggled: 1"))),
    split_in("trailers", request(method="POST", flags=h2.END_HEADERS) + data(1, b"abc") +
             headers(1, block([("x-a", "1\r\nsmuggled: 1")]))),
    # The scheme goes nowhere, so it may be ignored.
    Case("10.3", "a request hidden in the scheme does not come through",
         request(scheme="http://test.example/smuggled HTTP/1.1\r\nX"),
         either(refused(), Harmless(), why="8.3.1: the scheme is not part of what an HTTP/1.1 origin gets")),
]

FRAMING = [
    Case("10.3", "content that is a request, with a length of 0", post(("content-length", "0"), content=SECOND.encode()),
         refused(late=True)),
    Case("10.3", "content that is a request, with a shorter length", post(("content-length", "4"), content=SECOND.encode()),
         refused()),
    Case("10.3", "content that is a request, with chunked coding",
         post(("transfer-encoding", "chunked"), content=b"0\r\n\r\n" + SECOND.encode()), refused()),
    Case("10.3", "content that is a request, with a coding in upper case letters",
         post(("Transfer-Encoding", "chunked"), content=b"0\r\n\r\n" + SECOND.encode()), refused()),
    Case("10.3", "content that is a request, with a coding after a space",
         post(("transfer-encoding ", "chunked"), content=b"0\r\n\r\n" + SECOND.encode()), refused()),
    Case("10.3", "content that is a request, with both framings",
         post(("content-length", "5"), ("transfer-encoding", "chunked"), content=b"0\r\n\r\n"), refused()),
    Case("10.3", "content that looks like chunks is content", post(content=b"0\r\n\r\n" + SECOND.encode()),
         answered(check=lambda _, __, requests: None if [seen.body for seen in requests] == [b"0\r\n\r\n" + SECOND.encode()]
                  else f"{requests}")),
    Case("10.3", "content of a GET is framed", headers(1, block(request_fields()), h2.END_HEADERS) +
         data(1, SECOND.encode(), h2.END_STREAM),
         answered(check=lambda _, __, requests: None if [seen.body for seen in requests] == [SECOND.encode()] else f"{requests}")),
    Case("10.3", "content of a HEAD is framed", headers(1, block(request_fields("HEAD")), h2.END_HEADERS) +
         data(1, SECOND.encode(), h2.END_STREAM),
         answered(check=lambda _, __, requests: None if [seen.body for seen in requests] == [SECOND.encode()] else f"{requests}")),
    Case("10.3", "a lone length of a GET waits for nobody", request(("content-length", "30")), refused()),
]

TARGETS = [
    Case("10.3", "a path with a space is refused", request(path="/a b"), refused()),
    Case("10.3", "a path with a tab is refused", request(path="/a\tb"), refused()),
    Case("10.3", "a path with a NUL is refused", request(path="/a\0b"), refused()),
    Case("10.3", "a path with a line feed is refused", request(path="/a\nb"), refused()),
    Case("10.3", "a path with a fragment does not pass it on", request(path="/case#smuggled"),
         either(refused(), Harmless(), why="8.3.1: a path has no fragment; some cut it off")),
    Case("10.3", "a path of bytes above ASCII is refused or arrives as it is", request(path="/\xe4"),
         either(refused(), Harmless(), why="RFC 3986 does not allow them; many let them through")),
    Case("10.3", "a method in lower case is another method", request(method="get"), refused(400, 405, 501)),
    Case("10.3", "a method with a NUL is refused", request(method="GE\0T"), refused(400, 501)),
    Case("10.3", "an authority with a fragment is refused", request(authority="test.example#x"), refused()),
    Case("10.3", "an authority with a query is refused", request(authority="test.example?x"), refused()),
    Case("10.3", "an authority with two ports is refused", request(authority="test.example:80:80"), refused()),
    Case("10.3", "an authority with a port that is no number is refused", request(authority="test.example:smuggled"), refused()),
    Case("10.3", "an empty authority is refused", request(authority=""), refused()),
    Case("10.3", "an authority in another case is the same host", request(("host", "TEST.example")),
         either(refused(), Harmless(), why="RFC 3986, 6.2.2.1: hosts compare without case; equal bytes may be asked for")),
]

TWINS = [
    Case("10.3", "content_length does not come through as a length", post(("content_length", "1")),
         dropped("content_length", body=b"abc")),
    Case("10.3", "transfer_encoding does not come through as a coding", post(("transfer_encoding", "chunked")),
         dropped("transfer_encoding", body=b"abc")),
    Case("10.3", "x_forwarded_for does not come through as an address", request(("x_forwarded_for", "10.0.0.1")),
         dropped("x_forwarded_for")),
    Case("10.3", "a client's x-forwarded-for is replaced", request(("x-forwarded-for", "smuggled")), Harmless()),
    Case("10.3", "a client's x-forwarded-host is replaced", request(("x-forwarded-host", "smuggled")), Harmless()),
    Case("10.3", "a client's x-forwarded-proto is replaced", request(("x-forwarded-proto", "smuggled")), Harmless()),
    Case("10.3", "http2-settings does not come through", request(("http2-settings", "AAMAAABkAAQAAP__")),
         dropped("http2-settings")),
    Case("10.3", "proxy-authenticate and trailer fields do not change the framing", post(("trailer", "content-length")),
         Harmless(body=b"abc")),
    Case("10.3", "a name with a colon in front is refused", request((":smuggled", "1")), refused()),
]

TABLES = (SPLITTING, FRAMING, TARGETS, TWINS)
