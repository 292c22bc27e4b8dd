"""Which files of the repository an import means."""

import json
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from worker.engines.static.facts import Import
from worker.engines.static.reading.language import Language

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
_ROOTS: Final = frozenset({"", "src", "lib", "python", "source"})
_MOST_INCLUDES: Final = 3
_CODE_OF_HEADER: Final = (".c", ".cc", ".cpp", ".cxx")


class Modules:
    """The repository's source files by the names that imports give them."""

    def __init__(
        self,
        paths: Iterable[str],
        packages: Iterable[str],
        settings: Mapping[str, str],
        declared: Mapping[str, tuple[str, Iterable[str]]] | None = None,
    ) -> None:
        """Take the parsed paths, folders with `__init__.py`, and texts of `package.json` and `go.mod`.

        `declared` tells the package that each file declares, and the names that it defines in it.
        """
        self._paths: Final = frozenset(paths)
        self._packages: Final = frozenset(packages)
        self._by_name: Final[dict[str, list[str]]] = defaultdict(list)
        self._by_folder: Final[dict[str, list[str]]] = defaultdict(list)
        for path in sorted(
            self._paths, key=lambda path: (path.count("/"), path)
        ):
            folder, _, name = path.rpartition("/")
            self._by_name[name].append(path)
            self._by_folder[folder].append(path)
        self._by_package: Final[dict[str, list[str]]] = defaultdict(list)
        self._by_type: Final[dict[tuple[str, str], list[str]]] = defaultdict(
            list
        )
        for path, (package, names) in (declared or {}).items():
            self._by_package[package].append(path)
            for name in names:
                self._by_type[package, name].append(path)
        self._places: Final[dict[str, list[str]]] = {}
        """The folders that a Python module's absolute name may start in, the least deep first."""
        self._own_name = ""
        self._scripts: Final = dict(_named_scripts(settings))
        self._go: Final = dict(_go_modules(settings))

    def name_root(self, modules: Iterable[str]) -> None:
        """Find the name of a Python package whose folder is the repository itself.

        Its own files import `name.module` though there is no such folder.
        """
        votes: Counter[str] = Counter()
        for module in modules:
            first, _, rest = module.partition(".")
            if first and rest:
                is_here = self._python_module(rest.replace(".", "/"))
                votes[first] += 1 if is_here else -1
        first, surplus = min(
            votes.items(), key=lambda vote: (-vote[1], vote[0]), default=("", 0)
        )
        if surplus > 0 and not self._prefixes(first):
            self._own_name = first

    def targets(
        self, path: str, language: Language, one: Import
    ) -> tuple[str, ...]:
        """Return the files that an import in the file `path` means, most likely first.

        None where it is not ours.
        """
        match language:
            case Language.PYTHON:
                found = self._python(path, one)
            case Language.JAVASCRIPT | Language.TYPESCRIPT | Language.TSX:
                found = self._script(path, one.module)
            case Language.GO:
                found = self._go_package(one.module)
            case Language.RUST:
                found = self._rust(path, one)
            case (
                Language.JAVA | Language.KOTLIN | Language.CSHARP | Language.PHP
            ):
                found = self._packaged(one)
            case Language.RUBY:
                found = self._required(path, one.module)
            case _:
                found = self._included(path, one.module)
        return tuple(
            target for target in dict.fromkeys(found) if target != path
        )

    def _ending(self, tail: str) -> list[str]:
        """Return the files whose path is `tail` or ends with it, the least deep first."""
        name = tail.rpartition("/")[2]
        return [
            path
            for path in self._by_name.get(name, ())
            if path == tail or path.endswith(f"/{tail}")
        ]

    def _python(self, path: str, one: Import) -> list[str]:
        folder = path.rpartition("/")[0]
        dots = len(one.module) - len(one.module.lstrip("."))
        rest = one.module[dots:].replace(".", "/")
        if dots:
            for _ in range(dots - 1):
                folder = folder.rpartition("/")[0]
            bases = [posixpath.join(folder, rest).rstrip("/")]
        elif self._own_name and f"{rest}/".startswith(f"{self._own_name}/"):
            bases = [rest[len(self._own_name) + 1 :]]
        else:
            bases = self._absolute(rest, folder)
        found = []
        for base in bases:
            found += self._python_module(base)
            for _, name in one.names:
                found += self._python_module(f"{base}/{name}" if base else name)
        return found

    def _absolute(self, rest: str, folder: str) -> list[str]:
        """Return where a module may lie: where its first part is no member of another package."""
        if rest not in self._places:
            self._places[rest] = self._prefixes(rest)
        fitting, first = self._places[rest], rest.partition("/")[0]
        near = [
            one
            for one in fitting
            if one in _ROOTS or one == folder or folder.startswith(f"{one}/")
        ]
        far = [
            one
            for one in fitting
            if "/" in rest or posixpath.join(one, first) in self._packages
        ]
        return [posixpath.join(prefix, rest) for prefix in near or far]

    def _prefixes(self, rest: str) -> list[str]:
        tails = [f"{rest}.py", f"{rest}/__init__.py"]
        prefixes = {
            path[: -len(tail)].rstrip("/")
            for tail in tails
            for path in self._ending(tail)
        }
        first = rest.partition("/")[0]
        prefixes |= {
            package[: -len(first)].rstrip("/")
            for package in self._packages
            if package == first or package.endswith(f"/{first}")
        }
        return sorted(
            (one for one in prefixes if one not in self._packages),
            key=lambda one: (len(one), one),
        )

    def _python_module(self, base: str) -> list[str]:
        return [
            path
            for path in (
                f"{base}.py",
                f"{base}/__init__.py".lstrip("/"),
                f"{base}.pyi",
            )
            if path in self._paths
        ]

    def _script(self, path: str, module: str) -> list[str]:
        if module.startswith("."):
            base = posixpath.normpath(
                posixpath.join(posixpath.dirname(path), module)
            )
            return self._script_file("" if base == "." else base)
        if module.startswith(("@/", "~/", "src/")):
            return self._script_file("src/" + module.partition("/")[2])
        for name, folder in self._scripts.items():
            if module == name or module.startswith(f"{name}/"):
                rest = module[len(name) + 1 :]
                places = (
                    f"{folder}src/{rest}",
                    f"{folder}{rest}",
                    f"{folder}src/index",
                    f"{folder}lib/{rest}",
                )
                return next(
                    (
                        found
                        for place in places
                        if (found := self._script_file(place.rstrip("/")))
                    ),
                    [],
                )
        return []

    def _script_file(self, base: str) -> list[str]:
        stem = re.sub(r"\.[cm]?[jt]sx?$", "", base)
        names = [
            base,
            *(base + end for end in _SCRIPTS),
            *(stem + end for end in _SCRIPTS),
        ]
        names += [posixpath.join(base, f"index{end}") for end in _SCRIPTS]
        return [name for name in names if name in self._paths][:1]

    def _go_package(self, module: str) -> list[str]:
        for name, folder in self._go.items():
            if module == name or module.startswith(f"{name}/"):
                return list(
                    self._by_folder.get(
                        posixpath.join(folder, module[len(name) + 1 :]).rstrip(
                            "/"
                        ),
                        (),
                    )
                )
        return []

    def _rust(self, path: str, one: Import) -> list[str]:
        segments = [segment for segment in one.module.split("::") if segment]
        folder, _, name = path.rpartition("/")
        own = (
            folder
            if name in {"mod.rs", "lib.rs", "main.rs"}
            else path.removesuffix(".rs")
        )
        root = (
            path.partition("/src/")[0] + "/src"
            if "/src/" in path
            else "src"
            if path.startswith("src/")
            else folder
        )
        base, first = own, segments[0] if segments else ""
        if first == "crate":
            base, segments = root, segments[1:]
        elif first == "self":
            segments = segments[1:]
        while segments[:1] == ["super"]:
            base, segments = base.rpartition("/")[0], segments[1:]
        if first not in {"crate", "self", "super"} and (
            crate := self._crate(first)
        ):
            base, segments = crate, segments[1:]
        longest = [*segments, *(name for name, _ in one.names[:1])]
        places = [
            "/".join([base, *longest[:length]])
            for length in range(len(longest), -1, -1)
        ]
        candidates = [
            file
            for place in places
            for file in (f"{place}.rs", f"{place}/mod.rs", f"{place}/lib.rs")
        ]
        found = [
            file.lstrip("/")
            for file in candidates
            if file.lstrip("/") in self._paths
        ]
        return (
            found
            if first in {"crate", "self", "super"}
            or len(found) > 1
            or base != own
            else []
        )

    def _crate(self, name: str) -> str | None:
        for file in self._by_name.get("lib.rs", ()):
            folder = file.removesuffix("/lib.rs").removesuffix("/src")
            if name and folder.rpartition("/")[2].replace("-", "_") == name:
                return file.removesuffix("/lib.rs")
        return None

    def _packaged(self, one: Import) -> list[str]:
        """Return the files that define names of a package, or of a type in it."""
        package, _, outer = one.module.rpartition(".")
        if one.everything:
            files = self._by_package.get(one.module, [])
            return files or self._by_type.get((package, outer), [])
        files = [
            path
            for _, name in one.names
            for path in self._by_type.get((one.module, name), ())
        ]
        return files or self._by_type.get((package, outer), [])

    def _required(self, path: str, module: str) -> list[str]:
        file = f"{module.removesuffix('.rb')}.rb"
        if module.startswith("."):
            folder = posixpath.dirname(path)
            near = posixpath.normpath(posixpath.join(folder, file))
            return [near] if near in self._paths else []
        elsewhere = self._ending(file) if "/" in file else []
        return (self._ending(f"lib/{file}") or elsewhere)[:1]

    def _included(self, path: str, module: str) -> list[str]:
        near = posixpath.normpath(
            posixpath.join(posixpath.dirname(path), module)
        )
        headers = (
            [near]
            if near in self._paths
            else self._ending(posixpath.normpath(module).lstrip("./"))
        )
        found = headers[:_MOST_INCLUDES]
        for header in found[:1]:
            stem = header.rpartition(".")[0]
            name = stem.rpartition("/")[2]
            twins = [
                stem + end
                for end in _CODE_OF_HEADER
                if stem + end in self._paths
            ]
            elsewhere = [
                file
                for end in _CODE_OF_HEADER
                for file in self._by_name.get(name + end, ())
            ]
            found = found + (twins or elsewhere[:1])
        return found


def _named_scripts(settings: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for path, said in sorted(settings.items()):
        if path.endswith("package.json"):
            try:
                package = json.loads(said)
            except (ValueError, RecursionError):
                continue
            if (
                isinstance(package, dict)
                and isinstance(name := package.get("name"), str)
                and name
            ):
                yield name, path.removesuffix("package.json")


def _go_modules(settings: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for path, said in sorted(settings.items()):
        if path.endswith("go.mod") and (
            match := re.search(r"^module\s+\"?([^\s\"]+)", said, re.MULTILINE)
        ):
            yield match[1], path.removesuffix("go.mod").rstrip("/")
