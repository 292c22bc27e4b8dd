"""Chooses the lines of a README that a prompt shows: what the project is, its use, its parts.

Sponsors, badges, link targets, and sections about the repository rather than the project are left
out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.static.facts import Heading

SHARE: Final = 12_000
"""Characters of all chosen lines."""
_RUN: Final = 1_500
"""Characters of a section whose title matches no subject."""
_UNASKED: Final = 4
"""The rank of such a section."""
_NUMBER: Final = 8
"""Characters that a line's number takes."""
_SUBJECTS: Final = (
    re.compile(
        r"what(?:'s| is| are| does)\b|about\b|intro|overview|description|summary"
        r"|purpose|concept|why\b|motivation|.* is(?:\.\.\.|…)",
        re.IGNORECASE,
    ),
    re.compile(
        r"usage|using\b|(?:\w+ ){0,2}examples?\b|quick|get(?:ting)? started"
        r"|tutorial|demo\b|how\b|basic|first steps|command|cli\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"install|set.?up|require|what do i need|prerequisites|dependenc|download",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:\w+ )?features?|it supports|support(?:s|ed)\b|highlights|design"
        r"|architecture|components|repository contents|structure",
        re.IGNORECASE,
    ),
)
"""The subjects of sections by their titles, the most important first."""
_ASIDE: Final = re.compile(
    r"\W*(?:donat|sponsor|backers?\b|(?:open )?collective|fund|for enterprise|patreon"
    r"|support (?:us|the)\b|contribut|credits?\b|acknowledge?ment|(?:special )?thanks"
    r"|(?:core )?(?:authors?|maintainers?|team)\b|licen[cs]|copyright|badges?\b"
    r"|citation|cit(?:e|ing)\b"
    r"|road.?map|todo\b|change.?log|release|history|news\b|mailing list|irc\b|chat\b|discord"
    r"|slack|communit|(?:getting )?help\b|bugs?\b|report|security|wiki\b|stars?\b"
    r"|code of conduct|(?:table of )?contents\W*$|toc\b|submitting|pull requests?"
    r"|cooperation|who (?:uses|is using)|used by|users\W*$|compan|projects using|versioning"
    r"|status\b|further (?:reading|information)|links\b|(?:using the )?development)",
    re.IGNORECASE,
)
"""Titles of sections about people and the repository."""
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_TARGET: Final = re.compile(
    r"\.\. (?:_[^:\n]+:|\|[^|\n]+\| \w+::|(?:image|figure|contents|raw)::)"
    r"|[ \t]+:(?:alt|target|width|height|align|scale|class|local|depth|backlinks):"
    r"|\[[^\]\n]+\]:[ \t]*\S"
    r"|:[\w ]+: +https?://\S+$"
    r"|[ \t]*<?https?://\S+$"
    r"|[ \t]*[-*+] \[[^\]\n]*\]\(#[^)\n]*\)[ \t]*$"
)
"""Addresses of links and images, and the lines of a table of contents."""
_ORNAMENT: Final = re.compile(
    r"\[?!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])(?:\](?:\([^)]*\)|\[[^\]]*\]))?"
    r"|\|[\w .-]+\|_{0,2}"
    r"|</?(?:a|p|div|img|br|hr|center|picture|source|table|tr|td|th|tbody|h\d|sup|sub|b|i|em"
    r"|strong|kbd|span|details|summary)\b[^<>]*>",
    re.IGNORECASE,
)
"""Images, badges, and the tags that place them."""
_FENCE: Final = "```"


@dataclass(frozen=True, slots=True)
class _Section:
    """Lines that belong together."""

    rank: int
    """Rank 0 is shown first."""
    numbers: tuple[int, ...]


def chosen_lines(
    lines: Sequence[str], headings: Sequence[Heading]
) -> list[int]:
    """Return the numbers of the lines that a prompt shows, in order."""
    kept = set(_telling(lines))
    ranked = sorted(
        _sections(len(lines), headings), key=lambda section: section.rank
    )
    chosen: list[int] = []
    left = SHARE
    for section in ranked:
        room = left
        if section.rank >= _UNASKED:
            room = min(left, _RUN)
        numbers = [number for number in section.numbers if number in kept]
        shown = _as_far_as(lines, numbers, room)
        size = 0
        for number in shown:
            size += _size(lines, number)
        left -= size
        chosen += shown
    return _without_empty_ends(lines, sorted(chosen))


def _sections(length: int, headings: Sequence[Heading]) -> Iterator[_Section]:
    """Yield the sections that are about the project, beginning with the title's."""
    first = length + 1
    if headings:
        first = headings[0].line
    yield _Section(0, tuple(range(1, first)))
    # The heading above, and the one above that, with their ranks.
    above: list[tuple[int, int | None]] = []
    for place, heading in enumerate(headings):
        while above and above[-1][0] >= heading.level:
            above.pop()
        rank = _rank(
            heading.title, is_left_out=(bool(above) and above[-1][1] is None)
        )
        above.append((heading.level, rank))
        if rank is not None:
            numbers = range(heading.line, heading.end_line + 1)
            yield _Section(rank if place else 0, tuple(numbers))


def _rank(title: str, *, is_left_out: bool) -> int | None:
    """Return a section's rank; None if it and the sections below it are left out."""
    if is_left_out or _ASIDE.match(title):
        return None
    for rank, pattern in enumerate(_SUBJECTS):
        if pattern.match(title.strip()):
            return rank
    return _UNASKED


def _telling(lines: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of the lines that are more than an address or an ornament."""
    text = "\n".join(lines)
    bare = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    is_code = False
    for number, line in enumerate(bare.split("\n"), 1):
        is_fence = line.lstrip().startswith(_FENCE)
        if is_code or is_fence or not _is_aside(line, lines[number - 1]):
            yield number
        is_code ^= is_fence


def _is_aside(line: str, original: str) -> bool:
    """Whether a line without its comment is an address, an ornament, or empty."""
    if _TARGET.match(line):
        return True
    rest = _ORNAMENT.sub("", line)
    return rest != original and not re.search(r"\w", rest)


def _as_far_as(
    lines: Sequence[str], numbers: Sequence[int], room: int
) -> list[int]:
    """Return the first lines, as many as there is room for."""
    shown: list[int] = []
    for number in numbers:
        room -= _size(lines, number)
        if room < 0:
            break
        shown.append(number)
    return shown


def _size(lines: Sequence[str], number: int) -> int:
    return len(lines[number - 1]) + _NUMBER


def _without_empty_ends(
    lines: Sequence[str], numbers: Sequence[int]
) -> list[int]:
    """Return the numbers without empty lines next to omitted lines."""
    kept: list[int] = []
    empty: list[int] = []
    for number in numbers:
        if not lines[number - 1].strip():
            empty.append(number)
            continue
        before = number - len(empty) - 1
        if kept and kept[-1] == before:
            kept += empty
        kept.append(number)
        empty = []
    return kept
