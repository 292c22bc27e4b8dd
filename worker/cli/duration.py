"""Durations on the command line: `45s`, `10m`, `12h`, `30d`."""

import re
from typing import Final

from worker.errors import UsageError

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse(text: str, option: str) -> int:
    """Return a duration in seconds, or raise UsageError."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if match is None:
        raise UsageError(
            f"{option} is {text!r}: it must be a number with a unit, such as "
            "45s, 10m, 12h or 30d"
        )
    number, unit = match.groups()
    return int(number) * _UNITS[unit]
