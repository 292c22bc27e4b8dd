"""The index that the page's own search reads: of each section, its heading and its words."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from worker.course.site.markdown import Document, text_of

_WORD: Final = re.compile(r"[^\W_]\w{2,30}")
_MAX_WORDS: Final = 600
"""How many words of a section can be found."""


def index(pages: Sequence[tuple[str, str, Document]]) -> str:
    """Return the index of pages, each by its name and title, as a script."""
    rows = [
        [name, title, anchor, heading, words]
        for name, title, document in pages
        for anchor, heading, words in _sections(document)
    ]
    text = json.dumps(rows, separators=(",", ":"))
    return f"window.courseIndex = {text};\n"


def _sections(document: Document) -> Iterator[tuple[str, str, str]]:
    """Yield each section's anchor, heading and words."""
    headings = iter(document.headings)
    anchor, heading = "", ""
    words: dict[str, None] = {}
    for token in document.tokens:
        if token.type == "heading_open":
            if words:
                yield anchor, heading, " ".join(words)
            following = next(headings)
            anchor, heading, words = following.anchor, following.text, {}
        text = text_of(token) if token.type == "inline" else token.content
        for word in _WORD.findall(text.lower()):
            if len(words) < _MAX_WORDS:
                words[word] = None
    if words:
        yield anchor, heading, " ".join(words)
