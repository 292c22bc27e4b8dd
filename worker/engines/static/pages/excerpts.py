"""Excerpts of source files: which lines of a definition are shown, and how they stand on the page.

An excerpt is announced by its place as a code span, `path:10-14,20-31`, and the code below
it holds exactly these lines (as `markdown.fence` shows them) with a mark where others were
left out: so a reader, and the review, can check it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.parsing.function_facts import (
    FunctionFacts,
    Statement,
)
from worker.engines.static.reading.language import Language

BUDGET: Final = 28
"""Lines of an excerpt, about."""
_HEAD: Final = 14
"""Lines of a signature at most."""
_DOC: Final = 4
"""The longest docstring that is shown whole; of a longer one, its first paragraph is."""
_TYPE_DOC: Final = 8
_GAP: Final = 2
"""So few lines are not worth a mark."""
_PIECES: Final = 5

Span = tuple[int, int]
"""The first and the last line of what is shown in one piece."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """Some lines of a file."""

    path: str
    spans: tuple[Span, ...]
    """In order, apart from each other."""
    subject: int | None = None
    """The definition that it is of."""

    @property
    def place(self) -> str:
        """Where it stands, as a code span."""
        return markdown.place(self.path, *self.spans)

    def shows(self, line: int) -> bool:
        """Tell whether a line is in it."""
        return any(first <= line <= last for first, last in self.spans)


def block(lines: Sequence[str], spans: Sequence[Span], tag: str) -> str:
    """Return the code of an excerpt, given all lines of its file."""
    shown: list[str] = []
    for before, (first, last) in zip([None, *spans], spans, strict=False):
        if before is not None:
            indent = lines[first - 1][
                : len(lines[first - 1]) - len(lines[first - 1].lstrip())
            ]
            shown.append(f"{indent}{_left_out(before[1] + 1, first - 1)}")
        shown += lines[first - 1 : last]
    return markdown.fence(shown, tag)


def _left_out(first: int, last: int) -> str:
    return (
        f"⋯ line {first} omitted ⋯"
        if first == last
        else f"⋯ lines {first}-{last} omitted ⋯"
    )


def rendered(facts: CourseFacts, excerpt: Excerpt) -> str:
    """Return an excerpt with its place above it."""
    rest = ""
    end = excerpt.spans[-1][1]
    if (
        excerpt.subject is not None
        and facts.definitions[excerpt.subject].end_line > end
    ):
        rest = f" (it continues to line {facts.definitions[excerpt.subject].end_line})"
    code = block(
        facts.texts.lines(excerpt.path),
        excerpt.spans,
        facts.file(excerpt.path).language,
    )
    return markdown.document(f"{excerpt.place}{rest}", code)


def of_definition(
    facts: CourseFacts, index: int, budget: int = BUDGET
) -> Excerpt | None:
    """Return an excerpt of a definition; None where its file has changed under our hands."""
    one = facts.definitions[index]
    lines = facts.texts.lines(one.path)
    if one.end_line > len(lines):
        return None
    anatomy = facts.anatomy(index)
    if one.end_line - one.line < budget or anatomy is None:
        chosen: Iterable[int] = range(
            one.line, min(one.end_line, one.line + budget - 1) + 1
        )
    elif is_function(one):
        chosen = _function_lines(facts, one, anatomy, budget)
    elif one.kind in TYPES:
        chosen = _type_lines(facts, one, anatomy, budget)
    else:
        chosen = range(one.line, one.line + budget)
    first = _with_decorators(lines, one)
    shown = [*range(first, one.line), *chosen]
    return Excerpt(
        path=one.path, spans=_spans(lines, shown, one.end_line), subject=index
    )


def of_lines(
    facts: CourseFacts, path: str, first: int, last: int
) -> Excerpt | None:
    """Return an excerpt of some lines of a file, as far as they are there.

    Without empty lines at its ends.
    """
    lines = facts.texts.lines(path)
    chosen = [
        number
        for number in range(first, min(last, len(lines)) + 1)
        if lines[number - 1].strip()
    ]
    return (
        Excerpt(path=path, spans=((chosen[0], chosen[-1]),)) if chosen else None
    )


def _with_decorators(lines: Sequence[str], one: Definition) -> int:
    first = one.line
    while first > max(1, one.line - _HEAD) and lines[
        first - 2
    ].lstrip().startswith(("@", "#[")):
        first -= 1
    return first


def _head_lines(
    lines: Sequence[str], one: Definition, anatomy: FunctionFacts, most_doc: int
) -> list[int]:
    """Return the lines of a signature, and of the docstring as much as may be."""
    until = min(anatomy.body - 1, one.line + _HEAD - 1, one.end_line)
    head = list(range(one.line, max(until, one.line) + 1))
    if anatomy.doc is not None:
        head += _doc_lines(lines, anatomy.doc, most_doc)
    return head


def _doc_lines(lines: Sequence[str], doc: Span, most: int) -> range:
    """Return the lines of a docstring if it is short, or else of its first paragraph."""
    first, last = doc
    if last - first >= most:
        last = next(
            (
                number - 1
                for number in range(first + 1, last)
                if not lines[number - 1].strip()
            ),
            last,
        )
    return range(first, min(last, first + most - 1) + 1)


def _function_lines(
    facts: CourseFacts, one: Definition, anatomy: FunctionFacts, budget: int
) -> Iterable[int]:
    """Choose the statements that say most: calls of the project's own code, results, failures."""
    shown = set(
        _head_lines(facts.texts.lines(one.path), one, anatomy, _DOC)
    ) | _closing(facts, one)
    if (
        anatomy.doc is not None
        and len(shown) + one.end_line - anatomy.doc[1] <= budget
    ):
        return sorted({*shown, *range(anatomy.doc[1] + 1, one.end_line + 1)})
    worth = _worth(facts, one, anatomy)

    def rank(statement: Statement) -> tuple[float, int]:
        lines = range(statement.first, statement.last + 1)
        value = sum(worth.get(line, 0.0) for line in lines) + _ANY
        return -value / (len(lines) + len(statement.frame) / 2), statement.first

    after = anatomy.doc[1] if anatomy.doc is not None else 0
    return _grown(
        shown,
        sorted(
            (one for one in anatomy.statements if one.first > after), key=rank
        ),
        budget,
    )


def _grown(
    shown: Iterable[int], statements: Iterable[Statement], budget: int
) -> set[int]:
    """Add statements, the best first, while there is room and the excerpt stays connected."""
    grown = set(shown)
    for statement in statements:
        more = grown | {
            *statement.frame,
            *range(statement.first, statement.last + 1),
        }
        if len(more) <= budget and _pieces(more) <= _PIECES:
            grown = more
    return grown


def _pieces(lines: Iterable[int]) -> int:
    return 1 + sum(two - one > _GAP + 1 for one, two in pairwise(sorted(lines)))


_ANY: Final = 0.1
_OURS: Final = 3.0
_RESULT: Final = 2.0
_STATE: Final = 0.5


def _worth(
    facts: CourseFacts, one: Definition, anatomy: FunctionFacts
) -> dict[int, float]:
    ours = {
        facts.definitions[reference.target].name
        for reference in facts.out[one.index]
    }
    found = dict.fromkeys(
        (call.line for call in anatomy.calls if call.name in ours), _OURS
    )
    for line in [failure.line for failure in anatomy.raises] + [
        result.line for result in anatomy.returns
    ]:
        found[line] = found.get(line, 0.0) + _RESULT
    for assigned in anatomy.assigned:
        found[assigned.line] = found.get(assigned.line, 0.0) + _STATE
    return found


def _closing(facts: CourseFacts, one: Definition) -> set[int]:
    closes = facts.texts.lines(one.path)[one.end_line - 1].strip()[:1] == "}"
    return (
        {one.end_line}
        if closes and facts.file(one.path).language is not Language.PYTHON
        else set()
    )


def _type_lines(
    facts: CourseFacts, one: Definition, anatomy: FunctionFacts, budget: int
) -> Iterable[int]:
    """Choose what a type says of itself, and its fields: what lies outside its functions."""
    shown = _head_lines(
        facts.texts.lines(one.path), one, anatomy, _TYPE_DOC
    ) + sorted(_closing(facts, one))
    return _grown(shown, anatomy.statements, budget)


def _spans(
    lines: Sequence[str], chosen: Iterable[int], end: int
) -> tuple[Span, ...]:
    """Put lines together to pieces; what would leave out next to nothing leaves out nothing."""
    numbers = sorted({line for line in chosen if 1 <= line <= end})
    closed = {*numbers}
    for one, two in pairwise(numbers):
        between = range(one + 1, two)
        if len(between) <= _GAP or not any(
            lines[line - 1].strip() for line in between
        ):
            closed.update(between)
    if end - numbers[-1] <= _GAP:
        closed.update(range(numbers[-1], end + 1))
    spans: list[Span] = []
    for line in sorted(closed):
        if spans and spans[-1][1] == line - 1:
            spans[-1] = (spans[-1][0], line)
        else:
            spans.append((line, line))
    return tuple(_trimmed(lines, span) for span in spans)


def _trimmed(lines: Sequence[str], span: Span) -> Span:
    first, last = span
    while last > first and not lines[last - 1].strip():
        last -= 1
    return first, last
