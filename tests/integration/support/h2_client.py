"""One HTTP/2 connection of a client that sends the bytes it is given, in order, and watches everything that comes back:
frames, responses, resets, the end. What the server sends is held against RFC 9113 as it arrives; ServerFault says what
it did wrong. Never sends anything on its own but acknowledgements of SETTINGS and PING and, where asked for, windows."""

import collections
import dataclasses
import socket
import ssl

import hpack

from support import h2_frames as h2
from support.h2_fields import block, request_fields
from support.waiting import PATIENCE, Stopwatch, TooLate


class ServerFault(AssertionError):
    """The server sent what RFC 9113 or RFC 7541 do not allow it to send."""


class Ended(AssertionError):
    """The connection ended before what was waited for."""


@dataclasses.dataclass
class Answer:
    """What came on one stream. `fields` are of the final response; (name, value) as text."""
    fields: list = None
    body: bytes = b""
    trailers: list = None
    interim: list = dataclasses.field(default_factory=list)
    ended: bool = False
    reset: int = None  # the code of a RST_STREAM

    @property
    def status(self):
        return int(dict(self.fields)[":status"]) if self.fields else None

    def all(self, name):
        return [value for field, value in self.fields or () if field == name]

    def get(self, name, default=None):
        return next(iter(self.all(name)), default)

    @property
    def over(self):
        return self.ended or self.reset is not None

    def __str__(self):
        ending = "complete" if self.ended else "not complete"
        if self.reset is not None:
            ending = f"reset with {h2.code_name(self.reset)}"
        return f"status {self.status}, {len(self.body)} bytes, {ending}"


class H2Client:
    """`address` is (host, port). `tls` is an SSLContext. `raw` sends nothing at first: no preface, no SETTINGS.
    `settings` are the client's first; `replenish` gives back every window at once as content arrives."""

    def __init__(self, address, *, tls=None, raw=False, settings=(), replenish=True, timeout=PATIENCE, source=""):
        self.socket = socket.create_connection(address, timeout, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="test.example")
        self.timeout, self.replenish = timeout, replenish
        self.frames = []
        self.answers = collections.defaultdict(Answer)
        self.server_settings = {}
        self.settings_acks = self.settings_frames = 0
        self.pongs = []
        self.goaways = []  # (last stream, code, more)
        self.windows = collections.Counter()  # what WINDOW_UPDATE frames added, by stream
        self.closed = None  # "end" or "reset"
        self.next_stream = 1
        self.sent_content = 0  # bytes of DATA, kept by those who mind the connection's window
        self._buffer = b""
        self._decoder = hpack.Decoder(max_header_list_size=1 << 20)
        self._block = None  # (frame that began it, fragments) while CONTINUATION frames are due
        self._lengths = {}  # of each response that said one
        if not raw:
            self.send(h2.PREFACE, h2.settings(*settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # Sending.

    def send(self, *parts):
        """A server that has ended the connection meanwhile is noticed when reading."""
        try:
            self.socket.sendall(b"".join(parts))
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            pass
        return self

    def request(self, method="GET", path="/case", fields=(), body=None, authority="test.example", end=True, trailers=None):
        """Sends a request on the next stream and returns the stream. With `body`, all of it at once."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        wanted = request_fields(method, path, *fields, authority=authority)
        last = end and body is None and trailers is None
        parts = [h2.headers(stream, block(wanted), h2.END_HEADERS | (h2.END_STREAM if last else 0))]
        if body is not None:
            pieces = [body[at:at + h2.DEFAULT_FRAME_SIZE] for at in range(0, len(body), h2.DEFAULT_FRAME_SIZE)] or [b""]
            parts += [h2.data(stream, piece) for piece in pieces[:-1]]
            parts.append(h2.data(stream, pieces[-1], h2.END_STREAM if end and trailers is None else 0))
        if trailers is not None:
            parts.append(h2.headers(stream, block(trailers)))
        self.send(*parts)
        return stream

    # Receiving.

    def until(self, condition, what):
        """Takes frames until `condition()`; raises Ended when the connection ends before."""
        watch = Stopwatch()
        while not condition():
            if self.closed:
                raise Ended(f"the connection ended ({self.closed}) before {what}; {self.story()}")
            if not self._take(self.timeout - watch.seconds):
                raise TooLate(f"not within {self.timeout:g} s: {what}; {self.story()}")
        return self

    def within(self, seconds, condition):
        """Takes frames for so long at most; did `condition()` come true?"""
        watch = Stopwatch()
        while not condition():
            if self.closed or not self._take(seconds - watch.seconds):
                return False
        return True

    def response(self, stream):
        """The answer on that stream once it is over."""
        self.until(lambda: self.answers[stream].over, f"an answer on stream {stream}")
        return self.answers[stream]

    def get(self, path="/probe", **more):
        return self.response(self.request("GET", path, **more))

    def sync(self, mark=None):
        """Returns when the server has read everything sent so far, as far as frames of the connection tell."""
        mark = mark or b"sync%04d" % (len(self.pongs) % 10000)
        before = len(self.pongs)
        self.send(h2.ping(mark))
        return self.until(lambda: mark in self.pongs[before:], "a PING is acknowledged")

    def settled(self):
        """Returns when both sides' first SETTINGS are known to both."""
        return self.until(lambda: self.settings_frames and self.settings_acks, "SETTINGS and their acknowledgement")

    def until_closed(self):
        return self.until(lambda: self.closed, "the connection ends")

    def story(self):
        return "received: " + ("; ".join(str(each) for each in self.frames[-12:]) or "nothing")

    def _take(self, timeout):
        """One frame, or the end. False when neither comes in time."""
        while len(self._buffer) < 9 or len(self._buffer) < 9 + int.from_bytes(self._buffer[:3], "big"):
            if timeout <= 0:
                return False
            self.socket.settimeout(timeout)
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                return False
            except ConnectionResetError:
                self.closed = "reset"
                return True
            except ssl.SSLEOFError:
                more = b""
            if not more:
                self.closed = "end"
                return True
            self._buffer += more
        size = int.from_bytes(self._buffer[:3], "big")
        taken = h2.Frame(self._buffer[3], self._buffer[4], h2.number(self._buffer[5:9]), self._buffer[9:9 + size])
        self._buffer = self._buffer[9 + size:]
        self._see(taken)
        return True

    def _see(self, frame):
        self.frames.append(frame)
        self._require(len(self.frames) > 1 or (frame.kind == h2.SETTINGS and not frame.flags & h2.ACK),
                      "3.4: the server's first frame is SETTINGS")
        self._require(len(frame.payload) <= h2.DEFAULT_FRAME_SIZE or self._larger_frames, "4.2: no frame is too large")
        self._require(frame.stream < 1 << 31, "4.1: the reserved bit is not set")
        self._require(not self._block or (frame.kind == h2.CONTINUATION and frame.stream == self._block[0].stream),
                      "6.10: nothing comes between the frames of a field block")
        known = {h2.DATA: self._data, h2.HEADERS: self._headers, h2.RST_STREAM: self._rst_stream,
                 h2.SETTINGS: self._settings, h2.PING: self._ping, h2.GOAWAY: self._goaway,
                 h2.WINDOW_UPDATE: self._window_update, h2.CONTINUATION: self._continuation,
                 h2.PUSH_PROMISE: self._push_promise}.get(frame.kind)
        if known:
            known(frame)

    _larger_frames = False

    def allow_larger_frames(self):
        """For a client that has sent a larger SETTINGS_MAX_FRAME_SIZE."""
        self._larger_frames = True

    def limit_table(self, size):
        """For a client that has sent a smaller SETTINGS_HEADER_TABLE_SIZE which was acknowledged: the next field block
        has to begin with an update, and no update may be larger."""
        self._decoder.max_allowed_table_size = size

    def _require(self, holds, rule):
        if not holds:
            raise ServerFault(f"{rule}; {self.story()}")

    def _own_stream(self, frame):
        self._require(frame.stream % 2 == 1 and frame.stream, "5.1.1: the stream is one that the client opened")
        answer = self.answers[frame.stream]
        self._require(not answer.over, "5.1: nothing is sent on a stream that the server ended")
        return answer

    def _unpadded(self, frame):
        if not frame.flags & h2.PADDED:
            return frame.payload
        self._require(frame.payload and frame.payload[0] < len(frame.payload), "6.1: padding fits into the frame")
        return frame.payload[1:len(frame.payload) - frame.payload[0]]

    def _data(self, frame):
        answer = self._own_stream(frame)
        self._require(answer.fields is not None, "8.1: content comes after a head")
        answer.body += self._unpadded(frame)
        if self.replenish and frame.payload:
            self.send(h2.window_update(0, len(frame.payload)))
            if not frame.flags & h2.END_STREAM:
                self.send(h2.window_update(frame.stream, len(frame.payload)))
        if frame.flags & h2.END_STREAM:
            self._ended(frame.stream, answer)

    def _headers(self, frame):
        self._own_stream(frame)
        payload = self._unpadded(frame)
        if frame.flags & h2.PRIORITIZED:
            payload = payload[5:]
        self._fragment(frame, payload)

    def _continuation(self, frame):
        self._require(self._block, "6.10: CONTINUATION follows HEADERS")
        self._fragment(self._block[0], self._block[1] + frame.payload, frame.flags & h2.END_HEADERS)

    def _fragment(self, first, fragments, last=None):
        if not (first.flags & h2.END_HEADERS if last is None else last):
            self._block = (first, fragments)
            return
        self._block = None
        try:
            fields = [(name, value) for name, value in self._decoder.decode(fragments)]
        except hpack.HPACKError as error:
            raise ServerFault(f"RFC 7541: {error!r}; {self.story()}") from error
        self._fields(first, fields)

    def _fields(self, frame, fields):
        answer = self.answers[frame.stream]
        self._require(all(name == name.lower() for name, _ in fields), "8.2.1: names are in lower case")
        self._require(not {name for name, _ in fields} & {"connection", "keep-alive", "proxy-connection", "transfer-encoding",
                                                          "upgrade"}, "8.2.2: no field speaks of the connection")
        ends = frame.flags & h2.END_STREAM
        if answer.fields is not None:
            self._require(ends and not any(name.startswith(":") for name, _ in fields), "8.1: trailers end the stream")
            answer.trailers = fields
        else:
            self._require([name for name, _ in fields if name.startswith(":")] == [":status"] and fields[0][0] == ":status",
                          "8.3.2: :status comes first and alone")
            if fields[0][1].startswith("1"):
                self._require(not ends, "8.1: an interim answer does not end the stream")
                answer.interim.append(fields)
                return
            answer.fields = fields
            lengths = {value for name, value in fields if name == "content-length"}
            self._require(len(lengths) <= 1, "8.1.1: one content length")
            if lengths:
                self._lengths[frame.stream] = int(lengths.pop())
        if ends:
            self._ended(frame.stream, answer)

    def _ended(self, stream, answer):
        answer.ended = True
        said = self._lengths.get(stream)
        self._require(said is None or not answer.body or said == len(answer.body), "8.1.1: the content has its length")

    def _rst_stream(self, frame):
        self._require(len(frame.payload) == 4, "6.4: RST_STREAM has four bytes")
        answer = self.answers[frame.stream]
        if answer.reset is None:
            answer.reset = h2.number(frame.payload)

    def _settings(self, frame):
        self._require(frame.stream == 0 and len(frame.payload) % 6 == 0, "6.5: SETTINGS are well-formed")
        if frame.flags & h2.ACK:
            self._require(not frame.payload, "6.5: an acknowledgement is empty")
            self.settings_acks += 1
            return
        self.settings_frames += 1
        for at in range(0, len(frame.payload), 6):
            self.server_settings[int.from_bytes(frame.payload[at:at + 2], "big")] = h2.number(frame.payload[at + 2:at + 6])
        self.send(h2.SETTINGS_ACK)

    def _ping(self, frame):
        self._require(frame.stream == 0 and len(frame.payload) == 8, "6.7: PING is well-formed")
        if frame.flags & h2.ACK:
            self.pongs.append(frame.payload)
        else:
            self.send(h2.ping(frame.payload, h2.ACK))

    def _goaway(self, frame):
        self._require(frame.stream == 0 and len(frame.payload) >= 8, "6.8: GOAWAY is well-formed")
        last = h2.number(frame.payload[:4])
        self._require(not self.goaways or last <= self.goaways[-1][0], "6.8: the last stream never grows")
        self.goaways.append((last, h2.number(frame.payload[4:8]), frame.payload[8:]))

    def _window_update(self, frame):
        self._require(len(frame.payload) == 4 and h2.number(frame.payload) > 0, "6.9: WINDOW_UPDATE is well-formed")
        self.windows[frame.stream] += h2.number(frame.payload)

    def _push_promise(self, _):
        self._require(False, "8.4: nothing is pushed to a client that did not ask")
