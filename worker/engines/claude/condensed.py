"""Finds the lines of a source file that explain least: a prompt leaves them out first.

These are the ends of long docstrings and comments, comments on internals, imports, type variables,
loggers and overloads.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from worker.engines.static.choosing.candidates import is_logger
from worker.engines.static.facts import Definition
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.reading.language import Language

_LONGEST_DOC: Final = 12
"""The most lines of a docstring that is shown whole."""
_DOC: Final = 8
"""How many lines of a longer docstring are shown, or its first paragraph, if that is longer."""
_LONGEST_COMMENT: Final = 4
_COMMENT_LINES: Final = 3
"""How many lines of a longer comment are shown."""
_QUOTES: Final = re.compile(r"\s*[rRuU]?(\"\"\"|''')")
_COMMENT: Final = re.compile(
    r"\s*(?:#(?!\[|include|define|if|endif)|//|/\*|\*[ /]|\*$)"
)
_INTERNAL: Final = re.compile(
    r"\b(?:is|are|considered) (?:internal|private)\b", re.IGNORECASE
)
_IMPORT: Final = re.compile(r"\s*(?:import \w|from \S+ import\b)")
_NAMES: Final = re.compile(r"__all__\b")
_TYPE_CHECKING: Final = re.compile(r"if (?:\w+\.)?TYPE_CHECKING:")
_VARIABLE: Final = re.compile(r"= *(?:\w+\.)?(?:TypeVar|ParamSpec)\(")
_OVERLOAD: Final = re.compile(r"(?:\w+\.)?overload\b")


def cut_lines(facts: CourseFacts, path: str) -> frozenset[int]:
    """Return the numbers of the lines of a file that are left out."""
    key = ("cut lines", path)

    def found() -> frozenset[int]:
        lines = facts.texts.lines(path)
        cut = set(_cut(facts, path))
        for number, line in enumerate(lines, 1):
            if line.strip():
                continue
            if number - 1 in cut:
                cut.add(number)
        return frozenset(cut)

    return facts.remembered(key, found)


def _cut(facts: CourseFacts, path: str) -> Iterator[int]:
    lines = facts.texts.lines(path)
    yield from _of_comments(lines)
    if facts.file(path).language is not Language.PYTHON:
        return
    yield from _of_docstrings(lines)
    yield from _of_imports(lines)
    for definition in definitions_in(facts, path):
        if not _is_formal(definition):
            continue
        above = len(definition.decorators)
        first = definition.line - above
        last = definition.end_line
        yield from range(first, last + 1)


def definitions_in(facts: CourseFacts, path: str) -> list[Definition]:
    """Return the definitions of a file, in order."""
    known = facts.remembered("definitions by path", lambda: _by_path(facts))
    return known.get(path, [])


def _by_path(facts: CourseFacts) -> dict[str, list[Definition]]:
    by_path: dict[str, list[Definition]] = {}
    for definition in facts.definitions:
        path = definition.path
        beside = by_path.setdefault(path, [])
        beside.append(definition)
    return by_path


def _is_formal(definition: Definition) -> bool:
    """Whether a definition only serves type checkers, or is a logger."""
    overloads = map(_OVERLOAD.match, definition.decorators)
    if any(overloads):
        return True
    if _VARIABLE.search(definition.signature):
        return True
    return is_logger(definition)


def _of_comments(lines: Sequence[str]) -> Iterator[int]:
    """Yield the later lines of long comments, and comments on internals."""
    for first, last in _runs(lines):
        comment = lines[first - 1 : last]
        text = " ".join(comment)
        if _INTERNAL.search(text):
            yield from range(first, last + 1)
            continue
        if last - first < _LONGEST_COMMENT:
            continue
        stop = last + 1
        end = comment[-1].rstrip()
        if end.endswith("*/"):
            stop = last
        start = first + _COMMENT_LINES
        yield from range(start, stop)


def _runs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of each comment."""
    first = 0
    last = 0
    for number, line in enumerate(lines, 1):
        if _COMMENT.match(line):
            first = first or number
            last = number
            continue
        if first:
            yield first, last
        first = 0
    if first:
        yield first, last


def _of_docstrings(lines: Sequence[str]) -> Iterator[int]:
    """Yield the lines of long docstrings after their beginning, except the last."""
    for first, last in _docstrings(lines):
        if last - first < _LONGEST_DOC:
            continue
        kept = _beginning(lines, first, last)
        yield from range(kept + 1, last)


def _docstrings(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    before = ":"
    inside = ""
    first = 0
    for number, line in enumerate(lines, 1):
        if inside:
            if inside in line:
                inside = ""
                yield first, number
            continue
        match = _QUOTES.match(line)
        is_first_inside = before.endswith(":")
        if match is not None and is_first_inside:
            first = number
            quotes = match[1]
            rest = line[match.end() :]
            if quotes not in rest:
                inside = quotes
        before = line.rstrip() or before


def _beginning(lines: Sequence[str], first: int, last: int) -> int:
    """Return the last line of a docstring's first paragraphs."""
    kept = 0
    most = first + _DOC
    for number in range(first + 1, last):
        line = lines[number - 1]
        if line.strip():
            continue
        if kept and number > most:
            break
        kept = number - 1
    return kept or most


def _of_imports(lines: Sequence[str]) -> Iterator[int]:
    """Yield the lines of imports, and of the list of a module's names (`__all__`)."""
    depth = 0
    for number, line in enumerate(lines, 1):
        if depth > 0:
            depth += _depth(line)
        elif _IMPORT.match(line) or _NAMES.match(line):
            depth = _depth(line)
        elif not _TYPE_CHECKING.match(line):
            continue
        yield number


def _depth(line: str) -> int:
    depth = 0
    for sign in line:
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
    return depth
