"""Where things are in the project's source, with the chapters that cite them."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from worker.course.formats import MapEntry
from worker.course.site.contents import Contents, Entry
from worker.course.site.markdown import visible

TITLE: Final = "Where things are"
_MOST: Final = 12
"""Entries that are shown."""
_CHAPTERS: Final = 4
"""Chapters of an entry: those that cite it most."""
_PLACE: Final = re.compile(r"`([^`\n]{1,400}):\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*`")
_PATH: Final = re.compile(r"[^`\s](?:[^`\n]*[^`\s])?")
_Cited = list[tuple[Entry, Counter[str]]]
"""How often each chapter cites the files, by path."""


def places(contents: Contents) -> str:
    """Return a list, as Markdown; nothing without a map."""
    cited = list(_citations(contents))
    items: list[str] = []
    for entry in contents.map[:_MOST]:
        path = visible(entry.path)
        if _PATH.fullmatch(path):
            items.append(_item(path, entry, cited))
    return "\n".join(items)


def _citations(contents: Contents) -> Iterator[tuple[Entry, Counter[str]]]:
    for entry in contents.entries:
        if entry.chapter is not None:
            paths = _PLACE.findall(entry.chapter.source)
            yield entry, Counter(paths)


def _item(path: str, entry: MapEntry, cited: _Cited) -> str:
    words = visible(entry.text).split()
    text = " ".join(words)
    item = f"- `{path}`: {text}"
    links = ", ".join(_links(path, cited))
    if not links:
        return item
    noun = "chapters" if ", " in links else "chapter"
    return f"{item} ({noun} {links})"


def _links(path: str, cited: _Cited) -> Iterator[str]:
    """Yield links to the chapters that cite a file, or files in a folder, most."""
    counts: dict[int, int] = {}
    for entry, paths in cited:
        counts[entry.number] = _count(path, paths)
    most = sorted(counts, key=lambda number: -counts[number])[:_CHAPTERS]
    for entry, _ in cited:
        is_cited = counts[entry.number] > 0
        if entry.chapter and is_cited and entry.number in most:
            yield f"[{entry.number}]({entry.chapter.path})"


def _count(place: str, paths: Counter[str]) -> int:
    count = 0
    for path, times in paths.items():
        is_inside = place.endswith("/") and path.startswith(place)
        if path == place or is_inside:
            count += times
    return count
