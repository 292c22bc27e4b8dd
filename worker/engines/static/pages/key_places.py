"""Chooses the code that a chapter shows: what users call, and what does the work."""

import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind, Role
from worker.engines.static.pages import (
    call_path,
    examples,
    excerpts,
    member_lists,
    outline,
    told_calls,
    walkthrough,
)
from worker.engines.static.pages.code_calls import calls_in
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    is_function,
    remembered,
)
from worker.engines.static.pages.examples import ExampleOrigin
from worker.engines.static.pages.excerpts import Excerpt
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.prose import deprecation

MOST: Final = 4
_MOST_CONNECTED: Final = 6
"""Places, if the last ones call another or are called by it, the sixth one of kin."""
_PER_TYPE: Final = 3
"""Methods of the chapter's first type."""
_TRIVIAL: Final = 2
"""A function with no more lines of its own shows nothing."""
_SHORT_TYPE: Final = 16
"""Lines of a type that is shown whole."""
_MINOR: Final = re.compile(r"TEST_|test_|(?:to|from)_(?:\w+_)?(?:dict|json)$")
"""Methods that are for tests, or only write a value in another form."""
_HELPER: Final = re.compile(
    r"__(?:reduce|getstate|setstate|getnewargs|copy|deepcopy|repr)\w*__$"
    r"|__(?:sleep|wakeup|(?:un)?serialize|clone)$"
)
"""Methods that Python and PHP call to copy, to pickle or to print a value."""
_MIXED_IN: Final = frozenset({Kind.MODULE, Kind.TRAIT, Kind.INTERFACE})
_NOT_IMPLEMENTED: Final = "NotImpl"
"""The beginning of the errors of methods that are left to subtypes."""
_FEWEST_FIELDS: Final = 2
_MOST_TOLD: Final = 3
_MOST_USED: Final = 3
_INHERITED: Final = 0.5
_CLEARLY_TOLD: Final = 1.5
_PRIVATE: Final = 2
_SMALL: Final = 2
"""What a private function, and one that only gives or sets a value, is worth less."""
_TIED: Final = 1.0
_KIN: Final = 2.5
_BETWEEN: Final = 1.5
"""What a call to or from a shown function is worth, a shared name, and both calls together."""
_NEAR_BEST: Final = 14
"""Candidates that are looked at."""
_LEAF: Final = 1
"""What a method that uses nothing of the project is worth less."""
_FEW_STATEMENTS: Final = 2
_ALIAS: Final = re.compile(r"\w+ *= *(\w+)")
_WORD: Final = re.compile(r"\w+")
_CALLED: Final = re.compile(r"(?<=\.)[\w$]+|\b[\w$]+(?=\s?\()")
"""A name of code that is called, or a value's attribute."""
_DIFFERING: Final = 3
_FUNCTIONS_DIFFERING: Final = 8
"""One word in this many must be new for a value, or a function, to count as new."""
_IN_NAME: Final = re.compile(r"[\w.]")
_ACCESSOR: Final = re.compile(r"(?:get|set|has|is|list|iter)_")
_LISTED: Final = 2.0
"""What the first place in a list of documents is worth."""
_OFTEN: Final = 2
"""Calls in documents that show that users call a method."""
_EXAMPLE_WEIGHT: Final = 3
"""What an example counts for, where a test counts for one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyPlace:
    """A place to look at."""

    excerpt: Excerpt
    definition: Definition | None
    title: str = ""
    """Of a place without a definition: its heading."""
    is_inside: bool = False
    """Whether users do not call it."""
    room: float = 1
    """What it takes of a chapter: half a place, if documents call it and it is small."""


@remembered
def chosen(facts: CourseFacts, chapter: Chapter) -> list[KeyPlace]:
    """Return the places that a chapter shows, in the order in which to read them."""
    if not chapter.unit.symbols:
        text_places = _text_places(facts, chapter)
        return list(text_places)[:MOST]
    places = _of_subjects(facts, chapter)
    candidates = _candidates(facts, chapter)
    left = list(dict.fromkeys(candidates))
    while left and _room(places) < _MOST_CONNECTED:
        definition = _following(facts, chapter, places, left)
        if definition is None:
            break
        left.remove(definition)
        place = _telling(facts, definition)
        _add(facts, places, place)
    ordered = [
        replace(place, is_inside=_is_inside(facts, chapter, place))
        for place in _in_call_order(facts, places)
    ]
    ordered.sort(key=lambda place: _as_met(facts, chapter, place))
    return ordered


def _of_subjects(facts: CourseFacts, chapter: Chapter) -> list[KeyPlace]:
    """Return the places that explain what the title names, and the methods users call most."""
    places: list[KeyPlace] = []
    for symbol in facts.named(chapter):
        best = _place_of(facts, chapter, symbol)
        _add(facts, places, best)
        for place in _told_places(facts, symbol):
            room = place.room + _room(places)
            if room <= MOST - 1:
                _add(facts, places, place)
    return places


def _room(places: Iterable[KeyPlace]) -> float:
    """Return what places take of a chapter."""
    return sum(place.room for place in places)


def _as_met(
    facts: CourseFacts, chapter: Chapter, place: KeyPlace
) -> tuple[bool, float, float]:
    """Return what sorts places: calls of the example, then a listed type's methods by worth.

    The inside is last.
    """
    definition = place.definition
    if definition is None:
        return place.is_inside, 0, 0
    called = _in_examples(facts, chapter)
    met = called.get(definition.name, len(called))
    if _position(facts, definition) is None:
        return place.is_inside, met, 0
    worth = _worth(facts, chapter, definition)
    return place.is_inside, met, -worth


@remembered
def _in_examples(facts: CourseFacts, chapter: Chapter) -> dict[str, int]:
    """Return the place of each name that a chapter's examples call, in their order."""
    steps = walkthrough.steps(facts, chapter)
    best = examples.best(facts, chapter)
    shown = [step.extent for step in steps]
    shown += [example.extent for example in best]
    places: dict[str, int] = {}
    for path, first, last in shown:
        lines = facts.texts.lines(path)
        code = "\n".join(lines[first - 1 : last])
        for name in _CALLED.findall(code):
            places.setdefault(name, len(places))
    return places


def _is_inside(facts: CourseFacts, chapter: Chapter, place: KeyPlace) -> bool:
    """Whether users do not call a function: it is private, and the title does not name it."""
    definition = place.definition
    if definition is None or not is_function(definition):
        return False
    if definition in facts.named(chapter):
        return False
    name = definition.name
    is_hidden = name.startswith("_") and not name.startswith("__")
    return is_hidden or not definition.public


def _following(
    facts: CourseFacts,
    chapter: Chapter,
    places: Sequence[KeyPlace],
    left: Sequence[Definition],
) -> Definition | None:
    """Return what to show next: the best candidate, or one that calls or is called by a place."""
    shown = [
        place.definition for place in places if place.definition is not None
    ]
    ties = {
        candidate: tie
        for candidate in left[:_NEAR_BEST]
        if (tie := _tie(facts, candidate, shown))
    }

    def worth(candidate: Definition) -> float:
        own = _worth(facts, chapter, candidate)
        return own + ties.get(candidate, 0)

    best = max(ties, key=worth, default=None)
    room = _room(places)
    if room > MOST:
        if best is None or ties[best] < _TIED + _KIN:
            return None
        return best
    if room > MOST - 1:
        return best
    first = left[0]
    if best is None or (is_function(first) and worth(best) < worth(first)):
        return first
    return best


def _tie(
    facts: CourseFacts, candidate: Definition, shown: Iterable[Definition]
) -> float:
    """Rate how a function is tied to those shown by a call; 0 if it is not."""
    if not is_function(candidate) or _is_small(facts, candidate):
        return 0
    own = called_by(facts, candidate)
    is_caller = candidate.parent is not None and any(
        other in own and other.parent == candidate.parent
        for other in shown
        if not _is_small(facts, other)
    )
    tie = _TIED * is_caller
    for other in shown:
        if candidate not in called_by(facts, other):
            continue
        are_kin = _are_kin(candidate.name, other.name)
        worth = _TIED + _KIN * are_kin
        if call_path.is_always_called(facts, other, candidate):
            worth += _TIED + _BETWEEN * is_caller
        tie = max(tie, worth)
    return tie


def _are_kin(name: str, other: str) -> bool:
    """Whether one of two names holds the other: what it does is the other's work."""
    names = name.strip("_"), other.strip("_")
    shorter, longer = sorted(names, key=len)
    return shorter in longer


@remembered
def called_by(facts: CourseFacts, caller: Definition) -> list[Definition]:
    """Return the functions that a function calls, constructors of types too, in order."""
    functions: list[Definition] = []
    if not is_function(caller):
        return functions
    for _, called in facts.calls(caller.index):
        function: Definition | None = called
        if called.kind in TYPES:
            function = constructor(facts, called)
        if function is not None and is_function(function):
            functions.append(function)
    return functions


def _root(
    facts: CourseFacts, function: Definition, shown: Iterable[Definition]
) -> Definition:
    """Return the public method of the same type from which calls lead to a method."""
    seen = [function]
    for current in seen:
        callers = [
            other
            for other in shown
            if other not in seen
            and current.parent is not None
            and not other.name.startswith("_")
            and call_path.is_beside(current, other)
            and current in called_by(facts, other)
        ]
        seen += callers[:1]
    return seen[-1]


def _by_common_callers(
    facts: CourseFacts, shown: list[Definition]
) -> list[Definition]:
    """Put a method before one of its type that is called after it wherever both are."""
    ordered: list[Definition] = []
    for function in shown:
        later = [
            place
            for place, other in enumerate(ordered)
            if other.parent is not None
            and other.parent == function.parent
            and _is_called_before(facts, function, other)
        ]
        position = min(later, default=len(ordered))
        ordered.insert(position, function)
    return ordered


def _is_called_before(
    facts: CourseFacts, function: Definition, other: Definition
) -> bool:
    """Whether some function calls one function before another, and none calls it after."""
    sources = [
        {reference.source for reference in facts.into[each.index]} - {None}
        for each in (function, other)
    ]
    is_before = False
    for source in sources[0] & sources[1]:
        if source is None:
            continue
        called = [
            target
            for _, target in facts.calls(source)
            if target in {function, other}
        ]
        if called and called[0] == other:
            return False
        is_before = is_before or bool(called)
    return is_before


def _in_call_order(
    facts: CourseFacts, places: Sequence[KeyPlace]
) -> list[KeyPlace]:
    """Sort places as a use goes through them: a caller, then what it calls, in its order."""
    by_definition = {
        place.definition: place
        for place in places
        if place.definition is not None
    }
    ordered: dict[Definition, KeyPlace] = {}

    def visit(definition: Definition) -> None:
        if definition in ordered:
            return
        ordered[definition] = by_definition[definition]
        for called in called_by(facts, definition):
            if called in by_definition:
                visit(called)

    for definition in _by_common_callers(facts, list(by_definition)):
        visit(_root(facts, definition, by_definition))
        visit(definition)
    unnamed = [place for place in places if place.definition is None]
    return [*ordered.values(), *unnamed]


def _telling(facts: CourseFacts, definition: Definition) -> KeyPlace | None:
    excerpt = excerpts.of_definition(facts, definition)
    if excerpt is None or not excerpt.is_telling:
        return None
    is_told = told_calls.count(facts, definition) >= _OFTEN
    is_half = is_told and _is_small(facts, definition)
    room = 1 - is_half / 2
    return KeyPlace(excerpt=excerpt, definition=definition, room=room)


def _add(
    facts: CourseFacts, places: list[KeyPlace], place: KeyPlace | None
) -> None:
    """Add a place unless it is shown already."""
    if place is None:
        return
    definition = place.definition
    for other in places:
        if definition is None or other.definition is None:
            continue
        if other.definition.qualified == definition.qualified:
            return
    if not _is_shown(facts, place, places):
        places.append(place)


def _words(facts: CourseFacts, excerpt: Excerpt) -> Counter[str]:
    lines = facts.texts.lines(excerpt.path)
    words: Counter[str] = Counter()
    for first, last in excerpt.spans:
        shown = "\n".join(lines[first - 1 : last])
        words.update(words_of(shown))
    return words


def _told_places(facts: CourseFacts, symbol: Definition) -> list[KeyPlace]:
    """Return the public methods of a type that documents call most, short ones first."""
    ranked = []
    for method in _methods(facts, symbol):
        calls = told_calls.count(facts, method)
        is_often_called = method.public and calls >= _OFTEN
        if is_often_called and not deprecation.notice(method):
            length = _length(facts, method)
            worth = calls / math.sqrt(1 + length)
            ranked.append((-worth, method.index, method))
    unlike: dict[Definition, Definition] = {}
    for _, _, method in sorted(ranked):
        worker = call_path.worker(facts, method)
        unlike.setdefault(worker, method)
    places = []
    for method in unlike.values():
        place = _telling(facts, method)
        if place is not None:
            places.append(place)
    return places


def _place_of(
    facts: CourseFacts, chapter: Chapter, symbol: Definition
) -> KeyPlace | None:
    """Return the code that explains a definition best: a method's, or its own lines."""
    symbol = _meant(facts, symbol)
    candidates = _of_symbol(facts, chapter, symbol, _PER_TYPE)
    for definition in candidates:
        place = _telling(facts, definition)
        if place is not None:
            return place
    excerpt = excerpts.of_definition(facts, symbol)
    if excerpt is None:
        return None
    return KeyPlace(excerpt=excerpt, definition=symbol)


def _is_shown(
    facts: CourseFacts, new_place: KeyPlace, places: Iterable[KeyPlace]
) -> bool:
    """Whether an excerpt lies within another, or hardly differs from it."""
    excerpt = new_place.excerpt
    definition = new_place.definition
    differing = _DIFFERING
    if definition is not None and is_function(definition):
        differing = _FUNCTIONS_DIFFERING
    words = _words(facts, excerpt)
    for place in places:
        other = place.excerpt
        if other.path != excerpt.path:
            continue
        new = words - _words(facts, other)
        is_alike = new.total() * differing < words.total()
        if is_alike or _lies_within(excerpt, other):
            return True
    return False


def _lies_within(excerpt: Excerpt, other: Excerpt) -> bool:
    """Whether all lines of an excerpt are among those that one span of another shows."""
    first, _ = excerpt.spans[0]
    _, last = excerpt.spans[-1]
    return any(begin <= first and last <= end for begin, end in other.spans)


def _candidates(facts: CourseFacts, chapter: Chapter) -> Iterator[Definition]:
    symbols = facts.symbols(chapter)
    main, *others = [_meant(facts, symbol) for symbol in symbols]
    yield from _of_symbol(facts, chapter, main, _PER_TYPE)
    for symbol in others:
        yield from _of_symbol(facts, chapter, symbol, 1)
    functions = []
    for index in chapter.unit.owned:
        definition = facts.definitions[index]
        is_helper = _HELPER.match(definition.name) is not None
        if is_function(definition) and not is_helper:
            functions.append(definition)
    yield from _by_use(facts, chapter, functions)


def _meant(facts: CourseFacts, symbol: Definition) -> Definition:
    """Return what an alias stands for, if its own file defines that."""
    text = facts.text(symbol)
    alias = _ALIAS.fullmatch(text.strip())
    if alias is None:
        return symbol
    name = alias[1]
    for other in facts.definitions:
        if other.path != symbol.path:
            continue
        if other.qualified == name:
            return other
    return symbol


def _of_symbol(
    facts: CourseFacts, chapter: Chapter, symbol: Definition, most: int
) -> Iterator[Definition]:
    is_type = symbol.kind in TYPES
    if not is_type and not symbol.members:
        is_long = symbol.end_line > symbol.line
        if is_long or most > 1:
            yield symbol
        return
    if _is_worth_showing(facts, symbol):
        yield symbol
    ranked = _workers(facts, chapter, symbol)
    yield from ranked[:most]
    maker = constructor(facts, symbol)
    if maker is not None and len(ranked) < MOST:
        yield maker
    yield from ranked[most:]


def _workers(
    facts: CourseFacts, chapter: Chapter, symbol: Definition
) -> list[Definition]:
    """Return what does the work of the methods of a type, the most used first."""
    maker = constructor(facts, symbol)
    methods = [
        method
        for method in _methods(facts, symbol)
        if method is not maker and _does_something(facts, method)
    ]
    by_use = _by_use(facts, chapter, methods)
    return [call_path.worker(facts, method) for method in by_use]


def _methods(facts: CourseFacts, symbol: Definition) -> Iterator[Definition]:
    """Yield the methods of a type and of what it is made of; a subtype's where it has stubs."""
    stubs: list[str] = []
    for owner in (symbol, *_namesakes(facts, symbol)):
        for method in facts.methods(owner):
            if is_stub(facts, method):
                stubs.append(method.name)
            else:
                yield method
    for module in _mixed_in(facts, symbol):
        for method in facts.methods(module):
            if not is_stub(facts, method):
                yield method
    if stubs:
        yield from _fulfilled(facts, symbol, stubs)


def _namesakes(facts: CourseFacts, symbol: Definition) -> list[Definition]:
    bases = _bases(facts, symbol)
    return [base for base in bases if base.name == symbol.name]


def _mixed_in(facts: CourseFacts, symbol: Definition) -> list[Definition]:
    """Return the modules and traits of a type's own chapter whose methods the type has."""
    own = facts.owner(symbol.index)
    return [
        base
        for base in _bases(facts, symbol)
        if base.kind in _MIXED_IN and facts.owner(base.index) is own
    ]


def _bases(facts: CourseFacts, symbol: Definition) -> list[Definition]:
    indexes = facts.analysis.bases.get(symbol.index, ())
    return [facts.definitions[index] for index in indexes]


def _fulfilled(
    facts: CourseFacts, symbol: Definition, stubs: Container[str]
) -> list[Definition]:
    """Return the methods of the subtype whose code for some stubs reaches most."""
    best: list[Definition] = []
    most = -1
    for subtype in facts.subtypes(symbol.index):
        methods = facts.methods(subtype)
        own = [method for method in methods if method.name in stubs]
        reached = sum(call_path.reach(facts, method) for method in own)
        if reached > most:
            best = own
            most = reached
    return best


def is_stub(facts: CourseFacts, method: Definition) -> bool:
    """Whether a method only fails or does nothing, and is left to subtypes."""
    inside = facts.function(method.index)
    if inside is None:
        return False
    if _NOT_IMPLEMENTED not in facts.text(method):
        return inside.is_empty
    raised = set()
    for cause in inside.raises:
        if _NOT_IMPLEMENTED in cause.what:
            raised.add(cause.line)
    first, last = inside.doc or (0, 0)
    for statement in inside.statements:
        is_doc = first <= statement.first <= last
        if not is_doc and statement.first not in raised:
            return False
    return True


def _does_something(facts: CourseFacts, method: Definition) -> bool:
    """Whether a method has work to show, and is not declared for subclasses or tests."""
    lines = method.end_line - method.line
    if lines <= _TRIVIAL:
        return False
    if _MINOR.match(method.name) or _HELPER.match(method.name):
        return False
    inside = facts.function(method.index)
    if inside is None:
        return False
    return bool(inside.statements)


def _is_worth_showing(facts: CourseFacts, symbol: Definition) -> bool:
    """Whether a type's own lines say something: it is short, or has fields."""
    if symbol.kind in {Kind.INTERFACE, Kind.TRAIT, Kind.ENUM}:
        return True
    lines = symbol.end_line - symbol.line
    if lines < _SHORT_TYPE:
        return lines > _TRIVIAL
    methods = facts.methods(symbol)
    does_something = any(_does_something(facts, method) for method in methods)
    if does_something:
        return False
    function = facts.function(symbol.index)
    if function is None:
        return False
    return len(function.statements) >= _FEWEST_FIELDS


@remembered
def uses(facts: CourseFacts, chapter: Chapter) -> Counter[str]:
    """Count how many examples and tests call each name; an example counts more than a test."""
    counted: Counter[str] = Counter()
    functions = facts.functions(chapter)
    for example in examples.found(facts, chapter):
        lines = examples.lines(facts, example)
        code = "\n".join(lines)
        calls = calls_in(facts, code)
        called = set()
        for function in functions:
            name = function.name
            if name in calls.words and calls.leads_to(facts, function):
                called.add(name)
        weight = _EXAMPLE_WEIGHT
        if example.origin is ExampleOrigin.TEST:
            weight = 1
        for name in called:
            counted[name] += weight
    return counted


def _by_use(
    facts: CourseFacts, chapter: Chapter, functions: Iterable[Definition]
) -> list[Definition]:
    """Sort functions: those that guides and examples name, and from which much code is reached.

    Leave out those that are deprecated, unless all are.
    """

    def rank(function: Definition) -> tuple[float, int]:
        worth = _worth(facts, chapter, function)
        return -worth, function.index

    ordered = sorted(functions, key=rank)
    current = [each for each in ordered if not deprecation.notice(each)]
    return current or ordered


@remembered
def _worth(facts: CourseFacts, chapter: Chapter, function: Definition) -> float:
    told = _worth_to_users(facts, chapter, function)
    reach = call_path.reach(facts, function)
    called = len(facts.callers(function.index))
    name = function.name
    length = _length(facts, function)
    worth = told + _listed(facts, function)
    worth += math.log1p(reach)
    worth += math.log1p(called) / 2
    worth += math.log1p(length) / 2
    if _is_inherited(facts, function):
        worth += _INHERITED
    if not function.public or name.startswith("_"):
        worth -= _PRIVATE
    is_clear = told >= _CLEARLY_TOLD and reach > 0
    is_slight = _is_small(facts, function) or _ACCESSOR.match(name)
    if is_slight and not is_clear:
        worth -= _SMALL
    is_property = any("property" in mark for mark in function.decorators)
    if is_property:
        worth -= _SMALL
    if function.parent is not None and not facts.out[function.index]:
        worth -= _LEAF
    return worth


def _worth_to_users(
    facts: CourseFacts, chapter: Chapter, function: Definition
) -> float:
    """Rate how often documents, examples and tests name a function."""
    counts = uses(facts, chapter)
    times_used = counts[function.name]
    told = _told(facts, function) + min(times_used, _MOST_USED)
    if told:
        return told
    tests = _tested(facts, function)
    return math.log1p(tests) / 2


def _listed(facts: CourseFacts, function: Definition) -> float:
    """Rate the place of a method in the lists of documents."""
    place = _position(facts, function)
    if place is None:
        return 0
    return _LISTED / (1 + place / _LISTED)


def _position(facts: CourseFacts, function: Definition) -> int | None:
    """Return where documents list a method of its type; None if they do not."""
    if function.parent is None:
        return None
    owner = facts.definitions[function.parent]
    positions = member_lists.positions(facts, owner)
    return positions.get(function.name)


def _tested(facts: CourseFacts, function: Definition) -> int:
    """Return how many tests name a method, if no guide names any method of its type."""
    if function.parent is None:
        return 0
    owner = facts.definitions[function.parent]
    siblings = facts.methods(owner)
    is_type_told = any(_told(facts, sibling) for sibling in siblings)
    if is_type_told:
        return 0
    name = function.name
    owners = {other.parent for other in facts.by_name[name]}
    if len(owners) > 1:
        return 0
    mentions = facts.analysis.mentions.get(name, ())
    roles = [facts.file(path).role for path in mentions]
    return roles.count(Role.TEST)


def _length(facts: CourseFacts, function: Definition) -> int:
    inside = facts.function(function.index)
    if inside is None:
        return 0
    return len(inside.statements)


def _is_inherited(facts: CourseFacts, method: Definition) -> bool:
    """Whether a base of its type has a method too, through which users call it."""
    if method.parent is None:
        return False
    bases = facts.analysis.bases.get(method.parent, ())
    return any(
        method.name == member.name
        for base in bases
        for member in facts.members(facts.definitions[base])
    )


@remembered
def _told(facts: CourseFacts, function: Definition) -> float:
    """Rate how often documents and examples name a function, with its type or by a call."""
    name = function.name
    qualified = name
    if function.parent is not None:
        parent = facts.definitions[function.parent]
        qualified = f"{parent.name}.{name}"
    calls = (f".{name}(", f".{name}`", f"~{name}(", f"~{name}`")
    told = 0.0
    for text in told_calls.texts(facts, name):
        told += _names(text, qualified)
        has_call = any(call in text for call in calls)
        if has_call:
            told += 0.5
        if told >= _MOST_TOLD:
            break
    return min(told, _MOST_TOLD)


def _names(text: str, name: str) -> bool:
    """Whether a text has a name: a plain one as no part of a longer one."""
    place = text.find(name)
    while place >= 0:
        end = place + len(name)
        before = text[place - 1 : place]
        is_apart = "." in name or not _IN_NAME.match(before)
        if is_apart and not _WORD.match(text, end):
            return True
        place = text.find(name, end)
    return False


def _is_small(facts: CourseFacts, function: Definition) -> bool:
    return _length(facts, function) <= _FEW_STATEMENTS


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
