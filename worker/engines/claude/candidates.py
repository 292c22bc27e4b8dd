"""What chapters can be about: the static engine's units, and as many definitions beside them.

A chapter's description names in parentheses at its end what it was made of. So any later run
finds the units of a course again in `step1_abstractions.yaml` alone.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, TypeVar

from worker.course.formats import Abstraction
from worker.engines.static.facts import (
    TYPES,
    Analysis,
    Definition,
    Kind,
    Reference,
    Relation,
    Role,
    Unit,
    Verb,
)
from worker.engines.static.prose.docstrings import first_sentence

Value = TypeVar("Value")

_RELATIONS: Final = 3
"""Relations of a definition that the static engine made no unit of."""
_MENTION: Final = 2
"""What a file that mentions a name counts for, where a file that uses it counts for one."""
_MADE_OF: Final = re.compile(r"\s*\(((?:`[^`]+`, )*`[^`]+`)\)$")
_KINDS: Final = TYPES | {Kind.FUNCTION}


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What a chapter can be about."""

    id: str
    """`U1` for a unit of the static engine, `D1` for another definition."""
    unit: Unit


def candidates(analysis: Analysis) -> tuple[Candidate, ...]:
    """Return the units, the most important first, and as many definitions beside them."""
    units = [
        Candidate(id=f"U{number}", unit=unit)
        for number, unit in enumerate(analysis.units, 1)
    ]
    others = _others(analysis)[: len(units)]
    definitions = [
        Candidate(id=f"D{number}", unit=_unit(definition))
        for number, definition in enumerate(others, 1)
    ]
    return (*units, *definitions)


def importance(analysis: Analysis) -> list[int]:
    """Rate each definition by the files that use it, and by those that mention its name."""
    users: list[set[str]] = [set() for _ in analysis.definitions]
    for reference in analysis.references:
        users[reference.target].add(reference.path)
    return [
        len(users[definition.index])
        + _MENTION * len(analysis.mentions.get(definition.name, ()))
        for definition in analysis.definitions
    ]


def _others(analysis: Analysis) -> list[Definition]:
    """Return public definitions that no unit is about, the most important first."""
    taken = {index for unit in analysis.units for index in unit.symbols}
    names = {unit.name.casefold() for unit in analysis.units}
    rates = importance(analysis)
    others = [
        definition
        for definition in analysis.definitions
        if definition.index not in taken
        and definition.qualified.casefold() not in names
        and definition.parent is None
        and definition.public
        and definition.kind in _KINDS
        and analysis.files[definition.path].role is Role.SOURCE
    ]
    others.sort(key=lambda other: (-rates[other.index], other.index))
    unique = {other.name.casefold(): other for other in reversed(others)}
    return [other for other in others if unique[other.name.casefold()] is other]


def _unit(definition: Definition) -> Unit:
    return Unit(
        name=definition.qualified,
        description=first_sentence(definition.doc),
        file_paths=(definition.path,),
        symbols=(definition.index,),
        owned=(definition.index,),
    )


def merged(parts: Sequence[Unit], name: str, description: str) -> Unit:
    """Return a unit that is about all of some units."""
    return Unit(
        name=name,
        description=description,
        file_paths=_unique(part.file_paths for part in parts),
        symbols=_unique(part.symbols for part in parts),
        owned=_unique(part.owned for part in parts),
        headings=_unique(part.headings for part in parts),
    )


def _unique(many: Iterable[Iterable[Value]]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(many)))


def described(description: str, parts: Sequence[Unit]) -> str:
    """Return a description with what the chapter is made of at its end."""
    names = ", ".join(f"`{part.name}`" for part in parts)
    return f"{description} ({names})"


def with_units(
    analysis: Analysis, abstractions: Sequence[Abstraction]
) -> Analysis:
    """Return the analysis with the units and the relations of a course's abstractions."""
    known = {
        candidate.unit.name: candidate.unit
        for candidate in candidates(analysis)
    }
    parts = [_parts(abstraction, known) for abstraction in abstractions]
    units = tuple(
        merged(part, abstraction.name, abstraction.description)
        for part, abstraction in zip(parts, abstractions, strict=True)
    )
    return replace(
        analysis, units=units, relations=_relations(analysis, units, parts)
    )


def _parts(abstraction: Abstraction, known: dict[str, Unit]) -> list[Unit]:
    """Return the candidates that a chapter was made of; its files, if it names none."""
    match = _MADE_OF.search(abstraction.description)
    names = [abstraction.name]
    if match is not None:
        names = re.findall(r"`([^`]+)`", match[1])
    parts = [known[name] for name in names if name in known]
    if parts:
        return parts
    of_files = Unit(
        name=abstraction.name,
        description=abstraction.description,
        file_paths=abstraction.file_paths,
        symbols=(),
        owned=(),
    )
    return [of_files]


def _relations(
    analysis: Analysis, units: Sequence[Unit], parts: Sequence[Sequence[Unit]]
) -> tuple[Relation, ...]:
    """Return the static engine's relations between the units that are left, and new ones."""
    places: dict[str, int] = {}
    for place, part in enumerate(parts):
        for unit in part:
            places.setdefault(unit.name, place)
    new = [places.get(unit.name) for unit in analysis.units]
    relations: dict[tuple[int, int], Relation] = {}
    for relation in analysis.relations:
        source, target = new[relation.source], new[relation.target]
        if source is None or target is None or source == target:
            continue
        moved = replace(relation, source=source, target=target)
        relations.setdefault((source, target), moved)
    for relation in _uses(analysis, units):
        relations.setdefault((relation.source, relation.target), relation)
    return tuple(relations.values())


def _uses(analysis: Analysis, units: Sequence[Unit]) -> list[Relation]:
    """Return how units without relations of their own are used, and what they use."""
    lone = _without_relations(analysis, units)
    if not lone:
        return []
    owners = _owners(analysis, units)
    best: dict[tuple[int, int], Reference] = {}
    for reference in analysis.references:
        if reference.source is None:
            continue
        source = owners.get(reference.source)
        target = owners.get(reference.target)
        if source is None or target is None or source == target:
            continue
        pair = (source, target)
        known = best.get(pair)
        if lone & {source, target} and (
            known is None or known.count < reference.count
        ):
            best[pair] = reference
    return _first_of_each(analysis, best)


def _without_relations(analysis: Analysis, units: Sequence[Unit]) -> set[int]:
    names = {unit.name for unit in analysis.units}
    by_symbol = {symbol for unit in analysis.units for symbol in unit.symbols}
    return {
        place
        for place, unit in enumerate(units)
        if unit.name not in names and not by_symbol.issuperset(unit.symbols)
    }


def _owners(analysis: Analysis, units: Sequence[Unit]) -> dict[int, int]:
    """Return the unit of each definition; members belong where their type does."""
    owners: dict[int, int] = {}
    for place, unit in enumerate(units):
        for index in unit.symbols:
            owners.setdefault(index, place)
    for place, unit in enumerate(units):
        for index in unit.owned:
            owners.setdefault(index, place)
    for definition in analysis.definitions:
        top = definition
        while top.parent is not None:
            top = analysis.definitions[top.parent]
        if top.index in owners:
            owners[definition.index] = owners[top.index]
    return owners


def _first_of_each(
    analysis: Analysis, best: dict[tuple[int, int], Reference]
) -> list[Relation]:
    counts: dict[int, int] = defaultdict(int)
    ranked = sorted(best.items(), key=lambda entry: (-entry[1].count, entry[0]))
    relations: list[Relation] = []
    for (source, target), reference in ranked:
        counts[source] += 1
        if counts[source] > _RELATIONS:
            continue
        relations.append(
            Relation(
                source=source,
                target=target,
                verb=_verb(analysis, reference),
                path=reference.path,
                line=reference.line,
                code="",
                subject=reference.source,
                object=reference.target,
                count=reference.count,
            )
        )
    return relations


def _verb(analysis: Analysis, reference: Reference) -> Verb:
    source = -1 if reference.source is None else reference.source
    bases = analysis.bases.get(source, ())
    return Verb.INHERITS if reference.target in bases else Verb.USES
