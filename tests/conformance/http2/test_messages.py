#!/usr/bin/env python3
"""Runs the cases of message_cases.py."""

import suite
from support.case import main
import message_cases

Messages = suite.tests_of(*message_cases.TABLES)

if __name__ == "__main__":
    main()
