"""Measures C++ functions by their braces: enough of the grammar to tell a function's body from a type, a namespace, an
initialiser or a lambda inside another function. Used by tidy.py; checks_test.py shows what it understands."""

import re
from dataclasses import dataclass

from source import line_of, without_comments_and_strings


@dataclass(frozen=True)
class Function:
    name: str
    first_line: int  # of its signature
    last_line: int  # of its closing brace

    @property
    def lines(self) -> int:
        return self.last_line - self.first_line + 1


_SCOPE = re.compile(r"\b(namespace|extern)\b[^()]*$")
_TYPE = re.compile(r"\b(class|struct|union|enum)\b")
_LABEL = re.compile(r"\b(public|private|protected)\s*:(?!:)")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def _without_preprocessor(text: str) -> str:
    return re.sub(r"(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _matching(text: str, opening: int) -> int:
    """The offset of the bracket that closes the one at `opening`; the end of the text if none does."""
    close, depth = _BRACKETS[text[opening]], 0
    for offset in range(opening, len(text)):
        if text[offset] == text[opening]:
            depth += 1
        elif text[offset] == close:
            depth -= 1
            if depth == 0:
                return offset
    return len(text) - 1


def _outside_brackets(head: str) -> str:
    """The head without what stands in template arguments and parentheses, so that its own words can be looked at."""
    head = re.sub(r"operator\s*(\(\)|\[\]|<=>|<<|>>|->|[-+*/%^&|~!=<>]=?|\w+)", "operator", head)
    for pattern in (r"\[\[[^\[\]]*\]\]", r"\([^()]*\)", r"<[^<>]*>"):
        mark = "()" if "(" in pattern else ""
        previous = None
        while previous != head:
            previous = head
            head = re.sub(pattern, lambda found: "\1" if mark and found[0] else "", head)
    return head


def _name(head: str) -> str:
    found = re.search(r"([~\w:]+|operator\s*[^\s(]+)\s*\(", head)
    return found[1] if found else head.strip()[:40]


def _is_scope(outer: str) -> bool:
    """Whether a brace after this head (brackets taken out) opens a namespace or a type."""
    if _SCOPE.search(outer):
        return True
    return bool(_TYPE.search(outer)) and "\1" not in outer and "=" not in outer


def functions_in(text: str) -> list[Function]:
    code = _without_preprocessor(without_comments_and_strings(text))
    found: list[Function] = []
    begin = offset = 0  # begin: where the current declaration starts
    while offset < len(code):
        char = code[offset]
        if char in "([":
            offset = _matching(code, offset) + 1
            continue
        if char in ";}":
            begin = offset + 1
        elif char == "{":
            label = list(_LABEL.finditer(code, begin, offset))
            head = code[label[-1].end() if label else begin:offset]
            outer = _outside_brackets(head)
            if not _is_scope(outer):
                end = _matching(code, offset)
                following = code[end + 1:].lstrip()[:1]
                initialises_member = following in {"{", ","} and "\1" in outer
                if initialises_member:  # Type::Type() : a_{1}, b_{2} {
                    offset = end + 1
                    continue
                if "\1" in outer and "=" not in outer:
                    start = offset - len(head.lstrip())
                    found.append(Function(_name(head), line_of(code, start), line_of(code, end)))
                    begin = end + 1
                offset = end + 1
                continue
            begin = offset + 1
        offset += 1
    return found
