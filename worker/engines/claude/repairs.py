"""Shows how a solution changes the program of its task: the lines that differ."""

import difflib
from collections.abc import Iterator
from typing import Final

from worker.engines.claude.blocks import WrittenExample

_MOST: Final = 6
"""How many lines may differ, removed and added; beyond that, the whole program is shown."""
_CONTEXT: Final = 1
"""How many lines around them are shown."""
_LEFT_OUT: Final = " …"


def changed_lines(before: WrittenExample, after: WrittenExample) -> list[str]:
    """Return the lines that differ, as a diff; nothing if the whole program is clearer."""
    old = before.code.split("\n")
    new = after.code.split("\n")
    rows = list(_rows(old, new))
    changed = [row for row in rows if row.startswith(("-", "+"))]
    if len(changed) > _MOST or len(rows) >= len(new):
        return []
    return rows


def _rows(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield the rows of a unified diff, with a mark between its hunks."""
    diff = difflib.unified_diff(old, new, n=_CONTEXT, lineterm="")
    parts = 0
    for row in list(diff)[2:]:
        if not row.startswith("@@"):
            yield row
            continue
        if parts:
            yield _LEFT_OUT
        parts += 1
