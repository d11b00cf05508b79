#!/usr/bin/env python3
"""Every header compiles by itself. A .cc that includes its own header first proves it with each build, so that is
checked by reading; headers without such a .cc go through the compiler alone.

usage: headers.py [COMPILER]     (default: g++)
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from layers import INCLUDE
from source import ROOT, Finding, files, finish, line_of, shown, text_of

FLAGS = ("-std=c++23", "-fsyntax-only", "-x", "c++", f"-I{ROOT}/src", f"-I{ROOT}/include", f"-I{ROOT}/tests")


def own_header(source: Path) -> Path | None:
    header = source.with_suffix(".h")
    return header if header.exists() else None


def include_name(header: Path) -> str:
    return header.relative_to(ROOT / "src").as_posix()


def own_header_first(source: Path) -> list[Finding]:
    """The first include of a .cc is its own header, if it has one."""
    header = own_header(source)
    first = INCLUDE.search(text_of(source))
    if header is None or (first and first[2] == include_name(header)):
        return []
    line = line_of(text_of(source), first.start()) if first else 1
    return [Finding(shown(source), line, f'include "{include_name(header)}" first: it proves that the header stands alone')]


def guarded(header: Path) -> list[Finding]:
    if re.search(r"(?m)^#pragma once$", text_of(header)):
        return []
    return [Finding(shown(header), 1, "add #pragma once after the head comment")]


def compiles_alone(compiler: str, header: Path) -> list[Finding]:
    # Included from an empty source: as the main file it would warn about its own #pragma once.
    done = subprocess.run([compiler, *FLAGS, "-"], input=f'#include "{header}"\n', capture_output=True, text=True)
    if done.returncode == 0:
        return []
    error = re.search(r"(?m)^[^:\n]*:(\d+):\d+: (?:fatal )?error: (.*)$", done.stderr)
    line, what = (int(error[1]), error[2]) if error else (1, done.stderr[:200])
    return [Finding(shown(header), line, f"does not compile by itself ({what}): include what it uses")]


def main() -> None:
    compiler = sys.argv[1] if len(sys.argv) > 1 else "g++"
    sources = files(".cc", folders=("src",))
    headers = files(".h", folders=("src", "include", "tests"))
    findings = [finding for source in sources for finding in own_header_first(source)]
    findings += [finding for header in headers for finding in guarded(header)]
    proven = {own_header(source) for source in sources}
    alone = [header for header in headers if header not in proven]
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda header: compiles_alone(compiler, header), alone):
            findings += found
    finish(findings, f"headers: {len(headers)}, of them {len(alone)} compiled alone")


if __name__ == "__main__":
    main()
