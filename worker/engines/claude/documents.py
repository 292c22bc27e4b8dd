"""Chooses the sections of a project's documents that say most about a chapter's subjects."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.claude import secrets
from worker.engines.claude.candidates import told
from worker.engines.claude.outline import most_used
from worker.engines.claude.shown import Shown
from worker.engines.static.choosing.encounters import is_telling
from worker.engines.static.facts import Definition, Role, SourceFile
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.reading.language import PROSE
from worker.engines.static.reading.roles import file_stem

SHARE: Final = 15_000
"""Characters of all sections."""
_LONGEST: Final = 6_000
"""Characters of a section; the rest is left out."""
_LARGEST: Final = 400_000
"""The largest document that is read, in bytes."""
_SUBJECTS: Final = 4
_METHODS: Final = 8
"""How many of the main subject's methods are searched for."""
_ENOUGH: Final = 6
"""How many uses of a subject count: more make a section no better."""
_TITLE: Final = 6
_STEM: Final = 4
"""How much the title of a section and the name of its file add at most, in uses."""
_TOPIC: Final = 2
"""How much a title counts that names the chapter's topic."""
_GENERATED: Final = re.compile(r"^\.\. auto\w+::", re.MULTILINE)
_MOST_GENERATED: Final = 1
_OF_GENERATED: Final = 0.2
"""The weight of a section that is mostly generated from docstrings."""
_TOPIC_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_CODE: Final = re.compile(r"`([^\W\d]\w*)(?:\(\))?`")
_GUIDED: Final = 1.5
"""The weight of a guide, relative to other documents."""
_LENGTH: Final = 3_000
"""At this length, a section counts half as much as a short one with as many uses."""
_GUIDE: Final = re.compile(
    r"(?i)quick.?start|get(?:ting)?.?started|first.?steps|tutorial|intro|guide|usage|basic"
)
_NEWS: Final = re.compile(
    r"(?i)(?:^|/)(?:change|history|news|release|licen|authors|contribut|whatsnew|upgrad"
    r"|migrat|internals?/|governance|glossary|code.of.conduct|security)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    """A section of a document."""

    path: str
    title: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rated:
    """A section, and how much it says about a chapter's subjects."""

    section: _Section
    rate: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Name:
    """A pattern that finds a name in a text, and the value of each use."""

    pattern: re.Pattern[str]
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Names:
    """The names of a chapter's subjects, and of the main one's methods."""

    subjects: list[_Name]
    methods: list[_Name]


def rendered(facts: CourseFacts, chapter: Chapter, shown: Shown) -> str:
    """Return the most informative sections, numbered, by document."""
    wanted: dict[str, set[int]] = defaultdict(set)
    left = SHARE
    sections = _ranked(facts, chapter)
    for section in _distinct(sections):
        path = section.path
        numbers = _as_far_as(section, shown)
        size = shown.size(path, numbers)
        if size > left:
            continue
        left -= size
        wanted[path].update(numbers)
    return shown.files(wanted)


def _distinct(sections: Iterable[_Section]) -> Iterator[_Section]:
    """Yield the first section of each title: documents may include parts of each other."""
    titles: set[str] = set()
    for section in sections:
        if section.title in titles:
            continue
        if section.title:
            titles.add(section.title)
        yield section


def _ranked(facts: CourseFacts, chapter: Chapter) -> list[_Section]:
    subjects = facts.symbols(chapter)[:_SUBJECTS]
    if not subjects:
        return []
    topics = _topics(facts, chapter)
    candidates: list[_Rated] = []
    for file in _documents(facts):
        candidates += _telling(facts, file, subjects, topics)
    candidates.sort(key=_rank)
    return [candidate.section for candidate in candidates]


def _rank(candidate: _Rated) -> tuple[float, str, int]:
    section = candidate.section
    return -candidate.rate, section.path, section.first


def _documents(facts: CourseFacts) -> list[SourceFile]:
    """Return the documents to read, except the README, which every prompt shows."""
    readme = facts.analysis.project.readme
    documents: list[SourceFile] = []
    for file in facts.analysis.files.values():
        if file.path == readme:
            continue
        if file.size > _LARGEST:
            continue
        if not is_document(file):
            continue
        if is_news(file.path):
            continue
        documents.append(file)
    return documents


def is_document(file: SourceFile) -> bool:
    """Whether a file is written for readers, and not secret."""
    if file.role is not Role.DOCUMENT:
        return False
    if file.language not in PROSE:
        return False
    return not secrets.is_secret_file(file.path)


def _telling(
    facts: CourseFacts,
    file: SourceFile,
    subjects: Sequence[Definition],
    topics: frozenset[str],
) -> Iterator[_Rated]:
    """Yield the sections of a document that name a subject in their text or title."""
    text = facts.texts.lines(file.path)
    names = _names(facts, subjects)
    for section in _sections(file, len(text)):
        lines = text[section.first - 1 : section.last]
        body = "\n".join(lines)
        rate = _named_rate(section, _rate(names, body), topics)
        if _is_generated(body):
            rate *= _OF_GENERATED
        if is_guide(file.path):
            rate *= _GUIDED
        rate /= 1 + len(body) / _LENGTH
        if rate:
            yield _Rated(section=section, rate=rate)


def _named_rate(
    section: _Section,
    rate: float,
    topics: frozenset[str],
) -> float:
    """Return a section's rate, including its title and its file's name."""
    if _is_named(section.title, topics):
        of_title = min(rate, _TITLE)
        rate += _TOPIC + of_title
    stem = file_stem(section.path)
    if _is_named(stem, topics):
        rate += min(rate, _STEM)
    return rate


def _is_generated(body: str) -> bool:
    """Whether a section is mostly generated from docstrings."""
    directives = _GENERATED.findall(body)
    return len(directives) > _MOST_GENERATED


def is_news(path: str) -> bool:
    """Whether a document is about the project's history or its people."""
    return _NEWS.search(path) is not None


def is_guide(path: str) -> bool:
    """Whether a document is written for beginners."""
    return _GUIDE.search(path) is not None


def _rate(names: _Names, body: str) -> float:
    """Return how often a text names the subjects, and their methods beside them."""
    of_subjects = _weight(names.subjects, body)
    of_methods = _weight(names.methods, body)
    return of_subjects + min(of_subjects, of_methods)


def _weight(names: Sequence[_Name], body: str) -> float:
    weight = 0.0
    for name in names:
        uses = name.pattern.findall(body)
        count = min(len(uses), _ENOUGH)
        weight += name.weight * count
    return weight


def _sections(file: SourceFile, length: int) -> Iterator[_Section]:
    """Yield the sections of a document; without headings, the document is one section."""
    if not file.headings:
        yield _Section(path=file.path, title="", first=1, last=length)
    for heading in file.headings:
        yield _Section(
            path=file.path,
            title=heading.title,
            first=heading.line,
            last=heading.end_line,
        )


def _names(facts: CourseFacts, subjects: Sequence[Definition]) -> _Names:
    indexes = tuple(subject.index for subject in subjects)
    key = ("names in documents", indexes)

    def compiled() -> _Names:
        return _Names(
            subjects=_of_subjects(facts, subjects),
            methods=_of_methods(facts, subjects[0]),
        )

    return facts.remembered(key, compiled)


def _of_subjects(
    facts: CourseFacts,
    subjects: Sequence[Definition],
) -> list[_Name]:
    names: list[_Name] = []
    for place, subject in enumerate(subjects, 1):
        pattern = _use_of(facts, subject.name)
        name = _Name(pattern=pattern, weight=1.0 / place)
        names.append(name)
    return names


def _of_methods(facts: CourseFacts, subject: Definition) -> list[_Name]:
    names: list[_Name] = []
    methods = most_used(facts, subject)
    for method in methods[:_METHODS]:
        if method.name.startswith("_"):
            continue
        escaped = re.escape(method.name)
        pattern = re.compile(rf"\.{escaped}\b")
        name = _Name(pattern=pattern, weight=0.5)
        names.append(name)
    return names


def _use_of(facts: CourseFacts, name: str) -> re.Pattern[str]:
    """Return a pattern for uses of a name.

    Ordinary words and the project's name count only if they are used like code.
    """
    escaped = re.escape(name)
    word = rf"{escaped}(?![\w$])"
    is_project = _is_project(facts, name)
    if is_telling(name) and not is_project:
        return re.compile(rf"(?<![\w$]){word}")
    marked = rf"(?<=[.`~@]){word}"
    called = rf"(?<![\w$]){escaped}\("
    return re.compile(f"{marked}|{called}")


def _is_project(facts: CourseFacts, name: str) -> bool:
    """Whether a name is the project's own, which says little about a chapter."""
    project = facts.analysis.project.name
    return name.casefold() == project.casefold()


def _topics(facts: CourseFacts, chapter: Chapter) -> frozenset[str]:
    """Return words that titles about a chapter's topic contain, in lower case and singular."""
    description = told(chapter.description)
    names = [
        *_TOPIC_WORD.findall(chapter.name),
        *_CODE.findall(description),
    ]
    subjects = facts.symbols(chapter)
    if subjects:
        main = subjects[0]
        names.append(main.name)
    topics: set[str] = set()
    for name in names:
        # A title that names the project is about all of it.
        if _is_project(facts, name):
            continue
        topics.add(_singular(name))
    return frozenset(topics)


def _singular(word: str) -> str:
    folded = word.casefold()
    return folded.removesuffix("s")


def _is_named(title: str, topics: frozenset[str]) -> bool:
    words = re.findall(r"\w+", title)
    singular = map(_singular, words)
    return not topics.isdisjoint(singular)


def _as_far_as(section: _Section, shown: Shown) -> list[int]:
    """Return the lines of a section; of a long one, only the first lines."""
    numbers: list[int] = []
    left = _LONGEST
    for number in range(section.first, section.last + 1):
        left -= shown.size(section.path, [number])
        if left < 0:
            break
        numbers.append(number)
    return numbers
