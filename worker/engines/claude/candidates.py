"""The possible subjects of chapters: the static engine's units, and those it would choose next.

A chapter's description ends with the names of its units, in parentheses. So any later run can
recover the units of a course from `step1_abstractions.yaml` alone.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from worker.course.formats import Abstraction
from worker.engines.static.facts import (
    Analysis,
    Definition,
    Reference,
    Relation,
    Unit,
    Verb,
)

Value = TypeVar("Value")
_Pair = tuple[int, int]
"""The positions of two connected chapters."""

_RELATIONS: Final = 3
"""How many relations a unit that had none gets at most."""
_ASIDE: Final = frozenset({Verb.RAISES, Verb.HANDLES, Verb.CHECKS})
_MADE_OF: Final = re.compile(r"\s*\(((?:`[^`]+`, )*`[^`]+`)\)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class ChapterCandidate:
    """A possible subject of a chapter."""

    id: str
    """`U1` for a unit of the static engine, `D1` for one that it would choose next."""
    unit: Unit


def candidates(analysis: Analysis) -> tuple[ChapterCandidate, ...]:
    """Return the units, the most important first, then those that would be chosen next."""
    return (
        *_numbered("U", analysis.units),
        *_numbered("D", analysis.more_units),
    )


def _numbered(letter: str, units: Sequence[Unit]) -> Iterator[ChapterCandidate]:
    for number, unit in enumerate(units, 1):
        key = f"{letter}{number}"
        yield ChapterCandidate(id=key, unit=unit)


def merged(parts: Sequence[Unit], name: str, description: str) -> Unit:
    """Return one unit that covers all the given ones."""
    file_paths: list[str] = []
    symbols: list[int] = []
    owned: list[int] = []
    headings: list[tuple[str, int]] = []
    for part in parts:
        file_paths += part.file_paths
        symbols += part.symbols
        owned += part.owned
        headings += part.headings
    return Unit(
        name=name,
        description=description,
        file_paths=_unique(file_paths),
        symbols=_unique(symbols),
        owned=_unique(owned),
        headings=_unique(headings),
    )


def _unique(values: Iterable[Value]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(values))


def described(description: str, parts: Sequence[Unit]) -> str:
    """Return a description that ends with the units of its chapter."""
    names = []
    for part in parts:
        name = f"`{part.name}`"
        names.append(name)
    made_of = ", ".join(names)
    return f"{description} ({made_of})"


def told(description: str) -> str:
    """Return a description without the units of its chapter."""
    return _MADE_OF.sub("", description)


def with_units(
    analysis: Analysis,
    abstractions: Sequence[Abstraction],
) -> Analysis:
    """Return the analysis with the units and relations of a course's abstractions."""
    known: dict[str, Unit] = {}
    for candidate in candidates(analysis):
        unit = candidate.unit
        known[unit.name] = unit
    units: list[Unit] = []
    parts: list[list[Unit]] = []
    for abstraction in abstractions:
        parts_of_one = _parts(abstraction, known)
        parts.append(parts_of_one)
        unit = merged(
            parts_of_one,
            abstraction.name,
            abstraction.description,
        )
        units.append(unit)
    return replace(
        analysis,
        units=tuple(units),
        relations=_relations(analysis, units, parts),
    )


def _parts(abstraction: Abstraction, known: dict[str, Unit]) -> list[Unit]:
    """Return the candidates of a chapter; its files, if it names none."""
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
    analysis: Analysis,
    units: Sequence[Unit],
    parts: Sequence[Sequence[Unit]],
) -> tuple[Relation, ...]:
    """Return the static engine's relations between the remaining units, and new ones."""
    known = [
        *_moved(analysis, parts),
        *_uses(analysis, units, parts),
    ]
    relations: dict[_Pair, Relation] = {}
    for relation in known:
        pair = (relation.source, relation.target)
        relations.setdefault(pair, relation)
    return tuple(sorted(relations.values(), key=_is_aside))


def _is_aside(relation: Relation) -> bool:
    """Whether a relation is only about failures."""
    return relation.verb in _ASIDE


def _moved(
    analysis: Analysis, parts: Sequence[Sequence[Unit]]
) -> Iterator[Relation]:
    """Yield the static engine's relations, between the chapters that contain its units."""
    places: dict[str, int] = {}
    for place, part in enumerate(parts):
        for unit in part:
            places.setdefault(unit.name, place)
    for relation in analysis.relations:
        subject = analysis.units[relation.source]
        object_ = analysis.units[relation.target]
        source = places.get(subject.name)
        target = places.get(object_.name)
        if source is None or target is None:
            continue
        if source == target:
            continue
        yield replace(relation, source=source, target=target)


def _uses(
    analysis: Analysis,
    units: Sequence[Unit],
    parts: Sequence[Sequence[Unit]],
) -> list[Relation]:
    """Return new relations of units that have none: what they use, and what uses them."""
    lone = _without_relations(analysis, parts)
    if not lone:
        return []
    owners = _owners(analysis, units)
    best: dict[_Pair, Reference] = {}
    for reference in analysis.references:
        pair = _ends(reference, owners)
        if pair is None:
            continue
        if lone.isdisjoint(pair):
            continue
        known = best.setdefault(pair, reference)
        if known.count < reference.count:
            best[pair] = reference
    return _first_of_each(analysis, best)


def _ends(
    reference: Reference,
    owners: dict[int, int],
) -> _Pair | None:
    """Return the two units that a reference connects, if they differ."""
    if reference.source is None:
        return None
    source = owners.get(reference.source)
    target = owners.get(reference.target)
    if source is None or target is None:
        return None
    if source == target:
        return None
    return source, target


def _without_relations(
    analysis: Analysis, parts: Sequence[Sequence[Unit]]
) -> set[int]:
    """Return the positions of the chapters that contain none of the static engine's units."""
    known = {unit.name for unit in analysis.units}
    lone: set[int] = set()
    for place, part in enumerate(parts):
        names = {unit.name for unit in part}
        if known.isdisjoint(names):
            lone.add(place)
    return lone


def _owners(analysis: Analysis, units: Sequence[Unit]) -> dict[int, int]:
    """Return the unit of each definition; members belong to the unit of their type."""
    owners: dict[int, int] = {}
    for place, unit in enumerate(units):
        for index in unit.symbols:
            owners.setdefault(index, place)
    for place, unit in enumerate(units):
        for index in unit.owned:
            owners.setdefault(index, place)
    for definition in analysis.definitions:
        top = _top(analysis, definition)
        owner = owners.get(top.index)
        if owner is not None:
            owners[definition.index] = owner
    return owners


def _top(analysis: Analysis, definition: Definition) -> Definition:
    """Return the outermost definition that contains a definition, or itself."""
    top = definition
    while top.parent is not None:
        top = analysis.definitions[top.parent]
    return top


def _first_of_each(
    analysis: Analysis,
    best: dict[_Pair, Reference],
) -> list[Relation]:
    def rank(pair: _Pair) -> tuple[int, _Pair]:
        reference = best[pair]
        return -reference.count, pair

    counts: dict[int, int] = defaultdict(int)
    relations: list[Relation] = []
    for pair in sorted(best, key=rank):
        source, target = pair
        reference = best[pair]
        counts[source] += 1
        if counts[source] > _RELATIONS:
            continue
        relation = Relation(
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
        relations.append(relation)
    return relations


def _verb(analysis: Analysis, reference: Reference) -> Verb:
    if reference.source is None:
        return Verb.USES
    bases = analysis.bases.get(reference.source, ())
    if reference.target in bases:
        return Verb.INHERITS
    return Verb.USES
