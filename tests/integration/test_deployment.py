#!/usr/bin/env python3
"""What the deployment guide tells people to install is what the binary needs."""

import pathlib
import re
import shutil
import subprocess
import unittest

from support.case import main
from support.weir import BINARY, ROOT, sanitized

IN_EVERY_DEBIAN = {"libc6", "libgcc-s1", "libstdc++6"}
SANITIZERS = {"libasan8", "libtsan2", "libubsan1", "libxxhash0"}  # the last is linked where it is not inlined: there


def release():
    found = re.search(r"^VERSION_ID=\"?(\d+)", pathlib.Path("/etc/os-release").read_text(encoding="utf-8"), re.M)
    return found[1] if found else ""


def needed_packages():
    """Of the libraries that this very binary loads."""
    loaded = re.findall(r"=> (/\S+)", subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout)
    packages = set()
    for path in loaded:
        real = str(pathlib.Path(path).resolve()).removeprefix("/usr")
        owner = subprocess.run(["dpkg", "-S", f"*{real}"], capture_output=True, text=True, check=True).stdout
        packages |= {line.split(":")[0] for line in owner.splitlines()}
    return packages - IN_EVERY_DEBIAN - (SANITIZERS if sanitized() else set())


@unittest.skipUnless(release() == "12" and shutil.which("dpkg"), "the guide names the packages of Debian 12")
class Deployment(unittest.TestCase):
    def test_machine_and_container_get_every_library(self):
        text = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
        machine = re.search(r"needs its shared libraries: on Debian 12 `([^`]+)`", text)[1]
        container = re.search(r"apt-get install -y --no-install-recommends ((?:.*\\\n)*?.*?) \\\n && rm", text)[1]
        for where, names in (("machine", machine), ("container", container)):
            with self.subTest(where):
                self.assertEqual(needed_packages() - set(re.findall(r"lib\S+", names)), set())


if __name__ == "__main__":
    main()
