"""Writes the reviewed chapters: the chapter as it is read the second time.

It says which chapters to read first. The first mention of another chapter's subject becomes
a link, and a claim that the checker finds wrong gets a correction right below it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from worker.engines.static.facts import Definition, Verb
from worker.engines.static.pages import (
    chapters,
    checker,
    key_places,
    markdown,
    meaning,
)
from worker.engines.static.pages.checker import Finding
from worker.engines.static.pages.course import Chapter, CourseFacts, last_name
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.prose.phrases import listed

_SHORTEST: Final = 3
"""Letters of a name that is linked."""
_CODE: Final = re.compile(r"``+.*?``+|(?<!`)`([^`\n]+)`(?!`)")
"""A code span; those with two or more backticks are quotations, and get no link."""
_PLACE: Final = re.compile(r" \(`([^`\n]+):\d+`\)")
_DESCRIBED: Final = re.compile(r"(?:### |- )`([^`\n]+)`")
"""The beginning of a heading or a row that is about one definition."""
_MOST_EARLIER: Final = 3
_SLIGHT: Final = frozenset({Verb.IMPORTS, Verb.MENTIONS, Verb.NAMES})
"""Relationships that need no reading."""


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
        if not finding.fault:
            continue
        claim = f"{finding.kind} {finding.claim}"
        words = f"> Correction: {claim}: {finding.fault}."
        below = corrections.setdefault(finding.end, [])
        below.append(words)
    corrected: list[str] = []
    for number, line in enumerate(lines, 1):
        corrected.append(line)
        for correction in corrections.get(number, ()):
            corrected += ["", correction, ""]
    return corrected


def _linked(facts: CourseFacts, chapter: Chapter, page: str) -> list[str]:
    """Link the first mention of each other chapter's subject on a page, and say what to read."""
    linker = _Linker(facts, chapter)
    prerequisites = _prerequisites(facts, chapter)
    lines: list[str] = []
    for block in checker.blocks(page):
        if block.tag is not None:
            lines += block.text.split("\n")
            continue
        if prerequisites and block.text.startswith("## "):
            lines += [prerequisites, ""]
            prerequisites = ""
        lines.append(linker.linked(block.text))
    return lines


def _prerequisites(facts: CourseFacts, chapter: Chapter) -> str:
    """Say which earlier chapters are about what a chapter uses."""
    position = chapter.position
    earlier = {
        link.target
        for link in facts.links
        if link.source == position and link.verb not in _SLIGHT
    }
    links = []
    for other in facts.chapters[:position]:
        if other.position in earlier:
            name = markdown.text(other.name)
            links.append(markdown.link(name, other.file))
    if not links:
        return ""
    return f"Read first: {listed(links[-_MOST_EARLIER:])}."


class _Linker:
    """Puts links on the first mentions of what other chapters are about, line by line."""

    def __init__(self, facts: CourseFacts, chapter: Chapter) -> None:
        self._facts = facts
        self._targets = _subjects(facts, chapter)
        self._all = facts.named(chapter), _parameters(facts, chapter)
        self._about, self._parameters = self._all
        """What lines are about, and its parameters: the whole chapter, or one function."""

    def linked(self, line: str) -> str:
        """Return a line with links on its names, and take them from those to link."""
        described = self._described(line)
        words = _words(described)
        if line.startswith("## "):
            self._about, self._parameters = self._all
        elif line.startswith("### "):
            self._about, self._parameters = described, words
        has_link = "](" in line
        if has_link:
            for match in _CODE.finditer(line):
                self._take(match[1] or "")
        if line.startswith("#") or has_link:
            return line
        own = self._parameters | words

        def replaced(match: re.Match[str]) -> str:
            name = match[1] or ""
            target = self._targets.get(name)
            if target is None or name in own:
                return match[0]
            return self._link(match, target, described or self._about)

        return _CODE.sub(replaced, line)

    def _link(
        self,
        match: re.Match[str],
        target: Definition,
        about: Sequence[Definition],
    ) -> str:
        """Link a name, unless it means another definition, or its place is another."""
        chapter = self._facts.owner(target.index)
        place = _PLACE.match(match.string, match.end())
        is_meant = "." in match[1] or _is_meant(self._facts, about, target)
        if place is not None:
            is_meant = place[1] == target.path
        if chapter is None or not is_meant:
            return match[0]
        self._take(match[1])
        return markdown.link(match[0], chapter.file)

    def _take(self, name: str) -> None:
        """Link a name no more, nor members of the subjects of the chapter that it leads to."""
        taken = self._targets.pop(name, None)
        if taken is None:
            return
        chapter = self._facts.owner(taken.index)
        self._targets = {
            other: target
            for other, target in self._targets.items()
            if "." not in other or self._facts.owner(target.index) != chapter
        }

    def _described(self, line: str) -> list[Definition]:
        """Return the definitions that a heading or a row is about."""
        described = _DESCRIBED.match(line)
        if described is None:
            return []
        named = self._facts.by_name.get(last_name(described[1]), ())
        return [each for each in named if each.qualified == described[1]]


def _is_meant(
    facts: CourseFacts, about: Sequence[Definition], target: Definition
) -> bool:
    """Whether a bare name means a definition: no member, and none that is nearer or as near."""
    indexes = facts.lineage(target.index)
    indexes += [subtype.index for subtype in facts.subtypes(target.index)]
    others = [
        other
        for other in meaning.namesakes(facts, target)
        if other.index not in indexes
    ]
    references = facts.into[target.index]
    used_in = {reference.path for reference in references}
    for definition in about:
        if _has_member(facts, definition, target.name):
            return False
        package = _package(definition)
        if package == _package(target) or definition.path in used_in:
            continue
        if others:
            return False
    return bool(about) or not others


def _has_member(facts: CourseFacts, about: Definition, name: str) -> bool:
    """Whether a type, or that of a method, has a member of a name, or extends one that has."""
    type_ = about.index if about.parent is None else about.parent
    return any(
        member.name == name
        for index in facts.lineage(type_)
        for member in facts.members(facts.definitions[index])
    )


def _package(definition: Definition) -> str:
    """Return where names mean a definition without an import: a folder, in Go, else a file."""
    folder, _, _ = definition.path.rpartition("/")
    return folder if definition.path.endswith(".go") else definition.path


def _subjects(facts: CourseFacts, chapter: Chapter) -> dict[str, Definition]:
    """Return the subjects of the other chapters, and their members, by their names."""
    own = {symbol.name for symbol in facts.symbols(chapter)}
    subjects: dict[str, Definition] = {}
    for other in facts.chapters:
        shown = chapters.introduced(facts, other) - own
        for symbol in facts.symbols(other):
            name = symbol.name
            if (
                other is not chapter
                and name in shown
                and not name.startswith("_")
                and len(name) >= _SHORTEST
            ):
                subjects.setdefault(name, symbol)
                for member in facts.members(symbol):
                    subjects.setdefault(member.qualified, member)
    return subjects


def _parameters(facts: CourseFacts, chapter: Chapter) -> set[str]:
    """Return the parameters of everything that a chapter describes."""
    indexes = set(facts.family(chapter.unit.owned))
    for place in key_places.chosen(facts, chapter):
        if place.definition is not None:
            indexes.add(place.definition.index)
    return _words(facts.definitions[index] for index in indexes)


def _words(definitions: Iterable[Definition]) -> set[str]:
    """Return the words in lower case of signatures: parameters."""
    words: set[str] = set()
    for definition in definitions:
        words.update(words_of(definition.signature))
    return {word for word in words if word.islower()}
