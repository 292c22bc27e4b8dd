"""Units of files, for code and documents whose definitions are not known."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.static.choosing.naming import title
from worker.engines.static.facts import (
    Heading,
    Relation,
    Role,
    SourceFile,
    Verb,
)
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import counted, listed, sentence
from worker.engines.static.reading.language import MARKUP, PARSED, PROSE, label

MAX_FILES: Final = 8
_ROLES: Final = (
    Role.SOURCE,
    Role.EXAMPLE,
    Role.DOCUMENT,
    Role.CONFIGURATION,
    Role.TEST,
    Role.GENERATED,
    Role.VENDORED,
    Role.DATA,
)
"""The first of these that has files is what the repository is about."""
_DULL: Final = re.compile(
    r"licen[cs]e|copying|notice|changelog|changes|history|authors|code_of_conduct|contributors",
    re.IGNORECASE,
)
_ENTRY: Final = frozenset(
    {"main", "index", "app", "readme", "program", "start"}
)
_SAME_FOLDER: Final = 0.7
_MENTIONED: Final = 0.8
_DULLNESS: Final = 4.0
_ENOUGH_HEADINGS: Final = 3
_LEVELS: Final = 2
_WORD: Final = re.compile(r"[^\W\d_]\w+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A file, or a heading of a document, that a unit is about."""

    path: str
    heading: int | None = None
    """The position of the heading, where the unit is not the whole file."""


class Pages:
    """Chooses and describes files."""

    def __init__(
        self, files: Mapping[str, SourceFile], texts: Mapping[str, str]
    ) -> None:
        """Take all files, and the texts of those that define nothing."""
        self._files: Final = files
        # Licences and data are no subject, and name others by chance.
        telling = {
            path: text
            for path, text in texts.items()
            if files[path].role is not Role.DATA
        }
        self._texts: Final = telling or texts
        unparsed = [
            file
            for file in files.values()
            if file.role is Role.SOURCE and file.language not in PARSED
        ]
        self.code_lines: Final = sum(
            file.lines for file in unparsed if file.language not in MARKUP
        )
        """Lines of sources in languages without a grammar."""
        sources = [
            path
            for path, file in files.items()
            if file.role is Role.SOURCE and file.language in PARSED
        ]
        self._undefined: Final = all(path in texts for path in sources)
        """Whether the sources are scripts without definitions, so that files are the subject."""
        self._names: Final[dict[str, frozenset[str]]] = {}
        """By unparsed file: the other files' stems that it names."""
        self._naming: Final[dict[str, list[str]]] = defaultdict(list)
        """By stem: the unparsed files that name it, by path."""

    def choose(self, most: int) -> list[Topic]:
        """Return the pages that the repository is about, the best first.

        There is one if there is any file.
        """
        stems = frozenset(map(_stem, self._texts))
        for path, text in self._texts.items():
            self._names[path] = stems.intersection(_WORD.findall(text))
            for stem in self._names[path]:
                self._naming[stem].append(path)
        role = next(
            (
                role
                for role in _ROLES
                if any(self._fits(path, role) for path in self._texts)
            ),
            None,
        )
        fitting = [
            path
            for path in self._texts
            if role is None or self._fits(path, role)
        ]
        if len(fitting) < _ENOUGH_HEADINGS and (
            sections := self._sections(fitting)
        ):
            return sections[:most]
        return [Topic(path=path) for path in self._best(fitting, most)]

    def _fits(self, path: str, role: Role) -> bool:
        file = self._files[path]
        is_known = (
            role is Role.SOURCE
            and file.language in PARSED
            and not self._undefined
        )
        return file.role is role and not is_known

    def _best(self, fitting: Sequence[str], most: int) -> list[str]:
        worth = {path: self._worth(path) for path in fitting}
        chosen: list[str] = []
        while worth and len(chosen) < most:
            best = min(worth, key=lambda path: (-worth[path], path))
            chosen.append(best)
            del worth[best]
            for path in worth:
                if path.rpartition("/")[0] == best.rpartition("/")[0]:
                    worth[path] -= _SAME_FOLDER * (1 - 1 / len(fitting))
        return chosen

    def _worth(self, path: str) -> float:
        file, stem = self._files[path], _stem(path)
        dull = _DULLNESS * bool(_DULL.search(path))
        named = _MENTIONED * math.log1p(len(self.mentioned_in(path)))
        shallow = -0.2 * path.count("/")
        return (
            math.log1p(file.lines / 20)
            + named
            + shallow
            + (stem.lower() in _ENTRY)
            - dull
        )

    def mentioned_in(self, path: str) -> list[str]:
        """Return the other unparsed files that name this one, by path."""
        return [other for other in self._naming[_stem(path)] if other != path]

    def _sections(self, paths: Sequence[str]) -> list[Topic]:
        """Return the chapters of a few documents: the headings of the first level that repeats."""
        found = []
        for path in paths:
            headings = self._files[path].headings
            levels = Counter(heading.level for heading in headings)
            level = next(
                (level for level in sorted(levels) if levels[level] >= _LEVELS),
                None,
            )
            found += [
                Topic(path=path, heading=at)
                for at, one in enumerate(headings)
                if one.level == level
            ]
        if len(found) >= _LEVELS:
            return found
        return []

    def name(self, page: Topic) -> str:
        """Return what a page is called."""
        file = self._files[page.path]
        if page.heading is not None:
            return file.headings[page.heading].title
        if file.language in PROSE and file.headings:
            return file.headings[0].title
        folders = page.path.split("/")
        stem = _stem(page.path)
        return title(
            stem
            if stem.lower() not in _ENTRY or len(folders) == 1
            else f"{folders[-2]}_{stem}"
        )

    def heading(self, page: Topic) -> Heading | None:
        """Return the heading that a page is about, or begins with."""
        headings = self._files[page.path].headings
        if headings:
            return headings[page.heading or 0]
        return None

    def description(self, page: Topic) -> str:
        """Return what a page is: what it says first, and what is known of its file."""
        file, heading = self._files[page.path], self.heading(page)
        said = first_sentence(file.doc)
        if heading is not None and heading.lead:
            said = sentence(heading.lead.partition("\n")[0])
        named = self.mentioned_in(page.path)
        facts = f"`{page.path}` has {counted(file.lines, 'line')} of {label(file.language)}."
        inner = []
        if page.heading is None:
            inner = [one.title for one in file.headings[1:4]]
        about = ""
        if inner and file.language in PROSE:
            about = f"It covers {listed(inner)}."
        used = ""
        if named:
            used = f"It is mentioned in {counted(len(named), 'other file')}."
        return " ".join(part for part in (said, facts, about, used) if part)

    def relations(
        self, pages: Sequence[Topic], first: int
    ) -> tuple[Relation, ...]:
        """Return which pages name which, by file name or title.

        `first` is the first page's place among the units.
        """
        found = []
        for place, page in enumerate(pages):
            lines = self._lines(page)
            for other, target in enumerate(pages):
                if (
                    other != place
                    and (seen := self._mention(lines, target)) is not None
                ):
                    found.append(
                        _relation(first + place, first + other, page.path, seen)
                    )
        return tuple(found)

    def _lines(self, page: Topic) -> list[tuple[int, str]]:
        """Return the lines that a page consists of."""
        numbered = list(enumerate(self._texts[page.path].split("\n"), 1))
        heading = self.heading(page)
        if page.heading is None or heading is None:
            return numbered
        return numbered[heading.line : heading.end_line]

    def _mention(
        self, lines: Sequence[tuple[int, str]], target: Topic
    ) -> tuple[int, str] | None:
        """Return the first line that names a page."""
        name = (
            _stem(target.path) if target.heading is None else self.name(target)
        )
        if len(name) <= _LEVELS:
            return None
        pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        return next(
            (
                (number, line)
                for number, line in lines
                if name in line and pattern.search(line)
            ),
            None,
        )

    def paths(self, page: Topic) -> tuple[str, ...]:
        """Return a page's file, and those that it and that name each other."""
        words = self._names[page.path]
        naming = self.mentioned_in(page.path)
        named = [
            path
            for path in self._texts
            if path != page.path
            and _stem(path) in words
            and len(_stem(path)) > _LEVELS
        ]
        return tuple(dict.fromkeys([page.path, *named, *naming]))[:MAX_FILES]


def _relation(
    source: int, target: int, path: str, seen: tuple[int, str]
) -> Relation:
    number, said = seen
    return Relation(
        source=source,
        target=target,
        verb=Verb.MENTIONS,
        path=path,
        line=number,
        code=said.strip()[:160],
    )


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0] or path.rpartition("/")[
        2
    ].lstrip(".")
