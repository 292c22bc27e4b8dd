"""How a chapter's subject is connected to other chapters: sentences with the line that shows it."""

from operator import itemgetter

from worker.engines.static.facts import Verb
from worker.engines.static.pages import citations, markdown
from worker.engines.static.pages.course import (
    Chapter,
    ChapterLink,
    CourseFacts,
    is_function,
)


def sentences(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return a sentence for each relationship of a chapter, those that start at it first."""
    connected: list[tuple[bool, str]] = []
    for link in facts.links:
        ends = {link.source, link.target}
        if chapter.position in ends:
            [other] = ends - {chapter.position}
            words = _sentence(facts, link, facts.chapters[other])
            connected.append((link.target == chapter.position, f"{words}."))
    connected.sort(key=itemgetter(0))
    return [words for _, words in connected]


def _sentence(facts: CourseFacts, link: ChapterLink, other: Chapter) -> str:
    """Return a connection as words; the name at the other chapter's end leads to it."""
    relation = link.relation
    subject = target = None
    place = ""
    if relation is not None:
        subject = relation.subject
        target = relation.object
        place = f" ({citations.at(relation.path, relation.line)})"
    if link.verb == Verb.HOLDS and subject is not None:
        subject = _holder(facts, subject)
    ends = (
        _end(facts, subject, facts.chapters[link.source], other),
        _end(facts, target, facts.chapters[link.target], other),
    )
    verb = markdown.text(link.verb)
    return f"{ends[0]} {verb} {ends[1]}{place}"


def _holder(facts: CourseFacts, index: int) -> int:
    """Return the type that has a field; it may be set in a method."""
    definition = facts.definitions[index]
    if is_function(definition) and definition.parent is not None:
        return definition.parent
    return index


def _end(
    facts: CourseFacts, definition: int | None, at: Chapter, other: Chapter
) -> str:
    name = markdown.text(at.name)
    if definition is not None:
        name = citations.name(facts.definitions[definition])
    if at is other:
        return markdown.link(name, other.file)
    return name
