"""The outline of files without definitions: headings, and lines that look like landmarks."""

import re
from collections.abc import Iterator
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
"""The lines of a file in which landmarks are looked for."""

_LANDMARK: Final = re.compile(
    r"\s{0,8}(?:(?:pub(?:lic)?|private|protected|internal|static|final|abstract|sealed|open"
    r"|override|async|export|local|data"
    r"|inline|suspend|virtual|extern)\s+)*"
    r"(?:class|interface|trait|struct|enum|record|object|protocol|module|namespace|def|defmodule"
    r"|defp?|function|func|fun"
    r"|fn|sub|proc|procedure|create\s+(?:or\s+replace\s+)?(?:table|view|function|procedure)"
    r"|message|service|rpc|type"
    r"|resource|data|contract)\s+[\"']?([\w.:?!-]+)",
    re.IGNORECASE,
)
_SHELL: Final = re.compile(r"\s{0,4}(?:function\s+)?([\w-]+)\s*\(\)\s*\{?")
_KEY: Final = re.compile(
    r"(?:\[+([^\]]+)\]+|([\w.$-]+|\"[^\"]+\")\s*[:=](?:\s|$).*)"
)
_NEVER: Final = re.compile(r"(?!)")
_TARGET: Final = re.compile(r"([\w.%/-]+)\s*:(?!=)")


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedPlace:
    """A place in a file that has a name."""

    path: str
    title: str
    line: int
    end_line: int
    """Of what is shown."""


def marks(facts: CourseFacts, chapter: Chapter) -> list[NamedPlace]:
    """Return a chapter's named places: its sections, or landmarks of each file in turn."""
    sections: list[NamedPlace] = []
    for path, position in chapter.unit.headings:
        sections += _sections(facts, path, position)
    if sections:
        return list(dict.fromkeys(sections))
    groups = [
        landmarks(facts, path)
        for path in chapter.unit.file_paths
        if path in facts.analysis.files
    ]
    places: list[NamedPlace] = []
    for turn in range(max(map(len, groups), default=0)):
        places += [group[turn] for group in groups if turn < len(group)]
    return places


def _sections(
    facts: CourseFacts, path: str, position: int
) -> Iterator[NamedPlace]:
    """Yield the section of a heading, and those below it."""
    file = facts.analysis.files.get(path)
    if file is None or file.language is Language.NOTEBOOK:
        return
    headings = file.headings[position:]
    for place, heading in enumerate(headings):
        if place and heading.level <= headings[0].level:
            return
        last = min(heading.end_line, heading.line + LENGTH - 1)
        yield NamedPlace(
            path=path, title=heading.title, line=heading.line, end_line=last
        )


def landmarks(facts: CourseFacts, path: str) -> list[NamedPlace]:
    """Return the lines of a file that, by their spelling, begin what has a name.

    Return its beginning where there are none.
    """
    file = facts.file(path)
    lines = facts.texts.lines(path)
    pattern = _pattern(file)
    named: list[tuple[int, str]] = []
    for number, line in enumerate(lines[:_MOST_LINES], 1):
        match = pattern.match(line)
        if match is not None:
            titles = filter(None, match.groups())
            title = next(titles, "")
            named.append((number, title))
    if not named:
        last = min(_BEGINNING, len(lines))
        return [NamedPlace(path=path, title="", line=1, end_line=last)]
    ends = [number - 1 for number, _ in named[1:]]
    ends.append(len(lines))
    return [
        NamedPlace(
            path=path,
            title=title,
            line=number,
            end_line=min(end, number + LENGTH - 1),
        )
        for (number, title), end in zip(named, ends, strict=True)
    ]


def _pattern(file: SourceFile) -> re.Pattern[str]:
    if file.language is Language.SHELL:
        return _SHELL
    if file.language is Language.MAKE:
        return _TARGET
    if file.language in SETTINGS:
        return _KEY
    if file.language in PROSE or file.language in PARSED:
        return _NEVER
    return _LANDMARK
