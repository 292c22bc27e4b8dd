"""Lists a project's files by folder, so that no part of it is missing from a prompt."""

from collections import Counter, defaultdict
from typing import Final, NamedTuple

from worker.engines.claude import secrets
from worker.engines.claude.shown import plain, shown_path
from worker.engines.static.facts import Role, SourceFile
from worker.engines.static.pages.course import CourseFacts

SHARE: Final = 6_000
"""Characters of the list."""
_WHOLE: Final = 99
_TRIES: Final = (
    (_WHOLE, 16),
    (_WHOLE, 8),
    (_WHOLE, 4),
    (3, 4),
    (2, 4),
    (1, 4),
    (1, 0),
)
"""How deep folders are listed, and how many names of each, until the list is short enough."""
_NAMED: Final = frozenset({Role.SOURCE, Role.EXAMPLE})
"""Of other roles, only the top folder is listed, with the folders in it."""
_COUNTED: Final = frozenset({Role.GENERATED, Role.VENDORED, Role.DATA})
"""Files of which a prompt holds only how many there are."""


class _Folder(NamedTuple):
    path: str
    role: Role


def files(facts: CourseFacts) -> str:
    """Return the folders with their roles and sizes, and the files that matter most in each."""
    rows: list[str] = []
    for depth, names in _TRIES:
        rows = _rows(facts, depth, names)
        size = sum(map(len, rows))
        if size <= SHARE:
            break
    return plain(rows, "files")


def _rows(facts: CourseFacts, depth: int, names: int) -> list[str]:
    folders: dict[_Folder, list[SourceFile]] = defaultdict(list)
    for file in _ranked(facts):
        folder = _folder(file, depth)
        folders[folder].append(file)
    rows: list[str] = []
    for folder in sorted(folders):
        row = _row(folder, folders[folder], names)
        rows.append(row)
    return rows


def _ranked(facts: CourseFacts) -> list[SourceFile]:
    """Return the files, those first whose best definition is worth most."""
    rates = _rates(facts)

    def rank(file: SourceFile) -> tuple[float, str]:
        rate = rates.get(file.path, 0.0)
        return -rate, file.path

    known = facts.analysis.files.values()
    shown = [file for file in known if not secrets.is_secret_file(file.path)]
    return sorted(shown, key=rank)


def _rates(facts: CourseFacts) -> dict[str, float]:
    """Return what the best definition of each file is worth."""
    rates: dict[str, float] = {}
    for index, worth in facts.analysis.worth.items():
        definition = facts.definitions[index]
        path = definition.path
        best = rates.get(path, worth)
        rates[path] = max(worth, best)
    return rates


def _folder(file: SourceFile, depth: int) -> _Folder:
    """Return the folder that a file is listed with; `./` at the top."""
    *parents, _ = file.path.split("/")
    if not parents:
        return _Folder("./", file.role)
    if file.role not in _NAMED:
        depth = 1
    path = "/".join(parents[:depth])
    return _Folder(f"{path}/", file.role)


def _row(folder: _Folder, inside: list[SourceFile], most: int) -> str:
    path = shown_path(folder.path)
    count = "1 file"
    if len(inside) > 1:
        count = f"{len(inside)} files"
    lines = sum(file.lines for file in inside)
    head = f"{path} ({folder.role}, {count}, {lines} lines)"
    if folder.role in _COUNTED:
        return head
    if not most:
        return head
    names = _names(folder, inside)
    shown = names[:most]
    if len(names) > most:
        shown.append("…")
    listed = ", ".join(shown)
    return f"{head}: {listed}"


def _names(folder: _Folder, inside: list[SourceFile]) -> list[str]:
    """Return the names below a folder, those of files; what lies deeper only by its folder."""
    counts: Counter[str] = Counter()
    for file in inside:
        name = _name(folder, file)
        counts[name] += 1
    names: list[str] = []
    for name, count in counts.items():
        row = name
        if name.endswith("/"):
            row += f" {count}"
        names.append(row)
    return names


def _name(folder: _Folder, file: SourceFile) -> str:
    below = file.path.removeprefix(folder.path)
    below = below.removeprefix("./")
    if file.role in _NAMED:
        return shown_path(below)
    name, slash, _ = below.partition("/")
    return shown_path(name) + slash
