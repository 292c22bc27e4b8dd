"""How a chapter's subject is connected to other chapters: sentences with the line that shows it."""

import re
from typing import Final

from worker.engines.static.facts import Verb
from worker.engines.static.pages import citations, markdown
from worker.engines.static.pages.course import (
    Chapter,
    ChapterLink,
    CourseFacts,
    is_function,
)

_MOST: Final = 5
_FOUNDATIONS: Final = frozenset(
    {Verb.INHERITS, Verb.IMPLEMENTS, Verb.HOLDS, Verb.TAKES, Verb.RETURNS}
)
"""Relations without which a subject cannot be understood."""
_PLACE: Final = re.compile(r"\(([^()\s][^()]*):(\d+)\)")


def _of_chapter(facts: CourseFacts, chapter: Chapter) -> list[ChapterLink]:
    """Return the links that a chapter is an end of."""
    return [
        link
        for link in facts.links
        if chapter.position in {link.source, link.target}
    ]


def _other(facts: CourseFacts, chapter: Chapter, link: ChapterLink) -> Chapter:
    """Return the chapter at the other end of a link."""
    is_source = link.source == chapter.position
    return facts.chapters[link.target if is_source else link.source]


def sentences(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return a sentence for each chapter that a chapter is connected to."""
    links: dict[int, ChapterLink] = {}
    for link in _of_chapter(facts, chapter):
        links.setdefault(_other(facts, chapter, link).position, link)
    return [
        _sentence(facts, chapter, link) for link in list(links.values())[:_MOST]
    ]


def _sentence(facts: CourseFacts, chapter: Chapter, link: ChapterLink) -> str:
    page = citations.link(_other(facts, chapter, link))
    relation = link.relation
    if relation is None:
        source = markdown.text(facts.chapters[link.source].name)
        target = markdown.text(facts.chapters[link.target].name)
        evidence = _with_places(facts, link.evidence)
        return (
            f"{page}: {source} {markdown.text(link.verb)} {target}. {evidence}"
        )
    subject = relation.subject
    if relation.verb is Verb.HOLDS and subject is not None:
        subject = _holder(facts, subject)
    source = _end(facts, subject, link.source)
    target = _end(facts, relation.object, link.target)
    place = citations.at(relation.path, relation.line)
    return f"{page}: {source} {relation.verb} {target} ({place})."


def _holder(facts: CourseFacts, index: int) -> int:
    """Return the type that has a field; it may be set in a method."""
    definition = facts.definitions[index]
    if is_function(definition) and definition.parent is not None:
        return definition.parent
    return index


def _end(facts: CourseFacts, definition: int | None, position: int) -> str:
    if definition is not None:
        return citations.name(facts.definitions[definition])
    return markdown.text(facts.chapters[position].name)


def _with_places(facts: CourseFacts, prose: str) -> str:
    """Return prose of the course, in which `(path:line)` is a place in the repository."""
    pieces: list[str] = []
    end = 0
    for match in _PLACE.finditer(prose):
        if match[1] not in facts.analysis.files:
            continue
        place = citations.at(match[1], int(match[2]))
        pieces += [
            markdown.prose(prose[end : match.start()]),
            f"({place})",
        ]
        end = match.end()
    pieces.append(markdown.prose(prose[end:]))
    joined = " ".join(piece for piece in pieces if piece)
    return re.sub(r" ([.,;:])", r"\1", joined)


def builds_on(facts: CourseFacts, chapter: Chapter) -> list[Chapter]:
    """Return the earlier chapters whose subjects a chapter's subject is made of, in their order."""
    positions = {
        link.target
        for link in facts.links
        if link.source == chapter.position
        and link.target < chapter.position
        and link.verb in _FOUNDATIONS
    }
    return [facts.chapters[position] for position in sorted(positions)]
