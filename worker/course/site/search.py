"""The index for the pages' search: heading and words of each section."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from markdown_it.token import Token

from worker.course.site.markdown import Document, text_of

_WORD: Final = re.compile(r"[^\W_]\w{2,30}")
_MAX_WORDS: Final = 600
"""How many words of a section are indexed."""


@dataclass(kw_only=True, slots=True)
class _Section:
    """A part of a page, from one heading to the next."""

    anchor: str = ""
    heading: str = ""
    words: dict[str, None] = field(default_factory=dict)


def index(pages: Sequence[tuple[str, str, Document]]) -> str:
    """Return the index of pages, given by name and title, as a script."""
    rows = []
    for name, title, document in pages:
        for section in _sections(document):
            words = " ".join(section.words)
            row = [name, title, section.anchor, section.heading, words]
            rows.append(row)
    text = json.dumps(rows, separators=(",", ":"))
    return f"window.courseIndex = {text};\n"


def _sections(document: Document) -> Iterator[_Section]:
    """Yield the sections that have words."""
    headings = iter(document.headings)
    section = _Section()
    for token in document.tokens:
        if token.type == "heading_open":
            if section.words:
                yield section
            heading = next(headings)
            section = _Section(anchor=heading.anchor, heading=heading.text)
        _add_words(section, token)
    if section.words:
        yield section


def _add_words(section: _Section, token: Token) -> None:
    text = token.content
    if token.type == "inline":
        text = text_of(token)
    for word in _WORD.findall(text.lower()):
        if len(section.words) < _MAX_WORDS:
            section.words[word] = None
