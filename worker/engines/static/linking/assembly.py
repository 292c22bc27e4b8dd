"""Puts the definitions of all files together: members with their types, headers with their code."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from posixpath import dirname, splitext
from typing import Final, NamedTuple

from worker.engines.static.facts import (
    TYPES,
    Definition,
    Files,
    Kind,
)
from worker.engines.static.parsing.grammar import Draft
from worker.engines.static.parsing.source_file import Parsed
from worker.engines.static.reading.language import Language

_C_LIKE: Final = frozenset({Language.C, Language.CPP})
_SCRIPTS: Final = frozenset(
    {Language.JAVASCRIPT, Language.TYPESCRIPT, Language.TSX}
)
_FOLDER: Final = 2
"""How far two files of one folder are apart."""
_DEEPEST: Final = 8


class Span(NamedTuple):
    """The bytes of a definition in its file."""

    start: int
    end: int
    definition: int
    """Its position."""


class Assembly:
    """Definitions, their places in files, and the bytes that they take there."""

    def __init__(self, files: Files, parsed: Mapping[str, Parsed]) -> None:
        """Put together what was parsed; `files` has at least the files of `parsed`."""
        self.files = files
        self.parsed = parsed
        self._types: dict[str, list[Draft]] = defaultdict(list)
        drafts = self._drafts()
        for draft in drafts:
            if draft.owner and draft.parent is None:
                draft.parent = self._owner(draft)
        self._extend()
        kept = self._defined(drafts)
        self.spans: dict[str, list[Span]] = defaultdict(list)
        """By path, in order."""
        for index, draft in enumerate(kept):
            span = Span(draft.start, draft.end, index)
            self.spans[draft.path].append(span)
        self.definitions = _freeze(kept)

    def language(self, path: str) -> Language:
        return self.files[path].language

    def _drafts(self) -> list[Draft]:
        drafts: list[Draft] = []
        for path in sorted(self.parsed):
            for draft in self.parsed[path].drafts:
                draft.path = path
                drafts.append(draft)
                if draft.parent is None and not draft.owner:
                    self._types[draft.name].append(draft)
        return drafts

    def _owner(self, draft: Draft) -> Draft | None:
        """Find the type that a method belongs to: the nearest of its name."""
        language = self.language(draft.path)
        fitting = []
        for candidate in self._types.get(draft.owner, ()):
            other = self.language(candidate.path)
            if candidate is not draft and _same_world(other, language):
                fitting.append(candidate)
        if not fitting:
            return None
        owner = min(
            fitting, key=lambda each: (_distance(each, draft), each.path)
        )
        if language is Language.GO and _distance(owner, draft) > _FOLDER:
            return None
        if draft.kind is Kind.FUNCTION:
            draft.kind = Kind.METHOD
        if owner.kind is Kind.FUNCTION and owner.path == draft.path:
            owner.kind = Kind.CLASS
        return owner

    def _extend(self) -> None:
        """Give types the bases that are named elsewhere (`impl Trait for Type`)."""
        for path in sorted(self.parsed):
            parsed = self.parsed[path]
            for name, base in parsed.extends:
                types = self._types.get(name, [])
                own = [draft for draft in types if draft.path == path]
                fitting = own or types
                if own or (types and _is_imported(name, parsed)):
                    _add_base(fitting[0], base)

    def _defined(self, drafts: Iterable[Draft]) -> list[Draft]:
        """Drop declarations of what is defined elsewhere; the definition gets their comments."""
        bodies: dict[tuple[int, str], Draft] = {}
        for draft in drafts:
            language = self.language(draft.path)
            if language in _C_LIKE and not draft.declared:
                key = _key(draft)
                bodies.setdefault(key, draft)
        kept = []
        for draft in drafts:
            key = _key(draft)
            body = bodies.get(key)
            if body is None or not draft.declared:
                kept.append(draft)
                continue
            body.public = draft.public
            if len(draft.doc) > len(body.doc):
                body.doc = draft.doc
        return kept


def _key(draft: Draft) -> tuple[int, str]:
    """Return the key that a declaration shares with its definition."""
    return id(draft.parent), draft.name


def _is_imported(name: str, parsed: Parsed) -> bool:
    """Whether a file may mean a type elsewhere; not one of its own that a macro makes."""
    return any(
        statement.everything or name in dict(statement.names)
        for statement in parsed.imports
    )


def _add_base(draft: Draft, base: str) -> None:
    if base not in draft.bases:
        draft.bases = (*draft.bases, base)


def _distance(draft: Draft, other: Draft) -> int:
    """Return how far two files are apart: of one stem, in one folder, or anywhere."""
    if draft.path == other.path:
        return 0
    stem, _ = splitext(draft.path)
    other_stem, _ = splitext(other.path)
    if stem == other_stem:
        return 1
    if dirname(draft.path) == dirname(other.path):
        return _FOLDER
    return _FOLDER + 1


def _same_world(language: Language, other: Language) -> bool:
    languages = {language, other}
    return language is other or languages <= _C_LIKE or languages <= _SCRIPTS


def _freeze(kept: Sequence[Draft]) -> tuple[Definition, ...]:
    numbered = list(enumerate(kept))
    positions = {id(draft): index for index, draft in numbered}
    parents: list[int | None] = []
    members: dict[int, list[int]] = defaultdict(list)
    for index, draft in numbered:
        parent = positions.get(id(draft.parent))
        parents.append(parent)
        if parent is not None and _has_members(kept[parent]):
            members[parent].append(index)
    definitions = []
    for index, draft in numbered:
        parent = parents[index]
        definition = _definition(draft, index, parent, members[index])
        definitions.append(definition)
    return tuple(definitions)


def _definition(
    draft: Draft, index: int, parent: int | None, members: Iterable[int]
) -> Definition:
    bases = dict.fromkeys(filter(None, draft.bases))
    return Definition(
        index=index,
        name=draft.name,
        qualified=_qualified(draft),
        kind=draft.kind or Kind.TYPE,
        path=draft.path,
        line=draft.line,
        end_line=draft.end_line,
        signature=draft.signature,
        doc=draft.doc,
        bases=tuple(bases),
        decorators=draft.decorators,
        parent=parent,
        members=tuple(members),
        public=draft.public,
    )


def _has_members(draft: Draft) -> bool:
    return draft.kind in TYPES or draft.kind is Kind.VARIABLE


def _qualified(draft: Draft) -> str:
    names: list[str] = []
    outer: Draft | None = draft
    while outer is not None and len(names) < _DEEPEST:
        names.append(outer.name)
        outer = outer.parent
    if len(names) == 1 and draft.owner:
        names.append(draft.owner)
    return ".".join(reversed(names))
