#!/usr/bin/env python3
"""Runs the cases of smuggling_cases.py."""

import suite
from support.case import main
import smuggling_cases

Smuggling = suite.tests_of(*smuggling_cases.TABLES)

if __name__ == "__main__":
    main()
