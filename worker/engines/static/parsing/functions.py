"""Reads what happens inside a function from its syntax tree.

Nothing is followed into other functions, and nothing is known about values. Each kind of
fact is read when it is first asked for: most functions are only asked for a few.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from tree_sitter import Node

from worker.engines.static.parsing.function_facts import (
    CAUGHT,
    Call,
    Expression,
    Handler,
    Raise,
    Statement,
)
from worker.engines.static.parsing.grammar import (
    body_of,
    field_text,
    line,
    one_line,
    text,
)
from worker.engines.static.parsing.identifiers import word_set, words_of
from worker.engines.static.parsing.node_types import (
    BLOCKS,
    CALLEES,
    CALLS,
    CASES,
    CLAUSES,
    DECISIONS,
    ELSE_IFS,
    FAILING_CALLS,
    FAILURE_WORDS,
    FUNCTIONS,
    HANDLERS,
    MATCHED,
    MAX_CONDITION,
    MAX_DEPTH,
    MAX_QUOTED,
    RAISES,
    RETURNS,
    STRINGS,
    shortened,
)

MAX_NODES: Final = 20_000
"""A function with more is not looked at to its end."""

_FEW: Final = 40
"""Nodes near a definition's beginning that are looked through."""
_DECLARATORS: Final = 4
_RETURN_DEPTH: Final = 4
"""Blocks and lists around a return."""
_NO_VALUE: Final = (
    "_statement",
    "_declaration",
    "_item",
    "_definition",
    "statement_list",
)
_LISTS: Final = word_set("function_value_parameters")
"""Lists of parameters that are not a field and hold other nodes as well."""
_NO_PARAMETER: Final = ("comment", "separator", "_type", "attribute_list")
_RECEIVING: Final = word_set("self_parameter receiver_parameter")
_RECEIVERS: Final = word_set("self cls this void")
"""Names that are not parameters where they come first."""
_DECORATED: Final = word_set(
    "pointer_declarator reference_declarator array_declarator function_declarator"
)
_NO_MESSAGE: Final = word_set("keyword_argument subscript")
_SUMS: Final = word_set("binary_expression binary_operator")
_LOOPS_WITH_ELSE: Final = word_set("for_statement while_statement")
_LETTER: Final = re.compile(r"[^\W_]")
_METHOD_CALL: Final = "invocation_expression"
"""A call in C#, which creates objects by `new` only, and whose methods have capitals like types."""
_ERROR_TYPE: Final = re.compile(r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception)")
_ALL_ERRORS: Final = word_set("Exception BaseException Throwable StandardError")
_CASE_MARKS: Final = re.compile(
    r"^(?:#\[[^\]]*\]\s*)+|^(?:case|when|in|default)\b|=>$|:$"
)
"""What stands around the pattern of a case."""
_RUN: Final = "calls its block"
_REPEATING: Final = re.compile(
    r"each|(?:flat_)?map\b|(?:times|loop|tap|select|synchronize|open)\b"
)
"""Ruby's methods that call their block unconditionally, or for all that there is."""
_LEAVING: Final = RETURNS | word_set(
    "continue_statement break_statement continue_expression break_expression next break"
)
_LEAVING_WORD: Final = re.compile(rb"\b(?:return|continue|break|next)\b")
"""How nodes of these types begin."""
_REPEATED: Final = re.compile(
    r"call$|for|while|until|loop|do_|enhanced_|select|.*switch"
)
"""Statements that their own `break` leaves."""
_LATER_PARTS: Final = word_set(
    "binary binary_expression let_declaration elvis_expression"
)
"""Nodes with a part that comes after another one, and only in some cases."""
_CHOICES: Final = re.compile(
    r"^switch_|match_(?:cond|def)|when_entry|select_|conditional_|ternary|rescue_modifier"
)
_MOST_TOLD: Final = 100
"""Results and failures of one function: each looks at all statements before it."""
_MOST_EXCLUDED: Final = 200
"""Characters of conditions that must not hold; a sentence with more is not read."""
_EXCLUDED: Final = re.compile(r"unless `+ ?(([\w.]+ ===? )?.*?) ?`+")
"""A condition that excludes something, with what it compares if that is one of several values."""
_PARTS: Final = BLOCKS | CLAUSES
_NO_STATEMENTS: Final = BLOCKS | CASES
_INTERESTING: Final = frozenset({*CALLS, *RAISES}) | RETURNS | HANDLERS


class _Place(NamedTuple):
    """A node, and the place of the node around it."""

    node: Node
    around: "_Place | None"


class FunctionFacts:
    """A function, or a type whose fields are its statements."""

    def __init__(self, node: Node, *, is_type: bool = False) -> None:
        self._node = node
        self._is_type = is_type
        self._head = _head(node)
        self._body = body_of(self._head) or _go_fields(node)
        children = []
        if self._body is not None:
            children = self._body.named_children
        self._children = children
        self._statements = [
            child for child in children if not _is_comment(child)
        ]
        self.doc: tuple[int, int] | None = None
        """The lines of a docstring inside the body."""
        self.body = node.end_point.row + 2
        """The line of the first statement; the line after the function if there is none."""
        if self._statements:
            first = self._statements[0]
            self.body = line(first)
            if _is_docstring(first):
                self.doc = line(first), first.end_point.row + 1

    @cached_property
    def parameters(self) -> list[str]:
        """The names of the parameters, without the receiver (`self`, `this`)."""
        holder: Node | None = self._head
        for _ in range(_DECLARATORS):
            if holder is None:
                break
            listed = _parameter_list(holder)
            if listed is not None:
                return list(_parameters(listed))
            declarator = holder.child_by_field_name("declarator")
            holder = declarator or holder.child_by_field_name("value")
        return []

    @cached_property
    def statements(self) -> list[Statement]:
        """The simple statements, each with the lines of the blocks around it."""
        if self._body is None:
            return []
        if not self._is_type:
            return list(_statements(self._body))
        return _fields(self._children)

    @property
    def is_empty(self) -> bool:
        """Whether a function does nothing; a docstring may say so."""
        if self._body is None:
            return True
        first, last = self.doc or (0, 0)
        # Most functions do something in their first statement: no other is read.
        return all(
            first <= statement.first <= last
            for statement in _statements(self._body)
        )

    @cached_property
    def calls(self) -> list[Call]:
        """The calls in the order in which they end, arguments before what takes them."""
        calls = []
        for place in self._places:
            if place.node.type not in CALLS:
                continue
            call = _call(place)
            if call.name.isidentifier():
                calls.append(call)
        return sorted(calls, key=lambda call: call.end)

    @cached_property
    def raises(self) -> list[Raise]:
        """The ways to fail, those of functions that are defined inside marked."""
        code = text(self._node)
        if not any(word in code for word in FAILURE_WORDS):
            return []
        causes = []
        for place in self._places:
            verb = _verb(place.node)
            if not verb:
                continue
            cause = _raised(verb, place)
            if not _is_caught(cause, place):
                causes.append(cause)
            if len(causes) == _MOST_TOLD:
                break
        return causes

    @cached_property
    def returns(self) -> list[Expression]:
        """What is returned, with its conditions; nothing for a bare return."""
        if self._body is None:
            return []
        results = []
        for place in self._places:
            if place.node.type not in RETURNS or _inner_name(place):
                continue
            value = _first_child(place.node)
            conditions = tuple(filter(None, _conditions(place)))
            result = Expression(shortened(value), conditions)
            results.append(result)
            if len(results) == _MOST_TOLD:
                break
        tail = _tail(self._body, self._statements)
        if tail is not None:
            results.append(Expression(shortened(tail)))
        return results

    @cached_property
    def handles(self) -> list[Handler]:
        handlers = []
        for place in self._places:
            if place.node.type not in HANDLERS:
                continue
            caught = _caught(place.node)
            if caught:
                handlers.append(_handler(place, caught))
        return handlers

    @cached_property
    def _places(self) -> list[_Place]:
        """The calls, failures, returns and handlers, in the order of the source."""
        if self._body is None or self._is_type:
            return []
        places = []
        stack = [(_Place(self._body, None), 0)]
        for _ in range(MAX_NODES):
            if not stack:
                break
            place, depth = stack.pop()
            if place.node.type in _INTERESTING:
                places.append(place)
            if depth < MAX_DEPTH:
                stack += [
                    (_Place(child, place), depth + 1)
                    for child in reversed(place.node.named_children)
                    if child.named_child_count or child.type in _INTERESTING
                ]
        return places


def _head(node: Node) -> Node:
    """Return the node that holds a definition's parameters and body."""
    queue = [node]
    for candidate in queue:
        if body_of(candidate) is not None:
            return candidate
        if len(queue) < _FEW:
            queue += candidate.named_children
    return node


def _go_fields(definition: Node) -> Node | None:
    """Return the fields of a struct of Go, which lie deeper than other bodies."""
    node: Node | None = definition
    for kind in ("type_spec", "struct_type", "field_declaration_list"):
        children = []
        if node is not None:
            children = node.named_children
        node = next((each for each in children if each.type == kind), None)
    return node


def _is_comment(node: Node) -> bool:
    return node.type.endswith("comment")


def _is_aside(node: Node) -> bool:
    return _is_comment(node) or node.type == "attribute_item"


def _first_child(node: Node) -> Node | None:
    return next(iter(node.named_children), None)


def _is_docstring(statement: Node) -> bool:
    inner = _first_child(statement)
    is_string = inner is not None and inner.type == "string"
    return statement.type == "expression_statement" and is_string


def _is_field(node: Node) -> bool:
    if node.type in FUNCTIONS or node.type.endswith("decorated_definition"):
        return False
    return not _is_aside(node) and not _is_docstring(node)


def _fields(children: Sequence[Node]) -> list[Statement]:
    """Return the fields of a type, each with the comments and attributes before it."""
    fields = []
    is_field = False
    for child in reversed(children):
        if not _is_aside(child):
            is_field = _is_field(child)
        if is_field:
            last = child.end_point.row + 1
            fields.append(Statement(line(child), last, ()))
    fields.reverse()
    return fields


def _parameter_list(holder: Node) -> Node | None:
    listed = holder.child_by_field_name("parameters")
    if listed is not None:
        return listed
    children = holder.named_children
    return next((child for child in children if child.type in _LISTS), None)


def _parameters(listed: Node) -> Iterator[str]:
    is_mixed = listed.type in _LISTS
    for place, child in enumerate(listed.named_children):
        if child.type.endswith(_NO_PARAMETER):
            continue
        if child.type in _RECEIVING or (is_mixed and child.type != "parameter"):
            continue
        for name in _names(child):
            is_receiver = place == 0 and name in _RECEIVERS
            if name and not is_receiver:
                yield name[:MAX_QUOTED]


def _names(parameter: Node) -> list[str]:
    """Return the names that a parameter declares."""
    if parameter.type.endswith("splat_parameter"):
        return [one_line(text(parameter))]
    named = parameter.children_by_field_name("name")
    if named:
        return [_plain_name(node) for node in named]
    other = _field(parameter, "pattern", "left", "declarator")
    if other is not None:
        return [_plain_name(other)]
    if parameter.type == "spread_parameter":
        return [one_line(text(parameter.named_children[-1]))]
    whole = one_line(text(parameter))
    name = whole.partition(":")[0]
    return [name.lstrip("&").strip()]


def _plain_name(node: Node) -> str:
    """Return a name without the marks of pointers, references and arrays around it."""
    inner = node
    while inner.type in _DECORATED:
        declarator = inner.child_by_field_name("declarator")
        inner = declarator or inner.named_children[-1]
    return one_line(text(inner)).lstrip("$")


def _field(node: Node, *names: str) -> Node | None:
    fields = map(node.child_by_field_name, names)
    return next((field for field in fields if field is not None), None)


class _Inner(NamedTuple):
    """A node of a body, and what is known of the nodes around it."""

    node: Node
    outer: str
    """The type of the node around it."""
    frame: tuple[int, ...]
    """The lines that it needs around it."""
    depth: int


def _statements(body: Node) -> Iterator[Statement]:
    """Yield the statements of a block, and of the blocks in them."""
    stack = [_Inner(body, "", (), 0)]
    for _ in range(MAX_NODES):
        if not stack:
            return
        node, outer, frame, depth = stack.pop()
        kind = node.type
        children = node.named_children
        kinds = [child.type for child in children]
        first = line(node)
        last = node.end_point.row + 1
        is_compound = not _PARTS.isdisjoint(kinds)
        is_statement = outer in BLOCKS and kind not in _NO_STATEMENTS
        if is_statement and not is_compound and not _is_comment(node):
            yield Statement(first, last, frame)
        has_blocks = is_compound or last > first or kind in BLOCKS
        if depth == MAX_DEPTH or not has_blocks:
            continue
        for child in reversed(children):
            around = frame + _frame(node, kind, child)
            stack.append(_Inner(child, kind, around, depth + 1))


def _frame(outer: Node, kind: str, child: Node) -> tuple[int, ...]:
    """Return the lines that a part of a compound statement needs around it."""
    if child.type in CLAUSES:
        return (line(outer),)
    if child.type not in BLOCKS or kind in BLOCKS:
        return ()
    first = line(outer)
    last = max(first, line(child) - 1)
    frame = tuple(range(first, last + 1))
    if text(child).endswith("}"):
        frame += (child.end_point.row + 1,)
    return frame


def _call(place: _Place) -> Call:
    node = place.node
    callee = _callee(node) or node
    called = shortened(callee)
    name = _last_name(called)
    path = (callee.text or b"").partition(b"<")[0]
    before = path.rfind(name.encode())
    return Call(
        name=name,
        line=callee.end_point.row + 1,
        end=node.end_byte,
        place=callee.start_byte + max(0, before),
        inner=_inner_name(place),
    )


def _callee(call: Node) -> Node | None:
    """Return what a call calls, or creates an object of."""
    return _field(call, *CALLEES) or _first_child(call)


def _last_name(called: str) -> str:
    """Return the name after all dots, colons and arrows."""
    for separator in (".", "::", "->"):
        called = called.rpartition(separator)[2]
    return called.partition("<")[0]


def _verb(node: Node) -> str:
    """Return how a node fails, or nothing if it does not."""
    if node.type in RAISES:
        return RAISES[node.type]
    if node.type not in CALLS:
        return ""
    return FAILING_CALLS.get(shortened(_callee(node)), "")


def _raised(verb: str, place: _Place) -> Raise:
    node = place.node
    thrown = None
    arguments = node.child_by_field_name("arguments")
    if node.type in RAISES:
        thrown = _first_child(node)
    elif verb == "raises" and arguments is not None:
        thrown = _first_child(arguments)
    conditions = _conditions(place)
    if "" in conditions:
        conditions = [each for each in conditions if each.startswith(CAUGHT)]
        conditions.append("")
    return Raise(
        verb,
        shortened(_constructed(thrown)),
        _message(node),
        tuple(conditions),
        line(node),
        is_inner=_inner_name(place) != "",
    )


def _is_caught(cause: Raise, place: _Place) -> bool:
    """Whether a statement around a failure catches it, so that it does not leave."""
    return any(
        child.type not in CLAUSES and _catches(outer, cause.what)
        for outer, child in _outward(place)
    )


def _catches(statement: Node, error: str) -> bool:
    for handler in statement.named_children:
        if handler.type not in HANDLERS:
            continue
        caught = words_of(_caught(handler))
        is_any = not caught or not _ALL_ERRORS.isdisjoint(caught)
        if is_any or error in caught:
            return True
    return False


def _handler(place: _Place, caught: str) -> Handler:
    around = (place.around or place).node
    return Handler(caught, line(around), around.end_point.row + 1)


def _constructed(thrown: Node | None) -> Node | None:
    """Return the class that is thrown, or what else is."""
    if thrown is None or thrown.type in STRINGS:
        return None
    if thrown.type not in CALLS:
        return thrown
    callee = _callee(thrown)
    if text(callee) == "new":
        return thrown.child_by_field_name("receiver")
    if callee is not None and _makes_object(thrown, callee):
        return _without_namespace(callee)
    maker = thrown.child_by_field_name("object")
    if maker is None and callee is not None:
        maker = _first_child(callee)
    if _ERROR_TYPE.fullmatch(text(maker)):
        return maker
    return callee


def _makes_object(call: Node, callee: Node) -> bool:
    """Whether a call creates an object of the class that it names: `new Error.Inner()`."""
    if call.children[0].type == "new":
        return True
    name = _last_name(text(callee))
    return call.type != _METHOD_CALL and name[:1].isupper()


def _without_namespace(named: Node) -> Node:
    """Return a class without the namespace that PHP writes before it."""
    if named.child_by_field_name("prefix") is None:
        return named
    return named.named_children[-1]


def _message(node: Node) -> str:
    """Return the text that a failure begins with: not the parts that are put into it."""
    queue = [node]
    for inner in queue:
        if inner.type in STRINGS:
            message = _whole_string(inner)
            if _LETTER.search(message):
                return _with_ellipsis(message, inner)
        elif len(queue) < _FEW:
            queue += _around_message(inner)
    return ""


def _with_ellipsis(message: str, node: Node) -> str:
    """Return a string of a sum with an ellipsis if more is added to it."""
    total = node.parent
    if total is None or total.type not in _SUMS:
        return message
    above = total.parent
    is_part = above is not None and above.type in _SUMS
    if is_part or node.next_named_sibling is not None:
        return f"{message[:-1]}…{message[-1:]}"
    return message


def _around_message(node: Node) -> list[Node]:
    """Return the children of a node in which the message of a failure may be."""
    if node.type in _NO_MESSAGE:
        return []
    method = ""
    if node.type in CALLS:
        method = _last_name(shortened(_callee(node)))
    if method == "join":
        return []
    if method == "format":
        return node.named_children[:1]
    return _operands(node)


def _operands(node: Node) -> list[Node]:
    """Return the children of a node; those of a sum in the order in which they are written."""
    operands: list[Node] = []
    while node.type in _SUMS and node.named_children:
        left, *right = node.named_children
        operands[:0] = right
        node = left
    if operands:
        return [node, *operands]
    return node.named_children


def _whole_string(node: Node) -> str:
    """Return a string, joined with the strings written right after it."""
    outer = node.parent
    if outer is None or outer.type != "concatenated_string":
        return shortened(node, MAX_CONDITION)
    first, *_ = written = [text(part) for part in outer.named_children]
    bare = [piece.lstrip("fFbBrRuU") for piece in written]
    words = "".join(piece[1:-1] for piece in bare)
    prefix = first.removesuffix(bare[0])
    quote = '"'
    if quote in words:
        quote = "'"
    return f"{prefix}{quote}{words}{quote}"


def _inner_name(place: _Place) -> str:
    """Return the name of the function defined inside that a node lies in, or nothing."""
    around = place.around
    while around is not None:
        if around.node.type in FUNCTIONS:
            return field_text(around.node, "name") or "lambda"
        around = around.around
    return ""


def _outward(place: _Place) -> Iterator[tuple[Node, Node]]:
    """Yield the nodes around a node of a function, each with its child, the innermost first."""
    while place.around is not None and place.node.type not in FUNCTIONS:
        yield place.around.node, place.node
        place = place.around


def _conditions(place: _Place) -> list[str]:
    """Return what has to hold for a node of a function to be reached, the outermost first.

    An empty condition stands for what cannot be told.
    """
    conditions: list[str] = []
    for outer, child in _outward(place):
        conditions = [
            *_early_returns(outer, child),
            *_conditions_between(outer, child),
            *conditions,
        ]
    needed = [
        condition
        for condition in dict.fromkeys(conditions)
        if not _is_excluded(condition, conditions)
    ]
    others = [each for each in needed if not each.startswith("unless ")]
    excluded = set(needed).difference(others)
    if sum(map(len, excluded)) <= _MOST_EXCLUDED:
        return needed
    return [*others, "unless an earlier branch applies"]


def _is_excluded(condition: str, conditions: list[str]) -> bool:
    """Whether a condition is one that another excludes: of another value, or of a changed one.

    A block that is run is in one that is run as well.
    """
    if condition.endswith(_RUN):
        later = conditions[conditions.index(condition) + 1 :]
        return any(other.endswith(_RUN) for other in later)
    excluded = _EXCLUDED.fullmatch(condition)
    if excluded is None:
        return False
    expression, compared = excluded.groups("\n")
    for other in conditions:
        is_same = other.strip("` ").endswith(expression)
        is_compared = f"`{compared}" in other
        if other.startswith("if ") and (is_same or is_compared):
            return True
    return False


def _last_leaving(statement: Node) -> int:
    """Return the last byte at which a statement returns or leaves a loop around it, or -1."""
    last = -1
    if not _LEAVING_WORD.search(statement.text or b""):
        return last
    stack = [(statement, _LEAVING)]
    while stack:
        node, kinds = stack.pop()
        if node.type in kinds:
            last = max(last, node.start_byte)
        if _REPEATED.match(node.type):
            kinds = RETURNS
        if node.type not in FUNCTIONS:
            stack += [(inner, kinds) for inner in node.named_children]
    return last


def _early_returns(block: Node, child: Node) -> Iterator[str]:
    """Yield what must not hold, since a statement before a child returns in that case.

    What fails at the top of a function is no such statement: each failure is told alone.
    """
    if block.type not in BLOCKS or child.type in CLAUSES:
        return
    is_inner = block.parent is not None and block.parent.type not in FUNCTIONS
    for sibling in block.named_children:
        if sibling.start_byte >= child.start_byte:
            return
        last = _last_leaving(sibling)
        told = sibling.start_byte
        for branch in _left(sibling, fails=is_inner or last >= 0):
            told = _branch_body(branch).end_byte
            yield _condition(branch, holds=False)
        if last >= told:
            yield ""


def _left(statement: Node, *, fails: bool) -> Iterator[Node]:
    """Yield the first branches of a statement, as far as they leave."""
    parts = [statement]
    for part in parts:
        branch = part
        if part.type in {"else_clause", "expression_statement"}:
            branch = _first_child(part) or part
        if branch.type not in DECISIONS or not _leaves(branch, fails=fails):
            return
        yield branch
        parts += branch.children_by_field_name("alternative")


def _leaves(branch: Node, *, fails: bool) -> bool:
    """Whether a branch ends in a statement after which nothing of it is done."""
    last = _branch_body(branch)
    for _ in range(_RETURN_DEPTH):
        if last.type in _LEAVING or (fails and _verb(last)):
            return True
        children = [
            child for child in last.named_children if not _is_comment(child)
        ]
        is_block = last.type in BLOCKS or last.type == "expression_statement"
        if not children or not is_block:
            return False
        last = children[-1]
    return False


def _branch_body(branch: Node) -> Node:
    """Return what is done in a branch, which Kotlin does not name."""
    return _field(branch, "consequence", "body") or branch.named_children[-1]


def _conditions_between(outer: Node, child: Node) -> Iterator[str]:
    """Yield what has to hold for a child of a branch or a handler to be reached."""
    if outer.type in HANDLERS and child.type in BLOCKS:
        error = "any error"
        caught = _caught(outer)
        if caught:
            error = _quoted(caught)
        yield f"{CAUGHT}{error}"
    yield from _choice(outer, child)
    later = None
    if outer.type in _LATER_PARTS:
        later = _field(outer, "right", "alternative")
    if child == later or _CHOICES.search(outer.type):
        yield ""
    condition = outer.child_by_field_name("condition")
    if outer.type not in DECISIONS or condition is None or child == condition:
        return
    is_else = _is_alternative(outer, child)
    yield _condition(outer, holds=not is_else)
    if is_else:
        yield from _else_ifs(outer, child)


def _else_ifs(outer: Node, child: Node) -> Iterator[str]:
    """Yield what must not hold, since a branch before a child is taken in that case."""
    for sibling in outer.named_children:
        if sibling.start_byte >= child.start_byte:
            return
        if sibling.type in ELSE_IFS:
            yield _condition(sibling, holds=False)


def _choice(outer: Node, child: Node) -> Iterator[str]:
    """Yield when a case, a loop's `else` or a block that Ruby gives to a method is reached."""
    if outer.type in MATCHED:
        is_arm = outer.type == "match_arm" and child.type != "match_pattern"
        if is_arm or child.type in BLOCKS:
            yield _case(outer, child)
    elif outer.type in {"case", "case_match"} and child.type == "else":
        yield _matched(outer, "")
    elif outer.type in _LOOPS_WITH_ELSE and child.type == "else_clause":
        yield "if the loop ends without `break`"
    elif outer.type == "call" and child.type.endswith("block"):
        method = field_text(outer, "method")
        if not _REPEATING.match(method):
            yield f"if `{method}` {_RUN}"


def _case(outer: Node, child: Node) -> str:
    """Return what a case of `match`, of Ruby's `case` or Go's `switch` matches."""
    statement = outer.parent or outer
    if statement.type in BLOCKS:
        statement = statement.parent or statement
    parts = outer.named_children
    end = next(part for part in parts if part == child or _is_comment(part))
    code = outer.text or b""
    length = end.start_byte - outer.start_byte
    head = code[:length].decode()
    row = one_line(head)
    pattern = _CASE_MARKS.sub("", row).strip()
    return _matched(statement, pattern)


def _matched(statement: Node, pattern: str) -> str:
    subject = shortened(_field(statement, "subject", "value"))
    is_other = pattern in {"", "_"}
    if not subject:
        other = "unless another branch applies"
        return other if is_other else f"if {_quoted(pattern)}"
    if is_other:
        return f"if {_quoted(subject)} matches no other case"
    return f"if {_quoted(subject)} matches {_quoted(pattern)}"


def _condition(branch: Node, *, holds: bool) -> str:
    """Return the condition of a branch, behind the statement that prepares it (Go)."""
    word = "unless"
    if holds != branch.type.startswith("unless"):
        word = "if"
    fields = map(branch.child_by_field_name, ("initializer", "condition"))
    parts = [shortened(part, MAX_CONDITION) for part in fields if part]
    condition = "; ".join(parts)
    return f"{word} {_quoted(condition)}"


def _is_alternative(outer: Node, child: Node) -> bool:
    """Whether a child of a branch is reached where its condition does not hold."""
    alternatives = outer.children_by_field_name("alternative")
    if alternatives:
        return child in alternatives
    if _field(outer, "consequence", "body") is not None:
        return False
    # Kotlin names neither branch: the second block is the alternative.
    return child in outer.named_children[2:]


def _quoted(expression: str) -> str:
    """Return an expression as a code span."""
    if "`" in expression:
        return f"`` {expression} ``"
    return f"`{expression}`"


def _caught(handler: Node) -> str:
    """Return the types that a handler catches, as written; none if it catches everything."""
    caught = next(
        (each for each in handler.named_children if each.type not in _PARTS),
        None,
    )
    if caught is None or _is_comment(caught):
        return ""
    if handler.type == "catch_block":
        return shortened(handler.named_children[1])
    if caught.type == "identifier" and handler.type == "catch_clause":
        return ""
    if caught.type in {"catch_formal_parameter", "catch_declaration"}:
        parts = [
            part for part in caught.named_children if part.type != "modifiers"
        ]
        caught = next(iter(parts), None)
    types = shortened(caught).partition(" as ")[0]
    types = types.removeprefix("const ")
    return types.partition("&")[0].strip()


def _tail(body: Node, statements: list[Node]) -> Node | None:
    """Return the last expression of a block, whose value is returned in expression languages."""
    outer = body.parent
    if body.type not in BLOCKS:
        return body
    is_kotlin = outer is not None and outer.type == "function_body"
    is_braced = body.type == "block" and text(body).endswith("}")
    if is_kotlin or not is_braced:
        return None
    if statements and not statements[-1].type.endswith(_NO_VALUE):
        return statements[-1]
    return None
