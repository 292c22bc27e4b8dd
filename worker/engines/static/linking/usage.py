"""Finds what code does with a name by the syntax around the name.

Only the nearest syntax counts: `raise Foo(x)` raises Foo and does nothing with x.
Whatever is unclear is a mere use.
"""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node, Tree

from worker.engines.static.facts import (
    TYPES,
    Definition,
    Files,
    Kind,
    Reference,
    Verb,
)
from worker.engines.static.parsing.grammar import field_text, parent_of, text
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.parsing.source_file import SourceParser
from worker.engines.static.reading.encoding import decode
from worker.engines.static.reading.language import Language

_MOST_PLACES: Final = 12
"""The most places where one definition names another that are looked at."""
_STEPS: Final = 8
"""How many nodes around a name can say something about it."""

_PATHS: Final = word_set(
    "attribute member_expression selector_expression qualified_type scoped_identifier "
    "scoped_type_identifier field_expression field_access qualified_identifier "
    "member_access_expression qualified_name navigation_expression scope_resolution "
    "nested_type_identifier nested_identifier dotted_name"
)
"""Names with dots between them: the last one is what they mean."""
_GENERICS: Final = word_set(
    "subscript generic_type generic_function template_type template_function "
    "instantiation_expression generic_name type_instantiation_expression user_type"
)
"""A name before its type arguments."""
_CALLS: Final = word_set(
    "call call_expression method_invocation macro_invocation invocation_expression "
    "function_call_expression"
)
_CREATIONS: Final = word_set(
    "new_expression object_creation_expression composite_literal struct_expression"
)
_CALLEES: Final = ("function", "macro", "name", "method", "constructor", "type")
_CREATE_BY_CALL: Final = frozenset(
    {Language.PYTHON, Language.KOTLIN, Language.CPP, Language.RUST}
)
_NEW: Final = frozenset({"new"})
_RAISES: Final = word_set("raise_statement throw_statement throw_expression")
_DECORATORS: Final = word_set("decorator annotation marker_annotation")
_FUNCTIONS: Final = word_set(
    "function_definition function_declaration function_item local_function_statement "
    "generator_function_declaration method_declaration func_literal"
)
_FUNCTION_TYPES: Final = _FUNCTIONS | word_set(
    "function_type lambda arrow_function function_expression method_declaration "
    "method_definition func_literal closure_expression lambda_expression method_signature "
    "function_signature_item function_signature abstract_method_signature method_elem "
    "constructor_declaration function_declarator call_signature construct_signature"
)
"""What has parameters and a result."""
_DONE: Final = frozenset(
    {Verb.CALLS, Verb.CREATES, Verb.RAISES, Verb.HANDLES, Verb.CHECKS}
)
"""Parts that run when the function does; a nested function may run later, or never."""
_HANDLERS: Final = word_set(
    "except_clause except_group_clause catch_formal_parameter catch_declaration"
)
_IN_HANDLER: Final = word_set(
    "tuple parenthesized_expression as_pattern catch_type expression_list"
)
_INHERITS: Final = {
    "superclasses": Verb.INHERITS,
    "superclass": Verb.INHERITS,
    "extends_clause": Verb.INHERITS,
    "class_heritage": Verb.INHERITS,
    "base_class_clause": Verb.INHERITS,
    "base_list": Verb.INHERITS,
    "base_clause": Verb.INHERITS,
    "delegation_specifier": Verb.INHERITS,
    "implements_clause": Verb.IMPLEMENTS,
    "super_interfaces": Verb.IMPLEMENTS,
    "class_interface_clause": Verb.IMPLEMENTS,
}
_LISTS: Final = word_set("type_list argument_list")
_PLAIN_TYPES: Final = word_set(
    "type type_annotation union_type pointer_type reference_type optional_type "
    "nullable_type binary_operator user_type struct_specifier class_specifier enum_specifier"
)
"""Nodes around a type that do not make it another: pointers, options."""
_ANNOTATIONS: Final = frozenset({"type", "type_annotation"})
_HOLDING_TYPES: Final = _PLAIN_TYPES | word_set(
    "generic_type type_parameter type_arguments type_argument_list array_type slice_type "
    "map_type subscript template_type template_argument_list type_descriptor "
    "parenthesized_type type_projection"
)
"""Nodes around the type of a container's items."""
_CONTAINERS: Final = word_set(
    "list List dict Dict set Set frozenset FrozenSet tuple Tuple deque Sequence MutableSequence "
    "Mapping MutableMapping Iterable Collection Array ReadonlyArray Map ReadonlyMap Record Vec "
    "HashMap BTreeMap HashSet VecDeque vector map unordered_map Optional ArrayList LinkedList "
    "Option Box Rc Arc unique_ptr shared_ptr MutableList MutableMap IList IEnumerable IDictionary "
    "Dictionary Queue Stack"
)
"""Containers: types that hold their type arguments."""
_PARAMETERS: Final = word_set(
    "typed_parameter typed_default_parameter required_parameter optional_parameter "
    "parameter_declaration parameter formal_parameter optional_parameter_declaration "
    "simple_parameter"
)
_RESULTS: Final = ("return_type", "result", "returns")
_TYPED: Final = word_set("method_declaration function_definition")
"""Functions whose grammars name the result `type`."""
_FIELDS: Final = word_set(
    "public_field_definition property_signature field_declaration property_declaration"
)
_NOT_CODE: Final = ("import", "use_declaration", "preproc_include", "package")
_VALUES: Final = frozenset({Kind.VARIABLE, Kind.CONSTANT})
_CHECKING: Final = frozenset({"isinstance", "issubclass"})
_CHECKED_FIELDS: Final = {
    "binary_expression": "right",
    "instanceof_expression": "right",
    "type_case": "type",
}
"""By type of a node that checks a value's type: the field that names the type."""
_OWN: Final = ("self.", "cls.")


class NameUses:
    """Looks at the places where definitions name each other.

    Files are parsed for it once more, and remembered.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._reader = SourceParser()
        self._trees: dict[str, tuple[Tree, list[str]]] = {}

    def places(
        self,
        reference: Reference,
        source: Definition | None,
        target: Definition,
    ) -> Iterator[tuple[int, Verb]]:
        """Yield the lines of a reference, and what its source does there with its target."""
        tree, lines = self._tree(reference.path)
        root = tree.root_node
        language = self._files[reference.path].language
        for place in reference.places[:_MOST_PLACES]:
            node = root.descendant_for_byte_range(place, place + 1)
            if node is None or _is_import(node):
                continue
            verb = _verb(node, target, language)
            row, column = node.end_point
            line = lines[row].encode()
            following = line[column:].lstrip()
            is_array = verb is Verb.CREATES and following.startswith(b"*")
            # Python's decorators stand before what they decorate: in what is around it.
            is_around = verb is Verb.DECORATED and language is Language.PYTHON
            if is_array or is_around or _is_of_inner(node, verb, source):
                verb = Verb.USES
            yield node.start_point.row + 1, verb

    def line(self, path: str, number: int) -> str:
        lines = self._tree(path)[1]
        if 0 < number <= len(lines):
            return lines[number - 1].strip()
        return ""

    def _tree(self, path: str) -> tuple[Tree, list[str]]:
        if path not in self._trees:
            file = self._files[path]
            raw = file.location.read_bytes()
            content = decode(raw) or ""
            data = content.encode("utf-8", "replace")
            tree = self._reader.tree(file.language, data)
            lines = content.split("\n")
            self._trees[path] = tree, lines
        return self._trees[path]


def _around(node: Node) -> Iterator[Node]:
    """Yield a node, and those around it that can say something about it."""
    outer: Node | None = node
    for _ in range(_STEPS):
        if outer is None:
            return
        yield outer
        outer = outer.parent


def _is_import(node: Node) -> bool:
    return any(each.type.startswith(_NOT_CODE) for each in _around(node))


def _is_of_inner(node: Node, verb: Verb, source: Definition | None) -> bool:
    """Whether a nested function does it, or a function's type, and not the source itself."""
    if source is None:
        return False
    kinds = _FUNCTIONS
    if verb in {Verb.TAKES, Verb.RETURNS}:
        kinds = _FUNCTION_TYPES
    elif verb not in _DONE:
        return False
    functions = 0
    outer = node.parent
    while outer is not None and outer.start_point.row + 1 >= source.line:
        # C++ has a declarator inside each definition of a function.
        is_own = outer.type == "function_declarator" and functions == 0
        functions += outer.type in kinds and not is_own
        outer = outer.parent
    # A type has no parameters and no result: those in it are of other functions.
    is_function = source.kind not in TYPES
    return functions > int(is_function)


def _verb(name: Node, target: Definition, language: Language) -> Verb:
    node = _whole(_unquoted(name, target))
    outer = node.parent
    if outer is None or target.kind in _VALUES:
        return Verb.USES
    if target.kind in TYPES and _is_new_of(node, outer):
        return Verb.CREATES
    if _is_callee(node, outer):
        return _called(outer, target, language)
    if outer.type in _DECORATORS:
        return Verb.DECORATED
    if target.kind not in TYPES:
        return Verb.USES
    return (
        _as_exception(node, outer)
        or _as_base(outer)
        or _as_check(node, outer)
        or _as_type(node)
        or _as_annotation(node)
        or Verb.USES
    )


def _unquoted(name: Node, target: Definition) -> Node:
    """Return the text that is a name alone: an annotation may be one."""
    text_around = name.parent
    is_text = name.type == "string_content" and text(name) == target.name
    if is_text and text_around is not None:
        return text_around
    return name


def _whole(name: Node) -> Node:
    """Return the expression that a name ends: `module.Name`, `Name<T>`."""
    node = name
    for outer in _around(name.parent or name):
        is_last = outer.type in _PATHS and outer.end_byte == node.end_byte
        is_first = (
            outer.type in _GENERICS and outer.start_byte == node.start_byte
        )
        if not is_last and not is_first:
            break
        node = outer
    return node


def _child(node: Node, position: int) -> Node | None:
    children = node.named_children
    if position < len(children):
        return children[position]
    return None


def _is_callee(node: Node, outer: Node) -> bool:
    if outer.type not in _CALLS | _CREATIONS:
        return False
    callees = [outer.child_by_field_name(field) for field in _CALLEES]
    if any(callees):
        return node in callees
    return _child(outer, 0) == node


def _is_new_of(node: Node, outer: Node) -> bool:
    """Whether a type's `new` is called: `Foo::new(…)`, `Foo.new`."""
    if outer.type == "call":
        method = outer.child_by_field_name("method")
        receiver = outer.child_by_field_name("receiver")
        return receiver == node and text(method) in _NEW
    call = outer.parent
    return (
        outer.type == "scoped_identifier"
        and outer.child_by_field_name("path") == node
        and field_text(outer, "name") in _NEW
        and call is not None
        and call.type == "call_expression"
    )


def _called(call: Node, target: Definition, language: Language) -> Verb:
    around = call.parent
    if around is not None and around.type in _RAISES:
        is_raised = _child(around, 0) == call
        if is_raised and target.kind in TYPES:
            return Verb.RAISES
    if around is not None and around.type in _DECORATORS:
        return Verb.DECORATED
    if target.kind not in TYPES:
        return Verb.CALLS
    is_creation = call.type in _CREATIONS or language in _CREATE_BY_CALL
    if is_creation:
        return Verb.CREATES
    return Verb.USES


def _as_exception(node: Node, outer: Node) -> Verb | None:
    if outer.type in _RAISES:
        if _child(outer, 0) == node:
            return Verb.RAISES
        return None
    for around in _around(outer):
        if around.type in _HANDLERS:
            return Verb.HANDLES
        if around.type not in _IN_HANDLER:
            return None
    return None


def _as_base(outer: Node) -> Verb | None:
    around = outer
    if outer.type in _LISTS:
        around = outer.parent or outer
    if around.type != "class_definition":
        return _INHERITS.get(around.type)
    if around.child_by_field_name("superclasses") == outer:
        return Verb.INHERITS
    return None


def _as_check(node: Node, outer: Node) -> Verb | None:
    field = _CHECKED_FIELDS.get(outer.type)
    if field is None:
        return _as_argument_of_check(node, outer)
    operator = field_text(outer, "operator") or "instanceof"
    is_checked = outer.child_by_field_name(field) == node
    if is_checked and operator == "instanceof":
        return Verb.CHECKS
    return None


def _as_argument_of_check(node: Node, outer: Node) -> Verb | None:
    """Return that a type is looked for by `isinstance`, alone or among others in a tuple."""
    arguments = outer
    if outer.type == "tuple":
        arguments = outer.parent or outer
    call = arguments.parent
    if call is None or call.type != "call":
        return None
    is_second = _child(arguments, 1) in {node, outer}
    if is_second and field_text(call, "function") in _CHECKING:
        return Verb.CHECKS
    return None


def _as_type(node: Node) -> Verb | None:
    """Return what is done with a type in an annotation or a declaration."""
    child = node
    is_plain = True
    for outer in _around(node.parent or node):
        if outer.type not in _HOLDING_TYPES or _is_declaration(outer):
            return _declared(child, outer, is_plain=is_plain)
        if not _may_hold(outer):
            return None
        is_option = text(outer).startswith(("Optional[", "typing.Optional["))
        is_plain = is_plain and (outer.type in _PLAIN_TYPES or is_option)
        child = outer
    return None


def _as_annotation(node: Node) -> Verb | None:
    """Return a mention if a name lies in an annotation, where its role is unknown."""
    is_named = any(outer.type in _ANNOTATIONS for outer in _around(node))
    return Verb.NAMES if is_named else None


def _may_hold(outer: Node) -> bool:
    """Whether a type is a pointer, an option or a container of what it names."""
    if outer.type in _PLAIN_TYPES or outer.type not in _GENERICS:
        return True
    path = text(_child(outer, 0)).replace("::", ".")
    name = path.rpartition(".")[2]
    return name in _CONTAINERS


def _is_declaration(node: Node) -> bool:
    return node.type in _PARAMETERS | _FIELDS


def _declared(child: Node, outer: Node, *, is_plain: bool) -> Verb | None:
    verb = _declared_verb(child, outer)
    # A container of a type is not the type, but what is in a field's container is held.
    if is_plain or verb is Verb.HOLDS:
        return verb
    return None


def _declared_verb(child: Node, outer: Node) -> Verb | None:
    is_type = outer.child_by_field_name("type") == child
    if is_type and outer.type in _PARAMETERS:
        return _as_parameter(outer)
    if any(outer.child_by_field_name(field) == child for field in _RESULTS):
        return Verb.RETURNS
    if is_type and (outer.type in _TYPED or _declares_function(outer)):
        return Verb.RETURNS
    if is_type and _declares_field(outer):
        return Verb.HOLDS
    return None


def _declares_field(node: Node) -> bool:
    if node.type == "assignment":
        return _is_attribute(node)
    if node.type != "variable_declaration":
        return node.type in _FIELDS
    return node.parent is not None and node.parent.type in _FIELDS


def _as_parameter(parameter: Node) -> Verb | None:
    """Return what is done with a parameter's type: Go lists several results like parameters."""
    listed = parameter.parent
    function = parent_of(listed)
    if function is None or function.type == "catch_clause":
        return None
    if function.child_by_field_name("result") == listed:
        return Verb.RETURNS
    if function.child_by_field_name("receiver") == listed:
        return None
    return Verb.TAKES


def _declares_function(declaration: Node) -> bool:
    """Whether a declaration declares a function: C++ has fields and methods alike."""
    declarator = declaration.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    return declarator is not None


def _is_attribute(assignment: Node) -> bool:
    if field_text(assignment, "left").startswith(_OWN):
        return True
    statement = assignment.parent
    owner = parent_of(parent_of(statement))
    return owner is not None and owner.type == "class_definition"


def is_interface(definition: Definition, *, or_mixin: bool = False) -> bool:
    """Whether a type that is based on this one implements it, or mixes it in.

    PHP's traits and Ruby's modules are mixins: they bring methods to the classes that use
    them, which do not implement them, and are no subclasses of them.
    """
    is_rust = definition.path.endswith(".rs")
    if definition.kind is Kind.TRAIT and is_rust:
        return True
    if definition.kind in {Kind.TRAIT, Kind.MODULE}:
        return or_mixin
    return definition.kind is Kind.INTERFACE


def extension(derived: Definition, base: Definition) -> Verb:
    """Return how a type is based on another: an interface inherits from an interface."""
    if derived.path.endswith(".go"):
        return Verb.EMBEDS
    if is_interface(base) and derived.kind is not base.kind:
        return Verb.IMPLEMENTS
    return Verb.INHERITS
