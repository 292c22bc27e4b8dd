"""Checks every excerpt, place, remark, diagram and link of a finished chapter.

Nothing is taken over from the writing of the chapter: what stands on the page is read, and
the source is read again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from worker.engines.static.pages import excerpts, markdown, mermaid
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.pages.excerpts import Span

_FENCE: Final = re.compile(r"(`{3,})(\S*)")
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK: Final = re.compile(r"(?<!\\)\[(?:[^\[\]\\]|\\.)*\]\(([^()\s]*)\)")
_REMARK: Final = re.compile(r"- Lines? (\d+)(?:-\d+)? ")
_CONDITION: Final = re.compile(r", (?:if|unless|in the handler of) $")
"""What comes before code that stands somewhere above the line of a remark."""
_IMPOSSIBLE: Final = re.compile(r"\s|://|^[^/]*$")
"""What is no path of a folder in a repository, as far as a course has places there."""
_FAR: Final = 60
"""Lines that an expression may go on for."""
_NEAR: Final = 4
"""Lines within which the part of a statement begins that is quoted of it."""


class ClaimKind(StrEnum):
    """What is checked; the values are nouns that can be counted."""

    EXCERPT = "excerpt"
    PLACE = "place"
    REMARK = "remark"
    DIAGRAM = "diagram"
    LINK = "link"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A checked claim, as Markdown, and its fault, if any."""

    sort: ClaimKind
    what: str
    fault: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block of code on the page, or a line outside of one."""

    line: str
    """The line; of a block, its whole text with its fences."""
    tag: str | None = None
    """Of a block; None for a line."""
    before: str = ""
    """The last line above that is not empty."""


def blocks(page: str) -> Iterator[Block]:
    """Yield the lines and blocks of code of a page, in order."""
    before, fence, inside = "", "", list[str]()
    for line in page.split("\n"):
        inside += [line] * bool(fence)
        match = _FENCE.fullmatch(line)
        if fence and line == fence:
            yield Block(
                line="\n".join(inside), tag=inside[0].lstrip("`"), before=before
            )
            fence, inside = "", []
        elif match is not None and not fence:
            fence, inside = match[1], [line]
        elif not fence:
            yield Block(line=line)
            before = line if line.strip() else before


def spans(line: str) -> list[str]:
    """Return the contents of the code spans on a line."""
    found = [match[2] for match in _SPAN.finditer(line)]
    return [
        one[1:-1] if one[0] == one[-1] == " " and one.strip(" ") else one
        for one in found
    ]


def outside_spans(line: str) -> str:
    """Return a line without its code spans."""
    return _SPAN.sub("", line)


def links(page: str) -> list[str]:
    """Return the targets of a page's links, in order."""
    return [
        target
        for one in blocks(page)
        if one.tag is None
        for target in _LINK.findall(outside_spans(one.line))
    ]


def checked(
    facts: CourseFacts, page: str, pages: Iterable[str]
) -> list[Finding]:
    """Check everything on a page that can be checked; links must lead to one of `pages`."""
    checker = _Checker(facts, frozenset(pages))
    return [finding for one in blocks(page) for finding in checker.of(one)]


class _Checker:
    """Goes through a page, and knows which excerpt it has passed last."""

    def __init__(self, facts: CourseFacts, pages: frozenset[str]) -> None:
        self._facts = facts
        self._pages = pages
        self._paths: Mapping[str, str] = {
            markdown.visible(path): path for path in facts.analysis.files
        }
        self._path = ""

    def of(self, one: Block) -> Iterator[Finding]:
        if one.tag == mermaid.TAG:
            fault = mermaid.fault("\n".join(one.line.split("\n")[1:-1]))
            yield Finding(
                sort=ClaimKind.DIAGRAM, what="a diagram", fault=fault or ""
            )
        elif one.tag is not None:
            yield self._excerpt(one)
        else:
            yield from self._line(one.line)

    def _excerpt(self, one: Block) -> Finding:
        shown = next(iter(spans(one.before)), "")
        path, places = self._place(shown)
        self._path = path
        what, lines = markdown.code(shown), self._facts.texts.lines(path)
        if not places or _outside(places, lines):
            return Finding(
                sort=ClaimKind.EXCERPT,
                what=what,
                fault="it does not name the file and the lines that it shows",
            )
        agrees = excerpts.block(lines, places, one.tag or "") == one.line
        return Finding(
            sort=ClaimKind.EXCERPT,
            what=what,
            fault="" if agrees else "its lines differ from the file",
        )

    def _line(self, line: str) -> Iterator[Finding]:
        yield from self._places(line)
        for target in _LINK.findall(outside_spans(line)):
            fault = "" if target in self._pages else "this page does not exist"
            what = markdown.code(target)
            yield Finding(sort=ClaimKind.LINK, what=what, fault=fault)
        remark, quoted = _REMARK.match(line), spans(line)
        if remark is None or not self._path or not quoted:
            return
        number = int(remark[1])
        above = _CONDITION.search(line.partition("`")[0]) is not None
        fault = ""
        if not self._says(number, quoted[0], above=above):
            fault = f"{markdown.code(quoted[0])} is not there"
        what = markdown.place(self._path, (number, number))
        yield Finding(sort=ClaimKind.REMARK, what=what, fault=fault)

    def _places(self, line: str) -> Iterator[Finding]:
        for shown in spans(line):
            path, places = self._place(shown)
            if not places or (not path and _IMPOSSIBLE.search(shown)):
                continue
            fault = ""
            if _outside(places, self._facts.texts.lines(path)):
                fault = "these lines do not exist"
            what = markdown.code(shown)
            yield Finding(sort=ClaimKind.PLACE, what=what, fault=fault)

    def _says(self, number: int, quoted: str, *, above: bool) -> bool:
        """Tell whether code begins on a line of the last excerpt's file, right below, or `above`."""
        start = max(0, number - _FAR) if above else number - 1
        lines = [
            _dense(markdown.visible(line))
            for line in self._facts.texts.lines(self._path)[
                start : number + _FAR
            ]
        ]
        at = "".join(lines).find(_dense(quoted.removesuffix("…")))
        return 0 <= at < max(1, sum(map(len, lines[: number - start + _NEAR])))

    def _place(self, shown: str) -> tuple[str, list[Span]]:
        match = markdown.PLACE.fullmatch(shown)
        if match is None:
            return "", []
        pairs = [piece.partition("-") for piece in match["lines"].split(",")]
        return self._paths.get(match["path"], ""), [
            (int(first), int(last or first)) for first, _, last in pairs
        ]


def _outside(places: Sequence[Span], lines: Sequence[str]) -> bool:
    return not all(1 <= first <= last <= len(lines) for first, last in places)


def _dense(said: str) -> str:
    return "".join(said.split())
