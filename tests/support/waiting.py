"""Waits for a condition."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], *, seconds: float = 120) -> None:
    """Return as soon as the condition is true; fail if it is not within the time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not true after {seconds} s"
        time.sleep(0.05)
