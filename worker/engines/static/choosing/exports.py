"""What the project offers to others: by its packages' doors, and by its manifests."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, dirname, join, normpath, split
from typing import Final

from worker.engines.static.facts import Definition
from worker.engines.static.linking.graph import Graph
from worker.engines.static.linking.scopes import Resolver
from worker.engines.static.reading.manifests import table

_DOOR: Final = re.compile(
    r"(?:.*/)?(?:__init__\.py|index\.[cm]?[jt]sx?|mod\.ts|lib\.rs|mod\.rs)"
)
_DOORED: Final = re.compile(r"\.(?:pyi?|[cm]?[jt]sx?|rs)$")
"""Files of languages in which a folder offers only what its door shows."""
_LIST: Final = 10
"""A door that shows this many names shows each of them well."""
_LEAST: Final = 0.3
_SIDE_DOOR: Final = 0.4
"""What the door of a package within a package counts."""
_HEADER: Final = 0.5
_PYTHON_MANIFESTS: Final = ("pyproject.toml", "setup.cfg", "setup.py")
_SCRIPT: Final = re.compile(r"=[ \t]*[\"']?([^\W\d][\w.]*):([^\W\d]\w*)")
"""`name = "package.module:function"`."""
_FIELDS: Final = ("main", "module", "types", "typings", "bin", "exports")
"""Where a package.json names the files that others run or import."""


class Exports:
    """Knows which definitions are exported, how clearly, and under which names of modules."""

    def __init__(
        self, graph: Graph, resolver: Resolver, texts: Mapping[str, str]
    ) -> None:
        self._graph = graph
        self._weights: dict[int, float] = {}
        self._by_folder: dict[str, set[int]] = defaultdict(set)
        """By folder with a door: what it shows."""
        paths = resolver.paths
        doors = [*_doors(paths), *_files(texts, paths)]
        for path in doors:
            shown = {graph.top[index] for index in resolver.shown(path)}
            self._by_folder[dirname(path)] |= shown
        self._go(texts)
        for folder, shown in self._by_folder.items():
            weight = 1.0
            if _is_inner(folder, self._by_folder):
                weight = _SIDE_DOOR
            self._weigh(shown, weight)
        self._scripts(texts)

    def _go(self, texts: Mapping[str, str]) -> None:
        """Take what the packages beside the `go.mod` files define."""
        folders = {
            dirname(path) for path in texts if basename(path) == "go.mod"
        }
        for definition in self._top_level():
            folder = dirname(definition.path)
            is_go = definition.path.endswith(".go") and folder in folders
            if is_go and definition.public:
                self._by_folder[folder].add(definition.index)

    def _top_level(self) -> Iterator[Definition]:
        for definition in self._graph.definitions:
            if definition.parent is None:
                yield definition

    def _weigh(self, shown: Iterable[int], weight: float) -> None:
        """Weigh names: each counts more in a short list than in a long one."""
        indices = list(shown)
        rarity = _LIST / (len(indices) + 1)
        share = min(1.0, _LEAST + rarity)
        for index in indices:
            self._raise(index, weight * share)

    def _raise(self, index: int, weight: float) -> None:
        before = self.weight(index)
        self._weights[index] = max(before, weight)

    def _scripts(self, texts: Mapping[str, str]) -> None:
        """Take the headers of C, and the functions that Python's manifests make commands of."""
        entries = set()
        for manifest in _PYTHON_MANIFESTS:
            text = texts.get(manifest, "")
            for module, name in _SCRIPT.findall(text):
                last = module.rpartition(".")[2]
                entries.add((last, name))
        for definition in self._top_level():
            *folders, file = definition.path.split("/")
            module = file.partition(".")[0]
            if module == "__init__" and folders:
                module = folders[-1]
            if "include" in folders:
                self._raise(definition.index, _HEADER)
            if (module, definition.name) in entries:
                self._raise(definition.index, 1.0)

    def weight(self, index: int) -> float:
        """Return how clearly a definition is exported, up to 1."""
        return self._weights.get(index, 0.0)

    def modules(self, definition: Definition) -> set[str]:
        """Return the last parts of the names of the modules that a definition is imported from.

        A folder is one of them only if its door shows the definition, where languages have doors.
        """
        folder, file = split(definition.path)
        stem = file.partition(".")[0]
        names = {stem.lower()}
        is_door = _DOOR.fullmatch(definition.path) is not None
        while folder:
            above, name = split(folder)
            shown = self._by_folder.get(folder)
            is_package = shown is None and not _DOORED.search(file)
            if is_door or is_package or definition.index in (shown or ()):
                names.add(name.lower())
            folder = above
            is_door = False
        return names


def _doors(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if _DOOR.fullmatch(path)]


def _is_inner(folder: str, folders: Iterable[str]) -> bool:
    return any(
        folder != other and (not other or folder.startswith(f"{other}/"))
        for other in folders
    )


def _files(texts: Mapping[str, str], paths: Iterable[str]) -> Iterator[str]:
    """Yield the sources that package.json files name."""
    sources = frozenset(paths)
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
