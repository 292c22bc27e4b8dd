"""Finds a small change of a chapter's code that makes one of the project's tests fail."""

import re
from ast import literal_eval
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from tree_sitter import Node

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
from worker.engines.static.parsing.grammar import field_text, text
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.reading.language import Language

_CONDITION: Final = re.compile(r"if (`+)[^`…]+\1")
_EXPECTED: Final = re.compile(
    r"( *)with (?:\w+\.)*(?:raises|assertRaises)\((?:\w+\.)*(\w+)"
    r"(?:, match=r?[\"'](.*)[\"'])?\)(?: as \w+)?:$"
)
_EXPECTED_ERROR: Final = re.compile(r"[rR]aises\((?:\w+\.)*(\w+)")
_CALLEE: Final = re.compile(r"((?:\w+\.)*\w+)\(")
_HOPS: Final = 3
"""Functions from a call in a test to the failure that it expects."""
_COMMON_ERRORS: Final = word_set("TypeError AttributeError KeyError IndexError")
"""Errors that Python raises as well: only the called function's own are told."""
_MOST_FILES: Final = 6
_MOST_TESTS: Final = 60
"""Tests of a chapter that are looked at."""
_LITERALS: Final = word_set(
    "string concatenated_string integer float list tuple dictionary true false"
)
_SURE: Final = frozenset({"==", "is"})
_OUTER: Final = word_set("block with_statement expression_statement")
"""Nodes whose parts are reached whenever they are."""
_EXPECTING: Final = re.compile(r"[rR]aises|warns|suppress")
_SETTING_UP: Final = re.compile(r"\s+def (?:setup|setup_method|setUp)\(")
_NO_RESULT: Final = re.compile(r"\b(?:yield|async)\b")
_PLAIN_MARKS: Final = frozenset({"staticmethod", "classmethod"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A change of a function, as Markdown, and a test that fails after it."""

    words: str
    function: Definition
    test: ProjectTest
    task: str = ""
    """To write the test, as Markdown; nothing where its name does not say what it tests."""
    message_length: int = 0
    """Of the failure that is left out; a long one explains it."""


def change(facts: CourseFacts, chapter: Chapter) -> Change | None:
    """Return a change that a test notices: of a failure's condition, else of a result."""
    key = ("change", chapter.position)
    return facts.remembered(key, lambda: _change(facts, chapter))


def _change(facts: CourseFacts, chapter: Chapter) -> Change | None:
    changes = _of_failures(facts, chapter)
    if not changes:
        return next(_of_results(facts, chapter), None)
    best_tests = project_tests.found(facts, chapter)[:1]
    shown_tests = [test.place for test in best_tests]
    shown = _shown(facts, chapter)

    def rank(change: Change) -> tuple[bool, bool, int]:
        return (
            change.test.place not in shown_tests,
            change.function not in shown,
            -change.message_length,
        )

    return min(changes, key=rank)


def _of_failures(facts: CourseFacts, chapter: Chapter) -> list[Change]:
    """Return the failures that a test expects, as changes that leave them out."""
    changes = []
    for failure in failures.found(facts, chapter):
        condition = failure.cause.conditions[-1]
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
        function=function,
        test=test,
        message_length=len(cause.message),
    )


def _test_of(facts: CourseFacts, failure: Failure) -> ProjectTest | None:
    """Return a test that can be run alone and that expects a failure."""
    place = failure.function.path, failure.cause.line
    expecting = facts.remembered("expecting", lambda: _expecting(facts))
    return expecting.get(place)


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
        if errors.isdisjoint(_EXPECTED_ERROR.findall(text)):
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
    rows = _rows(facts, test)
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


def _rows(facts: CourseFacts, test: ProjectTest) -> Sequence[str]:
    return facts.texts.lines(test.path)[test.first - 1 : test.last]


def _below(rows: Sequence[str], indent: int) -> Iterator[str]:
    """Yield the lines of the block that the first line opens."""
    for row in rows[1:]:
        bare = row.lstrip()
        own_indent = len(row) - len(bare)
        if bare and own_indent <= indent:
            return
        yield row


def _test_files(facts: CourseFacts) -> list[str]:
    find = partial(_python_files, facts, Role.TEST)
    return facts.remembered("test files", find)


def _python_files(facts: CourseFacts, role: Role) -> list[str]:
    paths = []
    for path, file in facts.analysis.files.items():
        is_python = file.language is Language.PYTHON
        if is_python and file.role is role:
            paths.append(path)
    return paths


def _of_results(facts: CourseFacts, chapter: Chapter) -> Iterator[Change]:
    """Yield a change of the first function whose result a test compares with a literal."""
    for function in _changeable(facts, chapter):
        line = _only_return(facts, function)
        if not line:
            continue
        place = citations.at(function.path, line)
        for test in _tests_naming(facts, chapter, function):
            other = _other_result(facts, test, function)
            if other and not _is_set_up(facts, test):
                code = markdown.code(f"return {other}")
                yield Change(
                    words=f"Change the `return` of {citations.name(function)} "
                    f"({place}) to {code}; `…` is what it returns now.",
                    function=function,
                    test=test,
                )
                return


def _other_result(
    facts: CourseFacts, test: ProjectTest, function: Definition
) -> str:
    """Return what a function has to return for a test to fail; nothing if that is not sure."""
    for callee, value in _expected_results(facts, test):
        other = _unlike(value)
        if other and _is_meant(facts, test, function, callee):
            return other
    return ""


def _unlike(literal: str) -> str:
    """Return an expression of what equals a literal, `…`, that does not equal it."""
    try:
        value = literal_eval(literal)
    except (SyntaxError, ValueError):
        return ""
    if isinstance(value, bool):
        return "not (…)"
    if isinstance(value, int | float):
        return "(…) + 1"
    is_sequence = isinstance(value, str | bytes | list | tuple)
    if is_sequence and value != value[::-1]:
        return "(…)[::-1]"
    return ""


def _is_set_up(facts: CourseFacts, test: ProjectTest) -> bool:
    """Whether its class runs code before a test, which may fail in the test's place."""
    if not test.owners:
        return False
    head = f"class {test.owners[0]}"
    above = facts.texts.lines(test.path)[: test.first - 1]
    for row in reversed(above):
        if row.startswith(head):
            return False
        if _SETTING_UP.match(row):
            return True
    return False


def _tests_naming(
    facts: CourseFacts,
    chapter: Chapter,
    function: Definition,
) -> Iterator[ProjectTest]:
    """Yield tests that can be run alone and have a function's name: the chapter's first."""
    found = project_tests.found(facts, chapter)
    tests = found[:_MOST_TESTS]
    mentions = facts.analysis.mentions.get(function.name, ())
    paths = []
    for path in mentions:
        file = facts.file(path)
        if file.role is Role.TEST:
            paths.append(path)
    for path in paths[:_MOST_FILES]:
        if function.name in project_tests.called_in(facts, path):
            tests += project_tests.of_file(facts, path)
    lines = {
        path: project_tests.called_in(facts, path).get(function.name, [])
        for path in {test.path for test in tests}
    }
    for test in tests:
        numbers = lines[test.path]
        after = bisect_left(numbers, test.first)
        is_named = after < len(numbers) and numbers[after] <= test.last
        if is_named and project_tests.command(facts, test):
            yield test


def _changeable(facts: CourseFacts, chapter: Chapter) -> list[Definition]:
    """Return the functions of a chapter, those that it shows first."""
    shown = _shown(facts, chapter)
    return list(dict.fromkeys((*shown, *facts.functions(chapter))))


def _shown(facts: CourseFacts, chapter: Chapter) -> list[Definition]:
    functions = []
    for place in key_places.chosen(facts, chapter):
        definition = place.definition
        if definition is not None and is_function(definition):
            functions.append(definition)
    return functions


def _only_return(facts: CourseFacts, function: Definition) -> int:
    """Return the line of the only `return` of a function of Python; 0 if there are others."""
    if facts.file(function.path).language is not Language.PYTHON:
        return 0
    code = facts.text(function)
    is_plain = _PLAIN_MARKS.issuperset(function.decorators)
    if not is_plain or _NO_RESULT.search(code):
        return 0
    lines = []
    for number, row in enumerate(code.split("\n"), function.line):
        if row.lstrip().startswith("return "):
            lines.append(number)
    if len(lines) == 1:
        return lines[0]
    return 0


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
    first, *rows = _rows(facts, test)
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
    """Return what a variable is set to in a test, as far as each line tells."""
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


@remembered
def _expected_results(
    facts: CourseFacts, test: ProjectTest
) -> list[tuple[str, str]]:
    """Return what a test calls and compares with a literal, and the literal."""
    root = facts.texts.root(test.path)
    body = None
    if root is not None:
        body = project_tests.body(root, test)
    if body is None:
        return []
    expected = []
    results: dict[str, Node | None] = {}
    for node in _sure_nodes(body):
        if node.type == "assignment":
            name = field_text(node, "left")
            results[name] = node.child_by_field_name("right")
        elif node.type == "assert_statement":
            compared, literal = _compared(node)
            call = results.get(text(compared), compared)
            if call is not None and call.type == "call":
                callee = field_text(call, "function")
                expected.append((callee, text(literal)))
    return expected


def _sure_nodes(block: Node) -> Iterator[Node]:
    """Yield the statements of a block that are reached whenever it runs, in order."""
    stack = list(reversed(block.named_children))
    while stack:
        node = stack.pop()
        if node.type not in _OUTER:
            yield node
        elif not _is_expecting(node):
            stack += reversed(node.named_children)


def _is_expecting(node: Node) -> bool:
    """Whether a statement expects that something in it fails."""
    return (
        node.type == "with_statement"
        and _EXPECTING.search(text(node)) is not None
    )


def _compared(assertion: Node) -> tuple[Node | None, Node | None]:
    """Return what an assertion compares with a literal, and the literal."""
    compared, *_ = assertion.named_children
    if compared.type != "comparison_operator":
        return None, None
    left, operator, right, *others = compared.children
    is_literal = right.type in _LITERALS and not others
    if is_literal and text(operator) in _SURE:
        return left, right
    return None, None
