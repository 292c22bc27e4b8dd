"""The order to learn units in: first what a user meets, then what that is made of, foundations first."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from worker.engines.static.facts import LearningStep, Relation, Unit, Verb

_NAMED: Final = 2
_HARD: Final = frozenset({Verb.INHERITS, Verb.IMPLEMENTS})
_HARD_WEIGHT: Final = 3.0
_MET: Final = 0.75
"""What a relation to a unit that is known already is worth, compared with one to a unit that is not yet."""


def order(
    units: Sequence[Unit],
    relations: Sequence[Relation],
    uses: dict[tuple[int, int], float],
) -> tuple[LearningStep, ...]:
    """Place every unit; `uses` says how strongly the first of a pair builds on the second."""
    placed: list[int] = []
    left = set(range(len(units)))
    while left:
        placed.append(_next(placed, left, uses))
        left.discard(placed[-1])
    return tuple(
        LearningStep(unit=unit, reasoning=_reasoning(placed, at, units, relations))
        for at, unit in enumerate(placed)
    )


def _next(
    placed: Sequence[int], left: set[int], uses: dict[tuple[int, int], float]
) -> int:
    """Return what comes next: the first unit first.

    Then what needs little that is unknown and much that is known.
    """
    if not placed:
        return 0

    def unreadiness(unit: int) -> tuple[float, int]:
        unknown = sum(uses.get((unit, other), 0.0) for other in left if other != unit)
        needed = sum(uses.get((other, unit), 0.0) for other in left if other != unit)
        known = sum(
            uses.get((unit, other), 0.0) + uses.get((other, unit), 0.0)
            for other in placed
        )
        return unknown - needed - _MET * known, unit

    return min(left, key=unreadiness)


def strengths(relations: Sequence[Relation]) -> dict[tuple[int, int], float]:
    """Return how strongly units build on each other, as shares of all that the first of a pair does."""
    found: dict[tuple[int, int], float] = defaultdict(float)
    for one in relations:
        weight = _HARD_WEIGHT if one.verb in _HARD else 1.0
        found[one.source, one.target] += weight * one.count**0.5
    total: dict[int, float] = defaultdict(float)
    for (source, _), weight in found.items():
        total[source] += weight
    return {pair: weight / total[pair[0]] for pair, weight in found.items()}


def _reasoning(
    placed: Sequence[int], at: int, units: Sequence[Unit], relations: Sequence[Relation]
) -> str:
    unit, name = placed[at], units[placed[at]].name
    before, after = set(placed[:at]), set(placed[at + 1 :])
    first: list[str] = []
    if at == 0:
        first.append(
            f"{name} comes first: newcomers to this project meet it before anything else."
        )
    known = [one for one in relations if one.source == unit and one.target in before][
        :_NAMED
    ]
    met = {one.target for one in known}
    found = [
        one for one in relations if one.target == unit and one.source in before - met
    ][: _NAMED - len(known)]
    coming = [one for one in relations if one.target == unit and one.source in after][
        :_NAMED
    ]
    reasons = [
        *first,
        *(
            f"It comes after {units[one.target].name}, which {name} {one.verb} ({_place(one)})."
            for one in known
        ),
        *(
            f"It comes after {units[one.source].name}, which {one.verb} {name} ({_place(one)})."
            for one in found
        ),
        *(
            f"It comes before {units[one.source].name}, which {one.verb} {name} ({_place(one)})."
            for one in coming
        ),
    ]
    alone = f"{name} stands alone: nothing before it uses it, and it uses nothing before it."
    return " ".join(reasons or [alone])


def _place(one: Relation) -> str:
    return f"{one.path}:{one.line}"
