"""Finds the types of variables, attributes and results where code states them: see `origins`.

A value is known if all places that bind it agree, `None` aside. Where one place cannot be
read, nothing is known of the value.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.linking import origins
from worker.engines.static.linking.assembly import Assembly, Span
from worker.engines.static.linking.origins import Evidence, ValueOrigin
from worker.engines.static.linking.shapes import Shapes
from worker.engines.static.parsing.scopes import LocalNames
from worker.engines.static.reading.language import Language

SEES_MEMBERS: Final = frozenset(
    {Language.JAVA, Language.CPP, Language.CSHARP, Language.KOTLIN}
)
"""Languages whose methods name their type's members without a receiver."""
_READ_BY_BODY: Final = frozenset(
    {Language.PYTHON, Language.JAVASCRIPT, Language.TYPESCRIPT, Language.TSX}
)
"""Languages in which a function need not say what it returns."""
_CALLABLE: Final = frozenset({Kind.FUNCTION, Kind.METHOD})
_PLAIN: Final = frozenset({"staticmethod", "classmethod", "override"})
"""Decorators that do not change what a function returns."""
_SEPARATOR: Final = re.compile(r"\.|::")
_OF_SELF: Final = re.compile(rb"self\.(?<!\wself\.)(\w+)\s*(?:=(?![=>])|(:))")
_OF_THIS: Final = re.compile(rb"this\.(?<!\wthis\.)([\w$]+)()\s*=(?![=>])")
_PARAMETER: Final = re.compile(
    rb"\b(?:private|public|protected|readonly)\s+([\w$]+)()\s*[?!]?\s*[:=]"
)
_ATTRIBUTES: Final = {
    Language.PYTHON: (_OF_SELF,),
    Language.RUST: (_OF_SELF,),
    Language.TYPESCRIPT: (_OF_THIS, _PARAMETER),
    Language.TSX: (_OF_THIS, _PARAMETER),
}
_RETURN: Final = re.compile(rb"\breturn\b")


class Meaning(NamedTuple):
    """What a name resolves to: a definition, an object of a type, a module, or nothing known."""

    definition: int | None = None
    instance_of: int | None = None
    module: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where a name is."""

    path: str
    scope: int
    source: int | None
    """The innermost definition around it."""


_Bound = tuple[ValueOrigin, int]
"""A value, and the scope that its code is in."""
_Places = dict[bytes, list[int]]
"""By name: the bytes at which it begins."""
_Variable = tuple[str, int, str]
"""A file, a scope in it, and a name that the scope binds."""
UNKNOWN: Final = Meaning()
Look = Callable[[Sequence[str], Place, int], Meaning]
"""Finds what names mean at a place, through a number of further values."""


class Values:
    """Reads the code that binds values."""

    def __init__(
        self,
        assembly: Assembly,
        spans: Mapping[int, Span],
        look: Look,
        is_foreign: Callable[[str, str], bool],
    ) -> None:
        self._language = assembly.language
        self._parsed = assembly.parsed
        self._definitions = assembly.definitions
        self._spans = spans
        self._look = look
        self._is_foreign = is_foreign
        self.shapes: Shapes | None = None
        """Known once all types' bases are."""
        self._variables: dict[_Variable, Meaning] = {}
        self._results: dict[int, Meaning] = {}
        self._attributes: dict[str, _Places] = {}

    def scopes(self, path: str) -> LocalNames:
        return self._parsed[path].locals

    def binding(self, name: str, place: Place) -> tuple[int, list[int]] | None:
        """Return the scope that a name at a place is bound in, and where."""
        sees_fields = self._language(place.path) in SEES_MEMBERS
        scopes = self.scopes(place.path)
        written = name.encode()
        return scopes.binding(written, place.scope, sees_fields=sees_fields)

    def variable(self, name: str, place: Place, depth: int) -> Meaning:
        binding = self.binding(name, place)
        if binding is None or not depth:
            return UNKNOWN
        scope, places = binding
        key = place.path, scope, name
        if key not in self._variables:
            self._variables[key] = UNKNOWN
            values = list(self._origins(name, places, place.path))
            meaning = self._common(values, place, depth)
            is_unknown = meaning == UNKNOWN
            if is_unknown and self._is_unwritten(values, place, depth):
                meaning = self._shaped_variable(name, places, key)
            self._variables[key] = meaning
        return self._variables[key]

    def attribute(self, owner: int, name: str, depth: int) -> Meaning | None:
        """Return what an attribute of a type is; None if the type does not bind it."""
        path = self._definitions[owner].path
        values = self._bound_to_attribute(owner, name, path)
        if not values:
            return None
        place = Place(path, -1, owner)
        meaning = self._common(values, place, depth)
        if meaning != UNKNOWN or self.shapes is None:
            return meaning
        if self._is_unwritten(values, place, depth):
            index = self.shapes.attribute(owner, name)
            return Meaning(instance_of=index)
        return UNKNOWN

    def _bound_to_attribute(
        self, owner: int, name: str, path: str
    ) -> list[_Bound]:
        """Return what a type declares an attribute to be, or else also what it assigns."""
        start, end, _ = self._spans[owner]
        written = name.encode()
        scopes = self.scopes(path)
        declared = scopes.fields(written, start, end)
        values = list(self._origins(name, declared, path))
        for value, _ in values:
            if value.source is Evidence.TYPE:
                return values
        places = self._assigned(path)
        assigned = places.get(written, ())
        inside = [place for place in assigned if start <= place < end]
        values += self._origins(name, inside, path)
        return values

    def _shaped_variable(
        self, name: str, places: Sequence[int], key: _Variable
    ) -> Meaning:
        path, scope, _ = key
        is_python = self._language(path) is Language.PYTHON
        if self.shapes is None or scope < 0 or not is_python:
            return UNKNOWN
        code = self._parsed[path].code
        written = name.encode()
        for byte in places:
            # A function is bound where it is defined.
            if not code.startswith(written, byte):
                return UNKNOWN
        scopes = self.scopes(path)
        index = self.shapes.variable(name, path, scope, scopes)
        return Meaning(instance_of=index)

    def _is_unwritten(
        self, values: Iterable[_Bound], place: Place, depth: int
    ) -> bool:
        """Whether no value's type is written, or is that of another project."""
        for value, scope in values:
            here = Place(place.path, scope, place.source)
            if value.source is Evidence.TYPE or not depth:
                return False
            if self._value(value, here, depth) != UNKNOWN:
                return False
            names = _SEPARATOR.split(value.path)
            first = names[0]
            if first and not self._may_be_ours(first, here, depth):
                return False
        return True

    def _may_be_ours(self, name: str, place: Place, depth: int) -> bool:
        """Whether no code says that a name is of another project's type."""
        path = place.path
        binding = self.binding(name, place)
        if binding is not None:
            scope, places = binding
            if scope >= 0:
                values = self._origins(name, places, path)
                return self._is_unwritten(values, place, depth - 1)
        return not self._is_foreign(path, name)

    def result(self, function: Definition, depth: int) -> Meaning:
        if function.kind not in _CALLABLE or not depth:
            return UNKNOWN
        index = function.index
        if index not in self._results:
            self._results[index] = UNKNOWN
            self._results[index] = self._returned(function, depth)
        return self._results[index]

    def _returned(self, function: Definition, depth: int) -> Meaning:
        language = self._language(function.path)
        written = origins.result(function, language)
        if written in {"Self", "self"}:
            return Meaning(instance_of=function.parent)
        span = self._spans[function.index]
        scopes = self.scopes(function.path)
        scope = scopes.scope_at(span.start)
        place = Place(function.path, scope, function.index)
        if written:
            declared = ValueOrigin(Evidence.TYPE, written)
            return self._value(declared, place, depth)
        if not _is_read_by_body(function, language):
            return UNKNOWN
        values = self._returns(function)
        return self._common(values, place, depth)

    def _returns(self, function: Definition) -> list[_Bound]:
        """Return what a function returns, without the functions inside it."""
        path = function.path
        start, end, _ = self._spans[function.index]
        code = self._parsed[path].code
        body = code[start:end]
        if b"yield" in body:
            return []
        language = self._language(path)
        scopes = self.scopes(path)
        around = scopes.scope_at(start)
        values = []
        for match in _RETURN.finditer(code, start, end):
            first, last = match.span()
            scope = scopes.scope_at(first)
            if scope < 0 or scopes.outer[scope] != around:
                continue
            value = origins.returned(code, last, language)
            values.append((value, scope))
        return values

    def _assigned(self, path: str) -> _Places:
        """Return where code binds attributes of `self` or `this`, by name."""
        if path not in self._attributes:
            code = self._parsed[path].code
            language = self._language(path)
            patterns = _ATTRIBUTES.get(language, (_OF_THIS,))
            self._attributes[path] = _attributes(code, patterns)
        return self._attributes[path]

    def _origins(
        self, name: str, places: Iterable[int], path: str
    ) -> Iterator[_Bound]:
        """Yield the values that a name is bound to, and the scopes that it is bound in."""
        code = self._parsed[path].code
        scopes = self.scopes(path)
        language = self._language(path)
        written = name.encode()
        for byte in places:
            value = origins.origin(code, byte, written, language)
            scope = scopes.scope_at(byte)
            is_typed = value.source is Evidence.TYPE
            # What follows the colon of a lambda is its body, not a type.
            if is_typed and _is_lambda(code, scopes, scope):
                value = origins.UNKNOWN
            yield value, scope

    def _common(
        self, values: Iterable[_Bound], place: Place, depth: int
    ) -> Meaning:
        """Return the common meaning of the values that are not None; nothing if they differ."""
        meanings = set()
        for value, scope in values:
            if value.source is Evidence.NOTHING:
                continue
            here = Place(place.path, scope, place.source)
            meaning = self._value(value, here, depth)
            meanings.add(meaning)
        if len(meanings) == 1:
            return meanings.pop()
        return UNKNOWN

    def _value(self, value: ValueOrigin, place: Place, depth: int) -> Meaning:
        if value.source is Evidence.UNKNOWN or not depth:
            return UNKNOWN
        parts = _SEPARATOR.split(value.path)
        names = [name for name in parts if name]
        meaning = self._look(names, place, depth - 1)
        if value.source is Evidence.COPY:
            return self._copied(meaning)
        *owner, last = names
        if meaning == UNKNOWN and last == "new" and owner:
            # Ruby's classes are created by a method that none defines.
            meaning = self._look(owner, place, depth - 1)
        if value.source is Evidence.TYPE:
            return self._instance(meaning)
        if names == ["cls"]:
            return meaning
        return self.called(meaning, depth)

    def _instance(self, meaning: Meaning) -> Meaning:
        """Return an object of a type."""
        if self._is_type(meaning.definition):
            return Meaning(instance_of=meaning.definition)
        return UNKNOWN

    def called(self, meaning: Meaning, depth: int) -> Meaning:
        index = meaning.definition
        if index is None:
            return UNKNOWN
        if self._is_type(index):
            return Meaning(instance_of=index)
        function = self._definitions[index]
        return self.result(function, depth)

    def _copied(self, meaning: Meaning) -> Meaning:
        owner = meaning.instance_of
        if owner is not None:
            return Meaning(instance_of=owner)
        if meaning.module or self._is_type(meaning.definition):
            return meaning
        return UNKNOWN

    def _is_type(self, index: int | None) -> bool:
        return index is not None and self._definitions[index].kind in TYPES


def _attributes(code: bytes, patterns: Iterable[re.Pattern[bytes]]) -> _Places:
    """Return the places of the attributes that patterns match, by name."""
    places: _Places = defaultdict(list)
    for pattern in patterns:
        for match in pattern.finditer(code):
            name, colon = match.groups()
            start = match.start()
            # A colon is an annotation's at the beginning of a line alone.
            if colon and not _begins_line(code, start):
                continue
            place = match.start(1)
            places[name].append(place)
    return dict(places)


def _begins_line(code: bytes, start: int) -> bool:
    line = code.rfind(b"\n", 0, start) + 1
    before = code[line:start]
    return not before.strip()


def _is_lambda(code: bytes, scopes: LocalNames, scope: int) -> bool:
    return scope >= 0 and code.startswith(b"lambda", scopes.starts[scope])


def _is_read_by_body(function: Definition, language: Language) -> bool:
    """Whether a function returns what its body does, and says nothing else."""
    if language not in _READ_BY_BODY or origins.says_result(function):
        return False
    marks = function.decorators
    return all(mark in _PLAIN or is_property(mark) for mark in marks)


def is_property(decorator: str) -> bool:
    """Whether a decorator makes a method an attribute."""
    return decorator.endswith("property")
