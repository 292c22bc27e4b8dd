"""A command's output: lines for people, or JSON for machines."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from states.exits import Exit
from worker.system.logs import printable


class Output(NamedTuple):
    """The output of a command."""

    document: Any = None
    """For `--json`; None prints nothing."""
    lines: Sequence[str] = ()
    exit_code: Exit = Exit.OK


def show(output: Output, *, as_json: bool) -> None:
    """Print a command's output to stdout."""
    if not as_json:
        for line in output.lines:
            text = printable(line)
            sys.stdout.write(f"{text}\n")
    elif output.document is not None:
        text = json.dumps(output.document, indent=2)
        sys.stdout.write(f"{text}\n")


def warn(lines: Iterable[str]) -> None:
    """Print warnings to stderr."""
    for line in lines:
        text = printable(line)
        sys.stderr.write(f"fondation-worker: warning: {text}\n")


def seconds(value: float) -> str:
    """Format a duration for people: `0.4s`, `2m 05s`, `1h 02m`."""
    if value < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{value:.1f}s"
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {rest:02}s"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 chapter`, `2 chapters`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}s"


def table(rows: list[list[str]]) -> list[str]:
    """Return rows as lines with aligned columns."""
    widths = []
    for column in zip(*rows, strict=True):
        longest = max(column, key=len)
        widths.append(len(longest))
    lines = []
    for row in rows:
        line = "  ".join(map(str.ljust, row, widths))
        lines.append(line.rstrip())
    return lines
