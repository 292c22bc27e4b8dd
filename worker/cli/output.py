"""What a command answers: for people as lines, for machines as JSON; printed in one place."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from states.exits import Exit
from worker.system.logs import printable


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """A command's answer."""

    document: Any = None
    """For `--json`; None if there is nothing to say."""
    lines: list[str] = field(default_factory=list)
    exit_code: Exit = Exit.OK


def show(output: Output, *, as_json: bool) -> None:
    """Print an answer to stdout."""
    if as_json:
        if output.document is not None:
            sys.stdout.write(json.dumps(output.document, indent=2) + "\n")
    else:
        sys.stdout.writelines(printable(line) + "\n" for line in output.lines)


def seconds(value: float) -> str:
    """Return a duration as people read it: `0.4s`, `2m 05s`, `1h 02m`."""
    if value < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{value:.1f}s"
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s"


def table(rows: list[list[str]]) -> list[str]:
    """Return rows as lines, their columns aligned."""
    widths = (
        [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        if rows
        else []
    )
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def warn(lines: Iterable[str]) -> None:
    """Print warnings to stderr."""
    for line in lines:
        sys.stderr.write(f"fondation-worker: warning: {printable(line)}\n")
