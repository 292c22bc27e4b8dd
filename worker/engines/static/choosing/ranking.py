"""How much a definition matters to a learner: a sum of cheap signs, weighed by hand.

The weights are round numbers on purpose: fitted ones describe the projects that they were
fitted to. What counts most is what many files use, what is large, what the project exports
and what its README shows. What everything uses and what uses nothing itself (a status, a
slice) explains little, however often it is seen.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from worker.engines.static.choosing.candidates import (
    is_registry,
    is_value,
)
from worker.engines.static.choosing.encounters import Encounter, ReadingSource
from worker.engines.static.choosing.exports import SIDE_DOOR
from worker.engines.static.choosing.packages import is_interface
from worker.engines.static.choosing.public_use import PublicUse
from worker.engines.static.facts import (
    Definition,
    Files,
    Kind,
    Role,
)
from worker.engines.static.linking.graph import DefinitionGraph
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.parsing.identifiers import parts, word_set
from worker.engines.static.prose import deprecation
from worker.engines.static.reading.roles import is_news

_WEIGHTS: Final = {
    "used": 0.8,
    "uses": 0.45,
    "lines": 0.2,
    "members": 0.2,
    "descendants": 0.45,
    "exported": 0.9,
    "met": 0.3,
    "imported": 0.4,
    "depth": -0.2,
    "heading": 0.8,
    "tests": 0.25,
    "shown": 0.45,
    "ubiquitous": -6.0,
    "exception": -1.0,
    "utility": -0.8,
    "helper": -1.0,
    "shadowed": -2.0,
    "outdated": -1.5,
    "deprecated": -10.0,
    "private": -1.0,
    "words": -0.3,
    "value": -2.0,
    "alias": -0.8,
    "command": -0.4,
}
_Signs = dict[str, float]
"""By the names of these weights."""

_MET: Final = {
    ReadingSource.README_EXAMPLE: 1.2,
    ReadingSource.README: 1.0,
    ReadingSource.GUIDE: 0.7,
    ReadingSource.CONTENTS: 0.6,
    ReadingSource.EXAMPLE: 0.5,
    ReadingSource.DOCUMENT: 0.3,
    ReadingSource.OLD: 0.3,
}
_LINES: Final = 20
"""Lines in one step of size."""
_UBIQUITOUS: Final = 0.25
"""What a larger share of all files uses is part of the language that the project speaks."""
_FEW_USES: Final = 3
_REACH: Final = 10
"""What a function uses counts up to this number for each file that uses the function itself.

What uses half of the project and is used by nothing is a command for its developers.
"""
_WORDS: Final = 2
_NAMESAKES: Final = 0.25
_SHORT: Final = 3
"""A name of so few letters says nothing in a text."""
_HIGH_LEVEL: Final = 2
"""A heading of a deeper level counts half."""
_WELL_HEADED: Final = 4
"""Headings of a deep level, or twice the headings of a high one, that say all they can."""

_UTILITY: Final = word_set(
    "utils util utilities helpers helper common misc support compat _compat typing types "
    "constants version internal _internal experimental deprecated legacy contrib platform port "
    "posix unix win win32 windows arch"
)
_HELPERS: Final = word_set(
    "utils util utilities helpers helper misc mixin constants internals logger telemetry"
)
_ABSTRACT: Final = ["abstract"]
"""How names of types begin that only help to write others."""
_COMMANDS: Final = word_set("cli bin cmd commands")
_MAIN: Final = frozenset({"__main__", "main"})
_VERSION: Final = re.compile(r"(?:^|/)v(\d{1,4})/")


class Ranking:
    """Weighs definitions."""

    def __init__(
        self,
        files: Files,
        graph: DefinitionGraph,
        resolver: Resolver,
        mentions: Mapping[str, Sequence[str]],
        encounters: Mapping[str, Encounter],
        public_use: PublicUse,
    ) -> None:
        self._files = files
        self._graph = graph
        self._mentions = mentions
        self._encounters = encounters
        self._public_use = public_use
        self._exports = public_use.exports
        self._headings = _headings(files)
        self._place = cache(self._place_of_file)
        paths = resolver.paths
        self._parsed = max(1, len(paths))
        self._versions = _old_versions(paths)
        self._depth = min((path.count("/") for path in paths), default=0)
        self._names: Counter[str] = Counter()
        self._offered: dict[str, float] = defaultdict(float)
        """By name: how clearly the project exports it, whatever it means."""
        for definition in graph.definitions:
            name = definition.name
            weight = self._exports.weight(definition.index)
            self._names[name] += 1
            self._offered[name] = max(weight, self._offered[name])

    def of(self, definition: Definition) -> float:
        signs = {
            **self._use(definition),
            **self._text(definition),
            **self._name(definition),
            **self._place(definition.path),
        }
        return sum(_WEIGHTS[sign] * value for sign, value in signs.items())

    def use(self, definition: Definition) -> int:
        """Return how many tests, examples and documents import a definition."""
        return self._public_use.of_name(definition)

    def is_public(self, definition: Definition) -> bool:
        """Whether a project exports a definition, or its examples import it."""
        is_exported = self._exports.weight(definition.index) > 0
        return is_exported or self.use(definition) > 0

    def is_offered(self, definition: Definition) -> bool:
        """Whether the door of a whole project shows a definition."""
        is_shown = self._exports.weight(definition.index) > SIDE_DOOR
        return is_shown and not is_interface(definition.path)

    def _use(self, definition: Definition) -> _Signs:
        graph = self._graph
        index = definition.index
        used = graph.used[index]
        using_files = len(used)
        uses = len(graph.uses[index])
        reach = uses
        if definition.kind is Kind.FUNCTION:
            reach = min(uses, _REACH * (1 + using_files))
        descendants = len(graph.descendants[index])
        members = [graph.definitions[member] for member in definition.members]
        public = sum(member.public for member in members)
        lines = _lines(definition, members)
        ubiquity = 0.0
        if uses < _FEW_USES:
            share = using_files / self._parsed
            ubiquity = max(0.0, share - _UBIQUITOUS)
        return {
            "used": math.log1p(sum(used.values())),
            "uses": math.log1p(reach),
            "lines": math.log1p(lines / _LINES),
            "members": math.log1p(public),
            "descendants": math.log1p(descendants),
            "exported": self._exports.weight(index),
            "ubiquitous": ubiquity,
        }

    def _text(self, definition: Definition) -> _Signs:
        """Weigh where texts name a definition."""
        name = definition.name
        paths = self._mentions.get(name, ())
        roles = Counter(self._files[path].role for path in paths)
        tests = roles[Role.TEST]
        shown = roles[Role.EXAMPLE] + roles[Role.DOCUMENT]
        imported = self.use(definition)
        certainty = self._certainty(definition)
        return {
            "met": certainty * self._met(name),
            "imported": math.log1p(imported),
            "heading": certainty * self._heading(name),
            "tests": certainty * math.log1p(tests),
            "shown": certainty * math.log1p(shown),
        }

    def _certainty(self, definition: Definition) -> float:
        """Return how surely a text with a definition's name means it.

        A name that other definitions share proves less; the project's own name proves nothing.
        """
        if definition.name == self._public_use.project:
            return 0.0
        uses = self._graph.used[definition.index].values()
        ours = 1 + sum(uses)
        foreign = self._graph.foreign[definition.name]
        share = ours / (ours + foreign)
        bearers = self._names[definition.name]
        return share / math.pow(bearers, _NAMESAKES)

    def _heading(self, name: str) -> float:
        if len(name) <= _SHORT:
            return 0.0
        weight = self._headings[_normal(name)]
        if weight >= _WELL_HEADED:
            return 1.0
        return min(weight, 0.5)

    def _met(self, name: str) -> float:
        met = self._encounters.get(name)
        if met is None:
            return 0.0
        return _MET[met.source]

    def _name(self, definition: Definition) -> _Signs:
        index = definition.index
        words = [word.lower() for word in parts(definition.name)]
        last = words[-1:]
        is_helper = not _HELPERS.isdisjoint(last)
        is_abstract = words[:1] == _ABSTRACT
        weight = self._exports.weight(index)
        others = self._offered[definition.name]
        deprecated = deprecation.notice(definition)
        return {
            "exception": self._graph.is_exception(index),
            "private": not definition.public,
            "words": max(0, len(words) - _WORDS),
            "value": self._is_mere_value(definition),
            "alias": definition.kind is Kind.TYPE,
            "helper": is_helper or is_abstract,
            "shadowed": weight < others,
            "deprecated": bool(deprecated),
        }

    def _is_mere_value(self, definition: Definition) -> bool:
        """Whether a definition is a value, and no variable that the project offers for use."""
        if definition.members or not is_value(definition):
            return False
        if is_registry(self._graph, definition):
            return False
        if definition.kind is not Kind.VARIABLE:
            return True
        is_exported = self._exports.weight(definition.index) > 0
        used = self._graph.uses[definition.index]
        is_object = not all(
            is_value(self._graph.definitions[index]) for index in used
        )
        return not (is_exported and (is_object or self.use(definition)))

    def _place_of_file(self, path: str) -> _Signs:
        places = _places(path)
        depth = len(places) - 1
        return {
            "utility": is_utility(path),
            "outdated": path.startswith(self._versions),
            "command": is_command(path),
            "depth": max(0, depth - self._depth),
        }


def is_utility(path: str) -> bool:
    """Whether a file's folders or name say that it helps others."""
    return any(
        place in _UTILITY or re.match(r"_[a-z]", place)
        for place in _places(path)
    )


def is_command(path: str) -> bool:
    """Whether a file's folders or name say that it is for the command line."""
    places = _places(path)
    return places[-1] in _MAIN or not _COMMANDS.isdisjoint(places)


def _places(path: str) -> list[str]:
    """Return the folders of a file, and its name without the ending."""
    stem = path.rpartition(".")[0]
    return stem.split("/")


def _lines(definition: Definition, members: Iterable[Definition]) -> int:
    """Return how many lines a definition has, members that are written elsewhere included."""
    first = definition.line
    last = definition.end_line
    lines = last - first + 1
    for member in members:
        is_near = member.path == definition.path
        if not (is_near and first <= member.line <= last):
            lines += member.end_line - member.line + 1
    return lines


def _normal(name: str) -> str:
    """Return a name as it is compared: singular, in lower case, without separators."""
    plain = name.lower().replace("_", "").replace("-", "")
    if plain.endswith("s") and not plain.endswith("ss"):
        return plain[:-1]
    return plain


def _headings(files: Files) -> Counter[str]:
    """Weigh the words of headings, and pairs of them."""
    weights: Counter[str] = Counter()
    for path, file in files.items():
        if is_news(path):
            continue
        for heading in file.headings:
            weight = 1
            if heading.level <= _HIGH_LEVEL:
                weight = 2
            for word in _words(heading.title):
                weights[word] += weight
    return weights


def _words(title: str) -> set[str]:
    """Return the words of a title, and pairs of them, as names are compared."""
    words = re.findall(r"[^\W\d]\w+", title)
    pairs = [first + second for first, second in pairwise(words)]
    return set(map(_normal, [*words, *pairs]))


def _old_versions(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of old versions (`v1/`), which have a newer neighbour."""
    versions: dict[str, dict[int, str]] = defaultdict(dict)
    for path in paths:
        for match in _VERSION.finditer(path):
            before = path[: match.start()]
            number = int(match[1])
            versions[before][number] = path[: match.end()]
    old: list[str] = []
    for folders in versions.values():
        newest = max(folders)
        del folders[newest]
        old += folders.values()
    return tuple(old)
