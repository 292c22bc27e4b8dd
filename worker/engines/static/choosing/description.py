"""Describes units: their definitions and files, and up to three sentences about each."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.facts import TYPES, Definition, Reference, SourceFile
from worker.engines.static.linking.graph import Graph
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import code, listed, sentence

MAX_FILES: Final = 8
MAX_SYMBOLS: Final = 12
_OWN_FILES: Final = 3
_PREDICATE: Final = re.compile(
    r" (?:[a-z]+s|are|to|can|may|must|will)\b(?! class)"
)
"""What follows the name with which a sentence begins."""
_MAX_NEIGHBOURS: Final = 3
_MAX_NAMED: Final = 3
_USED_WEIGHT: Final = 0.7
"""What a file that the unit uses is worth, compared with a file that uses the unit."""


class Ends:
    """The references from and to each top-level definition."""

    def __init__(self, graph: Graph, references: Sequence[Reference]) -> None:
        self.users: dict[int, list[Reference]] = defaultdict(list)
        self.used: dict[int, list[Reference]] = defaultdict(list)
        for reference in references:
            self.users[graph.top[reference.target]].append(reference)
            if reference.source is not None:
                self.used[graph.top[reference.source]].append(reference)


class Descriptions:
    """Describes the chosen candidates."""

    def __init__(
        self,
        graph: Graph,
        files: Mapping[str, SourceFile],
        ends: Ends,
        chosen: Sequence[Candidate],
    ) -> None:
        self._graph = graph
        self._chosen = chosen
        self._ends = ends
        self._importers = _importers(files)
        self._owner: dict[int, int] = {}
        """By top-level definition: the place of its unit."""
        self._unit_of_file: dict[str, int] = {}
        """By path: the place of the first unit whose main symbol is defined there."""
        for place, candidate in enumerate(chosen):
            self._owner.update(dict.fromkeys(candidate.symbols, place))
            self._unit_of_file.setdefault(self._main(place).path, place)
        self._adopt()

    def _adopt(self) -> None:
        """Give each definition without a unit to the unit of its file."""
        for definition in self._graph.definitions:
            unit = self._unit_of_file.get(definition.path)
            if definition.parent is None and unit is not None:
                self._owner.setdefault(definition.index, unit)

    def _main(self, place: int) -> Definition:
        first = self._chosen[place].symbols[0]
        return self._graph.definitions[first]

    def owned(self, place: int) -> tuple[int, ...]:
        """Return the top-level definitions of a unit, by path and line."""
        owned = [
            index for index, owner in self._owner.items() if owner == place
        ]
        return tuple(sorted(owned))

    def symbols(self, place: int) -> tuple[int, ...]:
        """Return the symbols of a unit's candidate, then types defined beside its main symbol."""
        symbols = self._chosen[place].symbols[:MAX_SYMBOLS]
        neighbours = self._neighbours(place)[:_MAX_NEIGHBOURS]
        nearby = [neighbour.index for neighbour in neighbours]
        return (*symbols, *nearby)

    def _neighbours(self, place: int) -> list[Definition]:
        """Return the public types in the main symbol's file, the most used and largest first."""
        main = self._main(place)
        symbols = frozenset(self._chosen[place].symbols)
        neighbours = []
        for index in self.owned(place):
            definition = self._graph.definitions[index]
            is_near = definition.path == main.path and index not in symbols
            if is_near and definition.public and definition.kind in TYPES:
                neighbours.append(definition)

        def rank(neighbour: Definition) -> tuple[int, int, int]:
            users = self._graph.using_files(neighbour.index)
            return -users, neighbour.line - neighbour.end_line, neighbour.index

        return sorted(neighbours, key=rank)

    def paths(self, place: int) -> tuple[str, ...]:
        """Return the files that define a unit, then the files most closely connected to it."""
        definitions = self._graph.definitions
        symbols = self._chosen[place].symbols[: 2 * _OWN_FILES]
        members = self._main(place).members
        defining = dict.fromkeys(
            definitions[index].path for index in (*symbols, *members)
        )
        own = list(defining)[:_OWN_FILES]
        weights = self._connections(symbols)

        def rank(path: str) -> tuple[float, str]:
            return -weights[path] / self._popularity(path), path

        connected = sorted(
            (path for path in weights if path not in own), key=rank
        )
        paths = [*own, *connected]
        return tuple(paths[:MAX_FILES])

    def _connections(self, symbols: Sequence[int]) -> dict[str, float]:
        """Weigh the files that use some symbols, and those that these use."""
        top = self._graph.top
        weights: dict[str, float] = defaultdict(float)
        for symbol in dict.fromkeys(symbols):
            for reference in self._ends.users[symbol]:
                weights[reference.path] += math.log1p(reference.count)
            for reference in self._ends.used[symbol]:
                target = top[reference.target]
                if target not in symbols:
                    path = self._graph.definitions[target].path
                    weight = math.log1p(reference.count)
                    weights[path] += weight * _USED_WEIGHT
        return weights

    def _popularity(self, path: str) -> float:
        """Return the divisor of a file's connections: every unit is connected to a popular file."""
        importers = self._importers.get(path, 0)
        return math.sqrt(1 + importers)

    def description(self, place: int) -> str:
        """Return what the docstrings of the leading definitions say."""
        leaders = [
            self._graph.definitions[index]
            for index in self._chosen[place].leaders
        ]
        return " ".join(self._sentences(leaders))

    def _sentences(self, leaders: Sequence[Definition]) -> Iterator[str]:
        main = leaders[0]
        names = listed([code(leader.name) for leader in leaders])
        documented = [leader for leader in leaders if leader.doc]
        if len(leaders) > 1 and not documented:
            yield f"{names} are defined together."
        elif not documented:
            yield self._introduction(main)
        for leader in documented:
            yield self._introduction(leader)
        descendants = [
            self._graph.definitions[index]
            for index in self._graph.descendants[main.index]
        ]
        derived_names = list(dict.fromkeys(_code_names(descendants, main)))
        if derived_names:
            derived = listed(derived_names, _MAX_NAMED)
            yield f"{code(main.name)} is the base of {derived}."

    def _introduction(self, main: Definition) -> str:
        name = code(main.name)
        summary = first_sentence(main.doc) or first_sentence(
            self._base_doc(main)
        )
        rest = summary.removeprefix(main.name)
        if rest != summary and _PREDICATE.match(rest):
            return sentence(name + rest)
        if summary:
            return f"{name}: {sentence(summary)}"
        kind = _kind_with_article(main)
        return f"{name} is {kind}{self._extent(main)}."

    def _extent(self, main: Definition) -> str:
        """Name a few public members of a definition without a docstring."""
        members = [self._graph.definitions[index] for index in main.members]
        named = [
            code(member.name)
            for member in members
            if member.public and not member.name.startswith("_")
        ]
        if named:
            return f" with {listed(named, _MAX_NAMED)}"
        return ""

    def _base_doc(self, main: Definition) -> str:
        """Return the docstring of a base of the same name: it describes this type as well."""
        for index in self._graph.ancestors(main.index):
            base = self._graph.definitions[index]
            if base.name == main.name and base.doc:
                return base.doc
        return ""


def _importers(files: Mapping[str, SourceFile]) -> Counter[str]:
    importers: Counter[str] = Counter()
    for file in files.values():
        targets = {
            imported.targets[0] for imported in file.imports if imported.targets
        }
        importers.update(targets)
    return importers


def _code_names(
    definitions: Sequence[Definition], main: Definition
) -> list[str]:
    names = [definition.name for definition in definitions]
    return [code(name) for name in names if name != main.name]


def _kind_with_article(definition: Definition) -> str:
    kind: str = definition.kind
    if definition.members and definition.kind not in TYPES:
        kind = "object"
    article = "a"
    if kind[0] in "aeiou":
        article = "an"
    return f"{article} {kind}"
