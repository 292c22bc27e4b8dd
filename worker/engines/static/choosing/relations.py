"""The relations of the chosen units: for each pair, the strongest one."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.facts import (
    Files,
    Reference,
    Relation,
    Verb,
)
from worker.engines.static.linking.graph import DefinitionGraph
from worker.engines.static.linking.usage import NameUses, extension

_Pair = tuple[int, int]
"""The units of a relation: its source and its target."""

MAX_CODE: Final = 160
_OUT: Final = 3
"""The most relations of a unit to others; a picture of more is not read."""
_BY_ITSELF: Final = frozenset({Verb.INHERITS, Verb.EMBEDS, Verb.IMPLEMENTS})
"""What is said of the first definitions of two units alone."""
_LOOKED_AT: Final = 24
"""The most references between two units that are looked at, the most frequent first."""

_STRENGTH: Final = {
    Verb.INHERITS: 6.0,
    Verb.EMBEDS: 6.0,
    Verb.IMPLEMENTS: 6.0,
    Verb.CREATES: 4.0,
    Verb.HOLDS: 3.5,
    Verb.DECORATED: 3.0,
    Verb.CALLS: 3.0,
    Verb.RETURNS: 2.5,
    Verb.TAKES: 2.0,
    Verb.CHECKS: 1.5,
    Verb.RAISES: 1.1,
    Verb.HANDLES: 1.1,
    Verb.USES: 1.0,
    Verb.NAMES: 0.9,
    Verb.IMPORTS: 0.5,
    Verb.MENTIONS: 0.5,
}


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
        graph: DefinitionGraph,
        files: Files,
        chosen: Sequence[Candidate],
    ) -> None:
        self._graph = graph
        self._usage = NameUses(files)
        self._firsts = [candidate.leaders[0] for candidate in chosen]
        self._units: dict[int, int] = {}
        for place, candidate in enumerate(chosen):
            for index in self._namesakes(candidate):
                self._units.setdefault(index, place)

    def _namesakes(self, unit: Candidate) -> frozenset[int]:
        """Return what a unit is named after, and those of its types that extend one of these.

        What its other definitions do, or is done with them, would be false of its name.
        """
        leaders = frozenset(unit.leaders)
        extending = [
            index
            for index in unit.symbols
            if not leaders.isdisjoint(self._graph.ancestors(index))
        ]
        return leaders.union(extending)

    def bonds(self, references: Iterable[Reference]) -> list[WeightedRelation]:
        """Return the relation of each pair of units, in each direction, strongest first."""
        between: dict[_Pair, list[Reference]] = defaultdict(list)
        for reference in references:
            source = self._unit(reference.source)
            target = self._unit(reference.target)
            if source is None or target is None:
                continue
            if source != target:
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

    def _unit(self, index: int | None) -> int | None:
        """Return the unit that a definition, or the one that it lies in, speaks for."""
        if index is None:
            return None
        return self._units.get(self._graph.top[index])

    def _bond(
        self, pair: _Pair, references: Sequence[Reference]
    ) -> WeightedRelation | None:
        best = self._best(pair, references)
        if best is None:
            return None
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
        strength = best.strength + math.log1p(count)
        return WeightedRelation(relation=relation, strength=strength)

    def _best(
        self, pair: _Pair, references: Sequence[Reference]
    ) -> _Seen | None:
        """Return what shows the relation of two units best."""

        def frequency(reference: Reference) -> tuple[int, str, int]:
            return -reference.count, reference.path, reference.line

        looked_at = sorted(references, key=frequency)[:_LOOKED_AT]
        inheritance = self._inheritance(pair)
        places = [inheritance, *map(self._seen, looked_at)]
        seen = [place for place in places if place is not None]
        return max(seen, key=lambda place: place.strength, default=None)

    def _inheritance(self, pair: _Pair) -> _Seen | None:
        """Return that the first definition of one unit extends that of the other.

        It may do so by way of others that are of no other unit.
        """
        graph = self._graph
        unit, other = pair
        first = self._firsts[unit]
        base = self._firsts[other]
        derived = next(
            (
                index
                for index in (first, *graph.ancestors(first))
                if base in graph.bases.get(index, ())
                and self._unit(index) in {unit, None}
            ),
            None,
        )
        if derived is None:
            return None
        definition = graph.definitions[derived]
        verb = extension(definition, graph.definitions[base])
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

    def _seen(self, reference: Reference) -> _Seen | None:
        """Return the most telling place of a reference; None if only an import is one."""
        definitions = self._graph.definitions
        target = definitions[reference.target]
        source = None
        if reference.source is not None:
            source = definitions[reference.source]
        places = list(self._usage.places(reference, source, target))
        if not places:
            return None
        line, verb = max(
            places, key=lambda place: (_STRENGTH[place[1]], -place[0])
        )
        is_part = target.parent is not None and verb is not Verb.CALLS
        if is_part or verb in _BY_ITSELF:
            verb = Verb.USES
        return _Seen(_STRENGTH[verb], verb, reference, line)


def strongest(
    bonds: Sequence[WeightedRelation], units: int
) -> tuple[Relation, ...]:
    """Return the relations in a course: a few for each unit, and those that connect all units."""
    shown: list[Relation] = []
    pairs: set[_Pair] = set()
    out: dict[int, int] = defaultdict(int)
    group = list(range(units))
    for bond in bonds:
        source = bond.relation.source
        target = bond.relation.target
        old = group[source]
        new = group[target]
        allowed = _OUT
        if old != new:
            allowed = _OUT + 1
        elif (target, source) in pairs:
            allowed = _OUT - 1
        if out[source] < allowed:
            shown.append(bond.relation)
            pairs.add((source, target))
            out[source] += 1
            for unit in range(units):
                if group[unit] == old:
                    group[unit] = new
    return tuple(shown)
