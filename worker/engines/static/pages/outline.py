"""The outline of files without definitions: headings, and lines that look like landmarks."""

import re
from dataclasses import dataclass
from typing import Final

from worker.engines.static.facts import SourceFile
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.reading.language import (
    PARSED,
    PROSE,
    SETTINGS,
    Language,
)

LENGTH: Final = 16
"""Lines of a mark that are shown."""
_BEGINNING: Final = 24
"""Lines of a file without marks that are shown."""
_MOST_LINES: Final = 4000
"""So far into a file landmarks are looked for."""

_LANDMARK: Final = re.compile(
    r"\s{0,8}(?:(?:pub(?:lic)?|private|protected|internal|static|final|abstract|sealed|open|override|async|export|local|data"
    r"|inline|suspend|virtual|extern)\s+)*"
    r"(?:class|interface|trait|struct|enum|record|object|protocol|module|namespace|def|defmodule|defp?|function|func|fun"
    r"|fn|sub|proc|procedure|create\s+(?:or\s+replace\s+)?(?:table|view|function|procedure)|message|service|rpc|type"
    r"|resource|data|contract)\s+[\"']?([\w.:?!-]+)",
    re.IGNORECASE,
)
_SHELL: Final = re.compile(r"\s{0,4}(?:function\s+)?([\w-]+)\s*\(\)\s*\{?")
_KEY: Final = re.compile(
    r"(?:\[+([^\]]+)\]+|([\w.$-]+|\"[^\"]+\")\s*[:=](?:\s|$).*)"
)
_TARGET: Final = re.compile(r"([\w.%/-]+)\s*:(?!=)")


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedPlace:
    """A place in a file that has a name."""

    path: str
    title: str
    line: int
    end_line: int
    """Of what is shown."""
    level: int
    """Of a heading; 0 for what is none."""


def marks(facts: CourseFacts, chapter: Chapter) -> list[NamedPlace]:
    """Return a chapter's named places: its headings, or landmarks of each file in turn."""
    found = [
        _heading(facts, path, position)
        for path, position in chapter.unit.headings
    ]
    if found:
        return [one for one in found if one is not None]
    groups = [
        landmarks(facts, path)
        for path in chapter.unit.file_paths
        if path in facts.analysis.files
    ]
    longest = max(map(len, groups), default=0)
    return [
        group[turn]
        for turn in range(longest)
        for group in groups
        if turn < len(group)
    ]


def _heading(facts: CourseFacts, path: str, position: int) -> NamedPlace | None:
    file = facts.analysis.files.get(path)
    if (
        file is None
        or position >= len(file.headings)
        or file.language is Language.NOTEBOOK
    ):
        return None
    one = file.headings[position]
    last = min(one.end_line, one.line + LENGTH - 1)
    return NamedPlace(
        path=path,
        title=one.title,
        line=one.line,
        end_line=last,
        level=one.level,
    )


def marks_of(facts: CourseFacts, path: str) -> list[NamedPlace]:
    """Return the marks of one file: its headings, or else its landmarks."""
    found = [
        _heading(facts, path, position)
        for position in range(len(facts.file(path).headings))
    ]
    return [one for one in found if one is not None] or landmarks(facts, path)


def landmarks(facts: CourseFacts, path: str) -> list[NamedPlace]:
    """Return the lines of a file that, by their spelling, begin something with a name.

    Or else its beginning.
    """
    file = facts.file(path)
    lines = facts.texts.lines(path)
    found = [
        (number, match)
        for number, said in enumerate(lines[:_MOST_LINES], 1)
        if (match := _pattern(file).match(said)) is not None
    ]
    if not found:
        return [
            NamedPlace(
                path=path,
                title="",
                line=1,
                end_line=min(_BEGINNING, len(lines)),
                level=0,
            )
        ]
    ends = [number - 1 for number, _ in found[1:]] + [len(lines)]
    return [
        NamedPlace(
            path=path,
            title=next((group for group in match.groups() if group), ""),
            line=number,
            end_line=min(end, number + LENGTH - 1),
            level=0,
        )
        for (number, match), end in zip(found, ends, strict=True)
    ]


def _pattern(file: SourceFile) -> re.Pattern[str]:
    if file.language is Language.SHELL:
        return _SHELL
    if file.language is Language.MAKE:
        return _TARGET
    if (
        file.language in SETTINGS
        or file.language in PROSE
        or file.language in PARSED
    ):
        return _KEY if file.language in SETTINGS else _NEVER
    return _LANDMARK


_NEVER: Final = re.compile(r"(?!)")
