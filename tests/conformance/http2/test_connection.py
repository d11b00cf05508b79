#!/usr/bin/env python3
"""Runs the cases of connection_cases.py."""

import suite
from support.case import main
import connection_cases

Connection = suite.tests_of(*connection_cases.TABLES)

if __name__ == "__main__":
    main()
