"""Reads the beginning of a README: the project's title, and paragraphs of prose about it."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.engines.static.reading.documents import headings, plain
from worker.engines.static.reading.language import Language

_MOST_READ: Final = 20_000
_MOST_PARAGRAPHS: Final = 12
_MOST_SECTIONS: Final = 8
_MOST_TITLE: Final = 60
_MOST_WORDS: Final = 5
_HTML_TITLE: Final = re.compile(
    r"<h[12]\b[^<>]*>((?:(?!</h[12]>).){0,600})</h[12]>",
    re.DOTALL | re.IGNORECASE,
)
_HIDDEN: Final = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(details|picture|table|svg|script|style)\b.*?(?:</\1>|\Z)"
    r"|^[ ]{0,3}(?P<fence>`{3,}|~{3,}).*?(?:^[ ]{0,3}(?P=fence)[`~]*[ ]*$|\Z)"
    r"|^[ ]{0,3}\[[^\]\n]+\]:[ ]*\S.*$",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
"""Comments, blocks of code, and the addresses of links."""
_BLOCK_TAG: Final = re.compile(
    r"</?(?:p|div|br|hr|center|h\d|ul|ol|li|tr|td|th|section|header|blockquote)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_NOTICE: Final = re.compile(r"^[ ]*>[ ]*\[!\w+\].*(?:\n[ ]*>.*)*", re.MULTILINE)
"""A block such as `> [!IMPORTANT]`."""
_DIRECTIVE: Final = re.compile(
    r"^(?:\.\.[ ]|:[\w -]+:).*(?:\n(?:[ \t]+\S.*)?(?=\n[ \t]|\n?$|\n))*",
    re.MULTILINE,
)
_REFERENCE: Final = re.compile(r"(?<![\w`])([^\W_][\w.-]*?)__?(?=[\s.,;:)]|$)")
"""A reStructuredText link of one word: `WSGI_`."""
_IMAGE: Final = re.compile(
    r"\[!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])\](?:\([^)]*\)|\[[^\]]*\])"
    r"|!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|\|[^|\n]+\|_?"
)
_LINK: Final = re.compile(
    r"\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|`[^`]*<[^`>]*>`__?|<?https?://\S+"
)
_SHORTCUT: Final = re.compile(r"(?<![!\]])\[([^\[\]\n]{2,60})\](?![(\[:])")
"""A Markdown link whose address is elsewhere under the same name."""
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_NOT_PROSE: Final = re.compile(
    r"(?: {4}|\t|\s*(?:[-*+•] |\d+[.)] |[|+$%{\\]|>>>|\.\. |[-=~^*_]{3,}\s*$))"
)
_RULE: Final = re.compile(r"^[=\-~^*_#]{3,}[ \t]*$\n?", re.MULTILINE)
_QUOTE: Final = re.compile(r"^[ ]*> ?", re.MULTILINE)
_ABOUT: Final = re.compile(
    r"(?:what(?:'s| is| are)\b.*|about\b.*|introduction|intro|overview|description|summary"
    r"|synopsis|abstract|purpose)",
    re.IGNORECASE,
)
"""Headings of sections that say what a project is."""
_AROUND: Final = re.compile(
    r"^(?:what(?:'s| is| are) |welcome to |introduction to |introducing |about |the (?=[A-Z]))"
    r"|[?!.:]+$|\s+v?\d+(?:\.\d+)+$",
    re.IGNORECASE,
)
_NO_TITLE: Final = re.compile(
    r"(?:features?|(?:table of )?contents?|toc|build(?:ing)?|install(?:ation|ing)?|usage"
    r"|read ?me|documentation|docs|getting started|quick ?start|status|news|description|summary"
    r"|project|example"
    r"|examples|licen[cs]e|requirements|prerequisites|setup|badges|sponsors?|donat\w*|backers"
    r"|support|important|notice?|note"
    r"|warning|this)\b.*|announcements?|overview|introduction|about|general",
    re.IGNORECASE,
)
_FEWEST_WORDS: Final = 3
"""Words of a paragraph outside of links."""
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


class Readme(NamedTuple):
    """What a README begins with."""

    title: str
    """Without the words around a name (`What is Redis?`); empty where it names nothing."""
    paragraphs: tuple[str, ...]
    """Without markup, of the sections that may say what the project is."""


def read_readme(language: Language, text: str) -> Readme:
    visible = _visible(language, text[:_MOST_READ])
    lines = visible.split("\n")
    sections = headings(language, visible)[:_MOST_SECTIONS]
    title = ""
    if sections:
        title = _title(sections[0].title)
    first_line = len(lines) + 1
    if sections:
        first_line = sections[0].line
    blocks = ["\n".join(lines[: first_line - 1])]
    for place, section in enumerate(sections):
        if place == 0 or _ABOUT.fullmatch(section.title.strip()):
            block = lines[section.line : section.end_line]
            blocks.append("\n".join(block))
    paragraphs = [
        paragraph for block in blocks for paragraph in _paragraphs(block)
    ]
    return Readme(title, tuple(paragraphs[:_MOST_PARAGRAPHS]))


def _visible(language: Language, text: str) -> str:
    """Return a document without HTML, code, notices and directives."""
    if language is Language.RST:
        without = _DIRECTIVE.sub("", text)
        return _REFERENCE.sub(r"\1", without)
    titled = _HTML_TITLE.sub(
        lambda match: f"\n\n# {' '.join(match[1].split())}\n\n", text
    )
    without = _NOTICE.sub("", _HIDDEN.sub("", titled))
    return _TAG.sub("", _BLOCK_TAG.sub("\n\n", without))


def _title(heading: str) -> str:
    """Return the name in a heading, or nothing if it is none."""
    if _NO_TITLE.fullmatch(heading):
        return ""
    name = _AROUND.sub(
        "", re.split(r": | [-|\u2013\u2014] ", heading, maxsplit=1)[0]
    )
    words = len(name.split())
    if not 0 < words <= _MOST_WORDS or len(name) > _MOST_TITLE:
        return ""
    if _WORD.search(name):
        return name.strip()
    return ""


def _paragraphs(block: str) -> Iterator[str]:
    """Yield the paragraphs of prose: no lists, tables, code or rows of links."""
    for raw in re.split(r"\n[ \t]*\n", block):
        unruled = _RULE.sub("", raw.strip("\n"))
        paragraph = _QUOTE.sub("", unruled)
        if _NOT_PROSE.match(paragraph):
            continue
        text = _IMAGE.sub("", paragraph)
        unlinked = word_count(_LINK.sub("", text))
        linked = word_count(" ".join(_LINK.findall(text)))
        if unlinked >= max(_FEWEST_WORDS, linked // 3):
            yield plain(_SHORTCUT.sub(r"\1", text)).strip(" \\")


def word_count(text: str) -> int:
    """Return the number of words, two characters each where no spaces are written."""
    unspaced = _UNSPACED.findall(text)
    words = _WORD.findall(text)
    return len(words) + len(unspaced) // 2
