"""The fixtures of pytest that tests get objects of the project's types from."""

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from posixpath import split
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition, Role
from worker.engines.static.pages.course import CourseFacts, remembered
from worker.engines.static.parsing.identifiers import word_set, words_of

_FIXTURE: Final = re.compile(
    r"^@pytest\.fixture\b.*\ndef (\w+)\(.*\n((?:[ \t].*\n|\n)*)", re.MULTILINE
)
_MADE: Final = re.compile(
    r"^[ \t]+(?:(\w+) = |return |yield )(?:\w+\.)*([A-Z]\w*)\(", re.MULTILINE
)
_DEFINED: Final = re.compile(
    r"^[ \t]*@(?:\w+\.)*fixture\b[^@]*?\bdef (\w+)", re.MULTILINE
)
_NAMED: Final = re.compile(r"\bfixture\([^)]*\bname=[\"'](\w+)")
_IMPORTED: Final = re.compile(r"^from .* import (\([^)]*\)|.*)", re.MULTILINE)
_PLUGINS: Final = re.compile(r"^pytest_plugins\b", re.MULTILINE)
_OF_PYTEST: Final = word_set(
    "cache capfd capfdbinary caplog capsys capsysbinary doctest_namespace monkeypatch "
    "pytestconfig pytester record_property record_testsuite_property record_xml_attribute "
    "recwarn request subtests testdir tmp_path tmp_path_factory tmpdir tmpdir_factory"
)


class Fixture(NamedTuple):
    """A fixture that is an object of a type of the project."""

    name: str
    folder: str
    """Where tests see it."""


def of(facts: CourseFacts, definition: Definition) -> list[Fixture]:
    """Return the fixtures that are objects of a type, or of one that extends it."""
    by_type = _by_type(facts)
    return by_type.get(definition.index, [])


def is_known(facts: CourseFacts, name: str, path: str) -> bool:
    """Whether a test file sees a fixture: pytest's own, or one of the repository."""
    if name in _OF_PYTEST:
        return True
    paths = [path]
    folder, _ = split(path)
    while folder:
        paths.append(f"{folder}/conftest.py")
        folder, _ = split(folder)
    paths.append("conftest.py")
    return any(
        name in _defined(facts, each) or _has_plugins(facts, each)
        for each in paths
    )


@remembered
def _has_plugins(facts: CourseFacts, path: str) -> bool:
    """Whether a file takes fixtures from modules elsewhere."""
    text = facts.texts.text(path)
    return _PLUGINS.search(text) is not None


@remembered
def _defined(facts: CourseFacts, path: str) -> set[str]:
    """Return the names of the fixtures that a file defines or may import."""
    text = facts.texts.text(path)
    names = set(_DEFINED.findall(text))
    names.update(_NAMED.findall(text))
    for imported in _IMPORTED.findall(text):
        names.update(words_of(imported))
    return names


@remembered
def _by_type(facts: CourseFacts) -> Mapping[int, list[Fixture]]:
    by_type: dict[int, list[Fixture]] = defaultdict(list)
    made = list(_made(facts))
    names = {name for name, _ in made}
    types = _types(facts, names)
    for name, fixture in made:
        made_type = types.get(name)
        if made_type is None:
            continue
        for index in facts.lineage(made_type.index):
            of_type = by_type[index]
            of_type.append(fixture)
    return by_type


def _types(facts: CourseFacts, names: Container[str]) -> dict[str, Definition]:
    """Return the first type of the sources with each of some names."""
    types: dict[str, Definition] = {}
    for definition in facts.definitions:
        name = definition.name
        if definition.kind not in TYPES or name not in names:
            continue
        file = facts.file(definition.path)
        if file.role is Role.SOURCE:
            types.setdefault(name, definition)
    return types


def _made(facts: CourseFacts) -> Iterator[tuple[str, Fixture]]:
    """Yield the names of the types that fixtures make objects of."""
    for path, file in facts.analysis.files.items():
        folder, name = split(path)
        if file.role is not Role.TEST or name != "conftest.py":
            continue
        lines = facts.texts.lines(path)
        text = "\n".join(lines)
        for fixture, body in _FIXTURE.findall(f"{text}\n"):
            for variable, made in _MADE.findall(body):
                if _is_given(body, variable):
                    giving = Fixture(fixture, folder)
                    yield made, giving


def _is_given(body: str, variable: str) -> bool:
    """Whether a fixture gives what it assigns to a variable, or assigns it to none."""
    if not variable:
        return True
    given = rf"\b(?:return|yield) {variable}\s*$"
    return re.search(given, body, re.MULTILINE) is not None
