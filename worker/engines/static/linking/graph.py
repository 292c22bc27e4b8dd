"""The graph of a project's definitions: which use and which extend each other."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from worker.engines.static.facts import Definition, Reference, SourceFile
from worker.engines.static.linking.names import Names

_ANCESTORS: Final = 100
"""No type that people wrote has more; of a longer chain, only so many are looked at."""
_EXCEPTION: Final = re.compile(r".*(?:Error|Exception|Warning|Err)")
_GUESS: Final = 0.3
"""What a reference is worth that only a name leads to."""


class Graph:
    """The relations between top-level definitions.

    What a member does counts for the definition that it is in.
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        references: Iterable[Reference],
        files: Mapping[str, SourceFile],
    ) -> None:
        """Add references up."""
        self.definitions: Final = definitions
        self.top: Final = [_top(definitions, one.index) for one in definitions]
        """By position: the top-level definition that a definition lies in."""
        self.used: Final[dict[int, dict[str, float]]] = defaultdict(dict)
        """By definition: the other files that use it, and how sure that is (up to 1)."""
        self.users: Final[dict[int, dict[int, int]]] = defaultdict(dict)
        """By definition: the definitions that use it, and how often."""
        self.uses: Final[dict[int, dict[int, int]]] = defaultdict(dict)
        """By definition: the definitions that it uses, and how often."""
        for one in references:
            self._add(one)
        self.bases: Final[dict[int, tuple[int, ...]]] = {}
        self.descendants: Final[dict[int, list[int]]] = defaultdict(list)
        """By type: all types that extend it, directly or not."""
        self.foreign: Final = Counter(
            here
            for file in files.values()
            for one in file.imports
            if not one.targets
            for here, _ in one.names
        )
        """By name: how many imports take it from another project."""

    def _add(self, one: Reference) -> None:
        target, source = (
            self.top[one.target],
            self.top[one.source] if one.source is not None else None,
        )
        if source == target:
            return
        if one.path != self.definitions[target].path:
            weight = _GUESS
            if one.sure:
                weight = 1.0
            self.used[target][one.path] = max(
                self.used[target].get(one.path, 0.0), weight
            )
        if source is not None:
            self.users[target][source] = (
                self.users[target].get(source, 0) + one.count
            )
            self.uses[source][target] = (
                self.uses[source].get(target, 0) + one.count
            )

    def using_files(self, index: int) -> int:
        """Return how many other files use a definition, guesses not counted."""
        weights = self.used.get(index, {}).values()
        return sum(weight == 1.0 for weight in weights)

    def inherit(self, names: Names) -> None:
        """Find the bases of all types."""
        for definition in self.definitions:
            bases = names.bases(definition.index) if definition.bases else ()
            if bases:
                self.bases[definition.index] = bases
        for index in self.bases:
            for ancestor in self.ancestors(index):
                self.descendants[ancestor].append(index)

    def ancestors(self, index: int) -> list[int]:
        """Return all types that a type extends, the nearest first."""
        found, queue = {index: None}, [index]
        for one in queue:
            more = [
                base for base in self.bases.get(one, ()) if base not in found
            ]
            queue += more
            found.update(dict.fromkeys(more))
            if len(found) > _ANCESTORS:
                break
        return list(found)[1:]

    def is_exception(self, index: int) -> bool:
        """Tell whether a type is an exception, by its name or that of something that it extends."""
        names = [
            base
            for one in (index, *self.ancestors(index))
            for base in self.definitions[one].bases
        ]
        return any(
            _EXCEPTION.fullmatch(name)
            for name in (self.definitions[index].name, *names)
        )


def _top(definitions: Sequence[Definition], index: int) -> int:
    while (parent := definitions[index].parent) is not None:
        index = parent
    return index
