"""Chooses the project's tests that use most of the names in a chapter's description."""

import re
from typing import Final

from worker.engines.claude import named as named_code
from worker.engines.claude.named import NamedCode
from worker.engines.static.facts import Definition
from worker.engines.static.pages import project_tests
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.project_tests import ProjectTest
from worker.engines.static.reading.roles import file_stem

_FILES: Final = 3
"""How many test files are read for each of a chapter's subjects."""
_NAME: Final = re.compile(r"[^\W\d]\w*")


def found(facts: CourseFacts, chapter: Chapter) -> list[ProjectTest]:
    """Return short tests of a chapter's subjects; tests with most of its names come first."""
    key = ("tests by names", chapter.position)
    return facts.remembered(key, lambda: _found(facts, chapter))


def _found(facts: CourseFacts, chapter: Chapter) -> list[ProjectTest]:
    names = named_code.names_of(chapter.unit)
    subjects = _subjects(facts, chapter, names)
    tests = project_tests.of_symbols(facts, subjects, _FILES)
    words = _words(facts, names)
    modules = _modules(facts, chapter)

    def rank(test: ProjectTest) -> int:
        used = _used(facts, test)
        shared = words.intersection(used)
        module = _tested(test)
        is_own = module in modules
        return -len(shared) - is_own

    tests.sort(key=rank)
    return tests


def _words(facts: CourseFacts, names: NamedCode) -> set[str]:
    """Return the names that distinguish tests; the project's own name is in all of them."""
    project = facts.analysis.project
    own_name = project.name.casefold()
    words: set[str] = set()
    for word in names.words:
        folded = word.casefold()
        if folded != own_name:
            words.add(word)
    return words


def _modules(facts: CourseFacts, chapter: Chapter) -> set[str]:
    """Return the names of the modules that contain a chapter's subjects."""
    modules: set[str] = set()
    for subject in facts.symbols(chapter):
        module = file_stem(subject.path)
        modules.add(module)
    return modules


def _tested(test: ProjectTest) -> str:
    """Return the module after which a test file is named."""
    stem = file_stem(test.path)
    name = stem.removeprefix("test_")
    return name.removesuffix("_test")


def _subjects(
    facts: CourseFacts,
    chapter: Chapter,
    names: NamedCode,
) -> list[Definition]:
    """Return a chapter's subjects, and the functions that it names; named subjects come first.

    The main subject comes before functions elsewhere.
    """
    own = facts.symbols(chapter)
    subjects: dict[int, Definition] = {}
    for subject in own:
        if subject.name in names.words:
            subjects[subject.index] = subject
    if own:
        main = own[0]
        subjects[main.index] = main
    for subject in named_code.functions(facts, chapter.unit, names):
        subjects[subject.index] = subject
    for subject in own:
        subjects[subject.index] = subject
    return list(subjects.values())


def _used(facts: CourseFacts, test: ProjectTest) -> set[str]:
    """Return the names in a test's code; its parameters do not count as uses."""
    lines = facts.texts.lines(test.path)
    used: set[str] = set()
    for row in lines[test.first : test.last]:
        code = project_tests.code(row)
        used.update(_NAME.findall(code))
    return used
