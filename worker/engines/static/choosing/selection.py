"""Chooses the units of a course: the best candidates that are about different things."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Final

from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.facts import Definition, SourceFile
from worker.engines.static.linking.graph import Graph

_CONSIDERED: Final = 400
_SAME_FILE: Final = 2.0
_BIG_FILE: Final = 600
"""In lines; of a larger file several units are not about the same thing."""
_SAME_FOLDER: Final = 0.2
_SAME_PART: Final = 1.0
"""The parts of a project are the folders right below what all its code has in common. Where most of the code lies in
one folder, to lie there says little: both count by the share of the candidates that lie elsewhere.
"""
_RELATED: Final = 1.2
"""One extends the other."""
_SHOWN: Final = 3
"""So many symbols of a unit are named with it."""

_SIZES: Final = (
    (60, 2),
    (200, 4),
    (700, 5),
    (2000, 6),
    (6000, 8),
    (20000, 9),
    (60000, 10),
)
"""Up to so many lines of definitions, at most so many units; of larger projects, ten."""
_MOST: Final = 12
_FEW: Final = 5
"""Beyond so many, a unit has to be worth more than what its neighbours have taken from it."""


def size(lines: int) -> int:
    """Return how many units a project of so many lines has at most."""
    return next((most for limit, most in _SIZES if lines <= limit), _MOST)


class Chooser:
    """Chooses greedily: a choice lowers the value of its neighbours, and excludes its namesakes."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        graph: Graph,
        files: Mapping[str, SourceFile],
    ) -> None:
        """Take the candidates, the best first."""
        self._candidates: Final = candidates
        self._graph: Final = graph
        self._files: Final = files
        folders = [self._folders(one) for one in candidates]
        first, last = min(folders, default=()), max(folders, default=())
        self._common: Final = len(
            list(
                takewhile(
                    lambda pair: pair[0] == pair[1],
                    zip(first, last, strict=False),
                )
            )
        )
        self._crowd: Final = Counter(folders) + Counter(
            self._part(one) for one in folders
        )

    def choose(self, most: int) -> list[Candidate]:
        """Return at most so many, the best first."""
        left = list(self._candidates[:_CONSIDERED])
        paid = dict.fromkeys(left, 0.0)
        chosen: list[Candidate] = []
        while left and len(chosen) < most:
            best = max(
                left, key=lambda one: (one.worth - paid[one], -one.symbols[0])
            )
            if len(chosen) >= _FEW and best.worth < paid[best]:
                break
            chosen.append(best)
            named = {
                self._graph.definitions[index].name.lower()
                for index in best.symbols[:_SHOWN]
            }
            left = [
                one
                for one in left
                if one is not best and self._main(one).name.lower() not in named
            ]
            for one in left:
                paid[one] += self._closeness(one, best)
        return chosen

    def _main(self, one: Candidate) -> Definition:
        return self._graph.definitions[one.symbols[0]]

    def _folders(self, one: Candidate) -> tuple[str, ...]:
        return tuple(self._main(one).path.split("/")[:-1])

    def _part(self, folders: tuple[str, ...]) -> tuple[str, ...]:
        """Return the part of the project that a folder belongs to, marked so that it is no folder."""
        return ("", *folders[: self._common + 1])

    def _closeness(self, one: Candidate, other: Candidate) -> float:
        bases = self._graph.bases
        up = set(bases.get(one.symbols[0], ())).isdisjoint(other.symbols)
        down = set(bases.get(other.symbols[0], ())).isdisjoint(one.symbols)
        return self._nearness(one, other) + (0.0 if up and down else _RELATED)

    def _nearness(self, one: Candidate, other: Candidate) -> float:
        path = self._main(one).path
        if path == self._main(other).path:
            return _SAME_FILE * min(
                1.0, _BIG_FILE / max(1, self._files[path].lines)
            )
        folders, others = self._folders(one), self._folders(other)
        if folders == others:
            return _SAME_FOLDER * self._elsewhere(folders)
        part = self._part(folders)
        return (
            _SAME_PART * self._elsewhere(part)
            if part == self._part(others)
            else 0.0
        )

    def _elsewhere(self, folders: tuple[str, ...]) -> float:
        return 1.0 - self._crowd[folders] / len(self._candidates)
