"""Reads JavaScript and TypeScript, with JSX."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import, Kind
from worker.engines.static.parsing.grammar import (
    Draft,
    FileText,
    Grammar,
    draft,
    field_text,
    line,
    one_line,
    text,
)

_COMMON: Final = """
(class_declaration) @class
(function_declaration) @function
(generator_function_declaration) @function
(method_definition) @method
(program (lexical_declaration (variable_declarator name: (identifier)) @variable))
(program (variable_declaration (variable_declarator name: (identifier)) @variable))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier)) @variable)))
(assignment_expression left: (member_expression) right: [(function_expression) (arrow_function) (class)]) @function
(import_statement) @import
(export_statement source: (_)) @import
(variable_declarator value: (call_expression function: (identifier) @_require)) @import
(variable_declarator value: (member_expression object: (call_expression function: (identifier) @_require))) @import
(assignment_expression right: (call_expression function: (identifier) @_require)) @import
(export_statement) @export
(assignment_expression left: (member_expression object: [(identifier) (member_expression)])) @export
(comment) @comment
(string_fragment) @string
(regex_pattern) @string
"""
_JAVASCRIPT: Final = (
    _COMMON
    + """
(field_definition value: [(arrow_function) (function_expression)]) @method
(jsx_text) @string
"""
)
_TYPESCRIPT: Final = (
    _COMMON
    + """
(abstract_class_declaration) @class
(interface_declaration) @interface
(enum_declaration) @enum
(type_alias_declaration) @type
(function_signature) @function
(method_signature) @method
(abstract_method_signature) @method
(public_field_definition value: [(arrow_function) (function_expression)]) @method
(internal_module) @scope
"""
)

_CONSTANT: Final = re.compile(r"_?[A-Z][A-Z\d_]*")
_FUNCTIONS: Final = frozenset(
    {"arrow_function", "function_expression", "generator_function"}
)
_DECORATED: Final = frozenset({"class_body", "export_statement"})
"""What holds decorators beside what they decorate."""
_WHOLE: Final = re.compile(r"(?:module\.)?exports")
_EXPORT: Final = re.compile(r"(?:module\.)?exports\.([\w$]+)")
_MEMBER: Final = re.compile(
    r"(?:(?P<owner>[\w$]+)(?P<prototype>\.prototype)?|module\.exports)\.(?P<name>[\w$]+)"
)


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    match node.type:
        case "variable_declarator":
            if not _required_module(node.child_by_field_name("value")):
                yield _variable(node, page)
        case "assignment_expression":
            yield from _assigned(node, page)
        case "internal_module":
            yield draft(page, node, field_text(node, "name"), Kind.TYPE)
        case _:
            name = (
                field_text(node, "name") or field_text(node, "property")
            ).strip("\"'")
            if name:
                yield _named(node, name, Kind(capture), page)


def _named(node: Node, name: str, kind: Kind, page: FileText) -> Draft:
    body = node.child_by_field_name("body")
    if kind is Kind.TYPE:
        body = node.child_by_field_name("value")
    found = draft(page, node, name, kind, body=body)
    found.declared = node.type == "function_signature"
    found.bases = _bases(node)
    before = node.parent
    if before is not None and before.type == "export_statement":
        found.doc = found.doc or page.comment_above(before.start_point.row)
    found.decorators = _decorators(node, page)
    found.public = (
        not name.startswith(("_", "#"))
        and "private" not in found.signature.split("(")[0].split()
    )
    return found


def _decorators(node: Node, page: FileText) -> tuple[str, ...]:
    """Return decorators in a definition, before its export, and right before it in a class."""
    found = [child for child in node.children if child.type == "decorator"]
    outer = node.parent
    start = node.start_byte
    before = (
        page.children(outer, "decorator")
        if outer is not None and outer.type in _DECORATED
        else ()
    )
    for one in reversed(
        before[: bisect_left(before, start, key=lambda one: one.start_byte)]
    ):
        if page.data[one.end_byte : start].strip() not in {
            b"",
            b"export",
            b"export default",
        }:
            break
        found.insert(0, one)
        start = one.start_byte
    return tuple(one_line(text(one)).lstrip("@") for one in found)


def _bases(node: Node) -> tuple[str, ...]:
    """Return what a class extends and implements, or an interface extends."""
    found: list[str] = []
    for clause in node.children:
        if clause.type == "class_heritage" and not any(
            child.type.endswith("_clause") for child in clause.children
        ):
            found += [text(child) for child in clause.named_children]
        inner = clause.children if clause.type == "class_heritage" else [clause]
        for one in inner:
            if one.type in {
                "extends_clause",
                "implements_clause",
                "extends_type_clause",
            }:
                found += [
                    text(child)
                    for child in one.named_children
                    if child.type != "type_arguments"
                ]
    return tuple(
        re.split(r"[<(]", base, maxsplit=1)[0].strip() for base in found
    )


def _variable(node: Node, page: FileText) -> Draft:
    name, value = field_text(node, "name"), node.child_by_field_name("value")
    statement = node.parent or node
    outer = (
        statement.parent
        if statement.parent is not None
        and statement.parent.type == "export_statement"
        else None
    )
    kind, body = _kind_of(name, value)
    found = draft(page, node, name, kind, body=body)
    keyword = text(statement.child(0))
    found.signature = f"{keyword} {found.signature}"
    found.doc = page.comment_above((outer or statement).start_point.row)
    found.bases = (
        _bases(value) if value is not None and value.type == "class" else ()
    )
    found.public = not name.startswith("_")
    return found


def _kind_of(name: str, value: Node | None) -> tuple[Kind, Node | None]:
    """Return what a variable is by its value, and the body of that."""
    if value is None:
        return Kind.VARIABLE, None
    if value.type in _FUNCTIONS:
        return Kind.FUNCTION, value.child_by_field_name("body")
    if value.type == "class":
        return Kind.CLASS, value.child_by_field_name("body")
    return Kind.CONSTANT if _CONSTANT.fullmatch(name) else Kind.VARIABLE, value


def _assigned(node: Node, page: FileText) -> Iterator[Draft]:
    """Read `Socket.prototype.send = function …`, `app.use = function …` and `exports.parse = …`."""
    left, value = field_text(node, "left"), node.child_by_field_name("right")
    match = None if _WHOLE.fullmatch(left) else _MEMBER.fullmatch(left)
    name = (
        match["name"]
        if match is not None
        else field_text(value, "name")
        if _WHOLE.fullmatch(left) and value
        else ""
    )
    if (
        value is None
        or not name
        or (match is not None and match["owner"] == "this")
    ):
        return
    kind, body = _kind_of(name, value)
    found = draft(
        page,
        node,
        name,
        kind,
        body=body.child_by_field_name("body") or body if body else None,
    )
    owner = match["owner"] if match is not None else None
    found.owner = (
        owner if owner and owner != "exports" and kind is Kind.FUNCTION else ""
    )
    found.bases = _bases(value)
    found.public = not name.startswith("_")
    statement = node.parent
    found.doc = page.comment_above((statement or node).start_point.row)
    yield found


def _imports(node: Node) -> Iterator[Import]:
    if node.type in {"variable_declarator", "assignment_expression"}:
        yield from (
            _required(node)
            if node.type == "variable_declarator"
            else _passed_on(node)
        )
        return
    module, again = (
        field_text(node, "source").strip("\"'`"),
        node.type == "export_statement",
    )
    clause = next(
        (
            child
            for child in node.children
            if child.type in {"import_clause", "export_clause"}
        ),
        None,
    )
    names: list[tuple[str, str]] = []
    alias = ""
    for child in clause.children if clause is not None else []:
        match child.type:
            case "identifier":
                names.append((text(child), "default"))
            case "namespace_import":
                alias = text(child.named_child(0))
            case "named_imports":
                names += [
                    _specifier(one)
                    for one in child.named_children
                    if one.type == "import_specifier"
                ]
            case "export_specifier":
                names.append(_specifier(child))
    everything = again and clause is None
    if module:
        yield Import(
            module=module,
            names=tuple(names),
            alias=alias,
            everything=everything,
            again=again,
            line=line(node),
        )


def _specifier(node: Node) -> tuple[str, str]:
    name = field_text(node, "name")
    return field_text(node, "alias") or name, name


def _required(node: Node) -> Iterator[Import]:
    value = node.child_by_field_name("value")
    target = node.child_by_field_name("name")
    module = _required_module(value)
    if value is None or target is None or not module:
        return
    name, alias = text(target), ""
    names: list[tuple[str, str]]
    if value.type == "member_expression":
        names = [(name, field_text(value, "property"))]
    elif target.type == "object_pattern":
        names = [_taken(member) for member in target.named_children]
    else:
        names, alias = [(name, "default")], name
    yield Import(
        module=module, alias=alias, names=tuple(names), line=line(node)
    )


def _taken(member: Node) -> tuple[str, str]:
    """Return the own and the module's name of a member of a pattern."""
    if member.type == "pair_pattern":
        return field_text(member, "value"), field_text(member, "key")
    return text(member), text(member)


def _passed_on(node: Node) -> Iterator[Import]:
    """Read `module.exports = require("./lib")` and `exports.View = require("./view")`."""
    left, module = (
        field_text(node, "left"),
        _required_module(node.child_by_field_name("right")),
    )
    if module and _WHOLE.fullmatch(left):
        yield Import(
            module=module, everything=True, again=True, line=line(node)
        )
    elif module and (match := _EXPORT.fullmatch(left)):
        yield Import(
            module=module,
            names=((match[1], "default"),),
            again=True,
            line=line(node),
        )


def _required_module(value: Node | None) -> str:
    """Return what `require("module")` or `require("module").member` asks for, or nothing."""
    call = (
        value.child_by_field_name("object")
        if value is not None and value.type == "member_expression"
        else value
    )
    if (
        call is None
        or call.type != "call_expression"
        or field_text(call, "function") != "require"
    ):
        return ""
    arguments = call.child_by_field_name("arguments")
    module = (
        text(arguments.named_child(0))
        if arguments is not None and arguments.named_child_count
        else ""
    )
    return module.strip("\"'`") if module[:1] in {'"', "'", "`"} else ""


def _exports(node: Node) -> Iterator[tuple[str, str]]:
    if node.type == "assignment_expression":
        yield from _assigned_exports(node)
        return
    declaration = node.child_by_field_name(
        "declaration"
    ) or node.child_by_field_name("value")
    is_default = any(child.type == "default" for child in node.children)
    if declaration is not None:
        for name in _declared(declaration):
            yield "default" if is_default else name, name
    for clause in node.children:
        if (
            clause.type == "export_clause"
            and node.child_by_field_name("source") is None
        ):
            yield from (
                _specifier(one)
                for one in clause.named_children
                if one.type == "export_specifier"
            )


def _declared(node: Node) -> Iterator[str]:
    if node.type in {"lexical_declaration", "variable_declaration"}:
        yield from (
            field_text(child, "name")
            for child in node.named_children
            if child.type == "variable_declarator"
        )
    elif name := field_text(node, "name") or (
        text(node) if node.type == "identifier" else ""
    ):
        yield name


def _assigned_exports(node: Node) -> Iterator[tuple[str, str]]:
    left, value = field_text(node, "left"), node.child_by_field_name("right")
    if value is None:
        return
    name = (
        text(value) if value.type == "identifier" else field_text(value, "name")
    )
    if match := _EXPORT.fullmatch(left):
        yield match[1], name or match[1]
    elif _WHOLE.fullmatch(left) and value.type == "object":
        yield from (_property(child) for child in value.named_children)
    elif _WHOLE.fullmatch(left) and name:
        yield "default", name


def _property(node: Node) -> tuple[str, str]:
    if node.type == "pair":
        return field_text(node, "key"), field_text(node, "value")
    return text(node), text(node)


def _grammar(module: str, function: str, query: str) -> Grammar:
    return Grammar(
        module=module,
        function=function,
        query=query,
        define=_define,
        imports=_imports,
        exports=_exports,
    )


JAVASCRIPT: Final = _grammar("tree_sitter_javascript", "language", _JAVASCRIPT)
TYPESCRIPT: Final = _grammar(
    "tree_sitter_typescript", "language_typescript", _TYPESCRIPT
)
TSX: Final = _grammar(
    "tree_sitter_typescript",
    "language_tsx",
    _TYPESCRIPT + "(jsx_text) @string",
)
