"""Lists a project's files by folder, so that a prompt omits no part of it."""

from collections import Counter, defaultdict
from typing import Final, NamedTuple

from worker.engines.claude import secrets
from worker.engines.claude.shown import plain, shown_path
from worker.engines.static.facts import Role, SourceFile
from worker.engines.static.pages.course import CourseFacts

SHARE: Final = 6_000
"""Characters of the whole list."""
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
"""The depth of folders, and how many names of each; tried until the list is short enough."""
_NAMED: Final = frozenset({Role.SOURCE, Role.EXAMPLE})
"""Files of other roles are listed only by their top folder and its direct folders."""
_COUNTED: Final = frozenset({Role.GENERATED, Role.VENDORED, Role.DATA})
"""Files that a prompt only counts."""


_Files = list[SourceFile]


class _Folder(NamedTuple):
    path: str
    role: Role


def files(facts: CourseFacts) -> str:
    """Return the folders with their roles and sizes, and the most important files of each."""
    rows: list[str] = []
    for depth, names in _TRIES:
        rows = _rows(facts, depth, names)
        lengths = map(len, rows)
        if sum(lengths) <= SHARE:
            break
    return plain(rows, "files")


def _rows(facts: CourseFacts, depth: int, names: int) -> list[str]:
    folders = _folders(facts, depth)
    rows: list[str] = []
    for folder in sorted(folders):
        inside = folders[folder]
        row = _row(folder, inside, names)
        rows.append(row)
    return rows


def _folders(facts: CourseFacts, depth: int) -> dict[_Folder, _Files]:
    """Return the folders with their files, the most important first."""
    folders: dict[_Folder, _Files] = defaultdict(list)
    for file in ranked(facts):
        folder = _folder(file, depth)
        inside = folders[folder]
        inside.append(file)
    return folders


def ranked(facts: CourseFacts) -> _Files:
    """Return the files, ordered by their best definition, best first."""
    rates = _rates(facts)

    def rank(file: SourceFile) -> tuple[float, str]:
        rate = rates.get(file.path, 0.0)
        return -rate, file.path

    shown: _Files = []
    for path, file in facts.analysis.files.items():
        if secrets.is_secret_file(path):
            continue
        shown.append(file)
    return sorted(shown, key=rank)


def _rates(facts: CourseFacts) -> dict[str, float]:
    """Return the value of each file's best definition."""
    rates: dict[str, float] = {}
    for index, worth in facts.analysis.worth.items():
        definition = facts.definitions[index]
        path = definition.path
        best = rates.setdefault(path, worth)
        if worth > best:
            rates[path] = worth
    return rates


def _folder(file: SourceFile, depth: int) -> _Folder:
    """Return the folder under which a file is listed; `./` at the top."""
    *parents, _ = file.path.split("/")
    role = file.role
    if not parents:
        return _Folder("./", role)
    if role not in _NAMED:
        depth = 1
    path = "/".join(parents[:depth])
    return _Folder(f"{path}/", role)


def _row(folder: _Folder, inside: _Files, most: int) -> str:
    head = _head(folder, inside)
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


def _head(folder: _Folder, inside: _Files) -> str:
    """Return a folder's path, with its role and its size in parentheses."""
    path = shown_path(folder.path)
    files = "1 file"
    count = len(inside)
    if count > 1:
        files = f"{count} files"
    lines = 0
    for file in inside:
        lines += file.lines
    return f"{path} ({folder.role}, {files}, {lines} lines)"


def _names(folder: _Folder, inside: _Files) -> list[str]:
    """Return the names of files in a folder; deeper files are represented by their folder."""
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
    folder_name, slash, _ = below.partition("/")
    name = shown_path(folder_name)
    return f"{name}{slash}"
