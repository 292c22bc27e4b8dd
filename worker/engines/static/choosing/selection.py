"""Chooses the units of a course: the best candidates that are about different things."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from posixpath import dirname
from typing import Final

from worker.engines.static.choosing.candidates import (
    LEADERS,
    Candidate,
    is_value,
)
from worker.engines.static.choosing.packages import Packages, is_interface
from worker.engines.static.choosing.ranking import (
    Ranking,
    is_command,
    is_utility,
)
from worker.engines.static.facts import Definition, Files
from worker.engines.static.linking.graph import DefinitionGraph

_CONSIDERED: Final = 400
_SAME_FILE: Final = 2.0
_BIG_FILE: Final = 600
"""In lines; several units of a larger file are not about the same thing."""
_SAME_FOLDER: Final = 0.2
_RELATED: Final = 1.2
"""One extends the other."""

_SAME_PART: Final = 0.12
"""As a share of the best candidate's worth. A folder or a part in which most of the code lies
says little: both count by the share of the candidates that lie elsewhere.
"""
_WITH: Final = 0.5
"""The chapter on such a package is about all that is worth this share of its best."""
_RELED: Final = 2
"""How many symbols may lead a unit in place of one whose name is taken."""

_SIZES: Final = (
    (60, 2),
    (200, 4),
    (700, 5),
    (2000, 6),
    (6000, 8),
    (20000, 9),
    (60000, 10),
    (100000, 12),
)
"""Up to this many lines of definitions, at most this many units."""
_MOST: Final = 20
_FEW: Final = 5
"""Beyond this number, a unit's worth has to exceed what its neighbours took from it."""
_NAMED: Final = 3
"""For each three units, a course may have one more for a guide's subject."""
_WORTHY: Final = 0.3
"""What is worth less than this share of the best is never offered beyond the units."""
_LARGE: Final = 12
_FREE: Final = 0.7
"""In a course of more than `_LARGE` units, the rest is for parts without one."""


def size(lines: int) -> int:
    """Return how many units a project of this many lines has at most."""
    for limit, most in _SIZES:
        if lines <= limit:
            return most
    return _MOST


@dataclass(eq=False, slots=True)
class _Offer:
    """A candidate, and what its chosen neighbours have taken from its worth."""

    candidate: Candidate
    paid: float = 0.0


class Chooser:
    """Chooses greedily: a choice lowers the value of its neighbours, and takes its names."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        graph: DefinitionGraph,
        files: Files,
        ranking: Ranking,
        most: int,
    ) -> None:
        """Take the candidates, the best first."""
        self._candidates = candidates
        self._graph = graph
        self._definitions = graph.definitions
        self._files = files
        self._ranking = ranking
        self._most = most
        self._packages = Packages(
            (definition.path for definition in graph.definitions), files, most
        )
        self._best = 0.0
        if candidates:
            self._best = candidates[0].worth
        paths = [self._path(candidate) for candidate in candidates]
        self._folder = cache(dirname)
        self._folders = Counter(map(dirname, paths))
        self._parts = Counter(map(self._packages.part, paths))
        self._offers = [
            _Offer(candidate) for candidate in candidates[:_CONSIDERED]
        ]
        self._taken: set[str] = set()
        """Names, in lower case."""
        self._nearness = cache(self._nearness_of)

    def choose(self) -> list[Candidate]:
        """Return the chosen candidates, the best first."""
        chosen: list[Candidate] = []
        while self._offers and len(chosen) < self._most:
            best = max(self._pool(chosen), key=_value)
            is_cheap = best.candidate.worth < best.paid
            if is_cheap and len(chosen) >= _FEW:
                break
            chosen.append(best.candidate)
            self._take(best)
        return [self._whole(candidate, chosen) for candidate in chosen]

    def choose_named(self, names: Collection[str]) -> list[Candidate]:
        """Return a few more candidates, the best first: of some names, then of exported ones."""
        named: list[Candidate] = []
        appeal = partial(self._appeal, names)
        while len(named) < self._most // _NAMED:
            best = max(self._offers, key=appeal, default=None)
            if best is None or not appeal(best):
                break
            named.append(best.candidate)
            self._take(best)
        return named

    def _appeal(self, names: Collection[str], offer: _Offer) -> float:
        """Return how much an offer is wanted beyond the units; nothing if it is not."""
        main = self._main(offer.candidate)
        worth = offer.candidate.worth
        is_aside = is_utility(main.path) or is_command(main.path)
        if is_aside or worth <= offer.paid:
            return 0.0
        if main.name in names and self._ranking.is_public(main):
            return self._best + worth - offer.paid
        is_worthy = worth >= _WORTHY * self._best
        if is_worthy and self._ranking.is_offered(main):
            return worth
        return 0.0

    def choose_more(self, most: int) -> list[Candidate]:
        """Return what would be chosen next if a course had more room, the best first."""
        more: list[Candidate] = []
        while self._offers and len(more) < most:
            best = max(self._offers, key=_value)
            if best.candidate.worth >= _WORTHY * self._best:
                more.append(best.candidate)
            self._take(best)
        return more

    def _take(self, best: _Offer) -> None:
        """Choose an offer: it takes its names, and some worth from its neighbours."""
        self._offers.remove(best)
        chosen = best.candidate
        for index in chosen.symbols[:LEADERS]:
            self._taken.add(self._name(index))
        offers = []
        for offer in self._offers:
            candidate = offer.candidate
            leader = self._free(candidate)
            if leader is None:
                continue
            if not self._taken.isdisjoint(map(self._name, candidate.leaders)):
                candidate = self._led(candidate, leader)
                offer.candidate = candidate
            offer.paid += self._closeness(candidate, chosen)
            offers.append(offer)
        self._offers = offers

    def _free(self, candidate: Candidate) -> int | None:
        """Return the first symbol that may lead a candidate: its name is not taken."""
        for index in candidate.symbols[: _RELED + 1]:
            if self._name(index) not in self._taken:
                return index
        return None

    def _led(self, candidate: Candidate, leader: int) -> Candidate:
        """Return a candidate that is about another of its symbols first."""
        before = self._ranking.of(self._main(candidate))
        after = self._ranking.of(self._definitions[leader])
        free = [
            index
            for index in candidate.leaders
            if self._name(index) not in self._taken
        ]
        leaders = dict.fromkeys((leader, *free))
        symbols = dict.fromkeys((leader, *candidate.symbols))
        return replace(
            candidate,
            symbols=tuple(symbols),
            leaders=tuple(leaders),
            worth=candidate.worth - before + after,
        )

    def _pool(self, chosen: Sequence[Candidate]) -> list[_Offer]:
        """Return what may be chosen next: late in a large course, parts without a unit first."""
        is_early = len(chosen) < _FREE * self._most
        if is_early or self._most <= _LARGE:
            return self._offers
        packages = self._packages
        parts = {packages.part(self._path(candidate)) for candidate in chosen}
        values = map(_value, self._offers)
        best, _ = max(values)
        least = _WITH * best
        new = []
        for offer in self._offers:
            path = self._path(offer.candidate)
            is_part = packages.is_inside(path) and not is_utility(path)
            is_worthy = offer.candidate.worth >= least
            if is_part and is_worthy and packages.part(path) not in parts:
                new.append(offer)
        return new or self._offers

    def _whole(
        self, candidate: Candidate, chosen: Sequence[Candidate]
    ) -> Candidate:
        """Return a candidate with the others of its package, if that has a chapter's size."""
        package = self._packages.chapter(self._path(candidate))
        if not package:
            return candidate
        used = {index for other in chosen for index in other.symbols}
        least = _WITH * candidate.worth
        together = [candidate]
        for other in self._candidates:
            is_inside = self._path(other).startswith(f"{package}/")
            is_free = other.symbols[0] not in used
            if is_inside and is_free and other.worth >= least:
                together.append(other)
        if len(together) == 1:
            return candidate
        leaders = self._leaders(together)
        symbols = list(leaders)
        for other in together:
            symbols += other.symbols
        unique = dict.fromkeys(symbols)
        return replace(candidate, symbols=tuple(unique), leaders=leaders)

    def _leaders(self, together: Sequence[Candidate]) -> tuple[int, ...]:
        """Return what candidates are named after together.

        It is the best of them, then what others import most.
        """
        by_name: dict[str, int] = {}
        for candidate in together:
            for index in candidate.leaders:
                by_name.setdefault(self._name(index), index)
        first, *others = by_name.values()
        others.sort(key=self._order_of_use)
        return (first, *others[: LEADERS - 1])

    def _order_of_use(self, index: int) -> tuple[bool, int]:
        definition = self._definitions[index]
        return is_value(definition), -self._ranking.use(definition)

    def _name(self, index: int) -> str:
        return self._definitions[index].name.lower()

    def _main(self, candidate: Candidate) -> Definition:
        return self._definitions[candidate.symbols[0]]

    def _path(self, candidate: Candidate) -> str:
        return self._main(candidate).path

    def _closeness(self, candidate: Candidate, other: Candidate) -> float:
        closeness = self._nearness(self._path(candidate), self._path(other))
        bases = self._graph.bases
        own_bases = bases.get(candidate.symbols[0], ())
        other_bases = bases.get(other.symbols[0], ())
        if any(base in other.symbols for base in own_bases) or any(
            base in candidate.symbols for base in other_bases
        ):
            closeness += _RELATED
        return closeness

    def _nearness_of(self, path: str, other: str) -> float:
        """Return the share of their text that two files have in common."""
        packages = self._packages
        same = 0.0
        chapter = packages.chapter(path)
        if chapter and chapter == packages.chapter(other):
            # A package of a chapter's size gets a second chapter last of all.
            same = self._best
        folder = self._folder(path)
        part = packages.part(path)
        if path == other:
            lines = max(1, self._files[path].lines)
            same += _SAME_FILE * min(1.0, _BIG_FILE / lines)
        elif folder == self._folder(other):
            # Public headers lie together whatever they are about.
            if not is_interface(path):
                elsewhere = self._elsewhere(self._folders[folder])
                same += _SAME_FOLDER * elsewhere
        elif part == packages.part(other):
            elsewhere = self._elsewhere(self._parts[part])
            same += _SAME_PART * self._best * elsewhere
        return same

    def _elsewhere(self, count: int) -> float:
        return 1.0 - count / len(self._candidates)


def _value(offer: _Offer) -> tuple[float, int]:
    candidate = offer.candidate
    return candidate.worth - offer.paid, -candidate.symbols[0]
