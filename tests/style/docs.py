#!/usr/bin/env python3
"""What the documents say exists, exists: paths in backticks, links between documents, every module in ARCHITECTURE.md,
and the documents that comments in the code refer to. A document that is not written yet is not missed by itself, only
by those who name it."""

import re
from pathlib import Path

from source import MODULES, ROOT, Finding, files, finish, line_of, shown, text_of

TOP = ("src/", "include/", "tests/", "bench/", "scripts/", "docs/", "conf/", "cmake/", ".ci/")
TOP_FILES = re.compile(r"^[A-Z]+\.md$|^(CMakeLists\.txt|CMakePresets\.json|LICENSE|\.clang-(format|tidy))$")
# `build/...` is made by the build; <name> and NNNN stand for something; globs and braces are looked at below.
PLACEHOLDER = re.compile(r"[<>$]|NNNN|\.\.\.|…")

CODE_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CITED = re.compile(r"(?<![\w/.-])docs/[\w./-]*\w")


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"),
                   *(path for path in files(".md", folders=("tests", "bench")))])


def without_fences(text: str) -> str:
    """The text with fenced blocks blanked out: they show examples, not this repository."""
    return re.sub(r"(?ms)^```.*?^```", lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def expanded(path: str) -> list[str]:
    """a.{h,cc} -> a.h, a.cc"""
    braces = re.search(r"\{([^{}]*)\}", path)
    if not braces:
        return [path]
    return [each for choice in braces[1].split(",")
            for each in expanded(path[:braces.start()] + choice.strip() + path[braces.end():])]


def there(path: str) -> bool:
    """Whether the path, a glob or a path without its suffix names something in the repository."""
    path = path.rstrip("/")
    return (ROOT / path).exists() or any(ROOT.glob(path)) or any(ROOT.glob(path + ".*")) \
        or any(ROOT.glob(path + "-*.md"))


def looks_like_path(span: str) -> str | None:
    """The repository path that a code span means, if it means one."""
    words = span.split()
    if not words or PLACEHOLDER.search(span):
        return None
    path = re.sub(r":\d+$", "", words[0]).removeprefix("./")
    if path.startswith(TOP) or TOP_FILES.match(path):
        return path
    module = path.split("/")[0]
    if module in MODULES and "/" in path and re.fullmatch(r"[\w./*{},-]+", path):
        return f"src/{path}"
    return None


def named_paths(document: Path) -> list[Finding]:
    text = without_fences(text_of(document))
    findings = []
    for found in CODE_SPAN.finditer(text):
        path = looks_like_path(found[1])
        for each in expanded(path) if path else []:
            if not there(each):
                findings.append(Finding(shown(document), line_of(text, found.start()),
                                        f"`{each}` does not exist: mend the name, or write what it promises"))
    return findings


def links(document: Path) -> list[Finding]:
    text = without_fences(text_of(document))
    return [Finding(shown(document), line_of(text, found.start()), f"the link to {found[1]} leads nowhere")
            for found in LINK.finditer(text)
            if "://" not in found[1] and not found[1].startswith("mailto:")
            and not (document.parent / found[1]).exists()]


def modules_described() -> list[Finding]:
    architecture = ROOT / "ARCHITECTURE.md"
    if not architecture.exists():
        return []
    present = [path.name for path in sorted((ROOT / "src").iterdir()) if path.is_dir()]
    return [Finding("ARCHITECTURE.md", 1, f"says nothing of the module src/{name}") for name in present
            if not re.search(rf"\b{name}/", text_of(architecture))]


def cited_documents(path: Path) -> list[Finding]:
    text = text_of(path)
    return [Finding(shown(path), line_of(text, found.start()), f"cites {found[0]}, which does not exist")
            for found in CITED.finditer(text) if not there(found[0])]


def main() -> None:
    findings = modules_described()
    for document in documents():
        findings += named_paths(document) + links(document)
    for path in files(".h", ".cc", ".def", ".cmake", folders=("src", "include", "tests", "cmake")):
        findings += cited_documents(path)
    finish(findings, f"docs: {len(documents())} documents")


if __name__ == "__main__":
    main()
