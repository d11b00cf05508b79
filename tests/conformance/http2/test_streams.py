#!/usr/bin/env python3
"""Runs the cases of stream_cases.py."""

import suite
from support.case import main
import stream_cases

Streams = suite.tests_of(*stream_cases.TABLES)

if __name__ == "__main__":
    main()
