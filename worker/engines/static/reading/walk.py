"""The files of a repository that are worth opening, and what is left out without a look inside."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.engines.static.facts import Skip
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.reading.encoding import shown
from worker.system.disk import raise_if_passing
from worker.system.gitignore import IgnoreRules

MAX_FILES: Final = 60_000
MAX_FILE_BYTES: Final = 1024 * 1024
"""A larger file is data or generated, whatever its name.

The reading of one must not take all memory.
"""
MAX_LONE_BYTES: Final = 8 * MAX_FILE_BYTES
"""The largest file that is read where there is no smaller one."""

_HIDDEN: Final = frozenset({".git", ".hg", ".svn", ".bzr", "CVS", ".DS_Store"})
"""Of version control and desktops; not worth a word."""
_INSTALLED: Final = word_set(
    "node_modules bower_components jspm_packages site-packages .venv venv .virtualenv "
    "virtualenv __pycache__ __pypackages__ .tox .nox .eggs .mypy_cache .pytest_cache "
    ".ruff_cache .hypothesis .cache .gradle .idea .vs .next .nuxt .svelte-kit .parcel-cache "
    ".turbo .terraform .bundle .dart_tool .stack-work .ipynb_checkpoints htmlcov"
)
_ENVIRONMENT: Final = "pyvenv.cfg"
_BUILT_BESIDE: Final = {
    "target": ("Cargo.toml", "pom.xml"),
    "_build": ("mix.exs", "dune-project"),
}
"""Folders that are a build's output where one of these files lies beside them."""

_MAX_RULES_BYTES: Final = 64 * 1024
_MAX_DEPTH: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFile:
    """A regular file."""

    path: str
    """As it is shown."""
    location: Path
    size: int


Leave = Callable[[Skip, str], None]
"""Takes what is left out: why, and the path."""


def walk(
    root: Path,
    leave: Leave,
    *,
    ignoring: bool = True,
    largest: int = MAX_FILE_BYTES,
) -> Iterator[FoundFile]:
    """Yield the regular files below a folder, sorted by the bytes of their paths.

    Links are not followed. The repository's ignore rules apply if `ignoring` is true.
    """
    files: dict[str, FoundFile] = {}
    rules = None
    if ignoring:
        rules = IgnoreRules(root, _MAX_RULES_BYTES)
    folders = [""]
    while folders:
        folder = folders.pop()
        entries = _entries(root, folder, leave)
        names = {entry.name for entry in entries}
        for entry in entries:
            path = folder + entry.name
            reason = _reason(entry, path, names, rules)
            if reason is not None:
                leave(reason, shown(path))
            elif entry.is_dir(follow_symlinks=False):
                folders.append(path + "/")
            elif file := _file(root, path, entry, leave, largest):
                files.setdefault(file.path, file)
    ordered = sorted(files.values(), key=lambda file: os.fsencode(file.path))
    for file in ordered[MAX_FILES:]:
        leave(Skip.LIMIT, file.path)
    yield from ordered[:MAX_FILES]


def _entries(root: Path, folder: str, leave: Leave) -> list[os.DirEntry[str]]:
    shown_path = shown(folder)
    if folder.count("/") > _MAX_DEPTH:
        leave(Skip.LIMIT, shown_path)
        return []
    place = root / folder
    try:
        with os.scandir(place) as scan:
            entries = [entry for entry in scan if entry.name not in _HIDDEN]
    except OSError as error:
        raise_if_passing(error, place)
        leave(Skip.UNREADABLE, shown_path or ".")
        return []
    if folder and any(entry.name == _ENVIRONMENT for entry in entries):
        leave(Skip.INSTALLED, shown_path)
        return []
    return sorted(entries, key=lambda entry: os.fsencode(entry.name))


def _reason(
    entry: os.DirEntry[str],
    path: str,
    beside: set[str],
    rules: IgnoreRules | None,
) -> Skip | None:
    """Return why an entry is left out, if it is."""
    is_folder = entry.is_dir(follow_symlinks=False)
    if not is_folder and not entry.is_file(follow_symlinks=False):
        return Skip.LINK
    if is_folder:
        manifests = _BUILT_BESIDE.get(entry.name, ())
        is_built = not beside.isdisjoint(manifests)
        if entry.name in _INSTALLED or is_built:
            return Skip.INSTALLED
        path += "/"
    is_ignored = rules is not None and rules.ignores(path)
    if is_ignored:
        return Skip.IGNORED
    return None


def _file(
    root: Path, path: str, entry: os.DirEntry[str], leave: Leave, largest: int
) -> FoundFile | None:
    shown_path = shown(path)
    try:
        size = entry.stat(follow_symlinks=False).st_size
    except OSError:
        leave(Skip.UNREADABLE, shown_path)
        return None
    if size == 0:
        leave(Skip.EMPTY, shown_path)
        return None
    if size > largest:
        leave(Skip.LARGE, shown_path)
        return None
    return FoundFile(path=shown_path, location=root / path, size=size)
