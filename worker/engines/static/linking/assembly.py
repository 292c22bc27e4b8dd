"""Puts the definitions of all files together: members with their types, headers with their code."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind, SourceFile
from worker.engines.static.parsing.grammar import Draft
from worker.engines.static.parsing.source_file import Parsed
from worker.engines.static.reading.language import Language

_C_LIKE: Final = frozenset({Language.C, Language.CPP})
_TWIN: Final = 2
"""How near an owner is: a type of that name in a file of this stem, this folder, or anywhere."""


class Assembly:
    """Definitions, their places in files, and the bytes that they take there."""

    def __init__(
        self, files: Mapping[str, SourceFile], parsed: Mapping[str, Parsed]
    ) -> None:
        """Put together what was parsed; `files` has at least the files of `parsed`."""
        self._files: Final = files
        drafts = [
            (path, draft)
            for path in sorted(parsed)
            for draft in parsed[path].drafts
        ]
        self._types: Final[dict[str, list[tuple[str, Draft]]]] = defaultdict(
            list
        )
        for path, draft in drafts:
            if draft.parent is None and not draft.owner:
                self._types[draft.name].append((path, draft))
        for path, draft in drafts:
            if draft.owner and draft.parent is None:
                draft.parent = self._owner(path, draft)
        self._extend(parsed)
        kept = _defined(drafts, files)
        position = {id(draft): index for index, (_, draft) in enumerate(kept)}
        self.spans: Final[dict[str, list[tuple[int, int, int]]]] = defaultdict(
            list
        )
        """By path, in order: first byte, the byte after the last, and position of its definitions.
        """
        for index, (path, draft) in enumerate(kept):
            self.spans[path].append((draft.start, draft.end, index))
        self.definitions: Final = _freeze(kept, position)

    def _owner(self, path: str, draft: Draft) -> Draft | None:
        """Find the type that a method belongs to: the nearest of its name."""
        stem, folder = path.rpartition(".")[0], path.rpartition("/")[0]
        language = self._files[path].language

        def distance(candidate: tuple[str, Draft]) -> tuple[int, str]:
            other = candidate[0]
            near = (
                other == path,
                other.rpartition(".")[0] == stem,
                other.rpartition("/")[0] == folder,
            )
            return (near.index(True) if True in near else len(near)), other

        candidates = [
            one
            for one in self._types.get(draft.owner, ())
            if one[1] is not draft
        ]
        fitting = [
            one
            for one in candidates
            if _same_world(self._files[one[0]].language, language)
        ]
        best = min(fitting, key=distance, default=None)
        if best is None or (
            language is Language.GO and distance(best)[0] > _TWIN
        ):
            return None
        draft.kind = Kind.METHOD if draft.kind is Kind.FUNCTION else draft.kind
        if best[1].kind is Kind.FUNCTION and best[0] == path:
            best[1].kind = Kind.CLASS
        return best[1]

    def _extend(self, parsed: Mapping[str, Parsed]) -> None:
        """Give types the bases that are said of them elsewhere (`impl Trait for Type`)."""
        for path in sorted(parsed):
            for name, base in parsed[path].extends:
                types = self._types.get(name, ())
                own = next(
                    (draft for other, draft in types if other == path),
                    types[0][1] if types else None,
                )
                if own is not None and base not in own.bases:
                    own.bases = (*own.bases, base)


def _same_world(one: Language, other: Language) -> bool:
    scripts = {Language.JAVASCRIPT, Language.TYPESCRIPT, Language.TSX}
    return one is other or {one, other} <= _C_LIKE or {one, other} <= scripts


def _defined(
    drafts: Iterable[tuple[str, Draft]], files: Mapping[str, SourceFile]
) -> list[tuple[str, Draft]]:
    """Drop declarations of what is defined elsewhere; the definition gets comments and exports."""
    bodies: dict[tuple[int, str], tuple[str, Draft]] = {}
    listed = list(drafts)
    for path, draft in listed:
        if not draft.declared and files[path].language in _C_LIKE:
            bodies.setdefault((id(draft.parent), draft.name), (path, draft))
    kept = []
    for path, draft in listed:
        body = None
        if draft.declared:
            body = bodies.get((id(draft.parent), draft.name))
        if body is None:
            kept.append((path, draft))
        else:
            body[1].doc = (
                draft.doc if len(draft.doc) > len(body[1].doc) else body[1].doc
            )
            body[1].public = draft.public
    return kept


def _freeze(
    kept: list[tuple[str, Draft]], position: Mapping[int, int]
) -> tuple[Definition, ...]:
    members: dict[int, list[int]] = defaultdict(list)
    found = []
    for index, (path, draft) in enumerate(kept):
        parent = None
        if draft.parent is not None:
            parent = position.get(id(draft.parent))
        if parent is not None:
            members[parent].append(index)
        found.append(
            Definition(
                index=index,
                name=draft.name,
                qualified=_qualified(draft),
                kind=draft.kind or Kind.TYPE,
                path=path,
                line=draft.line,
                end_line=draft.end_line,
                signature=draft.signature,
                doc=draft.doc,
                bases=tuple(
                    dict.fromkeys(base for base in draft.bases if base)
                ),
                decorators=draft.decorators,
                parent=parent,
                public=draft.public,
            )
        )
    return tuple(
        replace(one, members=tuple(members[one.index]))
        if one.kind in {*TYPES, Kind.VARIABLE}
        else one
        for one in found
    )


def _qualified(draft: Draft) -> str:
    names: list[str] = []
    outer: Draft | None = draft
    while outer is not None and len(names) < _DEEPEST:
        names.append(outer.name)
        outer = outer.parent
    if len(names) == 1 and draft.owner:
        names.append(draft.owner)
    return ".".join(reversed(names))


_DEEPEST: Final = 8
