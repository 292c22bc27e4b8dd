"""Checks notes of sources: their lines must contain what the paragraph before them names."""

import keyword
import re
from collections.abc import Iterator, Sequence
from typing import Final

from worker.engines.claude.verify.fault import CheckedClaim, Fault
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
        """Yield the faults of the note at the end of a paragraph."""
        note = _NOTE.search(paragraph)
        if note is None:
            return
        text = paragraph[: note.start()]
        sources = note[1]
        subject, *_ = _SENTENCE_END.split(text, maxsplit=1)
        subjects = self._defined(_names_in(subject))
        if not subjects:
            return
        names = _names_in(text)
        for place in checker.spans(sources):
            # guard: verifier: a source must hold what it is the source of
            if not self._is_beside(place, names):
                return
            if not self._must_hold(place, subjects):
                return
        yield Fault(
            claim=CheckedClaim.SOURCE,
            text=f"the lines {sources} hold none of the names of their paragraph",
        )

    def _defined(self, names: set[str]) -> set[str]:
        """Return the names that belong to the project, and not to the page's own code."""
        of_project = names.difference(self._names.own)
        return set(filter(self._names.definitions, of_project))

    def _is_beside(self, place: str, names: set[str]) -> bool:
        """Whether lines neither contain a name nor lie inside the definition of one."""
        match = markdown.PLACE.fullmatch(place)
        if match is None:
            return False
        path = match["path"]
        if path not in self._names.files:
            return False
        for first, last in markdown.spans(match["lines"]):
            if self._hold(path, first, last, names):
                return False
            if self._are_inside(path, first, last, names):
                return False
        return True

    def _must_hold(self, place: str, names: set[str]) -> bool:
        """Whether a place should contain a name: a document may use other words."""
        path, _, _ = place.rpartition(":")
        file = self._names.files.get(path)
        if file is None:
            return True
        if file.language not in PROSE:
            return True
        words = self._names.words_of(path)
        return names.isdisjoint(words)

    def _hold(self, path: str, first: int, last: int, names: set[str]) -> bool:
        lines = self._names.facts.texts.lines(path)
        text = "\n".join(lines[first - 1 : last])
        held = _NAME.findall(text)
        return not names.isdisjoint(held)

    def _are_inside(
        self,
        path: str,
        first: int,
        last: int,
        names: set[str],
    ) -> bool:
        """Whether lines lie, at least in part, inside a function or type with one of the names."""
        for name in names:
            for definition in self._names.definitions(name):
                if definition.path != path:
                    continue
                begins = definition.line <= last
                ends = definition.end_line < first
                if begins and not ends:
                    return True
        lines = self._names.facts.texts.lines(path)
        enclosing = _enclosing(lines[:first])
        return not names.isdisjoint(enclosing)


def _names_in(text: str) -> set[str]:
    """Return the names in the code spans of a text."""
    names: set[str] = set()
    for span in checker.spans(text):
        names.update(_NAME.findall(span))
    return names.difference(keyword.kwlist)


def _enclosing(lines: Sequence[str]) -> Iterator[str]:
    """Yield the names of the definitions around the last of some lines, judging by indentation."""
    depth: int | None = None
    for line in reversed(lines):
        code = line.lstrip()
        if not code:
            continue
        indentation = len(line) - len(code)
        if depth is None or indentation < depth:
            yield from _HEAD.findall(line)
            depth = indentation
