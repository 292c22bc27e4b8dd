"""Finds a small change of a chapter's code, and one of the project's tests that may notice it."""

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Role
from worker.engines.static.pages import (
    call_path,
    citations,
    failures,
    fixtures,
    key_places,
    markdown,
    meaning,
    project_tests,
    standalone,
)
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    is_function,
    last_name,
    remembered,
)
from worker.engines.static.pages.failures import Failure
from worker.engines.static.pages.project_tests import ProjectTest
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.reading.language import Language

_CONDITION: Final = re.compile(r"if (`+)((?!let )[^`…;]+)\1")
_HEADS: Final = ("if {}:", "if {} {{", "if ({}) {{", "if {}", "if ({})")
"""How a line says nothing but a condition, in each language."""
_EXPECTED: Final = re.compile(
    r"( *)with (?:\w+\.)*(?:raises|assertRaises)\((?:\w+\.)*(\w+)"
    r"(?:, match=r?[\"'](.*)[\"'])?\)(?: as \w+)?:$"
)
_EXPECTED_ERROR: Final = re.compile(r"[rR]aises\((?:\w+\.)*(\w+)")
_CALLEE: Final = re.compile(r"((?:\w+\.)*\w+)\(")
_HOPS: Final = 3
"""Functions from a call in a test to the failure that it expects."""
_COMMON_ERRORS: Final = word_set("TypeError AttributeError KeyError IndexError")
"""Errors that Python itself raises: only those of the called function count."""
_MOST_FILES: Final = 6
_MOST_TESTS: Final = 60
"""Tests of a chapter that are looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A change of a function, as Markdown, and a test that fails after it."""

    words: str
    task: str
    """To write the test, as Markdown."""
    failure: Failure
    """It is left out."""
    test: ProjectTest


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A change of a function's code that a test may notice, as Markdown."""

    words: str
    function: Definition
    test: ProjectTest | None = None
    """It has the function's name, and may notice."""


@remembered
def change(facts: CourseFacts, chapter: Chapter) -> Change | None:
    """Return a change that a test notices: of what the chapter shows, if possible."""
    shown = _shown(facts, chapter)

    def rank(change: Change) -> tuple[bool, int]:
        failure = change.failure
        message = failure.cause.message
        return failure.function not in shown, -len(message)

    changes = _of_failures(facts, chapter)
    return min(changes, key=rank, default=None)


def _of_failures(facts: CourseFacts, chapter: Chapter) -> list[Change]:
    """Return the failures that a test expects, as changes that leave them out."""
    changes = []
    for failure in failures.found(facts, chapter):
        condition = "".join(failure.cause.conditions[-1:])
        test = None
        if _CONDITION.fullmatch(condition):
            test = _test_of(facts, failure)
        if test is not None:
            changes.append(_without(failure, condition, test))
    return changes


def _without(failure: Failure, condition: str, test: ProjectTest) -> Change:
    function = failure.function
    cause = failure.cause
    name = citations.name(function)
    place = citations.at(function.path, cause.line)
    error = markdown.code(cause.what)
    return Change(
        words=f"Put `pass` in place of the statement at {place}.",
        task=f"{name} {cause.verb} {error} {condition}. Write a test for it.",
        failure=failure,
        test=test,
    )


def _test_of(facts: CourseFacts, failure: Failure) -> ProjectTest | None:
    """Return a test that can be run alone and that expects a failure."""
    place = failure.function.path, failure.cause.line
    expecting = _expecting(facts)
    return expecting.get(place)


@remembered
def _expecting(facts: CourseFacts) -> dict[tuple[str, int], ProjectTest]:
    """Return the first test that expects each failure, by the failure's place."""
    errors = set()
    for chapter in facts.chapters:
        for failure in failures.found(facts, chapter):
            error = last_name(failure.cause.what)
            errors.add(error)
    expecting: dict[tuple[str, int], ProjectTest] = {}
    for path in _test_files(facts):
        text = facts.texts.text(path)
        expected_errors = _EXPECTED_ERROR.findall(text)
        if errors.isdisjoint(expected_errors):
            continue
        for test in project_tests.of_file(facts, path):
            expected = list(_expected(facts, test, errors))
            if expected and not project_tests.command(facts, test):
                continue
            for failure in expected:
                place = failure.function.path, failure.cause.line
                expecting.setdefault(place, test)
    return expecting


def _expected(
    facts: CourseFacts,
    test: ProjectTest,
    errors: Container[str],
) -> Iterator[Failure]:
    """Yield the failures that a test expects of the project's functions that it calls."""
    rows = project_tests.rows(facts, test)
    for position, row in enumerate(rows):
        expected = None
        if "aises(" in row:
            expected = _EXPECTED.match(row)
        if expected is None or expected[2] not in errors:
            continue
        indent, error, pattern = expected.groups("")
        below = _below(rows[position:], len(indent))
        body = "\n".join(below)
        message = pattern.replace("\\", "")
        callees = _CALLEE.findall(body)
        if len(callees) != 1:
            continue
        called = _called(facts, test, callees[0])
        if called is not None:
            yield from _only(facts, called, error, message)


def _only(
    facts: CourseFacts,
    called: Definition,
    error: str,
    message: str,
) -> list[Failure]:
    """Return the failure with an error and a message of what a function calls, if it is one."""
    reached = [called]
    for _ in range(_HOPS):
        fitting = []
        for failure in failures.of_functions(facts, reached):
            cause = failure.cause
            is_error = last_name(cause.what) == error
            if is_error and message in cause.message:
                fitting.append(failure)
        if len(fitting) == 1:
            return fitting
        if fitting or error in _COMMON_ERRORS:
            return []
        reached = _following(facts, reached)
    return []


def _following(
    facts: CourseFacts, functions: Iterable[Definition]
) -> list[Definition]:
    """Return the functions that some functions call, each once."""
    following = {}
    for function in functions:
        for _, target in facts.calls(function.index):
            if is_function(target):
                following[target.index] = target
    return list(following.values())


def _called(
    facts: CourseFacts,
    test: ProjectTest,
    callee: str,
) -> Definition | None:
    """Return the function that a call in a test surely leads to."""
    _, _, name = callee.rpartition(".")
    for definition in facts.by_name.get(name, ()):
        if definition.kind in TYPES:
            if _is_imported(facts, test, definition, callee):
                return key_places.constructor(facts, definition)
        elif is_function(definition) and _is_meant(
            facts, test, definition, callee
        ):
            return definition
    return None


def _below(rows: Sequence[str], indent: int) -> Iterator[str]:
    """Yield the lines of the block that the first line opens."""
    for row in rows[1:]:
        bare = row.lstrip()
        own_indent = len(row) - len(bare)
        if bare and own_indent <= indent:
            return
        yield row


def _test_files(facts: CourseFacts) -> list[str]:
    paths = []
    for path, file in facts.analysis.files.items():
        is_python = file.language is Language.PYTHON
        if is_python and file.role is Role.TEST:
            paths.append(path)
    return paths


def _tests_naming(
    facts: CourseFacts,
    chapter: Chapter,
    function: Definition,
) -> Iterator[ProjectTest]:
    """Yield tests that can be run alone and have a function's name: the chapter's first."""
    found = project_tests.found(facts, chapter)
    tests = found[:_MOST_TESTS]
    name = function.name
    mentions = facts.analysis.mentions.get(name, ())
    is_test = [facts.file(path).role is Role.TEST for path in mentions]
    paths = list(compress(mentions, is_test))
    for path in paths[:_MOST_FILES]:
        if name in project_tests.called_in(facts, path):
            tests += project_tests.of_file(facts, path)
    for test in tests:
        called = project_tests.called_in(facts, test.path)
        numbers = called.get(name, [])
        after = bisect_left(numbers, test.first)
        is_named = after < len(numbers) and numbers[after] <= test.last
        if is_named and project_tests.command(facts, test):
            yield test


def _shown(facts: CourseFacts, chapter: Chapter) -> list[Definition]:
    functions = []
    for place in key_places.chosen(facts, chapter):
        definition = place.definition
        if definition is not None and is_function(definition):
            functions.append(definition)
    return functions


def trial(facts: CourseFacts, chapter: Chapter) -> Trial | None:
    """Return a change, if possible with a test that has its function's name."""
    functions = _shown(facts, chapter)
    functions += facts.functions(chapter)
    trials = list(_negations(facts, functions))
    if not trials:
        trials = list(_removals(facts, functions))
    for found in trials:
        function = found.function
        if len(facts.by_name[function.name]) > 1:
            continue
        name = re.escape(function.name)
        call = rf"\b{name}\("
        if function.parent is not None:
            call = rf"[.>:]{call[2:]}"
        for test in _tests_naming(facts, chapter, function):
            rows = project_tests.rows(facts, test)
            code = "\n".join(rows)
            if re.search(call, code):
                return replace(found, test=test)
    return next(iter(trials), None)


def _removals(
    facts: CourseFacts, functions: Iterable[Definition]
) -> Iterator[Trial]:
    """Yield first statements that are not the only ones."""
    for function in functions:
        line = first_statement(facts, function)
        if not line or _is_last(facts, function, line):
            continue
        name = citations.name(function)
        place = citations.at(function.path, line)
        words = f"Take out the first statement of {name} ({place})."
        yield Trial(words=words, function=function)


def _is_last(facts: CourseFacts, function: Definition, line: int) -> bool:
    inside = facts.function(function.index)
    if inside is None:
        return True
    last = inside.statements[-1]
    return line in {last.first, *last.frame}


def _negations(
    facts: CourseFacts, functions: Iterable[Definition]
) -> Iterator[Trial]:
    """Yield the conditions that have lines of their own in some functions."""
    for function in functions:
        heads = _heads(facts, function)
        name = citations.name(function)
        rows = facts.text(function).split("\n")
        for number, row in enumerate(rows, function.line):
            code = heads.get(row.strip(), "")
            if not code:
                continue
            shown = markdown.code(code)
            place = citations.at(function.path, number)
            words = f"Negate the condition {shown} of {name} ({place})."
            yield Trial(words=words, function=function)
            break


def _heads(facts: CourseFacts, function: Definition) -> dict[str, str]:
    """Return the conditions of a function's results and failures, by the lines they may be on."""
    heads: dict[str, str] = {}
    inside = facts.function(function.index)
    if inside is None:
        return heads
    conditions: list[str] = []
    for failure in inside.raises:
        conditions += failure.conditions
    for result in inside.returns:
        conditions += result.conditions
    matches = map(_CONDITION.fullmatch, conditions)
    for match in filter(None, matches):
        code = match[2].strip()
        for head in _HEADS:
            line = head.format(code)
            heads[line] = code
    return heads


def first_statement(facts: CourseFacts, function: Definition) -> int:
    """Return the line at which a function begins its work; 0 if it does nothing."""
    inside = facts.function(function.index)
    if inside is None:
        return 0
    after = 0
    if inside.doc is not None:
        after = inside.doc[1]
    for statement in inside.statements:
        if statement.first > after:
            return min((statement.first, *statement.frame))
    return 0


def _is_meant(
    facts: CourseFacts,
    test: ProjectTest,
    function: Definition,
    callee: str,
) -> bool:
    """Whether a call in a test leads to a function, by what its file imports."""
    owner, _, name = callee.rpartition(".")
    if name != function.name:
        return False
    if function.parent is None:
        return _is_imported(facts, test, function, callee)
    parent = facts.definitions[function.parent]
    taken = [fixture.name for fixture in fixtures.of(facts, parent)]
    first, *rows = project_tests.rows(facts, test)
    if owner in taken and re.search(rf"[(,] *{owner}\b", first):
        if call_path.is_overridden(facts, function):
            return False
        return not _assigned(rows, owner)
    made = _made(rows, owner)
    _, _, type_name = made.rpartition(".")
    if type_name != parent.name:
        return False
    return _is_imported(facts, test, parent, made)


def _is_imported(
    facts: CourseFacts,
    test: ProjectTest,
    definition: Definition,
    name: str,
) -> bool:
    """Whether a name in a test means a definition: it, or its package, is imported."""
    whole = facts.texts.text(test.path)
    owner, _, last = name.rpartition(".")
    sources = standalone.sources(last, whole)
    if owner:
        is_module = re.search(
            rf"^import {re.escape(owner)}$", whole, re.MULTILINE
        )
        sources = []
        if is_module is not None:
            sources.append(owner)
    return meaning.is_imported(definition, sources)


def _made(rows: Sequence[str], owner: str) -> str:
    """Return the type of which a variable, or an expression, is a new object, as written."""
    direct = re.fullmatch(r"((?:\w+\.)*\w+)(?:\([^()]*\))?", owner)
    values = _assigned(rows, owner)
    if not values and direct is not None:
        return direct[1]
    if len(values) != 1:
        return ""
    made = re.match(r"((?:\w+\.)*\w+)\(", values[0])
    if made is None:
        return ""
    return made[1]


def _assigned(rows: Sequence[str], name: str) -> list[str]:
    """Return the values that single lines of a test assign to a variable."""
    holding = [row for row in rows if name in row and "=" in row]
    if not holding:
        return []
    pattern = re.compile(
        rf"(?:^|.*[\s,(]){re.escape(name)}(?:, *\w+)* *=(?!=) *(.*)"
    )
    values = []
    for row in holding:
        match = pattern.match(row)
        if match is not None:
            values.append(match[1])
    return values
