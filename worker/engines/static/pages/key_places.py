"""Chooses the code that a chapter shows: what users call, and what does the work."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.pages import (
    call_path,
    citations,
    examples,
    excerpts,
    outline,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.pages.examples import Origin
from worker.engines.static.pages.excerpts import Excerpt

MOST: Final = 4
_PER_TYPE: Final = 3
"""Methods of the chapter's first type."""
_TRIVIAL: Final = 2
"""A function with no more lines of its own shows nothing."""
_SHORT_TYPE: Final = 16
"""Lines of a type that is shown whole."""
_MINOR: Final = re.compile(r"TEST_|test_|(?:to|from)_(?:dict|json)$")
"""Methods that are for tests, or only write a value in another form."""
_FEWEST_FIELDS: Final = 2
_MOST_WEIGHT: Final = 6
_EXAMPLE_WEIGHT: Final = 3
"""What an example counts for, where a test counts for one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyPlace:
    """A place to look at."""

    excerpt: Excerpt
    definition: Definition | None
    title: str = ""
    """Of a place without a definition: its heading."""


def chosen(facts: CourseFacts, chapter: Chapter) -> list[KeyPlace]:
    """Return the places that a chapter shows, in the order in which to read them."""
    key = ("key places", chapter.position)
    return facts.remembered(key, lambda: _chosen(facts, chapter))


def _chosen(facts: CourseFacts, chapter: Chapter) -> list[KeyPlace]:
    if not chapter.unit.symbols:
        return list(_text_places(facts, chapter))[:MOST]
    places: list[KeyPlace] = []
    for symbol in facts.named(chapter):
        place = _place_of(facts, chapter, symbol)
        if place is not None:
            _add(places, place)
    for definition in dict.fromkeys(_candidates(facts, chapter)):
        if len(places) == MOST:
            break
        excerpt = excerpts.of_definition(facts, definition)
        if excerpt is not None and excerpt.is_telling:
            _add(places, KeyPlace(excerpt=excerpt, definition=definition))
    return places


def _add(places: list[KeyPlace], place: KeyPlace) -> None:
    """Add a place unless it is shown already."""
    definition = place.definition
    shown = {
        other.definition.qualified
        for other in places
        if other.definition is not None
    }
    is_new = definition is None or definition.qualified not in shown
    if is_new and not _is_shown(place.excerpt, places):
        places.append(place)


def _place_of(
    facts: CourseFacts, chapter: Chapter, symbol: Definition
) -> KeyPlace | None:
    """Return the code that tells most of a definition: a method's, or its own lines."""
    used = uses(facts, chapter)
    candidates = _of_symbol(facts, symbol, used, _PER_TYPE)
    for definition in (*candidates, symbol):
        excerpt = excerpts.of_definition(facts, definition)
        if excerpt is not None and (excerpt.is_telling or definition is symbol):
            return KeyPlace(excerpt=excerpt, definition=definition)
    return None


def _is_shown(excerpt: Excerpt, places: Iterable[KeyPlace]) -> bool:
    """Tell whether an excerpt lies within another."""
    first = excerpt.spans[0][0]
    last = excerpt.spans[-1][1]
    return any(
        place.excerpt.path == excerpt.path
        and any(
            begin <= first and last <= end for begin, end in place.excerpt.spans
        )
        for place in places
    )


def _candidates(facts: CourseFacts, chapter: Chapter) -> Iterator[Definition]:
    symbols = facts.symbols(chapter)
    used = uses(facts, chapter)
    yield from _of_symbol(facts, symbols[0], used, _PER_TYPE)
    for symbol in symbols[1:]:
        yield from _of_symbol(facts, symbol, used, 1)
    owned = [facts.definitions[index] for index in chapter.unit.owned]
    functions = [definition for definition in owned if is_function(definition)]
    yield from _by_use(facts, functions, used)


def _of_symbol(
    facts: CourseFacts, symbol: Definition, used: Counter[str], most: int
) -> Iterator[Definition]:
    if symbol.kind not in TYPES and not symbol.members:
        if symbol.end_line > symbol.line or most > 1:
            yield symbol
        return
    if _is_worth_showing(facts, symbol):
        yield symbol
    maker = constructor(facts, symbol)
    methods = []
    for method in facts.methods(symbol):
        lines = method.end_line - method.line
        is_minor = lines <= _TRIVIAL or _MINOR.match(method.name) is not None
        is_telling = not is_minor and _has_statements(facts, method)
        if is_telling and method is not maker:
            methods.append(method)
    ranked = _by_use(facts, methods, used)
    yield from _first_methods(facts, ranked, used)[:most]
    yield from (call_path.worker(facts, method) for method in ranked)
    if maker is not None:
        yield maker


def _first_methods(
    facts: CourseFacts, ranked: list[Definition], used: Counter[str]
) -> list[Definition]:
    """Return the method that is used most, unless it only calls another; then the spine."""
    spine = call_path.spine(facts, ranked)
    if not ranked:
        return spine
    most_used = call_path.worker(facts, ranked[0])
    is_inherited = ranked[0].name in _inherited(facts, ranked[0])
    is_used = used[ranked[0].name] > 0 or is_inherited
    is_idle = call_path.hands_on(facts, most_used)
    if spine and (is_idle or not is_used):
        return spine
    return list(dict.fromkeys((most_used, *spine)))


def _has_statements(facts: CourseFacts, method: Definition) -> bool:
    """Tell whether a method does something, and is not only declared."""
    inside = facts.function(method.index)
    return inside is not None and bool(inside.statements)


def _is_worth_showing(facts: CourseFacts, symbol: Definition) -> bool:
    """Tell whether a type's own lines say something: it is short, or has fields."""
    if symbol.kind in {Kind.INTERFACE, Kind.TRAIT, Kind.ENUM}:
        return True
    if symbol.end_line - symbol.line < _SHORT_TYPE:
        return symbol.end_line - symbol.line > _TRIVIAL
    function = facts.function(symbol.index)
    return function is not None and len(function.statements) >= _FEWEST_FIELDS


def uses(facts: CourseFacts, chapter: Chapter) -> Counter[str]:
    """Count how many examples and tests call each name; an example counts more than a test."""
    key = ("uses", chapter.position)
    return facts.remembered(key, lambda: _uses(facts, chapter))


def _uses(facts: CourseFacts, chapter: Chapter) -> Counter[str]:
    counted: Counter[str] = Counter()
    functions = facts.functions(chapter)
    for example in examples.found(facts, chapter):
        code = "\n".join(examples.lines(facts, example))
        called = {
            function.name
            for function in functions
            if calls(facts, function, code)
        }
        weight = _EXAMPLE_WEIGHT
        if example.origin is Origin.TEST:
            weight = 1
        for name in called:
            counted[name] += weight
    return counted


def _by_use(
    facts: CourseFacts, functions: Iterable[Definition], used: Counter[str]
) -> list[Definition]:
    """Sort functions: those of examples first, then those that bring most code together."""

    def rank(function: Definition) -> tuple[int, bool, bool, int, int]:
        return (
            -used[function.name],
            function.name not in _inherited(facts, function),
            not function.public or function.name.startswith("_"),
            -_weight(facts, function),
            function.index,
        )

    return sorted(functions, key=rank)


def _inherited(facts: CourseFacts, method: Definition) -> set[str]:
    """Return the names of what the bases of a method's type have: users call it through them."""
    if method.parent is None:
        return set()
    bases = facts.analysis.bases.get(method.parent, ())
    return {
        inherited.name
        for base in bases
        for inherited in facts.members(facts.definitions[base])
    }


def _weight(facts: CourseFacts, function: Definition) -> int:
    """Rate how much a function brings together: what it calls, and how much code calls it."""
    called = {reference.target for reference in facts.out[function.index]}
    callers = facts.callers(function.index)
    outward = min(len(called), _MOST_WEIGHT)
    inward = min(len(callers), _MOST_WEIGHT)
    return 2 * outward + inward


def calls(facts: CourseFacts, function: Definition, code: str) -> bool:
    """Tell whether an example calls a function: by its name, or on a value of its type."""
    if function.parent is None:
        return re.search(citations.call_pattern(function), code) is not None
    owner = re.escape(facts.definitions[function.parent].name)
    name = re.escape(function.name)
    direct = rf"\b{owner}(?:\([^()]*\))?\.{name}\("
    if re.search(direct, code):
        return True
    values = re.findall(
        rf"(\w+)\s*(?::\s*\w+\s*)?:?=\s*(?:await |new |&)?(?:\w+\.)*{owner}\s?[({{]",
        code,
    )
    return any(
        re.search(rf"\b{value}\.{name}\(", code) for value in set(values)
    )


def constructor(facts: CourseFacts, symbol: Definition) -> Definition | None:
    """Return the method that makes a value of a type, by the habits of the languages."""
    names = {"__init__", "constructor", "new", "__new__", symbol.name}
    for method in facts.methods(symbol):
        if method.name in names:
            return method
    return None


def _text_places(facts: CourseFacts, chapter: Chapter) -> Iterator[KeyPlace]:
    """Yield the sections of documents, or the named lines of files without a grammar."""
    for mark in outline.marks(facts, chapter):
        excerpt = excerpts.of_lines(facts, mark.path, mark.line, mark.end_line)
        if excerpt is not None:
            yield KeyPlace(excerpt=excerpt, definition=None, title=mark.title)
