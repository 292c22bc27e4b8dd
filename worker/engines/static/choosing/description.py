"""Describes units: their definitions and files, and up to three sentences about each."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.choosing.naming import unit_name
from worker.engines.static.facts import (
    TYPES,
    Definition,
    Files,
    Reference,
    Unit,
)
from worker.engines.static.linking.graph import DefinitionGraph
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import code, listed, sentence

MAX_FILES: Final = 8
MAX_SYMBOLS: Final = 12
_OWN_FILES: Final = 3
_PREDICATE: Final = re.compile(
    r" (?:[a-z]+s|are|to|can|may|must|will)\b(?! class)"
)
"""What follows the name with which a sentence begins."""
_NAMED: Final = re.compile(r"`?(?:\w+(?:::|\.))*\w+`?(?= )")
"""The word with which a sentence begins, as a name of the code."""
_ACTION: Final = re.compile(
    r"(?!This |Always )[A-Z][a-z]*[^\Wsuia]s (?:(?:and|or) [a-z]+s )?"
    r"((?:an?|the|all|any|each|one|its|whether|how|what|if) )?"
)
"""The beginning of a sentence whose subject is the name."""
_NOUN: Final = re.compile(
    r"(?:An?|The) (?:(?:of|for|with|to|from|in|on|by|and|or|all) \S+s "
    r"|(?!(?:is|are|was|were|can|may|must|will|has|have) )"
    r"(?!(?:of|for|with|to|from|in|on|by|and|or|all) \S+s )\S*(?:[^\s,.;:s]|ss) )*?"
    r"(?:(?:that|which|who|whose|where) |\S+(?:,|\.$))"
)
"""A sentence whose only verb, if any, follows a relative pronoun."""
_MAX_NEIGHBOURS: Final = 3
_MAX_NAMED: Final = 3
_USED_WEIGHT: Final = 0.7
"""What a file that the unit uses is worth, compared with a file that uses the unit."""


_References = dict[int, list[Reference]]


class Ends:
    """The references from and to each top-level definition."""

    def __init__(
        self, graph: DefinitionGraph, references: Sequence[Reference]
    ) -> None:
        top = graph.top
        self.users: _References = defaultdict(list)
        self.used: _References = defaultdict(list)
        for reference in references:
            target = top[reference.target]
            self.users[target].append(reference)
            if reference.source is not None:
                source = top[reference.source]
                self.used[source].append(reference)


class Descriptions:
    """Describes the chosen candidates."""

    def __init__(
        self,
        graph: DefinitionGraph,
        files: Files,
        ends: Ends,
        chosen: Sequence[Candidate],
    ) -> None:
        self._graph = graph
        self._definitions = graph.definitions
        self._chosen = chosen
        self._ends = ends
        self._importers = _importers(files)
        self._owner: dict[int, int] = {}
        """By top-level definition: the place of its unit."""
        unit_of_file: dict[str, int] = {}
        for place, candidate in enumerate(chosen):
            self._owner.update(dict.fromkeys(candidate.symbols, place))
            path = self._main(place).path
            unit_of_file.setdefault(path, place)
        # Others belong to the first unit whose main symbol is in the same file.
        for definition in graph.definitions:
            unit = unit_of_file.get(definition.path)
            if definition.parent is None and unit is not None:
                self._owner.setdefault(definition.index, unit)

    def _main(self, place: int) -> Definition:
        first = self._chosen[place].symbols[0]
        return self._definitions[first]

    def unit(self, place: int) -> Unit:
        """Return a unit: its candidate's symbols, then types defined beside its main symbol."""
        candidate = self._chosen[place]
        leaders = [self._definitions[index] for index in candidate.leaders]
        owned = self._owned(place)
        neighbours = self._neighbours(place, owned)
        return Unit(
            name=unit_name(leaders),
            description=" ".join(self._sentences(leaders)),
            file_paths=self._paths(place),
            symbols=(*candidate.symbols[:MAX_SYMBOLS], *neighbours),
            owned=owned,
        )

    def _owned(self, place: int) -> tuple[int, ...]:
        """Return the top-level definitions of a unit, by path and line."""
        owned = [
            index for index, owner in self._owner.items() if owner == place
        ]
        return tuple(sorted(owned))

    def _neighbours(self, place: int, owned: Sequence[int]) -> list[int]:
        """Return the public types in the main symbol's file, the most used and largest first."""
        path = self._main(place).path
        symbols = self._chosen[place].symbols
        ranks = []
        for index in owned:
            neighbour = self._definitions[index]
            is_type = neighbour.public and neighbour.kind in TYPES
            is_near = neighbour.path == path and index not in symbols
            if is_type and is_near:
                users = self._graph.using_files(index)
                lines = neighbour.end_line - neighbour.line
                rank = -users, -lines, index
                ranks.append(rank)
        nearest = sorted(ranks)[:_MAX_NEIGHBOURS]
        return [index for _, _, index in nearest]

    def _paths(self, place: int) -> tuple[str, ...]:
        """Return the files that define a unit, then the files most closely connected to it."""
        chosen = self._chosen[place]
        symbols = chosen.symbols[: 2 * _OWN_FILES]
        members = self._main(place).members
        indexes = (*symbols, *members)
        defining = [self._definitions[index].path for index in indexes]
        distinct = dict.fromkeys(defining)
        own = list(distinct)[:_OWN_FILES]
        weights = self._connections(symbols)
        ranks = []
        for path, weight in weights.items():
            if path in own:
                continue
            # Every unit is connected to a popular file.
            popularity = math.sqrt(1 + self._importers[path])
            rank = -weight / popularity
            ranks.append((rank, path))
        connected = [path for _, path in sorted(ranks)]
        paths = own + connected
        return tuple(paths[:MAX_FILES])

    def _connections(self, symbols: Sequence[int]) -> dict[str, float]:
        """Weigh the files that use some symbols, and those that these use."""
        weights: dict[str, float] = defaultdict(float)
        for symbol in dict.fromkeys(symbols):
            for reference in self._ends.users[symbol]:
                weight = math.log1p(reference.count)
                weights[reference.path] += weight
            for reference in self._ends.used[symbol]:
                target = self._graph.top[reference.target]
                if target in symbols:
                    continue
                path = self._definitions[target].path
                weight = math.log1p(reference.count)
                weights[path] += weight * _USED_WEIGHT
        return weights

    def _sentences(self, leaders: Sequence[Definition]) -> Iterator[str]:
        """Yield what the docstrings of the leading definitions say."""
        main, *others = leaders
        introduced = [leader for leader in leaders if leader.doc]
        if not others:
            introduced = [main]
        if not introduced:
            names = [code(leader.name) for leader in leaders]
            yield f"{listed(names)} are defined together."
        for leader in introduced:
            introduction = self._introduction(leader)
            if others:
                introduction = _joined(leader, introduction)
            yield introduction

    def _introduction(self, main: Definition) -> str:
        name = code(main.name)
        summary = first_sentence(main.doc)
        if not summary:
            doc = self._base_doc(main)
            summary = first_sentence(doc)
        rest = _NAMED.sub("", summary, count=1)
        named = summary.removesuffix(rest).strip("`")
        if named.endswith(main.name) and _PREDICATE.match(rest):
            whole = name + rest
            return sentence(whole)
        if summary:
            return f"{name}: {sentence(summary)}"
        kind = _kind_with_article(main)
        extent = self._extent(main)
        return f"{name} is {kind}{extent}."

    def _extent(self, main: Definition) -> str:
        """Name a few public members of a definition without a docstring."""
        named = []
        for index in main.members:
            member = self._definitions[index]
            if member.public and not member.name.startswith("_"):
                named.append(code(member.name))
        if named:
            return f" with {listed(named, _MAX_NAMED)}"
        return ""

    def _base_doc(self, main: Definition) -> str:
        """Return the docstring of a base of the same name: it describes this type as well."""
        for index in self._graph.ancestors(main.index):
            base = self._definitions[index]
            if base.name == main.name and base.doc:
                return base.doc
        return ""


def _joined(definition: Definition, introduction: str) -> str:
    """Return what a definition is as a sentence with its name as the subject, if that is sure."""
    name = code(definition.name)
    summary = introduction.removeprefix(f"{name}: ")
    initial = summary[0].lower()
    predicate = initial + summary[1:]
    action = _ACTION.match(summary)
    if action is not None and (action[1] or definition.kind not in TYPES):
        return f"{name} {predicate}"
    if _NOUN.match(summary):
        return f"{name} is {predicate}"
    return introduction


def _importers(files: Files) -> Counter[str]:
    """Count the files that import each file."""
    importers: Counter[str] = Counter()
    for file in files.values():
        targets = [statement.targets for statement in file.imports]
        importers.update({paths[0] for paths in targets if paths})
    return importers


def _kind_with_article(definition: Definition) -> str:
    kind: str = definition.kind
    if definition.members and kind not in TYPES:
        kind = "object"
    if kind[0] in "aeiou":
        return f"an {kind}"
    return f"a {kind}"
