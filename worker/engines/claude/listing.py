"""Lists a project's files by folder, so that no part of it is missing from a prompt."""

from collections import Counter, defaultdict
from collections.abc import Sequence
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
    for file in facts.analysis.files.values():
        if not secrets.is_secret_file(file.path):
            folders[_folder(file, depth), file.role].append(file)
    rates = _rates(facts)
    return [
        _row(folder, role, inside, rates, names)
        for (folder, role), inside in sorted(folders.items())
    ]


def _folder(file: SourceFile, depth: int) -> str:
    parts = file.path.split("/")[:-1]
    shown = depth if file.role in _NAMED else 1
    return "".join(f"{part}/" for part in parts[:shown]) or "./"


def _rates(facts: CourseFacts) -> dict[str, float]:
    """Return what the best definition of each file is worth."""
    rates: dict[str, float] = {}
    for index, worth in facts.analysis.worth.items():
        path = facts.definitions[index].path
        rates[path] = max(worth, rates.get(path, worth))
    return rates


def _row(
    folder: str,
    role: Role,
    inside: Sequence[SourceFile],
    rates: dict[str, float],
    most: int,
) -> str:
    lines = sum(file.lines for file in inside)
    count = "1 file" if len(inside) == 1 else f"{len(inside)} files"
    head = f"{shown_path(folder)} ({role}, {count}, {lines} lines)"
    if role in _COUNTED or not most:
        return head
    ranked = sorted(
        inside, key=lambda file: (-rates.get(file.path, 0.0), file.path)
    )
    names = _names(folder, ranked)
    more = ["…"] if len(names) > most else []
    return f"{head}: {', '.join([*names[:most], *more])}"


def _names(folder: str, files_: Sequence[SourceFile]) -> list[str]:
    """Return the names below a folder, those of files; what lies deeper only by its folder."""
    names: Counter[str] = Counter()
    for file in files_:
        below = file.path.removeprefix(folder)
        name, is_deeper, _ = below.partition("/")
        whole = below if file.role in _NAMED else f"{name}{is_deeper}"
        names[shown_path(whole)] += 1
    return [
        f"{name} {count}" if name.endswith("/") else name
        for name, count in names.items()
    ]
