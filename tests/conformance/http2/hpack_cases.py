"""RFC 7541: representations, the dynamic table and its size, integers, strings and Huffman codes. A request's fields at
the origin show what was decoded; what cannot be decoded ends the connection with COMPRESSION_ERROR (RFC 9113, 4.3)."""

from expectations import answered, either, ends, refused
from suite import Case
from support import h2_fields as hp
from support import h2_frames as h2
from support.h2_fields import (block, coded_string, huffman, indexed, integer, kept, literal, never_indexed, request_fields,
                               string, table_size)
from support.h2_frames import COMPRESSION_ERROR, headers

# A request by hand: GET http /case test.example.
GET = (indexed(hp.METHOD_GET) + indexed(hp.SCHEME_HTTP) + literal(hp.PATH, "/case") + literal(hp.AUTHORITY, "test.example"))
BROKEN = ends(COMPRESSION_ERROR)
NEWEST = hp.STATIC_ENTRIES + 1
TABLE = 4096  # SETTINGS_HEADER_TABLE_SIZE that a server has unless it says otherwise
ENTRY = 32  # what an entry counts besides its name and value (4.1)


def arrives(name, *values, stream=1, of=-1):
    """The request arrives with these values of the field."""
    def check(_, __, requests):
        found = requests[of].all(name)
        return None if found == list(values) else f"the origin received {name}: {found}"
    return answered(stream=stream, check=check)


def target(path):
    return answered(check=lambda client, answer, requests: None if requests[-1].target == path else requests[-1].target)


def broken(rule, field_block, section):
    return Case(f"7541 {section}", f"{rule} ends the connection", headers(1, field_block), BROKEN)


def twice(first, second):
    """Two requests; the second comes when the first was answered."""
    def send(client):
        client.send(headers(1, first))
        client.response(1)
        client.send(headers(3, second))
    return send


def table_of(client):
    return client.server_settings.get(h2.HEADER_TABLE_SIZE, TABLE)


def size_at_limit(extra):
    return lambda client: client.send(headers(1, table_size(table_of(client) + extra) + GET))


def filled(client, entries, size):
    """A block of `entries` indexed fields x-N, each `size` bytes of the table."""
    return b"".join(kept(f"x-{n:02}", "v" * (size - ENTRY - 4)) for n in range(entries))


def evicted(reach):
    """Fills the table with entries of a sixteenth of it, one more than fit, and refers to one counted from the newest."""
    def send(client):
        size = table_of(client) // 16
        client.send(headers(1, GET + filled(client, 17, size)))
        client.response(1)
        client.send(headers(3, GET + indexed(hp.STATIC_ENTRIES + reach)))
    return send


def entry_larger_than_table(client):
    """4.4: it empties the table and is not in it."""
    client.send(headers(1, GET + kept("x-small", "1")))
    client.response(1)
    client.send(headers(3, GET + kept("x-large", "v" * (table_of(client) + 1))))
    client.response(3)
    client.send(headers(5, GET + indexed(NEWEST)))


def shrunk_and_grown(client):
    """4.2, 4.3: a table of 0 loses all entries, and one that has grown again takes new ones."""
    client.send(headers(1, GET + kept("x-first", "1")))
    client.response(1)
    client.send(headers(3, table_size(0) + table_size(table_of(client)) + GET + kept("x-second", "2")))
    client.response(3)
    client.send(headers(5, GET + indexed(NEWEST)))


def reference_after_shrinking(client):
    client.send(headers(1, GET + kept("x-first", "1")))
    client.response(1)
    client.send(headers(3, table_size(0) + GET + indexed(NEWEST)))


def without_table(client):
    """A client without a table: the server says so at the next block, and refers to nothing in it."""
    client.send(h2.settings((h2.HEADER_TABLE_SIZE, 0)))
    client.until(lambda: client.settings_acks == 2, "SETTINGS are acknowledged")
    client.limit_table(0)
    for _ in range(2):
        client.get("/case")
    client.request()


def grown_table(client):
    for _ in range(3):
        client.get("/words")
    client.request(path="/words")


def refused_block_counts(client):
    """RFC 9113, 4.3: the field block of a request that is refused changes the table all the same."""
    client.send(headers(1, GET + literal("X-Upper", "1") + kept("x-kept", "yes")))
    client.until(lambda: client.answers[1].over, "a refusal")
    client.send(headers(3, GET + indexed(NEWEST)))


def block_on_reset_stream_counts(client):
    """The same for a field block that arrives on a stream that the client has reset."""
    client.send(headers(1, block(request_fields("POST", "/hold")), h2.END_HEADERS), h2.rst_stream(1),
                headers(1, kept("x-kept", "yes")), headers(3, GET + indexed(NEWEST)))


def large_block_counts(client):
    """The same for one that is too large to be served."""
    client.send(headers(1, GET + kept("x-kept", "yes"), h2.END_STREAM))
    most = 128 * 1024
    piece = block([("x-large", "v" * 16000)])
    for at in range(most // len(piece)):
        client.send(h2.continuation(1, piece, h2.END_HEADERS if at == most // len(piece) - 1 else 0))
    client.until(lambda: client.answers[1].over or client.closed, "a refusal")
    client.send(headers(3, GET + indexed(NEWEST)))


INDEXED = [
    Case("7541 6.1", "fields of the static table are a request", headers(1, indexed(hp.METHOD_GET) + indexed(hp.SCHEME_HTTP) +
         indexed(hp.PATH_ROOT) + literal(hp.AUTHORITY, "test.example")), target("/")),
    broken("index 0", indexed(0) + GET, "6.1"),
    broken("an index beyond an empty dynamic table", GET + indexed(NEWEST), "2.3.3"),
    broken("an index far beyond the tables", GET + indexed(1 << 20), "2.3.3"),
    broken("a name of an index beyond the tables", GET + literal(NEWEST, "1"), "2.3.3"),
    broken("an indexed name of an index beyond the tables", GET + kept(NEWEST + 5, "1"), "2.3.3"),
    broken("a never indexed name of an index beyond the tables", GET + never_indexed(200, "1"), "2.3.3"),
]

LITERALS = [
    Case("7541 6.2.2", "a literal without indexing arrives", headers(1, GET + literal("x-plain", "value 1")),
         arrives("x-plain", "value 1")),
    Case("7541 6.2.2", "a literal with a name of the static table arrives", headers(1, GET + literal(58, "agent/1")),
         arrives("user-agent", "agent/1")),
    Case("7541 6.2.3", "a literal never to be indexed arrives", headers(1, GET + never_indexed("x-secret", "s3")),
         arrives("x-secret", "s3")),
    Case("7541 6.2.3", "a literal never to be indexed with an indexed name arrives",
         headers(1, GET + never_indexed(23, "Basic eA==")), arrives("authorization", "Basic eA==")),
    Case("7541 6.2.1", "a literal with indexing arrives, and again by its index",
         twice(GET + kept("x-kept", "yes"), GET + indexed(NEWEST)), arrives("x-kept", "yes", stream=3)),
    Case("7541 6.2.1", "an indexed literal is there for the same block", headers(1, GET + kept("x-kept", "1") +
         indexed(NEWEST)), arrives("x-kept", "1", "1")),
    Case("7541 6.2.1", "a name of the dynamic table is taken with another value",
         twice(GET + kept("x-kept", "1"), GET + literal(NEWEST, "2")), arrives("x-kept", "2", stream=3)),
    Case("7541 6.2.2", "a literal without indexing is not there later",
         twice(GET + literal("x-plain", "1"), GET + indexed(NEWEST)), BROKEN),
    Case("7541 6.2.3", "a literal never to be indexed is not there later",
         twice(GET + never_indexed("x-secret", "1"), GET + indexed(NEWEST)), BROKEN),
    Case("7541 2.3.3", "the newest entry has the lowest index",
         headers(1, GET + kept("x-a", "old") + kept("x-b", "new") + indexed(NEWEST) + indexed(NEWEST + 1)),
         arrives("x-b", "new", "new")),
    Case("7541 2.3.2", "an entry may be there twice",
         headers(1, GET + kept("x-a", "1") + kept("x-a", "1") + indexed(NEWEST + 1)), arrives("x-a", "1", "1", "1")),
    Case("7541 6.2", "an empty value arrives", headers(1, GET + literal("x-empty", "")), arrives("x-empty", "")),
]

SIZES = [
    Case("7541 6.3", "a table of 0 is taken", headers(1, table_size(0) + GET), answered()),
    Case("7541 6.3", "a table as large as the server allows is taken", size_at_limit(0), answered()),
    Case("7541 6.3", "a table larger than the server allows ends the connection", size_at_limit(1), BROKEN),
    Case("7541 6.3", "a table of 2^31 ends the connection", headers(1, table_size(1 << 31) + GET), BROKEN),
    Case("7541 4.2", "two updates of the size at the beginning are taken", headers(1, table_size(0) + table_size(100) + GET),
         answered()),
    Case("7541 4.2", "an update of the size after a field ends the connection", headers(1, GET + table_size(0)), BROKEN),
    Case("7541 4.2", "an update of the size between fields ends the connection",
         headers(1, indexed(hp.METHOD_GET) + table_size(0) + GET[1:]), BROKEN),
    Case("7541 4.3", "a smaller table forgets what does not fit", reference_after_shrinking, BROKEN),
    Case("7541 4.3", "a table that has grown again takes entries", shrunk_and_grown, arrives("x-second", "2", stream=5)),
    Case("7541 4.4", "the oldest entry makes room for a new one", evicted(17), BROKEN),
    Case("7541 4.4", "the others stay", evicted(16), arrives("x-01", "v" * (TABLE // 16 - ENTRY - 4), stream=3)),
    Case("7541 4.4", "an entry larger than the table empties it", entry_larger_than_table, BROKEN),
    Case("7541 4.2", "a server obeys a table of 0", without_table, answered(stream=5)),
    Case("7541 2.3.2", "a server's own indexed fields can be decoded", grown_table, answered(stream=7)),
]

STATE = [
    Case("4.3", "the block of a refused request changes the table", refused_block_counts, arrives("x-kept", "yes", stream=3)),
    # RFC 9113, 5.1 lets a server also end the connection for HEADERS on a closed stream.
    Case("4.3", "a block on a reset stream changes the table", block_on_reset_stream_counts,
         either(arrives("x-kept", "yes", stream=3), ends(h2.STREAM_CLOSED),
                why="5.1: a frame on a closed stream may end the connection")),
    # 10.5.1: a server that will not take a block of that size may end the connection, so that the table does not matter.
    Case("4.3", "a block too large to be served changes the table", large_block_counts,
         either(arrives("x-kept", "yes", stream=3), ends(h2.ENHANCE_YOUR_CALM, h2.COMPRESSION_ERROR, h2.PROTOCOL_ERROR,
                                                         h2.INTERNAL_ERROR),
                why="10.5.1, 4.3: the connection may end in place of decoding the block")),
]

INTEGERS = [
    Case("7541 5.1", "an integer in several bytes is taken", headers(1, GET + literal("x-long", "v" * 3000)),
         arrives("x-long", "v" * 3000)),
    Case("7541 5.1", "an integer at the prefix's edge is taken", headers(1, GET + literal("x-edge", "v" * 127)),
         arrives("x-edge", "v" * 127)),
    broken("an integer that does not end", GET + b"\xff" + b"\x80" * 3, "5.1"),
    broken("an integer without its last byte", GET + b"\x7f", "5.1"),
    broken("an integer of more than 32 bits", GET + b"\xff" + b"\xff" * 5 + b"\x7f", "5.1"),
    broken("an integer of more than 64 bits", GET + b"\xff" + b"\xff" * 11 + b"\x01", "5.1"),
    broken("a length of more than 32 bits", GET + b"\x00\x7f" + b"\xff" * 5 + b"\x7f" + b"x", "5.1"),
    Case("7541 5.1", "an integer with needless zeros means the same or is refused",
         headers(1, GET + b"\x00" + b"\x7f\x80\x80\x00" + b"n" * 127 + string("1")),
         either(arrives("n" * 127, "1"), ends(COMPRESSION_ERROR), why="5.1: decoders must bound what they take, at no named point")),
]

STRINGS = [
    Case("7541 5.2", "Huffman coded names and values arrive", headers(1, GET + literal("x-coded", "a value, coded!", coded=True)),
         arrives("x-coded", "a value, coded!")),
    Case("7541 5.2", "a coded path and authority arrive",
         headers(1, indexed(hp.METHOD_GET) + indexed(hp.SCHEME_HTTP) + literal(hp.PATH, "/coded/path?q=1", coded=True) +
                 literal(hp.AUTHORITY, "test.example", coded=True)), target("/coded/path?q=1")),
    Case("7541 5.2", "every printable character decodes", headers(1, GET + literal("x-all", bytes(range(33, 127)), coded=True)),
         arrives("x-all", bytes(range(33, 127)).decode())),
    Case("7541 5.2", "bytes above ASCII decode", headers(1, GET + literal("x-high", b"a\x80\xa7\xffz", coded=True)),
         arrives("x-high", "a\x80\xa7\xffz")),
    Case("7541 5.2", "a coded empty string is empty", headers(1, GET + b"\x00" + string("x-empty") + coded_string(b"")),
         arrives("x-empty", "")),
    Case("7541 5.2", "padding of seven bits is taken",
         # "a" has five bits: with four more such codes, 25 bits and seven of padding.
         headers(1, GET + b"\x00" + string("x-five") + coded_string(huffman(b"aaaaa"))), arrives("x-five", "aaaaa")),
    broken("padding of eight bits", GET + b"\x00" + string("x-bad") + coded_string(huffman(b"aaa", extra_bits=8)), "5.2"),
    broken("padding of more than a byte", GET + b"\x00" + string("x-bad") + coded_string(huffman(b"aaa", extra_bits=16)), "5.2"),
    broken("padding of zeros", GET + b"\x00" + string("x-bad") + coded_string(huffman(b"aaa", pad_with_ones=False)), "5.2"),
    broken("EOS inside of a coded string", GET + b"\x00" + string("x-bad") + coded_string(huffman((97, hp.EOS, 97))), "5.2"),
    broken("EOS alone as a coded string", GET + b"\x00" + string("x-bad") + coded_string(huffman((hp.EOS,))), "5.2"),
    broken("a coded string of padding alone", GET + b"\x00" + string("x-bad") + coded_string(b"\xff"), "5.2"),
    broken("a value longer than the block", GET + b"\x00" + string("x-bad") + string("abc", length=4), "5.2"),
    broken("a name longer than the block", GET + b"\x00" + string("x-bad", length=100), "5.2"),
    broken("a coded value longer than the block", GET + b"\x00" + string("x-bad") + b"\x85" + huffman(b"aaa"), "5.2"),
    broken("a literal without its value", GET + b"\x00" + string("x-bad"), "6.2"),
    broken("an indexed literal without its value", GET + b"\x40" + string("x-bad"), "6.2"),
    broken("a literal without its name", GET + b"\x00", "6.2"),
]

TABLES = (INDEXED, LITERALS, SIZES, STATE, INTEGERS, STRINGS)
