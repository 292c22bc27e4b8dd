"""Chooses the sections of a project's documents that say most of a chapter's subjects."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.claude import prompt, secrets
from worker.engines.claude.outline import most_used
from worker.engines.claude.shown import Shown
from worker.engines.static.choosing.encounters import is_telling
from worker.engines.static.facts import Definition, Role, SourceFile
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.reading.language import PROSE

SHARE: Final = 15_000
"""Characters of the sections."""
_LONGEST: Final = 6_000
"""Characters of a section; the rest of a longer one is left out."""
_LARGEST: Final = 400_000
"""Bytes of a document that is read."""
_SUBJECTS: Final = 4
_METHODS: Final = 8
"""Methods of the main subject that a section may be about."""
_ENOUGH: Final = 6
"""A section that names a subject more often is no better."""
_TITLE: Final = 6
_STEM: Final = 4
"""What the title of a section and the name of its file add at most, in uses."""
_GUIDED: Final = 1.5
"""What a guide is worth more than another document."""
_LENGTH: Final = 3_000
"""Characters of a section that is worth half as much as a short one with as many uses."""
_NOTHING: Final = re.compile(r"(?!)")
_GUIDE: Final = re.compile(
    r"(?i)quick.?start|get(?:ting)?.?started|first.?steps|tutorial|intro|guide|usage|basic"
)
_NEWS: Final = re.compile(
    r"(?i)(?:^|/)(?:change|history|news|release|licen|authors|contribut|whatsnew|upgrad"
    r"|migrat|internals?/|governance|glossary|code.of.conduct|security)"
)


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a document, with how much it says of a chapter's subjects."""

    rate: float
    path: str
    first: int
    last: int
    title: str


def rendered(facts: CourseFacts, chapter: Chapter, shown: Shown) -> str:
    """Return the sections that say most, numbered, by document."""
    wanted: dict[str, set[int]] = {}
    left = SHARE
    titles: set[str] = set()
    for section in _ranked(facts, chapter):
        # Documents include parts of each other.
        if section.title and section.title in titles:
            continue
        titles.add(section.title)
        numbers = _as_far_as(section, shown)
        size = shown.size(section.path, numbers)
        if size > left:
            continue
        left -= size
        wanted.setdefault(section.path, set()).update(numbers)
    pieces = [shown.file(path, wanted[path]) for path in wanted]
    return prompt.joined(*pieces)


def _ranked(facts: CourseFacts, chapter: Chapter) -> list[_Section]:
    subjects = facts.symbols(chapter)[:_SUBJECTS]
    if not subjects:
        return []
    sections = [
        section
        for file in _documents(facts)
        for section in _sections(facts, file, subjects)
    ]
    return sorted(
        sections,
        key=lambda section: (-section.rate, section.path, section.first),
    )


def _documents(facts: CourseFacts) -> list[SourceFile]:
    """Return the documents to read, without the README, which every prompt shows."""
    return [
        file
        for file in facts.analysis.files.values()
        if file.role is Role.DOCUMENT
        and file.language in PROSE
        and file.size <= _LARGEST
        and file.path != facts.analysis.project.readme
        and not _NEWS.search(file.path)
        and not secrets.is_secret_file(file.path)
    ]


def _sections(
    facts: CourseFacts, file: SourceFile, subjects: Sequence[Definition]
) -> Iterator[_Section]:
    """Yield the sections of a document that name a subject."""
    text = facts.texts.lines(file.path)
    names = _patterns(facts, subjects)
    main = subjects[0].name
    if _is_project(facts, main):
        # Titles that name the project are about all of it.
        main = ""
    _, _, file_name = file.path.rpartition("/")
    stem, _, _ = file_name.partition(".")
    for title, first, last in _parts(file, len(text)):
        body = "\n".join(text[first - 1 : last])
        rate = _rate(names, body)
        if _is_named(title, main):
            rate += min(rate, _TITLE)
        if _is_named(stem, main):
            rate += min(rate, _STEM)
        if is_guide(file.path):
            rate *= _GUIDED
        rate /= 1 + len(body) / _LENGTH
        if rate:
            yield _Section(rate, file.path, first, last, title)


def is_guide(path: str) -> bool:
    """Tell whether a document is written for those who begin."""
    return _GUIDE.search(path) is not None


def _rate(names: Sequence[tuple[float, re.Pattern[str]]], body: str) -> float:
    """Return how often a text names the subjects, and their methods beside them."""
    counts = [
        weight * min(len(pattern.findall(body)), _ENOUGH)
        for weight, pattern in names
    ]
    of_subjects = sum(counts[:_SUBJECTS])
    return of_subjects + min(of_subjects, sum(counts[_SUBJECTS:]))


def _parts(file: SourceFile, length: int) -> Iterator[tuple[str, int, int]]:
    """Yield the titles of a document's parts, with their lines."""
    if not file.headings:
        yield "", 1, length
    for heading in file.headings:
        yield heading.title, heading.line, heading.end_line


def _patterns(
    facts: CourseFacts, subjects: Sequence[Definition]
) -> list[tuple[float, re.Pattern[str]]]:
    """Return what finds the subjects' names, and the main one's methods, with their weights."""
    key = ("names in documents", tuple(subject.index for subject in subjects))

    def compiled() -> list[tuple[float, re.Pattern[str]]]:
        weights = [
            (1.0 / (place + 1), _use_of(facts, subject.name))
            for place, subject in enumerate(subjects)
        ]
        # The names of the subjects come first, as many as there may be.
        weights += [(0.0, _NOTHING)] * (_SUBJECTS - len(subjects))
        for method in most_used(facts, subjects[0])[:_METHODS]:
            if not method.name.startswith("_"):
                name = re.escape(method.name)
                weights.append((0.5, re.compile(rf"\.{name}\b")))
        return weights

    return facts.remembered(key, compiled)


def _use_of(facts: CourseFacts, name: str) -> re.Pattern[str]:
    """Return what finds a name; ordinary words and the project's name only where code uses it."""
    escaped = re.escape(name)
    if is_telling(name) and not _is_project(facts, name):
        return re.compile(rf"(?<![\w$]){escaped}(?![\w$])")
    return re.compile(rf"(?<=[.`~@]){escaped}(?![\w$])|(?<![\w$]){escaped}\(")


def _is_project(facts: CourseFacts, name: str) -> bool:
    """Tell whether a name is the project's own, which says little."""
    project = facts.analysis.project.name
    return name.casefold() == project.casefold()


def _is_named(title: str, name: str) -> bool:
    """Tell whether a title holds a name, or its plural."""
    if not name:
        return False
    plain = name.casefold()
    words = re.findall(r"\w+", title.casefold())
    return plain in words or f"{plain}s" in words


def _as_far_as(section: _Section, shown: Shown) -> list[int]:
    """Return the lines of a section, the first of a long one."""
    numbers: list[int] = []
    left = _LONGEST
    for number in range(section.first, section.last + 1):
        left -= shown.size(section.path, [number])
        if left < 0:
            break
        numbers.append(number)
    return numbers
