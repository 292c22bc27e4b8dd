"""A map of the source for readers who want to change it: what is where.

The places come from a list; the model says what each contains, and who looks there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import filterfalse
from operator import attrgetter
from typing import Final, NamedTuple

from states.codec import JsonObject
from worker.engines.claude import listing
from worker.engines.claude.blocks import (
    AnswerFault,
    Fields,
    entries_of,
    noted,
)
from worker.engines.claude.cited import places as cited_places
from worker.engines.claude.render import Renderer
from worker.engines.claude.secrets import is_secret_file
from worker.engines.claude.shown import shown_path
from worker.engines.claude.verify.page import Verifier
from worker.engines.static.facts import Role, SourceFile
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts

_FOLDERS: Final = 8
_FILES: Final = 10
"""How many of each are offered to the model."""
_COMPARED: Final = 40
"""How many of the largest folders are compared, to leave out those that are mostly another one."""
_MOSTLY: Final = 0.95
"""The largest share of a folder's lines that one inner folder may have."""
_NAMES: Final = 3
"""How many definitions the row of a file names."""
_FEWEST: Final = 4
_MOST: Final = 10
"""How many entries a map may have."""
_LONGEST: Final = 240
"""The longest text of an entry, in characters."""
_CHAPTERS: Final = 4
"""How many chapters an entry links: those that cite it most."""
_BY_TOP: Final = frozenset({Role.TEST, Role.DOCUMENT, Role.EXAMPLE})
"""Roles whose files are represented by their top folder alone."""


class _Folder(NamedTuple):
    path: str
    files: list[SourceFile]

    @property
    def lines(self) -> int:
        lines = 0
        for file in self.files:
            lines += file.lines
        return lines

    @property
    def row(self) -> str:
        files = "1 file"
        count = len(self.files)
        if count > 1:
            files = f"{count} files"
        return f"{self.path} ({files}, {self.lines} lines)"


def places(facts: CourseFacts) -> dict[str, str]:
    """Return a prompt's rows for the most important folders and files, by path."""
    rows: dict[str, str] = {}
    folders = _folders(facts)
    for folder in folders[:_FOLDERS]:
        rows[folder.path] = folder.row
    rows |= _central_files(facts)
    kept: dict[str, str] = {}
    for path in sorted(rows):
        if "`" in path:
            continue
        if path == shown_path(path):
            kept[path] = rows[path]
    return kept


def read(
    facts: CourseFacts,
    verifier: Verifier,
    answer: JsonObject,
    faults: list[str],
) -> dict[str, str]:
    """Return the text for each of a map's places; add the faults of other entries."""
    known = places(facts)
    texts: dict[str, str] = {}
    entries = entries_of(answer, "map", faults)
    for number, entry in enumerate(entries[:_MOST], 1):
        with noted(faults, f"map, entry {number}"):
            fields = Fields(entry)
            path = fields.text("path")
            # guard: pages: a map names only places of the list, each once
            if path not in known or path in texts:
                raise _not_listed(path)
            texts[path] = _text(verifier, fields)
    least = min(_FEWEST, len(known))
    count = len(texts)
    if count < least:
        faults.append(
            f"the map has {count} right entries; give at least {least}"
        )
    return texts


def section(
    renderer: Renderer, texts: Mapping[str, str], pages: Sequence[str]
) -> str:
    """Return the map as a section, with the chapters that cite each place.

    `texts` are what `read` returned, `pages` are the course's chapters in order.
    """
    if not texts:
        return ""
    cited = []
    for page in pages:
        places_ = cited_places(renderer.facts, page)
        counted = Counter(path for path, _ in places_)
        cited.append(counted)
    rows: list[str] = []
    for path, text in texts.items():
        row = f"- {markdown.code(path)}: {text}"
        links = ", ".join(_links(renderer, path, cited))
        if links:
            row = f"{row} ({links})"
        rows.append(row)
    title = markdown.heading(2, renderer.words.places)
    return markdown.document(title, "\n".join(rows))


def _links(
    renderer: Renderer, path: str, cited: Sequence[Counter[str]]
) -> Iterator[str]:
    """Yield links to the chapters that cite a file, or files in a folder, most often."""
    chapters = renderer.facts.chapters
    counts = []
    for paths in cited:
        count = _count(path, paths)
        counts.append(count)
    most = sorted(chapters, key=lambda chapter: -counts[chapter.position])
    for chapter in sorted(most[:_CHAPTERS], key=attrgetter("position")):
        if counts[chapter.position] > 0:
            yield renderer.chapter_link(chapter)


def _count(place: str, paths: Counter[str]) -> int:
    count = 0
    for path, times in paths.items():
        is_inside = place.endswith("/") and path.startswith(place)
        if path == place or is_inside:
            count += times
    return count


def _not_listed(path: str) -> AnswerFault:
    start = path[:80]
    return AnswerFault(f"`{start}` is not in the list, or in the map already")


def _text(verifier: Verifier, fields: Fields) -> str:
    words = fields.text("text").split()
    text = " ".join(words)
    if not 0 < len(text) <= _LONGEST:
        raise AnswerFault(f"its text must have 1 to {_LONGEST} characters")
    wrong = list(verifier.answer_faults(text))
    wrong += verifier.faults(text)
    # guard: pages: the sentences of a map are checked as prose is
    if wrong:
        reasons = [fault.text for fault in wrong]
        raise AnswerFault("; ".join(reasons))
    return text


def _folders(facts: CourseFacts) -> list[_Folder]:
    """Return the largest folders, except those that are mostly one inner folder."""
    inside: dict[str, list[SourceFile]] = defaultdict(list)
    for path, file in facts.analysis.files.items():
        if is_secret_file(path):
            continue
        for folder in _folders_of(file):
            inside[folder].append(file)
    folders: list[_Folder] = []
    for path, files in inside.items():
        folder_ = _Folder(path, files)
        folders.append(folder_)
    folders.sort(key=_by_size)
    largest = folders[:_COMPARED]
    is_mostly_another = partial(_is_mostly_another, largest)
    return list(filterfalse(is_mostly_another, largest))


def _is_mostly_another(folders: list[_Folder], folder: _Folder) -> bool:
    """Whether one inner folder has nearly all of a folder's lines."""
    least = _MOSTLY * folder.lines
    for other in folders:
        if other.path == folder.path:
            continue
        if other.lines < least:
            continue
        if other.path.startswith(folder.path):
            return True
    return False


def _by_size(folder: _Folder) -> tuple[int, str]:
    return -folder.lines, folder.path


def _folders_of(file: SourceFile) -> Iterator[str]:
    """Yield the folders to which a file belongs."""
    *parents, _ = file.path.split("/")
    if file.role in _BY_TOP:
        parents = parents[:1]
    elif file.role is not Role.SOURCE:
        return
    folder = ""
    for name in parents:
        folder += f"{name}/"
        yield folder


def _central_files(facts: CourseFacts) -> dict[str, str]:
    """Return the rows of the most valuable files, judged by their best definition, by path."""
    names = _names(facts)
    rows: dict[str, str] = {}
    for file in listing.ranked(facts):
        path = file.path
        if file.role is not Role.SOURCE:
            continue
        if path not in names:
            continue
        of_file = names[path]
        defined = ", ".join(of_file[:_NAMES])
        rows[path] = f"{path} ({file.lines} lines): {defined}"
        if len(rows) == _FILES:
            break
    return rows


def _names(facts: CourseFacts) -> dict[str, list[str]]:
    """Return the top-level definitions of each file, the most valuable first."""
    worth = facts.analysis.worth

    def rank(index: int) -> tuple[float, int]:
        return -worth[index], index

    names: dict[str, list[str]] = defaultdict(list)
    for index in sorted(worth, key=rank):
        definition = facts.definitions[index]
        if definition.parent is None:
            of_file = names[definition.path]
            of_file.append(definition.name)
    return names
