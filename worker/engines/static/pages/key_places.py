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

    DECLARATION = "what it says of itself"
    BIRTH = "how one is made"
    DEMAND = "what is asked of it most"
    WORK = "where the work is done"
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


def chosen(book: CourseFacts, chapter: Chapter) -> list[Highlight]:
    """Return what a chapter shows, the most important first."""
    found: dict[object, Highlight] = {}
    for why, index in _candidates(book, chapter):
        if index not in found and len(found) < MOST:
            excerpt = excerpts.of_definition(book, index)
            if excerpt is not None and not _shown(book, excerpt, list(found.values())):
                found[index] = Highlight(why=why, excerpt=excerpt, index=index)
    if not found:
        found = dict(enumerate(_texts(book, chapter)))
    return list(found.values())[:MOST]


def _shown(book: CourseFacts, excerpt: Excerpt, before: list[Highlight]) -> bool:
    """Tell whether an excerpt shows nothing new."""
    said = _said(book, excerpt)
    return any(
        len(said - _said(book, one.excerpt)) <= len(said) * _NEW for one in before
    )


def _said(book: CourseFacts, excerpt: Excerpt) -> frozenset[str]:
    lines = book.texts.lines(excerpt.path)
    return frozenset(
        line.strip()
        for first, last in excerpt.spans
        for line in lines[first - 1 : last]
    )


def _candidates(
    book: CourseFacts, chapter: Chapter
) -> Iterator[tuple[PlaceReason, int]]:
    symbols = [book.definitions[index] for index in chapter.unit.symbols]
    for place, one in enumerate(symbols[:1]):
        yield from _of_symbol(book, chapter, one, place)
    functions = [
        book.definitions[index]
        for index in chapter.unit.owned
        if is_function(book.definitions[index])
    ]
    for place, one in enumerate(symbols[1:], 1):
        yield from _of_symbol(book, chapter, one, place)
    if (worker := _worker(book, functions)) is not None:
        yield PlaceReason.WORK, worker.index
    rest = sorted(chapter.unit.owned, key=lambda index: (-_demand(book, index), index))
    yield from ((PlaceReason.PART, index) for index in rest[:MOST])


def _of_symbol(
    book: CourseFacts, chapter: Chapter, one: Definition, place: int
) -> Iterator[tuple[PlaceReason, int]]:
    if one.kind not in TYPES:
        yield PlaceReason.PART, one.index
        return
    members = [
        member
        for member in _functions_of(book, one)
        if member.end_line - member.line >= _TRIVIAL
    ]
    silent = bool(members) and _says_nothing(book, one)
    if place:
        first = (
            max(
                members, key=lambda member: (_demand(book, member.index), -member.index)
            )
            if silent
            else one
        )
        yield PlaceReason.PART, first.index
        return
    if not silent:
        yield PlaceReason.DECLARATION, one.index
    if (maker := constructor(book, chapter, one)) is not None and maker in members:
        yield PlaceReason.BIRTH, maker.index
    others = [
        member
        for member in members
        if member.name not in _CONSTRUCTORS and member.name != one.name
    ]
    asked = sorted(
        others, key=lambda member: (-_demand(book, member.index), member.index)
    )
    if asked and _demand(book, asked[0].index):
        yield PlaceReason.DEMAND, asked[0].index
    if (worker := _worker(book, others, without=asked[:1])) is not None:
        yield PlaceReason.WORK, worker.index


def _says_nothing(book: CourseFacts, one: Definition) -> bool:
    """Tell whether an excerpt of a type is little more than its name."""
    excerpt = excerpts.of_definition(book, one.index)
    lines = (
        sum(last - first + 1 for first, last in excerpt.spans)
        if excerpt is not None
        else 0
    )
    return lines < min(_TRIVIAL, one.end_line - one.line)


def _functions_of(book: CourseFacts, one: Definition) -> list[Definition]:
    return [
        book.definitions[member]
        for member in one.members
        if is_function(book.definitions[member])
    ]


def constructor(
    book: CourseFacts, chapter: Chapter, one: Definition
) -> Definition | None:
    """Return the function that makes a value of a type, by the habits of the languages."""
    members = _functions_of(book, one)
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
    owned = [book.definitions[index] for index in chapter.unit.owned]
    return next(
        iter([*usual, *(found for found in owned if found.name in named)]), None
    )


def _demand(book: CourseFacts, index: int) -> int:
    """Return how many other places ask for a definition."""
    return sum(
        2 if one.sure else 1
        for one in book.callers(index)
        if one.path != book.definitions[index].path
    ) * 2 + len(book.callers(index))


def _worker(
    book: CourseFacts,
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
        key=lambda one: (len({ref.target for ref in book.out[one.index]}), -one.index),
        default=None,
    )


def _texts(book: CourseFacts, chapter: Chapter) -> Iterator[Highlight]:
    """Yield excerpts where nothing is known of definitions: below headings, at landmarks, or a file's beginning."""
    for mark in outline.marks(book, chapter)[:MOST]:
        excerpt = excerpts.of_lines(book, mark.path, mark.line, mark.end_line)
        if excerpt is not None:
            yield Highlight(
                why=PlaceReason.PART, excerpt=excerpt, index=None, title=mark.title
            )
