"""Shows the lines that a page cites, and the short functions around them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from worker.engines.claude.condensed import cut_lines
from worker.engines.claude.shown import Shown
from worker.engines.static.facts import Definition
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts, is_function

SHARE: Final = 24_000
"""Characters of the lines."""
_AROUND: Final = 4_000
"""Characters of a function that is shown whole, if a part of it is cited."""
_SPAN: Final = re.compile(r"`([^`\n]+)`")


def rendered(facts: CourseFacts, page: str, shown: Shown) -> str:
    """Return what a page cites, numbered, by file; as much as there is room for."""
    wanted: dict[str, set[int]] = defaultdict(set)
    places = list(_places(facts, page))
    left = SHARE
    for path, lines in (*places, *_functions(facts, places)):
        new = set(lines) - wanted[path]
        size = shown.size(path, new)
        if size <= left:
            left -= size
            wanted[path] |= new
    text = shown.files(wanted)
    for path in wanted:
        shown.cut(path, cut_lines(facts, path))
    return text


def _places(facts: CourseFacts, page: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the files and the lines that a page cites, in its order."""
    for span in _SPAN.findall(page):
        match = markdown.PLACE.fullmatch(span)
        if match is None or match["path"] not in facts.analysis.files:
            continue
        numbers: list[int] = []
        for part in match["lines"].split(","):
            first, _, last = part.partition("-")
            numbers += range(int(first), int(last or first) + 1)
        yield match["path"], numbers


def _functions(
    facts: CourseFacts, places: list[tuple[str, list[int]]]
) -> Iterator[tuple[str, list[int]]]:
    """Yield the lines of the short functions that hold cited lines."""
    sizes = Shown(facts)
    cited: dict[str, set[int]] = defaultdict(set)
    for path, numbers in places:
        cited[path].update(numbers)
    for definition in facts.definitions:
        if not _is_cited(definition, cited):
            continue
        path = definition.path
        left_out = cut_lines(facts, path)
        lines = range(definition.line, definition.end_line + 1)
        kept = [number for number in lines if number not in left_out]
        if sizes.size(path, kept) <= _AROUND:
            yield path, kept


def _is_cited(definition: Definition, cited: dict[str, set[int]]) -> bool:
    if definition.path not in cited or not is_function(definition):
        return False
    lines = range(definition.line, definition.end_line + 1)
    return not cited[definition.path].isdisjoint(lines)
