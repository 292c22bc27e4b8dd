"""The content of a prompt about one chapter, and what its answer may refer to."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from worker.engines.claude import failing as failing_code
from worker.engines.claude import outline, own_tests, prompt
from worker.engines.claude.blocks import Lines
from worker.engines.claude.outline import most_used
from worker.engines.claude.shown import Shown, plain, shown_path
from worker.engines.claude.source import code_of, lines_of
from worker.engines.static.facts import (
    TYPES,
    Definition,
    Relation,
    Role,
)
from worker.engines.static.pages import (
    examples,
    failures,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function

Value = TypeVar("Value")

EXAMPLES_SHARE: Final = 12_000
TESTS_SHARE: Final = 12_000
BEGINNINGS_SHARE: Final = 15_000
_OPENING: Final = 12
"""How many lines of a chapter's main subject the overview is based on."""
_OPENED: Final = 3
_METHOD: Final = 7
"""How many lines of each of its methods."""
_CALLS: Final = 60
_CALLING: Final = 40
"""How many functions of a chapter have their calls listed."""
_NEIGHBOURS: Final = 20
_EXAMPLES: Final = 6
_TESTS: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class CallSite:
    """A call from one definition to another."""

    caller: Definition
    called: Definition
    line: int
    inner: str
    """The function inside the caller that makes the call; empty if the caller itself does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What an answer may refer to."""

    shown: Shown
    relations: dict[str, Relation]
    calls: dict[str, CallSite]
    commands: dict[str, str]


def relations_of(facts: CourseFacts) -> dict[str, Relation]:
    """Return the relations between a course's units by their ids."""
    return numbered("R", facts.analysis.relations)


def calls_of(facts: CourseFacts, chapter: Chapter) -> dict[str, CallSite]:
    """Return the calls made by a chapter's functions by their ids, each once."""
    sites: dict[tuple[int, int], CallSite] = {}
    functions = code_of(facts, chapter).functions()
    for function in functions[:_CALLING]:
        caller = function.index
        for call, callee in facts.all_calls(caller):
            ends = (caller, callee.index)
            site = CallSite(
                caller=function,
                called=callee,
                line=call.line,
                inner=call.inner,
            )
            sites.setdefault(ends, site)
    unique = list(sites.values())
    return numbered("K", unique[:_CALLS])


def numbered(letter: str, values: Iterable[Value]) -> dict[str, Value]:
    """Return values by their ids: a letter, and a number counted from 1."""
    by_id: dict[str, Value] = {}
    for number, value in enumerate(values, 1):
        key = f"{letter}{number}"
        by_id[key] = value
    return by_id


def uses(facts: CourseFacts, chapter: Chapter, shown: Shown) -> str:
    """Return uses of a chapter's subject in documents, examples and docstrings."""
    places = examples.found(facts, chapter)
    return _places(shown, places[:_EXAMPLES], EXAMPLES_SHARE)


def tests(facts: CourseFacts, chapter: Chapter, shown: Shown) -> str:
    places = own_tests.found(facts, chapter)
    return _places(shown, places[:_TESTS], TESTS_SHARE)


class _Place(Protocol):
    """Where the analysis has found an example or a test."""

    @property
    def path(self) -> str: ...
    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...


def _places(shown: Shown, places: Sequence[_Place], share: int) -> str:
    """Return places that are not shown yet, as far as there is room."""
    pieces: list[str] = []
    left = share
    for place in places:
        path = place.path
        first = place.first
        last = place.last
        lines = Lines(path, first, last)
        if not shown.fault(lines):
            continue
        numbers = range(first, last + 1)
        left -= shown.size(path, numbers)
        if left < 0:
            break
        piece = shown.file(path, numbers)
        pieces.append(piece)
    return prompt.joined(*pieces)


def beginnings(facts: CourseFacts, shown: Shown) -> str:
    """Return the beginnings of all chapters' subjects and of their most used methods, numbered."""
    wanted: dict[str, set[int]] = defaultdict(set)
    left = BEGINNINGS_SHARE
    for definition, most in _openings(facts):
        path = definition.path
        lines = lines_of(facts, definition)
        beginning = lines[:most]
        left -= shown.size(path, beginning)
        if left < 0:
            break
        numbers = wanted[path]
        numbers.update(beginning)
    return shown.files(wanted)


def _openings(facts: CourseFacts) -> Iterator[tuple[Definition, int]]:
    """Yield definitions with how many of their lines are shown, taking each chapter in turn."""
    main: list[Definition] = []
    for unit in facts.analysis.units:
        if not unit.symbols:
            continue
        index = unit.symbols[0]
        main.append(facts.definitions[index])
    for definition in main:
        yield definition, _OPENING
    for definition in main:
        for method in _opened(facts, definition):
            yield method, _METHOD


def _opened(facts: CourseFacts, definition: Definition) -> list[Definition]:
    """Return the methods whose beginnings are shown with that of their type."""
    opened: list[Definition] = []
    for method in most_used(facts, definition):
        if method.name.startswith("_"):
            continue
        opened.append(method)
    return opened[:_OPENED]


def failing(facts: CourseFacts, chapter: Chapter) -> str:
    """Return how the chapter's functions fail, according to the analysis."""
    sentences = [
        *failing_code.sentences(facts, chapter),
        *failures.cautions(facts, chapter),
    ]
    return plain(sentences, "failures")


def neighbours(facts: CourseFacts, chapter: Chapter) -> str:
    """Return what the chapter's code uses of other chapters, then what uses the chapter."""
    unit = chapter.unit
    own = set(facts.family(unit.owned))
    subjects = facts.family(unit.symbols)
    used = _used(facts, subjects)
    using = _using(facts, subjects)
    own_or_used = own | used.keys()
    rows = [
        *_neighbour_rows(facts, used, own, "used:"),
        *_neighbour_rows(facts, using, own_or_used, "uses it:"),
    ]
    return plain(rows, "neighbours")


def _used(facts: CourseFacts, subjects: Iterable[int]) -> Counter[int]:
    """Count how often each definition is used by the given ones."""
    used: Counter[int] = Counter()
    for subject in subjects:
        for reference in facts.out[subject]:
            used[reference.target] += reference.count
    return used


def _using(facts: CourseFacts, subjects: Iterable[int]) -> Counter[int]:
    """Count how often each definition uses the given ones."""
    using: Counter[int] = Counter()
    for subject in subjects:
        for reference in facts.into[subject]:
            user = reference.source
            if user is None:
                continue
            using[user] += reference.count
    return using


def _neighbour_rows(
    facts: CourseFacts,
    counts: Counter[int],
    left_out: Container[int],
    verb: str,
) -> Iterator[str]:
    """Yield rows of definitions outside a chapter, the most frequent first."""
    neighbouring: list[Definition] = []
    for index, _ in counts.most_common():
        if index in left_out:
            continue
        definition = facts.definitions[index]
        if _is_neighbour(facts, definition):
            neighbouring.append(definition)
    for definition in neighbouring[:_NEIGHBOURS]:
        row = outline.signature(facts, definition)
        owner = facts.owner(definition.index)
        if owner is not None:
            number = owner.entry.index
            row = f"[[{number}]] {row}"
        yield f"{verb} {row}"


def _is_neighbour(facts: CourseFacts, definition: Definition) -> bool:
    file = facts.file(definition.path)
    if file.role is not Role.SOURCE:
        return False
    if definition.kind in TYPES:
        return True
    return is_function(definition)


def relation_rows(
    facts: CourseFacts,
    relations: dict[str, Relation],
    ids: Sequence[str],
) -> list[str]:
    """Return relations as rows: id, chapters' ids, verb, place, and the line that shows it."""
    rows: list[str] = []
    for key, relation in relations.items():
        source = ids[relation.source]
        target = ids[relation.target]
        chapters = f"{source} \u2192 {target}"
        statement = _statement(facts, relation)
        evidence = evidence_line(facts, relation)
        row = f"{key} {chapters}: {statement} {evidence}"
        rows.append(row.rstrip())
    return rows


def _statement(facts: CourseFacts, relation: Relation) -> str:
    """Return a relation as a sentence, with its place."""
    subject, object_ = relation_ends(facts, relation)
    sentence = f"{subject} {relation.verb} {object_}"
    place = _place(relation.path, relation.line)
    return f"{sentence} {place}"


def _place(path: str, line: int) -> str:
    """Return a place in parentheses, for the end of a row."""
    visible = shown_path(path)
    return f"({visible}:{line})"


def relation_ends(facts: CourseFacts, relation: Relation) -> tuple[str, str]:
    """Return the names at both ends of a relation: definitions, or the chapters' subjects."""
    source = _end(facts, relation.subject, relation.source)
    target = _end(facts, relation.object, relation.target)
    return source, target


def _end(facts: CourseFacts, definition: int | None, unit: int) -> str:
    if definition is not None:
        named = facts.definitions[definition]
        return named.qualified
    chapter = facts.analysis.units[unit]
    return chapter.name


def evidence_line(facts: CourseFacts, relation: Relation) -> str:
    """Return the line that shows a relation."""
    if relation.code:
        return relation.code
    lines = facts.texts.lines(relation.path)
    if relation.line > len(lines):
        return ""
    line = lines[relation.line - 1]
    return line.strip()


def call_rows(calls: dict[str, CallSite]) -> list[str]:
    rows: list[str] = []
    for key, site in calls.items():
        caller = site.caller
        callee = called(site.called)
        who = caller.qualified
        if site.inner:
            who = f"{site.inner}, a function inside {who},"
        sentence = f"{who} calls {callee}"
        place = _place(caller.path, site.line)
        row = f"{key} {sentence} {place}"
        rows.append(row)
    return rows


def called(definition: Definition) -> str:
    """Return a definition's name in the form of a call."""
    name = definition.qualified
    if is_function(definition):
        return f"{name}()"
    return f"{name}(…)"
