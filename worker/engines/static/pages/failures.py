"""What can go wrong in a chapter's code: failures with all their conditions, and other cautions."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.linking.usage import is_interface
from worker.engines.static.pages import citations, markdown
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    last_name,
    remembered,
)
from worker.engines.static.pages.excerpts import Excerpt
from worker.engines.static.parsing.function_facts import Handler, Raise
from worker.engines.static.parsing.node_types import FAILURE_WORDS
from worker.engines.static.prose.phrases import listed

_MOST_FUNCTIONS: Final = 80
_MOST_LINES: Final = 4000
_MOST: Final = 12
_MOST_SENTENCES: Final = 4
_LONGEST_REASON: Final = 160
"""Characters of conditions; a sentence with more is not read."""
_EXPLAINING: Final = 40
"""Characters of a message that explains something."""
_ABSTRACT_STATEMENTS: Final = 2
"""Statements of a method that is left to subclasses: a docstring and a failure."""

_SETTING: Final = re.compile(
    r"(?:(?:os\.environ(?:\.get)?[\[(]|os\.getenv\(|process\.env\["
    r"|os\.(?:Getenv|LookupEnv)\(|env::var(?:_os)?\("
    r"|System\.getenv\(|\bgetenv\(|\bENV\[)\s*[\"']"
    r"|(?:process|import\.meta)\.env\.)([A-Z][A-Z\d_]{2,})\b(?![\"']?\]?\s*=(?!=))"
)
_NO_CODE: Final = re.compile(r"string|comment")
"""Types of the nodes of documentation, of texts, and of comments."""
_ABSTRACT: Final = re.compile(r"\babstract\b")
_ABSTRACT_ERRORS: Final = frozenset({"NotImplementedError", "NotImplemented"})
_CAUGHT: Final = "after catching "
_ALWAYS: Final = frozenset({"if `__debug__`"})
"""Conditions that hold wherever code is tried out."""
_SIMPLE: Final = re.compile(
    r"unless (`+)"
    r"((?!not .*\s(?:in|is|[=<>!]=?)\s)"
    r"(?!.*(?:\b(?:and|or|if|else|lambda|for)\b|:=|&&|\|\||\?))[^`…]+)\1"
)
"""A condition that excludes a single comparison."""
_OPPOSITES: Final = (
    (" is not ", " is "),
    (" not in ", " in "),
    (" is ", " is not "),
    (" in ", " not in "),
    (" !== ", " === "),
    (" === ", " !== "),
    (" != ", " == "),
    (" == ", " != "),
)
_FAILING: Final = re.compile(
    "|".join(re.escape(word.decode()) for word in FAILURE_WORDS)
)
_HANDLING: Final = re.compile(r"except|catch|rescue")
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


@remembered
def found(facts: CourseFacts, chapter: Chapter) -> list[Failure]:
    """Return the conditional failures of a chapter's functions, public functions first."""
    functions = facts.functions(chapter)[:_MOST_FUNCTIONS]
    functions.sort(key=_is_private)
    return [
        failure
        for failure in of_functions(facts, functions)
        if failure.cause.conditions
        and failure.cause.what not in _ABSTRACT_ERRORS
    ]


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
    inside = None
    if _FAILING.search(facts.text(function)):
        inside = facts.function(function.index)
    if inside is None:
        return []
    return inside.raises


def _names_an_error(cause: Raise) -> bool:
    """Whether a failure says which it is, and does not only pass a caught one on."""
    if not cause.what:
        return bool(cause.message)
    return (
        _NAME.fullmatch(cause.what) is not None
        and last_name(cause.what)[:1].isupper()
    )


def sentence(failure: Failure) -> str:
    """Return a failure as a sentence: who fails, with what, where, and under which conditions."""
    cause = failure.cause
    function = failure.function
    place = citations.at(function.path, cause.line)
    who = citations.name(function)
    if cause.is_inner:
        who = f"A function inside {who}"
    error = ""
    if cause.what:
        error = f" {markdown.code(cause.what)}"
    words = "."
    if cause.message.endswith(('"', "'", "`")):
        words = f": {markdown.code(cause.message)}"
    reason = _reason(cause)
    if reason:
        reason = f" {reason}"
    return f"{who} {cause.verb}{error} ({place}){reason}{words}"


def condition(conditions: Iterable[str]) -> str:
    """Return conditions as words: `if a and b unless c or d`."""
    plain = list(map(_plain, conditions))
    parts = (
        _joined("if ", "and", plain),
        _joined("unless ", "or", plain),
        _joined(_CAUGHT, "and", plain),
    )
    told = filter(None, parts)
    return " ".join(told)


def _reason(cause: Raise) -> str:
    """Return why a function fails: what it caught, and its other conditions as words."""
    handlers = []
    others = []
    for each in cause.conditions:
        if each.startswith(_CAUGHT):
            handlers.append(each)
        elif each not in _ALWAYS:
            others.append(each)
    caught = _joined(_CAUGHT, "and", handlers)
    error = caught.removeprefix(_CAUGHT)
    raised = markdown.code(cause.what)
    if caught and error != raised:
        caught = f"instead of {error}"
    reason = condition(others)
    return f"{caught} {reason}".strip()


def _plain(condition: str) -> str:
    """Return a condition without `unless`, where the opposite is as short as itself."""
    match = _SIMPLE.fullmatch(condition)
    if match is None:
        return condition
    mark, code = match.groups()
    if code.startswith("not "):
        positive = code.removeprefix("not ")
        return f"if {mark}{positive}{mark}"
    for operator, opposite in _OPPOSITES:
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
    """Return the failures that a user meets and that no excerpt shows: first those that explain."""
    told: dict[object, str] = {}
    for failure in sorted(found(facts, chapter), key=_rank):
        if _is_telling(failure) and not _is_shown(failure, shown):
            told.setdefault(_without_place(failure), sentence(failure))
    return list(told.values())[:_MOST_SENTENCES]


def _rank(failure: Failure) -> tuple[bool, bool, bool, bool]:
    message = failure.cause.message
    reason = _reason(failure.cause)
    return (
        _is_private(failure.function),
        not message,
        "unless" in reason,
        len(message) < _EXPLAINING,
    )


def _is_private(function: Definition) -> bool:
    return function.name.startswith("_") and function.name != "__init__"


def _is_telling(failure: Failure) -> bool:
    """Whether a failure has a message, or is one of a public function itself."""
    cause = failure.cause
    reason = _reason(cause)
    if len(reason) > _LONGEST_REASON:
        return False
    if cause.message:
        return True
    return not cause.is_inner and not _is_private(failure.function)


def _without_place(failure: Failure) -> tuple[int, str, str, str]:
    """Return what a sentence says of a failure but its line."""
    cause = failure.cause
    reason = _reason(cause)
    return failure.function.index, cause.what, cause.message, reason


def _is_shown(failure: Failure, shown: Sequence[Excerpt]) -> bool:
    return any(
        excerpt.path == failure.function.path
        and first <= failure.cause.line <= last
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
    for symbol in facts.symbols(chapter)[:1]:
        if symbol.kind not in TYPES or is_interface(symbol):
            continue
        abstract = []
        for method in facts.methods(symbol):
            if _is_abstract(facts, symbol, method):
                name = citations.name(method)
                place = citations.start(method)
                abstract.append(f"{name} ({place})")
        if abstract:
            names = listed(abstract, _MOST)
            yield f"Left to subclasses: {names}."


def _is_abstract(
    facts: CourseFacts, owner: Definition, method: Definition
) -> bool:
    """Whether a method is marked as abstract, or only fails and each subtype defines it."""
    if any("abstract" in decorator for decorator in method.decorators):
        return True
    if _ABSTRACT.search(method.signature.partition("(")[0]):
        return True
    inside = facts.function(method.index)
    if inside is None or len(inside.statements) > _ABSTRACT_STATEMENTS:
        return False
    is_left_out = any(cause.what in _ABSTRACT_ERRORS for cause in inside.raises)
    return is_left_out and all(
        method.name in {own.name for own in facts.methods(subtype)}
        for subtype in facts.subtypes(owner.index)
    )


def _settings(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Name the environment variables that each of a chapter's functions reads."""
    known: set[str] = set()
    of_reader: dict[str, list[str]] = {}
    for definition, number, line in _own_lines(facts, chapter):
        for match in _SETTING.finditer(line):
            variable = match[1]
            before = line[: match.start()]
            column = len(before.encode())
            point = number - 1, column
            if variable in known or not _is_code(facts, definition.path, point):
                continue
            known.add(variable)
            reader = _innermost(facts, definition, number)
            reader_name = citations.name(reader)
            of_name = of_reader.setdefault(reader_name, [])
            place = citations.at(reader.path, number)
            shown = markdown.code(variable)
            of_name.append(f"{shown} ({place})")
    sentences = []
    for name, variables in of_reader.items():
        noun = "variables"
        if len(variables) == 1:
            noun = "variable"
        names = listed(variables, _MOST)
        sentences.append(f"{name} reads the environment {noun} {names}.")
    return sentences


def _is_code(facts: CourseFacts, path: str, point: tuple[int, int]) -> bool:
    """Whether a row and a byte of a file lie in no text and in no comment."""
    root = facts.texts.root(path)
    if root is None:
        return False
    node = root.descendant_for_point_range(point, point)
    return node is not None and _NO_CODE.search(node.type) is None


def _own_lines(
    facts: CourseFacts, chapter: Chapter
) -> Iterator[tuple[Definition, int, str]]:
    """Yield the lines of a chapter's definitions that may read a setting, up to a limit."""
    left = _MOST_LINES
    for index in chapter.unit.owned:
        definition = facts.definitions[index]
        last = min(definition.end_line, definition.line + left)
        lines = facts.texts.lines(definition.path)[definition.line - 1 : last]
        if "env" in "\n".join(lines).lower():
            for number, line in enumerate(lines, definition.line):
                if "env" in line.lower():
                    yield definition, number, line
        left -= last - definition.line
        if left <= 0:
            return


def _innermost(
    facts: CourseFacts, definition: Definition, line: int
) -> Definition:
    """Return the smallest part of a definition that a line lies in."""
    parts = [
        facts.definitions[each] for each in facts.family([definition.index])
    ]
    around = [
        part
        for part in parts
        if part.path == definition.path and part.line <= line <= part.end_line
    ]
    return min(around, key=lambda part: part.end_line - part.line)


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
    if not _HANDLING.search(facts.text(function)):
        return []
    inside = facts.function(function.index)
    if inside is not None:
        return inside.handles
    return []
