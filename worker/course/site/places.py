"""Where things are in the project's source, with the chapters that cite them."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.course.formats import MapEntry
from worker.course.site.contents import Contents
from worker.course.site.markdown import visible

TITLE: Final = "Where things are"
_MOST: Final = 12
"""Entries that are shown."""
_CHAPTERS: Final = 4
"""Chapters of an entry: those that cite it most."""
_PLACE: Final = re.compile(r"`([^`\n]{1,400}):\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*`")
_PATH: Final = re.compile(r"[^`\s](?:[^`\n]*[^`\s])?")


class _Chapter(NamedTuple):
    number: int
    path: str


class _Citing(NamedTuple):
    """A chapter, and how often it cites files, by path."""

    chapter: _Chapter
    paths: Counter[str]


def places(contents: Contents) -> str:
    """Return a list, as Markdown; nothing without a map."""
    cited = list(_citations(contents))
    items: list[str] = []
    for entry in contents.map[:_MOST]:
        path = visible(entry.path)
        if _PATH.fullmatch(path):
            items.append(_item(path, entry, cited))
    return "\n".join(items)


def _citations(contents: Contents) -> Iterator[_Citing]:
    for entry in contents.entries:
        page = entry.chapter
        if page is None:
            continue
        paths = _PLACE.findall(page.source)
        yield _Citing(
            _Chapter(entry.number, page.path),
            Counter(paths),
        )


def _item(path: str, entry: MapEntry, cited: list[_Citing]) -> str:
    words = visible(entry.text).split()
    text = " ".join(words)
    item = f"- `{path}`: {text}"
    links = ", ".join(_links(path, cited))
    if not links:
        return item
    noun = "chapter"
    if ", " in links:
        noun = "chapters"
    return f"{item} ({noun} {links})"


def _links(path: str, cited: list[_Citing]) -> Iterator[str]:
    """Yield links to the chapters that cite a file, or files in a folder, most."""
    counts: dict[int, int] = {}
    for page, paths in cited:
        count = _count(path, paths)
        if count:
            counts[page.number] = count
    ranked = sorted(counts, key=counts.__getitem__, reverse=True)
    most = ranked[:_CHAPTERS]
    for page, _ in cited:
        if page.number in most:
            yield f"[{page.number}]({page.path})"


def _count(place: str, paths: Counter[str]) -> int:
    count = 0
    is_folder = place.endswith("/")
    for path, times in paths.items():
        is_inside = is_folder and path.startswith(place)
        if is_inside or path == place:
            count += times
    return count
