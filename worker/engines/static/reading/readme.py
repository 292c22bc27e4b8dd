"""Reads the beginning of a README: the project's title, and paragraphs of prose about it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from worker.engines.static.prose.code_blocks import (
    DOCTEST,
    code_blocks,
    dedented,
)
from worker.engines.static.prose.docstrings import sentences
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
_FEATURES: Final = re.compile(
    r"(?:^#.*\b(?:features|highlights)\b.*|^.*\b(?:features|highlights)\b.*\n[=~^-]{3,}"
    r"|\b(?:includes|offers|provides|supports|in \w+ points):)\n"
    r"(?:(?![ ]{0,3}[-*+#] ).*\n){0,9}?"
    r"((?:[ ]{0,3}[-*+] .*\n(?:[ \t]+\S.*\n|\n)*)+)",
    re.MULTILINE | re.IGNORECASE,
)
"""A heading or the end of a paragraph that announces features, and their list."""
_ITEM: Final = re.compile(r"^[ ]{0,3}[-*+] +", re.MULTILINE)
_MOST_FEATURES: Final = 10
_LONGEST_FEATURE: Final = 120
_INSTALLING: Final = re.compile(
    r"(?:^[ \t]*(?:[$>%] |PM> )?|`)((?:(?:python3? -m )?pip3? install|npm (?:install|i)"
    r"|(?:yarn|pnpm) add|go (?:get|install)|cargo (?:add|install)|gem install"
    r"|composer require|dotnet add package|Install-Package) [^\n`;&|#]+)",
    re.MULTILINE,
)
_NO_EXAMPLE: Final = frozenset(
    ["bash", "console", "sh", "shell", "text", "toml", "xml"]
)
_MOST_LINES: Final = 20
_FEWEST_WORDS: Final = 3
"""Words of a paragraph outside of links."""
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


class Readme(NamedTuple):
    """What a README begins with."""

    title: str
    """Without the words around a name (`What is Redis?`); empty where it names nothing."""
    paragraphs: tuple[str, ...]
    """Without markup, of the sections that may say what the project is."""
    features: tuple[str, ...] = ()
    """What the first list of features says, a sentence for each."""


def read_readme(language: Language, text: str) -> Readme:
    beginning = text[:_MOST_READ]
    visible = _visible(language, beginning)
    lines = visible.split("\n")
    sections = headings(language, visible)[:_MOST_SECTIONS]
    title = ""
    first_line = len(lines) + 1
    if sections:
        first = sections[0]
        title = _title(first.title)
        first_line = first.line
    above = lines[: first_line - 1]
    blocks = ["\n".join(above)]
    for place, section in enumerate(sections):
        name = section.title.strip()
        if place == 0 or _ABOUT.fullmatch(name):
            block = lines[section.line : section.end_line]
            blocks.append("\n".join(block))
    paragraphs = [
        paragraph for block in blocks for paragraph in _paragraphs(block)
    ]
    shown = tuple(paragraphs[:_MOST_PARAGRAPHS])
    features = _features(visible)
    return Readme(title, shown, features)


def _features(visible: str) -> tuple[str, ...]:
    """Return the first sentences of the list of features, without long ones and links."""
    match = _FEATURES.search(f"{visible}\n")
    if match is None:
        return ()
    shown = []
    _, *items = _ITEM.split(match[1])
    for item in items:
        text = plain(item)
        told = next(iter(sentences(text)), "")
        if told and len(told) <= _LONGEST_FEATURE and "://" not in text:
            shown.append(told)
    return tuple(shown[:_MOST_FEATURES])


def installing(text: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the commands of a document that install a package of one of these names."""
    for command in _INSTALLING.findall(text):
        words = re.findall(r"[\w.-]+", command.lower())
        if not set(names).isdisjoint(words):
            yield command.strip()


def example(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the tag and the lines of the first code in a README that names the project."""
    lines = text[:_MOST_READ].split("\n")
    for block in code_blocks(lines):
        raw = lines[block.first : block.last + 1]
        code = dedented(raw)
        is_short = 1 < len(code) <= _MOST_LINES
        if not block.tag or block.tag in _NO_EXAMPLE or not is_short:
            continue
        tag = block.tag
        if code[0].startswith(">>> "):
            tag = DOCTEST
        written = "\n".join([tag, *code])
        words = re.findall(r"\w+", written.lower())
        if not set(names).isdisjoint(words):
            return tag, *code
    return ()


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
        rows = raw.strip("\n")
        unruled = _RULE.sub("", rows)
        paragraph = _QUOTE.sub("", unruled)
        if _NOT_PROSE.match(paragraph):
            continue
        text = _IMAGE.sub("", paragraph)
        around = _LINK.sub("", text)
        unlinked = word_count(around)
        links = " ".join(_LINK.findall(text))
        linked = word_count(links)
        fewest = max(_FEWEST_WORDS, linked // 3)
        if unlinked >= fewest:
            words = _SHORTCUT.sub(r"\1", text)
            yield plain(words).strip(" \\")


def word_count(text: str) -> int:
    """Return the number of words, two characters each where no spaces are written."""
    unspaced = _UNSPACED.findall(text)
    words = _WORD.findall(text)
    return len(words) + len(unspaced) // 2
