#!/usr/bin/env python3
"""Runs the cases of hpack_cases.py."""

import suite
from support.case import main
import hpack_cases

Hpack = suite.tests_of(*hpack_cases.TABLES)

if __name__ == "__main__":
    main()
