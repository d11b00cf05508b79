#!/usr/bin/env python3
"""Runs the cases of tunnel_cases.py."""

import suite
from support.case import main
import tunnel_cases

Tunnel = suite.tests_of(*tunnel_cases.TABLES)

if __name__ == "__main__":
    main()
