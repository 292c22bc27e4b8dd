"""Finds references: places where code names a definition."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from worker.engines.static.facts import (
    TYPES,
    Definition,
    Kind,
    Reference,
    SourceFile,
)
from worker.engines.static.linking.assembly import Assembly
from worker.engines.static.linking.scopes import Resolver

_NAME: Final = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*")
_OWN: Final = frozenset({b"self", b"this", b"cls", b"Self"})
_SELECTORS: Final = frozenset({b"::", b"->"})
_CHAINS: Final = frozenset({b".", b"::", b"->", b"?."})
_GAP: Final = 3


class References:
    """Reads the references out of a file's code."""

    def __init__(
        self,
        resolver: Resolver,
        assembly: Assembly,
        interesting: frozenset[bytes],
    ) -> None:
        """Look only for `interesting` names: those of definitions, and their names after imports."""
        self._resolver: Final = resolver
        self._assembly: Final = assembly
        self._interesting: Final = interesting

    def read(self, path: str, code: bytes) -> list[Reference]:
        """Return the references in a file, added up by where they stand and what they mean."""
        found: dict[tuple[int | None, int], list[int]] = {}
        sure: dict[tuple[int | None, int], bool] = {}
        line = at = 0
        for start, source, target, certain in self._occurrences(path, code):
            line += code.count(b"\n", at, start)
            at = start
            key = (source, target)
            if key in found:
                found[key][1] += 1
                sure[key] = sure[key] or certain
            else:
                found[key] = [line + 1, 1]
                sure[key] = certain
        return [
            Reference(
                source=source,
                target=target,
                path=path,
                line=first,
                count=count,
                sure=sure[source, target],
            )
            for (source, target), (first, count) in found.items()
        ]

    def _occurrences(
        self, path: str, code: bytes
    ) -> Iterator[tuple[int, int | None, int, bool]]:
        spans = _Spans(
            self._assembly.spans.get(path, []), self._assembly.definitions
        )
        known: dict[bytes, tuple[int, bool] | None] = {}
        before, end = b"", -1
        for match in _NAME.finditer(code):
            name, start = match[0], match.start()
            owner, gap = (
                before,
                code[end:start] if start - end <= _GAP else b" ",
            )
            before, end = name, match.end()
            if name not in self._interesting:
                continue
            source = spans.at(start)
            if spans.names(name):
                continue
            if code[start - 2 : start] in _SELECTORS or (
                code[start - 1 : start] == b"." != code[start - 2 : start - 1]
            ):
                found = self._selected(
                    path,
                    owner if gap.strip() in _CHAINS else b"",
                    name.decode(),
                    source,
                )
            else:
                if name not in known:
                    known[name] = self._resolver.lookup(path, name.decode())
                found = known[name]
            if found is not None and found[0] != source:
                yield start, source, found[0], found[1]

    def _selected(
        self, path: str, owner: bytes, name: str, source: int | None
    ) -> tuple[int, bool] | None:
        """Resolve the name behind a dot, an arrow or `::`."""
        if owner in _OWN:
            outer = self._type_around(source)
            found = (
                self._resolver.member(outer, name)
                if outer is not None
                else None
            )
            return (found, True) if found is not None else None
        if owner:
            alias = owner.decode("utf-8", "replace")
            if (
                found := self._resolver.in_module(path, alias, name)
            ) is not None:
                return found, True
            of = self._resolver.lookup(path, alias)
            if of is not None and of[1]:
                found = self._resolver.member(of[0], name)
                if found is not None:
                    return found, True
        found = self._resolver.any_member(name)
        return (found, False) if found is not None else None

    def _type_around(self, source: int | None) -> int | None:
        while source is not None and self._assembly.definitions[
            source
        ].kind not in {
            *TYPES,
            Kind.VARIABLE,
        }:
            source = self._assembly.definitions[source].parent
        return source


class _Spans:
    """Tells the innermost definition around a place; places must be asked for in order."""

    def __init__(
        self,
        spans: Sequence[tuple[int, int, int]],
        definitions: Sequence[Definition],
    ) -> None:
        self._spans = spans
        self._definitions = definitions
        self._unnamed: set[int] = set()
        self._next = 0
        self._around: list[tuple[int, int]] = []

    def at(self, place: int) -> int | None:
        while (
            self._next < len(self._spans)
            and self._spans[self._next][0] <= place
        ):
            _, end, index = self._spans[self._next]
            self._around.append((end, index))
            self._unnamed.add(index)
            self._next += 1
        while self._around and self._around[-1][0] <= place:
            self._around.pop()
        return self._around[-1][1] if self._around else None

    def names(self, name: bytes) -> bool:
        """Tell whether a name at the last place is the definition's own: its first occurrence is."""
        index = self._around[-1][1] if self._around else None
        if (
            index is None
            or index not in self._unnamed
            or self._definitions[index].name.encode() != name
        ):
            return False
        self._unnamed.discard(index)
        return True


def interesting_names(
    definitions: Sequence[Definition], files: Mapping[str, SourceFile]
) -> frozenset[bytes]:
    """Return all names of a definition: its own, and those that imports give it."""
    names = {one.name for one in definitions}
    names |= {
        here
        for file in files.values()
        for one in file.imports
        if one.targets
        for here, _ in one.names
    }
    return frozenset(name.encode() for name in names)
