"""The relations of the chosen units: for each pair, the strongest one."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.static.choosing.description import Descriptions
from worker.engines.static.facts import Reference, Relation, SourceFile, Verb
from worker.engines.static.linking.graph import Graph
from worker.engines.static.linking.usage import Usage, is_interface

MAX_CODE: Final = 160
_OUT: Final = 3
"""A unit shows so many relations to others; a picture of more is not read."""
_TELLING: Final = 3.0
"""A weaker relation is not worth a third arrow."""
_BY_ITSELF: Final = frozenset({Verb.INHERITS, Verb.IMPLEMENTS})
"""What a type does itself; one that is nested in it does not do it for it. What is done with a neighbour of the main
definitions is not done with them, either: their unit is only used.
"""
_LOOKED_AT: Final = 24
"""So many references between two units are looked at, the most frequent first."""

_STRENGTH: Final = {
    Verb.INHERITS: 6.0,
    Verb.IMPLEMENTS: 6.0,
    Verb.CREATES: 4.0,
    Verb.HOLDS: 3.5,
    Verb.DECORATES: 3.0,
    Verb.CALLS: 3.0,
    Verb.RETURNS: 2.5,
    Verb.RAISES: 2.0,
    Verb.TAKES: 2.0,
    Verb.HANDLES: 1.5,
    Verb.CHECKS: 1.5,
    Verb.USES: 1.0,
    Verb.IMPORTS: 0.5,
    Verb.MENTIONS: 0.5,
}
_GUESS: Final = 0.3
_ASIDE: Final = 0.4
_MAIN: Final = 0.3
"""What happens between definitions that units are about counts more than what their neighbours do.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedRelation:
    """A relation and how strong it is."""

    relation: Relation
    strength: float


class Relations:
    """Finds the relations between units."""

    def __init__(
        self,
        graph: Graph,
        portraits: Descriptions,
        files: Mapping[str, SourceFile],
        mains: Sequence[frozenset[int]],
    ) -> None:
        """Take for each unit the definitions that it is about."""
        self._graph: Final = graph
        self._portraits: Final = portraits
        self._usage: Final = Usage(files)
        self._files: Final = files
        self._mains: Final = mains

    def bonds(self, references: Iterable[Reference]) -> list[WeightedRelation]:
        """Return the relation of each pair of units, in each direction, strongest first."""
        between: dict[tuple[int, int], list[Reference]] = defaultdict(list)
        for one in references:
            source = self._place(one)
            target = self._portraits.owner(one.target)
            if source is not None and target is not None and source != target:
                between[source, target].append(one)
        found = [
            self._bond(pair, found) for pair, found in sorted(between.items())
        ]
        return sorted(
            found,
            key=lambda bond: (
                -bond.strength,
                bond.relation.source,
                bond.relation.target,
            ),
        )

    def _place(self, one: Reference) -> int | None:
        if one.source is not None:
            return self._portraits.owner(one.source)
        return self._portraits.unit_of_file(one.path)

    def _bond(
        self, pair: tuple[int, int], references: Sequence[Reference]
    ) -> WeightedRelation:
        def weight(one: Reference) -> tuple[float, str, int]:
            about = (self._graph.top[one.target] in self._mains[pair[1]]) + (
                one.source is not None
                and self._graph.top[one.source] in self._mains[pair[0]]
            )
            return (
                -(about + math.log1p(one.count))
                * (1.0 if one.sure else _GUESS),
                one.path,
                one.line,
            )

        looked_at = sorted(references, key=weight)[:_LOOKED_AT]
        count = sum(one.count for one in references)
        candidates = [
            self._inheritance(pair),
            *(self._seen(pair, one) for one in looked_at),
        ]
        best = max(
            (one for one in candidates if one is not None),
            key=lambda one: one[0],
        )
        _, verb, reference, line = best
        relation = Relation(
            source=pair[0],
            target=pair[1],
            verb=verb,
            path=reference.path,
            line=line,
            code=self._usage.line(reference.path, line)[:MAX_CODE],
            subject=reference.source,
            object=reference.target,
            count=count,
        )
        return WeightedRelation(
            relation=relation, strength=best[0] + math.log1p(count)
        )

    def _inheritance(
        self, pair: tuple[int, int]
    ) -> tuple[float, Verb, Reference, int] | None:
        for index in sorted(self._mains[pair[0]]):
            for base in self._graph.bases.get(index, ()):
                if base in self._mains[pair[1]]:
                    one = self._graph.definitions[index]
                    verb = (
                        Verb.IMPLEMENTS
                        if is_interface(self._graph.definitions[base])
                        else Verb.INHERITS
                    )
                    reference = Reference(
                        source=index,
                        target=base,
                        path=one.path,
                        line=one.line,
                        count=1,
                        sure=True,
                    )
                    return _STRENGTH[verb] + 1.0, verb, reference, one.line
        return None

    def _seen(
        self, pair: tuple[int, int], one: Reference
    ) -> tuple[float, Verb, Reference, int]:
        target = self._graph.definitions[one.target]
        lines = self._files[one.path].lines
        span = range(one.line, lines + 1)
        if one.source is not None:
            span = range(
                one.line, self._graph.definitions[one.source].end_line + 1
            )
        by_main = (
            one.source is not None
            and self._graph.top[one.source] in self._mains[pair[0]]
        )
        to_main = self._is_main(self._graph.top[one.target], pair[1])
        about = _ASIDE + _MAIN * by_main + _MAIN * to_main
        sure = 1.0 if one.sure else _GUESS
        places = list(self._usage.places(one.path, target, span)) or [
            (one.line, Verb.USES)
        ]
        line, verb = max(
            places, key=lambda place: (_STRENGTH[place[1]], -place[0])
        )
        # A nested type's base is not that of the type around it.
        itself = verb not in _BY_ITSELF or (
            one.source in self._mains[pair[0]]
            and one.source in self._graph.bases
        )
        verb = verb if to_main and itself else Verb.USES
        return _STRENGTH[verb] * about * sure, verb, one, line

    def _is_main(self, index: int, unit: int) -> bool:
        """Tell whether a definition is what a unit is about, or extends that: then it is one."""
        return not self._mains[unit].isdisjoint(
            (index, *self._graph.ancestors(index))
        )


def strongest(
    bonds: Sequence[WeightedRelation], units: int
) -> tuple[Relation, ...]:
    """Return the relations in a course: a few for each unit, and those that connect all units."""
    shown: list[WeightedRelation] = []
    out: dict[int, int] = defaultdict(int)
    group = list(range(units))
    for bond in bonds:
        source, target = bond.relation.source, bond.relation.target
        connects = group[source] != group[target]
        telling = bond.strength >= _TELLING and _is_new(shown, bond)
        allowed = _OUT + 1 if connects else _OUT if telling else _OUT - 1
        if out[source] < allowed:
            shown.append(bond)
            out[source] += 1
            old, new = group[source], group[target]
            group = [new if one == old else one for one in group]
    return tuple(bond.relation for bond in shown)


def _is_new(shown: Sequence[WeightedRelation], bond: WeightedRelation) -> bool:
    """Tell whether the other direction of a bond is not shown yet."""
    pair = (bond.relation.target, bond.relation.source)
    return all(
        (one.relation.source, one.relation.target) != pair for one in shown
    )
