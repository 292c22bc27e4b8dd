"""Tells the type of a Python value of which nothing is written, by what code takes from it.

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
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.linking.assembly import Assembly, Span
from worker.engines.static.parsing.scopes import LocalNames
from worker.engines.static.reading.language import Language

_ENOUGH: Final = 2
"""Names that no built-in type has; one could be of another project's type."""
_TAKEN: Final = re.compile(
    rb"(?<![\w.)\]}\"'])((?:self\.)?[A-Za-z_]\w*)\.([A-Za-z_]\w*)(?!\s*=[^=])"
)
_ASSIGNED: Final = re.compile(rb"(?<![\w.])(?:self|cls)\.(\w+)[^\n=]*=(?!=)")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _of_built_in_types() -> frozenset[str]:
    names: set[str] = set()
    types = [
        value for value in vars(builtins).values() if isinstance(value, type)
    ]
    for known in (*types, io.TextIOWrapper, io.BytesIO, re.Pattern, re.Match):
        names.update(dir(known))
    return frozenset(names)


_COMMON: Final = _of_built_in_types()


class _Taken(NamedTuple):
    """A name that code takes from a value, and where."""

    place: int
    name: str


class Shapes:
    """Compares what code takes from values with what types have."""

    def __init__(
        self,
        assembly: Assembly,
        spans: Mapping[int, Span],
        lineage: Callable[[int], Sequence[int]],
    ) -> None:
        self._assembly = assembly
        self._spans = spans
        self._foreign = _foreign_names(assembly)
        self._taken: dict[str, dict[bytes, list[_Taken]]] = {}
        self._having: dict[str, set[int]] = defaultdict(set)
        """By name: the types that have it."""
        self._lineages: dict[int, Sequence[int]] = {}
        self._extending: dict[int, list[int]] = defaultdict(list)
        """By type: itself, and the types that extend it."""
        for definition in assembly.definitions:
            if self._is_class(definition):
                self._lineages[definition.index] = lineage(definition.index)
        for index, line in self._lineages.items():
            for ancestor in line:
                self._extending[ancestor].append(index)
        self._own = self._own_names()
        for index, line in self._lineages.items():
            for ancestor in line:
                for name in self._own.get(ancestor, ()):
                    self._having[name].add(index)

    def _is_class(self, definition: Definition) -> bool:
        language = self._assembly.language(definition.path)
        return language is Language.PYTHON and definition.kind in TYPES

    def variable(
        self, name: str, path: str, scope: int, scopes: LocalNames
    ) -> int | None:
        """Return the type of a variable that a scope binds."""
        written = name.encode()
        taken = self._in_file(path)
        names: set[str] = set()
        for place, member in taken.get(written, ()):
            inner = scopes.scope_at(place)
            binding = scopes.binding(written, inner, sees_fields=False)
            if binding is None:
                continue
            bound_in, _ = binding
            if bound_in == scope:
                names.add(member)
        return self._fitting(names, name)

    def attribute(self, owner: int, name: str) -> int | None:
        """Return the type of what methods of a type, or of its subtypes, find in an attribute."""
        written = b"self." + name.encode()
        names: set[str] = set()
        for index in self._extending.get(owner, ()):
            path = self._assembly.definitions[index].path
            start, end, _ = self._spans[index]
            taken = self._in_file(path)
            for place, member in taken.get(written, ()):
                if start <= place < end:
                    names.add(member)
        return self._fitting(names, name)

    def _fitting(self, names: Iterable[str], value: str) -> int | None:
        wanted = [name for name in names if not name.startswith("__")]
        special = [name for name in wanted if name not in _COMMON]
        if not special:
            return None
        having = [self._having.get(name, set()) for name in wanted]
        fitting = set.intersection(*having)
        general = self._most_general(fitting)
        if general is None or self._name(general) in self._foreign:
            return None
        if len(special) >= _ENOUGH:
            return general
        # A subtype may define the only name again, and mean another thing.
        if self._is_defined_below(special[0], general, fitting):
            return None
        type_name = _in_words(self._name(general))
        if type_name == value.strip("_"):
            return general
        return None

    def _most_general(self, fitting: set[int]) -> int | None:
        """Return the only one of some types that extends none of the others."""
        general: list[int] = []
        for index in fitting:
            ancestors = self._lineages[index][1:]
            if fitting.isdisjoint(ancestors):
                general.append(index)
        if len(general) == 1:
            return general[0]
        return None

    def _is_defined_below(
        self, name: str, general: int, fitting: set[int]
    ) -> bool:
        for index in fitting:
            own = self._own[index]
            if index != general and name in own:
                return True
        return False

    def _name(self, index: int) -> str:
        return self._assembly.definitions[index].name

    def _in_file(self, path: str) -> dict[bytes, list[_Taken]]:
        if path not in self._taken:
            code = self._assembly.parsed[path].code
            taken = defaultdict(list)
            for match in _TAKEN.finditer(code):
                name = match[2].decode()
                taken[match[1]].append(_Taken(match.start(1), name))
            self._taken[path] = dict(taken)
        return self._taken[path]

    def _own_names(self) -> dict[int, set[str]]:
        """Return what types define, assign and declare, by their positions."""
        by_path: dict[str, list[int]] = defaultdict(list)
        for index in self._lineages:
            by_path[self._assembly.definitions[index].path].append(index)
        own: dict[int, set[str]] = {}
        for path, indexes in by_path.items():
            parsed = self._assembly.parsed[path]
            declared = _declared(parsed.locals)
            assigned = [
                (match.start(), match[1].decode())
                for match in _ASSIGNED.finditer(parsed.code)
            ]
            for index in indexes:
                start, end, _ = self._spans[index]
                first = bisect_left(assigned, (start, ""))
                last = bisect_left(assigned, (end, ""))
                names = {name for _, name in assigned[first:last]}
                names |= _of_class(parsed.locals, declared, start, end)
                for member in self._assembly.definitions[index].members:
                    names.add(self._name(member))
                own[index] = names
        return own


def _foreign_names(assembly: Assembly) -> frozenset[str]:
    """Return the names that the project imports from others."""
    names: set[str] = set()
    for file in assembly.files.values():
        for statement in file.imports:
            if not statement.targets:
                names.update(there for _, there in statement.names)
    return frozenset(names)


def _declared(scopes: LocalNames) -> dict[int, set[str]]:
    """Return the names that the scopes of classes bind."""
    declared: dict[int, set[str]] = defaultdict(set)
    for name, places in scopes.bound.items():
        for place in places:
            scope = scopes.scope_at(place)
            if scope >= 0 and scopes.is_class[scope]:
                declared[scope].add(name.decode())
    return declared


def _of_class(
    scopes: LocalNames, declared: Mapping[int, set[str]], start: int, end: int
) -> set[str]:
    scope = bisect_left(scopes.starts, start)
    while scope < len(scopes.starts) and scopes.starts[scope] < end:
        if scopes.is_class[scope]:
            return declared.get(scope, set())
        scope += 1
    return set()


def _in_words(name: str) -> str:
    """Return `CamelCase` as `camel_case`."""
    return _HUMP.sub("_", name).lower().strip("_")
