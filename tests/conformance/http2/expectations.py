"""What may come of a case. An expectation is reached when its evidence is there, and then verified; where the connection
goes on, so is that. RFC 9113 leaves servers choices; a case that accepts several outcomes says so with `either`, and
why."""

from support import h2_frames as h2
from support.waiting import TooLate


class Expectation:
    goes_on = True  # the connection, afterwards

    def prepare(self, client):
        """Sent after what the case sends."""

    def reached(self, client):
        raise NotImplementedError

    def fault(self, client):
        """What is wrong, None when nothing is."""
        raise NotImplementedError


class ConnectionError(Expectation):  # pylint: disable=redefined-builtin
    """GOAWAY with one of the codes, then the end (5.4.1). `silently`: the end alone will do."""
    goes_on = False

    def __init__(self, *codes, silently=False):
        self.codes, self.silently = codes, silently

    def __str__(self):
        return "the connection ends with " + " or ".join(map(h2.code_name, self.codes))

    def reached(self, client):
        return client.closed

    def fault(self, client):
        if not client.goaways:
            return None if self.silently else "no GOAWAY"
        last, code, _ = client.goaways[-1]
        if code not in self.codes:
            return f"GOAWAY has {h2.code_name(code)}"
        return None if last < 1 << 30 else f"GOAWAY names stream {last}"


class StreamError(Expectation):
    """RST_STREAM with one of the codes (5.4.2); the connection goes on. `stream` None is any."""

    def __init__(self, *codes, stream=1):
        self.codes, self.stream = codes, stream

    def __str__(self):
        return f"stream {self.stream or 'of some number'} ends with " + " or ".join(map(h2.code_name, self.codes))

    def _resets(self, client):
        return [answer.reset for stream, answer in client.answers.items()
                if answer.reset is not None and self.stream in (stream, None)]

    def reached(self, client):
        return bool(self._resets(client))

    def fault(self, client):
        wrong = [h2.code_name(code) for code in self._resets(client) if code not in self.codes]
        return f"RST_STREAM has {wrong[0]}" if wrong else None


class Refusal(Expectation):
    """A malformed request (8.1.1): a stream error PROTOCOL_ERROR, or an answer that blames the client. No request of
    the case is complete at the origin, unless the fault came `late`, after what the origin can take for its end."""

    def __init__(self, *statuses, stream=1, late=False):
        self.statuses, self.stream, self.late = statuses or (400,), stream, late

    def __str__(self):
        return f"the request is refused with PROTOCOL_ERROR or {' or '.join(map(str, self.statuses))}"

    def reached(self, client):
        answer = client.answers[self.stream]
        return answer.reset is not None or (answer.ended and answer.fields)

    def fault(self, client):
        answer = client.answers[self.stream]
        if answer.status is not None:
            return None if answer.status in self.statuses else f"the answer has status {answer.status}"
        return None if answer.reset == h2.PROTOCOL_ERROR else f"RST_STREAM has {h2.code_name(answer.reset)}"


class Response(Expectation):
    """A whole answer; `check(client, answer, requests)` says what is wrong with it, given what the origin received.
    After the `last` the connection may end."""

    def __init__(self, status=200, stream=1, check=None, last=False):
        self.status, self.stream, self.check, self.goes_on = status, stream, check, not last

    def __str__(self):
        return f"stream {self.stream} is answered with {self.status}"

    def reached(self, client):
        return client.answers[self.stream].over

    def fault(self, client):
        answer = client.answers[self.stream]
        if not answer.ended or answer.status != self.status:
            return f"the answer is: {answer}"
        return self.check and self.check(client, answer, client.requests())


class Tunnel(Expectation):
    """A tunnel is open (RFC 8441), and goes on; `check(client, answer, requests)` as of a Response, once `content` came."""

    def __init__(self, content=b"", check=None):
        self.content, self.check = content, check

    def __str__(self):
        return f"a tunnel is open on stream 1, through which {self.content!r} came"

    def reached(self, client):
        answer = client.answers[1]
        return answer.over or (answer.fields is not None and len(answer.body) >= len(self.content))

    def fault(self, client):
        answer = client.answers[1]
        if answer.over or answer.status != 200 or answer.body != self.content:
            return f"the answer is: {answer}"
        return self.check and self.check(client, answer, client.requests())


class Nothing(Expectation):
    """What was sent is taken without consequence: no stream and no connection ends by it."""

    def __init__(self, check=None, last=False):
        self.check, self.goes_on = check, not last

    def __str__(self):
        return "nothing ends"

    def prepare(self, client):
        client.send(h2.ping(b"after it"))

    def reached(self, client):
        return b"after it" in client.pongs

    def fault(self, client):
        resets = {stream: h2.code_name(answer.reset) for stream, answer in client.answers.items() if answer.reset is not None}
        if resets or client.goaways:
            return f"ended: {resets}, {client.goaways}"
        return self.check and self.check(client)


class Either(Expectation):
    def __init__(self, *choices, why):
        self.choices, self.why = choices, why

    def __str__(self):
        return ", or ".join(map(str, self.choices))

    def prepare(self, client):
        for choice in self.choices:
            choice.prepare(client)

    def met(self, client):
        return next((choice for choice in self.choices if choice.reached(client) and not choice.fault(client)), None)

    def reached(self, client):
        return client.closed or self.met(client)

    def fault(self, client):
        return None if self.met(client) else "; ".join(
            f"{choice.fault(client)}" for choice in self.choices if choice.reached(client)) or "the connection ended"


def judge(expected, client):
    """Waits for the expectation on `client` and raises AssertionError when something else happened. The client's
    `requests()` are those of the case that the origin received whole."""
    try:
        client.until(lambda: client.closed or expected.reached(client), str(expected))
    except TooLate as late:
        raise AssertionError(f"expected: {expected}; {late}") from None
    if not expected.reached(client):
        raise AssertionError(f"expected: {expected}; but the connection ended; {client.story()}")
    fault = expected.fault(client)
    if fault:
        raise AssertionError(f"expected: {expected}; but {fault}; {client.story()}")
    met = expected.met(client) if isinstance(expected, Either) else expected
    if isinstance(met, Refusal) and not met.late and client.requests():
        raise AssertionError(f"expected: {expected}; but the origin received {client.requests()}")
    if met.goes_on:
        goes_on(client)


def goes_on(client):
    """The connection still serves: its next request is answered."""
    if any(answer.reset == h2.REFUSED_STREAM for answer in client.answers.values()):  # there were too many: let them end
        client.origin.let_go()
        client.until(lambda: all(answer.over for answer in client.answers.values()), "the other streams end")
    client.next_stream = max(client.next_stream, 4001)
    stream = client.request("GET", "/probe")
    if client.narrow:  # the case took the windows of new streams away
        client.send(h2.window_update(stream, 1000))
    answer = client.response(stream)
    if not answer.ended or answer.status != 200:
        raise AssertionError(f"the connection serves no more: {answer}; {client.story()}")


ends = ConnectionError
resets = StreamError
refused = Refusal
answered = Response
tunnelled = Tunnel
ignored = Nothing
either = Either
