"""HPACK (RFC 7541) written by hand, so that a test says which representation is used and can break each: integers,
strings, representations, and whole field blocks that leave the dynamic table alone."""

from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

EOS = 256
STATIC_ENTRIES = 61

# Indices of the static table that tests use (appendix A).
AUTHORITY, METHOD, METHOD_GET, METHOD_POST, PATH, PATH_ROOT, SCHEME, SCHEME_HTTP, SCHEME_HTTPS = 1, 2, 2, 3, 4, 4, 6, 6, 7
STATUS_200 = 8


def integer(value, prefix_bits, first=0):
    """Section 5.1; `first` has the bits before the prefix."""
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes((first | value,))
    out = [first | most]
    value -= most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def _symbols(values):
    """The codes of these symbols one after the other, as (bits, how many)."""
    bits = length = 0
    for value in values:
        bits = bits << REQUEST_CODES_LENGTH[value] | REQUEST_CODES[value]
        length += REQUEST_CODES_LENGTH[value]
    return bits, length


def huffman(values, extra_bits=0, pad_with_ones=True):
    """The symbols (bytes, or numbers that may include EOS) in appendix B's code, padded to a whole byte and by
    `extra_bits` more, which makes padding that no encoder may write."""
    bits, length = _symbols(values)
    padding = -length % 8 + extra_bits
    bits = bits << padding | (((1 << padding) - 1) if pad_with_ones else 0)
    return bits.to_bytes((length + padding) // 8, "big")


def string(text, coded=False, length=None):
    """Section 5.2. `coded` by Huffman; `length` is what is said, where that is not the truth."""
    raw = huffman(_bytes(text)) if coded else _bytes(text)
    return integer(len(raw) if length is None else length, 7, 0x80 if coded else 0) + raw


def coded_string(raw):
    """These bytes as a string said to be Huffman coded."""
    return integer(len(raw), 7, 0x80) + raw


def indexed(index):
    return integer(index, 7, 0x80)


def _literal(first, prefix_bits, name, value, coded):
    """`name` is an index or a text."""
    begin = integer(name, prefix_bits, first) if isinstance(name, int) else bytes((first,)) + string(name, coded)
    return begin + string(value, coded)


def literal(name, value, coded=False):
    """Without indexing, section 6.2.2."""
    return _literal(0x00, 4, name, value, coded)


def kept(name, value, coded=False):
    """With incremental indexing, section 6.2.1: the newest entry of the dynamic table from then on."""
    return _literal(0x40, 6, name, value, coded)


def never_indexed(name, value, coded=False):
    """Section 6.2.3."""
    return _literal(0x10, 4, name, value, coded)


def table_size(size):
    """Section 6.3."""
    return integer(size, 5, 0x20)


def block(fields):
    """These fields, each as a literal without indexing."""
    return b"".join(literal(name, value) for name, value in fields)


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def request_fields(method="GET", path="/case", *more, authority="test.example", scheme="http"):
    """A request's fields, pseudo fields first. None leaves one out."""
    pseudo = ((":method", method), (":scheme", scheme), (":path", path), (":authority", authority))
    return [(name, value) for name, value in pseudo if value is not None] + list(more)
