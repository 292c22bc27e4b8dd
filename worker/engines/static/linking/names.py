"""Resolves a name at a place by scopes, imports, and the types of receivers.

A name that a function binds is local, and no definition. What follows a dot is looked up
in the module or the type that the names before it lead to; where these are not known, nothing
is. The type of a variable or an attribute is known where its code says so: see `values`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.linking.assembly import Assembly, Span
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.linking.shapes import Shapes
from worker.engines.static.linking.values import (
    SEES_MEMBERS,
    UNKNOWN,
    Meaning,
    Place,
    Values,
    is_property,
)
from worker.engines.static.reading.language import Language

_OWN: Final = frozenset({"self", "this", "cls", "Self", "$this", "static"})
_RECEIVERS: Final = frozenset({"self", "cls", "$this"})
"""Receivers that a function inside a method does not bind again."""
_SUPER: Final = frozenset({"super", "super()", "parent", "base"})
_FUNCTIONS: Final = (b"function", b"async function")
"""The beginning of a function with a `this` of its own."""
_DEPTH: Final = 5
"""Through how many values a type is followed."""
_PAIR: Final = 2
_CALL: Final = "()"
_VALUES: Final = frozenset({Kind.VARIABLE, Kind.CONSTANT})
_GETTERS: Final = ("get ", "static get ")
_SEPARATOR: Final = re.compile(r"\.|::|\\")
_Dotted = tuple[str, ...]
"""Names with dots between them."""


class Names:
    """Looks names up at places in the code."""

    def __init__(self, assembly: Assembly, resolver: Resolver) -> None:
        self._language = assembly.language
        self._parsed = assembly.parsed
        self._definitions = assembly.definitions
        self._resolver = resolver
        self._spans = _spans(assembly)
        self._values = Values(
            assembly, self._spans, self._meaning, resolver.is_foreign
        )
        self._bases: dict[int, tuple[int, ...]] = {}
        self._lineages: dict[int, list[int]] = {}
        self._members: dict[int, dict[str, int]] = {}
        self._attributes: dict[tuple[int, str], Meaning] = {}
        self._looked_up: dict[tuple[Place, _Dotted], int | None] = {}
        self._values.shapes = Shapes(assembly, self._spans, self._lineage)

    def place(
        self, path: str, byte: int, source: int | None, first: str = ""
    ) -> Place:
        """Return the place of a byte in a file, where names begin with the `first`."""
        if first in _RECEIVERS:
            # They mean the same everywhere in a type, so they are looked up once for it.
            owner = self.type_around(source)
            return Place(path, -1, owner)
        scopes = self._values.scopes(path)
        scope = scopes.scope_at(byte)
        return Place(path, scope, source)

    def definition(self, names: _Dotted, place: Place) -> int | None:
        """Return the definition that names with dots between them mean at a place."""
        key = place, names
        if key not in self._looked_up:
            self._looked_up[key] = self._sought(names, place)
        return self._looked_up[key]

    def _sought(self, names: Sequence[str], place: Place) -> int | None:
        if len(names) == 1:
            return self._plain(names[0], place)
        return self._selected(names, place)

    def _plain(self, name: str, place: Place) -> int | None:
        if name == "Self":
            return self.type_around(place.source)
        if self.is_local(name, place):
            return None
        member = self.implied(name, place)
        if member is not None:
            return member
        return self._resolver.lookup(place.path, name)

    def _selected(self, names: Sequence[str], place: Place) -> int | None:
        first = names[0]
        last = names[-1]
        is_pair = len(names) == _PAIR
        if first in _SUPER and is_pair:
            inherited = self._inherited(place, last)
            return inherited.definition
        before = names[:-1]
        owner = self._meaning(before, place, _DEPTH)
        target = self._definition_inside(owner, last)
        if target is not None:
            return target
        if is_pair and self._is_namespace(first, last, place):
            return self._resolver.lookup(place.path, last)
        # An attribute that is a class: `self.response_class(…)`.
        attribute = self._attribute(owner, last, _DEPTH)
        return attribute.definition

    def is_local(self, name: str, place: Place) -> bool:
        """Whether a name is bound locally at a place, and so refers to no definition."""
        binding = self._values.binding(name, place)
        if binding is None:
            return False
        scope, _ = binding
        if scope >= 0:
            return True
        # Bound at the top of the file: a definition or an import if it is one of those.
        return not self._resolver.is_named(place.path, name)

    def implied(self, name: str, place: Place) -> int | None:
        """Return the member that a name means in languages that need no receiver for it."""
        meaning = self._implied(name, place, 0)
        return meaning.definition

    def bases(self, index: int) -> tuple[int, ...]:
        if index not in self._bases:
            self._bases[index] = ()
            self._bases[index] = self._read_bases(index)
        return self._bases[index]

    def _read_bases(self, index: int) -> tuple[int, ...]:
        definition = self._definitions[index]
        span = self._spans[index]
        place = self.place(definition.path, span.start, definition.parent)
        inner: Mapping[str, int] = {}
        if self._language(definition.path) is Language.RUBY:
            # A class may include the modules that it holds.
            inner = self._own_members(index)
        bases: dict[int, None] = {}
        for written in definition.bases:
            base = inner.get(written)
            if base is None:
                base = self._base(written, place)
            if base is None or base == index:
                continue
            bases[base] = None
        return tuple(bases)

    def _base(self, written: str, place: Place) -> int | None:
        names = _SEPARATOR.split(written)
        index = self.definition(tuple(names), place)
        if index is None:
            return None
        definition = self._definitions[index]
        if definition.kind in _VALUES:
            # Another name of a type.
            meant = self._defined(index, _DEPTH).definition
            return index if meant is None else meant
        is_python = self._language(place.path) is Language.PYTHON
        # A call in a list of Python's bases may return any type.
        is_function = definition.kind not in TYPES
        if is_python and is_function:
            return None
        return index

    def member(self, owner: int, name: str) -> int | None:
        """Return a member of a type, or of the types that it extends, the nearest first."""
        lineage = self._lineage(owner)
        for index in lineage:
            members = self._own_members(index)
            member = members.get(name)
            if member is not None:
                return member
        return None

    def type_around(self, source: int | None) -> int | None:
        """Return the innermost type, or object with members, around a definition."""
        while source is not None:
            definition = self._definitions[source]
            kind = definition.kind
            if kind in TYPES or kind in _VALUES:
                return source
            source = definition.parent
        return None

    def _own_members(self, index: int) -> dict[str, int]:
        if index not in self._members:
            owner = self._definitions[index]
            members: dict[str, int] = {}
            for member in owner.members:
                definition = self._definitions[member]
                members.setdefault(definition.name, member)
            self._members[index] = members
        return self._members[index]

    def _lineage(self, owner: int) -> Sequence[int]:
        """Return a type and all that it extends, the nearest first."""
        if owner not in self._lineages:
            lineage = [owner]
            for index in lineage:
                bases = self.bases(index)
                for base in bases:
                    if base not in lineage:
                        lineage.append(base)
            self._lineages[owner] = lineage
        return self._lineages[owner]

    def _meaning(
        self, names: Sequence[str], place: Place, depth: int
    ) -> Meaning:
        meaning, rest = self._first(names, place, depth)
        for name in rest:
            if meaning == UNKNOWN:
                return UNKNOWN
            plain = name.removesuffix(_CALL)
            meaning = self._inside(meaning, plain, depth)
            if plain != name:
                meaning = self._values.called(meaning, depth)
        return meaning

    def _first(
        self, names: Sequence[str], place: Place, depth: int
    ) -> tuple[Meaning, Sequence[str]]:
        """Return what the first of the names mean, and the others."""
        first = names[0]
        rest = names[1:]
        if first in _SUPER and rest:
            member, *others = rest
            inherited = self._inherited(place, member)
            return inherited, others
        if first.endswith(_CALL):
            plain = first.removesuffix(_CALL)
            function, _ = self._first([plain], place, depth)
            result = self._values.called(function, depth)
            return result, rest
        if first in _OWN:
            own = self._own(place, first)
            return own, rest
        if self.is_local(first, place):
            variable = self._values.variable(first, place, depth)
            return variable, rest
        implied = self._implied(first, place, depth)
        if implied != UNKNOWN:
            return implied, rest
        return self._at_top(names, place, depth)

    def _at_top(
        self, names: Sequence[str], place: Place, depth: int
    ) -> tuple[Meaning, Sequence[str]]:
        """Return what names mean that no scope around them binds, if that is known."""
        first = names[0]
        rest = names[1:]
        module = self._resolver.module(place.path, names)
        if module is not None:
            behind = names[module.length :]
            return Meaning(module=module.files), behind
        index = self._resolver.lookup(place.path, first)
        if index is not None:
            meaning = self._defined(index, depth)
            return meaning, rest
        if rest and self._is_namespace(first, rest[0], place):
            return self._first(rest, place, depth)
        return UNKNOWN, rest

    def _own(self, place: Place, name: str) -> Meaning:
        if name == "this" and self._is_rebound(place):
            return UNKNOWN
        owner = self.type_around(place.source)
        if owner is None:
            return UNKNOWN
        if name == "Self":
            return Meaning(definition=owner, instance_of=owner)
        return Meaning(instance_of=owner)

    def _is_rebound(self, place: Place) -> bool:
        """Whether a function inside the definition has a `this` of its own."""
        if place.source is None:
            return True
        span = self._spans[place.source]
        scopes = self._values.scopes(place.path)
        scope = place.scope
        inside = []
        while scope >= 0:
            begin = scopes.starts[scope]
            if begin < span.start:
                break
            inside.append(begin)
            scope = scopes.outer[scope]
        inner = inside[:-1]
        code = self._parsed[place.path].code
        return any(code.startswith(_FUNCTIONS, begin) for begin in inner)

    def _inherited(self, place: Place, name: str) -> Meaning:
        owner = self.type_around(place.source)
        # In Ruby, `super` is what the same method of a base returns.
        if owner is None or self._language(place.path) is Language.RUBY:
            return UNKNOWN
        bases = self.bases(owner)
        for base in bases:
            member = self.member(base, name)
            if member is not None:
                return Meaning(definition=member)
        return UNKNOWN

    def _implied(self, name: str, place: Place, depth: int) -> Meaning:
        """Return what a name means as a member of a type around, where that needs no receiver."""
        language = self._language(place.path)
        is_constant = language is Language.RUBY and name[:1].isupper()
        if language not in SEES_MEMBERS and not is_constant:
            return UNKNOWN
        owner = self.type_around(place.source)
        while owner is not None:
            instance = Meaning(instance_of=owner)
            meaning = self._inside(instance, name, depth)
            # A method may have the name of a constant, too.
            is_type = self._owner(meaning) is not None
            if meaning != UNKNOWN and (is_type or not is_constant):
                return meaning
            definition = self._definitions[owner]
            owner = self.type_around(definition.parent)
        return UNKNOWN

    def _inside(self, meaning: Meaning, name: str, depth: int) -> Meaning:
        """Return what a name after a dot means."""
        index = self._definition_inside(meaning, name)
        if index is not None:
            return self._defined(index, depth)
        if meaning.module:
            files = self._resolver.submodule(meaning.module, name)
            return Meaning(module=files)
        return self._attribute(meaning, name, depth)

    def _definition_inside(self, meaning: Meaning, name: str) -> int | None:
        if meaning.module:
            return self._resolver.exported(meaning.module, name)
        owner = self._owner(meaning)
        if owner is not None:
            return self.member(owner, name)
        return None

    def _owner(self, meaning: Meaning) -> int | None:
        """Return the type whose members are looked up."""
        owner = meaning.instance_of
        index = meaning.definition
        if owner is not None or index is None:
            return owner
        definition = self._definitions[index]
        if definition.kind in TYPES:
            return index
        return None

    def _attribute(self, meaning: Meaning, name: str, depth: int) -> Meaning:
        """Return what an attribute is that a type, or one that it extends, binds."""
        owner = self._owner(meaning)
        if owner is None or not depth:
            return UNKNOWN
        key = owner, name
        if key not in self._attributes:
            self._attributes[key] = UNKNOWN
            self._attributes[key] = self._bound(owner, name, depth)
        return self._attributes[key]

    def _bound(self, owner: int, name: str, depth: int) -> Meaning:
        lineage = self._lineage(owner)
        for index in lineage:
            attribute = self._values.attribute(index, name, depth)
            if attribute is not None:
                return attribute
        return UNKNOWN

    def _defined(self, index: int, depth: int) -> Meaning:
        """Return what a definition is, and what its value is an object of."""
        definition = self._definitions[index]
        if _is_getter(definition):
            result = self._values.result(definition, depth)
            return result._replace(definition=index)
        itself = Meaning(definition=index)
        if definition.kind not in _VALUES:
            return itself
        if definition.members:
            return itself._replace(instance_of=index)
        if definition.parent is not None:
            return itself
        place = Place(definition.path, -1, None)
        value = self._values.variable(definition.name, place, depth)
        is_object = value.instance_of is not None
        if is_object or value.definition is not None:
            return value
        return itself

    def _is_namespace(self, name: str, inner: str, place: Place) -> bool:
        """Whether a namespace of C++, or a module of Ruby, holds a definition."""
        language = self._language(place.path)
        is_constant = language is Language.RUBY and inner[:1].isupper()
        if language is not Language.CPP and not is_constant:
            return False
        index = self._resolver.lookup(place.path, inner)
        if index is None:
            return False
        definition = self._definitions[index]
        parsed = self._parsed[definition.path]
        written = name.encode()
        namespace = rb"\b(?:namespace|module)\s+" + written + rb"\b"
        return re.search(namespace, parsed.code) is not None


def _spans(assembly: Assembly) -> dict[int, Span]:
    """Return the bytes of all definitions, by their positions."""
    return {
        span.definition: span
        for spans in assembly.spans.values()
        for span in spans
    }


def _is_getter(definition: Definition) -> bool:
    """Whether a method is read as an attribute."""
    return definition.kind is Kind.METHOD and (
        definition.signature.startswith(_GETTERS)
        or any(map(is_property, definition.decorators))
    )
