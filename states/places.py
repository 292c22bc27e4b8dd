"""Finds line references in pages (`path:12`, `path:3-9,14`), and moves them with their lines."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

BEFORE: Final = 5
AFTER: Final = 10
"""How many lines around a place must also be unchanged: a page may describe them."""

_LINES: Final = r"(?::(?P<lines>\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*))?"
_WORD: Final = re.compile(r"[^\s`'\"()\[\]<>:,]+")
_EXCERPT: Final = re.compile(
    r"`?\n+(`{3,})[^\n]*\n(?P<code>.*?)\n\1", re.DOTALL
)
_OMITTED: Final = re.compile(r"lines? \d+(?:-\d+)? omitted")


class StalePlaceError(Exception):
    """A page points at lines that have changed, or at a file that is gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moves:
    """The new line numbers of a file."""

    numbers: Mapping[int, int]
    """The new number of each old line that still exists; both count from 1."""
    last: int
    """How many lines the old file had."""

    def shift(self, first: int, last: int, *, with_margin: bool) -> int:
        """Return by how many lines a span has moved.

        Raises StalePlaceError if one of its lines has changed, or one of the lines around it.
        """
        if not 1 <= first <= last <= self.last:
            raise StalePlaceError
        start = first
        end = last
        if with_margin:
            start = max(1, first - BEFORE)
            end = min(self.last, last + AFTER)
        shift = self.numbers.get(first, first) - first
        for number in range(start, end + 1):
            if self.numbers.get(number) != number + shift:
                raise StalePlaceError
        return shift


@dataclass(frozen=True, kw_only=True, slots=True)
class FileMove:
    """How a file has changed."""

    path: str | None
    """Its path now, or None if it is gone."""
    moves: Moves | None = None
    """Its new line numbers, if its content has changed."""


def compare_lines(old: Sequence[bytes], new: Sequence[bytes]) -> Moves:
    """Compare two versions of a file, line by line."""
    matcher = difflib.SequenceMatcher(None, old, new)
    numbers: dict[int, int] = {}
    for block in matcher.get_matching_blocks():
        before = block.a + 1
        now = block.b + 1
        for position in range(block.size):
            numbers[before + position] = now + position
    return Moves(numbers=numbers, last=len(old))


def corrected(
    text: str,
    touched: Collection[str],
    look: Callable[[str], FileMove],
    *,
    with_margin: bool = True,
) -> str:
    """Return a text with its places corrected for the new tree.

    `touched` are the files of the old tree that were changed, moved or deleted; `look` returns how
    one has changed. Raises StalePlaceError if a place cannot be corrected.
    """
    mentioned = _mentioned(text, touched)
    if not mentioned:
        return text
    pattern = _pattern(mentioned)

    def replaced(match: re.Match[str]) -> str:
        move = look(match["path"])
        if move.path is None:
            raise StalePlaceError
        lines = match["lines"]
        if lines is None:
            return move.path
        if move.moves is None:
            return f"{move.path}:{lines}"
        moved = _moved(
            lines,
            move.moves,
            with_margin=with_margin,
        )
        is_moved = moved != lines
        if is_moved and _tells_lines(text, match.end()):
            raise StalePlaceError
        return f"{move.path}:{moved}"

    return pattern.sub(replaced, text)


def _mentioned(text: str, paths: Collection[str]) -> list[str]:
    if not paths:
        return []
    words: set[str] = set()
    for word in _WORD.findall(text):
        words.add(word)
        # A sentence may end after a path.
        before_end = word.rstrip(".;!?")
        words.add(before_end)

    def is_mentioned(path: str) -> bool:
        if _WORD.fullmatch(path):
            return path in words
        return path in text

    return list(filter(is_mentioned, paths))


def _pattern(paths: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern that matches any of the paths, the longest first, with or without lines."""
    longest_first = sorted(paths, key=len, reverse=True)
    escaped = map(re.escape, longest_first)
    names = "|".join(escaped)
    return re.compile(rf"(?<![\w./-])(?P<path>{names}){_LINES}(?![\w/-]|\.\w)")


def _moved(lines: str, moves: Moves, *, with_margin: bool) -> str:
    """Return the new line numbers of a place."""
    spans = []
    for span in lines.split(","):
        ends = span.split("-")
        numbers = list(map(int, ends))
        first = numbers[0]
        last = numbers[-1]
        shift = moves.shift(
            first,
            last,
            with_margin=with_margin,
        )
        moved = []
        for number in numbers:
            place = str(number + shift)
            moved.append(place)
        spans.append("-".join(moved))
    return ",".join(spans)


def _tells_lines(text: str, position: int) -> bool:
    """Whether the excerpt below a place contains line numbers, which would then be wrong."""
    excerpt = _EXCERPT.match(text, position)
    if excerpt is None:
        return False
    omitted = _OMITTED.search(excerpt["code"])
    return omitted is not None
