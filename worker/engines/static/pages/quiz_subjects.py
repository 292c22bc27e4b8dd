"""What a chapter can be asked about, and how it is named in a question."""

from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import evidence, markdown, notes
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.parsing.function_facts import FunctionFacts

_MOST_FUNCTIONS: Final = 40


def at(one: Definition) -> str:
    """Return the place where a definition begins."""
    return markdown.place(one.path, (one.line, one.line))


def line(facts: CourseFacts, one: Definition) -> str:
    """Return the line on which a definition begins."""
    return markdown.code(evidence.quoted(facts, one.path, one.line))


def main(facts: CourseFacts, chapter: Chapter) -> Definition:
    """Return what a chapter is about before all."""
    return facts.definitions[chapter.unit.symbols[0]]


def functions(
    facts: CourseFacts, chapter: Chapter
) -> list[tuple[Definition, FunctionFacts]]:
    """Return a chapter's functions whose inside can be read, those of its main piece first."""
    found = [
        (one, facts.anatomy(one.index))
        for one in notes.functions(facts, chapter)[:_MOST_FUNCTIONS]
    ]
    return [(one, anatomy) for one, anatomy in found if anatomy is not None]


def others(
    facts: CourseFacts, chapter: Chapter, like: Definition
) -> list[Definition]:
    """Return top-level definitions of the same sort as another, those of this chapter first."""
    chapters = [chapter, *(one for one in facts.chapters if one is not chapter)]
    found = [
        facts.definitions[index] for one in chapters for index in one.unit.owned
    ]
    same = (
        (lambda one: one.kind in TYPES) if like.kind in TYPES else is_function
    )
    return [one for one in found if same(one) and one.name != like.name]
