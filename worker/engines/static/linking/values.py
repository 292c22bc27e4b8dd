"""Tells what variables, attributes and results are, where their code says so: see `origins`.

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
from worker.engines.static.linking.origins import Origin, Source
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
    """What names lead to: a definition, an object of a type, a module, or nothing known."""

    definition: int | None = None
    instance_of: int | None = None
    module: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where a name is."""

    path: str
    scope: int
    source: int | None
    """The innermost definition around it."""


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
        self._variables: dict[tuple[str, int, str], Meaning] = {}
        self._results: dict[int, Meaning] = {}
        self._attributes: dict[str, dict[bytes, list[int]]] = {}

    def scopes(self, path: str) -> LocalNames:
        return self._parsed[path].locals

    def binding(self, name: str, place: Place) -> tuple[int, list[int]] | None:
        """Return the scope that a name at a place is bound in, and where."""
        sees_fields = self._language(place.path) in SEES_MEMBERS
        scopes = self.scopes(place.path)
        return scopes.binding(
            name.encode(), place.scope, sees_fields=sees_fields
        )

    def variable(self, name: str, place: Place, depth: int) -> Meaning:
        binding = self.binding(name, place)
        if binding is None or not depth:
            return UNKNOWN
        scope, places = binding
        key = place.path, scope, name
        if key not in self._variables:
            self._variables[key] = UNKNOWN
            origin = list(self._origins(name, places, place.path))
            meaning = self._common(origin, place, depth)
            if meaning == UNKNOWN and self._is_unwritten(origin, place, depth):
                meaning = self._shaped_variable(name, places, key)
            self._variables[key] = meaning
        return self._variables[key]

    def attribute(self, owner: int, name: str, depth: int) -> Meaning | None:
        """Return what an attribute of a type is; None if the type does not bind it."""
        path = self._definitions[owner].path
        start, end, _ = self._spans[owner]
        written = name.encode()
        declared = self.scopes(path).fields(written, start, end)
        assigned = self._assigned(path).get(written, ())
        inside = [place for place in assigned if start <= place < end]
        if not declared and not inside:
            return None
        place = Place(path, -1, owner)
        values = list(self._origins(name, declared, path))
        is_typed = any(value.source is Source.TYPE for value, _ in values)
        if not is_typed:
            values += self._origins(name, inside, path)
        meaning = self._common(values, place, depth)
        if (
            meaning == UNKNOWN
            and self.shapes is not None
            and self._is_unwritten(values, place, depth)
        ):
            index = self.shapes.attribute(owner, name)
            return Meaning(instance_of=index)
        return meaning

    def _shaped_variable(
        self, name: str, places: Sequence[int], key: tuple[str, int, str]
    ) -> Meaning:
        path, scope, _ = key
        code = self._parsed[path].code
        # A function is bound where it is defined.
        is_plain = all(code.startswith(name.encode(), byte) for byte in places)
        is_python = self._language(path) is Language.PYTHON
        if self.shapes is None or scope < 0 or not is_python or not is_plain:
            return UNKNOWN
        scopes = self.scopes(path)
        index = self.shapes.variable(name, path, scope, scopes)
        return Meaning(instance_of=index)

    def _is_unwritten(
        self, values: Iterable[tuple[Origin, int]], place: Place, depth: int
    ) -> bool:
        """Whether no value's type is written, or is that of another project."""
        for value, scope in values:
            here = place._replace(scope=scope)
            if value.source is Source.TYPE or not depth:
                return False
            if self._value(value, here, depth) != UNKNOWN:
                return False
            first = _SEPARATOR.split(value.path)[0]
            if first and not self._may_be_ours(first, here, depth):
                return False
        return True

    def _may_be_ours(self, name: str, place: Place, depth: int) -> bool:
        """Whether no code says that a name is of another project's type."""
        binding = self.binding(name, place)
        if binding is None or binding[0] < 0:
            return not self._is_foreign(place.path, name)
        values = self._origins(name, binding[1], place.path)
        return self._is_unwritten(values, place, depth - 1)

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
        start = self._spans[function.index].start
        scope = self.scopes(function.path).scope_at(start)
        place = Place(function.path, scope, function.index)
        if written:
            declared = Origin(Source.TYPE, written)
            return self._value(declared, place, depth)
        if not _is_read_by_body(function, language):
            return UNKNOWN
        return self._common(self._returns(function), place, depth)

    def _returns(self, function: Definition) -> list[tuple[Origin, int]]:
        """Return what a function returns, without the functions inside it."""
        path = function.path
        start, end, _ = self._spans[function.index]
        code = self._parsed[path].code
        scopes = self.scopes(path)
        if b"yield" in code[start:end]:
            return []
        around = scopes.scope_at(start)
        values = []
        for match in _RETURN.finditer(code, start, end):
            scope = scopes.scope_at(match.start())
            if scope >= 0 and scopes.outer[scope] == around:
                language = self._language(path)
                value = origins.returned(code, match.end(), language)
                values.append((value, scope))
        return values

    def _assigned(self, path: str) -> dict[bytes, list[int]]:
        """Return where code binds attributes of `self` or `this`, by name."""
        if path not in self._attributes:
            code = self._parsed[path].code
            places = defaultdict(list)
            language = self._language(path)
            for pattern in _ATTRIBUTES.get(language, (_OF_THIS,)):
                for match in pattern.finditer(code):
                    start = match.start()
                    line = code.rfind(b"\n", 0, start) + 1
                    # A colon is an annotation's at the beginning of a line alone.
                    before = code[line:start]
                    if not match[2] or not before.strip():
                        places[match[1]].append(match.start(1))
            self._attributes[path] = dict(places)
        return self._attributes[path]

    def _origins(
        self, name: str, places: Iterable[int], path: str
    ) -> Iterator[tuple[Origin, int]]:
        """Yield the values that a name is bound to, and the scopes that it is bound in."""
        code = self._parsed[path].code
        scopes = self.scopes(path)
        language = self._language(path)
        for byte in places:
            value = origins.origin(code, byte, name.encode(), language)
            scope = scopes.scope_at(byte)
            is_lambda = scope >= 0 and code.startswith(
                b"lambda", scopes.starts[scope]
            )
            # What follows the colon of a lambda is its body, not a type.
            if is_lambda and value.source is Source.TYPE:
                value = origins.UNKNOWN
            yield value, scope

    def _common(
        self, values: Iterable[tuple[Origin, int]], place: Place, depth: int
    ) -> Meaning:
        """Return what all values are that are something."""
        meanings = set()
        for value, scope in values:
            if value.source is not Source.NOTHING:
                here = place._replace(scope=scope)
                meanings.add(self._value(value, here, depth))
        if len(meanings) == 1:
            return meanings.pop()
        return UNKNOWN

    def _value(self, value: Origin, place: Place, depth: int) -> Meaning:
        if value.source is Source.UNKNOWN or not depth:
            return UNKNOWN
        names = [name for name in _SEPARATOR.split(value.path) if name]
        meaning = self._look(names, place, depth - 1)
        if value.source is Source.COPY:
            return self._copied(meaning)
        *owner, last = names
        if meaning == UNKNOWN and last == "new" and owner:
            # Ruby's classes are created by a method that none defines.
            meaning = self._look(owner, place, depth - 1)
        if value.source is Source.CALL:
            is_own = names == ["cls"]
            if is_own:
                return meaning
            return self.called(meaning, depth)
        if not self._is_type(meaning.definition):
            return UNKNOWN
        return Meaning(instance_of=meaning.definition)

    def called(self, meaning: Meaning, depth: int) -> Meaning:
        if meaning.definition is None:
            return UNKNOWN
        if self._is_type(meaning.definition):
            return Meaning(instance_of=meaning.definition)
        function = self._definitions[meaning.definition]
        return self.result(function, depth)

    def _copied(self, meaning: Meaning) -> Meaning:
        if meaning.instance_of is not None:
            return Meaning(instance_of=meaning.instance_of)
        is_known = meaning.module or self._is_type(meaning.definition)
        if is_known:
            return meaning
        return UNKNOWN

    def _is_type(self, index: int | None) -> bool:
        if index is None:
            return False
        return self._definitions[index].kind in TYPES


def _is_read_by_body(function: Definition, language: Language) -> bool:
    """Whether a function returns what its body does, and says nothing else."""
    if language not in _READ_BY_BODY or origins.says_result(function):
        return False
    return all(
        mark in _PLAIN or is_property(mark) for mark in function.decorators
    )


def is_property(decorator: str) -> bool:
    """Whether a decorator makes a method an attribute."""
    return decorator.endswith("property")
