"""Finds what names mean at the top of a file, by its definitions and imports.

A name is looked for where its language would look: among the definitions of its file, what
the file imports, and what it sees without an import (its package, star imports, headers).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, split
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition, Import
from worker.engines.static.linking.assembly import Assembly
from worker.engines.static.parsing.identifiers import parts
from worker.engines.static.parsing.source_file import Parsed
from worker.engines.static.reading.language import Language

_HOPS: Final = 4
"""The most modules through which a name is passed on."""
_MOST_SEEN: Final = 400
"""The most files that are seen through includes and star imports."""
_PACKAGED: Final = frozenset(
    {Language.JAVA, Language.KOTLIN, Language.CSHARP, Language.PHP}
)
"""Languages whose files see the definitions of the package that they declare."""
_TRANSITIVE: Final = frozenset({Language.C, Language.CPP, Language.RUBY})
"""Languages that also see what the files that they include, include."""
_NAMED_MODULES: Final = frozenset({Language.PYTHON, Language.RUST})
"""Languages that import modules by name, as they import definitions."""
_HERE: Final = frozenset({"", "crate", "self", "super"})
"""Ends of modules' paths that name no folder."""
_Files = tuple[str, ...]
_Indices = dict[str, list[int]]
"""Positions of definitions by their name."""
_TELLING: Final = 5
"""The fewest letters of a name that may be guessed at, unless it is in lower case."""


@dataclass(slots=True)
class _Scope:
    """What names mean in one file."""

    own: dict[str, int] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)
    given: dict[str, tuple[_Files, str]] = field(default_factory=dict)
    """By the name here: the files that it may come from, and its name there."""
    passed: list[str] = field(default_factory=list)
    """Files whose names are passed on to the importers of this one."""
    modules: dict[str, _Files] = field(default_factory=dict)
    """By alias: the files of a module that is imported as a whole; none of another project's."""
    roots: set[str] = field(default_factory=set)
    """The first names of those aliases."""
    open: list[str] = field(default_factory=list)
    """Files whose names are all seen here."""


class Module(NamedTuple):
    """A module of the project that names lead to."""

    files: _Files
    length: int
    """How many of the names lead to it."""


class Resolver:
    """Looks names up in the scopes of files."""

    def __init__(self, assembly: Assembly) -> None:
        """Read the scopes of all parsed files, whose imports have their targets."""
        self._files = assembly.files
        self._definitions = assembly.definitions
        self._top: _Indices = defaultdict(list)
        self._members: _Indices = defaultdict(list)
        self._scopes: dict[str, _Scope] = {}
        self._homes: dict[str, str | None] = {}
        for path, parsed in assembly.parsed.items():
            self._scopes[path] = self._scope(path, parsed)
            self._homes[path] = self._home(path, parsed.package)
        for definition in self._definitions:
            self._define(definition)
        self._seen: dict[str, frozenset[str]] = {}
        self._known: dict[tuple[str, str, int], int | None] = {}

    def _define(self, definition: Definition) -> None:
        name = definition.name
        index = definition.index
        if definition.parent is not None:
            self._members[name].append(index)
            return
        self._top[name].append(index)
        scope = self._scopes[definition.path]
        scope.own.setdefault(name, index)

    def _home(self, path: str, package: str) -> str | None:
        """Return what files have in common that see each other's definitions."""
        language = self._files[path].language
        if language is Language.GO:
            return dirname(path)
        if language in _PACKAGED:
            return package
        return None

    def _is_home(self, path: str, place: str) -> bool:
        """Whether a file sees what another defines; in C#, inner namespaces see outer ones."""
        home = self._homes[path]
        other = self._homes[place]
        if home is None or not other:
            return home is not None and home == other
        is_csharp = self._files[path].language is Language.CSHARP
        return home == other or (is_csharp and home.startswith(f"{other}."))

    def _scope(self, path: str, parsed: Parsed) -> _Scope:
        scope = _Scope(exports=dict(parsed.exports))
        file = self._files[path]
        is_python = file.language is Language.PYTHON
        for statement in file.imports:
            targets = statement.targets
            _take_names(scope, statement, file.language)
            alias = statement.alias
            if alias:
                scope.modules.setdefault(alias, targets)
                root = alias.partition(".")[0]
                scope.roots.add(root)
            scope.roots.update(_constants(file.language, statement))
            if statement.everything:
                scope.open += targets
            is_star = statement.everything and is_python
            is_passed_on = statement.again and not statement.names
            if is_star or is_passed_on:
                scope.passed += targets
        return scope

    @property
    def paths(self) -> Sequence[str]:
        return list(self._scopes)

    def shown(self, path: str) -> set[int]:
        """Return what a file exports without defining it itself; in Ruby, what it loads has."""
        doors = [path]
        scopes = self._scopes
        shown: set[int] = set()
        if self._files[path].language is Language.RUBY:
            doors = []
            for target in scopes[path].open:
                shown.update(scopes[target].own.values())
        for door in doors:
            by_name = self._passed_by_name(door)
            shown.update(by_name)
            for target in scopes[door].passed:
                scope = scopes.get(target)
                if scope is None or target in doors:
                    continue
                shown.update(scope.own.values())
                doors.append(target)
        definitions = self._definitions
        return {index for index in shown if definitions[index].public}

    def _passed_by_name(self, path: str) -> Iterator[int]:
        scope = self._scopes[path]
        file = self._files[path]
        is_python = file.language is Language.PYTHON
        names = set(scope.exports)
        for statement in file.imports:
            if not statement.again and not is_python:
                continue
            for here, _ in statement.names:
                names.add(here)
        for name in names:
            index = self._exported_by(path, name, _HOPS)
            if index is not None and not name.startswith("_"):
                yield index

    def lookup(self, path: str, name: str) -> int | None:
        """Return the definition that a name at the top of a file means."""
        scope = self._scopes[path]
        if name in scope.own:
            return scope.own[name]
        if name in scope.given:
            targets, there = scope.given[name]
            return self.exported(targets, there)
        candidates = self._top.get(name)
        if not candidates or name in scope.roots:
            return None
        passed_on = self.exported(scope.open, name)
        if passed_on is not None and self._homes[path] is None:
            return passed_on
        return self._visible(path, candidates)

    def _visible(self, path: str, candidates: Sequence[int]) -> int | None:
        """Return the candidate that a file sees without importing it by name."""
        seen = self._seen_from(path)
        visible = []
        for index in candidates:
            place = self._definitions[index].path
            if self._is_home(path, place):
                return index
            if place in seen:
                visible.append(index)
        if len(visible) == 1:
            return visible[0]
        return None

    def guess(self, path: str, name: str) -> int | None:
        """Return the only definition with that name, which nothing in the file leads to."""
        if len(name) < _TELLING or name.islower():
            return None
        scope = self._scopes[path]
        if name in scope.given or name in scope.roots:
            return None
        candidates = self._top.get(name, ())
        if len(candidates) != 1:
            return None
        index = candidates[0]
        place = self._definitions[index].path
        language = self._files[path].language
        if self._files[place].language is language:
            return index
        return None

    def is_named(self, path: str, name: str) -> bool:
        scope = self._scopes[path]
        return any(
            name in names for names in (scope.own, scope.given, scope.roots)
        )

    def is_foreign(self, path: str, name: str) -> bool:
        """Whether a name in a file comes from another project."""
        scope = self._scopes[path]
        if name in scope.given:
            files, _ = scope.given[name]
            return not files and name not in scope.modules
        if name in scope.roots:
            return not scope.modules.get(name)
        return False

    def module(self, path: str, names: Sequence[str]) -> Module | None:
        """Return the longest imported module that dotted names begin with."""
        modules = self._scopes[path].modules
        for length in range(len(names), 0, -1):
            dotted = ".".join(names[:length])
            targets = modules.get(dotted)
            if targets:
                return Module(targets, length)
        return None

    def submodule(self, targets: Sequence[str], name: str) -> _Files:
        files: list[str] = []
        for target in targets:
            folder, file = split(target)
            if file.endswith("__init__.py"):
                files += self._modules(join(folder, name))
        return tuple(files)

    def _modules(self, base: str) -> list[str]:
        """Return the files of a Python module."""
        paths = (f"{base}.py", f"{base}/__init__.py")
        return [path for path in paths if path in self._scopes]

    def any_member(self, name: str) -> int | None:
        """Return the project's only member with this name.

        `append` and the like may be of any other type.
        """
        members = self._members.get(name, ())
        is_compound = len(parts(name)) > 1
        if len(members) == 1 and is_compound:
            return members[0]
        return None

    def exported(
        self, targets: Sequence[str], name: str, hops: int = _HOPS
    ) -> int | None:
        """Return what the first of some files that has a name gives for it."""
        for path in targets:
            index = self._exported_by(path, name, hops)
            if index is not None:
                return index
        return None

    def _exported_by(self, path: str, name: str, hops: int) -> int | None:
        """Return what a file gives for a name; remembered, since ways through modules are many."""
        key = path, name, hops
        known = self._known
        if key not in known:
            known[key] = self._sought(path, name, hops)
        return known[key]

    def _sought(self, path: str, name: str, hops: int) -> int | None:
        scope = self._scopes.get(path)
        if scope is None:
            return None
        local = scope.exports.get(name, name)
        if local in scope.own:
            return scope.own[local]
        if not hops:
            return None
        index = None
        if local in scope.given:
            targets, there = scope.given[local]
            index = self.exported(targets, there, hops - 1)
        if index is None:
            index = self.exported(scope.passed, name, hops - 1)
        return index

    def _seen_from(self, path: str) -> frozenset[str]:
        """Return the files whose names are seen in a file without being imported one by one."""
        if path not in self._seen:
            self._seen[path] = frozenset(self._seen_files(path))
        return self._seen[path]

    def _seen_files(self, path: str) -> list[str]:
        own = self._scopes[path]
        files = list(dict.fromkeys(own.open))
        if self._files[path].language not in _TRANSITIVE:
            return files
        for file in files:
            scope = self._scopes.get(file)
            if scope is not None:
                more = dict.fromkeys(scope.open)
                files += [other for other in more if other not in files]
            if len(files) > _MOST_SEEN:
                break
        return files


def _take_names(scope: _Scope, statement: Import, language: Language) -> None:
    """Note the names that an import gives, some of which may be modules."""
    targets = statement.targets
    for here, there in statement.names:
        submodule = _submodule(language, statement, there)
        if submodule:
            scope.modules[here] = (submodule,)
        if targets or here not in scope.given:
            owners = [file for file in targets if file != submodule]
            scope.given[here] = tuple(owners), there


def _constants(language: Language, statement: Import) -> set[str]:
    """Return the constants that Ruby's `require 'cgi/cookie'` of another project may define."""
    if language is not Language.RUBY or statement.targets:
        return set()
    first = statement.module.partition("/")[0]
    words = [word.capitalize() for word in first.split("_")]
    return {first.upper(), "".join(words)}


def _submodule(language: Language, statement: Import, name: str) -> str | None:
    """Return the file of a module that is imported by name, as `from package import module`."""
    if language not in _NAMED_MODULES:
        return None
    module = statement.module.replace("::", ".")
    package = module.rpartition(".")[2]
    for target in statement.targets:
        stem = target.rpartition(".")[0]
        stem = stem.removesuffix("/__init__").removesuffix("/mod")
        folder, last = split(stem)
        if last != name:
            continue
        if package in _HERE or basename(folder) == package:
            return target
    return None
