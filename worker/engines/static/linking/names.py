"""Finds what a name means where it stands: by scopes, imports, and the types of receivers.

A name that a function binds is local, and no definition. What stands behind a dot is looked up
in the module or the type that the names before it lead to; where these are not known, nothing
is. The type of a variable or an attribute is known where its code says so: see `origins`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition, Kind, SourceFile
from worker.engines.static.linking.assembly import Assembly
from worker.engines.static.linking.origins import Source, origin, result
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.parsing.scopes import LocalNames
from worker.engines.static.parsing.source_file import Parsed
from worker.engines.static.reading.language import Language

_OWN: Final = frozenset({"self", "this", "cls", "Self", "$this", "static"})
_SUPER: Final = frozenset({"super", "super()", "parent", "base"})
SEES_MEMBERS: Final = frozenset(
    {Language.JAVA, Language.CPP, Language.CSHARP, Language.KOTLIN}
)
"""Languages whose methods name their type's members without a receiver."""
_FUNCTIONS: Final = (b"function", b"async function")
"""What begins a function with a `this` of its own."""
_DEPTH: Final = 5
"""Through how many variables a type is followed."""
_PAIR: Final = 2
_VALUES: Final = frozenset({Kind.VARIABLE, Kind.CONSTANT})


class Meaning(NamedTuple):
    """What names lead to: a definition, an object of a type, a module, or nothing known."""

    definition: int | None = None
    instance_of: int | None = None
    module: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where a name stands."""

    path: str
    byte: int
    source: int | None
    """The innermost definition around it."""


_UNKNOWN: Final = Meaning()


class Names:
    """Looks names up at the places where they stand."""

    def __init__(
        self,
        files: Mapping[str, SourceFile],
        parsed: Mapping[str, Parsed],
        assembly: Assembly,
        resolver: Resolver,
    ) -> None:
        """Remember nothing yet."""
        self._files: Final = files
        self._parsed: Final = parsed
        self._definitions: Final = assembly.definitions
        self._resolver: Final = resolver
        self._spans: Final = {
            index: (start, end)
            for spans in assembly.spans.values()
            for start, end, index in spans
        }
        self._bases: Final[dict[int, tuple[int, ...]]] = {}
        self._lineages: Final[dict[int, list[int]]] = {}
        self._members: Final[dict[int, dict[str, int]]] = {}
        self._bound: Final[dict[tuple[str, int, str], int | None]] = {}
        self._fields: Final[dict[tuple[int, str], int | None]] = {}

    def definition(self, names: Sequence[str], place: Place) -> int | None:
        """Return the definition that names with dots between them mean at a place."""
        if len(names) == 1:
            return self._plain(names[0], place)
        if names[0] in _SUPER and len(names) == _PAIR:
            return self._first(names, place, _DEPTH)[0].definition
        owner = self._meaning(names[:-1], place, _DEPTH)
        target = self._definition_inside(owner, names[-1])
        is_pair = target is None and len(names) == _PAIR
        if is_pair and self._is_namespace(names[0], names[1], place):
            return self._resolver.lookup(place.path, names[1])
        return target

    def _plain(self, name: str, place: Place) -> int | None:
        if name == "Self":
            return self.type_around(place.source)
        if self.is_local(name, place):
            return None
        member = self.implied(name, place)
        if member is not None:
            return member
        return self._resolver.lookup(place.path, name)

    def is_local(self, name: str, place: Place) -> bool:
        """Tell whether code binds a name at a place, so that it is no definition's."""
        return self._binding(name, place) is not None

    def implied(self, name: str, place: Place) -> int | None:
        """Return the member that a name means in languages that need no receiver for it."""
        return self._implied(name, place, 0).definition

    def bases(self, index: int) -> tuple[int, ...]:
        """Return the types of the project that a type extends."""
        if index not in self._bases:
            self._bases[index] = ()
            definition = self._definitions[index]
            place = Place(
                definition.path, self._spans[index][0], definition.parent
            )
            resolved = [
                self.definition(re.split(r"\.|::|\\", base), place)
                for base in definition.bases
            ]
            self._bases[index] = tuple(
                dict.fromkeys(
                    base
                    for base in resolved
                    if base is not None and base != index
                )
            )
        return self._bases[index]

    def member(self, owner: int, name: str) -> int | None:
        """Return a member of a type, or of the types that it extends, the nearest first."""
        for index in self._lineage(owner):
            member = self._own_members(index).get(name)
            if member is not None:
                return member
        return None

    def type_around(self, source: int | None) -> int | None:
        """Return the innermost type, or object with members, around a definition."""
        while source is not None:
            definition = self._definitions[source]
            if definition.kind in TYPES or definition.kind in _VALUES:
                return source
            source = definition.parent
        return None

    def _own_members(self, index: int) -> dict[str, int]:
        if index not in self._members:
            members: dict[str, int] = {}
            for member in self._definitions[index].members:
                members.setdefault(self._definitions[member].name, member)
            self._members[index] = members
        return self._members[index]

    def _lineage(self, owner: int) -> Sequence[int]:
        """Return a type and all that it extends, the nearest first."""
        if owner not in self._lineages:
            lineage = [owner]
            for index in lineage:
                lineage += [
                    base for base in self.bases(index) if base not in lineage
                ]
            self._lineages[owner] = lineage
        return self._lineages[owner]

    def _meaning(
        self, names: Sequence[str], place: Place, depth: int
    ) -> Meaning:
        meaning, rest = self._first(names, place, depth)
        for name in rest:
            if meaning == _UNKNOWN:
                return _UNKNOWN
            meaning = self._inside(meaning, name, depth)
        return meaning

    def _first(
        self, names: Sequence[str], place: Place, depth: int
    ) -> tuple[Meaning, Sequence[str]]:
        """Return what the first of the names mean, and the others."""
        first, rest = names[0], names[1:]
        if first in _OWN:
            return self._own(place, first), rest
        if first in _SUPER and rest:
            return self._inherited(place, rest[0]), rest[1:]
        if self._binding(first, place) is not None:
            owner = self._variable(first, place, depth)
            return Meaning(instance_of=owner), rest
        implied = self._implied(first, place, depth)
        if implied != _UNKNOWN:
            return implied, rest
        return self._at_top(names, place, depth)

    def _at_top(
        self, names: Sequence[str], place: Place, depth: int
    ) -> tuple[Meaning, Sequence[str]]:
        """Return what names mean that nothing around them binds, as far as one can tell."""
        first, rest = names[0], names[1:]
        module = self._resolver.module(place.path, names)
        if module is not None:
            return Meaning(module=module.files), names[module.length :]
        index = self._resolver.lookup(place.path, first)
        if index is not None:
            return self._defined(index, depth), rest
        if rest and self._is_namespace(first, rest[0], place):
            return self._first(rest, place, depth)
        return _UNKNOWN, rest

    def _own(self, place: Place, name: str) -> Meaning:
        owner = self.type_around(place.source)
        if owner is None or (name == "this" and self._is_rebound(place)):
            return _UNKNOWN
        if name == "Self":
            return Meaning(definition=owner, instance_of=owner)
        return Meaning(instance_of=owner)

    def _is_rebound(self, place: Place) -> bool:
        """Tell whether a function inside the definition has a `this` of its own."""
        if place.source is None:
            return True
        start = self._spans[place.source][0]
        scopes, code = self._scopes(place.path), self._parsed[place.path].code
        scope = scopes.scope_at(place.byte)
        inside = []
        while scope >= 0 and scopes.starts[scope] >= start:
            inside.append(scopes.starts[scope])
            scope = scopes.outer[scope]
        return any(code.startswith(_FUNCTIONS, begin) for begin in inside[:-1])

    def _inherited(self, place: Place, name: str) -> Meaning:
        owner = self.type_around(place.source)
        if owner is None:
            return _UNKNOWN
        for base in self.bases(owner):
            member = self.member(base, name)
            if member is not None:
                return Meaning(definition=member)
        return _UNKNOWN

    def _implied(self, name: str, place: Place, depth: int) -> Meaning:
        """Return what a name means as a member of a type around, where that needs no receiver."""
        if self._files[place.path].language not in SEES_MEMBERS:
            return _UNKNOWN
        owner = self.type_around(place.source)
        while owner is not None:
            member = self.member(owner, name)
            if member is not None:
                return self._defined(member, depth)
            field = self._field(owner, name, depth)
            if field is not None:
                return Meaning(instance_of=field)
            owner = self.type_around(self._definitions[owner].parent)
        return _UNKNOWN

    def _inside(self, meaning: Meaning, name: str, depth: int) -> Meaning:
        """Return what a name means behind a dot."""
        index = self._definition_inside(meaning, name)
        if index is not None:
            return self._defined(index, depth)
        if meaning.module:
            files = self._resolver.submodule(meaning.module, name)
            return Meaning(module=files)
        owner = self._owner(meaning)
        if owner is None:
            return _UNKNOWN
        return Meaning(instance_of=self._field(owner, name, depth))

    def _definition_inside(self, meaning: Meaning, name: str) -> int | None:
        if meaning.module:
            return self._resolver.in_module(meaning.module, name)
        owner = self._owner(meaning)
        return self.member(owner, name) if owner is not None else None

    def _owner(self, meaning: Meaning) -> int | None:
        """Return the type whose members are looked up."""
        if meaning.instance_of is not None or meaning.definition is None:
            return meaning.instance_of
        is_type = self._definitions[meaning.definition].kind in TYPES
        return meaning.definition if is_type else None

    def _defined(self, index: int, depth: int) -> Meaning:
        definition = self._definitions[index]
        if definition.kind not in _VALUES:
            return Meaning(definition=index)
        if definition.members:
            return Meaning(definition=index, instance_of=index)
        if definition.parent is not None:
            return Meaning(definition=index)
        place = Place(definition.path, self._spans[index][0], None)
        owner = self._variable(definition.name, place, depth)
        return Meaning(definition=index, instance_of=owner)

    def _scopes(self, path: str) -> LocalNames:
        return self._parsed[path].locals

    def _binding(self, name: str, place: Place) -> tuple[int, list[int]] | None:
        """Return the scope and the places that bind a local name, or a name that only code binds."""
        language = self._files[place.path].language
        binding = self._scopes(place.path).binding(
            name.encode(), place.byte, sees_fields=language in SEES_MEMBERS
        )
        if binding is None or binding[0] >= 0:
            return binding
        # Bound at the top of the file: a definition or an import if it is one of those.
        return None if self._resolver.is_named(place.path, name) else binding

    def _variable(self, name: str, place: Place, depth: int) -> int | None:
        """Return the type of the variable that a name means at a place."""
        language = self._files[place.path].language
        binding = self._scopes(place.path).binding(
            name.encode(), place.byte, sees_fields=language in SEES_MEMBERS
        )
        if binding is None or not depth:
            return None
        scope, places = binding
        key = place.path, scope, name
        if key not in self._bound:
            self._bound[key] = None
            self._bound[key] = self._common(name, places, place, depth)
        return self._bound[key]

    def _common(
        self, name: str, places: Sequence[int], place: Place, depth: int
    ) -> int | None:
        """Return the type that a name has wherever it is bound."""
        code = self._parsed[place.path].code
        language = self._files[place.path].language
        types: set[int | None] = set()
        for byte in places:
            value = origin(code, byte, name.encode(), language)
            bound = Place(place.path, byte, place.source)
            if value.source is Source.TYPE and self._is_lambda(bound):
                return None
            if value.source is not Source.NOTHING:
                types.add(self._type(value.source, value.path, bound, depth))
        return types.pop() if len(types) == 1 else None

    def _is_lambda(self, place: Place) -> bool:
        """Tell whether what follows the colon is a body, not a type."""
        scopes = self._scopes(place.path)
        scope = scopes.scope_at(place.byte)
        code = self._parsed[place.path].code
        return scope >= 0 and code.startswith(b"lambda", scopes.starts[scope])

    def _type(
        self, source: Source, path: str, place: Place, depth: int
    ) -> int | None:
        if source is Source.UNKNOWN or not depth:
            return None
        names = [name for name in re.split(r"\.|::", path) if name]
        if source is Source.COPY:
            return self._meaning(names, place, depth - 1).instance_of
        index = self._meaning(names, place, depth - 1).definition
        if index is None and names[-1] == "new" and len(names) > 1:
            # Ruby's classes are created by a method that none defines.
            index = self._meaning(names[:-1], place, depth - 1).definition
        if index is None:
            return None
        definition = self._definitions[index]
        if definition.kind in TYPES:
            return index
        if source is Source.TYPE:
            return None
        return self._returned(definition, depth)

    def _returned(self, function: Definition, depth: int) -> int | None:
        """Return the type of what a function returns, as its signature says."""
        if function.kind not in {Kind.FUNCTION, Kind.METHOD}:
            return None
        written = result(function, self._files[function.path].language)
        if not written:
            return None
        if written in {"Self", "self"}:
            return function.parent
        place = Place(
            function.path, self._spans[function.index][0], function.index
        )
        names = [name for name in re.split(r"\.|::", written) if name]
        index = self._meaning(names, place, depth - 1).definition
        is_type = index is not None and self._definitions[index].kind in TYPES
        return index if is_type else None

    def _field(self, owner: int, name: str, depth: int) -> int | None:
        """Return the type of an attribute of a type, or of those that it extends."""
        if not depth:
            return None
        key = owner, name
        if key not in self._fields:
            self._fields[key] = None
            for index in self._lineage(owner):
                is_set, field = self._own_field(index, name, depth)
                if is_set:
                    self._fields[key] = field
                    break
        return self._fields[key]

    def _own_field(
        self, owner: int, name: str, depth: int
    ) -> tuple[bool, int | None]:
        path = self._definitions[owner].path
        start, end = self._spans[owner]
        encoded = name.encode()
        declared = self._scopes(path).fields(encoded, start, end)
        code = self._parsed[path].code
        place = Place(path, start, owner)
        if declared:
            field = self._common(name, declared, place, depth)
            if field is not None:
                return True, field
        assigned = re.compile(
            rb"(?:\b(?:self|this)\.|\b(?:private|public|protected|readonly)\s+)"
            rb"(" + re.escape(encoded) + rb")(?=\s*[?!]?\s*(?::|=(?!=)))"
        )
        places = [
            match.start(1) for match in assigned.finditer(code, start, end)
        ]
        if not places:
            return bool(declared), None
        return True, self._common(name, places, place, depth)

    def _is_namespace(self, name: str, inner: str, place: Place) -> bool:
        """Tell whether a name is that of a C++ namespace that holds a definition."""
        if self._files[place.path].language is not Language.CPP:
            return False
        index = self._resolver.lookup(place.path, inner)
        if index is None:
            return False
        code = self._parsed[self._definitions[index].path].code
        return (
            re.search(rb"\bnamespace\s+" + name.encode() + rb"\b", code)
            is not None
        )
