"""Checks the notes of sources: their lines must hold what the paragraph before them names."""

import re
from collections.abc import Iterator
from typing import Final

from worker.engines.claude.verify.fault import Claim, Fault
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.pages import checker, markdown

_NOTE: Final = re.compile(r" \((`[^`]+:\d[\d,-]*`(?:, `[^`]+:\d[\d,-]*`)*)\)$")
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
        names = self._names_in(paragraph[: note.start()])
        places = checker.spans(note[1])
        # guard: verifier: a source must hold what it is the source of
        if names and not any(self._bears(place, names) for place in places):
            yield Fault(
                claim=Claim.SOURCE,
                text=f"the lines {note[1]} hold none of the names of their paragraph",
            )

    def _names_in(self, text: str) -> set[str]:
        """Return the project's names in the code of a text."""
        names: set[str] = set()
        for span in checker.spans(text):
            names.update(_NAME.findall(span))
        return {name for name in names if self._names.definitions(name)}

    def _bears(self, place: str, names: set[str]) -> bool:
        """Tell whether lines hold one of some names, or lie in a definition of one."""
        match = markdown.PLACE.fullmatch(place)
        if match is None or match["path"] not in self._names.files:
            return True
        path = match["path"]
        for piece in match["lines"].split(","):
            start, _, end = piece.partition("-")
            first = int(start)
            last = int(end or start)
            if self._hold(path, first, last, names):
                return True
            if self._are_inside(path, first, last, names):
                return True
        return False

    def _hold(self, path: str, first: int, last: int, names: set[str]) -> bool:
        lines = self._names.facts.texts.lines(path)
        text = "\n".join(lines[first - 1 : last])
        return not names.isdisjoint(_NAME.findall(text))

    def _are_inside(
        self, path: str, first: int, last: int, names: set[str]
    ) -> bool:
        """Tell whether lines lie, at least in part, in the definition of a name."""
        for name in names:
            for definition in self._names.definitions(name):
                begins = definition.line <= last
                ends = definition.end_line < first
                if definition.path == path and begins and not ends:
                    return True
        return False
