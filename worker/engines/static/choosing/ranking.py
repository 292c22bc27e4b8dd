"""How much a definition matters to who learns the project: a sum of cheap signs, weighed by hand.

The weights are round numbers on purpose: fitted ones describe the projects that they were
fitted to. What counts most is what many files use, what is large, what the project exports
and what its README shows. What everything uses and what uses nothing itself (a status, a
slice) explains little, however often it is seen.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from worker.engines.static.choosing.encounters import Encounter, Source
from worker.engines.static.choosing.public_use import PublicUse
from worker.engines.static.facts import Definition, Kind, Role, SourceFile
from worker.engines.static.linking.graph import Graph
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.parsing.identifiers import parts, word_set

_WEIGHTS: Final = {
    "used": 0.8,
    "uses": 0.45,
    "lines": 0.2,
    "members": 0.2,
    "descendants": 0.45,
    "exported": 0.9,
    "met": 0.3,
    "imported": 0.3,
    "module": 0.1,
    "depth": -0.2,
    "heading": 0.8,
    "tests": 0.25,
    "shown": 0.45,
    "ubiquitous": -6.0,
    "exception": -0.5,
    "utility": -0.8,
    "helper": -1.0,
    "outdated": -1.5,
    "private": -1.0,
    "words": -0.3,
    "value": -2.0,
    "alias": -0.8,
    "command": -0.4,
    "declaration": -1.5,
}

VALUES: Final = frozenset({Kind.VARIABLE, Kind.CONSTANT, Kind.MACRO})
_MET: Final = {
    Source.README_EXAMPLE: 1.2,
    Source.README: 1.0,
    Source.GUIDE: 0.7,
    Source.EXAMPLE: 0.5,
    Source.DOCUMENT: 0.3,
}
_LINES: Final = 20
"""Lines in one step of size."""
_UBIQUITOUS: Final = 0.25
"""What a larger share of all files uses is part of the language that the project speaks."""
_FEW_USES: Final = 3
_WORDS: Final = 2
_NAMESAKES: Final = 0.25
_SHORT: Final = 3
"""A name of so few letters says nothing in a text."""

_UTILITY: Final = word_set(
    "utils util utilities helpers helper common misc support compat _compat typing types "
    "constants version internal _internal experimental deprecated legacy contrib platform port "
    "posix unix win win32 windows arch"
)
_HELPERS: Final = word_set(
    "utils util utilities helpers helper misc mixin constants"
)
_COMMANDS: Final = word_set("cli bin cmd commands __main__ main")
_NEWS: Final = re.compile(
    r"change|history|news|release|licen|contribut|conduct|author|security",
    re.IGNORECASE,
)
_SCRIPT: Final = re.compile(r"\.[cm]?[jt]sx?$")


class Ranking:
    """Weighs definitions."""

    def __init__(
        self,
        files: Mapping[str, SourceFile],
        graph: Graph,
        resolver: Resolver,
        mentions: Mapping[str, Sequence[str]],
        encounters: Mapping[str, Encounter],
        public_use: PublicUse,
    ) -> None:
        """Collect what is known of the whole project."""
        self._files: Final = files
        self._graph: Final = graph
        self._mentions: Final = mentions
        self._encounters: Final = encounters
        self._public_use: Final = public_use
        self._parsed: Final = max(1, len(resolver.paths))
        self._exports: Final = public_use.exports
        self._headings: Final = _headings(files)
        self._versions: Final = _old_versions(resolver.paths)
        self._names: Final = Counter(one.name for one in graph.definitions)
        self._depth: Final = min(
            (path.count("/") for path in resolver.paths), default=0
        )
        self._scripted: Final = any(
            _SCRIPT.search(path) and ".d." not in path
            for path in resolver.paths
        )

    def of(self, one: Definition) -> float:
        """Return what a top-level definition is worth."""
        signs = {
            **self._use(one),
            **self._text(one),
            **self._name(one),
            **self._place(one),
        }
        return sum(_WEIGHTS[sign] * value for sign, value in signs.items())

    def use(self, one: Definition) -> int:
        """Return how many tests, examples and documents import a definition."""
        return self._public_use.of_name(one)

    def _use(self, one: Definition) -> dict[str, float]:
        graph, index = self._graph, one.index
        share = len(graph.used[index]) / self._parsed
        members = [graph.definitions[member] for member in one.members]
        return {
            "used": math.log1p(sum(graph.used[index].values())),
            "uses": math.log1p(len(graph.uses[index])),
            "lines": math.log1p(_lines(one, members) / _LINES),
            "members": math.log1p(sum(member.public for member in members)),
            "descendants": math.log1p(len(graph.descendants[index])),
            "exported": self._exports.weight(index),
            "ubiquitous": max(0.0, share - _UBIQUITOUS)
            if len(graph.uses[index]) < _FEW_USES
            else 0.0,
        }

    def _text(self, one: Definition) -> dict[str, float]:
        """Weigh where texts name a definition."""
        paths = self._mentions.get(one.name, ())
        roles = Counter(self._files[path].role for path in paths)
        certainty = self._certainty(one)
        shown = roles[Role.EXAMPLE] + roles[Role.DOCUMENT]
        return {
            "met": certainty * self._met(one),
            "imported": math.log1p(self.use(one)),
            "module": math.log1p(self._public_use.of_module(one.path)),
            "heading": certainty * self._heading(one.name),
            "tests": certainty * math.log1p(roles[Role.TEST]),
            "shown": certainty * math.log1p(shown),
        }

    def _certainty(self, one: Definition) -> float:
        """Return how surely a text with a definition's name means it.

        A name that others have as well proves less; the project's own name proves nothing.
        """
        if one.name == self._public_use.project:
            return 0.0
        ours = 1 + sum(self._graph.used[one.index].values())
        share = ours / (ours + self._graph.foreign[one.name])
        return share / math.pow(self._names[one.name], _NAMESAKES)

    def _heading(self, name: str) -> float:
        if len(name) <= _SHORT:
            return 0.0
        return min(1.0, 0.5 * self._headings[_normal(name)])

    def _met(self, one: Definition) -> float:
        met = self._encounters.get(one.name)
        if met:
            return _MET[met.source]
        return 0.0

    def _name(self, one: Definition) -> dict[str, float]:
        words = parts(one.name)
        return {
            "exception": self._graph.is_exception(one.index),
            "private": not one.public,
            "words": max(0, len(words) - _WORDS),
            "value": self._is_mere_value(one),
            "alias": one.kind is Kind.TYPE,
            "helper": bool(words) and words[-1].lower() in _HELPERS,
        }

    def _is_mere_value(self, one: Definition) -> bool:
        if one.members or one.kind not in VALUES:
            return False
        is_offered = self._exports.weight(
            one.index
        ) > 0 and self._public_use.of_name(one)
        return one.kind is not Kind.VARIABLE or not is_offered

    def _place(self, one: Definition) -> dict[str, float]:
        *folders, stem = one.path.rpartition(".")[0].split("/")
        places = [*folders, stem]
        return {
            "utility": is_utility(one.path),
            "outdated": any(
                one.path.startswith(version) for version in self._versions
            ),
            "command": any(place in _COMMANDS for place in places),
            "depth": max(0, len(folders) - self._depth),
            "declaration": self._scripted and one.path.endswith(".d.ts"),
        }


def is_utility(path: str) -> bool:
    """Tell whether a file's folders or name say that it helps others."""
    places = path.rpartition(".")[0].split("/")
    return any(
        place in _UTILITY or re.match(r"_[a-z]", place) for place in places
    )


def _lines(one: Definition, members: Sequence[Definition]) -> int:
    """Return how many lines a definition has, members that are written elsewhere included."""
    apart = [
        each
        for each in members
        if each.path != one.path or not one.line <= each.line <= one.end_line
    ]
    return sum(each.end_line - each.line + 1 for each in (one, *apart))


def _normal(name: str) -> str:
    """Return a name as it is compared: singular, in lower case, without separators."""
    plain = name.lower().replace("_", "").replace("-", "")
    if plain.endswith("s") and not plain.endswith("ss"):
        return plain[:-1]
    return plain


def _headings(files: Mapping[str, SourceFile]) -> Counter[str]:
    """Count the words of headings, and pairs of them; a heading deep in a document counts half."""
    found: Counter[str] = Counter()
    for path, file in files.items():
        for heading in file.headings if not _NEWS.search(path) else ():
            words = re.findall(r"[^\W\d]\w+", heading.title)
            singles = {_normal(word) for word in words}
            pairs = {_normal(one + other) for one, other in pairwise(words)}
            for word in singles | pairs:
                found[word] += 2 if heading.level <= _WORDS else 1
    return Counter({word: count // 2 or 1 for word, count in found.items()})


def _within(folder: str, other: str) -> bool:
    return folder != other and (not other or folder.startswith(f"{other}/"))


def _old_versions(paths: Sequence[str]) -> tuple[str, ...]:
    """Return folders of old versions (`v1/`), which have a newer or an unversioned neighbour."""
    found: dict[str, dict[int, str]] = {}
    for path in paths:
        for match in re.finditer(r"(?:^|/)v(\d{1,4})/", path):
            before = path[: match.start()]
            found.setdefault(before, {})[int(match[1])] = path[: match.end()]
    old = []
    for before, versions in found.items():
        beside = any(
            _within(path, before) and path.count("/") == before.count("/") + 1
            for path in paths
        )
        newest = max(versions)
        old += [
            folder
            for number, folder in versions.items()
            if number != newest or (beside and len(versions) == 1)
        ]
    return tuple(old)
