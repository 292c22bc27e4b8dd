"""Turns a model's prose into Markdown in which only allowed markup has an effect.

Paragraphs, lists, emphasis, `names`, and `[[3]]` for a link to chapter 3 are allowed. All other
markup is shown as text, and reported to the model as a fault.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from worker.engines.static.pages import checker, markdown

_ITEM: Final = re.compile(r"\s*(?:[-*+]|(?P<number>\d{1,3})[.)])\s+(?=\S)")
_CODE: Final = re.compile(r"`[^`]*`")
_JOINED: Final = re.compile(r"(?:^|(?<=[.:;!?)*`] ))(\d{1,3})[.)] +(?=\S)")
"""The number of a list item in the middle of a line."""
_FEWEST_ITEMS: Final = 2
_INLINE: Final = re.compile(
    r"(?P<code>(?<!`)(`+)(?!`).+?(?<!`)\2(?!`))"
    r"|\[\[(?P<chapter>\d{1,6})\]\]"
    r"|\*\*(?P<strong>[^*`\s](?:[^*`\n]*[^*`\s])?)\*\*"
    r"|(?<![*\w])\*(?P<emphasis>[^*`\s](?:[^*`\n]*[^*`\s])?)\*(?![*\w])"
)
_FORBIDDEN: Final = (
    (re.compile(r"</?[A-Za-z][^<>]*>|<!--"), "HTML"),
    (re.compile(r"!?\[[^\]]*\]\([^)]*\)|https?://|\bwww\."), "a link"),
    (re.compile(r"^\s*(?:```|~~~)", re.MULTILINE), "a code fence"),
    (re.compile(r"^\s{0,3}#{1,6}\s", re.MULTILINE), "a heading"),
    (re.compile(r"^\s*\|.*\|\s*$", re.MULTILINE), "a table"),
)

Link = Callable[[int], str | None]
"""Return a link to a chapter by its number; None if there is no such chapter."""


def forbidden(text: str) -> Iterator[str]:
    """Yield the markup in a text that is not allowed."""
    bare = checker.outside_spans(text)
    for pattern, noun in _FORBIDDEN:
        if pattern.search(bare):
            yield noun


def chapters_named(text: str) -> list[int]:
    """Return the numbers of the chapters that a text links to."""
    numbers: list[int] = []
    for match in _INLINE.finditer(text):
        number = match["chapter"]
        if number:
            chapter = int(number)
            numbers.append(chapter)
    return numbers


def rendered(text: str, link: Link) -> str:
    """Return prose as Markdown: paragraphs and lists."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    blocks: list[str] = []
    for paragraph in paragraphs:
        block = _paragraph(paragraph, link)
        blocks.append(block)
    return markdown.document(*blocks)


def _paragraph(paragraph: str, link: Link) -> str:
    """Return a paragraph on one line, or a list below its introduction."""
    lead: list[str] = []
    items: list[str] = []
    for line in _rows(paragraph):
        mark = _ITEM.match(line)
        if mark is not None:
            bullet = _bullet(mark)
            end = mark.end()
            content = inline(line[end:], link)
            items.append(f"{bullet} {content}")
        elif items:
            content = inline(line, link)
            items[-1] += f" {content}"
        else:
            lead.append(line)
    words = " ".join(lead)
    opening = inline(words, link)
    rows = "\n".join(items)
    return markdown.document(opening, rows)


def _rows(paragraph: str) -> Iterator[str]:
    """Yield the lines of a paragraph; each item of `1. One. 2. Two.` becomes a line."""
    for row in paragraph.split("\n"):
        line = row.strip()
        start = 0
        for end in _starts(line):
            if end > start:
                yield line[start:end]
                start = end
        yield line[start:]


def _starts(line: str) -> list[int]:
    """Return where the items of a line begin; they must be numbered from 1 without gaps."""
    bare = _CODE.sub(_masked, line)
    starts: list[int] = []
    number = 1
    for match in _JOINED.finditer(bare):
        expected = str(number)
        if match[1] != expected:
            continue
        start = match.start()
        starts.append(start)
        number += 1
    if len(starts) < _FEWEST_ITEMS:
        return []
    return starts


def _masked(code: re.Match[str]) -> str:
    length = len(code[0])
    return "`" * length


def _bullet(mark: re.Match[str]) -> str:
    number = mark["number"]
    if not number:
        return "-"
    return f"{number}."


def inline(text: str, link: Link) -> str:
    """Return text on one line with its code, emphasis and links."""
    line = " ".join(text.split())
    pieces: list[str] = []
    end = 0
    for match in _INLINE.finditer(line):
        start = match.start()
        before = _plain(line, end, start)
        marked = _marked(match, link)
        pieces += [before, marked]
        end = match.end()
    length = len(line)
    last = _plain(line, end, length)
    pieces.append(last)
    joined = "".join(pieces)
    return joined.strip()


def _plain(line: str, start: int, end: int) -> str:
    """Return a part of a line as text, keeping the spaces at its ends."""
    text = line[start:end]
    stripped = text.strip()
    # After a parenthesis, nothing is escaped as the beginning of a line.
    lead = "("
    if start == 0:
        lead = ""
    led = markdown.prose(lead + stripped)
    escaped = led.removeprefix(lead)
    if text.startswith(" "):
        escaped = f" {escaped}"
    if stripped and text.endswith(" "):
        escaped += " "
    return escaped


def _marked(match: re.Match[str], link: Link) -> str:
    code = match["code"]
    if code:
        return markdown.prose(code)
    chapter = match["chapter"]
    if chapter:
        number = int(chapter)
        target = link(number)
        if target:
            return target
        return markdown.text(match[0])
    strong = match["strong"]
    if strong:
        escaped = markdown.prose(strong)
        return f"**{escaped}**"
    emphasis = markdown.prose(match["emphasis"])
    return f"*{emphasis}*"
