"""The graph of a project's definitions: which use and which extend each other."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from worker.engines.static.facts import Definition, Files, Reference
from worker.engines.static.linking.names import Names

_ANCESTORS: Final = 100
"""The most ancestors that are looked at; no type that people wrote has more."""
_EXCEPTION: Final = re.compile(r".*(?:Error|Exception|Warning|Err)")
_GUESS: Final = 0.3
"""The weight of a reference that is found by its name alone."""
_Counts = dict[int, Counter[int]]


class DefinitionGraph:
    """The relations between top-level definitions.

    What a member does counts for the definition that it is in.
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        references: Iterable[Reference],
        files: Files,
    ) -> None:
        self.definitions = definitions
        self.top = [
            _top(definitions, definition.index) for definition in definitions
        ]
        """By position: the top-level definition that a definition lies in."""
        self.used: dict[int, dict[str, float]] = defaultdict(dict)
        """By definition: the other files that use it, and how sure that is (up to 1)."""
        self.users: _Counts = defaultdict(Counter)
        """By definition: the definitions that use it, and how often."""
        self.uses: _Counts = defaultdict(Counter)
        """By definition: the definitions that it uses, and how often."""
        for reference in references:
            self._add(reference)
        self.bases: dict[int, tuple[int, ...]] = {}
        self.descendants: dict[int, list[int]] = defaultdict(list)
        """By type: all types that extend it, directly or not."""
        self.foreign: Counter[str] = Counter()
        """By name: how many imports take it from another project."""
        for file in files.values():
            for statement in file.imports:
                if statement.targets:
                    continue
                for here, _ in statement.names:
                    self.foreign[here] += 1

    def _add(self, reference: Reference) -> None:
        target = self.top[reference.target]
        source = None
        if reference.source is not None:
            source = self.top[reference.source]
        if source == target:
            return
        path = reference.path
        if path != self.definitions[target].path:
            used = self.used[target]
            weight = used.get(path, _GUESS)
            if reference.sure:
                weight = 1.0
            used[path] = weight
        if source is not None:
            count = reference.count
            self.users[target][source] += count
            self.uses[source][target] += count

    def using_files(self, index: int) -> int:
        """Return how many other files use a definition, guesses not counted."""
        weights = self.used.get(index, {}).values()
        return sum(weight == 1.0 for weight in weights)

    def inherit(self, names: Names) -> None:
        for definition in self.definitions:
            if not definition.bases:
                continue
            bases = names.bases(definition.index)
            if bases:
                self.bases[definition.index] = bases
        for index in self.bases:
            for ancestor in self.ancestors(index):
                self.descendants[ancestor].append(index)

    def ancestors(self, index: int) -> list[int]:
        """Return all types that a type extends, the nearest first."""
        lineage = [index]
        for descendant in lineage:
            for base in self.bases.get(descendant, ()):
                if base not in lineage:
                    lineage.append(base)
            if len(lineage) > _ANCESTORS:
                break
        return lineage[1:]

    def is_exception(self, index: int) -> bool:
        """Whether a type is an exception, by its name or that of something that it extends."""
        names = [self.definitions[index].name]
        for type_ in (index, *self.ancestors(index)):
            names += self.definitions[type_].bases
        return any(map(_EXCEPTION.fullmatch, names))


def _top(definitions: Sequence[Definition], index: int) -> int:
    while (parent := definitions[index].parent) is not None:
        index = parent
    return index
