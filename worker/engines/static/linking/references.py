"""Finds references: places where code names a definition."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition, Reference
from worker.engines.static.linking.assembly import Assembly, Span
from worker.engines.static.linking.names import Names
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.linking.values import SEES_MEMBERS
from worker.engines.static.parsing.source_file import Parsed
from worker.engines.static.reading.language import Language

_WORD: Final = rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*"
_CHAIN: Final = re.compile(
    _WORD + rb"((?:(?:\(\))?(?:\??\.\s*|::|->)" + _WORD + rb")*)"
)
"""Names with nothing but calls and selectors between them."""
_LINK: Final = re.compile(rb"((?:\(\))?(?:\??\.\s*|::|->))")
_SELECTORS: Final = frozenset({b"::", b"->"})
_ALIAS: Final = re.compile(rb"= (?:[\w.]*\.)?([A-Za-z_]\w*)[ \t]*(?:\n|\Z)")
_ALIASED: Final = re.compile(rb"(\w+)[ \t]*(?::[^=\n]*)?\Z")
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
_LONGEST_GAP: Final = 20
_LONGEST_TARGET: Final = 100
"""In bytes, with an annotation."""


class _Guess(NamedTuple):
    """What a name means at the top of a file, or else may mean."""

    target: int | None
    guess: int | None


_NOTHING: Final = _Guess(None, None)
_Places = dict[tuple[int | None, int, bool], list[int]]
"""By source, target and whether it is sure: the bytes at which the name begins."""


class References:
    """Reads the references out of a file's code."""

    def __init__(
        self, assembly: Assembly, resolver: Resolver, names: Names
    ) -> None:
        self._assembly = assembly
        self._resolver = resolver
        self._names = names
        self._interesting = _interesting_names(assembly)

    def read(self, path: str, parsed: Parsed) -> list[Reference]:
        """Return the references in a file, added up by their source and their target."""
        reader = _Reader(
            path,
            self._assembly.language(path),
            parsed,
            self._spans(path),
            self._resolver,
            self._names,
        )
        reader.read(self._interesting)
        return _added_up(path, parsed.code, reader.places)

    def _spans(self, path: str) -> "_Spans":
        spans = self._assembly.spans.get(path, [])
        return _Spans(spans, self._assembly.definitions)


def _added_up(path: str, code: bytes, places: _Places) -> list[Reference]:
    references = []
    line = 1
    at = 0
    for (source, target, is_sure), starts in places.items():
        # In the order of first places, so that every line is counted once.
        first = starts[0]
        line += code.count(b"\n", at, first)
        at = first
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


class _Reader:
    """Reads what the names in one file mean."""

    def __init__(
        self,
        path: str,
        language: Language,
        parsed: Parsed,
        spans: "_Spans",
        resolver: Resolver,
        names: Names,
    ) -> None:
        self._path = path
        self._language = language
        self._code = parsed.code
        self._bound = parsed.locals.bound
        self._spans = spans
        self._resolver = resolver
        self._names = names
        self._sees_members = language in {*SEES_MEMBERS, Language.RUBY}
        self._known: dict[bytes, _Guess] = {}
        self.places: _Places = {}

    def read(self, interesting: frozenset[bytes]) -> None:
        """Note where the file has one of the names that are of interest."""
        for match in _CHAIN.finditer(self._code):
            text = match[0]
            start = match.start()
            if match[1]:
                links = _LINK.split(text)
                if not interesting.isdisjoint(links):
                    self._chain(links, start, interesting)
            elif text in interesting:
                if self._is_selected(start):
                    source = self._spans.at(start)
                    self._guess(text, start, source)
                else:
                    self._plain(text, start)

    def _note(
        self,
        start: int,
        source: int | None,
        target: int | None,
        *,
        is_sure: bool,
    ) -> None:
        if target is None or target == source:
            return
        key = source, target, is_sure
        starts = self.places.setdefault(key, [])
        starts.append(start)

    def _chain(
        self, links: Sequence[bytes], start: int, interesting: frozenset[bytes]
    ) -> None:
        """Note the names of interest among names with selectors between them."""
        is_known = not self._is_selected(start)
        for position, link in enumerate(links):
            if position % 2 == 0 and link in interesting:
                if position == 0 and is_known:
                    self._plain(link, start)
                elif is_known:
                    chain = links[: position + 1]
                    self._selected(chain, start)
                else:
                    source = self._spans.at(start)
                    self._guess(link, start, source)
            start += len(link)

    def _plain(self, text: bytes, start: int) -> None:
        """Note the definition that a name without a receiver means."""
        at_top = self._known.get(text) or self._at_top(text)
        if at_top == _NOTHING and not self._sees_members:
            return
        source = self._spans.at(start)
        if self._spans.names(text) or self._is_no_use(text, start):
            return
        target = at_top.target
        if self._sees_members or text in self._bound:
            name = text.decode()
            place = self._names.place(self._path, start, source)
            if self._names.is_local(name, place):
                return
            member = self._names.implied(name, place)
            if member is not None:
                target = member
        if target is None:
            self._note(start, source, at_top.guess, is_sure=False)
        else:
            self._note(start, source, target, is_sure=True)

    def _selected(self, links: Sequence[bytes], start: int) -> None:
        """Note the definition that names with selectors between them mean."""
        source = self._spans.at(start)
        names = _names(links)
        first = names[0]
        place = self._names.place(self._path, start, source, first)
        target = self._names.definition(names, place)
        if target is not None:
            self._note(start, source, target, is_sure=True)
        elif not self._resolver.is_foreign(self._path, first):
            last = links[-1]
            self._guess(last, start, source)

    def _guess(self, text: bytes, start: int, source: int | None) -> None:
        """Note the only definition that a name after an unknown receiver may mean."""
        name = text.decode()
        target = self._resolver.any_member(name)
        self._note(start, source, target, is_sure=False)

    def _at_top(self, text: bytes) -> _Guess:
        if text not in self._known:
            name = text.decode()
            target = self._resolver.lookup(self._path, name)
            guess = None
            if target is None:
                guess = self._resolver.guess(self._path, name)
            self._known[text] = _Guess(target, guess)
        return self._known[text]

    def _is_selected(self, start: int) -> bool:
        """Whether a dot, an arrow or `::` precedes a name, and not three dots."""
        code = self._code
        if code[start - 1 : start] == b".":
            return code[start - 2 : start] != b".."
        return code[start - 2 : start] in _SELECTORS

    def _is_no_use(self, text: bytes, start: int) -> bool:
        """Whether a name is that of an argument, a key, an attribute or a definition."""
        code = self._code
        end = start + len(text)
        begin = max(0, start - _LONGEST_GAP)
        before = code[begin:start]
        if _DEFINES.search(before):
            return True
        is_label = _LABEL_BEFORE.search(before) is not None
        is_script = self._language in _SCRIPTS
        if _EQUALS.match(code, end) and (
            is_label or (is_script and _ATTRIBUTE.search(before))
        ):
            return True
        if self._language is Language.PYTHON:
            return False
        if is_label and _COLON.match(code, end):
            return True
        if not is_script:
            return False
        is_lower = text[:1].islower()
        is_tag = is_lower and _TAG.search(before)
        is_method = is_label and _METHOD.match(code, end)
        return bool(is_tag or is_method or before.endswith(b"</"))


def _names(links: Sequence[bytes]) -> tuple[str, ...]:
    """Return names without the selectors between them, with the parentheses of calls."""
    names = [name.decode() for name in links[::2]]
    for position, selector in enumerate(links[1::2]):
        if selector.startswith(b"("):
            names[position] += "()"
    return tuple(names)


class _Spans:
    """Finds the innermost definition around a place; places must be asked for in order."""

    def __init__(
        self,
        spans: Sequence[Span],
        definitions: Sequence[Definition],
    ) -> None:
        self._spans = spans
        self._definitions = definitions
        self._unnamed: set[int] = set()
        self._next = 0
        self._around: list[Span] = []

    def at(self, place: int) -> int | None:
        while self._next < len(self._spans):
            span = self._spans[self._next]
            if span.start > place:
                break
            self._around.append(span)
            self._unnamed.add(span.definition)
            self._next += 1
        while self._around:
            innermost = self._around[-1]
            if innermost.end > place:
                return innermost.definition
            self._around.pop()
        return None

    def names(self, name: bytes) -> bool:
        """Whether a name at the last place is where a definition is named: its first place."""
        if not self._around:
            return False
        index = self._around[-1].definition
        if index not in self._unnamed:
            return False
        definition = self._definitions[index]
        if definition.name.encode() != name:
            return False
        self._unnamed.discard(index)
        return True


def _interesting_names(assembly: Assembly) -> frozenset[bytes]:
    """Return all names of a definition: its own, and those that imports and values give it."""
    names: set[bytes] = set()
    types: set[bytes] = set()
    for definition in assembly.definitions:
        name = definition.name.encode()
        names.add(name)
        if definition.kind in TYPES:
            types.add(name)
    names.update(_imported_names(assembly))
    for path, source in assembly.parsed.items():
        if assembly.language(path) is Language.PYTHON:
            names.update(_aliases(source.code, types))
    return frozenset(names)


def _imported_names(assembly: Assembly) -> Iterator[bytes]:
    """Yield the names that imports from the project's own files give."""
    for file in assembly.files.values():
        for statement in file.imports:
            if not statement.targets:
                continue
            for here, _ in statement.names:
                yield here.encode()


def _aliases(code: bytes, types: Collection[bytes]) -> Iterator[bytes]:
    """Yield the names that are given to a type by an assignment."""
    for match in _ALIAS.finditer(code):
        if match[1] not in types:
            continue
        start = match.start()
        begin = max(0, start - _LONGEST_TARGET)
        before = code[begin:start]
        alias = _ALIASED.search(before)
        if alias is not None:
            yield alias[1]
