"""Finds references: places where code names a definition."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition, Reference, SourceFile
from worker.engines.static.linking.assembly import Assembly
from worker.engines.static.linking.names import SEES_MEMBERS, Names, Place
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.parsing.source_file import Parsed
from worker.engines.static.reading.language import Language

_NAME: Final = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*")
_CHAIN: Final = re.compile(
    rb"(?:\.\??|::|>-)((?:[\w$\x80-\xff]+|\)\(repus)"
    rb"(?:\s*(?:\.\??|::|>-)[\w$\x80-\xff]+)*)"
    rb"(?:(?=\.\.\.)|(?![\w$\x80-\xff.>:)\]]))"
)
"""The names before a selected one, from right to left, if nothing but names leads to it."""
_LONGEST_CHAIN: Final = 100
"""In bytes."""
_LINK: Final = re.compile(r"\??\.\s*|::|->")
_SELECTORS: Final = frozenset({b"::", b"->"})
_DEFINES: Final = re.compile(
    rb"\b(?:def|class|function\*?|fn|func|fun|interface|trait|module|typedef)"
    rb"\s+\Z"
)
_LABEL_BEFORE: Final = re.compile(rb"(?:[({,]|^)[ \t]*\Z|\n\s*\Z")
_EQUALS: Final = re.compile(rb"\s*=(?![=>])")
_COLON: Final = re.compile(rb"\s*\??:(?!:)")
_METHOD: Final = re.compile(rb"\s*\([^()]*\)\s*\{")
_ATTRIBUTE: Final = re.compile(rb"[\s<({,]\Z")
_TAG: Final = re.compile(rb"(?:</|(?<![\w$)\]])<)\Z")
_SCRIPTS: Final = frozenset(
    {Language.JAVASCRIPT, Language.TYPESCRIPT, Language.TSX}
)


class _Name(NamedTuple):
    """A name in a file's code."""

    text: bytes
    start: int
    end: int


class References:
    """Reads the references out of a file's code."""

    def __init__(
        self,
        files: Mapping[str, SourceFile],
        assembly: Assembly,
        resolver: Resolver,
        names: Names,
    ) -> None:
        """Look for the names of all definitions, and for the names that imports give them."""
        self._files: Final = files
        self._assembly: Final = assembly
        self._resolver: Final = resolver
        self._names: Final = names
        self._interesting: Final = interesting_names(
            assembly.definitions, files
        )

    def read(self, path: str, parsed: Parsed) -> list[Reference]:
        """Return the references in a file, added up by where they stand and what they mean."""
        places: dict[tuple[int | None, int, bool], list[int]] = {}
        for start, source, target, is_sure in self._occurrences(path, parsed):
            places.setdefault((source, target, is_sure), []).append(start)
        references = []
        line, at = 1, 0
        for key, starts in places.items():
            source, target, is_sure = key
            # In the order of first places, so that every line is counted once.
            line += parsed.code.count(b"\n", at, starts[0])
            at = starts[0]
            references.append(
                Reference(
                    source=source,
                    target=target,
                    path=path,
                    line=line,
                    count=len(starts),
                    sure=is_sure,
                    places=tuple(starts),
                )
            )
        return references

    def _occurrences(
        self, path: str, parsed: Parsed
    ) -> Iterator[tuple[int, int | None, int, bool]]:
        code, language = parsed.code, self._files[path].language
        implied = language in SEES_MEMBERS
        spans = _Spans(
            self._assembly.spans.get(path, []), self._assembly.definitions
        )
        interesting = self._interesting
        known: dict[bytes, tuple[int | None, int | None]] = {}
        for match in _NAME.finditer(code):
            text, start = match[0], match.start()
            if text not in interesting:
                continue
            source = spans.at(start)
            place = Place(path, start, source)
            if _is_selected(code, start):
                target, is_sure = self._selected(code, text, place)
            else:
                if text not in known:
                    known[text] = self._at_top(path, text)
                if spans.names(text) or (
                    known[text] == _NOTHING and not implied
                ):
                    continue
                if _is_no_use(code, _Name(text, start, match.end()), language):
                    continue
                target, is_sure = self._plain(text, place, known[text])
            if target is not None and target != source:
                yield start, source, target, is_sure

    def _at_top(self, path: str, text: bytes) -> tuple[int | None, int | None]:
        """Return the definition that a name means at the top of a file, or else a guess."""
        name = text.decode("utf-8", "replace")
        target = self._resolver.lookup(path, name)
        guess = self._resolver.guess(path, name) if target is None else None
        return target, guess

    def _plain(
        self,
        text: bytes,
        place: Place,
        at_top: tuple[int | None, int | None],
    ) -> tuple[int | None, bool]:
        """Return the definition that a name means, and whether that is sure."""
        name = text.decode("utf-8", "replace")
        if self._names.is_local(name, place):
            return None, False
        target = self._names.implied(name, place)
        if target is None:
            target = at_top[0]
        return (at_top[1], False) if target is None else (target, True)

    def _selected(
        self, code: bytes, text: bytes, place: Place
    ) -> tuple[int | None, bool]:
        """Return the definition that a name behind a dot means, and whether that is sure."""
        name = text.decode("utf-8", "replace")
        before = code[max(0, place.byte - _LONGEST_CHAIN) : place.byte]
        chain = _CHAIN.match(before[::-1])
        if chain is None:
            return self._resolver.any_member(name), False
        links = chain[1][::-1].decode("utf-8", "replace")
        names = (*_LINK.split(links), name)
        target = self._names.definition(names, place)
        if target is None and not self._resolver.is_foreign(
            place.path, names[0]
        ):
            return self._resolver.any_member(name), False
        return target, True


_LONGEST_GAP: Final = 20
_NOTHING: Final = (None, None)


def _is_selected(code: bytes, start: int) -> bool:
    """Tell whether a dot, an arrow or `::` stands before a name, and not three dots."""
    if code[start - 1 : start] == b".":
        return code[start - 2 : start - 1] != b"."
    return code[start - 2 : start] in _SELECTORS


def _is_no_use(code: bytes, name: _Name, language: Language) -> bool:
    """Tell whether a name is that of an argument, a key, an attribute or a definition."""
    before = code[max(0, name.start - _LONGEST_GAP) : name.start]
    if _DEFINES.search(before):
        return True
    is_label = _LABEL_BEFORE.search(before) is not None
    if _EQUALS.match(code, name.end) and (
        is_label or (language in _SCRIPTS and _ATTRIBUTE.search(before))
    ):
        return True
    if language is Language.PYTHON:
        return False
    if is_label and _COLON.match(code, name.end):
        return True
    if language not in _SCRIPTS:
        return False
    is_tag = name.text[:1].islower() and _TAG.search(before)
    is_method = is_label and _METHOD.match(code, name.end)
    return bool(is_tag or is_method or before.endswith(b"</"))


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
    names = {definition.name for definition in definitions}
    for file in files.values():
        for statement in file.imports:
            if statement.targets:
                names.update(here for here, _ in statement.names)
    return frozenset(name.encode() for name in names)
