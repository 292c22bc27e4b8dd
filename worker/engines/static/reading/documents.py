"""Reads documents: headings and first paragraphs without markup, and names of code."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.engines.static.facts import Heading
from worker.engines.static.parsing.grammar import is_licence
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.prose.markup import kinds, without
from worker.engines.static.reading.encoding import decode
from worker.engines.static.reading.language import Language
from worker.engines.static.reading.manifests import table

MAX_TITLE: Final = 120
MAX_LEAD: Final = 600

_HASHES: Final = re.compile(r"(#{1,6})(?:\s+|(?=!?\[))(.*)$")
_EQUALS: Final = re.compile(r"(={1,6})\s+(\S.*)$")
_UNDERLINE: Final = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_UNDERLINING: Final = tuple("=-~^\"'`#*+.:_")
_FENCES: Final = {
    Language.MARKDOWN: re.compile(r"\s{0,3}(`{3,}|~{3,})"),
    Language.NOTEBOOK: re.compile(r"(`{3,})"),
    Language.ASCIIDOC: re.compile(r"(-{4,}|\.{4,}|`{3,})\s*$"),
}
"""How a block of code begins and ends, in languages in which it does not end with its indentation.
"""
_NO_FENCE: Final = re.compile(r"(?!)")
_SECTION: Final = re.compile(r".*?\\(part|chapter|(?:sub)*section)\*?\{(.*)\}")
_NUMBERED: Final = re.compile(
    r"(?=.{3,80}$)(\d+(?:\.\d+)*)[.)]?\s+([^\W\d].*)$"
)

_MARKUP: Final = kinds(
    ("<", r"(?s)<!--.*?(?:-->|$)", ""),
    ("!", r"!\[[^\]]*\]\([^)]*\)|!\[[^\]]*\]\[[^\]]*\]", ""),
    ("[", r"\[!\[[^\]]*\][^\]]*\]\([^)]*\)", ""),
    ("[", r"\[([^\]]*)\]\([^)]*\)|\[([^\]]+)\]\[[^\]]*\]", r"\1\2"),
    ("<", r"</?[a-z][a-z\d]*(?:\s[^<>]*)?/?>", ""),
    ("`", r"(?::[\w:+-]+:|\{[\w:+-]+\})`~?([^`<]*?)\s*(?:<[^`]*>)?`", r"\1"),
    ("`", r"`([^`<]+?)\s*<[^`>]*>`__?", r"\1"),
    ("`", r"`+([^`]*)`+_{0,2}", r"\1"),
    ("*_", r"\*\*([^*]+)\*\*|__([^_]+)__", r"\1\2"),
    ("*_", r"(?<![\w*])[*_]([^*_\s][^*_]*?)[*_](?![\w*])", r"\1"),
    ("|", r"\|(\w[\w .-]*)\|_?", r"\1"),
    ("&", r"&(?:nbsp|ensp|emsp);", " "),
    (":", r"(?<!\S):[a-z][a-z\d_]*[a-z\d]:(?!\S)", ""),
)
_SIGNS: Final = re.compile(
    r"[\u2600-\u27bf\u2b50\ufe0f\u200d\U0001f000-\U0001faff]+"
)
"""Pictures among letters."""
_NO_PROSE: Final = re.compile(
    r"\s*(?:\.\. |:\w[\w -]*:|\||>|[-*+] |\d+[.)] |<|\{|%|\\|\[!?\[|!\[|---|===|\+-|@|//)"
)
_SPAN: Final = re.compile(r"`++([^`\n]+)`+")
_CODE_LINE: Final = re.compile(r"\n(?:    |\t|>>> |\.\. (?:auto)?\w+:: )(.*)")
_IDENTIFIER: Final = re.compile(r"[^\W\d]\w*")
_TELLING: Final = re.compile(
    r"[A-Z][a-z\d]+(?:[A-Z][a-z\d]*)+|[a-z\d]+(?:_[a-z\d]+)+|[A-Z]+(?:_[A-Z]+)+"
)
"""Names that are not words."""
_LONGEST_FRONT: Final = 100
_HEADINGS: Final = {
    Language.MARKDOWN: _HASHES,
    Language.NOTEBOOK: _HASHES,
    Language.ASCIIDOC: _EQUALS,
    Language.LATEX: _SECTION,
    Language.TEXT: _NUMBERED,
}
"""By language: the mark of a heading, which gives its level, and its title."""
_SHORTEST: Final = 3
_FEWEST_WORDS: Final = 3
_OPENING: Final = re.compile(
    r"\s*(?:import|module|use|using|package|require|library|open|set|defmodule|program|unit|from"
    r"|local \w+ = require)\b"
)
"""Code that may follow a comment on the file: other code is what the comment describes."""
_RECORD: Final = re.compile(
    r"(?:created|written|author|maintainer)\b", re.IGNORECASE
)
_MOST_TOP: Final = 4000
"""Characters in which a file says what it is."""
_COMMENT: Final = re.compile(
    r"(?:--+[\[|]*|#+(?=[\s']|$)'?|//+!?|;+|%+|\"(?=\s)|\(\*+|/\*+|\*+|\{-+ ?\|?)"
    r" ?(.*?) ?(?:\*+[/)]|-\}|\]\])?$"
)
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")
_FOR_PROGRAMS: Final = re.compile(
    r"#!|.*-\*-|.*\b(?:vim?|ex):|\W*[\w+-]+\.\w{1,5}\W*$"
)
"""First lines of scripts, lines for editors, and names of files."""


def headings(language: Language, text: str) -> tuple[Heading, ...]:
    """Return the headings of a document, in order.

    Nothing is a heading in a language that has none.
    """
    lines = text.split("\n")
    titles = list(_titles(language, lines))
    ends = [title.line - 1 for title in titles[1:]]
    ends.append(len(lines))
    return tuple(
        Heading(
            title=title.text,
            level=title.level,
            line=title.line,
            end_line=max(title.line, end),
        )
        for title, end in zip(titles, ends, strict=False)
    )


class _Title(NamedTuple):
    line: int
    level: int
    text: str


def _titles(language: Language, lines: list[str]) -> Iterator[_Title]:
    marks: list[str] = []
    mark = _HEADINGS.get(language, _NO_FENCE)
    below = [*lines, ""]
    for number, line in _outside_code(language, lines):
        heading = None
        match = mark.match(line)
        if match is not None:
            heading = _marked(language, match)
        elif below[number].startswith(_UNDERLINING):
            heading = _underlined(lines, number, marks)
        if heading is not None:
            level, marked = heading
            title = plain(marked)[:MAX_TITLE]
            if title:
                yield _Title(number, level, title)


def _outside_code(
    language: Language, lines: list[str]
) -> Iterator[tuple[int, str]]:
    """Yield the lines that are in no block of code and no settings, with their numbers."""
    front = _front_matter(lines)
    numbered = enumerate(lines[front:], front + 1)
    pattern = _FENCES.get(language)
    if pattern is None:
        yield from numbered
        return
    closing = ""
    for number, line in numbered:
        fence = pattern.match(line)
        if closing:
            if fence is not None and fence[1].startswith(closing):
                closing = ""
            continue
        is_underline = language is Language.ASCIIDOC and _underlines(
            lines, number
        )
        if fence is not None and not is_underline:
            closing = fence[1]
            continue
        yield number, line


def _front_matter(lines: list[str]) -> int:
    """Return how many lines at the top are settings between two lines of dashes."""
    if lines[0].rstrip() != "---":
        return 0
    for number, line in enumerate(lines[1:_LONGEST_FRONT], 2):
        if line.rstrip() == "---":
            return number
    return 0


def _marked(language: Language, match: re.Match[str]) -> tuple[int, str]:
    """Return the level and the title of a heading that its mark begins."""
    mark, title = match.groups()
    level = len(mark)
    if mark.startswith("#"):
        title = _unclosed(title)
    if language is Language.LATEX:
        level = 1 + mark.count("sub")
    if language is Language.TEXT:
        level = 1 + mark.count(".")
    return level, title


def _unclosed(title: str) -> str:
    """Return a title without the `##` after it; those of `C#` belong to the word."""
    whole = title.rstrip()
    bare = whole.rstrip("#")
    if bare and bare == bare.rstrip():
        return whole
    return bare.rstrip()


def _underlines(lines: list[str], number: int) -> bool:
    """Whether a line is the one below a heading."""
    above = ""
    if number > 1:
        above = lines[number - 2]
    underline = _UNDERLINE.match(lines[number - 1])
    return above.strip() != "" and underline is not None


def _underlined(
    lines: list[str], number: int, marks: list[str]
) -> tuple[int, str] | None:
    """Read a heading with a line of marks below it.

    The order in which marks appear gives their levels.
    """
    title = lines[number - 1].rstrip()
    below = lines[number]
    match = _UNDERLINE.match(below)
    if match is None or _UNDERLINE.match(title):
        return None
    is_overlined = number > 1 and lines[number - 2] == below
    is_indented = title[:1].isspace()
    if is_indented and not is_overlined:
        return None
    text = title.strip()
    fewest = min(len(text), _SHORTEST)
    line = match[0].rstrip()
    is_long_enough = len(line) >= fewest
    has_words = _IDENTIFIER.search(title)
    if not is_long_enough or not has_words:
        return None
    mark = match[1]
    if mark not in marks:
        marks.append(mark)
    level = marks.index(mark) + 1
    return level, text


def lead(language: Language, text: str, heading: Heading) -> str:
    """Return the first paragraph of prose below a heading, without markup; there may be none."""
    fence = _FENCES.get(language, _NO_FENCE)
    lines = text.split("\n")[heading.line : heading.end_line]
    paragraph: list[str] = []
    is_fenced = False
    for number, line in enumerate(lines):
        if not line.strip():
            if paragraph:
                break
            continue
        is_underline = _UNDERLINE.match(line) is not None
        if fence.match(line) and not (number == 0 and is_underline):
            is_fenced = not is_fenced
            continue
        is_code = is_fenced or (not paragraph and line[:1].isspace())
        if is_code or is_underline:
            continue
        if paragraph or not _NO_PROSE.match(line):
            paragraph.append(line)
    return plain(" ".join(paragraph))[:MAX_LEAD]


def comment_on_top(text: str) -> str:
    """Return the first comment of code in any language, unless it is for lawyers or programs."""
    lines: list[str] = []
    for row in [*text[:_MOST_TOP].split("\n"), ""]:
        # The pattern would try each of many spaces as the comment's end.
        line = " ".join(row.split())
        match = _COMMENT.match(line)
        if _FOR_PROGRAMS.match(line):
            continue
        if match is not None and _LETTERS.search(match[1]):
            lines.append(match[1])
            continue
        comment = " ".join(lines)
        is_code = match is None and line != ""
        is_opening = not is_code or _OPENING.match(line) is not None
        if is_opening and _tells(comment):
            return comment[:MAX_LEAD]
        if is_code:
            break
        lines = []
    return ""


def _tells(comment: str) -> bool:
    """Whether a comment says something of the code below it."""
    is_long_enough = len(comment.split()) >= _FEWEST_WORDS
    is_record = _RECORD.match(comment) is not None or is_licence(comment)
    return is_long_enough and not is_record


def plain(marked: str) -> str:
    """Return a piece of Markdown or reStructuredText without its markup, on one line."""
    text = without(marked[: 4 * MAX_LEAD], _MARKUP)
    if not text.isascii():
        text = _SIGNS.sub("", text)
    return " ".join(text.split())


def code_names(text: str, names: frozenset[str]) -> frozenset[str]:
    """Return the names that a document shows as code, and those that can be nothing else."""
    telling = {
        word
        for word in names.intersection(words_of(text))
        if _TELLING.fullmatch(word)
    }
    shown = " ".join(
        [
            *_SPAN.findall(text),
            *_CODE_LINE.findall(f"\n{text}"),
            *_fenced(text),
        ]
    )
    return names.intersection(words_of(shown)) | telling


def _fenced(text: str) -> list[str]:
    return text.split("```")[1::2]


def named(text: str, names: frozenset[str]) -> frozenset[str]:
    """Return the names that a test or an example has anywhere."""
    return names.intersection(words_of(text))


def notebook(text: str) -> str:
    """Return a notebook as Markdown: its texts, and its code in fences."""
    cells = table("notebook.json", text).get("cells")
    pieces = []
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        lines = source
        if not isinstance(source, list):
            lines = [source]
        text = "".join(map(str, lines))
        if cell.get("cell_type") == "code":
            text = f"```\n{text}\n```"
        pieces.append(f"{text}\n")
    joined = "\n".join(pieces)
    return decode(joined.encode("utf-8", "replace")) or ""
