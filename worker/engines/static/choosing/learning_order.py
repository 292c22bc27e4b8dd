"""The order to learn units in: what a user meets first, then its foundations."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from worker.engines.static.facts import LearningStep, Relation, Unit, Verb

_MAX_REASONS: Final = 2
_INHERITANCE: Final = frozenset({Verb.INHERITS, Verb.IMPLEMENTS})
_INHERITANCE_WEIGHT: Final = 3.0
_KNOWN_WEIGHT: Final = 0.75
"""What a relation to a known unit is worth, compared with one to an unknown unit."""

Strengths = Mapping[tuple[int, int], float]
"""How strongly the first unit of a pair builds on the second."""


def order(
    units: Sequence[Unit], relations: Sequence[Relation], strength: Strengths
) -> tuple[LearningStep, ...]:
    """Place every unit."""
    placed: list[int] = []
    left = set(range(len(units)))
    while left:
        following = _next(placed, left, strength)
        placed.append(following)
        left.remove(following)
    return tuple(
        LearningStep(
            unit=unit, reasoning=_reasoning(placed, place, units, relations)
        )
        for place, unit in enumerate(placed)
    )


def _next(placed: Sequence[int], left: set[int], strength: Strengths) -> int:
    """Return the first unit first, then the one that needs the least unknown units."""
    if not placed:
        return 0

    def unreadiness(unit: int) -> tuple[float, int]:
        others = left - {unit}
        unknown = sum(strength.get((unit, other), 0.0) for other in others)
        needed = sum(strength.get((other, unit), 0.0) for other in others)
        known = sum(
            strength.get((unit, other), 0.0) + strength.get((other, unit), 0.0)
            for other in placed
        )
        return unknown - needed - _KNOWN_WEIGHT * known, unit

    return min(left, key=unreadiness)


def strengths(relations: Sequence[Relation]) -> dict[tuple[int, int], float]:
    """Weigh how units build on each other, as a share of all relations of the first of a pair."""
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for relation in relations:
        weight = _INHERITANCE_WEIGHT if relation.verb in _INHERITANCE else 1.0
        weights[relation.source, relation.target] += (
            weight * relation.count**0.5
        )
    totals: dict[int, float] = defaultdict(float)
    for (source, _), weight in weights.items():
        totals[source] += weight
    return {
        (source, target): weight / totals[source]
        for (source, target), weight in weights.items()
    }


def _reasoning(
    placed: Sequence[int],
    place: int,
    units: Sequence[Unit],
    relations: Sequence[Relation],
) -> str:
    name = units[placed[place]].name
    reasons = list(_reasons(placed, place, units, relations))
    if place == 0:
        reasons.insert(
            0,
            f"{name} comes first: newcomers to this project meet it before anything else.",
        )
    if not reasons:
        return (
            f"{name} stands alone: nothing before it uses it, "
            "and it uses nothing before it."
        )
    return " ".join(reasons)


def _reasons(
    placed: Sequence[int],
    place: int,
    units: Sequence[Unit],
    relations: Sequence[Relation],
) -> Iterator[str]:
    unit = placed[place]
    name = units[unit].name
    before = set(placed[:place])
    after = set(placed[place + 1 :])
    outgoing = [relation for relation in relations if relation.source == unit]
    incoming = [relation for relation in relations if relation.target == unit]

    uses = [relation for relation in outgoing if relation.target in before]
    uses = uses[:_MAX_REASONS]
    for relation in uses:
        other = units[relation.target].name
        yield f"It comes after {other}, which {name} {relation.verb} ({_location(relation)})."

    unnamed = before - {relation.target for relation in uses}
    users = [relation for relation in incoming if relation.source in unnamed]
    for relation in users[: _MAX_REASONS - len(uses)]:
        other = units[relation.source].name
        yield f"It comes after {other}, which {relation.verb} {name} ({_location(relation)})."

    users = [relation for relation in incoming if relation.source in after]
    for relation in users[:_MAX_REASONS]:
        other = units[relation.source].name
        yield f"It comes before {other}, which {relation.verb} {name} ({_location(relation)})."


def _location(relation: Relation) -> str:
    return f"{relation.path}:{relation.line}"
