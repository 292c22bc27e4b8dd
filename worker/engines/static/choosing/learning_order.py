"""The order to learn units in: as a user of the project meets them; arrows place the others."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from posixpath import dirname
from typing import Final

from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.choosing.encounters import (
    Encounter,
    ReadingSource,
    is_named,
)
from worker.engines.static.facts import (
    TYPES,
    Definition,
    Files,
    Kind,
    LearningStep,
    Relation,
    Texts,
    Unit,
    Verb,
    Worths,
)
from worker.engines.static.linking.origins import told_result
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.prose.phrases import code

_SOURCES: Final = {
    ReadingSource.README_EXAMPLE: "The README's code",
    ReadingSource.README: "The README",
    ReadingSource.GUIDE: "A guide",
    ReadingSource.CONTENTS: "The documentation",
    ReadingSource.EXAMPLE: "An example",
    ReadingSource.DOCUMENT: "The documentation",
    ReadingSource.OLD: "A text on older ways",
}

_CLEARLY_LESS: Final = 0.75
"""A definition worth at most this share of its namesake is not what the name means."""

_NO_LINK: Final = (
    "No relationship on this course's map leads to an earlier chapter."
)
_LEADS: Final = "It leads the list of this course's subjects."
_BASES: Final = frozenset({Verb.INHERITS, Verb.EMBEDS, Verb.IMPLEMENTS})
_PARTS: Final = frozenset({Verb.CREATES, Verb.HOLDS, Verb.CALLS})
_GUIDES: Final = frozenset({ReadingSource.GUIDE, ReadingSource.CONTENTS})
_LATER: Final = frozenset({ReadingSource.EXAMPLE, ReadingSource.DOCUMENT})

Meeting = tuple[Encounter, str]
"""Where a unit is met first, and by which name."""
_Definitions = Sequence[Definition]
_Units = Sequence[Unit]
_Relations = Sequence[Relation]
_Meetings = Mapping[int, Meeting]


def meetings(
    chosen: Sequence[Candidate],
    definitions: _Definitions,
    encounters: Mapping[str, Encounter],
    worth: Worths,
    files: Files,
) -> dict[int, Meeting]:
    """Return where each unit's leading definitions are met first, by the unit's place.

    A name that is also defined outside of the unit does not count, unless that definition is worth
    clearly less. A type is also met where a function is that makes it.
    """
    bearers: dict[str, list[int]] = defaultdict(list)
    for index in worth:
        bearers[definitions[index].name].append(index)

    def means(symbols: Sequence[int], name: str) -> bool:
        """Whether a text that names one of the bearers of a name means one of some symbols."""
        values = {index: worth[index] for index in bearers[name]}
        ours = [values.pop(index, 0.0) for index in symbols]
        others = max(values.values(), default=0.0)
        return others <= _CLEARLY_LESS * max(ours)

    makers = [
        definitions[index]
        for index in worth
        if definitions[index].name in encounters
        and means([index], definitions[index].name)
    ]
    made = _made(makers, encounters, files)
    met: dict[int, Meeting] = {}
    for place, candidate in enumerate(chosen):
        leaders = [definitions[index] for index in candidate.leaders]
        names = {leader.name for leader in leaders} & encounters.keys()
        named = [
            (encounters[name], name)
            for name in names
            if means(candidate.symbols, name)
        ]
        named += made[leaders[0].name]
        if named:
            met[place] = _first(named, leaders[0])
    return met


def _made(
    makers: _Definitions, encounters: Mapping[str, Encounter], files: Files
) -> dict[str, list[Meeting]]:
    """Return where functions are met that return a type, by the type's name."""
    made: dict[str, list[Meeting]] = defaultdict(list)
    for maker in makers:
        name = maker.name
        encounter = encounters[name]
        _, _, returned = maker.signature.rpartition("->")
        result = name.capitalize()
        if not name.islower() or result not in words_of(returned):
            result = told_result(maker, files[maker.path].language)
            encounter = replace(encounter, column=encounter.column + 1)
        if maker.kind is Kind.FUNCTION:
            made[result].append((encounter, name))
    return made


def _is_old(meeting: Meeting) -> bool:
    encounter, _ = meeting
    return encounter.source is ReadingSource.OLD


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


def asides(
    units: _Units, met: _Meetings, files: Files, texts: Texts
) -> set[int]:
    """Return the units of side packages: no document names their folder, no README shows them."""
    homes = [dirname(unit.file_paths[0]) for unit in units]
    first = min(met, key=met.__getitem__, default=0)
    return {
        place
        for place, home in enumerate(homes)
        if not homes[first].startswith(home)
        and (place not in met or met[place][0].source > ReadingSource.README)
        and not is_named(home, files, texts)
    }


def order(
    units: _Units,
    relations: _Relations,
    met: _Meetings,
    definitions: _Definitions,
    last: Collection[int] = (),
) -> tuple[LearningStep, ...]:
    """Return the units in order.

    `definitions` are those that relations name by position; where `last` units are met says little.
    """
    met = {unit: met[unit] for unit in met if unit not in last}
    placed = sorted(met, key=lambda unit: (_is_old(met[unit]), met[unit], unit))
    left = [unit for unit in range(len(units)) if unit not in met]

    def is_far(unit: int) -> tuple[bool, bool]:
        return unit in last, not _links(unit, placed, relations)

    while left:
        following = min(left, key=is_far)
        left.remove(following)
        placed.append(following)
    placed = _parts_first(placed, relations, met)
    steps = []
    for place, unit in enumerate(placed):
        links = _links(unit, placed[:place], relations)
        if unit in met:
            symbols = units[unit].symbols
            leaders = [definitions[index].name for index in symbols]
            reasoning = _encounter(*met[unit], leaders)
        elif links:
            reasoning = _connection(unit, links[0], units, definitions)
        else:
            reasoning = _NO_LINK if place else _LEADS
        steps.append(LearningStep(unit=unit, reasoning=reasoning))
    return tuple(steps)


def _parts_first(
    placed: Sequence[int], relations: _Relations, met: _Meetings
) -> list[int]:
    """Put a base, and a part that is met at about the same time, before what needs it.

    A base of what a user meets first comes right after it.
    """
    shown = {
        unit
        for unit in placed
        if unit == placed[0]
        or (unit in met and met[unit][0].source is ReadingSource.README_EXAMPLE)
    }
    bases: dict[int, list[int]] = defaultdict(list)
    for relation in relations:
        if relation.verb in _BASES and relation.source in shown:
            bases[relation.source].append(relation.target)
    parts = _later_parts(placed, relations, met, shown)
    ordered: list[int] = []
    started: set[int] = set()

    def place(unit: int) -> None:
        if unit in started:
            return
        started.add(unit)
        for part in sorted(parts[unit], key=placed.index):
            place(part)
        ordered.append(unit)
        for base in bases[unit]:
            place(base)

    for unit in placed:
        place(unit)
    return ordered


def _later_parts(
    placed: Sequence[int],
    relations: _Relations,
    met: _Meetings,
    shown: Collection[int],
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
            is_part = source not in shown
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
    if encounter.source in _GUIDES:
        return encounter.path == other_encounter.path
    return {encounter.source, other_encounter.source} <= _LATER


def _links(
    unit: int, placed: Sequence[int], relations: _Relations
) -> list[Relation]:
    """Return the relations between a unit and those before it."""
    return [
        relation
        for relation in relations
        if unit in (relation.source, relation.target)
        and _other(relation, unit) in placed
    ]


def _other(relation: Relation, unit: int) -> int:
    """Return the other end of a unit's relation."""
    return relation.source + relation.target - unit


def _encounter(encounter: Encounter, name: str, leaders: Sequence[str]) -> str:
    """Return where a unit is met: by a name of its own, or by what returns its type."""
    place = f"{encounter.path}:{encounter.line}"
    source = _SOURCES[encounter.source]
    own = {leader.lower() for leader in leaders}
    returned = ""
    if leaders and name.lower() not in own:
        returned = f", which returns {code(leaders[0])}"
    return f"{source} names {code(name)} ({place}){returned}."


def _connection(
    unit: int, link: Relation, units: _Units, definitions: _Definitions
) -> str:
    """Return which unit a unit comes after, by a link, and who does what in it."""
    subject = units[link.source].name
    if link.subject is not None:
        actor = definitions[link.subject]
        subject = code(actor.qualified)
    target = units[link.target].name
    if link.object is not None:
        item = definitions[link.object]
        target = code(item.qualified)
    place = f"{link.path}:{link.line}"
    after = units[_other(link, unit)].name
    return f"It comes after {after}: {subject} {link.verb} {target} ({place})."
