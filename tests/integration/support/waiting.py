"""Waiting for something that another process does: by looking again until a deadline, never by sleeping for a time that
is hoped to be enough. The deadlines are generous, because sanitizer builds and crowded machines are slow."""

import time

PATIENCE = 20.0  # seconds until something that should happen at once is said not to have happened


class TooLate(AssertionError):
    """What was waited for did not happen."""


def wait_for(condition, what, timeout=PATIENCE, every=0.01):
    """Returns the first true value of `condition()`."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TooLate(f"not within {timeout:g} s: {what}")
        time.sleep(every)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self):
        self._begin = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self._begin
