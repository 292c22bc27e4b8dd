"""The candidates: families of types, the functions of a module, documents; and what each is worth."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.linking.graph import Graph
from worker.engines.static.parsing.identifiers import parts

_DEEP: Final = 6
_ROOT_BONUS: Final = 0.3
"""A family is called after its root unless a member matters clearly more."""
_FAMILY: Final = 0.1
_MORE: Final = 0.3
"""What the second function of a module adds, and the third half of that."""
_COUNTED: Final = 5
_OBJECT_MEMBERS: Final = 2
"""A variable with so many functions assigned to it is an object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What may become a unit."""

    symbols: tuple[int, ...]
    """Most important first."""
    worth: float
    is_module: bool
    """Whether it is the functions of a module, rather than a family of types."""


def candidates(graph: Graph, merit: Callable[[Definition], float]) -> list[Candidate]:
    """Return all candidates, the best first."""
    worth = {one.index: merit(one) for one in graph.definitions if one.parent is None}
    families: dict[int, list[int]] = defaultdict(list)
    modules: dict[str, list[int]] = defaultdict(list)
    for index in worth:
        one = graph.definitions[index]
        if is_type(one):
            families[_root(graph, index)].append(index)
        elif one.kind is not Kind.MACRO:
            modules[one.path].append(index)
    found = [_family(graph, root, members, worth) for root, members in families.items()]
    found += [_module(graph, members, worth) for members in modules.values()]
    return sorted(found, key=lambda one: (-one.worth, one.symbols))


def is_type(one: Definition) -> bool:
    """Tell whether a definition can stand for itself: a type that is more than another name, or an object."""
    return (one.kind in TYPES and one.kind is not Kind.TYPE) or len(
        one.members
    ) >= _OBJECT_MEMBERS


def _root(graph: Graph, index: int) -> int:
    """Return the base that a type folds into: the farthest whose last word it shares.

    Of exceptions, the farthest.
    """
    for _ in range(_DEEP):
        last, is_exception = (
            parts(graph.definitions[index].name)[-1:],
            graph.is_exception(index),
        )
        for base in graph.bases.get(index, ()):
            other = graph.definitions[base]
            alike = is_exception and graph.is_exception(base)
            if (
                other.parent is None
                and base != index
                and (alike or parts(other.name)[-1:] == last)
            ):
                index = base
                break
        else:
            break
    return index


def _family(
    graph: Graph, root: int, members: Sequence[int], worth: dict[int, float]
) -> Candidate:
    bonus = {root: _ROOT_BONUS}
    ordered = sorted(
        members, key=lambda index: (-worth[index] - bonus.get(index, 0.0), index)
    )
    named: dict[str, int] = {}
    for index in ordered:
        named.setdefault(graph.definitions[index].name, index)
    rest = [index for index in ordered if named[graph.definitions[index].name] != index]
    total = worth[ordered[0]] + _FAMILY * math.log1p(len(ordered) - 1)
    return Candidate(symbols=(*named.values(), *rest), worth=total, is_module=False)


def _module(graph: Graph, members: Sequence[int], worth: dict[int, float]) -> Candidate:
    public = [index for index in members if graph.definitions[index].public] or members
    ordered = sorted(public, key=lambda index: (-worth[index], index))
    more = sum(
        max(0.0, worth[index]) * 0.5**place
        for place, index in enumerate(ordered[1 : _COUNTED + 1])
    )
    return Candidate(
        symbols=tuple(ordered), worth=worth[ordered[0]] + _MORE * more, is_module=True
    )
