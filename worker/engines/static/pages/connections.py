"""How a chapter's subject is connected to other chapters: sentences with the line that shows it."""

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


def sentences(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return a sentence for each chapter that a chapter is connected to."""
    connected: dict[int, str] = {}
    for link in facts.links:
        ends = {link.source, link.target}
        if chapter.position not in ends:
            continue
        [other] = ends - {chapter.position}
        page = citations.link(facts.chapters[other])
        words = _sentence(facts, link)
        connected.setdefault(other, f"{page}: {words}.")
    return list(connected.values())[:_MOST]


def _sentence(facts: CourseFacts, link: ChapterLink) -> str:
    relation = link.relation
    if relation is None:
        source = _end(facts, None, link.source)
        target = _end(facts, None, link.target)
        verb = markdown.text(link.verb)
        return f"{source} {verb} {target}"
    subject = relation.subject
    if relation.verb is Verb.HOLDS and subject is not None:
        subject = _holder(facts, subject)
    source = _end(facts, subject, link.source)
    target = _end(facts, relation.object, link.target)
    place = citations.at(relation.path, relation.line)
    verb = relation.verb
    return f"{source} {verb} {target} ({place})"


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
