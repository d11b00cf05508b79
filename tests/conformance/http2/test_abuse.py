#!/usr/bin/env python3
"""Runs the cases of abuse_cases.py."""

import suite
from support.case import main
import abuse_cases

Abuse = suite.tests_of(*abuse_cases.TABLES)

if __name__ == "__main__":
    main()
