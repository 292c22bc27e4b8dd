"""Chooses the code that matters: the few places that a reader of a chapter should have seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import excerpts, outline
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.pages.excerpts import Excerpt

MOST: Final = 5
_NEW: Final = 0.4
"""An excerpt with a smaller share of lines that were not shown before says nothing new."""
_TRIVIAL: Final = 3
"""A function of fewer lines has nothing to look at."""
_WORKING: Final = 8
"""One of fewer lines does no work to speak of."""
_CONSTRUCTORS: Final = frozenset(
    {"__init__", "constructor", "new", "__new__", "__post_init__"}
)


class PlaceReason(StrEnum):
    """Why a place was chosen.

    The values complete headings, those without a value need no completion.
    """

    DECLARATION = "its own description"
    BIRTH = "how it is created"
    DEMAND = "what is used most"
    WORK = "where it does the work"
    PART = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Highlight:
    """A place to look at."""

    why: PlaceReason
    excerpt: Excerpt
    index: int | None
    """The definition, where it is one."""
    title: str = ""
    """Of what is no definition: a heading, or a line."""


def chosen(facts: CourseFacts, chapter: Chapter) -> list[Highlight]:
    """Return what a chapter shows, the most important first."""
    found: dict[object, Highlight] = {}
    for why, index in _candidates(facts, chapter):
        if index not in found and len(found) < MOST:
            excerpt = excerpts.of_definition(facts, index)
            if excerpt is not None and not _shown(
                facts, excerpt, list(found.values())
            ):
                found[index] = Highlight(why=why, excerpt=excerpt, index=index)
    if not found:
        found = dict(enumerate(_texts(facts, chapter)))
    return list(found.values())[:MOST]


def _shown(
    facts: CourseFacts, excerpt: Excerpt, before: list[Highlight]
) -> bool:
    """Tell whether an excerpt shows nothing new."""
    said = _said(facts, excerpt)
    return any(
        len(said - _said(facts, one.excerpt)) <= len(said) * _NEW
        for one in before
    )


def _said(facts: CourseFacts, excerpt: Excerpt) -> frozenset[str]:
    lines = facts.texts.lines(excerpt.path)
    return frozenset(
        line.strip()
        for first, last in excerpt.spans
        for line in lines[first - 1 : last]
    )


def _candidates(
    facts: CourseFacts, chapter: Chapter
) -> Iterator[tuple[PlaceReason, int]]:
    symbols = [facts.definitions[index] for index in chapter.unit.symbols]
    for place, one in enumerate(symbols[:1]):
        yield from _of_symbol(facts, chapter, one, place)
    functions = [
        facts.definitions[index]
        for index in chapter.unit.owned
        if is_function(facts.definitions[index])
    ]
    for place, one in enumerate(symbols[1:], 1):
        yield from _of_symbol(facts, chapter, one, place)
    if (worker := _worker(facts, functions)) is not None:
        yield PlaceReason.WORK, worker.index
    rest = sorted(
        chapter.unit.owned, key=lambda index: (-_demand(facts, index), index)
    )
    yield from ((PlaceReason.PART, index) for index in rest[:MOST])


def _of_symbol(
    facts: CourseFacts, chapter: Chapter, one: Definition, place: int
) -> Iterator[tuple[PlaceReason, int]]:
    if one.kind not in TYPES:
        yield PlaceReason.PART, one.index
        return
    members = [
        member
        for member in _functions_of(facts, one)
        if member.end_line - member.line >= _TRIVIAL
    ]
    silent = bool(members) and _says_nothing(facts, one)
    if place:
        first = (
            max(
                members,
                key=lambda member: (
                    _demand(facts, member.index),
                    -member.index,
                ),
            )
            if silent
            else one
        )
        yield PlaceReason.PART, first.index
        return
    if not silent:
        yield PlaceReason.DECLARATION, one.index
    if (
        maker := constructor(facts, chapter, one)
    ) is not None and maker in members:
        yield PlaceReason.BIRTH, maker.index
    others = [
        member
        for member in members
        if member.name not in _CONSTRUCTORS and member.name != one.name
    ]
    asked = sorted(
        others, key=lambda member: (-_demand(facts, member.index), member.index)
    )
    if asked and _demand(facts, asked[0].index):
        yield PlaceReason.DEMAND, asked[0].index
    if (worker := _worker(facts, others, without=asked[:1])) is not None:
        yield PlaceReason.WORK, worker.index


def _says_nothing(facts: CourseFacts, one: Definition) -> bool:
    """Tell whether an excerpt of a type is little more than its name."""
    excerpt = excerpts.of_definition(facts, one.index)
    lines = (
        sum(last - first + 1 for first, last in excerpt.spans)
        if excerpt is not None
        else 0
    )
    return lines < min(_TRIVIAL, one.end_line - one.line)


def _functions_of(facts: CourseFacts, one: Definition) -> list[Definition]:
    return [
        facts.definitions[member]
        for member in one.members
        if is_function(facts.definitions[member])
    ]


def constructor(
    facts: CourseFacts, chapter: Chapter, one: Definition
) -> Definition | None:
    """Return the function that makes a value of a type, by the habits of the languages."""
    members = _functions_of(facts, one)
    usual = [
        member
        for member in members
        if member.name in _CONSTRUCTORS or member.name == one.name
    ]
    named = {
        f"New{one.name}",
        f"new{one.name}",
        f"create{one.name}",
        f"make_{one.name.lower()}",
    }
    owned = [facts.definitions[index] for index in chapter.unit.owned]
    return next(
        iter([*usual, *(found for found in owned if found.name in named)]), None
    )


def _demand(facts: CourseFacts, index: int) -> int:
    """Return how many other places ask for a definition."""
    return sum(
        2 if one.sure else 1
        for one in facts.callers(index)
        if one.path != facts.definitions[index].path
    ) * 2 + len(facts.callers(index))


def _worker(
    facts: CourseFacts,
    functions: list[Definition],
    without: list[Definition] | None = None,
) -> Definition | None:
    """Return the function that brings most of the project's definitions together."""
    able = [
        one
        for one in functions
        if one.end_line - one.line >= _WORKING and one not in (without or [])
    ]
    return max(
        able,
        key=lambda one: (
            len({ref.target for ref in facts.out[one.index]}),
            -one.index,
        ),
        default=None,
    )


def _texts(facts: CourseFacts, chapter: Chapter) -> Iterator[Highlight]:
    """Yield excerpts without definitions: below headings, at landmarks, or a file's beginning."""
    for mark in outline.marks(facts, chapter)[:MOST]:
        excerpt = excerpts.of_lines(facts, mark.path, mark.line, mark.end_line)
        if excerpt is not None:
            yield Highlight(
                why=PlaceReason.PART,
                excerpt=excerpt,
                index=None,
                title=mark.title,
            )
