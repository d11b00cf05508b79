"""A tunnel on a stream of an H2Client (RFC 8441) as bytes, with both windows kept: to websocket.Frames it is a connection
like any other."""

from support import h2_frames as h2
from support.h2_fields import block


class H2Tunnel:
    """Asks for one; `opened()` waits for the answer. What is sent before is early."""

    def __init__(self, client, path="/", fields=(), protocol="websocket", authority="test.example"):
        client.settled()
        self.client, self.reader = client, self
        self.stream, client.next_stream = client.next_stream, client.next_stream + 2
        self._taken = self._sent = 0
        client.send(h2.headers(self.stream, block([
            (":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":path", path), (":authority", authority),
            *fields]), h2.END_HEADERS))

    @property
    def answer(self):
        return self.client.answers[self.stream]

    def opened(self):
        self.client.until(lambda: self.answer.fields or self.answer.over, "an answer to the CONNECT")
        if self.answer.status != 200 or self.answer.over:
            raise AssertionError(f"no tunnel: {self.answer} {self.answer.fields}")
        return self

    # What a connection has.

    def send(self, content):
        while content:
            room = self._room()
            if room <= 0:
                self.client.until(lambda: self._room() > 0 or self.answer.reset is not None, "the windows open")
                if self.answer.reset is not None:
                    return
                continue
            piece, content = content[:min(room, h2.DEFAULT_FRAME_SIZE)], content[min(room, h2.DEFAULT_FRAME_SIZE):]
            self.client.send(h2.data(self.stream, piece))
            self._sent += len(piece)
            self.client.sent_content += len(piece)

    def _room(self):
        first = self.client.server_settings.get(h2.INITIAL_WINDOW_SIZE, h2.DEFAULT_WINDOW)
        return min(first + self.client.windows[self.stream] - self._sent,
                   h2.DEFAULT_WINDOW + self.client.windows[0] - self.client.sent_content)

    def finish_sending(self):
        self.client.send(h2.data(self.stream, b"", h2.END_STREAM))

    def reset(self):
        self.client.send(h2.rst_stream(self.stream))

    def close(self):
        """Both ways, in good order."""
        self.finish_sending()
        self.client.until(lambda: self.answer.over, "the tunnel ends")

    # What a reader has.

    def exactly(self, size):
        self.client.until(lambda: len(self.answer.body) >= self._taken + size or self.answer.over, f"{size} bytes")
        found = self.answer.body[self._taken:self._taken + size]
        if len(found) < size:
            raise AssertionError(f"{len(found)} bytes of {size}: {self.answer}")
        self._taken += size
        return found

    def rest(self):
        self.client.until(lambda: self.answer.over, "the tunnel ends")
        found = self.answer.body[self._taken:]
        self._taken += len(found)
        return found

    def at_end(self):
        self.client.until(lambda: len(self.answer.body) > self._taken or self.answer.over, "bytes or an end")
        return len(self.answer.body) == self._taken
