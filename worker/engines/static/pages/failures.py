"""What can go wrong in a chapter's code: failures with all their conditions, and other cautions."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.linking.usage import is_interface
from worker.engines.static.pages import (
    citations,
    exceptions,
    markdown,
)
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    last_name,
    remembered,
)
from worker.engines.static.pages.excerpts import Excerpt
from worker.engines.static.parsing.function_facts import CAUGHT, Handler, Raise
from worker.engines.static.parsing.node_types import FAILURE_WORDS
from worker.engines.static.prose.phrases import capital, listed

_MOST_FUNCTIONS: Final = 80
_MOST: Final = 12
_MOST_ROWS: Final = 6
_MOST_WAYS: Final = 2
_MOST_TOGETHER: Final = 3
"""Functions that fail alike and are named."""
_LONGEST_REASON: Final = 160
"""Characters of conditions that are read."""
_EXPLAINING: Final = 40
"""Characters of a message that explains something."""
_ABSTRACT_STATEMENTS: Final = 2
"""Statements of a method that is left to subclasses: a docstring and a failure."""

_SETTING: Final = re.compile(
    r"(?:(?:os\.environ(?:\.get)?[\[(]|os\.getenv\(|process\.env\["
    r"|os\.(?:Getenv|LookupEnv)\(|env::var(?:_os)?\("
    r"|System\.getenv\(|\bgetenv\(|\bENV\[)\s*[\"']"
    r"|(?:process|import\.meta)\.env\.)([A-Z][A-Z\d_]+[A-Z\d])\b(?![\"']?\]?\s*=(?!=))"
)
_NO_CODE: Final = re.compile(r"string|comment")
"""Types of the nodes of documentation, of texts, and of comments."""
_ABSTRACT: Final = re.compile(r"\babstract\b")
_ABSTRACT_ERRORS: Final = frozenset({"NotImplementedError", "NotImplemented"})
_ALWAYS: Final = frozenset({"if `__debug__`"})
"""Conditions that hold wherever code is tried out."""
_SIMPLE: Final = re.compile(
    r"unless (`+)"
    r"((?!not .*\s(?:in|is|[=<>!]=?)\s)"
    r"(?!.*(?:\b(?:and|or|if|else|lambda|for)\b|:=|&&|\|\||\?))[^`…]+)\1"
)
"""A condition that excludes a single comparison."""
_OPPOSITES: Final = {
    " is not ": " is ",
    " not in ": " in ",
    " !== ": " === ",
    " != ": " == ",
    " is ": " is not ",
    " in ": " not in ",
    " === ": " !== ",
    " == ": " != ",
}
_HANDLING: Final = re.compile(r"except|catch|rescue")
_KIND: Final = re.compile(
    r"if `(?:isinstance\((?:e|ex|exc|err|error), ([^()]+|\([^()]+\))\)"
    r"|\$?(?:e|ex|err|error) instanceof (\S+))`"
)
"""A condition in a handler that says which error it has caught."""
_NAME: Final = re.compile(r"[A-Za-z_][\w.:]*")
_NEVER: Final = re.compile(
    r"(?:-> *[\"']?(?:\w+\.)*(?:NoReturn|Never)[\"']?|-> *!|\) *: *(?:never|Nothing))$"
)
"""The end of the signature of a function that does not return."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A way in which a function fails."""

    function: Definition
    cause: Raise


class _Way(NamedTuple):
    """A way in which a function fails, and its description."""

    function: Definition
    cause: Raise
    error: Definition | None
    """Its exception, if it is the project's."""
    named: str
    """The exception as code, by its own name."""
    caught: str
    """The errors in whose place it comes, in words."""
    reason: str
    """Its other conditions, in words."""
    worth: float = 0
    """How much the exception matters, if it is documented, or named by a test or a document."""


@remembered
def found(facts: CourseFacts, chapter: Chapter) -> list[Failure]:
    """Return the conditional failures of a chapter's functions, public functions first."""
    functions = facts.functions(chapter)[:_MOST_FUNCTIONS]
    functions.sort(key=_is_private)
    failing = of_functions(facts, functions)
    return list(filter(_is_met, failing))


def _is_met(failure: Failure) -> bool:
    """Whether a failure is no stub's, and has a condition, or is what its function is for."""
    cause = failure.cause
    if cause.what in _ABSTRACT_ERRORS:
        return False
    is_for = _NEVER.search(failure.function.signature) and cause.message
    return bool(cause.conditions or is_for)


def of_functions(
    facts: CourseFacts, functions: Iterable[Definition]
) -> list[Failure]:
    """Return the failures of functions, those without a condition too, in order."""
    return [
        Failure(function=function, cause=cause)
        for function in functions
        for cause in _causes(facts, function)
        if _names_an_error(cause)
    ]


def _causes(facts: CourseFacts, function: Definition) -> list[Raise]:
    text = facts.text(function)
    inside = None
    if any(word in text for word in FAILURE_WORDS):
        inside = facts.function(function.index)
    if inside is None:
        return []
    return inside.raises


def _names_an_error(cause: Raise) -> bool:
    """Whether a failure says which it is, and does not only pass a caught one on."""
    what = cause.what
    if not what:
        return bool(cause.message)
    if _NAME.fullmatch(what) is None:
        return False
    name = last_name(what)
    return name[:1].isupper()


def sentence(facts: CourseFacts, failure: Failure) -> str:
    """Return a failure as a sentence: who fails, with what, where, and under which conditions."""
    way = _way(facts, failure)
    return _told([way])


def _told(alike: Sequence[_Way], error: str = "", lead: str = "") -> str:
    """Return which functions fail in one way; with its message at the end, it has no full stop."""
    places = _places(alike)
    first = alike[0]
    cause = first.cause
    verb, _, rest = cause.verb.partition(" ")
    if first.caught:
        verb = "turns"
        rest = f"{first.caught} into"
    if len(places) > 1:
        verb = verb.removesuffix("s")
    who = listed([*places], _MOST_TOGETHER)
    shown_places = [*places.values()][:_MOST_TOGETHER]
    where = ", ".join(shown_places)
    reason = ""
    reasons = {way.reason for way in alike}
    if len(reasons) == 1:
        reason = first.reason
    named = error or first.named
    subject = capital(f"{lead}{who}")
    parts = subject, verb, rest, named, f"({where})", reason
    told = " ".join(filter(None, parts))
    if cause.message.endswith(('"', "'", "`")):
        code = markdown.code(cause.message)
        return f"{told}: {code}"
    return f"{told}."


def _places(ways: Iterable[_Way]) -> dict[str, str]:
    """Return the names of the functions that fail, each with the first place where it does."""
    places: dict[str, str] = {}
    for way in ways:
        function = way.function
        cause = way.cause
        name = citations.name(function)
        if cause.is_inner:
            name = f"a function inside {name}"
        place = citations.at(function.path, cause.line)
        places.setdefault(name, place)
    return places


def condition(conditions: Iterable[str]) -> str:
    """Return conditions as words: `if a and b unless c or d`."""
    plain = list(map(_plain, conditions))
    parts = (
        _joined("if ", "and", plain),
        _joined("unless ", "or", plain),
        _joined(CAUGHT, "and", plain),
    )
    told = filter(None, parts)
    return " ".join(told)


def _way(facts: CourseFacts, failure: Failure) -> _Way:
    cause = failure.cause
    what = cause.what
    function = failure.function
    path = function.path
    error = exceptions.raised(facts, function, what)
    name = last_name(what)
    if error is not None:
        name = error.name
    caught, others = _conditions(cause)
    reason = condition(others)
    instead = ""
    own = markdown.code(what)
    is_other = name and caught != [own]
    if is_other and len(caught) == 1:
        instead = exceptions.listed_in(facts, path, caught[0], name)
    elif caught:
        errors = listed(caught)
        reason = f"{CAUGHT}{errors} {reason}".strip()
    worth = exceptions.worth(facts, error)
    named = ""
    if what:
        named = exceptions.listed_in(facts, path, own, "")
    return _Way(function, cause, error, named, instead, reason, worth)


def _conditions(cause: Raise) -> tuple[list[str], list[str]]:
    """Return what is caught before a failure, and its other conditions."""
    caught: list[str] = []
    others = []
    for each in cause.conditions:
        kind = _KIND.fullmatch(each)
        if each.startswith(CAUGHT):
            caught.append(each.removeprefix(CAUGHT))
        elif caught and kind is not None:
            error = kind[1] or kind[2]
            caught[-1] = markdown.code(error)
        elif each not in _ALWAYS:
            others.append(each)
    return caught, others


def _plain(condition: str) -> str:
    """Return a condition without `unless`, where the opposite is as short as itself."""
    match = _SIMPLE.fullmatch(condition)
    if match is None:
        return condition
    mark, code = match.groups()
    if code.startswith("not "):
        positive = code.removeprefix("not ")
        return f"if {mark}{positive}{mark}"
    for operator, opposite in _OPPOSITES.items():
        if operator in code:
            left, _, right = code.partition(operator)
            return f"if {mark}{left}{opposite}{right}{mark}"
    return condition


def _joined(beginning: str, conjunction: str, conditions: Iterable[str]) -> str:
    kind = [
        condition.removeprefix(beginning)
        for condition in conditions
        if condition.startswith(beginning)
    ]
    if not kind:
        return ""
    return beginning + listed(kind, conjunction=conjunction)


def sentences(
    facts: CourseFacts, chapter: Chapter, shown: Sequence[Excerpt] = ()
) -> list[str]:
    """Return the failures that a user meets, a row each: first with its own exceptions.

    All failures with an exception of the project are one row. Others are told if no excerpt
    shows them.
    """
    kinds: dict[object, list[_Way]] = defaultdict(list)
    ways = [_way(facts, failure) for failure in found(facts, chapter)]
    ways.sort(key=partial(_rank, shown))
    for way in ways:
        path = way.function.path
        is_new = not _is_shown(shown, path, way.cause.line)
        if way.worth or (is_new and _is_telling(way)):
            key = way.error or _alike(way)
            kind = kinds[key]
            kind.append(_shortened(way))
    rows = list(kinds.values())
    others = rows[_MOST_ROWS:]
    leads = {way.function: "among others, " for row in others for way in row}
    return [_row(facts, row, leads) for row in rows[:_MOST_ROWS]]


def _rank(shown: Iterable[Excerpt], way: _Way) -> tuple[float, ...]:
    """Return what sorts ways: exceptions that matter, then functions that the chapter shows."""
    function = way.function
    message = way.cause.message
    is_shown = _is_shown(shown, function.path, function.line)
    return (
        way.worth == 0,
        _is_private(function),
        -way.worth,
        not is_shown,
        not message,
        "unless" in way.reason,
        len(message) < _EXPLAINING,
    )


def _row(
    facts: CourseFacts, kind: Sequence[_Way], leads: dict[Definition, str]
) -> str:
    """Return a failure as a sentence, or what an exception means and where it comes from."""
    first_way = kind[0]
    error = first_way.error
    if error is None:
        lead = leads.pop(first_way.function, "")
        return _told(kind, lead=lead)
    ways: dict[object, list[_Way]] = defaultdict(list)
    for way in kind:
        key: object = _alike(way)
        cause = way.cause
        if way.caught and not cause.is_inner:
            key = way.caught, cause.message
        ways[key].append(way)
    first_ways = list(ways.values())[:_MOST_WAYS]
    told = [_told(alike, "it") for alike in first_ways]
    purpose = exceptions.purpose(error)
    parts = purpose, *told
    *before, last = filter(None, parts)
    pieces = [piece.removesuffix(".") for piece in before]
    words = ". ".join([*pieces, last])
    name = exceptions.named(facts, error)
    return f"{name}: {words}"


def _is_private(function: Definition) -> bool:
    name = function.name
    return name.startswith("_") and name != "__init__"


def _shortened(way: _Way) -> _Way:
    """Return a way without conditions that are too long to be read."""
    if len(way.reason) > _LONGEST_REASON:
        return way._replace(reason="")
    return way


def _is_telling(way: _Way) -> bool:
    """Whether a failure has a message, or is one of a public function itself."""
    cause = way.cause
    if cause.message:
        return True
    if cause.is_inner or len(way.reason) > _LONGEST_REASON:
        return False
    return not _is_private(way.function)


def _alike(way: _Way) -> tuple[str, str, str, str, int]:
    """Return what a sentence says of a failure but the function; an inner one's is told, too."""
    cause = way.cause
    function = -1
    if cause.is_inner:
        function = way.function.index
    return cause.what, cause.message, way.caught, way.reason, function


def _is_shown(shown: Iterable[Excerpt], path: str, line: int) -> bool:
    return any(
        excerpt.path == path and first <= line <= last
        for excerpt in shown
        for first, last in excerpt.spans
    )


def cautions(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return what else a user has to know, a sentence each."""
    return [
        *_left_to_subclasses(facts, chapter),
        *_settings(facts, chapter),
    ]


def _left_to_subclasses(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    symbols = facts.symbols(chapter)
    if not symbols:
        return
    main = symbols[0]
    if main.kind not in TYPES or is_interface(main):
        return
    abstract = [
        f"{citations.name(method)} ({citations.start(method)})"
        for method in facts.methods(main)
        if _is_abstract(facts, main, method)
    ]
    if abstract:
        names = listed(abstract, _MOST)
        yield f"Left to subclasses: {names}."


def _is_abstract(
    facts: CourseFacts, owner: Definition, method: Definition
) -> bool:
    """Whether a method is marked as abstract, or only fails and each subtype defines it."""
    is_marked = any("abstract" in mark for mark in method.decorators)
    if is_marked:
        return True
    head, _, _ = method.signature.partition("(")
    if _ABSTRACT.search(head):
        return True
    inside = facts.function(method.index)
    if inside is None or len(inside.statements) > _ABSTRACT_STATEMENTS:
        return False
    raised = {cause.what for cause in inside.raises}
    if raised.isdisjoint(_ABSTRACT_ERRORS):
        return False
    return all(
        method.name in {own.name for own in facts.methods(subtype)}
        for subtype in facts.subtypes(owner.index)
    )


def _settings(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Name the environment variables that each of a chapter's definitions reads."""
    readers: dict[str, tuple[Definition, int]] = {}
    for part in facts.parts(chapter):
        for variable, line in _variables(facts, part):
            # Members come after what they are members of.
            first, place = readers.get(variable, (part, line))
            if first.path == part.path and place == line:
                readers[variable] = part, line
    of_reader: dict[str, list[str]] = defaultdict(list)
    for variable, (reader, line) in readers.items():
        where = citations.at(reader.path, line)
        code = markdown.code(variable)
        variables = of_reader[citations.name(reader)]
        variables.append(f"{code} ({where})")
    sentences = []
    for name, variables in of_reader.items():
        noun = "variables"
        if len(variables) == 1:
            noun = "variable"
        names = listed(variables, _MOST)
        sentence = f"{name} reads the environment {noun} {names}."
        sentences.append(sentence)
    return sentences


def _variables(
    facts: CourseFacts, part: Definition
) -> Iterator[tuple[str, int]]:
    """Yield the environment variables that code reads, not its texts or comments, with a line."""
    code = facts.text(part)
    if "env" not in code.lower():
        return
    root = facts.texts.root(part.path)
    for match in _SETTING.finditer(code):
        start = match.start()
        before = code[:start]
        *rows, last = before.split("\n")
        line = part.line + len(rows)
        column = len(last.encode())
        point = line - 1, column
        node = root and root.descendant_for_point_range(point, point)
        if node is not None and not _NO_CODE.search(node.type):
            yield match[1], line


def failing_call(
    facts: CourseFacts, function: Definition, expression: str
) -> Definition | None:
    """Return what a function calls in an expression, if that never returns."""
    for call, called in facts.calls(function.index):
        is_called = f"{call.name}(" in expression
        if is_called and _NEVER.search(called.signature):
            return called
    return None


def handlers(facts: CourseFacts, function: Definition) -> list[Handler]:
    text = facts.text(function)
    if not _HANDLING.search(text):
        return []
    inside = facts.function(function.index)
    if inside is not None:
        return inside.handles
    return []
