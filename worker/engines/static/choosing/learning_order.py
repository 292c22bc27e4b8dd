"""The order to learn units in: as a user of the project meets them; arrows place the others."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.choosing.encounters import Encounter, ReadingSource
from worker.engines.static.facts import (
    TYPES,
    Definition,
    Kind,
    LearningStep,
    Relation,
    Unit,
    Verb,
    Worths,
)
from worker.engines.static.linking.graph import DefinitionGraph
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.prose.phrases import code

_SOURCES: Final = {
    ReadingSource.README_EXAMPLE: "The README's code",
    ReadingSource.README: "The README",
    ReadingSource.GUIDE: "A guide",
    ReadingSource.CONTENTS: "The documentation",
    ReadingSource.EXAMPLE: "An example",
    ReadingSource.DOCUMENT: "The documentation",
}

_CLEARLY_LESS: Final = 0.75
"""A definition worth at most this share of its namesake is not what the name means."""

_FEWEST_BOUND: Final = 2
"""Times that variables name what they are bound to."""
_NO_LINK: Final = (
    "No relationship on this course's map leads to an earlier chapter."
)
_BASES: Final = frozenset({Verb.INHERITS, Verb.EMBEDS, Verb.IMPLEMENTS})
_PARTS: Final = frozenset({Verb.CREATES, Verb.HOLDS, Verb.CALLS})
_GUIDES: Final = frozenset({ReadingSource.GUIDE, ReadingSource.CONTENTS})
_LATER: Final = frozenset({ReadingSource.EXAMPLE, ReadingSource.DOCUMENT})

Meeting = tuple[Encounter, str]
"""Where a unit is met first, and by which name."""
Foundation = tuple[int, Definition, Definition]
"""A unit, and the variable of another unit that names one of its definitions."""
_Definitions = Sequence[Definition]
_Units = Sequence[Unit]
_Relations = Sequence[Relation]
_Meetings = Mapping[int, Meeting]


def meetings(
    chosen: Sequence[Candidate],
    definitions: _Definitions,
    encounters: Mapping[str, Encounter],
    worth: Worths,
) -> dict[int, Meeting]:
    """Return where each unit's leading definitions are met first, by the unit's place.

    A name that is also defined outside of the unit does not count, unless that definition is worth
    clearly less. A type is also met where the function of its name is that makes it.
    """
    makers = _makers(definitions)
    bearers: dict[str, list[int]] = defaultdict(list)
    for index in worth:
        bearers[definitions[index].name].append(index)
    met: dict[int, Meeting] = {}
    for place, candidate in enumerate(chosen):
        leaders = [definitions[index] for index in candidate.leaders]
        names = set()
        for leader in leaders:
            name = leader.name
            if _means(candidate, bearers[name], worth):
                names.add(name)
            names |= makers & {name.lower()}
        named = [(encounters[name], name) for name in names & encounters.keys()]
        if named:
            met[place] = _first(named, leaders[0])
    return met


def _first(named: Sequence[Meeting], leader: Definition) -> Meeting:
    """Return where a unit is met first: a leading function, if it is met in the same guide."""
    first = min(named)
    encounter, _ = first
    if leader.kind in TYPES or encounter.source is ReadingSource.README_EXAMPLE:
        return first
    for other, name in named:
        if name == leader.name and other.text == encounter.text:
            return other, name
    return first


def _makers(definitions: Iterable[Definition]) -> set[str]:
    """Return the names of functions that return the type of their name: `command`."""
    return {
        definition.name
        for definition in definitions
        if definition.parent is None
        and definition.kind is Kind.FUNCTION
        and definition.name.islower()
        and definition.name.capitalize() in _returned(definition)
    }


def _returned(function: Definition) -> list[str]:
    _, _, returned = function.signature.rpartition("->")
    return words_of(returned)


def foundations(
    chosen: Sequence[Candidate], units: _Units, graph: DefinitionGraph
) -> dict[int, Foundation]:
    """Return what units of nothing but variables are bound to, by the unit's place."""
    definitions = graph.definitions
    owners = {
        index: place for place, unit in enumerate(units) for index in unit.owned
    }
    bound: dict[int, Foundation] = {}
    for place, candidate in enumerate(chosen):
        kinds = {definitions[index].kind for index in candidate.leaders}
        if kinds - {Kind.VARIABLE}:
            continue
        named = [
            (owners[target], index, target)
            for index in units[place].owned
            for target in graph.uses[index]
            if owners.get(target, place) != place
        ]
        counts = Counter(owner for owner, _, _ in named)
        for owner, count in counts.most_common(1):
            if count >= _FEWEST_BOUND:
                _, index, target = min(named, key=lambda row: row[0] != owner)
                ends = definitions[index], definitions[target]
                bound[place] = (owner, *ends)
    return bound


def _means(candidate: Candidate, bearers: Sequence[int], worth: Worths) -> bool:
    """Whether a text that names one of the bearers of a name means a candidate."""
    ours = 0.0
    others = 0.0
    for index in bearers:
        if index in candidate.symbols:
            ours = max(ours, worth[index])
        else:
            others = max(others, worth[index])
    return others <= _CLEARLY_LESS * ours


def order(
    units: _Units,
    relations: _Relations,
    met: _Meetings,
    definitions: _Definitions,
    bound: Mapping[int, Foundation] | None = None,
) -> tuple[LearningStep, ...]:
    """Return the units in order.

    `definitions` are those that relations name by position, `bound` is what variables are bound to.
    """
    placed = sorted(met, key=lambda unit: (met[unit], unit))
    left = [unit for unit in range(len(units)) if unit not in met]
    while left:
        following = next(
            (unit for unit in left if _links(unit, placed, relations)), left[0]
        )
        left.remove(following)
        placed.append(following)
    placed = _parts_first(placed, relations, met)
    reasons = _put_before(placed, units, bound or {})
    steps = []
    for place, unit in enumerate(placed):
        reasoning = reasons.get(unit)
        if reasoning is None:
            before = placed[:place]
            links = _links(unit, before, relations)
            if unit in met:
                reasoning = _encounter(*met[unit])
            elif links:
                reasoning = _connection(unit, links[0], units, definitions)
            elif before:
                reasoning = _NO_LINK
            else:
                reasoning = "It leads the list of this course's subjects."
        steps.append(LearningStep(unit=unit, reasoning=reasoning))
    return tuple(steps)


def _put_before(
    placed: list[int], units: _Units, bound: Mapping[int, Foundation]
) -> dict[int, str]:
    """Put what variables are bound to right before them; return the reasons."""
    reasons: dict[int, str] = {}
    for unit, (base, variable, target) in bound.items():
        place = placed.index(unit)
        is_first = base == placed[0]
        is_before = placed.index(base) < place
        if is_first or is_before:
            continue
        placed.remove(base)
        placed.insert(place, base)
        name = code(variable.name)
        seen = f"{variable.path}:{variable.line}"
        reasons[base] = (
            f"It comes before {units[unit].name}: {name} "
            f"names {code(target.name)} ({seen})."
        )
    return reasons


def _parts_first(
    placed: Sequence[int], relations: _Relations, met: _Meetings
) -> list[int]:
    """Put a base, and a part that is met at about the same time, before what needs it.

    A base of the first unit stays after it.
    """
    parts = _later_parts(placed, relations, met)
    ordered: list[int] = []
    started: set[int] = set()

    def place(unit: int) -> None:
        if unit in started:
            return
        started.add(unit)
        for part in sorted(parts[unit], key=placed.index):
            place(part)
        ordered.append(unit)

    for unit in placed:
        place(unit)
    return ordered


def _later_parts(
    placed: Sequence[int], relations: _Relations, met: _Meetings
) -> dict[int, list[int]]:
    """Return the bases and parts of each unit that come after it, and do not need it."""
    pairs = {(relation.source, relation.target) for relation in relations}
    parts: dict[int, list[int]] = defaultdict(list)
    for relation in relations:
        source = relation.source
        target = relation.target
        is_mutual = (target, source) in pairs
        if is_mutual or placed.index(target) < placed.index(source):
            continue
        if relation.verb in _BASES:
            is_part = source != placed[0]
        else:
            is_part = relation.verb in _PARTS and _are_met_together(
                source, target, met
            )
        if is_part:
            parts[source].append(target)
    return parts


def _are_met_together(unit: int, other: int, met: _Meetings) -> bool:
    """Whether two units are met in one text, or both in none that a user reads first."""
    if unit not in met or other not in met:
        return False
    encounter, _ = met[unit]
    other_encounter, _ = met[other]
    if encounter.source in _LATER:
        return other_encounter.source in _LATER
    is_guide = encounter.source in _GUIDES
    return is_guide and encounter.path == other_encounter.path


def _links(
    unit: int, placed: Sequence[int], relations: _Relations
) -> list[Relation]:
    """Return the relations between a unit and those before it."""
    links = []
    for relation in relations:
        ends = [relation.source, relation.target]
        if unit in ends:
            ends.remove(unit)
            if ends[0] in placed:
                links.append(relation)
    return links


def _encounter(encounter: Encounter, name: str) -> str:
    place = f"{encounter.path}:{encounter.line}"
    source = _SOURCES[encounter.source]
    return f"{source} names {code(name)} ({place})."


def _connection(
    unit: int, link: Relation, units: _Units, definitions: _Definitions
) -> str:
    """Return which unit a unit comes after, by a link, and who does what in it."""
    other = link.source
    if other == unit:
        other = link.target
    subject = units[link.source].name
    if link.subject is not None:
        actor = definitions[link.subject]
        subject = code(actor.qualified)
    target = units[link.target].name
    if link.object is not None:
        item = definitions[link.object]
        target = code(item.qualified)
    place = f"{link.path}:{link.line}"
    after = units[other].name
    return f"It comes after {after}: {subject} {link.verb} {target} ({place})."
