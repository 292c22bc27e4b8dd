"""How a chapter's subject is connected to other chapters: sentences with the line that shows it."""

from collections.abc import Container, Sequence
from typing import Final

from worker.engines.static.facts import Relation, Verb
from worker.engines.static.pages import citations, markdown
from worker.engines.static.pages.course import (
    Chapter,
    ChapterLink,
    CourseFacts,
    is_function,
)
from worker.engines.static.pages.excerpts import Excerpt

_INHERITING: Final = frozenset({Verb.INHERITS, Verb.IMPLEMENTS})


def sentences(
    facts: CourseFacts,
    chapter: Chapter,
    excerpts: Sequence[Excerpt],
    explained: Container[int],
) -> list[str]:
    """Return a sentence for each relationship that starts at a chapter and that no code shows.

    The chapter at its other end does not repeat it, and what the page explains is told.
    What is no subject of the chapter is no matter of it.
    """
    connected = []
    for link in facts.links:
        if link.source != chapter.position:
            continue
        relation = link.relation
        if relation is not None:
            if not _is_of_subject(facts, chapter, relation):
                continue
            is_shown = any(
                excerpt.shows(relation.path, relation.line)
                for excerpt in excerpts
            )
            if is_shown or relation.object in explained:
                continue
        words = _sentence(facts, link)
        connected.append(f"{words}.")
    return connected


def _is_of_subject(
    facts: CourseFacts, chapter: Chapter, relation: Relation
) -> bool:
    """Whether a chapter's subjects or their members are related, or one through its base."""
    if relation.subject is None or relation.verb in _INHERITING:
        return True
    return relation.subject in facts.family(chapter.unit.symbols)


def _sentence(facts: CourseFacts, link: ChapterLink) -> str:
    """Return a connection as words; the target's name leads to its chapter."""
    relation = link.relation
    subject = target = None
    place = ""
    if relation is not None:
        subject = relation.subject
        target = relation.object
        place = f" ({citations.at(relation.path, relation.line)})"
    if link.verb == Verb.HOLDS and subject is not None:
        subject = _holder(facts, subject)
    other = facts.chapters[link.target]
    source_name = _name(facts, subject, facts.chapters[link.source])
    target_name = markdown.link(_name(facts, target, other), other.file)
    verb = markdown.text(link.verb)
    return f"{source_name} {verb} {target_name}{place}"


def _holder(facts: CourseFacts, index: int) -> int:
    """Return the type that has a field; it may be set in a method."""
    definition = facts.definitions[index]
    if is_function(definition) and definition.parent is not None:
        return definition.parent
    return index


def _name(facts: CourseFacts, definition: int | None, chapter: Chapter) -> str:
    if definition is None:
        return markdown.text(chapter.name)
    return citations.name(facts.definitions[definition])
