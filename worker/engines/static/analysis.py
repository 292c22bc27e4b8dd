"""Analyses a folder: facts, units, their relations, and the order to learn them in."""

import gc
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.engines.static.choosing import guides
from worker.engines.static.choosing import learning_order as sequence
from worker.engines.static.choosing.candidates import Candidate, candidates
from worker.engines.static.choosing.description import Descriptions, Ends
from worker.engines.static.choosing.encounters import (
    Encounter,
    first_encounters,
)
from worker.engines.static.choosing.exports import Exports
from worker.engines.static.choosing.file_candidates import Pages, Topic
from worker.engines.static.choosing.naming import distinct, unit_name
from worker.engines.static.choosing.public_use import PublicUse
from worker.engines.static.choosing.ranking import Ranking
from worker.engines.static.choosing.relations import Relations, strongest
from worker.engines.static.choosing.selection import Chooser, size
from worker.engines.static.facts import (
    Analysis,
    LearningStep,
    Reference,
    Relation,
    Unit,
)
from worker.engines.static.linking.assembly import Assembly
from worker.engines.static.linking.graph import Graph
from worker.engines.static.linking.names import Names
from worker.engines.static.linking.references import References
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.pages import summary
from worker.engines.static.reading.project import describe
from worker.engines.static.reading.survey import Check, Survey, mentions, survey

_MORE: Final = 2
"""How many more candidates are kept for each unit that a course has room for."""
_MENTIONS: Final = 12
"""How many files of each role that mention a name are remembered."""


class NoTextError(Exception):
    """The folder holds no file with text in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Facts:
    """What is known before anything is chosen."""

    read: Survey
    resolver: Resolver
    references: tuple[Reference, ...]
    graph: Graph
    mentions: dict[str, list[str]]


def analyze(root: Path, check: Check) -> Analysis:
    """Analyse a repository.

    Raise NothingToSayError if there is no text in it, or whatever `check` raises.
    """
    with _without_collector():
        return _analysis(root, check)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Spare the search for cycles, also among the facts later: they are many, and have none.

    What an earlier analysis in this process has spared is searched first.
    """
    is_enabled = gc.isenabled()
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if is_enabled:
            gc.enable()


def _analysis(root: Path, check: Check) -> Analysis:
    read = survey(root, check)
    if not read.files:
        raise NoTextError
    facts = _collect(read, check)
    plan = _plan(facts, check)
    project = describe(read.files, read.texts)
    return Analysis(
        project=project,
        files=read.files,
        skipped=read.skipped,
        definitions=tuple(facts.graph.definitions),
        references=facts.references,
        bases=facts.graph.bases,
        mentions=_few(facts),
        worth=plan.worth,
        units=plan.units,
        more_units=plan.more_units,
        summary=summary.summarize(project, read.skipped, plan.units),
        relations=plan.relations,
        order=plan.order,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Choice:
    """What units are about."""

    worth: dict[int, float]
    chosen: list[Candidate]
    more: list[Candidate]
    """What would be chosen next."""
    topics: list[Topic]
    """Of the files that define nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """The units, their relations, and the order to learn them in."""

    units: tuple[Unit, ...]
    more_units: tuple[Unit, ...]
    relations: tuple[Relation, ...]
    order: tuple[LearningStep, ...]
    worth: dict[int, float]


def _plan(facts: _Facts, check: Check) -> _Plan:
    """Choose, describe, connect and order the units."""
    read = facts.read
    pages = Pages(read.files, read.texts)
    definitions = facts.graph.definitions
    encounters = first_encounters(
        read.files,
        read.texts,
        frozenset(definition.name for definition in definitions),
        check,
    )
    choice = _choose(facts, pages, encounters, check)
    ends = Ends(facts.graph, facts.references)
    units = _units(facts, choice, pages, ends)
    relations = _relations(facts, choice, pages)
    met = sequence.meetings(
        choice.chosen, definitions, encounters, choice.worth
    )
    return _Plan(
        units=units,
        more_units=_more_units(facts, choice.more, units, ends),
        relations=relations,
        order=sequence.order(
            units,
            relations,
            met,
            definitions,
            sequence.foundations(choice.chosen, units, facts.graph),
        ),
        worth=choice.worth,
    )


def _collect(read: Survey, check: Check) -> _Facts:
    assembly = Assembly(read.files, read.parsed)
    resolver = Resolver(assembly)
    names = Names(assembly, resolver)
    reader = References(assembly, resolver, names)
    references: list[Reference] = []
    for path, parsed in read.parsed.items():
        check()
        references += reader.read(path, parsed)
    known = [reference for reference in references if reference.sure]
    graph = Graph(assembly.definitions, references, read.files)
    graph.inherit(names)
    defined = frozenset(definition.name for definition in graph.definitions)
    return _Facts(
        read=read,
        resolver=resolver,
        references=tuple(sorted(known, key=_by_place)),
        graph=graph,
        mentions=mentions(read, defined, check),
    )


def _by_place(reference: Reference) -> tuple[str, int]:
    return reference.path, reference.line


def _choose(
    facts: _Facts,
    pages: Pages,
    encounters: Mapping[str, Encounter],
    check: Check,
) -> _Choice:
    """Choose units: definitions, and files in proportion to the code without definitions."""
    read = facts.read
    parsed = sum(read.files[path].lines for path in read.parsed)
    most = size(parsed + pages.code_lines)
    ranking = _ranking(facts, encounters, check)
    worth = {
        definition.index: ranking.of(definition)
        for definition in facts.graph.definitions
        if definition.parent is None
    }
    subjects = _guided(facts)
    ranked = candidates(facts.graph, read.files, worth, subjects)
    of_files = most
    if ranked:
        lines = max(1, parsed + pages.code_lines)
        of_files = most * pages.code_lines // lines
    topics = []
    if of_files:
        topics = pages.choose(of_files)
    chooser = Chooser(ranked, facts.graph, read.files, ranking, most - of_files)
    chosen = chooser.choose()
    guided = chooser.choose_named(subjects)
    more = chooser.choose_more(_MORE * most)
    return _Choice(
        worth=worth, chosen=[*chosen, *guided], more=more, topics=topics
    )


def _guided(facts: _Facts) -> set[str]:
    """Return the names that guides are about, and that are no files' or folders' names as well."""
    public = {
        definition.name
        for definition in facts.graph.definitions
        if definition.public and definition.parent is None
    }
    places = {
        part.partition(".")[0]
        for path in facts.read.parsed
        for part in path.split("/")
    }
    return guides.subjects(facts.read.files, facts.read.texts, public - places)


def _ranking(
    facts: _Facts, encounters: Mapping[str, Encounter], check: Check
) -> Ranking:
    read = facts.read
    project = describe(read.files, read.texts).name
    exports = Exports(facts.graph, facts.resolver, read.texts)
    return Ranking(
        read.files,
        facts.graph,
        facts.resolver,
        facts.mentions,
        encounters,
        PublicUse(read.files, read.texts, project, exports, check),
    )


def _units(
    facts: _Facts, choice: _Choice, pages: Pages, ends: Ends
) -> tuple[Unit, ...]:
    chosen = choice.chosen
    descriptions = Descriptions(facts.graph, facts.read.files, ends, chosen)
    wished = [_wished_name(facts, candidate) for candidate in chosen]
    paths = [descriptions.paths(place) for place in range(len(chosen))]
    homes = [first for first, *_ in paths]
    for page in choice.topics:
        wished.append(pages.name(page))
        homes.append(page.path)
    names = distinct(wished, homes)
    units = []
    for place in range(len(chosen)):
        unit = Unit(
            name=names[place],
            description=descriptions.description(place),
            file_paths=paths[place],
            symbols=descriptions.symbols(place),
            owned=descriptions.owned(place),
        )
        units.append(unit)
    of_files = names[len(chosen) :]
    for name, page in zip(of_files, choice.topics, strict=True):
        units.append(_unit_of_page(name, page, pages))
    return tuple(units)


def _unit_of_page(name: str, page: Topic, pages: Pages) -> Unit:
    headings = []
    if pages.heading(page) is not None:
        headings.append((page.path, page.heading or 0))
    return Unit(
        name=name,
        description=pages.description(page),
        file_paths=pages.paths(page),
        symbols=(),
        owned=(),
        headings=tuple(headings),
    )


def _wished_name(facts: _Facts, candidate: Candidate) -> str:
    definitions = facts.graph.definitions
    return unit_name([definitions[index] for index in candidate.leaders])


def _more_units(
    facts: _Facts,
    more: Sequence[Candidate],
    units: Sequence[Unit],
    ends: Ends,
) -> tuple[Unit, ...]:
    """Return candidates as units that may be chosen beside the others."""
    descriptions = Descriptions(facts.graph, facts.read.files, ends, more)
    places = range(len(more))
    paths = [descriptions.paths(place) for place in places]
    taken = [unit.name for unit in units]
    names = distinct(
        [*taken, *(_wished_name(facts, candidate) for candidate in more)],
        [*taken, *(first for first, *_ in paths)],
    )[len(taken) :]
    return tuple(
        Unit(
            name=names[place],
            description=descriptions.description(place),
            file_paths=paths[place],
            symbols=descriptions.symbols(place),
            owned=tuple(sorted(descriptions.symbols(place))),
        )
        for place in places
    )


def _relations(
    facts: _Facts, choice: _Choice, pages: Pages
) -> tuple[Relation, ...]:
    chosen = choice.chosen
    finder = Relations(facts.graph, facts.read.files, chosen)
    bonds = finder.bonds(facts.references)
    mentioned = pages.relations(choice.topics, len(chosen))
    return (*strongest(bonds, len(chosen)), *mentioned)


def _few(facts: _Facts) -> dict[str, tuple[str, ...]]:
    """Return the texts that name each definition, of each role those nearest to its files."""
    words = {path: _path_words(path) for path in facts.read.files}
    homes: dict[str, set[str]] = defaultdict(set)
    for definition in facts.graph.definitions:
        homes[definition.name] |= words[definition.path]
    few: dict[str, tuple[str, ...]] = {}
    for name, paths in sorted(facts.mentions.items()):
        by_role = defaultdict(list)
        for path in paths:
            by_role[facts.read.files[path].role].append(path)
        kept: list[str] = []
        for of_role in by_role.values():
            if len(of_role) > _MENTIONS:
                of_role.sort(key=_distance_from(homes[name], words))
            kept += of_role[:_MENTIONS]
        few[name] = tuple(sorted(kept))
    return few


def _path_words(path: str) -> set[str]:
    """Return the words of a path, singular and without its ending."""
    stem = path.rpartition(".")[0].lower()
    words = re.findall(r"[^\W\d_]+", stem)
    return {word.removesuffix("s") for word in words}


def _distance_from(
    home: set[str], words: Mapping[str, set[str]]
) -> Callable[[str], tuple[int, str]]:
    """Return how far from some words a path is, by its own: a key to sort paths by."""

    def distance(path: str) -> tuple[int, str]:
        return -len(home & words[path]), path

    return distance
