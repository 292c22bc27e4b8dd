"""The relations of the chosen units: for each pair, the strongest one."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from worker.engines.static.choosing.candidates import Candidate
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
"""What is said of the first definitions of two units alone."""
_BOTH: Final = 2
"""What is done with a neighbour of the definitions that a unit is named after is only a use of it.
"""
_LOOKED_AT: Final = 24
"""So many references between two units are looked at, the most frequent first."""

_STRENGTH: Final = {
    Verb.INHERITS: 6.0,
    Verb.IMPLEMENTS: 6.0,
    Verb.CREATES: 4.0,
    Verb.HOLDS: 3.5,
    Verb.DECORATED: 3.0,
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
_ASIDE: Final = 0.4
_MAIN: Final = 0.3
"""What happens between definitions that units are about counts more than what their neighbours do.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedRelation:
    """A relation and how strong it is."""

    relation: Relation
    strength: float


class _Seen(NamedTuple):
    """What can be seen of a relation at one place."""

    strength: float
    verb: Verb
    reference: Reference
    line: int


class Relations:
    """Finds the relations between units."""

    def __init__(
        self,
        graph: Graph,
        descriptions: Descriptions,
        files: Mapping[str, SourceFile],
        chosen: Sequence[Candidate],
    ) -> None:
        """Remember what each unit is about."""
        self._graph: Final = graph
        self._descriptions: Final = descriptions
        self._usage: Final = Usage(files)
        self._symbols: Final = [frozenset(unit.symbols) for unit in chosen]
        self._leaders: Final = [candidate.leaders for candidate in chosen]
        self._mains: Final = [self._namesakes(unit) for unit in chosen]

    def _namesakes(self, unit: Candidate) -> frozenset[int]:
        """Return what a unit is named after, and those of its types that extend one of these."""
        leaders = frozenset(unit.leaders)
        extending = [
            index
            for index in unit.symbols
            if not leaders.isdisjoint(self._graph.ancestors(index))
        ]
        return leaders.union(extending)

    def bonds(self, references: Iterable[Reference]) -> list[WeightedRelation]:
        """Return the relation of each pair of units, in each direction, strongest first."""
        between: dict[tuple[int, int], list[Reference]] = defaultdict(list)
        for reference in references:
            source = self._unit_of_source(reference)
            target = self._descriptions.owner(reference.target)
            if source is not None and target is not None and source != target:
                between[source, target].append(reference)
        bonds = []
        for pair, together in sorted(between.items()):
            bond = self._bond(pair, together)
            if bond is not None:
                bonds.append(bond)

        def rank(bond: WeightedRelation) -> tuple[float, int, int]:
            relation = bond.relation
            return -bond.strength, relation.source, relation.target

        return sorted(bonds, key=rank)

    def _unit_of_source(self, reference: Reference) -> int | None:
        """Return the unit that is about what names another definition.

        What merely stands in the same file says nothing of a unit.
        """
        if reference.source is None:
            return None
        unit = self._descriptions.owner(reference.source)
        if unit is None:
            return None
        top = self._graph.top[reference.source]
        return unit if top in self._symbols[unit] else None

    def _bond(
        self, pair: tuple[int, int], references: Sequence[Reference]
    ) -> WeightedRelation | None:
        looked_at = sorted(
            references,
            key=lambda reference: (
                -self._abouts(pair, reference) - math.log1p(reference.count),
                reference.path,
                reference.line,
            ),
        )[:_LOOKED_AT]
        places = [self._seen(pair, reference) for reference in looked_at]
        candidates = [place for place in places if place is not None]
        inheritance = self._inheritance(pair)
        if inheritance is not None:
            candidates.insert(0, inheritance)
        if not candidates:
            return None
        best = max(candidates, key=lambda candidate: candidate.strength)
        count = sum(reference.count for reference in references)
        reference = best.reference
        code = self._usage.line(reference.path, best.line)
        relation = Relation(
            source=pair[0],
            target=pair[1],
            verb=best.verb,
            path=reference.path,
            line=best.line,
            code=code[:MAX_CODE],
            subject=reference.source,
            object=reference.target,
            count=count,
        )
        return WeightedRelation(
            relation=relation, strength=best.strength + math.log1p(count)
        )

    def _abouts(self, pair: tuple[int, int], reference: Reference) -> int:
        """Return how many ends of a reference are what the units are about."""
        ends = (reference.source, reference.target)
        return sum(
            self._is_main(end, unit)
            for end, unit in zip(ends, pair, strict=True)
        )

    def _is_main(self, index: int | None, unit: int) -> bool:
        return index is not None and self._graph.top[index] in self._mains[unit]

    def _inheritance(self, pair: tuple[int, int]) -> _Seen | None:
        """Return that the first definition of one unit extends that of the other."""
        derived, base = self._leaders[pair[0]][0], self._leaders[pair[1]][0]
        if base not in self._graph.bases.get(derived, ()):
            return None
        definition = self._graph.definitions[derived]
        is_implemented = is_interface(self._graph.definitions[base])
        verb = Verb.IMPLEMENTS if is_implemented else Verb.INHERITS
        reference = Reference(
            source=derived,
            target=base,
            path=definition.path,
            line=definition.line,
            count=1,
            sure=True,
        )
        strength = _STRENGTH[verb] + 1.0
        return _Seen(strength, verb, reference, definition.line)

    def _seen(
        self, pair: tuple[int, int], reference: Reference
    ) -> _Seen | None:
        """Return the most telling place of a reference; None if only an import is one."""
        target = self._graph.definitions[reference.target]
        abouts = self._abouts(pair, reference)
        source = None
        if reference.source is not None:
            source = self._graph.definitions[reference.source]
        places = list(self._usage.places(reference, source, target))
        if not places:
            return None
        line, verb = max(
            places, key=lambda place: (_STRENGTH[place[1]], -place[0])
        )
        is_part = target.parent is not None and verb is not Verb.CALLS
        if abouts < _BOTH or is_part or verb in _BY_ITSELF:
            verb = Verb.USES
        about = _ASIDE + _MAIN * abouts
        return _Seen(_STRENGTH[verb] * about, verb, reference, line)


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
