"""The candidates for units: families of types and the functions of a module, with their worth."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.linking.graph import Graph
from worker.engines.static.parsing.identifiers import parts

_MAX_INHERITANCE_DEPTH: Final = 6
_ROOT_BONUS: Final = 0.3
"""A family is named after its root unless another member is worth clearly more."""
_FAMILY_WEIGHT: Final = 0.1
_FURTHER_FUNCTION_WEIGHT: Final = 0.3
"""What the second function of a module adds; the third adds half of that."""
_FURTHER_FUNCTIONS: Final = 5
_OBJECT_MEMBERS: Final = 2
"""A variable with this many functions assigned to it is an object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What may become a unit."""

    symbols: tuple[int, ...]
    """Most important first."""
    worth: float
    is_module: bool
    """Whether it is the functions of a module, rather than a family of types."""


def candidates(
    graph: Graph, worth_of: Callable[[Definition], float]
) -> list[Candidate]:
    """Return all candidates, the best first."""
    worth: dict[int, float] = {}
    families: dict[int, list[int]] = defaultdict(list)
    modules: dict[str, list[int]] = defaultdict(list)
    for definition in graph.definitions:
        if definition.parent is not None:
            continue
        index = definition.index
        worth[index] = worth_of(definition)
        if is_type(definition):
            root = _family_root(graph, index)
            families[root].append(index)
        elif definition.kind is not Kind.MACRO:
            modules[definition.path].append(index)
    found = [
        _family(graph, root, members, worth)
        for root, members in families.items()
    ]
    found += [_module(graph, members, worth) for members in modules.values()]
    return sorted(
        found, key=lambda candidate: (-candidate.worth, candidate.symbols)
    )


def is_type(definition: Definition) -> bool:
    """Tell whether a definition makes a unit by itself: a type, but no alias; or an object."""
    if definition.kind in TYPES and definition.kind is not Kind.TYPE:
        return True
    return len(definition.members) >= _OBJECT_MEMBERS


def _family_root(graph: Graph, index: int) -> int:
    """Return the farthest base that shares the last word of its name with the type.

    For exceptions, return the farthest base that is an exception.
    """
    root = index
    for _ in range(_MAX_INHERITANCE_DEPTH):
        base = _related_base(graph, root)
        if base is None:
            break
        root = base
    return root


def _related_base(graph: Graph, index: int) -> int | None:
    last_word = _last_word(graph, index)
    is_exception = graph.is_exception(index)
    for base in graph.bases.get(index, ()):
        if base == index or graph.definitions[base].parent is not None:
            continue
        if is_exception and graph.is_exception(base):
            return base
        if _last_word(graph, base) == last_word:
            return base
    return None


def _last_word(graph: Graph, index: int) -> tuple[str, ...]:
    return parts(graph.definitions[index].name)[-1:]


def _family(
    graph: Graph, root: int, members: Sequence[int], worth: dict[int, float]
) -> Candidate:
    def rank(index: int) -> tuple[float, int]:
        bonus = _ROOT_BONUS if index == root else 0.0
        return -worth[index] - bonus, index

    ordered = sorted(members, key=rank)
    first_of_name: dict[str, int] = {}
    namesakes: list[int] = []
    for index in ordered:
        name = graph.definitions[index].name
        if name in first_of_name:
            namesakes.append(index)
        else:
            first_of_name[name] = index
    size_bonus = _FAMILY_WEIGHT * math.log1p(len(ordered) - 1)
    return Candidate(
        symbols=(*first_of_name.values(), *namesakes),
        worth=worth[ordered[0]] + size_bonus,
        is_module=False,
    )


def _module(
    graph: Graph, members: Sequence[int], worth: dict[int, float]
) -> Candidate:
    public = [index for index in members if graph.definitions[index].public]
    ordered = sorted(
        public or members, key=lambda index: (-worth[index], index)
    )
    further = sum(
        max(0.0, worth[index]) * 0.5**place
        for place, index in enumerate(ordered[1 : _FURTHER_FUNCTIONS + 1])
    )
    return Candidate(
        symbols=tuple(ordered),
        worth=worth[ordered[0]] + _FURTHER_FUNCTION_WEIGHT * further,
        is_module=True,
    )
