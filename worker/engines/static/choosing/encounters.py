"""Where a user of the project first meets its names: README, guides, examples, other documents."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from posixpath import basename, join, split, splitext
from typing import Final

from worker.engines.static.facts import Files, Role, SourceFile, Texts
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.prose.code_blocks import code_blocks
from worker.engines.static.reading.language import PROSE
from worker.engines.static.reading.roles import Guidance, guidance, is_news

_MOST_TEXTS: Final = 80
"""How many texts of each source are read."""
_MOST_LINES: Final = 2000
_SHELL: Final = frozenset({"bash", "sh", "console", "shell", "text", "zsh"})
_SPAN: Final = re.compile(
    r"(?<!`)(?P<link>:(?:ref|doc):)?`{1,2}(?P<code>[^`\n]+)`{1,2}"
)
"""Code in prose, or a link to another page."""
_HEADER: Final = re.compile(r"\b(\w+)\.(?:h|hh|hpp)\b")
"""A header of C, which declares what its name says."""
_BLANKED: Final = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|(?:#|//)\s.*")
"""Strings and comments."""
_NAME: Final = re.compile(
    r"(?:(?P<owner>[\w)\]]+)\s*(?:\.|::|->)\s*)?(?P<name>[^\W\d]\w*)"
    r"(?P<assigned>\s*:?=(?![=>]))?"
)
_DEFINING: Final = re.compile(r"\b(?:class|def|fn|func|function|for)\s+$")
_IMPORT: Final = re.compile(
    r"\s*(?:>>> )?(?:import|from|use|using|#include|package|export)\b"
    r"|.*\brequire\s*\(|\s*\"[\w./-]+\"\s*$"
)
_IDENTIFIER: Final = re.compile(r"[^\W\d]\w*")
_OLD: Final = re.compile(
    r"(?:[Cc]lassic|[Ll]egacy|[Oo]ld-(?:style|school))(?: \w{1,20})? "
    r"(?:\((?:[^\s`]*`[^`]*`,? (?:and |or )?)*)?[^\s`]*$"
)
"""What precedes a name, or names in parentheses, that a text calls old."""
_ENTRY: Final = re.compile(
    r"^ {2,9}(?! )(?:[^<\n]*<)?/?([\w./-]+)>? *$|\]\(/?([\w./-]+)\)",
    re.MULTILINE,
)
"""A page in a table of contents."""


class ReadingSource(IntEnum):
    """What a user reads, in the order in which it is read."""

    OLD = -1
    """Any text that calls a name classic or legacy: that says more than where else it is met."""
    README_EXAMPLE = 0
    README = 1
    GUIDE = 2
    CONTENTS = 3
    """A page that the documentation's table of contents lists."""
    EXAMPLE = 4
    DOCUMENT = 5


_GUIDANCE: Final = {
    Guidance.FIRST: ReadingSource.GUIDE,
    Guidance.GUIDE: ReadingSource.GUIDE,
    Guidance.OTHER: ReadingSource.DOCUMENT,
    Guidance.REFERENCE: ReadingSource.DOCUMENT,
}
_Spot = tuple[int, int, str]
"""A line, a column, and the name that is there."""
_Place = tuple[int, str]
"""A column of a line, and the name that is there."""
_Group = tuple[ReadingSource, Guidance]


@dataclass(frozen=True, order=True, slots=True)
class Encounter:
    """Where a name is met; encounters sort in the order of reading."""

    source: ReadingSource
    text: int
    """The position of the text in the order of reading."""
    line: int
    column: int
    path: str


def readmes(files: Files) -> list[str]:
    """Return the READMEs that lie least deep, those in English first."""
    by_depth: dict[int, list[str]] = defaultdict(list)
    for path in files:
        name = basename(path).lower()
        if name.startswith("readme"):
            depth = path.count("/")
            by_depth[depth].append(path)
    if not by_depth:
        return []
    shallow = by_depth[min(by_depth)]
    return sorted(shallow, key=lambda path: (len(path), path))


def first_encounters(
    files: Files,
    texts: Texts,
    names: frozenset[str],
    check: Callable[[], None],
) -> dict[str, Encounter]:
    encounters: dict[str, Encounter] = {}
    for place, (source, path) in enumerate(_reading_order(files, texts)):
        check()
        lines = texts[path].split("\n")[:_MOST_LINES]
        is_prose = files[path].language in PROSE
        spots = _spots(source, lines, names, is_prose=is_prose)
        for spot_source, (line, column, name) in spots:
            met = Encounter(spot_source, place, line, column, path)
            if name not in encounters or met < encounters[name]:
                encounters[name] = met
    return encounters


def is_named(folder: str, files: Files, texts: Texts) -> bool:
    """Whether a document that lies outside of a folder has the folder's name in it."""
    name = basename(folder)
    return any(
        files[path].role is Role.DOCUMENT
        and not is_news(path)
        and not path.startswith(f"{folder}/")
        and name in text
        and name in words_of(text)
        for path, text in texts.items()
    )


def _reading_order(
    files: Files, texts: Texts
) -> Iterator[tuple[ReadingSource, str]]:
    readable = (path for path in readmes(files) if path in texts)
    readme = next(readable, None)
    if readme is not None:
        yield ReadingSource.README_EXAMPLE, readme
    contents = _contents(files, texts)
    groups: dict[_Group, list[tuple[int, int, str]]] = defaultdict(list)
    for path, file in files.items():
        if path == readme or path not in texts:
            continue
        stem = path.rpartition(".")[0]
        place = contents.get(stem)
        is_listed = place is not None
        group = _group(file, is_listed=is_listed)
        if group is not None:
            depth = path.count("/")
            rank = depth, place or 0, path
            groups[group].append(rank)
    for (source, _), paths in sorted(groups.items()):
        best = sorted(paths)[:_MOST_TEXTS]
        for _, _, path in best:
            yield source, path


def _contents(files: Files, texts: Texts) -> dict[str, int]:
    """Return the place of each page in the table of contents of its folder, from 1."""
    places: dict[str, int] = {}
    for path, file in files.items():
        folder, name = split(path)
        is_index = name.startswith("index.")
        if path not in texts or not is_index:
            continue
        if file.role is not Role.DOCUMENT:
            continue
        entries = _ENTRY.findall(texts[path])
        for place, names in enumerate(entries, 1):
            entry = join(folder, "".join(names))
            page, _ = splitext(entry)
            places.setdefault(page, place)
    return places


def _group(file: SourceFile, *, is_listed: bool) -> _Group | None:
    """Return what a user reads a file for, and when; None if not at all."""
    if file.role is Role.EXAMPLE:
        return ReadingSource.EXAMPLE, Guidance.FIRST
    if file.role is not Role.DOCUMENT or is_news(file.path):
        return None
    reader = guidance(file.path)
    if is_listed and reader > Guidance.GUIDE:
        return ReadingSource.CONTENTS, Guidance.GUIDE
    return _GUIDANCE[reader], reader


def _spots(
    source: ReadingSource,
    lines: list[str],
    names: frozenset[str],
    *,
    is_prose: bool,
) -> Iterator[tuple[ReadingSource, _Spot]]:
    """Yield where a text has names; a README's prose is read after its code."""
    if not is_prose:
        numbers = range(len(lines))
        for spot in _in_code(lines, numbers, names):
            yield source, spot
        return
    for spot in _in_code(lines, _code_lines(lines), names):
        yield source, spot
    prose_source = source
    if source is ReadingSource.README_EXAMPLE:
        prose_source = ReadingSource.README
    for line, column, name in _in_prose(lines, names):
        is_old = _OLD.search(lines[line - 1][:column])
        spot_source = ReadingSource.OLD if is_old else prose_source
        yield spot_source, (line, column, name)


def _in_code(
    lines: list[str], code: Iterable[int], names: frozenset[str]
) -> Iterator[_Spot]:
    imported: set[str] = set()
    for number in code:
        line = lines[number]
        if _IMPORT.match(line):
            imported.update(words_of(line))
    for number in code:
        line = lines[number]
        words = words_of(line)
        if names.isdisjoint(words) or _IMPORT.match(line):
            continue
        for column, name in _named(line, names, imported):
            yield number + 1, column, name


def _code_lines(lines: list[str]) -> list[int]:
    numbers: list[int] = []
    for block in code_blocks(lines):
        if block.tag not in _SHELL:
            numbers += range(block.first, block.last + 1)
    return numbers


def _named(
    line: str, names: frozenset[str], imported: set[str]
) -> Iterator[_Place]:
    """Yield the project's names in a line of code, by their spelling."""
    blanked = _BLANKED.sub(_spaces, line)
    for match in _NAME.finditer(blanked):
        name = match["name"]
        owner = match["owner"]
        if name not in names or match["assigned"]:
            continue
        if _DEFINING.search(blanked, 0, match.start()):
            continue
        is_ours = (owner or name) in imported
        if is_ours or (owner is None and is_telling(name)):
            yield match.start("name"), name


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


def is_telling(name: str) -> bool:
    """Whether a name is more than an ordinary word in lower case."""
    return not name.islower() or "_" in name.strip("_")


def _declared_by(stem: str) -> tuple[str, ...]:
    """Return the names that a header is called after: of `write_batch`, WriteBatch."""
    return stem, stem.title().replace("_", ""), stem.upper()


def _in_prose(lines: list[str], names: frozenset[str]) -> Iterator[_Spot]:
    for number, line in enumerate(lines, 1):
        if ".h" in line:
            for column, name in _in_headers(line, names):
                yield number, column, name
        if "`" in line:
            for column, name in _in_spans(line, names):
                yield number, column, name


def _in_headers(line: str, names: frozenset[str]) -> Iterator[_Place]:
    for header in _HEADER.finditer(line):
        for name in _declared_by(header[1]):
            if name in names and is_telling(name):
                yield header.start(), name


def _in_spans(line: str, names: frozenset[str]) -> Iterator[_Place]:
    for span in _SPAN.finditer(line):
        words = _IDENTIFIER.findall(span["code"])
        if not words or span["link"]:
            continue
        name = words[-1]
        is_path = len(words) > 1
        if name in names and (is_path or is_telling(name)):
            yield span.start(), name
