"""The contents of a course, in reading order."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from states.course_paths import is_course_path, yaml_path
from states.stages import INFO, Stage
from worker.course.formats import (
    Abstraction,
    InvalidItemError,
    Relationship,
    read_abstractions,
    read_order,
    read_relationships,
)

FOLDER: Final = "pages"
"""The folder of the HTML pages, beside the course's own folders."""
README: Final = "README.md"
"""The contents of a course, as Markdown."""
INDEX: Final = "index.html"
"""The page of the same contents."""
Files = Mapping[str, bytes]
"""The files of a course, by path."""
Abstractions = tuple[Abstraction, ...]
_MAX_STEM: Final = 250
"""File systems allow 255 bytes for a name, and `.html` is one byte longer than `.md`."""
_MADE_OF: Final = re.compile(r"(?<=[.!?])\s*\((?:`[^`]+`, )*`[^`]+`\)$")
"""What the engine `claude` adds to a description: the units that its chapter is made of."""
_PROJECT: Final = re.compile(r"\[project\]: # \(([^()\n]+)\)")
"""The line in which the engine `claude` records the project's name."""
_NUMBER: Final = re.compile(r"_(\d+)_")


class Page(NamedTuple):
    """A Markdown file that becomes an HTML page."""

    path: str
    source: str

    @property
    def name(self) -> str:
        """The name of its HTML file."""
        stem = self.file.removesuffix(".md")
        return f"{stem[:_MAX_STEM]}.html"

    @property
    def file(self) -> str:
        """The name of the file itself."""
        _, _, file = self.path.rpartition("/")
        return file


class Entry(NamedTuple):
    """A chapter and its tutorial, if they are finished."""

    number: int
    name: str | None
    description: str
    chapter: Page | None
    tutorial: Page | None

    @property
    def pages(self) -> list[Page]:
        """The finished pages."""
        return [page for page in (self.chapter, self.tutorial) if page]


class Contents(NamedTuple):
    """A whole course."""

    project: str
    summary: str
    entries: list[Entry]
    names: list[str]
    """The names of the abstractions; relationships refer to them by position."""
    relationships: tuple[Relationship, ...]

    @property
    def chapters(self) -> list[Page]:
        """The chapters' pages, in their order."""
        return [entry.chapter for entry in self.entries if entry.chapter]

    @property
    def tutorials(self) -> list[Page]:
        """The tutorials' pages, in the chapters' order."""
        return [entry.tutorial for entry in self.entries if entry.tutorial]

    @property
    def pages(self) -> list[tuple[Entry, Page]]:
        """All pages, each with its entry."""
        pages: list[tuple[Entry, Page]] = []
        for entry in self.entries:
            for page in entry.pages:
                pair = (entry, page)
                pages.append(pair)
        return pages

    def page_of(self) -> dict[str, Page]:
        """Return the page for each path that a link may name.

        A chapter and its review are the same page: the review, if there is one.
        """
        pages = {page.path: page for page in self.tutorials}
        for page in self.chapters:
            for stage in (Stage.GENERATE_CHAPTERS, Stage.REVIEW_CHAPTERS):
                folder = INFO[stage].folder
                pages[f"{folder}/{page.file}"] = page
        return pages


def read_contents(files: Files, project: str) -> Contents:
    """Read a course from its files, by path; some may not be finished yet."""
    abstractions = _abstractions(files)
    summary, relationships = _relationships(files, abstractions)
    names = _names(files, abstractions)
    descriptions = {}
    for entry in abstractions:
        description = _MADE_OF.sub("", entry.description)
        title = f"`{entry.name}`: "
        descriptions[entry.name] = description.removeprefix(title)
    entries = _entries(files, names, descriptions)
    return Contents(
        project=_named(entries) or project,
        summary=summary,
        entries=entries,
        names=[abstraction.name for abstraction in abstractions],
        relationships=relationships,
    )


def _named(entries: list[Entry]) -> str:
    """Return the project's name in the last line of the first tutorial, if it is there."""
    if not entries or entries[0].tutorial is None:
        return ""
    _, _, last = entries[0].tutorial.source.rstrip().rpartition("\n")
    match = _PROJECT.fullmatch(last)
    if match is None:
        return ""
    return match[1]


def _entries(
    files: Files, names: Mapping[int, str], descriptions: Mapping[str, str]
) -> list[Entry]:
    chapters = _pages(files, Stage.GENERATE_CHAPTERS)
    chapters |= _pages(files, Stage.REVIEW_CHAPTERS)
    tutorials = _pages(files, Stage.GENERATE_TUTORIALS)
    numbers = chapters.keys() | tutorials.keys()
    entries = []
    for number in sorted(numbers):
        name = names.get(number)
        entry = Entry(
            number=number,
            name=name,
            description=descriptions.get(name or "", ""),
            chapter=chapters.get(number),
            tutorial=tutorials.get(number),
        )
        entries.append(entry)
    return entries


def _pages(files: Files, stage: Stage) -> dict[int, Page]:
    pages = {}
    folder = INFO[stage].folder
    for path in sorted(files):
        if not path.startswith(f"{folder}/"):
            continue
        if not is_course_path(path):
            continue
        match = _NUMBER.search(path)
        assert match is not None  # noqa: S101 - course paths have one
        number = int(match[1])
        source = files[path].decode(errors="replace")
        pages[number] = Page(path=path, source=source)
    return pages


def _abstractions(files: Files) -> Abstractions:
    try:
        return read_abstractions(files[yaml_path(Stage.EXTRACT)])
    except (KeyError, InvalidItemError):
        return ()


def _relationships(
    files: Files, abstractions: Abstractions
) -> tuple[str, tuple[Relationship, ...]]:
    try:
        return read_relationships(files[yaml_path(Stage.ANALYZE)], abstractions)
    except (KeyError, InvalidItemError):
        return "", ()


def _names(files: Files, abstractions: Abstractions) -> dict[int, str]:
    try:
        order = read_order(files[yaml_path(Stage.ORDER)], abstractions)
    except (KeyError, InvalidItemError):
        return {}
    return {entry.index: entry.name for entry in order}
