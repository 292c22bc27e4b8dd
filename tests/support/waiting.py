"""Waiting for what must come true soon."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], *, seconds: float = 120) -> None:
    """Return as soon as it is true; fail if it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not true after {seconds} s"
        time.sleep(0.05)
