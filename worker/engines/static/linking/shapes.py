"""Infers the type of a Python value without annotation from the attributes that code uses.

The value is of the only type of the project that has everything that is taken from it, be it
defined, assigned or inherited. Of related types that all have it, it is the most general one.
At least two of the names must be no names of built-in types, or else the value is named after
its type, no subtype of which defines the name again. Nothing is known of a value from which
anything else is taken, or whose type has a namesake that the project imports from another one.
"""

import builtins
import io
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from worker.engines.static.facts import TYPES
from worker.engines.static.linking.assembly import Assembly, Span
from worker.engines.static.parsing.scopes import LocalNames
from worker.engines.static.reading.language import Language

_ENOUGH: Final = 2
"""Names that no built-in type has; one could be of another project's type."""
_TAKEN: Final = re.compile(
    rb"\b(?<![.)\]}\"'])(self\.[A-Za-z_]\w*+|[A-Za-z_]\w*+)\.([A-Za-z_]\w*)"
    rb"(?!\s*=[^=])"
)
_ASSIGNED: Final = re.compile(
    rb"(?:self|cls)\.(?<![\w.]self\.)(?<![\w.]cls\.)(\w++)[^\n=]*+=(?!=)"
)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _of_built_in_types() -> frozenset[str]:
    values = vars(builtins).values()
    types = [value for value in values if isinstance(value, type)]
    types += [io.TextIOWrapper, io.BytesIO, re.Pattern, re.Match]
    names: set[str] = set()
    for known in types:
        attributes = dir(known)
        names.update(attributes)
    return frozenset(names)


_COMMON: Final = _of_built_in_types()


_Attribute = tuple[int, str]
"""Where code takes a name from a value, or assigns to it, and the name."""
_ByValue = dict[bytes, list[_Attribute]]
"""The attributes that code uses of values, by the values' names."""
_Names = dict[int, set[str]]
"""By a type or a scope."""


class Shapes:
    """Compares the attributes that code uses of values with those that types have."""

    def __init__(
        self,
        assembly: Assembly,
        spans: Mapping[int, Span],
        lineage: Callable[[int], Sequence[int]],
    ) -> None:
        self._assembly = assembly
        self._spans = spans
        self._foreign = _foreign_names(assembly)
        self._taken: dict[str, _ByValue] = {}
        self._by_scope: dict[tuple[str, bytes], _Names] = {}
        """By file and variable: what code takes from it, by the scope that binds it."""
        self._having: dict[str, set[int]] = defaultdict(set)
        """By name: the types that have it."""
        self._lineages: dict[int, Sequence[int]] = {}
        self._extending: dict[int, list[int]] = defaultdict(list)
        """By type: itself, and the types that extend it."""
        for definition in assembly.definitions:
            language = assembly.language(definition.path)
            if language is Language.PYTHON and definition.kind in TYPES:
                index = definition.index
                self._lineages[index] = lineage(index)
        self._worded = {_in_words(self._name(i)) for i in self._lineages}
        self._own = self._own_names()
        for index, line in self._lineages.items():
            for ancestor in line:
                self._extend(index, ancestor)

    def _extend(self, index: int, ancestor: int) -> None:
        """Note that a type extends another, and has all that the other has."""
        self._extending[ancestor].append(index)
        inherited = self._own.get(ancestor, ())
        for name in inherited:
            self._having[name].add(index)

    def variable(
        self, name: str, path: str, scope: int, scopes: LocalNames
    ) -> int | None:
        """Return the type of a variable that a scope binds."""
        written = name.encode()
        key = path, written
        if key not in self._by_scope:
            taken = self._in_file(path).get(written, ())
            self._by_scope[key] = _bound_in(taken, written, scopes)
        names = self._by_scope[key].get(scope, set())
        return self._fitting(names, name)

    def attribute(self, owner: int, name: str) -> int | None:
        """Return the type of what methods of a type, or of its subtypes, find in an attribute."""
        written = b"self." + name.encode()
        names: set[str] = set()
        extending = self._extending.get(owner, ())
        for index in extending:
            start, end, _ = self._spans[index]
            definition = self._assembly.definitions[index]
            in_file = self._in_file(definition.path)
            for place, member in in_file.get(written, ()):
                if start <= place < end:
                    names.add(member)
        return self._fitting(names, name)

    def _fitting(self, names: Iterable[str], value: str) -> int | None:
        wanted = [name for name in names if not name.startswith("__")]
        special = [name for name in wanted if name not in _COMMON]
        is_named = value.strip("_") in self._worded
        if not special or (len(special) < _ENOUGH and not is_named):
            return None
        fitting = self._having_all(wanted)
        general = self._most_general(fitting)
        if general is None:
            return None
        type_name = self._name(general)
        if type_name in self._foreign:
            return None
        if len(special) >= _ENOUGH:
            return general
        # A subtype may define the only name again, and mean another thing.
        is_again = self._is_defined_below(special[0], general, fitting)
        if is_again or value.strip("_") != _in_words(type_name):
            return None
        return general

    def _having_all(self, names: Iterable[str]) -> set[int]:
        having = [self._having.get(name, set()) for name in names]
        having.sort(key=len)
        return set.intersection(*having)

    def _most_general(self, fitting: set[int]) -> int | None:
        """Return the only one of some types that extends none of the others."""
        general: list[int] = []
        for index in fitting:
            lineage = self._lineages[index]
            ancestors = lineage[1:]
            if fitting.isdisjoint(ancestors):
                general.append(index)
        if len(general) == 1:
            return general[0]
        return None

    def _is_defined_below(
        self, name: str, general: int, fitting: set[int]
    ) -> bool:
        for index in fitting:
            if index == general:
                continue
            own = self._own[index]
            if name in own:
                return True
        return False

    def _name(self, index: int) -> str:
        definition = self._assembly.definitions[index]
        return definition.name

    def _in_file(self, path: str) -> _ByValue:
        if path not in self._taken:
            parsed = self._assembly.parsed[path]
            self._taken[path] = _taken(parsed.code)
        return self._taken[path]

    def _own_names(self) -> _Names:
        """Return what types define, assign and declare, by their positions."""
        by_path: dict[str, list[int]] = defaultdict(list)
        for index in self._lineages:
            definition = self._assembly.definitions[index]
            by_path[definition.path].append(index)
        own: _Names = {}
        for path, indexes in by_path.items():
            parsed = self._assembly.parsed[path]
            declared = _declared(parsed.locals)
            assigned = _assigned(parsed.code)
            for index in indexes:
                start, end, _ = self._spans[index]
                own[index] = {
                    *_between(assigned, start, end),
                    *_of_class(parsed.locals, declared, start, end),
                    *self._members(index),
                }
        return own

    def _members(self, index: int) -> Iterator[str]:
        definition = self._assembly.definitions[index]
        for member in definition.members:
            yield self._name(member)


def _taken(code: bytes) -> _ByValue:
    by_value: _ByValue = defaultdict(list)
    for match in _TAKEN.finditer(code):
        taken = by_value[match[1]]
        taken.append((match.start(), match[2].decode()))
    return dict(by_value)


def _bound_in(
    taken: Iterable[_Attribute], variable: bytes, scopes: LocalNames
) -> _Names:
    """Return what is taken from a variable by the scope that binds it."""
    names: _Names = defaultdict(set)
    for place, member in taken:
        inner = scopes.scope_at(place)
        binding = scopes.binding(variable, inner, sees_fields=False)
        if binding is not None:
            names[binding[0]].add(member)
    return names


def _assigned(code: bytes) -> list[_Attribute]:
    """Return the attributes of `self` and `cls` that code assigns, in its order."""
    return [
        (match.start(), match[1].decode()) for match in _ASSIGNED.finditer(code)
    ]


def _between(
    assigned: Sequence[_Attribute], start: int, end: int
) -> Iterator[str]:
    first = bisect_left(assigned, (start, ""))
    last = bisect_left(assigned, (end, ""))
    for _, name in assigned[first:last]:
        yield name


def _foreign_names(assembly: Assembly) -> frozenset[str]:
    """Return the names that the project imports from others."""
    names: set[str] = set()
    for file in assembly.files.values():
        for statement in file.imports:
            if statement.targets:
                continue
            for _, there in statement.names:
                names.add(there)
    return frozenset(names)


def _declared(scopes: LocalNames) -> _Names:
    """Return the names that the scopes of classes bind."""
    declared: _Names = defaultdict(set)
    for name in scopes.bound:
        for scope in scopes.by_scope(name):
            if scope >= 0 and scopes.is_class[scope]:
                declared[scope].add(name.decode())
    return declared


def _of_class(
    scopes: LocalNames, declared: _Names, start: int, end: int
) -> set[str]:
    first = bisect_left(scopes.starts, start)
    last = bisect_left(scopes.starts, end)
    for scope in range(first, last):
        if scopes.is_class[scope]:
            return declared.get(scope, set())
    return set()


def _in_words(name: str) -> str:
    """Return `CamelCase` as `camel_case`."""
    parted = _HUMP.sub("_", name)
    lowered = parted.lower()
    return lowered.strip("_")
