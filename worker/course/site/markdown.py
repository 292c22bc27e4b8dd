"""Renders untrusted Markdown as HTML."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from worker.course.site.code import highlighted
from worker.course.site.diagrams.draw import draw
from worker.course.site.diagrams.graph import DiagramError
from worker.course.site.folds import allow_folds, balanced
from worker.course.site.notes import mark_notes

MAX_CHARACTERS: Final = 400_000
"""Longer pages are shown as plain text: parsing them takes too long."""
_MAX_INLINE: Final = 20_000
"""Longer paragraphs are shown without markup: some take quadratic time to parse."""
_LONG: Final = "long_text"
_SECTION: Final = 2
"""The level of a heading that begins a section."""
_FRONT_MATTER: Final = re.compile(r"\A---\n.{0,4000}?\n---\n", re.DOTALL)
_UNSEEN: Final = re.compile(
    # Control characters, and those that change the direction of text.
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]"
)
_PUNCTUATION: Final = re.compile(r"[^\w\- ]")
_UNSEEN_MARK: Final = "\ufffd"

Resolver = Callable[[str], str | None]
"""Returns the target of a link; None to show it as text."""


class PageHeading(NamedTuple):
    """A heading with its anchor."""

    level: int
    anchor: str
    text: str


@dataclass(kw_only=True, slots=True)
class Document:
    """A page that was parsed."""

    tokens: list[Token]
    headings: list[PageHeading] = field(default_factory=list)

    @property
    def title(self) -> str | None:
        """Its first heading of the first level."""
        for heading in self.headings:
            if heading.level == 1:
                return heading.text
        return None

    @property
    def sections(self) -> list[PageHeading]:
        """Its headings of the second level."""
        return [
            heading for heading in self.headings if heading.level == _SECTION
        ]

    @property
    def anchors(self) -> frozenset[str]:
        """The possible targets of links within the page."""
        return frozenset(heading.anchor for heading in self.headings)


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802 - as the library calls it
        """Parse all links: those that lead nowhere are shown as text."""
        return True


class Markdown:
    """Parses and renders pages."""

    def __init__(self) -> None:
        """Allow tables, strikethrough and folds, and no other HTML."""
        options = {"html": False, "linkify": False, "typographer": False}
        self._parser = _Parser("commonmark", options)
        self._parser.enable(["table", "strikethrough"])
        self._parser.core.ruler.before("inline", _LONG, _keep_long)
        allow_folds(self._parser)
        rules: dict[str, Callable[..., str]] = {
            "fence": _fence,
            "code_block": _fence,
            "image": _image,
            "table_open": _table_open,
            "table_close": _table_close,
            _LONG: _long_text,
        }
        for name, rule in rules.items():
            self._parser.add_render_rule(name, rule)

    def parse(self, source: str) -> Document:
        text = visible(source)
        if len(text) > MAX_CHARACTERS:
            block = Token("code_block", "", 0, content=text)
            return Document(tokens=[block])
        text = _FRONT_MATTER.sub("", text)
        parsed = self._parser.parse(text)
        tokens = list(balanced(parsed))
        mark_notes(tokens)
        document = Document(tokens=tokens)
        document.headings = list(_headings(tokens))
        return document

    def render(self, document: Document, resolve: Resolver) -> Markup:
        """Return a parsed page as HTML; this changes its tokens."""
        for token in document.tokens:
            _class_instead_of_style(token)
            if token.children:
                _resolve_links(token.children, resolve)
        parser = self._parser
        html = parser.renderer.render(document.tokens, parser.options, {})
        # Entities may encode invisible characters.
        shown = _UNSEEN.sub(_UNSEEN_MARK, html)
        # It is made from tokens only, and the renderer escapes each.
        return Markup(shown)  # noqa: S704 - see above


def visible(source: str) -> str:
    """Return a text with uniform line ends, and a mark for each invisible character."""
    text = source.replace("\r\n", "\n")
    text = text.replace("\r", "\n")
    return _UNSEEN.sub(_UNSEEN_MARK, text)


def slug(title: str) -> str:
    """Return the anchor of a heading, as git hosts make it."""
    words = title.strip().lower()
    words = _PUNCTUATION.sub("", words)
    return words.replace(" ", "-")


def text_of(token: Token) -> str:
    """Return the text of an inline token."""
    pieces = []
    for child in token.children or []:
        if child.type in {"softbreak", "hardbreak"}:
            pieces.append(" ")
        elif child.type in {"text", "code_inline", "image"}:
            pieces.append(child.content)
    text = "".join(pieces)
    return _UNSEEN.sub(_UNSEEN_MARK, text)


def _keep_long(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > _MAX_INLINE:
            token.type = _LONG


def _headings(tokens: Sequence[Token]) -> Iterator[PageHeading]:
    """Give each heading its anchor, and yield it."""
    used: dict[str, int] = {}
    for number, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = text_of(tokens[number + 1])
        anchor = slug(text) or "section"
        count = used.get(anchor, 0)
        used[anchor] = count + 1
        if count:
            anchor = f"{anchor}-{count}"
            used.setdefault(anchor, 1)
        token.attrSet("id", anchor)
        level = int(token.tag.removeprefix("h"))
        yield PageHeading(level=level, anchor=anchor, text=text)


def _resolve_links(tokens: Sequence[Token], resolve: Resolver) -> None:
    """Resolve the targets of links, and hide the tags of those without one."""
    shown: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            address = token.attrGet("href") or ""
            target = resolve(str(address))
            token.attrs = {}
            if target:
                token.attrs["href"] = target
            # An address within a link's text is parsed as a separate link.
            is_within_link = any(shown)
            token.hidden = target is None or is_within_link
            shown.append(not token.hidden)
        elif token.type == "link_close":
            token.hidden = not shown.pop()


def _class_instead_of_style(token: Token) -> None:
    """Write a table cell's alignment as a class: the page allows no style of its own."""
    style = token.attrs.pop("style", None)
    if style is not None:
        alignment = str(style).removeprefix("text-align:")
        token.attrSet("class", alignment)


def _fence(
    _: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    *__: object,
) -> str:
    token = tokens[index]
    code = token.content
    words = token.info.split()
    language = ""
    if words:
        language = words[0]
    if language.lower() == "mermaid":
        return _diagram(code)
    return _code(highlighted(code, language))


def _code(html: str) -> str:
    return f'<pre tabindex="0"><code>{html}</code></pre>\n'


def _diagram(source: str) -> str:
    try:
        drawing = draw(source)
    except DiagramError as error:
        reason = escape(str(error))
        code = _code(escape(source))
        return (
            '<p class="undrawn">This diagram is shown as text, because '
            f"{reason}.</p>\n{code}"
        )
    return f'<figure class="diagram" tabindex="0">{drawing}</figure>\n'


def _image(
    _: RendererHTML, tokens: Sequence[Token], index: int, *__: object
) -> str:
    """Return an image's text: pages load nothing."""
    description = escape(tokens[index].content)
    return f'<span class="image">{description}</span>'


def _table_open(*_: object) -> str:
    return '<div class="table" tabindex="0"><table>\n'


def _table_close(*_: object) -> str:
    return "</table></div>\n"


def _long_text(
    _: RendererHTML, tokens: Sequence[Token], index: int, *__: object
) -> str:
    return escape(tokens[index].content)
