"""Excerpts of source files: which lines of a definition are shown.

An excerpt is announced by its place as code, `path:10-14,20-31`. The block below it holds
exactly these lines (as `markdown.fence` shows them), with a mark where lines are left out:
so a reader, and the checker, can compare it with the file.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, pairwise, zip_longest
from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.parsing.function_facts import Statement
from worker.engines.static.parsing.functions import FunctionFacts

OMITTED: Final = "⋯"
"""Stands for lines that are left out; the place above tells which."""
BUDGET: Final = 48
"""Lines of an excerpt, about."""
_LONG_HEAD: Final = 8
"""Lines of a signature; the middle of a longer one is left out."""
_GAP: Final = 1
"""This many lines, empty ones not counted, are shown rather than a mark in their place."""
_FRONT: Final = 2
"""This many statements of a beginning are shown for one of the end."""
_DECORATORS: Final = 8
_TYPE_SPANS: Final = 5
"""Pieces of a type; more holes than that make a riddle of it."""
_LONG_FIELD: Final = 12
"""Lines of a field; a longer one is a table of values."""
_ENOUGH_FIELDS: Final = 2
"""Fields of a type that are worth an excerpt."""
_HEAD_END: Final = re.compile(r"(?::|\{|=>)\s*(?:#.*|//.*)?$")

_OPENING: Final = re.compile(r":\s*(?:#.*)?$")
_COMMENT: Final = re.compile(r"\s*(?:#|//)")
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
_IF: Final = re.compile(r"\s*if\b")
_SETTING: Final = re.compile(r"\s*[\w.\[\]\"']+(?:: [^=]+)? [-+*|]?=(?!=)")
"""A statement that sets a variable, an attribute or a key."""
_OVER: Final = 6
"""This many lines above the budget are shown before branches are left out."""
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
_NO_CODE: Final = re.compile(r"\"[^\"]*\"|'[^']*'|(?:^|\s)(?:#|//).*")
_USED: Final = re.compile(r"(?<![\w.])[^\W\d]\w*+(?!\s*=(?!=))")
"""A name that is not set, and names no attribute and no parameter of a call."""
_MOST_MADE: Final = 16
"""Lines that are added to those shown for the names in them."""
_ASSIGNMENT: Final = re.compile(
    r"\s*(?:(?:const|let|var|auto)\s+)?((?:[\w.]+ = )*)\(?(\w+(?:, *\w+)*)\)?"
    r"(?:: [^=\n]*)?\s*:?=(?!=)"
)

Span = tuple[int, int]
"""The first and the last line of what is shown in one piece."""


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


def block(lines: Sequence[str], spans: Sequence[Span], tag: str) -> str:
    """Return the code of an excerpt, given all lines of its file."""
    shown: list[str] = []
    for position, (first, last) in enumerate(spans):
        if position:
            line = lines[first - 1]
            width = _indent(line)
            indent = line[:width]
            shown.append(f"{indent}{OMITTED}")
        shown += lines[first - 1 : last]
    return markdown.fence(shown, tag)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def rendered(facts: CourseFacts, excerpt: Excerpt) -> str:
    """Return an excerpt with its place above it."""
    lines = facts.texts.lines(excerpt.path)
    tag = facts.file(excerpt.path).language
    return markdown.document(
        excerpt.place, block(lines, excerpt.spans, str(tag))
    )


def of_lines(
    facts: CourseFacts,
    path: str,
    first: int,
    last: int,
) -> Excerpt | None:
    """Return an excerpt of the lines that a file has, without empty lines at its ends."""
    lines = facts.texts.lines(path)
    filled = [
        number
        for number in range(first, min(last, len(lines)) + 1)
        if lines[number - 1].strip()
    ]
    if not filled:
        return None
    return Excerpt(path=path, spans=((filled[0], filled[-1]),))


def of_definition(facts: CourseFacts, definition: Definition) -> Excerpt | None:
    """Return an excerpt of a definition; None where its file has changed since it was read.

    The docstring is left out: pages say in prose what it says.
    """
    lines = facts.texts.lines(definition.path)
    if definition.end_line > len(lines):
        return None
    function = facts.function(definition.index)
    is_telling = True
    shown: Iterable[int]
    if function is not None and is_function(definition):
        shown = _function_lines(lines, definition, function)
    elif function is not None and definition.kind in TYPES:
        shown, is_telling = _type_lines(lines, definition, function)
    else:
        last = min(definition.end_line, definition.line + BUDGET - 1)
        beginning = range(definition.line, last + 1)
        shown = [*beginning, definition.end_line]
    first = _first_decorator(lines, definition)
    decorators = range(first, definition.line)
    numbers = [*decorators, *shown]
    spans = _spans(lines, numbers, definition.end_line)
    return Excerpt(path=definition.path, spans=spans, is_telling=is_telling)


def _first_decorator(lines: Sequence[str], definition: Definition) -> int:
    first = definition.line
    while (
        first > 1
        and definition.line - first < _DECORATORS
        and lines[first - 2].lstrip().startswith(("@", "#["))
    ):
        first -= 1
    return first


def _head(
    lines: Sequence[str],
    definition: Definition,
    function: FunctionFacts,
) -> list[int]:
    """Return the lines of a signature, without the middle of a long one."""
    end = _head_end(lines, definition, function)
    head = list(range(definition.line, end + 1))
    if len(head) <= _LONG_HEAD:
        return head
    return [*head[: _LONG_HEAD // 2], head[-1]]


def _head_end(
    lines: Sequence[str],
    definition: Definition,
    function: FunctionFacts,
) -> int:
    body = function.body
    if function.doc is not None:
        body = function.doc[0]
    last = max(definition.line, min(body - 1, definition.end_line))
    for number in range(definition.line, last + 1):
        if _HEAD_END.search(lines[number - 1]):
            return number
    return last


def _body(
    lines: Sequence[str],
    definition: Definition,
    function: FunctionFacts,
) -> list[int]:
    begin = _head_end(lines, definition, function) + 1
    if function.doc is not None:
        begin = function.doc[1] + 1
    return list(range(begin, definition.end_line + 1))


def _function_lines(
    lines: Sequence[str],
    definition: Definition,
    function: FunctionFacts,
) -> list[int]:
    """Choose lines of a function: all of them, or all but the statements that say least.

    Logging goes first, then guards, then what is between the first and the last statements,
    but for those that make what the function returns.
    """
    head = _head(lines, definition, function)
    body = _body(lines, definition, function)
    room = BUDGET - len(head)
    kept = set(body)
    central = []
    if len(kept) > room:
        central = _central(lines, definition, function.statements)
    for statement in _expendable(lines, function):
        if len(kept) <= room:
            break
        if statement not in central:
            kept -= set(range(statement.first, statement.last + 1))
    kept = _without_empty_blocks(lines, kept)
    if len(kept) > room:
        pieces = list(_pieces_of(body[0], kept, function.statements))
        kept = _ends(pieces, central, room) or set(body[:room])
        kept = _without_empty_blocks(lines, kept)
    kept = _with_beginnings(lines, kept, function.statements)
    kept = _with_exits(lines, kept, function.statements)
    kept = _with_owners(lines, kept, head[-1])
    kept = _with_values(lines, kept, head, function.statements)
    if len(kept) > room + _OVER:
        kept = _without_branches(lines, kept, function.statements)
    kept = _with_owners(lines, kept, head[-1])
    return [*head, *kept, definition.end_line]


def _without_branches(
    lines: Sequence[str],
    kept: set[int],
    statements: Sequence[Statement],
) -> set[int]:
    """Leave out whole branches that only set values which no other line uses, the last first."""
    for first, inside in reversed(_branches(lines, statements).items()):
        if not all(_SETTING.match(lines[each.first - 1]) for each in inside):
            continue
        last = max(max(each.last, *each.frame) for each in inside)
        rest = kept - set(range(first, last + 1))
        used = _last_uses(lines, rest)
        names = _names_set(lines, inside)
        if all(used.get(name, 0) < first for name in names):
            kept = _without_unused(lines, kept, rest, statements)
    return kept


def _branches(
    lines: Sequence[str], statements: Iterable[Statement]
) -> dict[int, list[Statement]]:
    """Return the statements of each `if` with its alternatives, by its line."""
    branches: dict[int, list[Statement]] = defaultdict(list)
    for statement in statements:
        for number in statement.frame:
            if _IF.match(lines[number - 1]):
                branches[number].append(statement)
    return dict(sorted(branches.items()))


def _names_set(
    lines: Sequence[str], statements: Iterable[Statement]
) -> set[str]:
    names: set[str] = set()
    for statement in statements:
        names.update(_assigned(lines[statement.first - 1]))
    return names


def _without_unused(
    lines: Sequence[str],
    before: set[int],
    kept: set[int],
    statements: Iterable[Statement],
) -> set[int]:
    """Leave out what sets names that only lines left out have used."""
    once_used = _last_uses(lines, before)
    used = _last_uses(lines, kept)
    rest = set(kept)
    for statement in statements:
        names = set(_assigned(lines[statement.first - 1]))
        if names & once_used.keys() and names.isdisjoint(used):
            rest -= set(range(statement.first, statement.last + 1))
    return rest


def _with_beginnings(
    lines: Sequence[str],
    kept: set[int],
    statements: Sequence[Statement],
) -> set[int]:
    """Add the first statement of each block of which another one is shown."""
    more = set(kept)
    begun: set[tuple[int, ...]] = set()
    for statement in statements:
        frame = statement.frame
        is_first = bool(frame) and frame not in begun
        begun.add(frame)
        line = lines[statement.first - 1]
        if not is_first or _LOGGING.match(line):
            continue
        if kept.issuperset(frame):
            shown = _short(statement)
            more.update(shown)
    return more


def _short(statement: Statement) -> range:
    """Return the lines of a statement; none if they are many."""
    if statement.last - statement.first >= _LONG_STATEMENT:
        return range(0)
    return range(statement.first, statement.last + 1)


def _with_exits(
    lines: Sequence[str],
    kept: set[int],
    statements: Sequence[Statement],
) -> set[int]:
    """Add the statements that leave a block or a loop that is shown, and each `yield`."""
    more = set(kept)
    for statement in statements:
        text = lines[statement.first - 1]
        left = _left_block(lines, statement, text)
        if kept.intersection(left) or _YIELD.match(text):
            shown = _short(statement)
            more.update(shown, statement.frame)
    return more


def _left_block(
    lines: Sequence[str],
    statement: Statement,
    text: str,
) -> tuple[int, ...]:
    """Return a line of the innermost block that a statement leaves; none if it leaves none."""
    if not _EXIT.match(text):
        return ()
    if not _TURN.match(text):
        return statement.frame[-1:]
    loops = []
    for number in statement.frame:
        line = lines[number - 1]
        if _LOOP.match(line):
            loops.append(number)
    return tuple(loops[-1:])


def _with_values(
    lines: Sequence[str],
    kept: set[int],
    head: Sequence[int],
    statements: Sequence[Statement],
) -> set[int]:
    """Add statements that set a name which is used in a line shown below, if they are short."""
    more = set(kept)
    if more.issuperset(statement.first for statement in statements):
        return more
    room = len(kept) + _MOST_MADE
    while True:
        fitting = None
        for statement in _setting(lines, [*head, *more], statements):
            own = range(statement.first, statement.last + 1)
            piece = more.union(own, statement.frame)
            if len(piece) <= room:
                fitting = piece
                break
        if fitting is None:
            return more
        more = fitting


def _setting(
    lines: Sequence[str],
    shown: Sequence[int],
    statements: Sequence[Statement],
) -> list[Statement]:
    """Return the hidden statements that set shown names, first those that nothing shown sets."""
    used = _last_uses(lines, shown)
    bound: set[str] = set()
    for statement in statements:
        if statement.first in shown:
            line = lines[statement.first - 1]
            bound.update(_assigned(line))
    new = []
    others = []
    for statement in statements:
        line = lines[statement.first - 1]
        names = {
            name
            for name in _assigned(line)
            if used.get(name, 0) > statement.last
        }
        if not names or statement.first in shown:
            continue
        if not names <= bound:
            new.append(statement)
        elif names.isdisjoint(_USED.findall(line)):
            others.append(statement)
    return [*new, *others]


def _last_uses(lines: Sequence[str], shown: Iterable[int]) -> dict[str, int]:
    """Return the names that lines use, each with the last of its lines."""
    used: dict[str, int] = {}
    for number in sorted(shown):
        code = _NO_CODE.sub("", lines[number - 1])
        for name in _USED.findall(code):
            used[name] = number
    return used


def _with_owners(lines: Sequence[str], kept: set[int], begin: int) -> set[int]:
    """Add the line that opens the statement of each `else`, `except` and `finally` shown."""
    more = set(kept)
    last = max(kept, default=begin)
    wanted: set[int] = set()
    for number in range(last, begin, -1):
        text = lines[number - 1]
        indent = _indent(text)
        if text.strip():
            deeper = {each for each in wanted if each > indent}
            wanted -= deeper
        if indent in wanted and _OWNER.match(text):
            more.add(number)
            wanted.remove(indent)
        if number in more and _DEPENDENT.match(text):
            wanted.add(indent)
    return more


def _expendable(
    lines: Sequence[str], function: FunctionFacts
) -> list[Statement]:
    """Return the statements to leave out, those that say least first; never the last one."""
    logging = []
    guards = []
    for statement in function.statements[:-1]:
        text = lines[statement.first - 1]
        if _LOGGING.match(text):
            logging.append(statement)
        if _GUARD.match(text):
            guards.append(statement)
    return [*logging, *guards]


def _central(
    lines: Sequence[str],
    definition: Definition,
    statements: Sequence[Statement],
) -> list[Statement]:
    """Return the statements that do a function's work, the most important first.

    They are the last one, those that make the values in it, calls that have the
    function's name in theirs, and calls of each function of a loop.
    """
    texts = {
        statement: "\n".join(lines[statement.first - 1 : statement.last])
        for statement in statements
    }
    name = re.escape(definition.name.strip("_"))
    named = re.compile(rf"\.\w*{name}\w*\(")
    central = list(statements[-1:])
    central += [
        each
        for each in reversed(statements)
        if named.search(texts[each])
        or (_RETURN.match(texts[each]) and not _GUARD.match(texts[each]))
    ]
    central += [each for each in statements if _calls_each(lines, each)]
    for user in islice(central, _MOST_CENTRAL):
        wanted = set(_IDENTIFIER.findall(texts[user]))
        for statement in reversed(statements):
            made = wanted.intersection(_assigned(texts[statement]))
            if made and statement.last < user.first:
                wanted -= made
                central.append(statement)
    return list(dict.fromkeys(central))


def _calls_each(lines: Sequence[str], statement: Statement) -> bool:
    """Whether a statement calls what the loop around it goes through."""
    called = _PLAIN_CALL.match(lines[statement.first - 1])
    if called is None:
        return False
    for number in statement.frame:
        opening = _FOR.match(lines[number - 1])
        if opening is not None and opening[1] == called[1]:
            return True
    return False


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
            if statement.last in piece and len(shown | piece) <= room:
                shown |= piece
    left = deque(pieces)
    for turn in count():
        is_last = turn % (1 + _FRONT) == 0
        if not left or len(shown | left[-is_last]) > room:
            return shown
        shown |= left.pop() if is_last else left.popleft()
    return shown


def _pieces_of(
    begin: int,
    kept: set[int],
    statements: Sequence[Statement],
) -> Iterator[set[int]]:
    """Yield the lines of each statement, with comments above it and the blocks around it."""
    for statement, following in zip_longest(statements, statements[1:]):
        if following is not None and following.first <= statement.last:
            continue
        piece = range(begin, statement.last + 1)
        lines = kept.intersection(piece)
        if lines:
            yield lines | set(statement.frame)
        begin = statement.last + 1


def _without_empty_blocks(lines: Sequence[str], kept: set[int]) -> set[int]:
    """Leave out lines that open a block of which nothing is shown, and comments in it."""
    code = [
        number
        for number in sorted(kept)
        if lines[number - 1].strip() and not _COMMENT.match(lines[number - 1])
    ]
    ends = dict(pairwise(code))
    empty = {
        number
        for number, following in ends.items()
        if _OPENING.search(lines[number - 1])
        and following > number + 1
        and _indent(lines[following - 1]) <= _indent(lines[number - 1])
    }
    if not empty:
        return kept
    inside = {
        comment
        for number in empty
        for comment in range(number + 1, ends[number])
    }
    return _without_empty_blocks(lines, kept - empty - inside)


def _type_lines(
    lines: Sequence[str],
    definition: Definition,
    function: FunctionFacts,
) -> tuple[list[int], bool]:
    """Choose the head and the fields of a type: what lies outside its functions."""
    shown = set(_head(lines, definition, function))
    if lines[definition.end_line - 1].strip().startswith("}"):
        shown.add(definition.end_line)
    fields = 0
    for statement in function.statements:
        if statement.last - statement.first >= _LONG_FIELD:
            continue
        field = range(statement.first, statement.last + 1)
        more = shown.union(field)
        if len(more) <= BUDGET and _pieces(more) <= _TYPE_SPANS:
            shown = more
            fields += 1
    return sorted(shown), fields >= _ENOUGH_FIELDS


def _pieces(numbers: Iterable[int]) -> int:
    gaps = pairwise(sorted(numbers))
    return 1 + sum(following - number > _GAP + 1 for number, following in gaps)


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
    spans: list[Span] = []
    for line in sorted(closed):
        first = line
        if spans:
            begin, end = spans[-1]
            if end == line - 1:
                first = begin
                spans.pop()
        spans.append((first, line))
    return tuple(spans)
