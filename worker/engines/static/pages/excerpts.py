"""Excerpts of source files: which lines of a definition are shown.

A sentence before an excerpt ends with its place as code, `path:10-14,20-31`. The block holds
exactly these lines (as `markdown.fence` shows them), with a mark where lines are left out:
so a reader, and the checker, can compare it with the file.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, zip_longest
from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.linking.usage import is_interface
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.parsing.function_facts import Statement
from worker.engines.static.parsing.functions import FunctionFacts
from worker.engines.static.parsing.identifiers import words_of

OMITTED: Final = "⋯"
"""Marks omitted lines; the place above says which."""
BUDGET: Final = 48
"""Lines of an excerpt, about."""
_LONG: Final = 25
"""Lines of an excerpt that is not folded."""
_LONG_HEAD: Final = 8
"""Lines of a signature; of a longer one, parameters that no shown line uses are left out."""
_GAP: Final = 1
"""This many lines, empty ones not counted, are shown rather than a mark in their place."""
_FRONT: Final = 2
"""This many statements of a beginning are shown for one of the end."""
_DECORATORS: Final = 8
_TYPE_SPANS: Final = 5
"""Pieces of a type; with more gaps an excerpt is unreadable."""
_LONG_FIELD: Final = 12
"""Lines of a field; a longer one is a table of values."""
_MOST_SIGNATURES: Final = 8
_LONG_SIGNATURE: Final = 4
"""Members of an interface that are shown, and the lines that make one too long for it."""
_ENOUGH_FIELDS: Final = 2
"""Fields of a type that are worth an excerpt."""
_HEAD_END: Final = re.compile(r"(?::|\{|=>)\s*(?:#.*|//.*)?$")

_OPENING: Final = re.compile(r":\s*(?:#.*)?$")
_NO_STATEMENT: Final = re.compile(r"\s*(?:#|//|$)")
_LOGGING: Final = re.compile(
    r"^\s*(?:(?:self\.|this\.)?_?(?:log|logger|logging|LOG|LOGGER|console|debug|warnings|slog"
    r"|glog|klog)\.\w+!?\("
    r"|(?:debug|trace|info|warn|print|println|dbg|eprintln)!?\()"
)
_GUARD: Final = re.compile(
    r"^\s*(?:raise\b|throw\b|panic[!(]|assert\b|return\s*;?$"
    r"|return\s+(?:None|nil|null|false|true|False|True|err|-?\d+)\s*;?$|continue\b|break\b|pass\b)"
)

_EXIT: Final = re.compile(r"\s*(?:return|raise|throw|break|continue)\b")
_TURN: Final = re.compile(r"\s*(?:break|continue)\b")
_YIELD: Final = re.compile(r"\s*(?:\w+ = )?yield\b")
_LOOP: Final = re.compile(r"\s*(?:async )?(?:for|while|loop)\b")
_FOR: Final = re.compile(r"\s*(?:async )?for (\w+) in\b")
_PLAIN_CALL: Final = re.compile(r"\s*(?:\w+ = |await |return )*(\w+)\(")
_LONG_STATEMENT: Final = 6
"""Lines of a statement that is not added to those that are shown."""
_OWNER: Final = re.compile(
    r"\s*(?:if|elif|try|except|for|while|async for)\b.*[:(\[]\s*(?:#.*)?$|\s*try:"
)
_DEPENDENT: Final = re.compile(r"\s*(?:elif|else|except|finally)\b.*:")
"""A part of Python's statements that means nothing without the part before it."""

_MOST_CENTRAL: Final = 4
"""Statements whose values are followed to where they are made."""
_RETURN: Final = re.compile(r"\s*return\b")
_IDENTIFIER: Final = re.compile(r"[^\W\d]\w*")
_SET_BEFORE: Final = re.compile(r"(?<![\w.])(\w+) =")
_NO_CODE: Final = re.compile(r"\"[^\"{]*\"|'[^'{]*'|(?:^|\s)(?:#(?!\{)|//).*")
"""A comment, or a string into which no value is put."""
_USED: Final = re.compile(r"(?<![\w.])[^\W\d]\w*+(?!\s*=(?!=))")
"""A name that is not set, and names no attribute and no parameter of a call."""
_MOST_MADE: Final = 16
"""Lines that are added to those shown for the names in them."""
_ASSIGNMENT: Final = re.compile(
    r"\s*(?:(?:const|let|var|auto)\s+)?(?:mut\s+)?((?:[\w.]+ = )*)"
    r"[(\[{]?\s*(\$?\w+(?:, *\$?\w+)*)\s*[)\]}]?"
    r"(?:: [^=\n]*)?\s*:?=(?!=)"
)

Span = tuple[int, int]
"""The first and the last line of one piece."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """Some lines of a file."""

    path: str
    spans: tuple[Span, ...]
    """In order, apart from each other."""
    is_telling: bool = True
    """Whether it shows enough to explain what the definition is."""

    @property
    def place(self) -> str:
        """Its lines, as code."""
        return markdown.place(self.path, *self.spans)

    def shows(self, path: str, line: int) -> bool:
        """Whether a line of a file is among its lines."""
        if path != self.path:
            return False
        return any(first <= line <= last for first, last in self.spans)


def block(lines: Sequence[str], spans: Sequence[Span], tag: str) -> str:
    """Return the code of an excerpt, given all lines of its file."""
    shown: list[str] = []
    for first, last in spans:
        piece = lines[first - 1 : last]
        if shown:
            first_line = piece[0]
            width = _indent(first_line)
            indent = first_line[:width]
            shown.append(f"{indent}{OMITTED}")
        shown += piece
    return markdown.fence(shown, tag)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def rendered(
    facts: CourseFacts,
    excerpt: Excerpt,
    words: str = "",
    *,
    folds: bool = False,
) -> str:
    """Return an excerpt below its place, which ends the words on it; a long one may be folded."""
    lines = facts.texts.lines(excerpt.path)
    file = facts.file(excerpt.path)
    tag = str(file.language)
    code = block(lines, excerpt.spans, tag)
    rows = code.count("\n") - 1
    if folds and rows > _LONG:
        code = markdown.answer(code, summary=f"The code, {rows} lines")
    said = words.rstrip(".:")
    lead = excerpt.place
    if said.endswith(")"):
        lead = f"{said}, in {lead}:"
    elif said:
        lead = f"{said} ({lead}):"
    return markdown.document(lead, code)


def of_lines(
    facts: CourseFacts,
    path: str,
    first: int,
    last: int,
) -> Excerpt | None:
    """Return an excerpt of the lines that a file has, without empty lines at its ends."""
    lines = facts.texts.lines(path)[:last]
    filled = [
        number
        for number, line in enumerate(lines, 1)
        if number >= first and line.strip()
    ]
    if not filled:
        return None
    span = filled[0], filled[-1]
    return Excerpt(path=path, spans=(span,))


def of_definition(facts: CourseFacts, definition: Definition) -> Excerpt | None:
    """Return an excerpt of a definition; None where its file has changed since it was read.

    The docstring is left out: pages say in prose what it says.
    """
    lines = facts.texts.lines(definition.path)
    if definition.end_line > len(lines):
        return None
    function = facts.function(definition.index)
    first = definition.line
    end = definition.end_line
    is_telling = True
    numbers = range(first, end + 1)
    shown = [*numbers[:BUDGET], end]
    if function is not None and is_function(definition):
        choice = _FunctionLines(lines, definition, function)
        shown = choice.chosen()
    elif function is not None and definition.kind in TYPES:
        shown, is_telling = _type_lines(lines, definition, function)
        if not is_telling and is_interface(definition, or_mixin=True):
            signatures = _signatures(facts, definition)
            is_telling = bool(signatures)
            shown = [*shown, *signatures]
    begin = _first_decorator(lines, definition)
    decorators = range(begin, first)
    spans = _spans(lines, [*decorators, *shown], end)
    return Excerpt(path=definition.path, spans=spans, is_telling=is_telling)


def _first_decorator(lines: Sequence[str], definition: Definition) -> int:
    line = definition.line
    lowest = max(1, line - _DECORATORS)
    for first in range(line, lowest, -1):
        above = lines[first - 2].lstrip()
        if not above.startswith(("@", "#[")):
            return first
    return lowest


def _head(
    lines: Sequence[str],
    definition: Definition,
    function: FunctionFacts,
) -> list[int]:
    """Return the lines of a signature, without the middle of a long one."""
    body = function.body
    if function.doc is not None:
        body = function.doc[0]
    first = definition.line
    before_body = min(body - 1, definition.end_line)
    last = max(first, before_body)
    head = []
    for number in range(first, last + 1):
        head.append(number)
        if _HEAD_END.search(lines[number - 1]):
            break
    if len(head) <= _LONG_HEAD:
        return head
    half = _LONG_HEAD // 2
    return [*head[:half], head[-1]]


class _FunctionLines:
    """Chooses the lines of a function that say most."""

    def __init__(
        self,
        lines: Sequence[str],
        definition: Definition,
        function: FunctionFacts,
    ) -> None:
        self._lines = lines
        self._definition = definition
        self._statements = function.statements
        self._head = _head(lines, definition, function)
        begin = self._head[-1] + 1
        if function.doc is not None:
            begin = function.doc[1] + 1
        end = definition.end_line + 1
        self._body = list(range(begin, end))

    def chosen(self) -> list[int]:
        """Return all lines, or all but those of the statements that say least.

        Logging goes first, then guards, then what is between the first and the last statements,
        but for those that make what the function returns.
        """
        kept = set(self._body)
        room = BUDGET - len(self._head)
        if len(kept) > room:
            kept = self._fitting(room)
        kept = self._without_empty_blocks(kept)
        kept = self._with_beginnings(kept)
        kept = self._with_exits(kept)
        kept = self._with_owners(kept)
        kept = self._with_values(kept)
        kept = self._with_owners(kept)
        signature = self._signature(kept)
        return [*signature, *kept, self._definition.end_line]

    def _signature(self, shown: Iterable[int]) -> list[int]:
        """Return the ends of a signature, and in between the parameters that are used."""
        used = self._last_uses(shown)
        first = self._head[0]
        kept = list(self._head)
        is_kept = False
        for number in range(first + 1, self._head[-1]):
            line = self._line(number)
            parameter = self._line(first + 1)
            if _indent(line) <= _indent(parameter):
                words = words_of(line)
                is_kept = not used.keys().isdisjoint(words)
            if is_kept:
                kept.append(number)
        return kept

    def _line(self, number: int) -> str:
        return self._lines[number - 1]

    def _text(self, statement: Statement) -> str:
        own = self._lines[statement.first - 1 : statement.last]
        return "\n".join(own)

    def _fitting(self, room: int) -> set[int]:
        """Return as many lines as there is room for."""
        kept = set(self._body)
        central = self._central()
        for statement in self._expendable():
            if len(kept) <= room:
                break
            if statement not in central:
                kept.difference_update(_numbers(statement))
        kept = self._without_empty_blocks(kept)
        if len(kept) <= room:
            return kept
        pieces = list(self._pieces(kept))
        ends = _ends(pieces, central, room)
        if ends:
            return ends
        return set(self._body[:room])

    def _expendable(self) -> list[Statement]:
        """Return the statements to leave out, those that say least first; never the last one."""
        return [
            statement
            for pattern in (_LOGGING, _GUARD)
            for statement in self._statements[:-1]
            if pattern.match(self._line(statement.first))
        ]

    def _central(self) -> list[Statement]:
        """Return the statements that do a function's work, the most important first.

        They are the last one, those that make the values in it, calls that have the
        function's name in theirs, and calls of each function of a loop.
        """
        statements = self._statements
        central = list(statements[-1:])
        central += filter(self._names_or_returns, reversed(statements))
        central += filter(self._calls_each, statements)
        for user in islice(central, _MOST_CENTRAL):
            text = self._text(user)
            wanted = set(words_of(text))
            for statement in reversed(statements):
                own = self._text(statement)
                assigned = _assigned(own)
                made = wanted.intersection(assigned)
                if made and statement.last < user.first:
                    wanted -= made
                    central.append(statement)
        return list(dict.fromkeys(central))

    def _names_or_returns(self, statement: Statement) -> bool:
        """Whether a statement calls a method of a like name, or returns a value."""
        text = self._text(statement)
        if _RETURN.match(text) and not _GUARD.match(text):
            return True
        bare = self._definition.name.strip("_")
        name = re.escape(bare)
        like_call = re.compile(rf"\.\w*{name}\w*\(")
        return like_call.search(text) is not None

    def _calls_each(self, statement: Statement) -> bool:
        """Whether a statement calls what the loop around it goes through."""
        line = self._line(statement.first)
        called = _PLAIN_CALL.match(line)
        if called is None:
            return False
        for number in statement.frame:
            opening = _FOR.match(self._line(number))
            if opening is not None and opening[1] == called[1]:
                return True
        return False

    def _pieces(self, kept: set[int]) -> Iterator[set[int]]:
        """Yield the lines of each statement, with comments above it and the blocks around it."""
        statements = self._statements
        begin = self._body[0]
        for statement, following in zip_longest(statements, statements[1:]):
            if following is not None and following.first <= statement.last:
                continue
            end = statement.last + 1
            own = range(begin, end)
            lines = kept.intersection(own)
            if lines:
                yield lines.union(statement.frame)
            begin = end

    def _without_empty_blocks(self, kept: set[int]) -> set[int]:
        """Leave out the head and the comments of a block without shown statements."""
        code = [
            number
            for number in sorted(kept)
            if not _NO_STATEMENT.match(self._line(number))
        ]
        left = set(kept)
        for number, following in pairwise(code):
            opening = self._line(number)
            next_line = self._line(following)
            is_gap = following > number + 1
            is_left = is_gap and _indent(next_line) <= _indent(opening)
            if is_left and _OPENING.search(opening):
                block = range(number, following)
                left.difference_update(block)
        if left == kept:
            return kept
        return self._without_empty_blocks(left)

    def _with_beginnings(self, kept: set[int]) -> set[int]:
        """Add the first statement of each block with a shown statement."""
        more = set(kept)
        begun: set[tuple[int, ...]] = set()
        for statement in self._statements:
            frame = statement.frame
            is_first = bool(frame) and frame not in begun
            begun.add(frame)
            line = self._line(statement.first)
            if not is_first or _LOGGING.match(line):
                continue
            if kept.issuperset(frame):
                more.update(_short(statement))
        return more

    def _with_exits(self, kept: set[int]) -> set[int]:
        """Add the statements that leave a block or a loop that is shown, and each `yield`."""
        more = set(kept)
        for statement in self._statements:
            line = self._line(statement.first)
            left = self._left_block(statement, line)
            if left in kept or _YIELD.match(line):
                more.update(_short(statement), statement.frame)
        return more

    def _left_block(self, statement: Statement, line: str) -> int | None:
        """Return a line of the innermost block that a statement leaves; None if it leaves none."""
        if not _EXIT.match(line):
            return None
        is_turn = _TURN.match(line)
        for number in reversed(statement.frame):
            if not is_turn or _LOOP.match(self._line(number)):
                return number
        return None

    def _with_owners(self, kept: set[int]) -> set[int]:
        """Add the line that opens the statement of each `else`, `except` and `finally` shown."""
        begin = self._head[-1]
        last = max(kept, default=begin)
        more = set(kept)
        wanted: set[int] = set()
        for number in range(last, begin, -1):
            line = self._line(number)
            indent = _indent(line)
            if line.strip():
                wanted = {each for each in wanted if each <= indent}
            if indent in wanted and _OWNER.match(line):
                more.add(number)
                wanted.remove(indent)
            if number in more and _DEPENDENT.match(line):
                wanted.add(indent)
        return more

    def _with_values(self, kept: set[int]) -> set[int]:
        """Add statements that set a name which is used in a line shown below, if they are short."""
        more = kept
        room = len(kept) + _MOST_MADE
        fitting: set[int] | None = kept
        while fitting is not None:
            more = fitting
            fitting = None
            shown = more.union(self._head)
            for statement in self._setting(shown):
                numbers = _numbers(statement)
                piece = more.union(numbers, statement.frame)
                if len(piece) <= room:
                    fitting = piece
                    break
        return more

    def _setting(self, shown: set[int]) -> list[Statement]:
        """Return hidden statements that set shown names, first those that nothing shown sets."""
        used = self._last_uses(shown)
        bound: set[str] = set()
        for statement in self._statements:
            if statement.first in shown:
                line = self._line(statement.first)
                bound.update(_assigned(line))
        new = []
        others = []
        for statement in self._statements:
            line = self._line(statement.first)
            if statement.first in shown:
                continue
            made = _assigned(line)
            own = _USED.findall(line)
            names = {
                name for name in made if used.get(name, 0) > statement.last
            }
            if not names <= bound:
                new.append(statement)
            elif names and names.isdisjoint(own):
                others.append(statement)
        return [*new, *others]

    def _last_uses(self, shown: Iterable[int]) -> dict[str, int]:
        """Return the names that lines use, each with the last of its lines."""
        used: dict[str, int] = {}
        for number in sorted(shown):
            code = _NO_CODE.sub("", self._line(number))
            names = _USED.findall(code)
            used.update(dict.fromkeys(names, number))
        return used


def _numbers(statement: Statement) -> range:
    """Return the lines of a statement."""
    return range(statement.first, statement.last + 1)


def _short(statement: Statement) -> range:
    """Return the lines of a statement; none if they are many."""
    numbers = _numbers(statement)
    if len(numbers) > _LONG_STATEMENT:
        return range(0)
    return numbers


def _assigned(text: str) -> list[str]:
    """Return the names that a statement gives values to."""
    match = _ASSIGNMENT.match(text)
    if match is None:
        return []
    before, names = match.groups()
    return [*_SET_BEFORE.findall(before), *_IDENTIFIER.findall(names)]


def _ends(
    pieces: Sequence[set[int]],
    central: Iterable[Statement],
    room: int,
) -> set[int]:
    """Return the lines of central statements, then of the last and the first ones."""
    shown: set[int] = set()
    for statement in central:
        for piece in pieces:
            if statement.last not in piece:
                continue
            more = shown | piece
            if len(more) <= room:
                shown = more
    left = deque(pieces)
    for turn in range(len(pieces)):
        take = left.popleft
        if turn % (1 + _FRONT) == 0:
            take = left.pop
        more = shown | take()
        if len(more) > room:
            break
        shown = more
    return shown


def _type_lines(
    lines: Sequence[str],
    definition: Definition,
    function: FunctionFacts,
) -> tuple[list[int], bool]:
    """Choose the head and the fields of a type: what lies outside its functions."""
    head = _head(lines, definition, function)
    shown = set(head)
    end = definition.end_line
    last = lines[end - 1].strip()
    if last.startswith("}"):
        shown.add(end)
    fields = 0
    for statement in function.statements:
        field = _numbers(statement)
        more = shown.union(field)
        is_short = len(field) <= _LONG_FIELD
        fits = len(more) <= BUDGET and _pieces(more) <= _TYPE_SPANS
        if is_short and fits:
            shown = more
            fields += 1
    return sorted(shown), fields >= _ENOUGH_FIELDS


def _signatures(facts: CourseFacts, definition: Definition) -> list[int]:
    """Return the lines of an interface's members without the long ones."""
    shown: list[int] = []
    members = facts.members(definition)
    for member in members[:_MOST_SIGNATURES]:
        signature = range(member.line, member.end_line + 1)
        if len(signature) <= _LONG_SIGNATURE:
            shown += signature
    return shown


def _pieces(numbers: Iterable[int]) -> int:
    pairs = pairwise(sorted(numbers))
    return 1 + sum(later - number > _GAP + 1 for number, later in pairs)


def _spans(
    lines: Sequence[str],
    numbers: Iterable[int],
    end: int,
) -> tuple[Span, ...]:
    """Join lines to spans; a gap of a line is shown."""
    chosen = sorted(
        {
            number
            for number in numbers
            if 1 <= number <= end and lines[number - 1].strip()
        }
    )
    closed = set(chosen)
    for number, following in pairwise(chosen):
        between = range(number + 1, following)
        rows = lines[number : following - 1]
        left_out = list(filter(str.strip, rows))
        if len(left_out) <= _GAP:
            closed.update(between)
    firsts = sorted(line for line in closed if line - 1 not in closed)
    lasts = sorted(line for line in closed if line + 1 not in closed)
    return tuple(zip(firsts, lasts, strict=True))
