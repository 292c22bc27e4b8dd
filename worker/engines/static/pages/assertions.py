"""Shows what a project's test asserts of a chapter's subject: the use, and the assertion."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from worker.engines.static.pages import (
    citations,
    excerpts,
    markdown,
    project_tests,
)
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.examples import Example
from worker.engines.static.pages.excerpts import Span
from worker.engines.static.pages.project_tests import ProjectTest

_ASSERTION: Final = re.compile(
    r"^\s*(?:assert\w*[ (!]|with\s.*\braises\w*\(|self\.(?:assert|fail)\w*\(|(?:await\s+)?expect\("
    r"|(?:\w+\.)*(?:assert|Assert|require)\w*(?:\.\w+)*\("
    r"|t\.(?:Error|Fatal|equal|same|ok|is|not|throws)\w*\()"
)
_BRACKETS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_FEWEST: Final = 3
_MOST: Final = 10
"""Lines that are shown."""
_TRIED: Final = 12


def section(
    facts: CourseFacts, chapter: Chapter, shown: Collection[Example]
) -> str:
    """Return the decisive lines of a test that the chapter does not show as an example."""
    places = {(example.path, example.first) for example in shown}
    for test in project_tests.found(facts, chapter)[:_TRIED]:
        if (test.path, test.first) in places:
            continue
        span = decisive(facts, test)
        if span is not None:
            return _rendered(facts, test, span)
    return ""


def _rendered(facts: CourseFacts, test: ProjectTest, span: Span) -> str:
    lines = facts.texts.lines(test.path)
    tag = str(facts.file(test.path).language)
    place = markdown.place(test.path, span)
    blocks = [
        f"In the test {markdown.code(test.name)}, {place}:",
        excerpts.block(lines, [span], tag),
    ]
    command = project_tests.command(facts, test)
    if command:
        shown = markdown.code(command)
        blocks.append(f"Run it with {shown}.")
    return markdown.document(*blocks)


def decisive(facts: CourseFacts, test: ProjectTest) -> Span | None:
    """Return the lines from a use of the subject to the assertion about it, if they are few."""
    lines = facts.texts.lines(test.path)
    if test.last - test.first < _MOST:
        return test.first, test.last
    used = citations.use_pattern(facts.definitions[test.target])
    uses = [
        number
        for number in range(test.first + 1, test.last + 1)
        if used.search(project_tests.code(lines[number - 1]))
    ]
    for number in range(test.last, test.first, -1):
        if not _ASSERTION.match(lines[number - 1]):
            continue
        if "err != nil" in lines[number - 2]:
            continue
        before = [use for use in uses if use <= number]
        if not before:
            continue
        span = _whole(lines, test, before[-1], number)
        if span is not None:
            return span
    return None


def _whole(
    lines: Sequence[str], test: ProjectTest, first: int, last: int
) -> Span | None:
    """Extend lines to whole statements; None if these are too many."""
    while first > test.first + 1 and (
        last - first < _FEWEST - 1 or _balance(lines, first, last) < 0
    ):
        if not lines[first - 2].strip():
            break
        first -= 1
    while last < test.last and (
        _balance(lines, first, last) > 0
        or _indent(lines[last]) > _indent(lines[first - 1])
    ):
        last += 1
    is_whole = _balance(lines, first, last) == 0
    if is_whole and last - first < _MOST:
        return (first, last)
    return None


def _balance(lines: Sequence[str], first: int, last: int) -> int:
    """Count the brackets that are open behind some lines."""
    text = "".join(lines[first - 1 : last])
    return sum(_BRACKETS.get(char, 0) for char in text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
