"""Turns a model's prose into Markdown in which only what is allowed has an effect.

Allowed are paragraphs, lists, emphasis, `names`, and `[[3]]` for a link to chapter 3. All
else is shown as text, and is a fault that the model is told.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from worker.engines.static.pages import markdown

_ITEM: Final = re.compile(r"\s*(?:[-*+]|(\d{1,3})[.)])\s+(?=\S)")
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
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")

Link = Callable[[int], str | None]
"""Return a link to a chapter by its number; None if there is no such chapter."""


def forbidden(text: str) -> Iterator[str]:
    """Yield the markup in a text that is not allowed there."""
    bare = _SPAN.sub("", text)
    for pattern, noun in _FORBIDDEN:
        if pattern.search(bare):
            yield noun


def chapters_named(text: str) -> list[int]:
    """Return the numbers of the chapters that a text links to."""
    return [
        int(match["chapter"])
        for match in _INLINE.finditer(text)
        if match["chapter"]
    ]


def rendered(text: str, link: Link) -> str:
    """Return prose as Markdown: paragraphs and lists."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return markdown.document(
        *(_paragraph(paragraph, link) for paragraph in paragraphs)
    )


def _paragraph(paragraph: str, link: Link) -> str:
    """Return a paragraph on one line, or a list, with what stands before it."""
    blocks: list[str] = []
    items: list[str] = []
    lead: list[str] = []
    for line in paragraph.split("\n"):
        match = _ITEM.match(line)
        if match is not None:
            mark = f"{match[1]}." if match[1] else "-"
            items.append(f"{mark} {inline(line[match.end() :], link)}")
        elif items:
            items[-1] += f" {inline(line, link)}"
        else:
            lead.append(line)
    if lead:
        blocks.append(inline(" ".join(lead), link))
    if items:
        blocks.append("\n".join(items))
    return markdown.document(*blocks)


def inline(text: str, link: Link) -> str:
    """Return text on one line with its code, emphasis and links."""
    line = " ".join(text.split())
    pieces: list[str] = []
    end = 0
    for match in _INLINE.finditer(line):
        pieces.append(_plain(line[end : match.start()], first=end == 0))
        pieces.append(_marked(match, link))
        end = match.end()
    pieces.append(_plain(line[end:], first=end == 0))
    return "".join(pieces).strip()


def _plain(text: str, *, first: bool) -> str:
    """Return text with the blanks at its ends, of which there may be one each."""
    before = " " if text[:1] == " " else ""
    after = " " if text[-1:] == " " and text.strip() else ""
    if first:
        return f"{before}{markdown.prose(text)}{after}"
    # Only what begins a line needs escapes there.
    escaped = markdown.prose(f"({text.strip()}")
    return f"{before}{escaped[1:]}{after}"


def _marked(match: re.Match[str], link: Link) -> str:
    if match["code"]:
        return markdown.prose(match["code"])
    if match["chapter"]:
        target = link(int(match["chapter"]))
        return markdown.text(match[0]) if target is None else target
    if match["strong"]:
        return f"**{markdown.prose(match['strong'])}**"
    return f"*{markdown.prose(match['emphasis'])}*"
