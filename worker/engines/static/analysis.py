"""Analyses a folder: facts, units, their relations, and the order to learn them in."""

import gc
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from worker.engines.static.choosing.naming import distinct
from worker.engines.static.choosing.public_use import PublicUse
from worker.engines.static.choosing.ranking import Ranking
from worker.engines.static.choosing.relations import Relations, strongest
from worker.engines.static.choosing.selection import Chooser, size
from worker.engines.static.facts import (
    Analysis,
    LearningStep,
    Project,
    Reference,
    Relation,
    Unit,
)
from worker.engines.static.linking.assembly import Assembly
from worker.engines.static.linking.graph import DefinitionGraph
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
    graph: DefinitionGraph
    mentions: dict[str, list[str]]
    encounters: dict[str, Encounter]
    project: Project


def analyze(root: Path, check: Check) -> Analysis:
    """Analyse a repository.

    Raise NoTextError if there is no text in it, or whatever `check` raises.
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
    pages = Pages(read.files, read.texts)
    choice = _choose(facts, pages, check)
    ends = Ends(facts.graph, facts.references)
    units = _units(facts, choice, pages, ends)
    relations = _relations(facts, choice, pages)
    return Analysis(
        project=facts.project,
        files=read.files,
        skipped=read.skipped,
        definitions=tuple(facts.graph.definitions),
        references=facts.references,
        bases=facts.graph.bases,
        mentions=_few(facts),
        worth=choice.worth,
        units=units,
        more_units=_more_units(facts, choice.more, units, ends),
        summary=summary.summarize(facts.project, read.skipped, units),
        relations=relations,
        order=_order(facts, choice, units, relations),
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


def _collect(read: Survey, check: Check) -> _Facts:
    assembly = Assembly(read.files, read.parsed)
    resolver = Resolver(assembly)
    lookup = Names(assembly, resolver)
    reader = References(assembly, resolver, lookup)
    references: list[Reference] = []
    for path, parsed in read.parsed.items():
        check()
        references += reader.read(path, parsed)
    known = [reference for reference in references if reference.sure]
    graph = DefinitionGraph(assembly.definitions, references, read.files)
    graph.inherit(lookup)
    names = frozenset(definition.name for definition in graph.definitions)
    return _Facts(
        read=read,
        resolver=resolver,
        references=tuple(sorted(known, key=_by_place)),
        graph=graph,
        mentions=mentions(read, names, check),
        encounters=first_encounters(read.files, read.texts, names, check),
        project=describe(read.files, read.texts),
    )


def _by_place(reference: Reference) -> tuple[str, int]:
    return reference.path, reference.line


def _choose(facts: _Facts, pages: Pages, check: Check) -> _Choice:
    """Choose units: definitions, and files in proportion to the code without definitions."""
    read = facts.read
    parsed = sum(read.files[path].lines for path in read.parsed)
    most = size(parsed + pages.code_lines)
    ranking = _ranking(facts, check)
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
    """Return the names that guides are about, unless files or folders have the same names."""
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


def _ranking(facts: _Facts, check: Check) -> Ranking:
    read = facts.read
    project = facts.project.name
    exports = Exports(facts.graph, facts.resolver, read.texts)
    return Ranking(
        read.files,
        facts.graph,
        facts.resolver,
        facts.mentions,
        facts.encounters,
        PublicUse(read.files, read.texts, project, exports, check),
    )


def _units(
    facts: _Facts, choice: _Choice, pages: Pages, ends: Ends
) -> tuple[Unit, ...]:
    chosen = choice.chosen
    descriptions = Descriptions(facts.graph, facts.read.files, ends, chosen)
    units = [descriptions.unit(place) for place in range(len(chosen))]
    units += map(pages.unit, choice.topics)
    return _named_apart(units)


def _more_units(
    facts: _Facts, more: Sequence[Candidate], units: Sequence[Unit], ends: Ends
) -> tuple[Unit, ...]:
    """Return candidates as units that may be chosen beside the others."""
    descriptions = Descriptions(facts.graph, facts.read.files, ends, more)
    further = []
    for place in range(len(more)):
        unit = descriptions.unit(place)
        owned = sorted(unit.symbols)
        further.append(replace(unit, owned=tuple(owned)))
    named = _named_apart([*units, *further])
    return named[len(units) :]


def _named_apart(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Return units with distinct names."""
    wished = [unit.name for unit in units]
    homes = [unit.file_paths[0] for unit in units]
    names = distinct(wished, homes)
    named = zip(units, names, strict=True)
    return tuple(replace(unit, name=name) for unit, name in named)


def _relations(
    facts: _Facts, choice: _Choice, pages: Pages
) -> tuple[Relation, ...]:
    chosen = choice.chosen
    finder = Relations(facts.graph, facts.read.files, chosen)
    bonds = finder.bonds(facts.references)
    mentioned = pages.relations(choice.topics, len(chosen))
    return (*strongest(bonds, len(chosen)), *mentioned)


def _order(
    facts: _Facts,
    choice: _Choice,
    units: Sequence[Unit],
    relations: Sequence[Relation],
) -> tuple[LearningStep, ...]:
    chosen = choice.chosen
    definitions = facts.graph.definitions
    read = facts.read
    met = sequence.meetings(
        chosen, definitions, facts.encounters, choice.worth, read.files
    )
    last = sequence.asides(units, met, read.files, read.texts)
    return sequence.order(units, relations, met, definitions, last)


def _few(facts: _Facts) -> dict[str, tuple[str, ...]]:
    """Return the texts that name each definition, of each role those nearest to its files."""
    files = facts.read.files
    words = {path: _path_words(path) for path in files}
    homes: dict[str, set[str]] = defaultdict(set)
    for definition in facts.graph.definitions:
        home = words[definition.path]
        homes[definition.name] |= home
    few: dict[str, tuple[str, ...]] = {}
    for name, paths in sorted(facts.mentions.items()):
        by_role = defaultdict(list)
        for path in paths:
            role = files[path].role
            by_role[role].append(path)
        kept: list[str] = []
        for of_role in by_role.values():
            kept += _nearest(of_role, homes[name], words)
        few[name] = tuple(sorted(kept))
    return few


def _nearest(
    paths: list[str], home: set[str], words: Mapping[str, set[str]]
) -> list[str]:
    """Return a few paths, those first that have most words of a home in them."""
    if len(paths) <= _MENTIONS:
        return paths
    ranks = [(-len(home & words[path]), path) for path in paths]
    nearest = sorted(ranks)[:_MENTIONS]
    return [path for _, path in nearest]


def _path_words(path: str) -> set[str]:
    """Return the words of a path, singular and without its ending."""
    stem = path.rpartition(".")[0].lower()
    words = re.findall(r"[^\W\d_]+", stem)
    return {word.removesuffix("s") for word in words}
