"""The layout of the pages: templates, in which every value is escaped unless it is Markup."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from worker.course.site.contents import FOLDER, INDEX
from worker.course.site.markdown import Heading

ASSETS: Final = Path(__file__).parent / "assets"
_TEMPLATES: Final = Path(__file__).parent / "templates"
_LANGUAGE: Final = "en"
"""The language of the page's own words, and of the engines' courses."""
_ENTRY: Final = Markup('<li value="{}"><a href="{}"{}>{}</a>\n{}</li>\n')
_CURRENT: Final = Markup(' aria-current="page"')
_SECTIONS: Final = Markup("<ul>\n{}</ul>\n")
_SECTION: Final = Markup('<li><a href="#{}">{}</a></li>\n')
_TUTORIALS: Final = Markup("<h2>Tutorials</h2>\n<ol>\n{}</ol>\n")
_STEP: Final = Markup('<a rel="{}" href="{}"><span>{}</span> {}</a>\n')
_PARTNER: Final = Markup(
    '<p class="partner"><a href="{}">Practise this chapter in its tutorial</a></p>\n'
)
_CHAPTER: Final = Markup(
    '<li value="{number}">\n'
    '<div class="entry"><a class="chapter" href="pages/{page}">{title}</a>\n'
    '<span class="time">{minutes} min</span>\n'
    "{new}{tutorial}</div>\n"
    "{description}\n"
    "</li>\n"
)
_TUTORIAL: Final = Markup(
    '<a class="tutorial" href="pages/{}">Tutorial<span class="unseen"> on {}</span></a>\n{}'
)
_NEW: Final = Markup('<span class="new">new</span>\n')
_OVERVIEW: Final = Markup(
    "<h2>How the parts are related</h2>\n"
    '<figure class="diagram" tabindex="0">{}</figure>\n'
)
_NOTHING: Final = Markup("")


class Link(NamedTuple):
    """A link to a page."""

    title: str
    name: str


class Item(NamedTuple):
    """An entry of the contents; its texts may hold markup."""

    number: int
    title: str
    description: Markup
    minutes: int
    """To read the chapter."""
    chapter: str | None
    tutorial: str | None
    new_chapter: bool
    """Whether it is new since the earlier course, if there is one."""
    new_tutorial: bool


class Text(NamedTuple):
    """What a page shows."""

    name: str
    title: str
    body: Markup
    sections: Sequence[Heading]
    previous: Link | None
    following: Link | None
    partner: str | None
    """The page of its tutorial."""


class Summary(NamedTuple):
    """What the page of contents shows, beside the contents."""

    summary: Markup
    about: Markup
    origin: Markup
    overview: Markup | None
    """A diagram."""
    first: str
    """The page to begin with."""


class Layout:
    """Lays out the pages of a course."""

    def __init__(self, project: str, items: Sequence[Item]) -> None:
        self._project = project
        self._items = items
        self._entries = _entries(items, "")

    def page(self, text: Text) -> str:
        """Return a chapter or tutorial."""
        main = _template("page").format(
            body=text.body,
            partner=_partner(text.partner),
            previous=_step("prev", "Previous", text.previous),
            following=_step("next", "Next", text.following),
        )
        entries = dict(self._entries)
        for item in self._items:
            if text.name in {item.chapter, item.tutorial}:
                sections = _sections(text.sections)
                entries[text.name] = _entry(item, text.name, _CURRENT, sections)
        title = f"{text.title} · {self._project}"
        return self._framed(title, main, entries, "", f"../{INDEX}")

    def index(self, summary: Summary) -> str:
        """Return the page of contents."""
        overview = _NOTHING
        if summary.overview:
            overview = _OVERVIEW.format(summary.overview)
        main = _template("index").format(
            project=self._project,
            summary=summary.summary,
            about=summary.about,
            origin=summary.origin,
            first=summary.first,
            chapters=_joined(map(_chapter, self._items)),
            overview=overview,
        )
        to_pages = f"{FOLDER}/"
        entries = _entries(self._items, to_pages)
        return self._framed(self._project, main, entries, to_pages, INDEX)

    def _framed(
        self,
        title: str,
        main: Markup,
        entries: Mapping[str, Markup],
        to_pages: str,
        to_index: str,
    ) -> str:
        """Return a page with head, search and contents; `entries` are those of the contents."""
        items = self._items
        chapters = [entries[item.chapter] for item in items if item.chapter]
        tutorials = [entries[item.tutorial] for item in items if item.tutorial]
        listed = _NOTHING
        if tutorials:
            listed = _TUTORIALS.format(_joined(tutorials))
        return _template("base").format(
            language=_LANGUAGE,
            project=self._project,
            title=title,
            main=main,
            to_pages=to_pages,
            to_index=to_index,
            chapters=_joined(chapters),
            tutorials=listed,
        )


@cache
def _template(name: str) -> Markup:
    file = _TEMPLATES / f"{name}.html"
    return Markup(file.read_text(encoding="utf-8"))  # noqa: S704 - a file of ours


def _joined(pieces: Iterable[Markup]) -> Markup:
    return _NOTHING.join(pieces)


def _entries(items: Sequence[Item], to_pages: str) -> dict[str, Markup]:
    """Return the entries of the contents by the names of their pages."""
    entries = {}
    for item in items:
        for name in (item.chapter, item.tutorial):
            if name is not None:
                address = f"{to_pages}{name}"
                entries[name] = _entry(item, address, _NOTHING, _NOTHING)
    return entries


def _entry(item: Item, address: str, mark: Markup, sections: Markup) -> Markup:
    return _ENTRY.format(item.number, address, mark, item.title, sections)


def _sections(headings: Sequence[Heading]) -> Markup:
    if not headings:
        return _NOTHING
    rows = []
    for heading in headings:
        row = _SECTION.format(quote(heading.anchor), heading.text)
        rows.append(row)
    return _SECTIONS.format(_joined(rows))


def _step(relation: str, word: str, link: Link | None) -> Markup:
    if link is None:
        return _NOTHING
    return _STEP.format(relation, link.name, word, link.title)


def _partner(name: str | None) -> Markup:
    if name is None:
        return _NOTHING
    return _PARTNER.format(name)


def _chapter(item: Item) -> Markup:
    tutorial = _NOTHING
    if item.chapter and item.tutorial:
        new = _new(is_new=item.new_tutorial)
        tutorial = _TUTORIAL.format(item.tutorial, item.title, new)
    return _CHAPTER.format(
        number=item.number,
        page=item.chapter or item.tutorial,
        title=item.title,
        minutes=item.minutes,
        new=_new(is_new=item.new_chapter),
        tutorial=tutorial,
        description=item.description,
    )


def _new(*, is_new: bool) -> Markup:
    if is_new:
        return _NEW
    return _NOTHING
