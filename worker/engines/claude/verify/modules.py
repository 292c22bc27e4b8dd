"""The modules of a project: their files, and their dotted names."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from worker.engines.static.facts import Role
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.reading.roles import file_stem

_DOTS: Final = re.compile(r"[./]|::")
_ROLES: Final = frozenset({Role.SOURCE, Role.EXAMPLE, Role.TEST})
"""Roles of files that code may import."""
_ROOTS: Final = word_set("src lib python")
"""Folders that are not part of the names of their modules."""
_PACKAGES: Final = word_set("__init__ index mod lib")
"""Files whose module is named after their folder."""

Modules = Mapping[str, Sequence[str]]
"""Paths of source files, by the last part of their module's name."""


def by_name(facts: CourseFacts) -> Modules:
    """Return the source files by the last part of their module's name.

    A package is named after its folder.
    """
    modules: dict[str, list[str]] = defaultdict(list)
    for path, file in facts.analysis.files.items():
        if file.role not in _ROLES:
            continue
        *_, name = _module_parts(path)
        modules[name].append(path)
    return modules


def _module_parts(path: str) -> list[str]:
    *folders, _ = path.split("/")
    stem = file_stem(path)
    if stem in _PACKAGES and folders:
        return folders
    return [*folders, stem]


def _ends_with(path: str, parts: list[str]) -> bool:
    module = _module_parts(path)
    count = len(parts)
    return module[-count:] == parts


def is_top(modules: Modules, name: str) -> bool:
    """Whether a name is a top-level module or package of the project."""
    for path in modules.get(name, ()):
        parts = _module_parts(path)
        below_roots = [part for part in parts if part not in _ROOTS]
        if below_roots == [name]:
            return True
    return False


def files_of(modules: Modules, name: str) -> Sequence[str]:
    """Return the files of the module with a dotted name."""
    pieces = _DOTS.split(name)
    parts = [part for part in pieces if part]
    if not parts:
        return ()
    last = parts[-1]
    paths = modules.get(last, ())
    return [path for path in paths if _ends_with(path, parts)]
