"""Portraits of units: which definitions and files they are, and what can be said of them in three sentences."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.facts import TYPES, Definition, Reference, SourceFile
from worker.engines.static.linking.graph import Graph
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import code, counted, listed, sentence

MAX_FILES: Final = 8
MAX_SYMBOLS: Final = 12
_OWN_FILES: Final = 3
_COMPANIONS: Final = 3
_NAMED: Final = 3
_OTHERS: Final = 0.7
"""What a file is worth that the unit uses, compared with one that uses it."""
_GUESS: Final = 0.3


class Descriptions:
    """Describes the chosen candidates."""

    def __init__(
        self,
        graph: Graph,
        files: Mapping[str, SourceFile],
        references: Sequence[Reference],
        chosen: Sequence[Candidate],
    ) -> None:
        """Share the definitions out among the chosen."""
        self._graph: Final = graph
        self._files: Final = files
        self._chosen: Final = chosen
        self._references: Final = references
        self._owner: Final = {
            index: place for place, one in enumerate(chosen) for index in one.symbols
        }
        self._users: Final = Counter(
            target
            for file in files.values()
            for target in {path for one in file.imports for path in one.targets[:1]}
        )
        self._homes: Final = {
            self._main(place).path: place for place in reversed(range(len(chosen)))
        }
        self._adopt()

    def _adopt(self) -> None:
        """Give definitions that no unit is about to the first unit whose main symbol is in their file."""
        for one in self._graph.definitions:
            if one.parent is None and one.path in self._homes:
                self._owner.setdefault(one.index, self._homes[one.path])

    def owner(self, index: int) -> int | None:
        """Return the place of the unit that a definition belongs to."""
        return self._owner.get(self._graph.top[index])

    def at_home(self, path: str) -> int | None:
        """Return the place of the unit that the top level of a file belongs to: of the first that is defined there."""
        return self._homes.get(path)

    def _main(self, place: int) -> Definition:
        return self._graph.definitions[self._chosen[place].symbols[0]]

    def owned(self, place: int) -> tuple[int, ...]:
        """Return the top-level definitions of a unit, by path and line."""
        return tuple(
            sorted(index for index, owner in self._owner.items() if owner == place)
        )

    def symbols(self, place: int) -> tuple[int, ...]:
        """Return what a unit is about: its candidate's symbols, and types that stand beside its main one."""
        one = self._chosen[place]
        main, about = self._graph.definitions[one.symbols[0]], frozenset(one.symbols)
        beside = [
            other
            for other in map(self._graph.definitions.__getitem__, self.owned(place))
            if other.path == main.path
            and other.index not in about
            and other.public
            and other.kind in TYPES
        ]
        beside.sort(
            key=lambda other: (
                -len(self._graph.used[other.index]),
                other.line - other.end_line,
                other.index,
            )
        )
        return (
            *one.symbols[:MAX_SYMBOLS],
            *(other.index for other in beside[:_COMPANIONS]),
        )

    def paths(self, place: int) -> tuple[str, ...]:
        """Return a unit's files: where it is defined, then those that have most to do with it."""
        symbols = self._chosen[place].symbols[: 2 * _OWN_FILES]
        own = dict.fromkeys(self._graph.definitions[index].path for index in symbols)
        main = self._graph.definitions[symbols[0]]
        own.update(
            dict.fromkeys(
                self._graph.definitions[member].path for member in main.members
            )
        )
        first = list(own)[:_OWN_FILES]
        weights: dict[str, float] = defaultdict(float)
        for one in self._references:
            target, source = (
                self._graph.top[one.target],
                None if one.source is None else self._graph.top[one.source],
            )
            weight = math.log1p(one.count) * (1.0 if one.sure else _GUESS)
            if target in symbols:
                weights[one.path] += weight
            elif source in symbols:
                weights[self._graph.definitions[target].path] += weight * _OTHERS
        near = sorted(
            (path for path in weights if path not in first),
            key=lambda path: (-weights[path] / self._popularity(path), path),
        )
        return tuple([*first, *near][:MAX_FILES])

    def _popularity(self, path: str) -> float:
        """Return by what the connection of a file to a unit is to be divided: every unit has one to a popular file."""
        return math.sqrt(1 + self._users.get(path, 0))

    def description(self, place: int) -> str:
        """Return what a unit is: what its main symbol says of itself, and how it stands in the project."""
        one = self._chosen[place]
        symbols = [self._graph.definitions[index] for index in self.symbols(place)]
        standing = self._standing(symbols[0], plural=one.is_module and len(symbols) > 1)
        said = (
            self._of_module(symbols) if one.is_module else self._of_type(symbols, one)
        )
        return " ".join(part for part in (*said, standing) if part)

    def _of_type(self, symbols: Sequence[Definition], one: Candidate) -> Iterable[str]:
        main = symbols[0]
        yield self._introduction(main)
        family = [
            code(other.name)
            for other in symbols[1 : len(one.symbols)]
            if other.name != main.name
        ]
        extending = [
            self._graph.definitions[index]
            for index in self._graph.descendants[main.index]
        ]
        named = list(
            dict.fromkeys(
                [
                    *family,
                    *(
                        code(other.name)
                        for other in extending
                        if other.name != main.name
                    ),
                ]
            )
        )
        beside = [code(other.name) for other in symbols[len(one.symbols) :]]
        if extending and named:
            more = len(set(named)) - _NAMED
            rest = [counted(more, "other type")] if more > 0 else []
            yield f"It is the base of {listed([*named[:_NAMED], *rest])}."
        elif family:
            yield f"Related: {listed(family[:_NAMED])}."
        elif beside:
            yield f"Defined in the same file: {listed(beside[:_NAMED])}."

    def _of_module(self, symbols: Sequence[Definition]) -> Iterable[str]:
        main = symbols[0]
        file = first_sentence(self._files[main.path].doc)
        others = [code(one.name) for one in symbols[1 : 1 + _NAMED]]
        names = listed([code(main.name), *others])
        if not others:
            yield self._introduction(main)
        elif file:
            yield f"{names}: {sentence(file)}"
        else:
            yield f"{names} are defined together."
            yield self._introduction(main) if main.doc else ""

    def _introduction(self, main: Definition) -> str:
        said = first_sentence(main.doc) or first_sentence(self._base_doc(main))
        if said.startswith(f"{main.name} "):
            return sentence(code(main.name) + said.removeprefix(main.name))
        if said:
            return f"{code(main.name)}: {sentence(said)}"
        methods = [
            one
            for one in map(self._graph.definitions.__getitem__, main.members)
            if one.public
        ]
        named = [code(one.name) for one in methods if not one.name.startswith("_")][
            :_NAMED
        ]
        kind = main.kind if not main.members or main.kind in TYPES else "object"
        noun = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
        if named:
            return f"{code(main.name)} is {noun} with {counted(len(methods), 'member')}, such as {listed(named)}."
        return f"{code(main.name)} is {noun} of {counted(main.end_line - main.line + 1, 'line')}."

    def _base_doc(self, main: Definition) -> str:
        """Return the docstring of a base of the same name, which says what this one is, too."""
        bases = [
            self._graph.definitions[index]
            for index in self._graph.ancestors(main.index)
        ]
        return next(
            (base.doc for base in bases if base.name == main.name and base.doc), ""
        )

    def _standing(self, main: Definition, *, plural: bool) -> str:
        users = len(self._graph.used[main.index])
        what = "They are" if plural else "It is"
        return f"{what} used by {counted(users, 'other file')}." if users else ""
