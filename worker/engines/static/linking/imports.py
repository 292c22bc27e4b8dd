"""Which files of the repository an import means."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from posixpath import basename, dirname, join, normpath, split
from typing import Final

from worker.engines.static.facts import Import, Texts
from worker.engines.static.reading.language import Language
from worker.engines.static.reading.manifests import table

_PYTHON: Final = (".py", "/__init__.py", ".pyi")
_RUST: Final = (".rs", "/mod.rs", "/lib.rs")
_SCRIPTS: Final = (
    ".ts",
    ".tsx",
    ".mts",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".cts",
    ".d.ts",
    ".vue",
    ".svelte",
)
_SCRIPT_ENDING: Final = re.compile(r"\.[cm]?[jt]sx?$")
_GO_MODULE: Final = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_ROOTS: Final = frozenset({"", "src", "lib", "python", "source"})
_MOST_INCLUDES: Final = 3
_CODE_OF_HEADER: Final = (".c", ".cc", ".cpp", ".cxx")
_CRATE_FILES: Final = frozenset({"mod.rs", "lib.rs", "main.rs"})
"""Files whose submodules lie beside them, not in a folder of their name."""
_RELATIVE: Final = frozenset({"crate", "self", "super"})
"""The first name of paths in Rust's own crate."""
_Paths = dict[str, list[str]]
"""Paths by a name, the least deep first."""
_Folders = dict[str, str]
"""Folders by a name."""


class Modules:
    """The repository's source files by the names that imports give them."""

    def __init__(
        self,
        paths: Iterable[str],
        packages: Iterable[str],
        settings: Texts,
        declared: Mapping[str, tuple[str, Iterable[str]]],
    ) -> None:
        """Take the parsed paths, folders with `__init__.py`, texts of `package.json` and `go.mod`.

        `declared` gives the package that each file declares, and the names that it defines there.
        """
        self._paths = frozenset(paths)
        self._packages = frozenset(packages)
        self._by_name: _Paths = defaultdict(list)
        self._by_folder: _Paths = defaultdict(list)
        for path in sorted(self._paths, key=_depth):
            folder, name = split(path)
            self._by_name[name].append(path)
            self._by_folder[folder].append(path)
        self._by_package: _Paths = defaultdict(list)
        self._by_type: _Paths = defaultdict(list)
        """By the qualified name of a type."""
        for path, (package, names) in declared.items():
            self._by_package[package].append(path)
            for name in names:
                qualified = f"{package}.{name}"
                self._by_type[qualified].append(path)
        self._places: _Paths = {}
        """The folders that a Python module's absolute name may start in."""
        self._own_name = ""
        self._scripts: _Folders = {}
        """The folders of packages by the names in their `package.json`."""
        self._go: _Folders = {}
        """The folders of modules by the names in their `go.mod`."""
        for path, text in sorted(settings.items()):
            self._set(path, text)

    def _set(self, path: str, text: str) -> None:
        folder, file = split(path)
        if file == "go.mod":
            match = _GO_MODULE.search(text)
            if match is not None:
                self._go[match[1]] = folder
            return
        name = table(path, text).get("name")
        if isinstance(name, str) and name:
            self._scripts[name] = folder

    def name_root(self, modules: Iterable[str]) -> None:
        """Find the name of a Python package whose folder is the repository itself.

        Its own files import `name.module` though there is no such folder.
        """
        votes: Counter[str] = Counter()
        for module in modules:
            first, _, rest = module.partition(".")
            if not first or not rest:
                continue
            base = rest.replace(".", "/")
            vote = -1
            if self._python_module(base):
                vote = 1
            votes[first] += vote
        ranks = [(-vote, name) for name, vote in votes.items() if vote > 0]
        if ranks:
            _, name = min(ranks)
            if not self._prefixes(name):
                self._own_name = name

    def targets(
        self, path: str, language: Language, statement: Import
    ) -> tuple[str, ...]:
        """Return the files that an import in the file `path` means, most likely first.

        None where it is not ours.
        """
        module = statement.module
        match language:
            case Language.PYTHON:
                files = self._python(path, statement)
            case Language.JAVASCRIPT | Language.TYPESCRIPT | Language.TSX:
                files = self._script(path, module)
            case Language.GO:
                files = self._go_package(module)
            case Language.RUST:
                files = self._rust(path, statement)
            case (
                Language.JAVA | Language.KOTLIN | Language.CSHARP | Language.PHP
            ):
                files = self._packaged(statement)
            case Language.RUBY:
                files = self._required(path, module)
            case _:
                files = self._included(path, module)
        others = dict.fromkeys(files)
        others.pop(path, None)
        return tuple(others)

    def _existing(self, base: str, endings: Iterable[str]) -> list[str]:
        """Return the files whose paths are `base` and one of the endings."""
        files = []
        for ending in endings:
            path = base + ending
            path = path.lstrip("/")
            if path in self._paths:
                files.append(path)
        return files

    def _ending(self, tail: str) -> list[str]:
        """Return the files whose path is `tail` or ends with it, the least deep first."""
        name = basename(tail)
        paths = self._by_name.get(name, [])
        ending = f"/{tail}"
        return [path for path in paths if f"/{path}".endswith(ending)]

    def _python(self, path: str, statement: Import) -> list[str]:
        folder = dirname(path)
        module = statement.module.lstrip(".")
        dots = len(statement.module) - len(module)
        rest = module.replace(".", "/")
        if dots:
            for _ in range(dots - 1):
                folder = dirname(folder)
            base = join(folder, rest)
            bases = [base.rstrip("/")]
        elif self._own_name and _is_in(rest, self._own_name):
            bases = [_below(rest, self._own_name)]
        else:
            bases = self._absolute(rest, folder)
        files = []
        for base in bases:
            files += self._python_module(base)
            for _, name in statement.names:
                inner = join(base, name)
                files += self._python_module(inner)
        return files

    def _absolute(self, rest: str, folder: str) -> list[str]:
        """Return where a module may lie: where its first part is no member of another package."""
        if rest not in self._places:
            self._places[rest] = self._prefixes(rest)
        first, is_dotted, _ = rest.partition("/")
        near = []
        far = []
        for prefix in self._places[rest]:
            if prefix in _ROOTS or _is_in(folder, prefix):
                near.append(prefix)
            package = join(prefix, first)
            if is_dotted or package in self._packages:
                far.append(prefix)
        return [join(prefix, rest) for prefix in near or far]

    def _prefixes(self, rest: str) -> list[str]:
        """Return the folders, themselves no packages, in which a module may lie."""
        prefixes: set[str] = set()
        for ending in (".py", "/__init__.py"):
            tail = rest + ending
            for path in self._ending(tail):
                folder = _before(path, tail)
                prefixes.add(folder)
        first = rest.partition("/")[0]
        for package in self._packages:
            if f"/{package}".endswith(f"/{first}"):
                prefixes.add(_before(package, first))
        outside = prefixes - self._packages
        return sorted(outside, key=lambda prefix: (len(prefix), prefix))

    def _python_module(self, base: str) -> list[str]:
        return self._existing(base, _PYTHON)

    def _script(self, path: str, module: str) -> list[str]:
        if module.startswith("."):
            return self._script_file(_beside(path, module))
        if module.startswith(("@/", "~/", "src/")):
            rest = module.partition("/")[2]
            return self._script_file(f"src/{rest}")
        for name, folder in self._scripts.items():
            if _is_in(module, name):
                return self._workspace_file(folder, _below(module, name))
        return []

    def _workspace_file(self, folder: str, rest: str) -> list[str]:
        """Return a file of a package in the same repository."""
        for inner in (f"src/{rest}", rest, "src/index", f"lib/{rest}"):
            base = join(folder, inner)
            files = self._script_file(base.rstrip("/"))
            if files:
                return files
        return []

    def _script_file(self, base: str) -> list[str]:
        if base in self._paths:
            return [base]
        stem = _SCRIPT_ENDING.sub("", base)
        index = normpath(join(base, "index"))
        for start in (base, stem, index):
            files = self._existing(start, _SCRIPTS)
            if files:
                return files[:1]
        return []

    def _go_package(self, module: str) -> list[str]:
        for name, folder in self._go.items():
            if _is_in(module, name):
                place = join(folder, _below(module, name))
                return self._by_folder.get(place.rstrip("/"), [])
        return []

    def _rust(self, path: str, statement: Import) -> list[str]:
        parts = statement.module.split("::")
        segments = [part for part in parts if part]
        base, inner = self._rust_base(path, segments)
        named = [name for name, _ in statement.names[:1]]
        names = [base, *inner, *named]
        files = []
        while names:
            place = "/".join(names)
            files += self._existing(place, _RUST)
            names.pop()
        is_relative = not _RELATIVE.isdisjoint(segments[:1])
        if is_relative or len(files) > 1 or base != _rust_module(path):
            return files
        return []

    def _rust_base(
        self, path: str, segments: Sequence[str]
    ) -> tuple[str, Sequence[str]]:
        """Return the folder in which the names of a path are looked up, and these names."""
        first, *others = segments or [""]
        if first == "crate":
            return _rust_crate(path), others
        crate = self._crate(first)
        if crate:
            return crate, others
        base = _rust_module(path)
        inner = segments
        if first == "self":
            inner = others
        while inner and inner[0] == "super":
            base = dirname(base)
            inner = inner[1:]
        return base, inner

    def _crate(self, name: str) -> str:
        """Return the folder of a crate in the repository; nothing if it has no such crate."""
        for file in self._by_name.get("lib.rs", ()):
            folder = file.removesuffix("/lib.rs")
            crate = basename(folder.removesuffix("/src"))
            if name and crate.replace("-", "_") == name:
                return folder
        return ""

    def _packaged(self, statement: Import) -> list[str]:
        """Return the files that define names of a package, or of a type in it."""
        module = statement.module
        files: list[str] = []
        if statement.everything:
            files += self._by_package.get(module, [])
        else:
            for _, name in statement.names:
                qualified = f"{module}.{name}"
                files += self._by_type.get(qualified, [])
        return files or self._by_type.get(module, [])

    def _required(self, path: str, module: str) -> list[str]:
        file = module.removesuffix(".rb") + ".rb"
        if module.startswith("."):
            return self._existing(_beside(path, file), ("",))
        files = self._ending(f"lib/{file}")
        if not files and "/" in file:
            files = self._ending(file)
        return files[:1]

    def _included(self, path: str, module: str) -> list[str]:
        """Return a header, and the code that it announces."""
        near = _beside(path, module)
        headers = [near]
        if near not in self._paths:
            tail = normpath(module)
            headers = self._ending(tail.lstrip("./"))
            headers = headers[:_MOST_INCLUDES]
        if not headers:
            return []
        stem = headers[0].rpartition(".")[0]
        twins = self._existing(stem, _CODE_OF_HEADER)
        if twins:
            return [*headers, *twins]
        elsewhere: list[str] = []
        name = basename(stem)
        for ending in _CODE_OF_HEADER:
            elsewhere += self._by_name.get(name + ending, [])
        return [*headers, *elsewhere[:1]]


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _beside(path: str, name: str) -> str:
    """Return the path that is written relative to the folder of another one."""
    whole = join(dirname(path), name)
    return normpath(whole)


def _is_in(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def _below(path: str, folder: str) -> str:
    """Return the rest of a path that lies in a folder, or is that folder."""
    return path[len(folder) + 1 :]


def _before(path: str, tail: str) -> str:
    return path.removesuffix(tail).rstrip("/")


def _rust_module(path: str) -> str:
    """Return the folder in which the modules of a file lie."""
    folder, name = split(path)
    if name in _CRATE_FILES:
        return folder
    return path.removesuffix(".rs")


def _rust_crate(path: str) -> str:
    """Return the folder in which the crate of a file begins."""
    before, source, _ = f"/{path}".partition("/src/")
    if source:
        return f"{before}/src".lstrip("/")
    return dirname(path)
