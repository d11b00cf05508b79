#!/usr/bin/env python3
"""The repository speaks of itself and works anywhere: no absolute paths of one person's machine, no credentials, no
unresolved merges, no unprintable characters in text."""

import re
from pathlib import Path

from source import ROOT, Finding, finish, line_of, shown, text_of

SKIPPED = {".git", "build", "__pycache__", ".cache", "corpus"}
TEXT = {"", ".md", ".h", ".cc", ".def", ".py", ".txt", ".cmake", ".json", ".yaml", ".yml", ".case", ".sh"}

RULES = (
    (re.compile(r"(?<![\w.~/-])/(?:home/\w+|Users/\w+|root|work|workspace)/[\w.]+/"),
     "a path of one machine: name it from the repository's root"),
    (re.compile(r"/tmp/[b]uild[\w-]*"), "a build folder of one machine: say build/<preset>"),
    (re.compile(r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\n[A-Za-z0-9+/=]{40,}"), "a private key: tests make their own"),
    (re.compile(r"(?m)^(?:<{7}|>{7}) "), "an unresolved merge"),
    (re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]"), "a control character: escape it"),
    (re.compile(r"[ \t]+\n"), "white space at the end of the line"),
    (re.compile(r"[^\n]\Z"), "the last line lacks its end"),
)


def own_files() -> list[Path]:
    found, folders = [], [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_symlink() or path.name in SKIPPED:
                continue
            if path.is_dir():
                folders.append(path)
            elif path.suffix in TEXT:
                found.append(path)
    return found


def check(path: str, text: str) -> list[Finding]:
    return [Finding(path, line_of(text, found.start()), mend)
            for pattern, mend in RULES for found in pattern.finditer(text)]


def main() -> None:
    checked = own_files()
    finish([finding for path in checked for finding in check(shown(path), text_of(path))], f"words: {len(checked)} files")


if __name__ == "__main__":
    main()
