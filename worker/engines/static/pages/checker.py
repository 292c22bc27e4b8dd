"""Checks every excerpt, place, diagram and link of a finished page against the source.

Nothing is taken from the writing of the page: the page is parsed, and the files are read
again. So it can check a page that another engine or a person wrote.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from posixpath import basename
from typing import Final

from worker.engines.static.pages import excerpts, markdown, mermaid
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.pages.excerpts import Span
from worker.engines.static.prose.code_blocks import quoted

_FENCE: Final = re.compile(r"(`{3,})(\S*)")
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK: Final = re.compile(r"(?<!\\)\[(?:[^\[\]\\]|\\.)*\]\(([^()\s]*)\)")
_NO_PATH: Final = re.compile(r"\s|://|^[^/]*$")
"""What is not the path of a file in a folder of the repository."""
_PLACE: Final = markdown.PLACE.fullmatch
_COMMANDS: Final = frozenset({"bash", "console", "text"})
"""Tags of blocks that tell a reader what to type; they quote no file."""


class ClaimKind(StrEnum):
    """The kinds of claims that are checked; the values are nouns that can be counted."""

    EXCERPT = "excerpt"
    PLACE = "place"
    DIAGRAM = "diagram"
    LINK = "link"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A checked claim, as Markdown, and its fault, if any."""

    kind: ClaimKind
    claim: str
    end: int
    """The number of lines of the page up to the end of the claim."""
    fault: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageBlock:
    """A block of code on the page, or a line outside of one."""

    text: str
    """The line; of a block, its whole text with its fences."""
    end: int
    """The number of lines of the page up to its end."""
    tag: str | None = None
    """Of a block; None for a line."""
    before: str = ""
    """The last line above a block that is not empty, and no tag of a fold."""


def blocks(page: str) -> Iterator[PageBlock]:
    """Yield the lines and blocks of code of a page, in order."""
    before = ""
    fence = ""
    inside = list[str]()
    for number, line in enumerate(page.split("\n"), 1):
        if fence:
            inside.append(line)
            if line == fence:
                tag = inside[0].lstrip("`")
                text = "\n".join(inside)
                yield PageBlock(text=text, end=number, tag=tag, before=before)
                fence = ""
                inside = []
            continue
        match = _FENCE.fullmatch(line)
        if match is not None:
            fence = match[1]
            inside = [line]
            continue
        yield PageBlock(text=line, end=number)
        if line.strip() and not line.startswith("<"):
            before = line


def spans(line: str) -> list[str]:
    contents = []
    for match in _SPAN.finditer(line):
        content = match[2]
        is_padded = content[0] == content[-1] == " "
        if is_padded and content.strip(" "):
            content = content[1:-1]
        contents.append(content)
    return contents


def outside_spans(line: str) -> str:
    return _SPAN.sub("", line)


def links(page: str) -> list[str]:
    return [
        target
        for block in blocks(page)
        if block.tag is None
        for target in _LINK.findall(outside_spans(block.text))
    ]


def checked(
    facts: CourseFacts, page: str, pages: Iterable[str]
) -> list[Finding]:
    """Check everything on a page that can be checked; links must lead to one of `pages`."""
    checker = _Checker(facts, frozenset(pages))
    findings: list[Finding] = []
    for block in blocks(page):
        findings += checker.findings(block)
    return findings


class _Checker:
    def __init__(self, facts: CourseFacts, pages: frozenset[str]) -> None:
        self._facts = facts
        self._pages = pages
        self._paths: Mapping[str, str] = {
            markdown.visible(path): path for path in facts.analysis.files
        }

    def findings(self, block: PageBlock) -> Iterator[Finding]:
        if block.tag == mermaid.TAG:
            _, *lines, _ = block.text.split("\n")
            diagram = "\n".join(lines)
            yield Finding(
                kind=ClaimKind.DIAGRAM,
                claim="a diagram",
                end=block.end,
                fault=mermaid.fault(diagram) or "",
            )
        elif block.tag is None:
            yield from self._places(block)
            yield from self._links(block)
        elif block.tag not in _COMMANDS:
            yield self._excerpt(block)

    def _excerpt(self, block: PageBlock) -> Finding:
        named = [span for span in spans(block.before) if _PLACE(span)]
        shown = ""
        if named:
            shown = named[-1]
        return Finding(
            kind=ClaimKind.EXCERPT,
            claim=markdown.code(shown),
            end=block.end,
            fault=self._fault_of_excerpt(block, shown),
        )

    def _fault_of_excerpt(self, block: PageBlock, shown: str) -> str:
        path, places = self._place(shown)
        lines = self._facts.texts.lines(path)
        if not places or not _exist(places, lines):
            return "it does not name the file and the lines that it shows"
        tag = block.tag or ""
        if block.text == excerpts.block(lines, places, tag):
            return ""
        example = quoted(lines, places, tag)
        if block.text == markdown.fence(example, tag):
            return ""
        return "its lines differ from the file"

    def _places(self, block: PageBlock) -> Iterator[Finding]:
        for shown in spans(block.text):
            path, places = self._place(shown)
            if not places or (not path and _NO_PATH.search(shown)):
                continue
            fault = "these lines do not exist"
            lines = self._facts.texts.lines(path)
            if _exist(places, lines):
                fault = ""
            yield Finding(
                kind=ClaimKind.PLACE,
                claim=markdown.code(shown),
                end=block.end,
                fault=fault,
            )

    def _links(self, block: PageBlock) -> Iterator[Finding]:
        text = outside_spans(block.text)
        for target in _LINK.findall(text):
            fault = "this page does not exist"
            page, _, _ = target.partition("#")
            if basename(page) in self._pages:
                fault = ""
            yield Finding(
                kind=ClaimKind.LINK,
                claim=markdown.code(target),
                end=block.end,
                fault=fault,
            )

    def _place(self, shown: str) -> tuple[str, list[Span]]:
        match = _PLACE(shown)
        if match is None:
            return "", []
        path = self._paths.get(match["path"], "")
        return path, markdown.spans(match["lines"])


def _exist(places: Sequence[Span], lines: Sequence[str]) -> bool:
    return all(1 <= first <= last <= len(lines) for first, last in places)
