"""The order to learn units in: as a user of the project meets them; arrows place the others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.choosing.encounters import Encounter, Source
from worker.engines.static.facts import (
    Definition,
    LearningStep,
    Relation,
    Unit,
    Verb,
)
from worker.engines.static.prose.phrases import code

_SOURCES: Final = {
    Source.README_EXAMPLE: "The README's code",
    Source.README: "The README",
    Source.GUIDE: "A guide",
    Source.EXAMPLE: "An example",
    Source.DOCUMENT: "The documentation",
}

_CLEARLY_LESS: Final = 0.75
"""What is worth at most this share is not meant by a name that it shares."""

_NEAR: Final = 2
"""Chapters between a part and what needs it, one included, over which the part is moved."""
_BASES: Final = frozenset({Verb.INHERITS, Verb.IMPLEMENTS})
_PARTS: Final = frozenset({Verb.CREATES, Verb.HOLDS, Verb.CALLS})
_LATER: Final = frozenset({Source.EXAMPLE, Source.DOCUMENT})

Meeting = tuple[Encounter, str]
"""Where a unit is met first, and by which name."""


def meetings(
    chosen: Sequence[Candidate],
    definitions: Sequence[Definition],
    encounters: Mapping[str, Encounter],
    worth: Mapping[int, float],
) -> dict[int, Meeting]:
    """Return where each unit's leading definitions are met first, by the unit's place.

    A name that something outside of the unit has as well says nothing, unless that is worth
    clearly less.
    """
    bearers: dict[str, list[int]] = defaultdict(list)
    for index in worth:
        bearers[definitions[index].name].append(index)
    met: dict[int, Meeting] = {}
    for place, candidate in enumerate(chosen):
        names = {definitions[index].name for index in candidate.leaders}
        named = [
            (encounters[name], name)
            for name in sorted(names & encounters.keys())
            if _means(candidate, bearers[name], worth)
        ]
        if named:
            met[place] = min(named)
    return met


def _means(
    candidate: Candidate, bearers: Sequence[int], worth: Mapping[int, float]
) -> bool:
    """Whether a text that names one of the bearers of a name means a candidate."""
    ours = [worth[index] for index in bearers if index in candidate.symbols]
    others = [
        worth[index] for index in bearers if index not in candidate.symbols
    ]
    return max(others, default=0.0) <= _CLEARLY_LESS * max(ours)


def order(
    units: Sequence[Unit],
    relations: Sequence[Relation],
    met: Mapping[int, Meeting],
) -> tuple[LearningStep, ...]:
    placed = sorted(met, key=lambda unit: (met[unit], unit))
    left = [unit for unit in range(len(units)) if unit not in met]
    while left:
        following = next(
            (unit for unit in left if _links(unit, placed, relations)), left[0]
        )
        left.remove(following)
        placed.append(following)
    placed = _parts_first(placed, relations, met)
    return tuple(
        LearningStep(
            unit=unit,
            reasoning=_reasoning(unit, placed[:place], units, relations, met),
        )
        for place, unit in enumerate(placed)
    )


def _parts_first(
    placed: Sequence[int],
    relations: Sequence[Relation],
    met: Mapping[int, Meeting],
) -> list[int]:
    """Put a base, and a part that is met at about the same time, before what needs it.

    A base of the first unit stays behind it.
    """
    parts = _later_parts(placed, relations, met)
    places = {unit: place for place, unit in enumerate(placed)}
    ordered: list[int] = []
    started: set[int] = set()

    def place(unit: int) -> None:
        if unit in started:
            return
        started.add(unit)
        for part in sorted(parts[unit], key=places.__getitem__):
            place(part)
        ordered.append(unit)

    for unit in placed:
        place(unit)
    return ordered


def _later_parts(
    placed: Sequence[int],
    relations: Sequence[Relation],
    met: Mapping[int, Meeting],
) -> dict[int, list[int]]:
    """Return the bases and parts of each unit that come after it, and do not need it."""
    pairs = {(relation.source, relation.target) for relation in relations}
    parts: dict[int, list[int]] = defaultdict(list)
    for relation in relations:
        source = relation.source
        target = relation.target
        distance = placed.index(target) - placed.index(source)
        is_mutual = (target, source) in pairs
        if distance < 0 or is_mutual:
            continue
        if relation.verb in _BASES:
            is_part = source != placed[0]
        else:
            is_part = relation.verb in _PARTS and distance <= _NEAR
            if is_part:
                is_part = _are_met_together(source, target, met)
        if is_part:
            parts[source].append(target)
    return parts


def _are_met_together(
    unit: int, other: int, met: Mapping[int, Meeting]
) -> bool:
    """Whether two units are met in one text, or both in none that a user reads first."""
    if unit not in met or other not in met:
        return False
    encounter, _ = met[unit]
    other_encounter, _ = met[other]
    if encounter.source in _LATER:
        return other_encounter.source in _LATER
    is_guide = encounter.source is Source.GUIDE
    return is_guide and encounter.path == other_encounter.path


def _links(
    unit: int, placed: Sequence[int], relations: Sequence[Relation]
) -> list[Relation]:
    """Return the relations between a unit and those before it."""
    return [
        relation
        for relation in relations
        if (relation.source == unit and relation.target in placed)
        or (relation.target == unit and relation.source in placed)
    ]


def _reasoning(
    unit: int,
    before: Sequence[int],
    units: Sequence[Unit],
    relations: Sequence[Relation],
    met: Mapping[int, Meeting],
) -> str:
    if unit in met:
        encounter, name = met[unit]
        place = f"{encounter.path}:{encounter.line}"
        source = _SOURCES[encounter.source]
        return f"{source} names {code(name)} ({place})."
    links = _links(unit, before, relations)
    if links:
        return _connection(unit, links[0], units)
    if before:
        return (
            "No relationship on this course's map leads to an earlier chapter."
        )
    return "It leads the list of this course's subjects."


def _connection(unit: int, link: Relation, units: Sequence[Unit]) -> str:
    name = units[unit].name
    place = f"{link.path}:{link.line}"
    if link.source == unit:
        other = units[link.target].name
        return f"It comes after {other}, which {name} {link.verb} ({place})."
    other = units[link.source].name
    return f"It comes after {other}, which {link.verb} {name} ({place})."
