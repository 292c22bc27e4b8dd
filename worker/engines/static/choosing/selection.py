"""Chooses the units of a course: the best candidates that are about different things."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from worker.engines.static.choosing.candidates import LEADERS, Candidate
from worker.engines.static.choosing.packages import Packages
from worker.engines.static.choosing.ranking import (
    VALUES,
    Ranking,
    is_command,
    is_utility,
)
from worker.engines.static.facts import Definition, SourceFile
from worker.engines.static.linking.graph import Graph

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
_SAME_CHAPTER: Final = 1.0
"""The same: a package of a chapter's size gets a second chapter last of all."""
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
"""Beyond this many, a unit has to be worth more than its neighbours have taken from it."""
_NAMED: Final = 3
"""A course of so many units may have one more for a guide's subject."""
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
        graph: Graph,
        files: Mapping[str, SourceFile],
        ranking: Ranking,
        most: int,
    ) -> None:
        """Take the candidates, the best first."""
        self._candidates = candidates
        self._graph = graph
        self._files = files
        self._ranking = ranking
        self._most = most
        self._packages = Packages(
            (definition.path for definition in graph.definitions), files, most
        )
        self._best = 0.0
        if candidates:
            self._best = candidates[0].worth
        paths = [self._main(candidate).path for candidate in candidates]
        self._folders = Counter(map(_folder, paths))
        self._parts = Counter(map(self._packages.part, paths))
        self._offers = [
            _Offer(candidate) for candidate in candidates[:_CONSIDERED]
        ]
        self._taken: set[str] = set()
        self._near: dict[tuple[str, str], float] = {}

    def choose(self) -> list[Candidate]:
        """Return the chosen candidates, the best first."""
        chosen: list[Candidate] = []
        while self._offers and len(chosen) < self._most:
            best = max(self._pool(self._offers, chosen), key=_value)
            is_cheap = best.candidate.worth < best.paid
            if is_cheap and len(chosen) >= _FEW:
                break
            chosen.append(best.candidate)
            self._take(best)
        return [self._whole(candidate, chosen) for candidate in chosen]

    def choose_named(self, names: Mapping[str, int]) -> list[Candidate]:
        """Return a few more candidates that are about one of some names, the best first.

        Each of the names has the number of texts that are about it.
        """
        named: list[Candidate] = []
        while len(named) < self._most // _NAMED:
            offers = [
                offer
                for offer in self._offers
                if self._is_named(offer.candidate, names)
                and offer.candidate.worth > offer.paid
            ]
            if not offers:
                break
            best = max(offers, key=_value)
            named.append(best.candidate)
            self._take(best)
        return named

    def _is_named(self, candidate: Candidate, names: Mapping[str, int]) -> bool:
        main = self._main(candidate)
        return (
            main.name in names
            and self._ranking.is_public(main)
            and not is_utility(main.path)
            and not is_command(main.path)
        )

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
        leaders = best.candidate.symbols[:LEADERS]
        self._taken.update(self._names(leaders))
        self._offers = list(self._renamed(self._offers, self._taken))
        for offer in self._offers:
            offer.paid += self._closeness(offer.candidate, best.candidate)

    def _pool(
        self, offers: list[_Offer], chosen: Sequence[Candidate]
    ) -> list[_Offer]:
        is_early = len(chosen) < _FREE * self._most
        if is_early or self._most <= _LARGE:
            return offers
        parts = {
            self._packages.part(self._main(candidate).path)
            for candidate in chosen
        }
        best, _ = max(map(_value, offers))
        least = _WITH * best
        new = []
        for offer in offers:
            path = self._main(offer.candidate).path
            is_part = self._packages.is_inside(path) and not is_utility(path)
            is_new = is_part and self._packages.part(path) not in parts
            if is_new and offer.candidate.worth >= least:
                new.append(offer)
        return new or offers

    def _renamed(
        self, offers: Iterable[_Offer], taken: set[str]
    ) -> Iterable[_Offer]:
        """Yield the offers whose name is not taken, or that have another one."""
        for offer in offers:
            candidate = offer.candidate
            first, *others = candidate.symbols[: _RELED + 1]
            if not self._names([first]) <= taken:
                yield offer
                continue
            free = [
                index for index in others if not self._names([index]) <= taken
            ]
            if free:
                offer.candidate = self._led(candidate, free[0], taken)
                yield offer

    def _led(
        self, candidate: Candidate, leader: int, taken: set[str]
    ) -> Candidate:
        """Return a candidate that is about another of its symbols first."""
        before = self._ranking.of(self._main(candidate))
        after = self._ranking.of(self._graph.definitions[leader])
        others = [
            index
            for index in candidate.leaders
            if index != leader and not self._names([index]) <= taken
        ]
        symbols = dict.fromkeys((leader, *candidate.symbols))
        return replace(
            candidate,
            symbols=tuple(symbols),
            leaders=(leader, *others),
            worth=candidate.worth - before + after,
        )

    def _whole(
        self, candidate: Candidate, chosen: Sequence[Candidate]
    ) -> Candidate:
        """Return a candidate with the others of its package, if that has a chapter's size."""
        package = self._packages.chapter(self._main(candidate).path)
        if not package:
            return candidate
        used: set[int] = set()
        for other in chosen:
            used.update(other.symbols)
        others = [
            other
            for other in self._candidates
            if self._main(other).path.startswith(f"{package}/")
            and other.worth >= _WITH * candidate.worth
            and used.isdisjoint(other.symbols[:1])
        ]
        if not others:
            return candidate
        together = [candidate, *others]
        leaders = self._leaders(together)
        symbols = [
            index for candidate in together for index in candidate.symbols
        ]
        return replace(
            candidate,
            symbols=tuple(dict.fromkeys((*leaders, *symbols))),
            leaders=leaders,
        )

    def _leaders(self, together: Sequence[Candidate]) -> tuple[int, ...]:
        """Return what candidates are named after together.

        It is the best of them, then what others import most.
        """
        by_name: dict[str, int] = {}
        for candidate in together:
            for index in candidate.leaders:
                name = self._graph.definitions[index].name.lower()
                by_name.setdefault(name, index)
        first, *others = by_name.values()
        others.sort(key=self._order_of_use)
        return (first, *others[: LEADERS - 1])

    def _order_of_use(self, index: int) -> tuple[bool, int]:
        definition = self._graph.definitions[index]
        return definition.kind in VALUES, -self._ranking.use(definition)

    def _names(self, indices: Iterable[int]) -> set[str]:
        return {
            self._graph.definitions[index].name.lower() for index in indices
        }

    def _main(self, candidate: Candidate) -> Definition:
        return self._graph.definitions[candidate.symbols[0]]

    def _closeness(self, candidate: Candidate, other: Candidate) -> float:
        bases = self._graph.bases
        own_bases = bases.get(candidate.symbols[0], ())
        up = set(own_bases).isdisjoint(other.symbols)
        other_bases = bases.get(other.symbols[0], ())
        down = set(other_bases).isdisjoint(candidate.symbols)
        related = _RELATED
        if up and down:
            related = 0.0
        path = self._main(candidate).path
        other_path = self._main(other).path
        return related + self._nearness(path, other_path)

    def _nearness(self, path: str, other: str) -> float:
        """Return how much of what two files say is the same; remembered, for files are fewer."""
        if (path, other) not in self._near:
            self._near[path, other] = self._compared(path, other)
        return self._near[path, other]

    def _compared(self, path: str, other: str) -> float:
        same = 0.0
        chapter = self._packages.chapter(path)
        if chapter and chapter == self._packages.chapter(other):
            same = _SAME_CHAPTER * self._best
        folder = _folder(path)
        part = self._packages.part(path)
        if path == other:
            lines = max(1, self._files[path].lines)
            same += _SAME_FILE * min(1.0, _BIG_FILE / lines)
        elif folder == _folder(other):
            same += _SAME_FOLDER * self._elsewhere(self._folders[folder])
        elif part == self._packages.part(other):
            elsewhere = self._elsewhere(self._parts[part])
            same += _SAME_PART * self._best * elsewhere
        return same

    def _elsewhere(self, count: int) -> float:
        return 1.0 - count / len(self._candidates)


def _folder(path: str) -> str:
    folder, _, _ = path.rpartition("/")
    return folder


def _value(offer: _Offer) -> tuple[float, int]:
    candidate = offer.candidate
    return candidate.worth - offer.paid, -candidate.symbols[0]
