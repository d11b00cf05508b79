#!/usr/bin/env python3
"""The layers of ARCHITECTURE.md, checked on every #include: a module sees the layers below it and nothing beside it,
third-party libraries stay in the one module that owns them, and include/weir needs the standard library only."""

import re
from pathlib import Path

from source import MODULES, ROOT, Finding, files, finish, shown, text_of

LAYERS = (
    ("base",),
    ("config", "net", "http", "balance", "traffic", "observe"),
    ("upstream",),
    ("proxy",),
    ("rollout",),
    ("server",),
    ("cli",),
    ("main",),  # src/main.cc
)
LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}

# Who may include what of others' code: first part of the include -> modules.
OWNERS = {
    "yaml-cpp": ("config",),
    "uv": ("net",),
    "uv.h": ("net",),
    "ares.h": ("net",),
    "openssl": ("net",),
    "llhttp.h": ("http",),
    "nghttp2": ("http",),
    "spdlog": ("observe",),
    "CLI": ("cli",),
}

INCLUDE = re.compile(r'(?m)^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")')
# A standard header has neither a folder nor, in C++, a suffix.
STANDARD = re.compile(r"^[a-z0-9_]+$")


def module_of(path: str) -> str:
    """The module of src/<module>/file; 'main' for src/main.cc."""
    parts = Path(path).parts
    return parts[1] if len(parts) > 2 else "main"


def own_include(path: str, line: int, target: str, exists) -> list[Finding]:
    """An include in quotes: from src/, named from there, existing, of a lower layer or the same module."""
    here, there = module_of(path), target.split("/")[0]
    if there not in LEVEL or "/" not in target:
        return [Finding(path, line, f'"{target}": write "module/file.h", as from src/; others\' headers take <>')]
    if not exists(f"src/{target}"):
        return [Finding(path, line, f'"{target}": there is no src/{target}')]
    if here != there and LEVEL[there] >= LEVEL[here]:
        seen = ", ".join(module for level in LAYERS[:LEVEL[here]] for module in level) or "nothing"
        return [Finding(path, line, f"{here}/ must not include {there}/; it sees {seen}: "
                                    "move what both need down, or pass it in")]
    return []


def foreign_include(path: str, line: int, target: str, exists) -> list[Finding]:
    """An include in angle brackets from src/."""
    here, first = module_of(path), target.split("/")[0]
    if first == "weir":
        return [] if exists(f"include/{target}") else [Finding(path, line, f"<{target}>: there is no include/{target}")]
    if first in MODULES and exists(f"src/{target}"):
        return [Finding(path, line, f'<{target}>: our own headers under src/ take quotes: "{target}"')]
    if first in OWNERS and here not in OWNERS[first]:
        return [Finding(path, line, f"<{target}>: only {', '.join(OWNERS[first])}/ may use {first}; ask it for what you need")]
    return []


def promise_include(path: str, line: int, target: str, quoted: bool) -> list[Finding]:
    """An include from include/weir."""
    if not quoted and (STANDARD.match(target) or target.startswith("weir/")):
        return []
    return [Finding(path, line, f"{target}: include/weir uses the standard library and <weir/...> only")]


def check(path: str, text: str, exists=lambda name: (ROOT / name).exists()) -> list[Finding]:
    findings = []
    for found in INCLUDE.finditer(text):
        line = text.count("\n", 0, found.start(1 if found[1] else 2)) + 1
        target, quoted = found[1] or found[2], found[2] is not None
        if path.startswith("include/"):
            findings += promise_include(path, line, target, quoted)
        elif quoted:
            findings += own_include(path, line, target, exists)
        else:
            findings += foreign_include(path, line, target, exists)
    return findings


def main() -> None:
    checked = files(".cc", ".h", ".def", folders=("src", "include"))
    findings = [finding for path in checked for finding in check(shown(path), text_of(path))]
    unknown = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()} - set(LEVEL)
    findings += [Finding(f"src/{name}", 1, "give the new module its place in tests/style/layers.py") for name in unknown]
    finish(findings, f"layers: {len(checked)} files")


if __name__ == "__main__":
    main()
