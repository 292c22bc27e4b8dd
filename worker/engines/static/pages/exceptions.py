"""The project's exceptions: what they mean, what kind they are of, and the tests that expect them."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from posixpath import basename
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Role
from worker.engines.static.pages import (
    citations,
    markdown,
    meaning,
    purposes,
)
from worker.engines.static.pages.course import (
    CourseFacts,
    last_name,
    remembered,
)
from worker.engines.static.parsing.identifiers import parts, word_set
from worker.engines.static.prose.phrases import listed

_PLAIN: Final = word_set(
    "Exception BaseException Error StandardError Throwable"
)
"""Bases of which every exception may be."""
_LEAST_WORTH: Final = 0.01
_MOST_TESTS: Final = 40
"""Tests of a file that are looked at."""
_ABOVE: Final = 200
"""Lines in which a test begins before it expects something to fail."""
_BELOW: Final = 4
"""Lines in which a test calls what it expects to fail."""
_TEST: Final = re.compile(
    r"(?:async )?def (test\w*)|(?:\w+ )*(?:void|fun|function|Task) `?([\w ]+)`?\("
    r"|(?:it|test|specify|should)[ (]+[\"'](.+?)[\"']"
)
_TYPES: Final = re.compile(r"`\(?[\w.:\\]+(?: ?[,|] ?[\w.:\\]+)*,?\)?`")
"""What a handler catches, if it is written as a list of types."""
_NAME: Final = re.compile(r"[\w.:\\]+")
_EXPECTING: Final = (
    r"(?:[rR]aises\w{{0,20}}\(|_raises? |(?:_raise|raise_error|raise_exception)[( ]"
    r"|Throws\w{{0,20}}[(<]|toThrow\w{{0,20}}\(|FailsWith[(<]|xpect(?:ed)?Exception\W{{1,3}}"
    r"|expected = |sInstanceOf\()(?:typeof\()?\(?(?:[\w$]+(?:\.|::|\\))*{}\b"
)
"""How a test begins to say which error it expects."""


@remembered
def raised(
    facts: CourseFacts, function: Definition, written: str
) -> Definition | None:
    """Return the project's exception that a function raises, if its references lead to one."""
    name = last_name(written)
    _, name = _imported(facts, function.path).get(name, ("", name))
    targets = [
        facts.definitions[reference.target]
        for reference in facts.out[function.index]
    ]
    namesakes = facts.by_name.get(name, ())
    if function.path.endswith(".rb") and len(namesakes) == 1:
        # References do not lead to what a module around the function defines.
        targets += namesakes
    for target in targets:
        if target.name == name and target.kind in TYPES:
            return target
    return None


def listed_in(
    facts: CourseFacts, path: str, handler: str, namesake: str
) -> str:
    """Return the exceptions that a handler in a file lists, in words."""
    if _TYPES.fullmatch(handler) is None:
        return handler
    names = _NAME.findall(handler)
    errors = [_shown(facts, path, name, namesake) for name in names]
    return listed(errors, conjunction="or")


def _shown(facts: CourseFacts, path: str, written: str, namesake: str) -> str:
    """Return an exception as code, with its module where it has another name or a namesake."""
    module, name = _imported(facts, path).get(written, ("", written))
    if module and (name != written or name == namesake):
        return markdown.code(f"{module}.{name}")
    if name == namesake:
        return f"another {markdown.code(name)}"
    return markdown.code(name)


@remembered
def _imported(facts: CourseFacts, path: str) -> dict[str, tuple[str, str]]:
    """Return the foreign modules from which a file imports names, and the names there."""
    imported: dict[str, tuple[str, str]] = {}
    for each in facts.file(path).imports:
        module = each.module
        if each.targets:
            module = ""
        for here, there in each.names:
            imported.setdefault(here, (module, there))
    return imported


def named(facts: CourseFacts, error: Definition) -> str:
    """Return an exception with its bases, as far as they tell what kind it is of."""
    kinds = []
    for base in map(last_name, error.bases):
        if base not in _PLAIN:
            kind = _shown(facts, error.path, base, error.name)
            kinds.append(kind)
    name = markdown.code(error.name)
    if not kinds:
        return name
    return f"{name}, a kind of {listed(kinds)}"


def purpose(error: Definition) -> str:
    """Return the first sentence of an exception's documentation, if it says more than the name."""
    sentence = citations.purpose(error)
    if purposes.is_bare(error, sentence):
        return ""
    return markdown.prose(sentence)


def worth(facts: CourseFacts, error: Definition | None) -> float:
    """Return how much an exception matters that is documented or named elsewhere; else 0."""
    if error is None:
        return 0
    if error.name in facts.analysis.mentions or purpose(error):
        own = facts.analysis.worth.get(error.index, 0)
        return max(own, _LEAST_WORTH)
    return 0


@remembered
def expected(
    facts: CourseFacts, error: Definition, function: Definition
) -> str:
    """Return which test expects an exception and has to do with it, or with what raises it."""
    stem, _, _ = basename(function.path).partition(".")
    words = {stem, *parts(error.name)} - _PLAIN
    tests = []
    for path in facts.analysis.mentions.get(error.name, ()):
        expecting = _expecting(facts, error, path)
        for test, line, code in islice(expecting, _MOST_TESTS):
            name = f"{basename(path)} {test}".casefold()
            near = [word for word in words if word.casefold() in name]
            if f"{function.name}(" in code:
                near.append(function.name)
            if near and test:
                tests.append((-len(near), path, line, test))
    for _, path, line, test in sorted(tests):
        if meaning.is_meant(facts, error, facts.texts.text(path)):
            place = citations.at(path, line)
            return f"{markdown.code(test)} ({place}) expects it."
    return ""


def _expecting(
    facts: CourseFacts, error: Definition, path: str
) -> Iterator[tuple[str, int, str]]:
    """Yield the tests of a file that expect an exception, each with the line and the code there."""
    if facts.file(path).role is not Role.TEST:
        return
    pattern = re.compile(_EXPECTING.format(re.escape(error.name)))
    lines = facts.texts.lines(path)
    for number, row in enumerate(lines):
        if error.name in row and pattern.search(row) is not None:
            code = "".join(lines[number : number + _BELOW])
            yield _test_around(lines, number), number + 1, code


def _test_around(lines: Sequence[str], number: int) -> str:
    """Return the name of the test that a line is in; nothing if it is in none."""
    indent = len(lines[number])
    above = lines[max(0, number - _ABOVE) : number + 1]
    for row in reversed(above):
        bare = row.lstrip()
        own_indent = len(row) - len(bare)
        if bare and own_indent < indent:
            indent = own_indent
            test = _TEST.match(bare)
            if test is not None:
                return test[test.lastindex or 0]
    return ""
