"""Tells whether an example runs as it stands: it parses, and binds every name that it uses."""

import builtins
import re
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from textwrap import dedent
from typing import Final

from tree_sitter import Node

from worker.engines.static.parsing.grammar import body_of, text
from worker.engines.static.parsing.identifiers import word_set, words_of
from worker.engines.static.parsing.node_types import FUNCTIONS, STRINGS
from worker.engines.static.parsing.source_file import SourceParser, blank
from worker.engines.static.prose.code_blocks import DOCTEST
from worker.engines.static.reading.language import PARSED, Language

_HOLLOW: Final = re.compile(
    r"^\s*(?:\.\.\.|…)\s*$|^\.\. \w|eval-rst|(?<!catch)(?<!catch )\(\.\.\.\)",
    re.MULTILINE,
)
"""Marks of code that is left out, and directives of documents."""
_PROMPT: Final = re.compile(r"^\s*(?:>>>|\.\.\.) ?")
_WHOLE: Final = {
    "javascript": re.compile(r"\bimport\b|\brequire\("),
    "typescript": re.compile(r"\bimport\b|\brequire\("),
    "go": re.compile(
        r"^package main\b.*^func main\(", re.DOTALL | re.MULTILINE
    ),
    "rust": re.compile(r"\bfn main\("),
    "java": re.compile(r"\bstatic void main\("),
    "c": re.compile(r"\bint main\("),
    "cpp": re.compile(r"\bint main\("),
    "ruby": re.compile(r"^require", re.MULTILINE),
    "php": re.compile(r"^<\?php", re.MULTILINE),
}
_BUILTINS: Final = frozenset({*dir(builtins), "__file__", "self"})
_PYTHON: Final = frozenset({DOCTEST, str(Language.PYTHON)})
_BINDERS: Final = word_set(
    "import_statement import_from_statement aliased_import dotted_name parameters "
    "lambda_parameters default_parameter typed_parameter typed_default_parameter "
    "list_splat_pattern dictionary_splat_pattern as_pattern_target global_statement"
)
"""Nodes of Python whose identifiers are bound by them."""
_BOUND_FIELDS: Final = {
    "assignment": "left",
    "for_statement": "left",
    "for_in_clause": "left",
    "function_definition": "name",
    "class_definition": "name",
    "named_expression": "name",
}
_NAMELESS_FIELDS: Final = {
    "attribute": "attribute",
    "keyword_argument": "name",
    "import_from_statement": "module_name",
}
"""What names an attribute, a parameter of a call, or a module elsewhere."""
_PARTS: Final = frozenset({"attribute", "subscript", "call"})
"""Nodes that bind no name where they are bound themselves."""
_IMPORTED: Final = re.compile(
    r"^[ \t]*(?:from\s+([\w.]+)\s+import|import\s+([\w., ]+))", re.MULTILINE
)
_TAKEN: Final = re.compile(r"\bfrom\s+([\w.]+)\s+import\b([^\n]*)")
_BOUND: Final = re.compile(
    r"^[ \t]*(?:>>> )?(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|.*)|class (\w+))",
    re.MULTILINE,
)
_NO_EXPRESSIONS: Final = STRINGS | word_set(
    "type type_annotation import_statement import_from_statement import_declaration "
    "use_declaration using_directive preproc_include"
)
_VALUES: Final = STRINGS | word_set(
    "dictionary list tuple set integer float true false none"
)
_PHP: Final = "<?php"
_OLD: Final = frozenset({"print_statement", "exec_statement"})
_RECENT: Final = 256
"""Trees that are kept: an example is asked several things in a row."""
_LOADED: Final = re.compile(
    r"(?i)(?:(?:open|load|read|file|files|glob)\w{0,20}\(\s*[\"'`]|//go:embed )"
    r"(?:\./)?([\w/-]*[.*][\w./*-]*+)(?![\"'], *[\"'][wax])"
)
_EFFECTS: Final = frozenset({"call", "await"})


def is_whole(
    lines: Sequence[str],
    tag: str,
    known: Collection[str] = (),
) -> bool:
    """Whether code can be run as it is shown, where some names are known."""
    code = _code(lines, tag)
    if tag != DOCTEST and _HOLLOW.search(code):
        return False
    if tag in _PYTHON:
        return _binds_its_names(code, known)
    pattern = _WHOLE.get(tag)
    return pattern is not None and pattern.search(code) is not None


def imports_only(
    lines: Sequence[str],
    tag: str,
    modules: Collection[str],
) -> bool:
    """Whether Python code imports nothing but its standard library and some modules."""
    if tag not in _PYTHON:
        return True
    code = _code(lines, tag)
    known = {*sys.stdlib_module_names, *modules}
    for source, names in _IMPORTED.findall(code):
        imported = source or names
        for name in imported.split(","):
            package = _package(name)
            if package and package not in known:
                return False
    return True


def _package(name: str) -> str:
    """Return the first of the names in `package.module as alias`."""
    dotted, _, _ = name.strip().partition(" ")
    package, _, _ = dotted.partition(".")
    return package


def expressions(lines: Sequence[str], tag: str) -> str:
    """Return code without its imports, annotations, texts and comments, as many lines."""
    code = "\n".join(lines)
    if tag not in PARSED:
        return code
    return _expressions(code, tag)


@cache
def _expressions(code: str, tag: str) -> str:
    encoded = code.encode()
    others = []
    stack = list(_root(code, tag).named_children)
    while stack:
        node = stack.pop()
        kind = node.type
        if kind in _NO_EXPRESSIONS or kind.endswith("comment"):
            others.append(node)
        else:
            stack += node.named_children
    return blank(encoded, others).decode("utf-8", "replace")


def is_of_another(
    name: str,
    lines: Sequence[str],
    tag: str,
    modules: Collection[str],
) -> bool:
    """Whether Python code defines a name, or imports it from another project's package.

    In TypeScript, a variable may have the name of a type.
    """
    code = dedent("\n".join(lines))
    if tag == Language.TYPESCRIPT:
        variable = rf"\b(?:const|let) {re.escape(name)}\b"
        return re.search(variable, code) is not None
    if tag not in _PYTHON:
        return False
    if f"\ndef {name}(" in code:
        return True
    if f"class {name}" in code and "class" in sources(name, code):
        return True
    for source, names in _TAKEN.findall(code):
        is_relative = source.startswith(".")
        is_other = not is_relative and _package(source) not in modules
        if is_other and name in words_of(names):
            return True
    return False


def sources(name: str, code: str) -> list[str]:
    """Return the modules from which Python code imports a name; `class` if it defines it."""
    found: list[str] = []
    if name not in code:
        return found
    for source, names in _bindings(code):
        if name in names:
            found.append(source)
    return found


@lru_cache(_RECENT)
def _bindings(code: str) -> list[tuple[str, set[str]]]:
    """Return the modules that Python code imports names from, with the names; its own classes."""
    bindings = []
    for source, names, defined in _BOUND.findall(code):
        binding = source or "class", {*words_of(names), defined}
        bindings.append(binding)
    return bindings


def has_effects(code: str) -> bool:
    """Whether Python code calls a function for what it does, when it is run."""
    stack = list(_root(code).named_children)
    while stack:
        node = stack.pop()
        if node.type == "expression_statement":
            first = next(iter(node.named_children), None)
            if first is not None and first.type in _EFFECTS:
                return True
        elif node.type not in FUNCTIONS:
            stack += node.named_children
    return False


def executed(lines: Sequence[str], tag: str, entry: str = "") -> str:
    """Return the code that surely runs: without bodies of functions and messages of assertions.

    It is the body of the function `entry`, or what is outside all functions.
    """
    code = _code(lines, tag)
    encoded = code.encode()
    root = _root(code, tag)
    start: Node | None = root
    if entry:
        start = _body_of_entry(root, entry)
    if start is None:
        return ""
    data = bytearray(encoded[: start.end_byte])
    stack = list(start.named_children)
    while stack:
        node = stack.pop()
        left_out = _not_run(node)
        for part in left_out:
            first, last = part.byte_range
            data[first:last] = b" " * (last - first)
        if not left_out:
            stack += node.named_children
    shown = data[start.start_byte :]
    return shown.decode("utf-8", "replace")


def _not_run(node: Node) -> list[Node]:
    """Return what of a node is not run where the node is: a body, a message, a comment."""
    if node.type.endswith("comment"):
        return [node]
    if node.type == "assert_statement":
        return node.named_children[1:]
    body = None
    if node.type in FUNCTIONS:
        body = body_of(node)
    if body is None:
        return []
    return [body]


def _body_of_entry(root: Node, entry: str) -> Node | None:
    stack = [root]
    while stack:
        node = stack.pop()
        name = node.child_by_field_name("name")
        if node.type in FUNCTIONS and text(name) == entry:
            return body_of(node)
        stack += node.named_children
    return None


def parses(lines: Sequence[str], tag: str) -> bool:
    """Whether code of a parsed language has no mistakes, and no part of it is missing."""
    code = _code(lines, tag)
    if tag == Language.PHP and _PHP not in code:
        code = f"{_PHP}\n{code}"
    root = _root(code, tag)
    if root.has_error:
        return False
    return tag not in _PYTHON or not _is_unfinished(root)


def _is_unfinished(root: Node) -> bool:
    """Whether code has a body without a statement, or is Python 2's: the grammar takes both."""
    stack = [root]
    while stack:
        node = stack.pop()
        children = node.named_children
        if node.type in _OLD or (node.type == "block" and not children):
            return True
        stack += children
    return False


def is_hollow(lines: Sequence[str], tag: str) -> bool:
    """Whether parts of the code are left out, or it is not code at all."""
    if tag == DOCTEST:
        return False
    is_blank = not any(map(str.strip, lines))
    code = "\n".join(lines)
    if is_blank or _HOLLOW.search(code):
        return True
    return tag in _PYTHON and _is_value(code)


def _is_value(code: str) -> bool:
    """Whether Python code is nothing but a value written down."""
    statements = [
        node
        for node in _root(dedent(code)).named_children
        if not node.type.endswith("comment")
    ]
    return all(
        statement.type == "expression_statement"
        and statement.named_children[0].type in _VALUES
        for statement in statements
    )


def _code(lines: Sequence[str], tag: str) -> str:
    """Return code by itself: of a session, what is typed at its prompts, on as many lines."""
    if tag != DOCTEST:
        return dedent("\n".join(lines))
    typed = []
    for line in lines:
        code = ""
        if _PROMPT.match(line):
            code = _PROMPT.sub("", line, count=1)
        typed.append(code)
    return "\n".join(typed)


@lru_cache(1)
def _parser() -> SourceParser:
    return SourceParser()


@lru_cache(_RECENT)
def _root(code: str, tag: str = Language.PYTHON) -> Node:
    """Return the root of the tree of code; Go's grammar wants its last line to end."""
    if tag == DOCTEST:
        tag = Language.PYTHON
    encoded = f"{code}\n".encode("utf-8", "replace")
    return _parser().tree(Language(tag), encoded).root_node


def _binds_its_names(code: str, known: Collection[str]) -> bool:
    root = _root(code)
    is_bound = not root.has_error and _unbound(root).issubset(known)
    return is_bound and _compiles(code)


def _compiles(code: str) -> bool:
    """Whether Python takes code: a grammar takes more, as `await` outside of functions."""
    with warnings.catch_warnings(action="ignore"):
        try:
            compile(code, "", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


def loads(code: str) -> set[str]:
    """Return the files that a program opens, embeds or loads, but does not write."""
    return set(_LOADED.findall(code))


def used(lines: Sequence[str], tag: str) -> set[str]:
    """Return the names that Python code, or a session, uses and does not bind."""
    if tag not in _PYTHON:
        return set()
    return _unbound(_root(_code(lines, tag)))


def _unbound(root: Node) -> set[str]:
    bound: set[str] = set()
    used: set[str] = set()
    for node, is_bound in _names(root):
        name = text(node)
        if is_bound:
            bound.add(name)
        else:
            used.add(name)
    return used - bound - _BUILTINS


def _names(root: Node) -> Iterator[tuple[Node, bool]]:
    """Yield the identifiers of Python code, and whether they are bound there."""
    stack = [(root, False)]
    while stack:
        node, is_outer_bound = stack.pop()
        kind = node.type
        if kind == "identifier":
            yield node, is_outer_bound
            continue
        is_bound = kind in _BINDERS or (is_outer_bound and kind not in _PARTS)
        bound = _field(node, _BOUND_FIELDS.get(kind))
        left_out = _field(node, _NAMELESS_FIELDS.get(kind))
        stack += [
            (child, is_bound or child == bound)
            for child in node.named_children
            if child != left_out
        ]


def _field(node: Node, name: str | None) -> Node | None:
    if name is None:
        return None
    return node.child_by_field_name(name)
