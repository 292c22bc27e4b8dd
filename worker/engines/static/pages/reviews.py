"""Writes the reviewed chapters: the chapter as it is read the second time.

The first mention of another chapter's subject becomes a link, and a claim that the checker
finds wrong gets a correction right below it.
"""

import re
from collections.abc import Sequence
from typing import Final

from worker.engines.static.pages import (
    chapters,
    checker,
    key_places,
    markdown,
    meaning,
)
from worker.engines.static.pages.checker import Block, Finding
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.parsing.identifiers import words_of

_SHORTEST: Final = 3
"""Letters of a name that is linked."""
_CODE: Final = re.compile(r"``+.*?``+|(?<!`)`([^`\n]+)`(?!`)")
"""A code span; those with two or more backticks are quotations, and get no link."""


def written(facts: CourseFacts, chapter: Chapter, page: str) -> str:
    """Return the review of a chapter, given its page."""
    files = [other.file for other in facts.chapters]
    findings = checker.checked(facts, page, files)
    linked = _linked(facts, chapter, page)
    return "\n".join(_corrected(linked, findings))


def _corrected(lines: Sequence[str], findings: Sequence[Finding]) -> list[str]:
    """Put a correction below each claim that is wrong."""
    corrections: dict[int, list[str]] = {}
    for finding in findings:
        if finding.fault:
            claim = f"{finding.kind} {finding.claim}"
            words = f"> Correction: {claim}: {finding.fault}."
            corrections.setdefault(finding.end, []).append(words)
    corrected: list[str] = []
    for number, line in enumerate(lines, 1):
        corrected.append(line)
        for correction in corrections.get(number, ()):
            corrected += ["", correction, ""]
    return corrected


def _linked(facts: CourseFacts, chapter: Chapter, page: str) -> list[str]:
    """Link the first mention of each other chapter's subject on a page."""
    targets = _subjects(facts, chapter)
    lines: list[str] = []
    for block in checker.blocks(page):
        if block.tag is None:
            lines.append(_with_links(block, targets))
        else:
            lines += block.text.split("\n")
    return lines


def _subjects(facts: CourseFacts, chapter: Chapter) -> dict[str, Chapter]:
    """Return the chapters other than this one by the name of their subject."""
    own = {symbol.name for symbol in facts.symbols(chapter)}
    own |= _parameters(facts, chapter)
    subjects: dict[str, Chapter] = {}
    for other in facts.chapters:
        shown = chapters.introduced(facts, other)
        for symbol in facts.symbols(other):
            name = symbol.name
            if (
                other is not chapter
                and name in shown
                and name not in own
                and not name.startswith("_")
                and len(name) >= _SHORTEST
                and not meaning.is_ambiguous(facts, symbol)
            ):
                subjects.setdefault(name, other)
    return subjects


def _parameters(facts: CourseFacts, chapter: Chapter) -> set[str]:
    """Return the words in lower case of the signatures that a chapter tells of: parameters."""
    indexes = set(facts.family(chapter.unit.owned))
    for place in key_places.chosen(facts, chapter):
        if place.definition is not None:
            indexes.add(place.definition.index)
    words: set[str] = set()
    for index in indexes:
        words.update(words_of(facts.definitions[index].signature))
    return {word for word in words if word.islower()}


def _with_links(block: Block, targets: dict[str, Chapter]) -> str:
    """Link the names on a line, and take them from `targets`: only the first mention is linked."""
    line = block.text
    if line.startswith("#") or "](" in line:
        return line

    def replaced(match: re.Match[str]) -> str:
        chapter = targets.pop(match[1] or "", None)
        if chapter is None:
            return match[0]
        return markdown.link(match[0], chapter.file)

    return _CODE.sub(replaced, line)
