"""Reads JavaScript and TypeScript, with JSX."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import, Kind
from worker.engines.static.parsing.grammar import (
    DOC_COMMENTS,
    Draft,
    FileText,
    Grammar,
    bases_in,
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
(program (export_statement
  (lexical_declaration (variable_declarator name: (identifier)) @variable)))
(assignment_expression left: (member_expression)
  right: [(function_expression) (arrow_function) (class)]) @function
(import_statement) @import
(export_statement source: (_)) @import
(variable_declarator value: (call_expression function: (identifier) @_require)) @import
(variable_declarator value: (member_expression
  object: (call_expression function: (identifier) @_require))) @import
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
_EXPORT_WORDS: Final = frozenset({b"", b"export", b"export default"})
_HERITAGE: Final = frozenset({"class_heritage", "extends_type_clause"})
_VARIABLES: Final = frozenset({"lexical_declaration", "variable_declaration"})
_WHOLE: Final = re.compile(r"(?:module\.)?exports")
_EXPORT: Final = re.compile(r"(?:module\.)?exports\.([\w$]+)")
_MEMBER: Final = re.compile(
    r"(?:(?P<owner>[\w$]+)(?P<prototype>\.prototype)?|module\.exports)\.(?P<name>[\w$]+)"
)
_QUOTES: Final = "\"'`"
_CLAUSES: Final = frozenset({"import_clause", "export_clause"})


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
            name = field_text(node, "name") or field_text(node, "property")
            if name.strip(_QUOTES):
                yield _named(node, name.strip(_QUOTES), Kind(capture), page)


def _named(node: Node, name: str, kind: Kind, page: FileText) -> Draft:
    field = "body"
    if kind is Kind.TYPE:
        field = "value"
    body = node.child_by_field_name(field)
    definition = draft(page, node, name, kind, body=body)
    definition.declared = node.type == "function_signature"
    definition.bases = _bases(node)
    definition.decorators = _decorators(node, page)
    definition.doc = definition.doc or page.block_above(_row(node))
    words = definition.signature.partition("(")[0].split()
    definition.public = not name.startswith(("_", "#")) and (
        "private" not in words
    )
    return definition


def _row(node: Node) -> int:
    """Return the row on which a definition begins, or the export around it."""
    outer = node.parent
    if outer is not None and outer.type == "export_statement":
        return outer.start_point.row
    return node.start_point.row


def _decorators(node: Node, page: FileText) -> tuple[str, ...]:
    """Return decorators in a definition, before its export, and right before it in a class."""
    decorators = [child for child in node.children if child.type == "decorator"]
    outer = node.parent
    start = node.start_byte
    if outer is not None and outer.type in _DECORATED:
        beside = page.children(outer, "decorator")
        place = bisect_left(beside, start, key=lambda mark: mark.start_byte)
        for mark in reversed(beside[:place]):
            between = page.data[mark.end_byte : start].strip()
            if between not in _EXPORT_WORDS:
                break
            decorators.insert(0, mark)
            start = mark.start_byte
    return tuple(one_line(text(mark)).lstrip("@") for mark in decorators)


def _bases(node: Node | None) -> tuple[str, ...]:
    """Return what a class extends and implements, or an interface extends."""
    return tuple(
        base
        for clause in (node.children if node is not None else ())
        if clause.type in _HERITAGE
        for base in bases_in(text(clause))
    )


def _variable(node: Node, page: FileText) -> Draft:
    name = field_text(node, "name")
    value = node.child_by_field_name("value")
    statement = node.parent or node
    kind, body = _kind_of(name, value)
    variable = draft(page, node, name, kind, body=body)
    first = statement.child(0)
    keyword = text(first)
    variable.signature = f"{keyword} {variable.signature}"
    row = _row(statement)
    variable.doc = page.comment_above(row)
    if kind is Kind.CLASS:
        variable.bases = _bases(value)
    variable.public = not name.startswith("_")
    return variable


def _kind_of(name: str, value: Node | None) -> tuple[Kind, Node | None]:
    """Return what kind of definition a variable's value makes it, and the value's body."""
    if value is None:
        return Kind.VARIABLE, None
    if value.type in _FUNCTIONS:
        return Kind.FUNCTION, value.child_by_field_name("body")
    if value.type == "class":
        return Kind.CLASS, value.child_by_field_name("body")
    if _CONSTANT.fullmatch(name):
        return Kind.CONSTANT, value
    return Kind.VARIABLE, value


def _assigned(node: Node, page: FileText) -> Iterator[Draft]:
    """Read `Socket.prototype.send = function …`, `app.use = function …` and `exports.parse = …`."""
    value = node.child_by_field_name("right")
    if value is None:
        return
    owner, name = _assigned_names(field_text(node, "left"), value)
    if not name:
        return
    kind, body = _kind_of(name, value)
    definition = draft(page, node, name, kind, body=body)
    if kind is Kind.FUNCTION:
        definition.owner = owner
    if kind is Kind.CLASS:
        definition.bases = _bases(value)
    outer = node.parent or node
    definition.doc = page.block_above(_row(outer))
    definition.public = not name.startswith("_")
    yield definition


def _assigned_names(left: str, value: Node) -> tuple[str, str]:
    """Return the owner and the name of a member that is assigned; no name for other variables."""
    if _WHOLE.fullmatch(left):
        return "", field_text(value, "name")
    member = _MEMBER.fullmatch(left)
    if member is None or member["owner"] == "this":
        return "", ""
    owner = member["owner"]
    if owner in {None, "module", "exports"}:
        owner = ""
    return owner, member["name"]


def _imports(node: Node) -> Iterator[Import]:
    if node.type == "variable_declarator":
        yield from _required(node)
        return
    if node.type == "assignment_expression":
        yield from _passed_on(node)
        return
    module = field_text(node, "source").strip(_QUOTES)
    is_export = node.type == "export_statement"
    clause = next(
        (child for child in node.children if child.type in _CLAUSES), None
    )
    names: list[tuple[str, str]] = []
    alias = ""
    if clause is not None:
        names, alias = _taken(clause)
    if module:
        yield Import(
            module=module,
            names=tuple(names),
            alias=alias,
            everything=is_export and clause is None,
            again=is_export,
            line=line(node),
        )


def _taken(clause: Node) -> tuple[list[tuple[str, str]], str]:
    """Return the names that a clause takes from a module, and the name of the module itself."""
    names = _specifiers(clause, "export_specifier")
    alias = ""
    for child in clause.children:
        match child.type:
            case "identifier":
                names.append((text(child), "default"))
            case "namespace_import":
                alias = text(child.named_child(0))
            case "named_imports":
                names += _specifiers(child, "import_specifier")
    return names, alias


def _specifiers(clause: Node, kind: str) -> list[tuple[str, str]]:
    """Return the pairs of the name after and before `as`."""
    pairs = []
    for child in clause.named_children:
        if child.type == kind:
            name = field_text(child, "name")
            pairs.append((field_text(child, "alias") or name, name))
    return pairs


def _required(node: Node) -> Iterator[Import]:
    """Read `const a = require("b")`, also of members of it."""
    value = node.child_by_field_name("value")
    target = node.child_by_field_name("name")
    module = _required_module(value)
    if value is None or target is None or not module:
        return
    name = text(target)
    alias = ""
    if value.type == "member_expression":
        names = [(name, field_text(value, "property"))]
    elif target.type == "object_pattern":
        names = [_property(member)[::-1] for member in target.named_children]
    else:
        names = [(name, "default")]
        alias = name
    yield Import(
        module=module, alias=alias, names=tuple(names), line=line(node)
    )


def _passed_on(node: Node) -> Iterator[Import]:
    """Read `module.exports = require("./lib")` and `exports.View = require("./view")`."""
    left = field_text(node, "left")
    module = _required_module(node.child_by_field_name("right"))
    member = _EXPORT.fullmatch(left)
    is_whole = _WHOLE.fullmatch(left) is not None
    names = []
    if member is not None:
        names.append((member[1], "default"))
    if module and (is_whole or names):
        yield Import(
            module=module,
            names=tuple(names),
            everything=is_whole,
            again=True,
            line=line(node),
        )


def _required_module(value: Node | None) -> str:
    """Return what `require("module")` or `require("module").member` asks for, or nothing."""
    call = value
    if value is not None and value.type == "member_expression":
        call = value.child_by_field_name("object")
    if call is None or call.type != "call_expression":
        return ""
    arguments = call.child_by_field_name("arguments")
    if field_text(call, "function") != "require" or arguments is None:
        return ""
    module = text(next(iter(arguments.named_children), None))
    if module.startswith(tuple(_QUOTES)):
        return module.strip(_QUOTES)
    return ""


def _exports(node: Node) -> Iterator[tuple[str, str]]:
    if node.type == "assignment_expression":
        yield from _assigned_exports(node)
        return
    declaration = node.child_by_field_name(
        "declaration"
    ) or node.child_by_field_name("value")
    is_default = any(child.type == "default" for child in node.children)
    for name in _declared(declaration):
        shown = name
        if is_default:
            shown = "default"
        yield shown, name
    if node.child_by_field_name("source") is None:
        for clause in node.children:
            yield from _specifiers(clause, "export_specifier")


def _declared(node: Node | None) -> list[str]:
    if node is None:
        return []
    names = [_name(node)]
    if node.type in _VARIABLES:
        names = [field_text(child, "name") for child in node.named_children]
    return [name for name in names if name]


def _name(node: Node) -> str:
    if node.type == "identifier":
        return text(node)
    return field_text(node, "name")


def _assigned_exports(node: Node) -> Iterator[tuple[str, str]]:
    left = field_text(node, "left")
    value = node.child_by_field_name("right")
    if value is None:
        return
    name = _name(value)
    member = _EXPORT.fullmatch(left)
    if member is not None:
        yield member[1], name or member[1]
    elif _WHOLE.fullmatch(left) and value.type == "object":
        yield from map(_property, value.named_children)
    elif _WHOLE.fullmatch(left) and name:
        yield "default", name


def _property(node: Node) -> tuple[str, str]:
    """Return key and value of a member of an object or of a pattern."""
    key = field_text(node, "key")
    value = field_text(node, "value")
    if key:
        return (key, value)
    return (text(node), text(node))


JAVASCRIPT: Final = Grammar(
    module="tree_sitter_javascript",
    query=_JAVASCRIPT,
    define=_define,
    imports=_imports,
    exports=_exports,
    documenting=DOC_COMMENTS,
)
TYPESCRIPT: Final = replace(
    JAVASCRIPT,
    module="tree_sitter_typescript",
    function="language_typescript",
    query=_TYPESCRIPT,
)
TSX: Final = replace(
    TYPESCRIPT,
    function="language_tsx",
    query=_TYPESCRIPT + "(jsx_text) @string",
)
