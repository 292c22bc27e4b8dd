"""The facts of a course: the entries of its YAML files, joined with the analysis.

An abstraction without a unit of its name (another engine wrote it, or a person changed it)
is read as its files and what they define.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, wraps
from posixpath import basename
from typing import Any, Final, TypeVar, TypeVarTuple

from states.course_paths import ChapterRef, item_path
from states.stages import Stage
from worker.course.formats import Abstraction
from worker.engines.static.facts import (
    Analysis,
    Course,
    Definition,
    Kind,
    Reference,
    Relation,
    SourceFile,
    Unit,
)
from worker.engines.static.pages.source_texts import SourceTexts
from worker.engines.static.parsing.function_facts import Call
from worker.engines.static.parsing.functions import FunctionFacts
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.parsing.node_types import find

Value = TypeVar("Value")
Arguments = TypeVarTuple("Arguments")

_NAME: Final = re.compile(r"[\w$]+")
_MOST_NAMED: Final = 4
_CACHED_FUNCTIONS: Final = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """An entry of the order."""

    position: int
    """In the order, from 0."""
    entry: ChapterRef
    reasoning: str
    description: str
    unit: Unit

    def __hash__(self) -> int:
        return self.position

    @property
    def name(self) -> str:
        """Its name in the course."""
        return self.entry.name

    @property
    def file(self) -> str:
        """The name of its file, in `chapters` and in `reviewed-chapters`."""
        path = item_path(Stage.GENERATE_CHAPTERS, self.entry)
        return basename(path)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChapterLink:
    """How one chapter's subject is related to another's, by their positions."""

    source: int
    target: int
    verb: str
    """In the course's own words."""
    relation: Relation | None
    """Where the analysis knows it."""


_References = dict[int, list[Reference]]


class CourseFacts:
    """The chapters, and indexes of the facts that pages need.

    References that imports and scopes do not prove are left out: pages state facts.
    """

    def __init__(self, analysis: Analysis, course: Course) -> None:
        self.analysis = analysis
        self.course = course
        self._remembered: dict[Hashable, Any] = {}
        self.definitions = tuple(
            _within(definition, analysis.files[definition.path].lines)
            for definition in analysis.definitions
        )
        self.summary = course.summary
        self.texts = SourceTexts(analysis.files)
        self.chapters = tuple(self._chapters(course))
        self.into: _References = defaultdict(list)
        self.out: _References = defaultdict(list)
        for reference in analysis.references:
            self.into[reference.target].append(reference)
            if reference.source is not None:
                self.out[reference.source].append(reference)
        self._subtypes = self._by_base()
        self._owners = {
            index: chapter
            for chapter in reversed(self.chapters)
            for index in self.family(chapter.unit.owned)
        }
        self.links = tuple(self._links(course))
        cached = lru_cache(_CACHED_FUNCTIONS)
        self.function = cached(self._function)

    def _by_base(self) -> dict[int, list[Definition]]:
        """Return the types that extend or implement each type directly."""
        subtypes: dict[int, list[Definition]] = defaultdict(list)
        for index, bases in sorted(self.analysis.bases.items()):
            subtype = self.definitions[index]
            for base in dict.fromkeys(bases):
                subtypes[base].append(subtype)
        return subtypes

    def _chapters(self, course: Course) -> Iterable[Chapter]:
        units = {unit.name.casefold(): unit for unit in self.analysis.units}
        abstractions = {entry.name: entry for entry in course.abstractions}
        for position, entry in enumerate(course.order):
            abstraction = abstractions[entry.name]
            unit = units.get(entry.name.casefold())
            if unit is None:
                unit = self._unit_of_files(abstraction)
            yield Chapter(
                position=position,
                entry=entry.entry,
                reasoning=entry.reasoning,
                description=abstraction.description,
                unit=unit,
            )

    def _unit_of_files(self, abstraction: Abstraction) -> Unit:
        """Return a unit of files, and of the definitions in them that its description names."""
        paths = tuple(
            path
            for path in abstraction.file_paths
            if path in self.analysis.files
        )
        text = f"{abstraction.name} {abstraction.description}"
        words = words_of(text)
        named: list[int] = []
        owned: list[int] = []
        for definition in self.definitions:
            if definition.parent is None and definition.path in paths:
                owned.append(definition.index)
                if definition.name in words:
                    named.append(definition.index)
        return Unit(
            name=abstraction.name,
            description=abstraction.description,
            file_paths=paths,
            symbols=tuple(named),
            owned=tuple(owned),
        )

    def _links(self, course: Course) -> Iterable[ChapterLink]:
        positions = {
            chapter.name: chapter.position for chapter in self.chapters
        }
        units = [unit.name for unit in self.analysis.units]
        relations: dict[tuple[str, str], Relation] = {}
        for relation in self.analysis.relations:
            pair = units[relation.source], units[relation.target]
            relations.setdefault(pair, relation)
        names = [abstraction.name for abstraction in course.abstractions]
        for entry in course.relationships:
            source = names[entry.source]
            target = names[entry.target]
            ends = {source, target}
            if len(ends) > 1 and ends <= positions.keys():
                known = relations.get((source, target))
                verb = entry.label
                if known is not None:
                    verb = known.verb
                yield ChapterLink(
                    source=positions[source],
                    target=positions[target],
                    verb=verb,
                    relation=known,
                )

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Definition]]:
        """All definitions by their names, in order."""
        by_name: dict[str, list[Definition]] = defaultdict(list)
        for definition in self.definitions:
            namesakes = by_name[definition.name]
            namesakes.append(definition)
        return dict(by_name)

    def remembered(self, key: Hashable, find: Callable[[], Value]) -> Value:
        """Return what `find` returns, which is found once for each key."""
        if key not in self._remembered:
            self._remembered[key] = find()
        value: Value = self._remembered[key]
        return value

    def family(self, indexes: Iterable[int]) -> list[int]:
        """Return definitions and all their members, each once, in order."""
        family = dict.fromkeys(indexes)
        queue = list(family)
        for index in queue:
            members = [
                member
                for member in self.definitions[index].members
                if member not in family
            ]
            family.update(dict.fromkeys(members))
            queue += members
        return list(family)

    def owner(self, index: int) -> Chapter | None:
        return self._owners.get(index)

    def file(self, path: str) -> SourceFile:
        return self.analysis.files[path]

    def text(self, definition: Definition) -> str:
        lines = self.texts.lines(definition.path)
        own = lines[definition.line - 1 : definition.end_line]
        return "\n".join(own)

    def symbols(self, chapter: Chapter) -> list[Definition]:
        """Return the definitions that a chapter is about, the most important first."""
        return [self.definitions[index] for index in chapter.unit.symbols]

    def named(self, chapter: Chapter) -> list[Definition]:
        """Return what a chapter's title names; the first symbol if it names none."""
        symbols = self.symbols(chapter)
        names = set(_NAME.findall(chapter.name))
        in_title = [symbol for symbol in symbols if symbol.name in names]
        return in_title[:_MOST_NAMED] or symbols[:1]

    def members(self, definition: Definition) -> list[Definition]:
        return [self.definitions[index] for index in definition.members]

    def methods(self, definition: Definition) -> list[Definition]:
        """Return the methods of a type, in the order of the source."""
        return [
            member for member in self.members(definition) if is_function(member)
        ]

    def parts(self, chapter: Chapter) -> list[Definition]:
        """Return a chapter's definitions and their members, its symbols first."""
        unit = chapter.unit
        indexes = dict.fromkeys((*unit.symbols, *unit.owned))
        return [self.definitions[index] for index in self.family(indexes)]

    def functions(self, chapter: Chapter) -> list[Definition]:
        """Return a chapter's functions and methods, those of its symbols first."""
        return [part for part in self.parts(chapter) if is_function(part)]

    def subtypes(self, index: int) -> list[Definition]:
        """Return the types that extend or implement a type directly, by path and line."""
        return self._subtypes[index]

    def lineage(self, index: int) -> list[int]:
        """Return a type and all that it extends, the nearest first."""
        indexes = [index]
        for current in indexes:
            for base in self.analysis.bases.get(current, ()):
                if base not in indexes:
                    indexes.append(base)
        return indexes

    def calls(self, index: int) -> list[tuple[Call, Definition]]:
        """Return the calls of a function that lead to definitions, in order."""
        return [
            (call, target)
            for call, target in self.all_calls(index)
            if not call.inner
        ]

    def all_calls(self, index: int) -> list[tuple[Call, Definition]]:
        """Return the same, and the calls of the functions that are defined inside."""
        inside = self.function(index)
        if inside is None:
            return []
        targets: dict[int, Definition] = {}
        for reference in self.out[index]:
            target = self.definitions[reference.target]
            targets.update(dict.fromkeys(reference.places, target))
        return [
            (call, targets[call.place])
            for call in inside.calls
            if call.place in targets
        ]

    def callers(self, index: int) -> Sequence[Reference]:
        """Return references to a definition from outside it, the most frequent first."""
        family = set(self.family([index]))
        outside = [
            reference
            for reference in self.into[index]
            if reference.source is not None and reference.source not in family
        ]
        return sorted(
            outside,
            key=lambda reference: (
                -reference.count,
                reference.path,
                reference.line,
            ),
        )

    def _function(self, index: int) -> FunctionFacts | None:
        """Return what happens inside a function; None where that cannot be read."""
        definition = self.definitions[index]
        root = self.texts.root(definition.path)
        node = None
        if root is not None:
            node = find(root, definition.line, definition.end_line)
        if node is None:
            return None
        return FunctionFacts(node, is_type=not is_function(definition))


def _within(definition: Definition, lines: int) -> Definition:
    """Return a definition that ends within its file; a parser of broken code may say otherwise."""
    if definition.end_line <= lines:
        return definition
    return replace(definition, end_line=max(definition.line, lines))


def is_function(definition: Definition) -> bool:
    return definition.kind in {Kind.FUNCTION, Kind.METHOD}


def last_name(qualified: str) -> str:
    """Return the last name of `a.b.C` or `a::b::C`."""
    name = qualified.rpartition(".")[2]
    return name.rpartition("::")[2]


def remembered(
    find: Callable[[CourseFacts, *Arguments], Value],
) -> Callable[[CourseFacts, *Arguments], Value]:
    """Call a function once for each course and arguments, and remember its results."""

    @wraps(find)
    def remembering(facts: CourseFacts, *arguments: *Arguments) -> Value:
        key = find, arguments
        return facts.remembered(key, lambda: find(facts, *arguments))

    return remembering
