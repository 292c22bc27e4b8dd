"""Checks the notes of sources: their lines must hold what the paragraph before them names."""

import keyword
import re
from collections.abc import Iterator, Sequence
from typing import Final

from worker.engines.claude.verify.fault import Claim, Fault
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.pages import checker, markdown
from worker.engines.static.reading.language import PROSE

_NOTE: Final = re.compile(r" \((`[^`]+:\d[\d,-]*`(?:, `[^`]+:\d[\d,-]*`)*)\)$")
_HEAD: Final = re.compile(r"\b(?:def|class|func|fn|function)\s+(\w+)")
_SENTENCE_END: Final = re.compile(r"[.:;!?]\s")
_NAME: Final = re.compile(r"[^\W\d]\w*")


class NoteChecker:
    """Checks the notes of paragraphs, one at a time."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Take the names of a repository."""
        self._names: Final = vocabulary

    def faults(self, paragraph: str) -> Iterator[Fault]:
        """Yield what is wrong with the note at the end of a paragraph."""
        note = _NOTE.search(paragraph)
        if note is None:
            return
        text = paragraph[: note.start()]
        names = _names_in(text)
        places = checker.spans(note[1])
        subject, *_ = _SENTENCE_END.split(text, maxsplit=1)
        subjects = self._defined(_names_in(subject))
        if not subjects:
            return
        # guard: verifier: a source must hold what it is the source of
        if all(
            self._is_beside(place, names) and self._must_hold(place, subjects)
            for place in places
        ):
            yield Fault(
                claim=Claim.SOURCE,
                text=f"the lines {note[1]} hold none of the names of their paragraph",
            )

    def _defined(self, names: set[str]) -> set[str]:
        """Return the names that are the project's, and not the page's own."""
        return {
            name
            for name in names.difference(self._names.own)
            if self._names.definitions(name)
        }

    def _is_beside(self, place: str, names: set[str]) -> bool:
        """Tell whether lines neither hold a name nor are inside of what it names."""
        match = markdown.PLACE.fullmatch(place)
        if match is None or match["path"] not in self._names.files:
            return False
        path = match["path"]
        for piece in match["lines"].split(","):
            start, _, end = piece.partition("-")
            first = int(start)
            last = int(end or start)
            if self._hold(path, first, last, names):
                return False
            if self._are_inside(path, first, last, names):
                return False
        return True

    def _must_hold(self, place: str, names: set[str]) -> bool:
        """Tell whether a place should hold a name: a document may use other words."""
        path = place.rpartition(":")[0]
        file = self._names.files.get(path)
        if file is None or file.language not in PROSE:
            return True
        return names.isdisjoint(self._names.words_of(path))

    def _hold(self, path: str, first: int, last: int, names: set[str]) -> bool:
        lines = self._names.facts.texts.lines(path)
        text = "\n".join(lines[first - 1 : last])
        return not names.isdisjoint(_NAME.findall(text))

    def _are_inside(
        self, path: str, first: int, last: int, names: set[str]
    ) -> bool:
        """Tell whether lines lie, at least in part, in a function or type of a name."""
        for name in names:
            for definition in self._names.definitions(name):
                begins = definition.line <= last
                ends = definition.end_line < first
                if definition.path == path and begins and not ends:
                    return True
        lines = self._names.facts.texts.lines(path)
        return not names.isdisjoint(_enclosing(lines[:first]))


def _names_in(text: str) -> set[str]:
    """Return the names in the code of a text."""
    names: set[str] = set()
    for span in checker.spans(text):
        names.update(_NAME.findall(span))
    return names.difference(keyword.kwlist)


def _enclosing(lines: Sequence[str]) -> Iterator[str]:
    """Yield the names of what the last of some lines is inside of, by its indentation."""
    depth: int | None = None
    for line in reversed(lines):
        if not line.strip():
            continue
        indentation = len(line) - len(line.lstrip())
        if depth is None or indentation < depth:
            yield from _HEAD.findall(line)
            depth = indentation
