"""What the style tests share: the repository's own files, C++ with comments and strings blanked out, and findings that
name file, line and the mend. Reads only; every test prints its findings and exits 1 if there are any."""

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("src", "include", "tests", "bench")
MODULES = ("base", "config", "net", "http", "balance", "traffic", "observe", "upstream", "proxy", "rollout", "server", "cli")


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    mend: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.mend}"


def files(*suffixes: str, folders: tuple[str, ...] = CODE_FOLDERS, root: Path = ROOT) -> list[Path]:
    """All files with one of the suffixes under the folders, sorted; caches are left out."""
    return sorted(path for folder in folders for path in (root / folder).rglob("*")
                  if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts)


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


# In this order: a quote inside a comment opens nothing, and a comment inside a string neither. A quote between digits
# separates them (10'000).
_TOKENS = re.compile(
    r'''//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|'''
    r"""(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""", re.DOTALL)


def _blank(found: re.Match) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def without_comments_and_strings(text: str) -> str:
    """The same text, every offset and line kept, with the content of comments and literals as spaces."""
    return _TOKENS.sub(_blank, text)


def report(findings: list[Finding], checked: str) -> int:
    """Prints the findings; the exit code of the test."""
    for finding in sorted(set(findings)):
        print(finding)
    print(f"{checked}: {len(set(findings))} findings" if findings else f"{checked}: fine")
    return 1 if findings else 0


def finish(findings: list[Finding], checked: str) -> None:
    sys.exit(report(findings, checked))
