"""Lists a project's files by folder, so that no part of it is missing from a prompt."""

from collections import Counter, defaultdict
from typing import Final

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


def files(facts: CourseFacts) -> str:
    """Return the folders with their roles and sizes, and the files that matter most in each."""
    rows: list[str] = []
    for depth, names in _TRIES:
        rows = _rows(facts, depth, names)
        if sum(map(len, rows)) <= SHARE:
            break
    return plain(rows, "files")


def _rows(facts: CourseFacts, depth: int, names: int) -> list[str]:
    folders: dict[tuple[str, Role], list[SourceFile]] = defaultdict(list)
    for file in _ranked(facts):
        key = (_folder(file, depth), file.role)
        folders[key].append(file)
    rows: list[str] = []
    for folder, role in sorted(folders):
        inside = folders[folder, role]
        rows.append(_row(folder, role, inside, names))
    return rows


def _ranked(facts: CourseFacts) -> list[SourceFile]:
    """Return the files, those first whose best definition is worth most."""
    rates: dict[str, float] = {}
    for index, worth in facts.analysis.worth.items():
        path = facts.definitions[index].path
        rates[path] = max(worth, rates.get(path, worth))

    def rank(file: SourceFile) -> tuple[float, str]:
        return -rates.get(file.path, 0.0), file.path

    shown = [
        file
        for file in facts.analysis.files.values()
        if not secrets.is_secret_file(file.path)
    ]
    return sorted(shown, key=rank)


def _folder(file: SourceFile, depth: int) -> str:
    """Return the folder that a file is listed with; `./` at the top."""
    folders = file.path.split("/")[:-1]
    most = depth if file.role in _NAMED else 1
    if not folders:
        return "./"
    return "/".join(folders[:most]) + "/"


def _row(folder: str, role: Role, inside: list[SourceFile], most: int) -> str:
    count = "1 file"
    if len(inside) > 1:
        count = f"{len(inside)} files"
    lines = sum(file.lines for file in inside)
    head = f"{shown_path(folder)} ({role}, {count}, {lines} lines)"
    if role in _COUNTED or not most:
        return head
    names = _names(folder, inside)
    shown = names[:most]
    if len(names) > most:
        shown.append("…")
    return f"{head}: {', '.join(shown)}"


def _names(folder: str, inside: list[SourceFile]) -> list[str]:
    """Return the names below a folder, those of files; what lies deeper only by its folder."""
    counts: Counter[str] = Counter()
    for file in inside:
        below = file.path.removeprefix(folder).removeprefix("./")
        name, slash, _ = below.partition("/")
        if file.role in _NAMED:
            name, slash = below, ""
        counts[shown_path(name) + slash] += 1
    names: list[str] = []
    for name, count in counts.items():
        is_folder = name.endswith("/")
        names.append(f"{name} {count}" if is_folder else name)
    return names
