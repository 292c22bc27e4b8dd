"""The candidates for units: families of types, the functions of a module, or a whole small file."""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from posixpath import dirname
from typing import Final

from worker.engines.static.facts import (
    TYPES,
    Definition,
    Files,
    Kind,
    Worths,
)
from worker.engines.static.linking.graph import DefinitionGraph
from worker.engines.static.parsing.identifiers import parts

_MAX_INHERITANCE_DEPTH: Final = 6
_ROOT_BONUS: Final = 0.3
"""A family is named after its root unless another member is worth clearly more."""
_FAMILY_WEIGHT: Final = 0.1
_FURTHER_WEIGHT: Final = 0.3
"""The share that the second subject of a file adds; the third adds half as much."""
_FURTHER: Final = 5
_SMALL_FILE: Final = 600
"""Lines up to which all that a file defines is one subject."""
_MANY_FILES: Final = 12
"""In a project of fewer files, what a file defines are subjects of their own."""
_OBJECT_MEMBERS: Final = 2
"""A variable with this many functions assigned to it is an object."""
_ROLES: Final = frozenset({"mixin", "base", "impl"})
"""Last words that say what part a type plays in a family."""
_REGISTERED: Final = 10
"""The fewest functions in a table that is a subject."""
_PART: Final = re.compile(r"(?<=.)(?:Builder|Internal)$")
"""The ending of names of types that make another type, or belong inside it."""
LEADERS: Final = 3
"""How many definitions a unit is named after."""
_LOGGER: Final = re.compile(r"(?i)\b(?:get|new)_?(?:\w+_)?logger\b")
VALUES: Final = frozenset({Kind.VARIABLE, Kind.CONSTANT, Kind.MACRO})
_LEADING: Final = 0.5
"""A unit is also named after what is worth this share of the best of its file."""
_JOINED: Final = 0.6
"""Weight of a file's other subjects."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What may become a unit."""

    symbols: tuple[int, ...]
    """Most important first."""
    worth: float
    leaders: tuple[int, ...]
    """The symbols that the unit is named after."""


def candidates(
    graph: DefinitionGraph,
    files: Files,
    worth: Worths,
    apart: Collection[str] = (),
) -> list[Candidate]:
    """Return all candidates, the best first; `worth` is that of top-level definitions.

    Types whose names are in `apart` belong to no family of another file.
    """
    types: list[int] = []
    functions: dict[str, list[int]] = defaultdict(list)
    for index in worth:
        definition = graph.definitions[index]
        if is_type(definition):
            types.append(index)
        elif _is_subject(graph, definition):
            functions[definition.path].append(index)
    subjects = [
        _family(graph, root, members, worth)
        for root, members in _families(graph, types, apart).items()
    ]
    subjects += [
        _module(graph, members, worth) for members in functions.values()
    ]
    return _sorted(_merged(graph, files, subjects))


def _sorted(subjects: Iterable[Candidate]) -> list[Candidate]:
    return sorted(
        subjects, key=lambda subject: (-subject.worth, subject.symbols)
    )


def is_type(definition: Definition) -> bool:
    """Whether a definition makes a unit by itself: a type, but no alias; or an object."""
    if definition.kind in TYPES and definition.kind is not Kind.TYPE:
        return True
    return len(definition.members) >= _OBJECT_MEMBERS


def is_value(definition: Definition) -> bool:
    """Whether a definition is a value, or a macro that is not for other projects."""
    return definition.kind in VALUES and not is_exported_macro(definition)


def is_exported_macro(definition: Definition) -> bool:
    """Whether a definition is a macro that its crate exports."""
    return definition.public and "macro_export" in definition.decorators


def is_registry(graph: DefinitionGraph, definition: Definition) -> bool:
    """Whether a value lists functions of its file, as a table of what a user may call."""
    if definition.kind not in VALUES:
        return False
    definitions = graph.definitions
    listed = [definitions[index] for index in graph.uses[definition.index]]
    kinds = [other.kind for other in listed if other.path == definition.path]
    return kinds.count(Kind.FUNCTION) >= _REGISTERED


def is_logger(definition: Definition) -> bool:
    """Whether a definition is a module's logger, which explains nothing."""
    if definition.kind not in VALUES:
        return False
    return _LOGGER.search(definition.signature) is not None


def _families(
    graph: DefinitionGraph, types: Iterable[int], apart: Collection[str]
) -> dict[int, list[int]]:
    """Divide types into families, by their roots."""
    roots = {index: _family_root(graph, index, apart) for index in types}
    places = {root: _place(graph.definitions[root]) for root in roots.values()}
    wholes = {places[root]: root for root in roots.values()}
    families: dict[int, list[int]] = defaultdict(list)
    for index, root in roots.items():
        folder, name = places[root]
        whole = _PART.sub("", name)
        family = root
        if whole != name:
            family = wholes.get((folder, whole), root)
        families[family].append(index)
    return families


def _place(definition: Definition) -> tuple[str, str]:
    return dirname(definition.path), definition.name


def _is_subject(graph: DefinitionGraph, definition: Definition) -> bool:
    """Whether a definition that is no type is worth describing with the others of its file."""
    if is_value(definition) and definition.kind is not Kind.VARIABLE:
        return is_registry(graph, definition)
    return not is_logger(definition)


def _family_root(
    graph: DefinitionGraph, index: int, apart: Collection[str]
) -> int:
    """Return the farthest base that shares the last word of its name with the type.

    For exceptions, return the farthest base that is an exception.
    """
    root = index
    for _ in range(_MAX_INHERITANCE_DEPTH):
        base = _related_base(graph, root)
        if base is None:
            break
        definition = graph.definitions[root]
        is_elsewhere = graph.definitions[base].path != definition.path
        if is_elsewhere and definition.name in apart:
            break
        root = base
    return root


def _related_base(graph: DefinitionGraph, index: int) -> int | None:
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


def _last_word(graph: DefinitionGraph, index: int) -> tuple[str, ...]:
    """Return the noun in a name: of `FormMixin`, `Form`."""
    words = list(parts(graph.definitions[index].name))
    while words[1:] and words[-1].lower() in _ROLES:
        words.pop()
    return tuple(words[-1:])


def _family(
    graph: DefinitionGraph, root: int, members: Sequence[int], worth: Worths
) -> Candidate:
    def rank(index: int) -> tuple[float, int]:
        value = worth[index]
        if index == root:
            value += _ROOT_BONUS
        return -value, index

    ordered = sorted(members, key=rank)
    best = ordered[0]
    by_name: dict[str, int] = {}
    for index in ordered:
        name = graph.definitions[index].name
        by_name.setdefault(name, index)
    names = list(by_name)
    named = list(by_name.values())
    # A reader meets the most used member first, and needs the root to understand it.
    leaders = [best]
    if root in named and root != best:
        leaders.append(root)
    elif names[1:] and names[1].startswith(names[0]):
        # What implements a type is named after it: `DB` and `DBImpl`.
        second = named[1]
        if graph.definitions[second].public:
            leaders.append(second)
    others = len(ordered) - 1
    size_bonus = _FAMILY_WEIGHT * math.log1p(others)
    symbols = dict.fromkeys((*named, *ordered))
    return Candidate(
        symbols=tuple(symbols),
        worth=worth[best] + size_bonus,
        leaders=tuple(leaders),
    )


def _module(
    graph: DefinitionGraph, members: Sequence[int], worth: Worths
) -> Candidate:
    public = [index for index in members if graph.definitions[index].public]
    ranks = [(-worth[index], index) for index in public or members]
    ordered = [index for _, index in sorted(ranks)]
    worths = [worth[index] for index in ordered]
    return Candidate(
        symbols=tuple(ordered),
        worth=_sum(worths),
        leaders=tuple(ordered[:LEADERS]),
    )


def _sum(worths: Iterable[float]) -> float:
    """Add up the worths of what belongs together; the first counts in full."""
    first, *others = worths
    total = first
    weight = _FURTHER_WEIGHT
    for worth in others[:_FURTHER]:
        total += weight * max(0.0, worth)
        weight /= 2
    return total


def _merged(
    graph: DefinitionGraph, files: Files, subjects: list[Candidate]
) -> list[Candidate]:
    """Make one candidate of all subjects of a small file, unless files are few."""
    paths = {definition.path for definition in graph.definitions}
    if len(paths) < _MANY_FILES:
        return subjects
    whole: list[Candidate] = []
    by_path: dict[str, list[Candidate]] = defaultdict(list)
    for subject in subjects:
        first = subject.symbols[0]
        path = graph.definitions[first].path
        if files[path].lines <= _SMALL_FILE:
            by_path[path].append(subject)
        else:
            whole.append(subject)
    whole.extend(_joined(together) for together in by_path.values())
    return whole


def _joined(subjects: Iterable[Candidate]) -> Candidate:
    together = _sorted(subjects)
    best = together[0]
    least = _LEADING * best.worth
    leaders: list[int] = []
    symbols: list[int] = []
    for subject in together:
        symbols += subject.symbols
        if subject is best or subject.worth >= least:
            leaders += subject.leaders
    others = _sum(subject.worth for subject in together) - best.worth
    return Candidate(
        symbols=tuple(dict.fromkeys(leaders + symbols)),
        worth=best.worth + _JOINED * others,
        leaders=tuple(leaders[:LEADERS]),
    )
