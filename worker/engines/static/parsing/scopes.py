"""What is local in a file: its scopes, and the names that its code binds.

Only where a name is bound is read here, with a few patterns for each language. Functions are
the scopes, also where a language has smaller ones: what a block binds hides a name in all of
its function. So a name may be taken for local that is not, and never the other way round.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node

from worker.engines.static.reading.language import Language

_PYTHON: Final = """
[(function_definition) (lambda)] @_inside
[(list_comprehension) (set_comprehension) (dictionary_comprehension)] @_inside
(generator_expression) @_inside
(class_definition) @_class
(parameters (identifier) @_bound)
(typed_parameter (identifier) @_bound)
(default_parameter name: (identifier) @_bound)
(typed_default_parameter name: (identifier) @_bound)
(lambda_parameters (identifier) @_bound)
(list_splat_pattern (identifier) @_bound)
(dictionary_splat_pattern (identifier) @_bound)
(assignment left: (identifier) @_bound)
(augmented_assignment left: (identifier) @_bound)
(pattern_list (identifier) @_bound)
(tuple_pattern (identifier) @_bound)
(list_pattern (identifier) @_bound)
(for_statement left: (identifier) @_bound)
(for_in_clause left: (identifier) @_bound)
(named_expression name: (identifier) @_bound)
(as_pattern_target (identifier) @_bound)
(case_pattern (dotted_name . (identifier) @_bound .))
(function_definition name: (identifier) @_named)
(class_definition name: (identifier) @_named)
(global_statement (identifier) @_global)
"""
_SCRIPT: Final = """
[(function_declaration) (function_expression) (arrow_function)] @_inside
[(generator_function) (generator_function_declaration)] @_inside
(method_definition) @_inside
(class_body) @_class
(rest_pattern (identifier) @_bound)
(arrow_function parameter: (identifier) @_bound)
(variable_declarator name: (identifier) @_bound)
(shorthand_property_identifier_pattern) @_bound
(pair_pattern value: (identifier) @_bound)
(array_pattern (identifier) @_bound)
(assignment_pattern left: (identifier) @_bound)
(for_in_statement left: (identifier) @_bound)
(catch_clause parameter: (identifier) @_bound)
(function_declaration name: (identifier) @_named)
(generator_function_declaration name: (identifier) @_named)
(class_declaration name: (_) @_named)
"""
_JAVASCRIPT: Final = (
    _SCRIPT
    + """
(formal_parameters (identifier) @_bound)
(field_definition property: (property_identifier) @_bound)
"""
)
_TYPESCRIPT: Final = (
    _SCRIPT
    + """
(interface_body) @_class
[(type_alias_declaration) (interface_declaration) (function_signature)] @_inside
[(method_signature) (function_type) (class_declaration)] @_inside
(required_parameter pattern: (identifier) @_bound)
(optional_parameter pattern: (identifier) @_bound)
(public_field_definition name: (property_identifier) @_bound)
(property_signature name: (property_identifier) @_bound)
(type_parameter name: (type_identifier) @_bound)
(mapped_type_clause name: (type_identifier) @_bound)
(infer_type (type_identifier) @_bound)
"""
)
_GO: Final = """
[(function_declaration) (method_declaration) (func_literal)] @_inside
(type_spec) @_inside
(struct_type) @_class
(parameter_declaration name: (identifier) @_bound)
(variadic_parameter_declaration name: (identifier) @_bound)
(short_var_declaration left: (expression_list (identifier) @_bound))
(var_spec name: (identifier) @_bound)
(const_spec name: (identifier) @_bound)
(range_clause left: (expression_list (identifier) @_bound))
(type_switch_statement alias: (expression_list (identifier) @_bound))
(receive_statement left: (expression_list (identifier) @_bound))
(field_declaration name: (field_identifier) @_bound)
(type_parameter_declaration name: (identifier) @_bound)
(type_declaration (type_spec name: (type_identifier) @_named))
"""
_RUST: Final = """
[(function_item) (function_signature_item) (closure_expression)] @_inside
[(impl_item) (trait_item) (enum_item) (type_item)] @_inside
(struct_item) @_class
(parameter pattern: (identifier) @_bound)
(let_declaration pattern: (identifier) @_bound)
(let_condition pattern: (identifier) @_bound)
(closure_parameters (identifier) @_bound)
(for_expression pattern: (identifier) @_bound)
(tuple_pattern (identifier) @_bound)
(tuple_struct_pattern type: (_) (identifier) @_bound)
(mut_pattern (identifier) @_bound)
(ref_pattern (identifier) @_bound)
(reference_pattern (identifier) @_bound)
(captured_pattern . (identifier) @_bound)
(shorthand_field_identifier) @_bound
(field_pattern pattern: (identifier) @_bound)
(field_declaration name: (field_identifier) @_bound)
(type_parameter name: (type_identifier) @_bound)
(function_item name: (identifier) @_named)
"""
_JAVA: Final = """
[(method_declaration) (constructor_declaration) (lambda_expression)] @_inside
[(class_body) (interface_body) (enum_body)] @_class
[(class_declaration) (interface_declaration)] @_inside
(formal_parameter name: (identifier) @_bound)
(variable_declarator name: (identifier) @_bound)
(catch_formal_parameter name: (identifier) @_bound)
(resource name: (identifier) @_bound)
(enhanced_for_statement name: (identifier) @_bound)
(lambda_expression parameters: (identifier) @_bound)
(inferred_parameters (identifier) @_bound)
(instanceof_expression name: (identifier) @_bound)
(type_pattern (identifier) @_bound)
(type_parameter (type_identifier) @_bound)
"""
_C: Final = """
(function_definition) @_inside
(field_declaration_list) @_class
(parameter_declaration declarator: (identifier) @_bound)
(declaration declarator: (identifier) @_bound)
(init_declarator declarator: (identifier) @_bound)
(pointer_declarator declarator: (identifier) @_bound)
(array_declarator declarator: (identifier) @_bound)
(field_declaration declarator: (field_identifier) @_bound)
(pointer_declarator declarator: (field_identifier) @_bound)
(array_declarator declarator: (field_identifier) @_bound)
"""
_CPP: Final = (
    _C
    + """
[(lambda_expression) (template_declaration)] @_inside
(reference_declarator (identifier) @_bound)
(reference_declarator (field_identifier) @_bound)
(optional_parameter_declaration declarator: (identifier) @_bound)
(for_range_loop declarator: (identifier) @_bound)
(type_parameter_declaration (type_identifier) @_bound)
"""
)
_CSHARP: Final = """
[(method_declaration) (constructor_declaration) (lambda_expression)] @_inside
[(local_function_statement) (accessor_declaration)] @_inside
(declaration_list) @_class
(parameter name: (identifier) @_bound)
(variable_declarator name: (identifier) @_bound)
(foreach_statement left: (identifier) @_bound)
(catch_declaration name: (identifier) @_bound)
(declaration_pattern name: (identifier) @_bound)
(property_declaration name: (identifier) @_bound)
(type_parameter name: (identifier) @_bound)
(lambda_expression parameters: (implicit_parameter) @_bound)
"""
_KOTLIN: Final = """
[(function_declaration) (lambda_literal) (anonymous_function)] @_inside
[(class_declaration) (object_declaration) (companion_object)] @_class
(parameter (identifier) @_bound)
(class_parameter (identifier) @_bound)
(variable_declaration (identifier) @_bound)
(catch_block (identifier) @_bound)
(type_parameter (identifier) @_bound)
"""
_RUBY: Final = """
[(method) (singleton_method) (block) (do_block) (lambda)] @_inside
(method_parameters (identifier) @_bound)
(block_parameters (identifier) @_bound)
(optional_parameter name: (identifier) @_bound)
(keyword_parameter name: (identifier) @_bound)
(assignment left: (identifier) @_bound)
(operator_assignment left: (identifier) @_bound)
(left_assignment_list (identifier) @_bound)
(exception_variable (identifier) @_bound)
"""
_QUERIES: Final = {
    Language.PYTHON: _PYTHON,
    Language.JAVASCRIPT: _JAVASCRIPT,
    Language.TYPESCRIPT: _TYPESCRIPT,
    Language.TSX: _TYPESCRIPT,
    Language.GO: _GO,
    Language.RUST: _RUST,
    Language.JAVA: _JAVA,
    Language.C: _C,
    Language.CPP: _CPP,
    Language.CSHARP: _CSHARP,
    Language.KOTLIN: _KOTLIN,
    Language.RUBY: _RUBY,
}
"""PHP needs none: its variables begin with `$`, which no definition's name does."""


def query(language: Language) -> str:
    """Return the patterns that find what is local in a language."""
    return _QUERIES.get(language, "")


@dataclass(slots=True)
class LocalNames:
    """The scopes of a file, and where it binds names. Places are bytes."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """The first byte after each scope."""
    is_class: list[bool] = field(default_factory=list)
    outer: list[int] = field(default_factory=list)
    """The position of the scope around each; -1 is the file."""
    bound: dict[bytes, list[int]] = field(default_factory=dict)
    """By name: the places that bind it."""
    globals: dict[bytes, list[int]] = field(default_factory=dict)
    """By name: the places that say that it is the file's, in the scope that they lie in."""
    _scoped: dict[bytes, dict[int, list[int]]] = field(default_factory=dict)

    def enclose(self, start: int, end: int, *, is_class: bool) -> None:
        """Add a scope; the scopes around it come before it."""
        outer = len(self.starts) - 1
        while outer >= 0 and self.ends[outer] <= start:
            outer = self.outer[outer]
        self.starts.append(start)
        self.ends.append(end)
        self.is_class.append(is_class)
        self.outer.append(outer)

    def scope_at(self, place: int) -> int:
        """Return the innermost scope around a place; -1 is the file."""
        scope = bisect_left(self.starts, place) - 1
        while scope >= 0 and self.ends[scope] <= place:
            scope = self.outer[scope]
        return scope

    def binding(
        self, name: bytes, innermost: int, *, sees_fields: bool
    ) -> tuple[int, list[int]] | None:
        """Return the scope that a name in a scope is bound in, and where.

        What a class binds is seen in its functions only in languages that `sees_fields`.
        """
        if name not in self.bound:
            return None
        scopes = self.by_scope(name)
        scope = innermost
        while scope >= 0:
            is_seen = (
                sees_fields or scope == innermost or not self.is_class[scope]
            )
            if scope in scopes and is_seen:
                return scope, scopes[scope]
            scope = self.outer[scope]
        if -1 in scopes:
            return (-1, scopes[-1])
        return None

    def fields(self, name: bytes, start: int, end: int) -> list[int]:
        """Return where a class that lies between two places binds a name."""
        if name not in self.bound:
            return []
        scope = bisect_left(self.starts, start)
        while scope < len(self.starts) and self.starts[scope] < end:
            if self.is_class[scope]:
                # The classes inside it come later.
                return self.by_scope(name).get(scope, [])
            scope += 1
        return []

    def by_scope(self, name: bytes) -> dict[int, list[int]]:
        """Return where a name is bound, by the scope that binds it."""
        if name in self._scoped:
            return self._scoped[name]
        scopes: dict[int, list[int]] = defaultdict(list)
        for place in self.bound.get(name, ()):
            scope = self.scope_at(place)
            scopes[scope].append(place)
        for place in self.globals.get(name, ()):
            scope = self.scope_at(place)
            scopes.pop(scope, None)
        self._scoped[name] = scopes
        return scopes


def local_names(captures: Mapping[str, list[Node]], data: bytes) -> LocalNames:
    """Read what the patterns of `query` have found in a file."""
    names = LocalNames()
    for node, is_class in _scopes(captures):
        names.enclose(node.start_byte, node.end_byte, is_class=is_class)
    for node in captures.get("_bound", ()):
        start = node.start_byte
        name = data[start : node.end_byte]
        places = names.bound.setdefault(name, [])
        places.append(start)
    for node in captures.get("_named", ()):
        function = node.parent
        if function is not None:
            # A function is named in the scope around it.
            _add(names.bound, data, node, function.start_byte)
    for node in captures.get("_global", ()):
        _add(names.globals, data, node, node.start_byte)
    return names


def _add(
    places: dict[bytes, list[int]], data: bytes, node: Node, place: int
) -> None:
    name = data[node.start_byte : node.end_byte]
    places.setdefault(name, []).append(place)


def _scopes(captures: Mapping[str, list[Node]]) -> list[tuple[Node, bool]]:
    """Return the nodes that are scopes by place, and whether they are of classes."""
    functions = captures.get("_inside", ())
    classes = captures.get("_class", ())
    scopes = [(node, False) for node in functions]
    scopes += [(node, True) for node in classes]
    return sorted(scopes, key=_extent)


def _extent(scope: tuple[Node, bool]) -> tuple[int, int, bool]:
    node, is_class = scope
    return node.start_byte, -node.end_byte, is_class
