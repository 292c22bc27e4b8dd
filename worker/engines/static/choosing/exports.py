"""What the project offers to others: by its packages' doors, and by its manifests."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from posixpath import basename, dirname, join, normpath, split
from typing import Final

from worker.engines.static.choosing.candidates import (
    is_exported_macro,
    is_registry,
    is_value,
)
from worker.engines.static.choosing.packages import is_interface
from worker.engines.static.facts import Definition, Texts
from worker.engines.static.linking.graph import DefinitionGraph
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.reading.manifests import table
from worker.engines.static.reading.roles import file_stem

_DOOR: Final = re.compile(
    r"(?:.*/)?(?:__init__\.py|index\.[cm]?[jt]sx?|mod\.ts|lib\.rs|mod\.rs|lib/[^/]+\.rb)"
)
_DOORED: Final = re.compile(r"\.(?:pyi?|[cm]?[jt]sx?|rs)$")
"""Files of languages in which a folder offers only what its door shows."""
_LIST: Final = 10
"""A door that shows this many names shows each of them well."""
_LEAST: Final = 0.3
SIDE_DOOR: Final = 0.4
"""What the door of a package within a package counts."""
_HEADER: Final = 0.5
_PYTHON_MANIFESTS: Final = ("pyproject.toml", "setup.cfg", "setup.py")
_SCRIPT: Final = re.compile(r"=[ \t]*[\"']?([^\W\d][\w.]*):([^\W\d]\w*)")
"""`name = "package.module:function"`."""
_Script = tuple[str, str]
"""The last part of a module's name, and a function of it."""
_FIELDS: Final = ("main", "module", "types", "typings", "bin", "exports")
"""Where a package.json names the files that others run or import."""


class Exports:
    """Knows which definitions are exported, how clearly, and under which names of modules."""

    def __init__(
        self, graph: DefinitionGraph, resolver: Resolver, texts: Texts
    ) -> None:
        self._weights: dict[int, float] = {}
        self._shown: dict[str, set[int]] = defaultdict(set)
        """By folder with a door: what it shows."""
        paths = resolver.paths
        doors = set(_entries(texts, frozenset(paths)))
        doors.update(filter(_DOOR.fullmatch, paths))
        for path in doors:
            folder = dirname(path)
            shown = {graph.top[index] for index in resolver.shown(path)}
            if path.endswith(".py"):
                # A package that uses what it imports does not only pass it on.
                shown = {i for i in shown if path not in graph.used[i]}
            self._shown[folder] |= shown
        folders = {
            dirname(path) for path in texts if basename(path) == "go.mod"
        }
        scripts = _scripts(texts)
        for definition in graph.definitions:
            if definition.parent is None:
                path = definition.path
                folder = dirname(path)
                is_go = folder in folders and path.endswith(".go")
                is_own = path in doors and not is_value(definition)
                if definition.public and (is_go or is_own):
                    self._shown[folder].add(definition.index)
                self._weigh(graph, definition, scripts)
        self._weigh_shown()

    def _weigh_shown(self) -> None:
        """Weigh what doors show: a name counts more in a short list than in a long one."""
        for folder, shown in self._shown.items():
            rarity = _LIST / (len(shown) + 1)
            weight = min(1.0, _LEAST + rarity)
            if _is_inner(folder, self._shown):
                weight *= SIDE_DOOR
            for index in shown:
                self._raise(index, weight)

    def _weigh(
        self,
        graph: DefinitionGraph,
        definition: Definition,
        scripts: Container[_Script],
    ) -> None:
        """Weigh what headers of C declare, manifests make commands of, and macros and tables."""
        index = definition.index
        if is_interface(definition.path):
            self._raise(index, _HEADER)
        is_script = (_module(definition.path), definition.name) in scripts
        is_table = is_registry(graph, definition)
        if is_script or is_table or is_exported_macro(definition):
            self._raise(index, 1.0)

    def _raise(self, index: int, weight: float) -> None:
        before = self.weight(index)
        self._weights[index] = max(before, weight)

    def weight(self, index: int) -> float:
        """Return how clearly a definition is exported, up to 1."""
        return self._weights.get(index, 0.0)

    def modules(self, definition: Definition) -> set[str]:
        """Return the last parts of the names of the modules that a definition is imported from.

        A folder is one of them only if its door shows the definition, where languages have doors.
        """
        path = definition.path
        index = definition.index
        by_default = {index}
        if _DOORED.search(path):
            by_default = set()
        is_door = _DOOR.fullmatch(path) is not None
        names = {file_stem(path).lower()}
        folder = dirname(path)
        while folder:
            shown = self._shown.get(folder, by_default)
            if is_door or index in shown:
                names.add(basename(folder).lower())
            folder = dirname(folder)
            is_door = False
        return names


def _module(path: str) -> str:
    """Return the last part of the name of a Python module."""
    folder = dirname(path)
    name = file_stem(path)
    if folder and name == "__init__":
        return basename(folder)
    return name


def _is_inner(folder: str, folders: Iterable[str]) -> bool:
    """Whether a folder lies in another one of some folders."""
    return any(
        folder != other and (not other or folder.startswith(f"{other}/"))
        for other in folders
    )


def _scripts(texts: Texts) -> set[_Script]:
    """Return the modules and functions that Python's manifests make commands of."""
    scripts = set()
    for manifest in _PYTHON_MANIFESTS:
        text = texts.get(manifest, "")
        for module, name in _SCRIPT.findall(text):
            last = module.rpartition(".")[2]
            scripts.add((last, name))
    return scripts


def _entries(texts: Texts, sources: frozenset[str]) -> Iterator[str]:
    """Yield the sources that package.json files name."""
    for path, text in texts.items():
        folder, name = split(path)
        if name != "package.json":
            continue
        package = table(path, text)
        for field in _FIELDS:
            for value in _strings(package.get(field)):
                target = normpath(join(folder, value))
                if target in sources:
                    yield target


def _strings(value: object) -> Iterator[str]:
    """Yield the strings in a value of a manifest, however deep they lie in its tables."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
