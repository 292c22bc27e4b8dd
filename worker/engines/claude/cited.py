"""Shows the lines that a page cites, and the short functions around them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from worker.engines.claude.condensed import cut_lines, definitions_in
from worker.engines.claude.shown import Shown
from worker.engines.static.facts import Definition
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts, is_function

SHARE: Final = 24_000
"""Characters of all shown lines."""
_AROUND: Final = 4_000
"""Characters of a function that is shown whole if any part of it is cited."""
_SPAN: Final = re.compile(r"`([^`\n]+)`")

_Place = tuple[str, list[int]]
"""A file, and line numbers in it."""
_Files = dict[str, set[int]]
"""Line numbers, by path."""


def rendered(facts: CourseFacts, page: str, shown: Shown) -> str:
    """Return the lines that a page cites, numbered, by file, as far as there is room."""
    wanted: _Files = defaultdict(set)
    cited = list(places(facts, page))
    functions = _functions(facts, cited)
    left = SHARE
    for path, numbers in (*cited, *functions):
        known = wanted[path]
        new = set(numbers) - known
        size = shown.size(path, new)
        if size > left:
            continue
        left -= size
        known |= new
    text = shown.files(wanted)
    for path in wanted:
        left_out = cut_lines(facts, path)
        shown.cut(path, left_out)
    return text


def places(facts: CourseFacts, page: str) -> Iterator[_Place]:
    """Yield the files and lines that a page cites, in the page's order."""
    for span in _SPAN.findall(page):
        match = markdown.PLACE.fullmatch(span)
        if match is None:
            continue
        path = match["path"]
        if path not in facts.analysis.files:
            continue
        numbers: list[int] = []
        for first, last in markdown.spans(match["lines"]):
            numbers += range(first, last + 1)
        yield path, numbers


def _functions(facts: CourseFacts, cited: list[_Place]) -> Iterator[_Place]:
    """Yield the lines of the short functions that contain cited lines."""
    sizes = Shown(facts)
    lines: _Files = defaultdict(set)
    for path, numbers in cited:
        lines[path].update(numbers)
    defined = [
        definition
        for path in sorted(lines)
        for definition in definitions_in(facts, path)
    ]
    for definition in defined:
        if not _is_cited(definition, lines):
            continue
        path = definition.path
        kept = _kept(facts, definition)
        size = sizes.size(path, kept)
        if size <= _AROUND:
            yield path, kept


def _kept(facts: CourseFacts, definition: Definition) -> list[int]:
    """Return the lines of a definition, except those that prompts leave out."""
    left_out = cut_lines(facts, definition.path)
    kept: list[int] = []
    for number in _lines(definition):
        if number in left_out:
            continue
        kept.append(number)
    return kept


def _lines(definition: Definition) -> range:
    return range(definition.line, definition.end_line + 1)


def _is_cited(definition: Definition, cited: _Files) -> bool:
    if not is_function(definition):
        return False
    numbers = cited.get(definition.path)
    if numbers is None:
        return False
    return not numbers.isdisjoint(_lines(definition))
