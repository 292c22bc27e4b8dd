"""Builds the HTML pages of a course."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from worker.course.site import reading, readme, search
from worker.course.site.contents import (
    FOLDER,
    INDEX,
    README,
    Contents,
    Entry,
    Page,
    read_contents,
)
from worker.course.site.diagrams import graph_drawing
from worker.course.site.diagrams.graph import DiagramError
from worker.course.site.links import Links
from worker.course.site.markdown import Document, Markdown, visible
from worker.course.site.origin import Origin
from worker.course.site.overview import overview
from worker.course.site.seal import sealed

SEARCH_INDEX: Final = f"{FOLDER}/search_index.js"
LANGUAGE: Final = "en"
"""The language of the pages' own texts, and of the courses of most engines."""
_HERE: Final = Path(__file__).parent
_ASSETS: Final = ("course.css", "course.js")
_PREFIX: Final = re.compile(
    r"(?:chapter|tutorial)\s+\d+\s*[:.-]\s*", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Link:
    """A link to a page."""

    title: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Item:
    """An entry of the contents; its texts may hold markup."""

    number: int
    title: str
    description: Markup
    minutes: int
    """How long the chapter takes to read."""
    chapter: str | None
    tutorial: str | None
    new_chapter: bool
    """Whether it is new since the earlier course, if there is one."""
    new_tutorial: bool


def build(
    files: Mapping[str, bytes],
    project: str,
    fresh: frozenset[str] = frozenset(),
    origin: Origin | None = None,
) -> dict[str, bytes]:
    """Return the files to write alongside a course's own; none if no page is finished yet.

    `fresh` are the paths that are marked as new since the earlier course.
    """
    contents = read_contents(files, visible(project))
    if not contents.entries:
        return {}
    told = ""
    if origin:
        told = origin.told
    site = _Site(contents, frozenset(files), fresh, told)
    built = {}
    for path, text in site.texts().items():
        built[path] = sealed(path, text)
    return built


class _Site:
    def __init__(
        self,
        contents: Contents,
        files: frozenset[str],
        fresh: frozenset[str],
        origin: str,
    ) -> None:
        self._contents = contents
        self._origin = origin
        self._fresh = fresh
        self._markdown = Markdown()
        self._pages = [*contents.chapters, *contents.tutorials]
        self._documents: dict[str, Document] = {}
        self._titles: dict[str, str] = {}
        anchors = {}
        for page in self._pages:
            document = self._markdown.parse(page.source)
            self._documents[page.path] = document
            anchors[page.name] = document.anchors
        for entry, page in contents.pages:
            document = self._documents[page.path]
            self._titles[page.path] = _title(entry, page, document)
        names = {}
        for path, page in contents.page_of().items():
            names[path] = page.name
        self._links = Links(names, anchors, files)
        self._templates = _templates()
        items = [self._item(entry) for entry in contents.entries]
        self._templates.globals |= {
            "project": contents.project,
            "language": LANGUAGE,
            "items": items,
        }

    def texts(self) -> dict[str, str]:
        """Return all files by their paths."""
        texts = {
            README: readme.readme(self._contents, self._titles, self._origin),
            SEARCH_INDEX: self._search_index(),
            INDEX: self._index(),
        }
        for name in _ASSETS:
            asset = _HERE / "assets" / name
            path = f"{FOLDER}/{name}"
            texts[path] = asset.read_text(encoding="utf-8")
        for entry, page in self._contents.pages:
            path = f"{FOLDER}/{page.name}"
            texts[path] = self._page(entry, page)
        return texts

    def _search_index(self) -> str:
        rows = []
        for page in self._pages:
            title = self._titles[page.path]
            document = self._documents[page.path]
            row = (page.name, title, document)
            rows.append(row)
        return search.index(rows)

    def _index(self) -> str:
        return self._templates.get_template("index.html").render(
            summary=self._rendered(README, self._contents.summary),
            about=self._rendered(README, reading.about(self._contents)),
            origin=self._rendered(README, self._origin),
            overview=self._overview(),
            first=self._pages[0].name,
            page=None,
            sections=(),
            to_pages=f"{FOLDER}/",
            to_index=INDEX,
        )

    def _overview(self) -> Markup | None:
        """Return the diagram of the relationships, or None if it would not be legible."""
        graph = overview(self._contents)
        if graph is None:
            return None
        try:
            drawing = graph_drawing.draw(graph, "How the parts are related")
        except DiagramError:
            return None
        return Markup(drawing)  # noqa: S704 - made of escaped texts

    def _page(self, entry: Entry, page: Page) -> str:
        document = self._documents[page.path]
        number = self._pages.index(page)
        resolve = partial(self._links.resolve, page.path)
        template = self._templates.get_template("page.html")
        return template.render(
            title=document.title or self._titles[page.path],
            body=self._markdown.render(document, resolve),
            sections=document.sections,
            page=page.name,
            to_pages="",
            to_index=f"../{INDEX}",
            previous=self._link(number - 1),
            following=self._link(number + 1),
            partner=self._partner(entry, page),
        )

    def _partner(self, entry: Entry, page: Page) -> str | None:
        """Return the name of the tutorial that belongs to a chapter."""
        if page is entry.chapter and entry.tutorial is not None:
            return entry.tutorial.name
        return None

    def _link(self, number: int) -> _Link | None:
        """Return a link to a page by its number; None beyond the first and the last."""
        if number not in range(len(self._pages)):
            return None
        page = self._pages[number]
        title = self._titles[page.path]
        return _Link(title=title, name=page.name)

    def _item(self, entry: Entry) -> _Item:
        page = entry.pages[0]
        chapter = None
        if entry.chapter:
            chapter = entry.chapter.name
        tutorial = None
        if entry.tutorial:
            tutorial = entry.tutorial.name
        return _Item(
            number=entry.number,
            title=entry.name or self._titles[page.path],
            description=self._rendered(page.path, entry.description),
            minutes=reading.minutes(page),
            chapter=chapter,
            tutorial=tutorial,
            new_chapter=self._is_fresh(entry.chapter),
            new_tutorial=self._is_fresh(entry.tutorial),
        )

    def _is_fresh(self, page: Page | None) -> bool:
        return page is not None and page.path in self._fresh

    def _rendered(self, path: str, text: str) -> Markup:
        document = self._markdown.parse(text)
        resolve = partial(self._links.resolve, path)
        return self._markdown.render(document, resolve)


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _title(entry: Entry, page: Page, document: Document) -> str:
    """Return the text of links to a page."""
    title = document.title or ""
    name = _PREFIX.sub("", title) or entry.name
    if name:
        return visible(name)
    kind = "Chapter"
    if page is entry.tutorial:
        kind = "Tutorial"
    return visible(f"{kind} {entry.number}")
