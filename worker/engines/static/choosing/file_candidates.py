"""Units of files, for code and documents whose definitions are not known."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import basename, dirname
from typing import Final

from worker.engines.static.choosing.naming import title
from worker.engines.static.facts import (
    Files,
    Heading,
    Relation,
    Role,
    Texts,
    Unit,
    Verb,
)
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import counted, listed, sentence
from worker.engines.static.reading.documents import lead
from worker.engines.static.reading.language import MARKUP, PARSED, PROSE

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

    def __init__(self, files: Files, texts: Texts) -> None:
        """Take all files, and the texts of those that define nothing."""
        self._files = files
        # Licences and data are no subject, and name others by chance.
        telling = {
            path: text
            for path, text in texts.items()
            if files[path].role is not Role.DATA
        }
        self._texts = telling or texts
        self.code_lines = 0
        """Lines of sources in languages without a grammar."""
        self._undefined = True
        """Whether the sources are scripts without definitions, so that files are the subject."""
        for path, file in files.items():
            if file.role is not Role.SOURCE:
                continue
            if file.language in PARSED:
                self._undefined = self._undefined and path in texts
            elif file.language not in MARKUP:
                self.code_lines += file.lines
        self._names: dict[str, frozenset[str]] = {}
        """By unparsed file: the other files' stems that it names."""
        self._naming: dict[str, list[str]] = defaultdict(list)
        """By stem: the unparsed files that name it, by path."""

    def choose(self, most: int) -> list[Topic]:
        """Return the pages that the repository is about, the best first.

        There is one if there is any file.
        """
        stems = frozenset(map(_stem, self._texts))
        for path, text in self._texts.items():
            words = _WORD.findall(text)
            names = stems.intersection(words)
            self._names[path] = names
            for stem in names:
                self._naming[stem].append(path)
        fitting = self._fitting()
        if len(fitting) < _ENOUGH_HEADINGS:
            sections = self._sections(fitting)
            if sections:
                return sections[:most]
        best = self._best(fitting, most)
        return [Topic(path=path) for path in best]

    def _fitting(self) -> list[str]:
        """Return the files of the first role that has any."""
        for role in _ROLES:
            fitting = [path for path in self._texts if self._fits(path, role)]
            if fitting:
                return fitting
        return list(self._texts)

    def _fits(self, path: str, role: Role) -> bool:
        file = self._files[path]
        is_known = file.language in PARSED and not self._undefined
        if is_known and role is Role.SOURCE:
            return False
        return file.role is role

    def _best(self, fitting: Sequence[str], most: int) -> list[str]:
        worth = {path: self._worth(path) for path in fitting}
        chosen: list[str] = []
        while worth and len(chosen) < most:
            best = min(worth, key=lambda path: (-worth[path], path))
            chosen.append(best)
            del worth[best]
            folder = dirname(best)
            loss = _SAME_FOLDER * (1 - 1 / len(fitting))
            for path in worth:
                if dirname(path) == folder:
                    worth[path] -= loss
        return chosen

    def _worth(self, path: str) -> float:
        file = self._files[path]
        worth = math.log1p(file.lines / 20)
        mentions = len(self._mentioned_in(path))
        worth += _MENTIONED * math.log1p(mentions)
        worth -= 0.2 * path.count("/")
        if _stem(path).lower() in _ENTRY:
            worth += 1
        if _DULL.search(path):
            worth -= _DULLNESS
        return worth

    def _mentioned_in(self, path: str) -> list[str]:
        """Return the other unparsed files that name this one, by path."""
        naming = self._naming[_stem(path)]
        return [other for other in naming if other != path]

    def _sections(self, paths: Sequence[str]) -> list[Topic]:
        """Return the chapters of a few documents: the headings of the first level that repeats."""
        sections = []
        for path in paths:
            headings = self._files[path].headings
            levels = Counter(heading.level for heading in headings)
            repeated = [level for level in levels if levels[level] >= _LEVELS]
            level = min(repeated, default=None)
            for position, heading in enumerate(headings):
                if heading.level == level:
                    sections.append(Topic(path=path, heading=position))
        if len(sections) >= _LEVELS:
            return sections
        return []

    def unit(self, page: Topic) -> Unit:
        headings = []
        if self._heading(page) is not None:
            headings.append((page.path, page.heading or 0))
        return Unit(
            name=self._name(page),
            description=self._description(page),
            file_paths=self._paths(page),
            symbols=(),
            owned=(),
            headings=tuple(headings),
        )

    def _name(self, page: Topic) -> str:
        file = self._files[page.path]
        if page.heading is not None:
            return file.headings[page.heading].title
        if file.language in PROSE and file.headings:
            return file.headings[0].title
        stem = _stem(page.path)
        folder = dirname(page.path)
        if folder and stem.lower() in _ENTRY:
            folder_name = basename(folder)
            return title(f"{folder_name}_{stem}")
        return title(stem)

    def _heading(self, page: Topic) -> Heading | None:
        """Return the heading that a page is about, or begins with."""
        headings = self._files[page.path].headings
        if headings:
            return headings[page.heading or 0]
        return None

    def _description(self, page: Topic) -> str:
        """Return what a page is: what it says first, and what is known of its file."""
        path = page.path
        file = self._files[path]
        language = file.language
        heading = self._heading(page)
        opening = first_sentence(file.doc)
        if heading is not None:
            text = self._texts[path]
            paragraph = lead(language, text, heading)
            opening = sentence(paragraph) or opening
        size = counted(file.lines, "line")
        words = [opening, f"`{path}` has {size} of {language.label}."]
        inner = file.headings[1:4]
        titles = [section.title for section in inner]
        is_whole = page.heading is None
        if titles and is_whole and language in PROSE:
            words.append(f"It covers {listed(titles)}.")
        naming = self._mentioned_in(path)
        if naming:
            others = counted(len(naming), "other file")
            words.append(f"It is mentioned in {others}.")
        return " ".join(filter(None, words))

    def relations(
        self, pages: Sequence[Topic], first: int
    ) -> tuple[Relation, ...]:
        """Return which pages name which, by file name or title.

        `first` is the first page's place among the units.
        """
        relations = []
        for place, page in enumerate(pages):
            lines = self._lines(page)
            for other, target in enumerate(pages):
                mention = None
                if other != place:
                    mention = self._mention(lines, target)
                if mention is not None:
                    number, line = mention
                    relation = Relation(
                        source=first + place,
                        target=first + other,
                        verb=Verb.MENTIONS,
                        path=page.path,
                        line=number,
                        code=line.strip()[:160],
                    )
                    relations.append(relation)
        return tuple(relations)

    def _lines(self, page: Topic) -> list[tuple[int, str]]:
        lines = self._texts[page.path].split("\n")
        numbered = list(enumerate(lines, 1))
        heading = self._heading(page)
        if page.heading is None or heading is None:
            return numbered
        return numbered[heading.line : heading.end_line]

    def _mention(
        self, lines: Sequence[tuple[int, str]], target: Topic
    ) -> tuple[int, str] | None:
        """Return the first line that names a page."""
        name = _stem(target.path)
        if target.heading is not None:
            name = self._name(target)
        if len(name) <= _LEVELS:
            return None
        spelling = re.escape(name)
        pattern = re.compile(rf"(?<!\w){spelling}(?!\w)")
        for number, line in lines:
            if name in line and pattern.search(line):
                return number, line
        return None

    def _paths(self, page: Topic) -> tuple[str, ...]:
        """Return a page's file, and those that it and that name each other."""
        words = self._names[page.path]
        paths = [page.path]
        for path in self._texts:
            stem = _stem(path)
            if stem in words and len(stem) > _LEVELS:
                paths.append(path)
        paths += self._mentioned_in(page.path)
        return tuple(dict.fromkeys(paths))[:MAX_FILES]


def _stem(path: str) -> str:
    name = basename(path)
    stem = name.partition(".")[0]
    return stem or name.lstrip(".")
