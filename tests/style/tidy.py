#!/usr/bin/env python3
"""The style rules that neither the compiler nor clang-format knows: sizes, head comments, words that are not used and
what to use instead. A rule that has to be broken is changed here, with its reason, and not around it."""

import re
from dataclasses import dataclass
from pathlib import Path

from functions import functions_in
from source import Finding, files, finish, line_of, shown, text_of, without_comments_and_strings

FILE_LINES = 500
FUNCTION_LINES = 70
PROXY_FUNCTION_LINES = 40  # src/proxy tells the story of an exchange; each step fits on a screen

HOT = ("src/net/", "src/http/", "src/balance/", "src/traffic/", "src/upstream/", "src/proxy/")
EVERYWHERE = ("src/", "include/", "tests/", "bench/")
PRODUCT = ("src/", "include/")


@dataclass(frozen=True)
class Ban:
    pattern: str
    folders: tuple[str, ...]
    mend: str
    except_in: tuple[str, ...] = ()
    unless: str | None = None  # a comment on the line or the one above that makes it right


BANS = (
    Ban(r"\bstd::(move_only_)?function\b", HOT, "std::function may allocate: use an interface or a template parameter"),
    Ban(r"\bnew\s+(?!\()[A-Za-z_:]|\bnew\s*\(\s*std::nothrow", PRODUCT,
        "use std::make_unique, or say who owns it: // owned by ...", ("src/net/", "src/base/"), r"//.*\bowned by\b"),
    Ban(r"(?<!=)(?<!= )(?<!operator )\bdelete\b", PRODUCT,
        "let a std::unique_ptr own it, or say who does: // owned by ...", ("src/net/", "src/base/"), r"//.*\bowned by\b"),
    Ban(r"\b(strcpy|strncpy|strcat|sprintf|vsprintf|gets)\s*\(", EVERYWHERE, "use std::string, std::string_view or fmt"),
    Ban(r"\b(atoi|atol|strtol|strtoul|std::stoi|std::stol|std::stoul|std::stoull)\s*\(", PRODUCT, "use std::from_chars, which reports what is wrong"),
    Ban(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(", ("tests/unit/", "tests/conformance/", "src/"),
        "do not sleep: wait for the event, or turn the clock by hand"),
    Ban(r"\busing\s+namespace\s+(?!std::(\w+::)*\w*_literals\b|std::literals\b)", PRODUCT, "name what you use: using std::x; or an alias"),
    Ban(r"\busing\s+namespace\s+std\s*;", EVERYWHERE, "name what you use: using std::x;"),
    Ban(r"\b(throw|catch)\b", HOT + ("src/base/", "src/observe/", "include/"), "errors are values: return weir::Error or std::expected"),
    Ban(r"\bco_(await|yield|return)\b", EVERYWHERE, "use callbacks and explicit steps"),
    Ban(r"#\s*include\s*<(format|print|ranges|coroutine|generator)>", EVERYWHERE, "g++ 12 lacks it or gets it wrong: use fmt, or write the loop"),
    Ban(r"#\s*include\s*<regex>", EVERYWHERE, "use RE2, which is linear in its input"),
    Ban(r"\bstd::(views|ranges::views)::", EVERYWHERE, "write the loop"),
    Ban(r"\b(assert|static_assert)\s*\(\s*false\s*&&", PRODUCT, "say what must hold: assert(condition)"),
)

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
NAME = re.compile(r"\b(?:class|struct|union|enum(?:\s+class)?)\s+(?:alignas\([^)]*\)\s*)?(?:\[\[\w+\]\]\s*)?([A-Z]\w*)\b(?!\s*;)|\busing\s+([A-Z]\w*)\s*=")
VAGUE = {"Manager", "Helper", "Helpers", "Util", "Utils", "Data", "Info", "Impl", "Handler"}


def in_folders(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.startswith(folder) for folder in folders)


def explained(ban: Ban, text: str, line: int) -> bool:
    lines = text.splitlines()[max(line - 2, 0):line]
    return ban.unless is not None and any(re.search(ban.unless, each) for each in lines)


def banned_words(path: str, text: str, code: str) -> list[Finding]:
    findings = []
    for ban in BANS:
        if not in_folders(path, ban.folders) or in_folders(path, ban.except_in):
            continue
        for found in re.finditer(ban.pattern, code):
            line = line_of(code, found.start())
            if not explained(ban, text, line):
                findings.append(Finding(path, line, f"'{found[0].strip()}': {ban.mend}"))
    return findings


def vague_type_names(path: str, code: str) -> list[Finding]:
    findings = []
    for found in NAME.finditer(code):
        name = found[1] or found[2]
        vague = VAGUE & set(re.findall(r"[A-Z][a-z0-9]*", name))
        if vague:
            findings.append(Finding(path, line_of(code, found.start()),
                                    f"type {name}: '{', '.join(sorted(vague))}' says nothing; name what it is or does"))
    return findings


def long_functions(path: str, text: str) -> list[Finding]:
    limit = PROXY_FUNCTION_LINES if path.startswith("src/proxy/") else FUNCTION_LINES
    return [Finding(path, function.first_line,
                    f"{function.name} has {function.lines} lines, {limit} are allowed here: give a step of it a name")
            for function in functions_in(text) if function.lines > limit]


def head_comment(path: str, text: str) -> list[Finding]:
    lines = text.splitlines()
    head = 0
    while head < len(lines) and lines[head].startswith("//"):
        head += 1
    if head == 0:
        return [Finding(path, 1, "open with a comment of 3 to 8 lines: what it is, who calls it, what it never does")]
    return []


def unfinished(path: str, text: str) -> list[Finding]:
    return [Finding(path, line_of(text, found.start()), f"{found[0]}: finish it, or leave it out and open an issue")
            for found in UNFINISHED.finditer(text)]


def long_file(path: str, text: str) -> list[Finding]:
    lines = text.count("\n")
    return [Finding(path, lines, f"{lines} lines, {FILE_LINES} are allowed: split it by what its parts mean")] \
        if lines > FILE_LINES else []


def check_cpp(path: str, text: str) -> list[Finding]:
    """All findings of one C++ file; `path` as from the repository's root."""
    code = without_comments_and_strings(text)
    return (head_comment(path, text) + banned_words(path, text, code) + vague_type_names(path, code)
            + long_functions(path, text))


def scripts() -> list[Path]:
    return [path for path in files("", folders=("scripts", ".ci"))] + files(".py", folders=("tests", "bench", "scripts"))


def main() -> None:
    findings: list[Finding] = []
    cpp = files(".cc", ".h")
    for path in cpp:
        findings += check_cpp(shown(path), text_of(path)) + long_file(shown(path), text_of(path)) \
            + unfinished(shown(path), text_of(path))
    for path in scripts():
        findings += long_file(shown(path), text_of(path))
        if not shown(path).startswith("tests/style/"):  # they name the words they look for
            findings += unfinished(shown(path), text_of(path))
    finish(findings, f"tidy: {len(cpp)} C++ files and {len(scripts())} scripts")


if __name__ == "__main__":
    main()
