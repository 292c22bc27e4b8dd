"""The facts of a course: the entries of its YAML files, joined with the analysis.

A course that was not written from this analysis is not refused: an abstraction without a
unit of its name is taken for its files and what they define.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from states.course_paths import ChapterRef, item_path
from states.stages import Stage
from worker.course.formats import Abstraction, OrderEntry
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
from worker.engines.static.parsing.function_facts import FunctionFacts
from worker.engines.static.parsing.functions import dissect
from worker.engines.static.parsing.node_types import find

_WORD: Final = re.compile(r"\w+")
_KEPT_ANATOMIES: Final = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """An entry of the order."""

    position: int
    """In the order, from 0."""
    entry: ChapterRef
    reasoning: str
    description: str
    unit: Unit

    @property
    def name(self) -> str:
        """What the course calls it."""
        return self.entry.name

    @property
    def file(self) -> str:
        """The name of its file, in `chapters` and in `reviewed-chapters`."""
        return item_path(Stage.GENERATE_CHAPTERS, self.entry).rpartition("/")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChapterLink:
    """How a chapter hangs together with another, by their positions."""

    source: int
    target: int
    verb: str
    evidence: str
    """What the course says of it; for people."""
    relation: Relation | None
    """Where the analysis knows it."""


class CourseFacts:
    """The chapters, and quick ways to the facts that they need."""

    def __init__(self, analysis: Analysis, course: Course) -> None:
        """Join the two."""
        self.analysis: Final = analysis
        self.definitions: Final = tuple(
            _within(one, analysis.files[one.path].lines)
            for one in analysis.definitions
        )
        self.summary: Final = course.summary
        self.texts: Final = SourceTexts(analysis.files)
        units = {unit.name.casefold(): unit for unit in analysis.units}
        found = {
            one.name: units.get(one.name.casefold()) or self._made_up(one)
            for one in course.abstractions
        }
        said = {one.name: one.description for one in course.abstractions}
        self.chapters: Final = tuple(
            _chapter(position, entry, said[entry.name], found[entry.name])
            for position, entry in enumerate(course.order)
        )
        self.into: Final[dict[int, list[Reference]]] = defaultdict(list)
        self.out: Final[dict[int, list[Reference]]] = defaultdict(list)
        for reference in analysis.references:
            self.into[reference.target].append(reference)
            if reference.source is not None:
                self.out[reference.source].append(reference)
        self._owners: Final = {
            index: chapter
            for chapter in reversed(self.chapters)
            for index in self.family(chapter.unit.owned)
        }
        self.ties: Final = tuple(self._ties(course))
        self.anatomy = lru_cache(_KEPT_ANATOMIES)(self._anatomy)

    def _made_up(self, one: Abstraction) -> Unit:
        paths = tuple(
            path for path in one.file_paths if path in self.analysis.files
        )
        owned = tuple(
            found.index
            for found in self.definitions
            if found.parent is None and found.path in set(paths)
        )
        words = {
            word: place
            for place, word in enumerate(
                _WORD.findall(f"{one.name} {one.description}")
            )
        }
        named = [
            index for index in owned if self.definitions[index].name in words
        ]
        return Unit(
            name=one.name,
            description=one.description,
            file_paths=paths,
            symbols=tuple(
                sorted(
                    named, key=lambda index: words[self.definitions[index].name]
                )
            ),
            owned=owned,
            headings=tuple(
                (path, position)
                for path in paths
                for position in range(len(self.analysis.files[path].headings))
            ),
        )

    def _ties(self, course: Course) -> Iterable[ChapterLink]:
        places = {chapter.name: chapter.position for chapter in self.chapters}
        units = {
            unit.name: index for index, unit in enumerate(self.analysis.units)
        }
        known = {
            (one.source, one.target, str(one.verb)): one
            for one in reversed(self.analysis.relations)
        }
        names = [one.name for one in course.abstractions]
        for one in course.relationships:
            source, target = names[one.source], names[one.target]
            if source in places and target in places and source != target:
                relation = known.get(
                    (units.get(source, -1), units.get(target, -1), one.label)
                )
                yield ChapterLink(
                    source=places[source],
                    target=places[target],
                    verb=one.label,
                    evidence=one.evidence,
                    relation=relation,
                )

    def family(self, indexes: Iterable[int]) -> list[int]:
        """Return definitions and all that they have as members, each once, in order."""
        found = dict.fromkeys(indexes)
        queue = list(found)
        for index in queue:
            more = [
                member
                for member in self.definitions[index].members
                if member not in found
            ]
            found.update(dict.fromkeys(more))
            queue += more
        return list(found)

    def owner(self, index: int) -> Chapter | None:
        """Return the chapter that a definition belongs to."""
        return self._owners.get(index)

    def file(self, path: str) -> SourceFile:
        """Return a file of the repository."""
        return self.analysis.files[path]

    def callers(self, index: int) -> Sequence[Reference]:
        """Return references to a definition from outside it, the surest and most frequent first."""
        inside = set(self.family([index]))
        found = [
            one
            for one in self.into[index]
            if one.source is not None and one.source not in inside
        ]
        return sorted(
            found,
            key=lambda one: (not one.sure, -one.count, one.path, one.line),
        )

    def _anatomy(self, index: int) -> FunctionFacts | None:
        """Return what happens inside a function; None where that cannot be read."""
        one = self.definitions[index]
        root = self.texts.root(one.path)
        node = find(root, one) if root is not None else None
        return (
            dissect(node, deep=is_function(one)) if node is not None else None
        )


def _chapter(
    position: int, entry: OrderEntry, description: str, unit: Unit
) -> Chapter:
    return Chapter(
        position=position,
        entry=entry.entry,
        reasoning=entry.reasoning,
        description=description,
        unit=unit,
    )


def _within(one: Definition, lines: int) -> Definition:
    """Return a definition that ends within its file; for broken code, a parser's may not."""
    return (
        one
        if one.end_line <= lines
        else replace(one, end_line=max(one.line, lines))
    )


def is_function(one: Definition) -> bool:
    """Tell whether a definition is a function or a method."""
    return one.kind in {Kind.FUNCTION, Kind.METHOD}
