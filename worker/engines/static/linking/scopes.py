"""Finds what names mean in a file, by its definitions and imports.

A name is looked for where its language would look: among the definitions of its file, what
the file imports, what it sees without an import (its package, star imports, headers); and
if nothing else in the project has that name, it is taken for that one, which is a guess.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from worker.engines.static.facts import Import, SourceFile
from worker.engines.static.linking.assembly import Assembly
from worker.engines.static.parsing.identifiers import parts
from worker.engines.static.parsing.source_file import Parsed
from worker.engines.static.reading.language import Language

_HOPS: Final = 4
"""A name may come through so many modules that pass it on."""
_MOST_SEEN: Final = 400
"""So many files are seen through includes and star imports, at most."""
_PACKAGED: Final = frozenset(
    {Language.JAVA, Language.KOTLIN, Language.CSHARP, Language.PHP}
)
"""Languages whose files see the definitions of the package that they declare."""
_TRANSITIVE: Final = frozenset({Language.C, Language.CPP, Language.RUBY})
"""Languages that also see what the files that they include, include."""
_TELLING: Final = 5
"""A name of so many letters may be guessed at, if it is not written in lower case throughout."""


@dataclass(slots=True)
class _Scope:
    """What names mean in one file."""

    own: dict[str, int] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)
    given: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    """By the name here: the files that it may come from, and its name there."""
    passed: list[str] = field(default_factory=list)
    """Files whose names are passed on to whoever imports this one."""
    modules: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By alias: the files of a module that is imported as a whole."""
    open: list[str] = field(default_factory=list)
    """Files whose names are all seen here."""


class Resolver:
    """Looks names up in the scopes of files."""

    def __init__(
        self,
        files: Mapping[str, SourceFile],
        parsed: Mapping[str, Parsed],
        assembly: Assembly,
    ) -> None:
        """Read the scopes of all parsed files, whose imports in `files` have their targets."""
        self._files: Final = files
        self._definitions: Final = assembly.definitions
        self._top: Final[dict[str, list[int]]] = defaultdict(list)
        self._members: Final[dict[str, list[int]]] = defaultdict(list)
        for one in assembly.definitions:
            (self._top if one.parent is None else self._members)[
                one.name
            ].append(one.index)
        self._scopes: Final = {
            path: self._scope(path, parsed[path]) for path in parsed
        }
        for one in assembly.definitions:
            if one.parent is None:
                self._scopes[one.path].own.setdefault(one.name, one.index)
        self._homes: Final = {
            path: self._home(path, parsed[path].package) for path in parsed
        }
        self._seen: Final[dict[str, frozenset[str]]] = {}
        self._known: dict[tuple[str, str, int], int | None] = {}

    def _home(self, path: str, package: str) -> str | None:
        """Return what files have in common that see each other's definitions."""
        language = self._files[path].language
        if language is Language.GO:
            return path.rpartition("/")[0]
        return package if language in _PACKAGED else None

    def _is_home(self, path: str, place: str) -> bool:
        """Tell whether a file sees what another defines; in C#, inner namespaces see outer ones."""
        home, other = self._homes[path], self._homes[place]
        if home is None or other is None:
            return False
        is_inner = (
            self._files[path].language is Language.CSHARP
            and other != ""
            and home.startswith(f"{other}.")
        )
        return home == other or is_inner

    def _scope(self, path: str, parsed: Parsed) -> _Scope:
        scope = _Scope(exports=dict(parsed.exports))
        file = self._files[path]
        for one in file.imports:
            if not one.targets:
                continue
            for here, there in one.names:
                scope.given[here] = (one.targets, there)
                self._note_module(scope, here, there, one)
            if one.alias:
                scope.modules[one.alias] = one.targets
            if one.everything:
                scope.open += one.targets
            if one.again or (
                one.everything and file.language is Language.PYTHON
            ):
                scope.passed += one.targets
        return scope

    def _note_module(
        self, scope: _Scope, here: str, there: str, one: Import
    ) -> None:
        """Take a name for a module's if one of the targets is called so."""
        for target in one.targets:
            stem = (
                target.rpartition(".")[0]
                .removesuffix("/__init__")
                .removesuffix("/mod")
            )
            if stem.rpartition("/")[2] == there:
                scope.modules[here] = (target,)

    @property
    def paths(self) -> Sequence[str]:
        """The parsed files."""
        return list(self._scopes)

    def shown(self, path: str) -> set[int]:
        """Return what a file exports without defining it itself."""
        scope = self._scopes[path]
        python = self._files[path].language is Language.PYTHON
        again = {
            here
            for one in self._files[path].imports
            if one.again or python
            for here, _ in one.names
        }
        names = {
            name
            for name in again | set(scope.exports)
            if not name.startswith("_")
        }
        found = [self._exported((path,), name, _HOPS) for name in names]
        passed = [
            index
            for target in scope.passed
            if target in self._scopes
            for index in self._scopes[target].own.values()
        ]
        return {
            index
            for index in (*found, *passed)
            if index is not None and self._definitions[index].public
        }

    def lookup(self, path: str, name: str) -> tuple[int, bool] | None:
        """Return the definition that a plain name means in a file, and whether that is sure."""
        scope = self._scopes[path]
        if name in scope.own:
            return scope.own[name], True
        if name in scope.given:
            targets, there = scope.given[name]
            found = self._exported(targets, there, _HOPS)
            return (found, True) if found is not None else None
        candidates = self._top.get(name)
        if not candidates:
            return None
        seen = self._seen_from(path)
        places = [self._definitions[index].path for index in candidates]
        visible = [
            index
            for index, place in zip(candidates, places, strict=True)
            if place in seen or self._is_home(path, place)
        ]
        if visible:
            return visible[0], True
        return self._guess(path, candidates, name)

    def _guess(
        self, path: str, candidates: Sequence[int], name: str
    ) -> tuple[int, bool] | None:
        if len(candidates) != 1 or len(name) < _TELLING or name.islower():
            return None
        target = self._definitions[candidates[0]]
        return (
            (target.index, False)
            if self._files[target.path].language is self._files[path].language
            else None
        )

    def member(self, owner: int, name: str) -> int | None:
        """Return a member of a type, or of the types that it extends."""
        queue, seen = [owner], {owner}
        for index in queue:
            definition = self._definitions[index]
            for one in definition.members:
                if self._definitions[one].name == name:
                    return one
            bases = [
                self.lookup(definition.path, base.rpartition(".")[2])
                for base in definition.bases
            ]
            queue += [
                base[0]
                for base in bases
                if base is not None and base[0] not in seen
            ]
            seen.update(queue)
        return None

    def in_module(self, path: str, alias: str, name: str) -> int | None:
        """Return what `alias.name` means where `alias` is an imported module."""
        targets = self._scopes[path].modules.get(alias)
        return self._exported(targets, name, _HOPS) if targets else None

    def any_member(self, name: str) -> int | None:
        """Return the only member of that name in the whole project.

        `append` and the like may be of any other type.
        """
        found = self._members.get(name, ())
        return found[0] if len(found) == 1 and len(parts(name)) > 1 else None

    def _exported(
        self, targets: Sequence[str], name: str, hops: int
    ) -> int | None:
        return next(
            (
                found
                for path in targets
                if (found := self._exported_by(path, name, hops)) is not None
            ),
            None,
        )

    def _exported_by(self, path: str, name: str, hops: int) -> int | None:
        """Return what a file gives for a name; remembered, since ways through modules are many."""
        key = path, name, hops
        if key not in self._known:
            self._known[key] = self._sought(path, name, hops)
        return self._known[key]

    def _sought(self, path: str, name: str, hops: int) -> int | None:
        scope = self._scopes.get(path)
        if scope is None:
            return None
        local = scope.exports.get(name, name)
        if local in scope.own:
            return scope.own[local]
        if hops and local in scope.given:
            given, there = scope.given[local]
            if (found := self._exported(given, there, hops - 1)) is not None:
                return found
        return self._exported(scope.passed, name, hops - 1) if hops else None

    def _seen_from(self, path: str) -> frozenset[str]:
        """Return the files whose names are seen in a file without being imported one by one."""
        if path not in self._seen:
            file = self._files[path]
            found = dict.fromkeys(self._scopes[path].open)
            transitive = file.language in _TRANSITIVE
            queue = list(found) if transitive else []
            for one in queue:
                more = (
                    [
                        other
                        for other in self._scopes[one].open
                        if other not in found
                    ]
                    if one in self._scopes
                    else []
                )
                queue += more
                found.update(dict.fromkeys(more))
                if len(found) > _MOST_SEEN:
                    break
            self._seen[path] = frozenset(found)
        return self._seen[path]
