"""Reads facts about a function's body from its syntax tree."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tree_sitter import Node

from worker.engines.static.parsing.function_facts import (
    Call,
    Expression,
    FunctionFacts,
    Parameter,
    Raise,
    Statement,
)
from worker.engines.static.parsing.grammar import line, one_line, text
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.parsing.node_types import (
    ASSIGNMENTS,
    BLOCKS,
    CALLS,
    CASES,
    DECISIONS,
    FAILING_CALLS,
    FUNCTIONS,
    HANDLERS,
    LOOPS,
    MAX_DEPTH,
    MAX_SAID,
    OWN,
    RAISES,
    RETURNS,
    STRINGS,
    said,
)

MAX_NODES: Final = 20_000
"""A function with more is not looked at to its end."""


class _NodeContext(NamedTuple):
    """What is known of the place of a node."""

    depth: int
    parent: str
    """The type of the node around it."""
    frame: tuple[int, ...]
    conditions: tuple[str, ...]
    inner: bool
    """Inside a function that is defined inside."""


def dissect(node: Node, *, deep: bool = True) -> FunctionFacts:
    """Read a function; or, not `deep`, the fields of a type: they are its statements."""
    head, body = _head_and_body(node)
    found = FunctionFacts(
        first=line(node),
        last=node.end_point.row + 1,
        body=node.end_point.row + 2,
    )
    found.parameters = list(_parameters(head))
    if body is None:
        return found
    statements = [
        child
        for child in body.named_children
        if not child.type.endswith("comment")
    ]
    if statements:
        found.body = line(statements[0])
    if statements and body.type == "block" and _is_docstring(statements[0]):
        found.doc = line(statements[0]), statements[0].end_point.row + 1
    if not deep:
        found.statements = [
            Statement(line(one), one.end_point.row + 1, ())
            for one in body.named_children
            if _is_field(one) or _describes_a_field(one)
        ]
        return found
    _walk(body, found)
    _add_tail(statements[-1:], body, found)
    found.calls.sort(key=lambda call: call.end)
    return found


def _head_and_body(node: Node) -> tuple[Node, Node | None]:
    """Return the nodes that hold a definition's parameters and its statements."""
    queue = [node]
    for one in queue:
        if (body := one.child_by_field_name("body")) is not None:
            return one, body
        queue += one.named_children if len(queue) < _FEW else []
    return node, None


_FEW: Final = 40


def _is_docstring(statement: Node) -> bool:
    inner = _first_child(statement)
    return (
        statement.type == "expression_statement"
        and inner is not None
        and inner.type == "string"
    )


def _first_child(node: Node) -> Node | None:
    return node.named_child(0) if node.named_child_count else None


def _describes_a_field(node: Node) -> bool:
    """Tell whether a node is a comment with a field behind it, whatever comments lie between."""
    if not node.type.endswith("comment"):
        return False
    following = node.next_named_sibling
    while following is not None and following.type.endswith("comment"):
        following = following.next_named_sibling
    return following is not None and _is_field(following)


def _is_field(node: Node) -> bool:
    return (
        node.type not in FUNCTIONS
        and not node.type.endswith("comment")
        and not node.type.endswith("decorated_definition")
        and not _is_docstring(node)
    )


def _parameters(head: Node) -> Iterator[Parameter]:
    holder: Node | None = head
    for _ in range(_DECLARATORS):
        if holder is None:
            return
        if (listed := holder.child_by_field_name("parameters")) is not None:
            yield from _listed(listed)
            return
        holder = holder.child_by_field_name(
            "declarator"
        ) or holder.child_by_field_name("value")


_DECLARATORS: Final = 4


def _listed(listed: Node) -> Iterator[Parameter]:
    for place, child in enumerate(listed.named_children):
        if child.type.endswith(("comment", "separator")) or child.type in {
            "self_parameter",
            "receiver_parameter",
        }:
            continue
        default = _first_field(child, "value", "right", "default_value")
        other = _first_field(child, "pattern", "left", "declarator")
        names = child.children_by_field_name("name") or (
            [other] if other is not None else []
        )
        for shown in map(_name, names) if names else [_bare(child)]:
            if shown not in _RECEIVERS[place > 0]:
                rest = child.type in _REST or shown.startswith(("*", "..."))
                optional = (
                    default is not None
                    or rest
                    or child.type == "optional_parameter"
                )
                yield Parameter(
                    shown[:MAX_SAID],
                    one_line(text(default)) if default is not None else "",
                    optional,
                )


def _name(node: Node) -> str:
    """Return a parameter's name without the marks of pointers, references and arrays around it."""
    inner = node
    while inner.type in _DECORATED:
        inner = (
            inner.child_by_field_name("declarator") or inner.named_children[-1]
        )
    return one_line(text(inner))


def _bare(child: Node) -> str:
    """Return the name of a parameter without a name field: its text, or its declaration's."""
    if child.type == "spread_parameter":
        return one_line(text(child.named_children[-1]))
    return one_line(text(child)).partition(":")[0].lstrip("&").strip()


_DECORATED: Final = word_set(
    "pointer_declarator reference_declarator array_declarator function_declarator"
)
_RECEIVERS: Final = (
    frozenset({"self", "cls", "this", "", "void"}),
    frozenset({""}),
)
"""What is no parameter where it comes first, and where it does not."""
_REST: Final = frozenset(
    {
        "variadic_parameter_declaration",
        "spread_parameter",
        "rest_pattern",
        "variadic_parameter",
    }
)


def _first_field(node: Node, *names: str) -> Node | None:
    return next(
        (
            found
            for name in names
            if (found := node.child_by_field_name(name)) is not None
        ),
        None,
    )


def _walk(body: Node, found: FunctionFacts) -> None:
    stack = [(body, _NodeContext(0, "", (), (), inner=False))]
    for _ in range(MAX_NODES):
        if not stack:
            return
        node, around = stack.pop()
        _note(node, around, found)
        if around.depth < MAX_DEPTH:
            stack += reversed(
                [
                    (child, _inside(node, index, child, around))
                    for index, child in _children(node)
                ]
            )


def _children(node: Node) -> list[tuple[int, Node]]:
    return [
        (index, child)
        for index, child in enumerate(node.children)
        if child.is_named
    ]


def _inside(
    node: Node, index: int, child: Node, around: _NodeContext
) -> _NodeContext:
    frame = around.frame
    if child.type.endswith("_clause"):
        frame += (line(node),)
    if child.type in BLOCKS and node.type not in BLOCKS:
        header = range(line(node), max(line(node), child.start_point.row) + 1)
        closer = child.end_point.row + 1
        frame += (*header, *([closer] if text(child).endswith("}") else []))
    return _NodeContext(
        around.depth + 1,
        node.type,
        frame,
        around.conditions + tuple(_conditions(node, index, child)),
        around.inner or child.type in FUNCTIONS,
    )


def _conditions(node: Node, index: int, child: Node) -> Iterator[str]:
    """Yield what has to hold for a child of a branch or a handler to be reached."""
    if node.type in HANDLERS and child.type in BLOCKS:
        caught = _handled(node)
        yield f"after catching {_quoted(caught) if caught else 'any error'}"
    if node.type not in DECISIONS:
        return
    field = node.field_name_for_child(index)
    if field == "consequence":
        yield f"if {_quoted(said(node.child_by_field_name('condition')))}"
    elif field == "alternative":
        yield f"unless {_quoted(said(node.child_by_field_name('condition')))}"
        for sibling in node.named_children:
            if sibling.start_byte >= child.start_byte:
                break
            if sibling.type == "elif_clause":
                condition = said(sibling.child_by_field_name("condition"))
                yield f"unless {_quoted(condition)}"


def _quoted(expression: str) -> str:
    """Return an expression as a code span."""
    ticks = "``" if "`" in expression else "`"
    space = " " if "`" in expression else ""
    return f"{ticks}{space}{expression}{space}{ticks}"


def _handled(node: Node) -> str:
    """Return the types that a handler catches, as written; none if it catches everything."""
    caught = next(
        (child for child in node.named_children if child.type not in BLOCKS),
        None,
    )
    if caught is None or (
        caught.type in {"identifier", "comment"} and node.type == "catch_clause"
    ):
        return ""
    if caught.type == "catch_formal_parameter":
        caught = _first_child(caught)
    return (
        said(caught)
        .partition(" as ")[0]
        .removeprefix("const ")
        .partition("&")[0]
        .strip()
    )


def _note(node: Node, around: _NodeContext, found: FunctionFacts) -> None:
    kind = node.type
    if around.parent in BLOCKS:
        _note_statement(node, around, found)
    if kind in CALLS:
        _note_call(node, around, found)
    elif kind in RAISES and not around.inner:
        found.raises.append(_raised(RAISES[kind], node, around))
    elif kind in RETURNS and not around.inner:
        found.returns.append(Expression(said(_first_child(node)), line(node)))
    elif kind in ASSIGNMENTS:
        _note_assignment(node, found)
    else:
        _note_control(node, found)


def _note_control(node: Node, found: FunctionFacts) -> None:
    if node.type in DECISIONS:
        found.decisions.append(
            Expression(said(node.child_by_field_name("condition")), line(node))
        )
    elif node.type in HANDLERS and (caught := _handled(node)):
        found.handles.append(Expression(caught, line(node)))
    elif node.type in LOOPS:
        found.loops.append(line(node))
    found.yields = found.yields or node.type in {"yield", "yield_expression"}


def _note_call(node: Node, around: _NodeContext, found: FunctionFacts) -> None:
    callee = node.child_by_field_name(CALLS[node.type])
    called = said(callee)
    name = (
        called.rpartition(".")[2]
        .rpartition("::")[2]
        .rpartition("->")[2]
        .partition("<")[0]
    )
    if called in FAILING_CALLS and not around.inner:
        found.raises.append(_raised(FAILING_CALLS[called], node, around))
    elif name.isidentifier():
        at = callee.end_point.row + 1 if callee is not None else line(node)
        found.calls.append(Call(name, called, at, node.end_byte))


def _raised(verb: str, node: Node, around: _NodeContext) -> Raise:
    thrown = _first_child(node) if node.type in RAISES else None
    callee = (
        thrown.child_by_field_name(CALLS[thrown.type])
        if thrown is not None and thrown.type in CALLS
        else thrown
    )
    return Raise(
        verb, said(callee), _message(node), around.conditions, line(node)
    )


def _message(node: Node) -> str:
    queue = [node]
    for one in queue:
        if one.type in STRINGS:
            return _whole_string(one)
        queue += one.named_children if len(queue) < _FEW else []
    return ""


def _whole_string(node: Node) -> str:
    """Return a string, with those written right behind it as one."""
    outer = node.parent
    if outer is None or outer.type != "concatenated_string":
        return said(node)
    pieces = [text(part) for part in outer.named_children]
    quote = pieces[0][-1:]
    if not all(piece.startswith(quote) for piece in pieces):
        return said(node)
    joined = "".join(piece[1:-1] for piece in pieces)
    return f"{quote}{joined}{quote}"[: 2 * MAX_SAID]


def _note_assignment(node: Node, found: FunctionFacts) -> None:
    left = one_line(text(node.child_by_field_name("left"))[:MAX_SAID])
    own = next(
        (
            left.removeprefix(prefix)
            for prefix in OWN
            if left.startswith(prefix)
        ),
        "",
    )
    if own.isidentifier() and own not in {one.said for one in found.assigned}:
        found.assigned.append(Expression(own, line(node)))


def _note_statement(
    node: Node, around: _NodeContext, found: FunctionFacts
) -> None:
    if (
        node.type in BLOCKS
        or node.type.endswith("comment")
        or node.type in CASES
    ):
        return
    if not any(
        child.type in BLOCKS or child.type.endswith("_clause")
        for child in node.children
    ):
        found.statements.append(
            Statement(line(node), node.end_point.row + 1, around.frame)
        )


def _add_tail(last: list[Node], body: Node, found: FunctionFacts) -> None:
    """Add the last expression of a block, whose value is returned in expression languages."""
    if body.type not in BLOCKS:
        found.returns.append(Expression(said(body), line(body)))
    elif (
        last
        and body.type == "block"
        and _is_value(last[0])
        and text(body).endswith("}")
    ):
        found.returns.append(Expression(said(last[0]), line(last[0])))


def _is_value(node: Node) -> bool:
    return not node.type.endswith(
        ("_statement", "_declaration", "_item", "_definition", "statement_list")
    )
