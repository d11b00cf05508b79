#!/usr/bin/env python3
"""The scripts are sound bash: strict mode, executable, and clean under shellcheck (where it is missing, bash only checks
their syntax)."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from source import ROOT, Finding, files, finish, shown, text_of


def bash_scripts() -> list[Path]:
    return [path for path in files("", ".sh", folders=("scripts", ".ci", "tests", "bench"))
            if re.match(r"#!.*\bbash\b", text_of(path))]


def manners(path: Path) -> list[Finding]:
    findings = []
    if not os.access(path, os.X_OK):
        findings.append(Finding(shown(path), 1, "chmod +x"))
    if "\nset -euo pipefail\n" not in text_of(path):
        findings.append(Finding(shown(path), 1, "begin with: set -euo pipefail"))
    return findings


def soundness(path: Path) -> list[Finding]:
    checker = shutil.which("shellcheck")
    command = [checker, "-x", "-f", "gcc", str(path)] if checker else ["bash", "-n", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    lines = re.findall(r":(?: line )?(\d+):(?:\d+:)? (.*)", done.stdout + done.stderr)
    return [Finding(shown(path), int(line), what) for line, what in lines]


def main() -> None:
    scripts = bash_scripts()
    findings = [finding for path in scripts for finding in manners(path) + soundness(path)]
    finish(findings, f"shell: {len(scripts)} scripts")


if __name__ == "__main__":
    main()
