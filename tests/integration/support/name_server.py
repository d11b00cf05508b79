"""A name server on loopback with records that a test changes while it runs: A, AAAA and SRV over UDP, over TCP what does
not fit (or what is told to), and the failures that name servers have: silence, SERVFAIL, names that do not exist."""

import contextlib
import ipaddress
import socket
import struct
import threading

A, AAAA, SRV, CNAME = 1, 28, 33, 5
SERVFAIL, NXDOMAIN = 2, 3
UDP_BYTES = 512


class NameServer:
    """`records` is {name: [(type, ttl, value)]}; a name with an empty list exists without records. `failure` is None,
    "silent" or a response code for every question. `questions` collects (name, type) as they came."""

    def __init__(self):
        self._lock = threading.Lock()
        self._records = {}
        self.failure = None
        self.questions = []
        self.tcp_questions = 0
        for _ in range(50):
            self._tcp = socket.socket()
            self._tcp.bind(("127.0.0.1", 0))
            port = self._tcp.getsockname()[1]
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._udp.bind(("127.0.0.1", port))
                break
            except OSError:
                self._udp.close()
                self._tcp.close()
        self._tcp.listen(16)
        self.address = f"127.0.0.1:{port}"
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def hosts(self, name, *addresses, ttl=1):
        """The addresses of a name, in the place of those it had."""
        kinds = [(AAAA if ":" in each else A, ttl, each) for each in addresses]
        with self._lock:
            self._records[name] = kinds

    def service(self, name, *targets, ttl=1):
        """`targets` are (priority, weight, port, host)."""
        with self._lock:
            self._records[name] = [(SRV, ttl, each) for each in targets]

    def alias(self, name, target, ttl=1):
        with self._lock:
            self._records[name] = [(CNAME, ttl, target)]

    def forget(self, name):
        with self._lock:
            self._records.pop(name, None)

    def asked(self, name, kind=A):
        """How often."""
        with self._lock:
            return self.questions.count((name, kind))

    def close(self):
        for each in (self._udp, self._tcp):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _serve_udp(self):
        while True:
            try:
                question, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if not question:
                return  # closed
            answer = self._answer(question, UDP_BYTES)
            if answer:
                with contextlib.suppress(OSError):
                    self._udp.sendto(answer, peer)

    def _serve_tcp(self):
        while True:
            try:
                client, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_client, args=(client,), daemon=True).start()

    def _serve_client(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(20)
            with client.makefile("rb") as stream:
                while len(length := stream.read(2)) == 2:
                    self.tcp_questions += 1
                    answer = self._answer(stream.read(struct.unpack("!H", length)[0]), 65535)
                    if answer:
                        client.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, question, room):
        name, end = _read_name(question, 12)
        kind = struct.unpack_from("!H", question, end)[0]
        with self._lock:
            self.questions.append((name, kind))
            known, found = self._find(name, kind)
            failure = self.failure
        if failure == "silent":
            return None
        code = failure or (0 if known else NXDOMAIN)
        if code:
            found = []
        asked = question[12:end + 4]
        body = b"".join(_record(*each) for each in found)
        cut = 12 + len(asked) + len(body) > room
        flags = 0x8580 | (0x0200 if cut else 0) | code
        count = 0 if cut else len(found)
        return question[:2] + struct.pack("!5H", flags, 1, count, 0, 0) + asked + (b"" if cut else body)

    def _find(self, name, kind):
        """Is the name known, and its records of that kind, aliases followed."""
        found = []
        while name in self._records:
            records = self._records[name]
            found += [(name, *each) for each in records if each[0] in (kind, CNAME)]
            aliases = [value for each, _, value in records if each == CNAME]
            if not aliases:
                return True, found
            name = aliases[0]
        return bool(found), found


def _read_name(message, at):
    labels = []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("ascii").lower())
        at += 1 + message[at]
    return ".".join(labels), at + 1


def _name(text):
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in text.rstrip(".").split(".") if label) + b"\0"


def _record(name, kind, ttl, value):
    if kind == SRV:
        priority, weight, port, host = value
        content = struct.pack("!3H", priority, weight, port) + _name(host)
    elif kind == CNAME:
        content = _name(value)
    else:
        content = ipaddress.ip_address(value).packed
    return _name(name) + struct.pack("!HHIH", kind, 1, ttl, len(content)) + content
