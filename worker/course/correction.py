"""Corrects the files of an earlier course for a newer tree."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from states.places import (
    FileMove,
    Moves,
    StalePlaceError,
    compare_lines,
    corrected,
)
from states.update import Difference
from worker.course.formats import rewritten
from worker.system.disk import on_disk

LARGEST: Final = 2 * 1024 * 1024
"""A larger file is not compared line by line: places in it cannot be corrected."""
MOST_DIFFS: Final = 100
MOST_DIFF_LINES: Final = 400
_LONGEST: Final = 300
"""The longest line of a diff, in characters."""
_OPTIONAL: Final = {"evidence", "reasoning"}
"""Fields of the YAML files that may be empty."""


class Correction:
    """The difference between two trees, and its effect on line references in pages."""

    def __init__(self, old: Path, new: Path, difference: Difference) -> None:
        self._old = old
        self._new = new
        self._difference = difference
        self._touched = (
            difference.changed | difference.deleted | difference.renamed.keys()
        )
        self._moves: dict[str, FileMove] = {}

    def page(self, body: bytes) -> bytes | None:
        """Return a page with its line references corrected, or None if it is no longer true."""
        try:
            text = corrected(body.decode(), self._touched, self._move)
        except (UnicodeDecodeError, StalePlaceError):
            return None
        return text.encode()

    def yaml_file(self, body: bytes) -> bytes:
        """Return a YAML file with its places corrected.

        Evidence and reasoning that refer to deleted lines are left out.
        """
        text = body.decode()
        try:
            return self._corrected(text).encode()
        except StalePlaceError:
            return rewritten(body, self._corrected_field)

    def diffs(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the unified diffs of those files that have changed, as text."""
        changed = sorted(set(paths) & self._difference.changed)
        diffs = {}
        for path in changed[:MOST_DIFFS]:
            old = _lines(self._old / path)
            new = _lines(self._new / path)
            if old is not None and new is not None:
                diffs[path] = _diff(old, new)
        return diffs

    def _corrected(self, text: str) -> str:
        return corrected(text, self._touched, self._move, with_margin=False)

    def _corrected_field(self, field: str, text: str) -> str:
        try:
            return self._corrected(text)
        except StalePlaceError:
            return "" if field in _OPTIONAL else text

    def _move(self, path: str) -> FileMove:
        if path not in self._moves:
            self._moves[path] = self._look(path)
        return self._moves[path]

    def _look(self, path: str) -> FileMove:
        if path in self._difference.deleted:
            return FileMove(path=None)
        target = self._difference.renamed.get(path)
        if target is not None:
            return FileMove(path=target)
        return FileMove(path=path, moves=self._compare(path))

    def _compare(self, path: str) -> Moves:
        old = _lines(self._old / path)
        new = _lines(self._new / path)
        if old is None or new is None:
            return Moves(numbers={}, last=0)
        return compare_lines(old, new)


def _diff(old: list[bytes], new: list[bytes]) -> str:
    """Return a diff without its header, cut to a readable length."""
    before = _texts(old)
    after = _texts(new)
    diff = list(difflib.unified_diff(before, after, lineterm=""))[2:]
    left_out = len(diff) - MOST_DIFF_LINES
    if left_out > 0:
        diff = [*diff[:MOST_DIFF_LINES], f"({left_out} more lines)"]
    return "\n".join(diff)


def _texts(lines: list[bytes]) -> list[str]:
    texts = []
    for line in lines:
        text = line.decode("utf-8", "replace")[:_LONGEST]
        texts.append(text)
    return texts


def _lines(path: Path) -> list[bytes] | None:
    with on_disk(path):
        if path.stat().st_size > LARGEST:
            return None
        return path.read_bytes().split(b"\n")
