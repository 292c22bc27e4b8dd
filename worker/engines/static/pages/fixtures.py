"""The fixtures of pytest that tests get objects of the project's types from."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from posixpath import dirname
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition, Role
from worker.engines.static.pages.course import CourseFacts

_FIXTURE: Final = re.compile(
    r"^@pytest\.fixture\b.*\ndef (\w+)\(.*\n((?:[ \t].*\n|\n)*)", re.MULTILINE
)
_MADE: Final = re.compile(
    r"^\s+(?:(\w+) = |return |yield )(?:\w+\.)*([A-Z]\w*)\(", re.MULTILINE
)


class Fixture(NamedTuple):
    """A fixture that is an object of a type of the project."""

    name: str
    folder: str
    """Where tests see it."""


def of(facts: CourseFacts, definition: Definition) -> list[Fixture]:
    """Return the fixtures that are objects of a type, or of one that extends it."""
    known = facts.remembered("fixtures", lambda: _by_type(facts))
    return known.get(definition.index, [])


def _by_type(facts: CourseFacts) -> Mapping[int, list[Fixture]]:
    by_type: dict[int, list[Fixture]] = defaultdict(list)
    made = list(_made(facts))
    names = {name for name, _ in made}
    types: dict[str, Definition] = {}
    for definition in facts.definitions:
        is_type = definition.kind in TYPES and definition.name in names
        if is_type and facts.file(definition.path).role is Role.SOURCE:
            types.setdefault(definition.name, definition)
    for name, fixture in made:
        if name in types:
            for index in lineage(facts, types[name]):
                by_type[index].append(fixture)
    return by_type


def _made(facts: CourseFacts) -> Iterator[tuple[str, Fixture]]:
    """Yield the names of the types that fixtures make objects of."""
    for path, file in facts.analysis.files.items():
        is_shared = path.rpartition("/")[2] == "conftest.py"
        if file.role is not Role.TEST or not is_shared:
            continue
        text = "\n".join(facts.texts.lines(path))
        for name, body in _FIXTURE.findall(f"{text}\n"):
            for variable, made in _MADE.findall(body):
                given = rf"\b(?:return|yield) {variable}\s*$"
                if not variable or re.search(given, body, re.MULTILINE):
                    yield made, Fixture(name, dirname(path))


def lineage(facts: CourseFacts, definition: Definition) -> list[int]:
    """Return a type and all that it extends, the nearest first."""
    indexes = [definition.index]
    for index in indexes:
        for base in facts.analysis.bases.get(index, ()):
            if base not in indexes:
                indexes.append(base)
    return indexes
