"""Reads the short lists of documents, whose items have one paragraph each."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_MARK: Final = re.compile(r"([ \t]*)([-*+•]|(?:\d{1,2}|#)[.)])[ \t]+(?=\S)")
_FEWEST: Final = 2
_MOST: Final = 8


class ShortList(NamedTuple):
    """The items of a list, each on one line, and how many lines it has."""

    items: tuple[str, ...] = ()
    length: int = 0
    is_numbered: bool = False


def is_item(line: str) -> bool:
    return _MARK.match(line) is not None


def short_list(lines: Sequence[str]) -> ShortList:
    """Return the list that lines begin with; an empty one if it is long, or has lists inside."""
    items: list[str] = []
    margin = mark = ""
    last = 0
    for number, line in enumerate(lines, 1):
        indent = line.removesuffix(line.lstrip())
        match = _MARK.match(line)
        is_next = match is not None and (not items or indent == margin)
        is_more = items and number == last + 1 and match is None
        if match is not None and is_next:
            margin, mark = match.groups()
            items.append(line[match.end() :].strip())
        elif is_more and indent > margin:
            items[-1] += f" {line.strip()}"
        elif line.strip() and items and (is_more or indent > margin):
            return ShortList()
        elif line.strip():
            break
        else:
            continue
        last = number
    if not _FEWEST <= len(items) <= _MOST:
        return ShortList()
    return ShortList(tuple(items), last, mark[0] not in "-*+•")
