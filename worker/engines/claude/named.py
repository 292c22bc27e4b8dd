"""Finds the functions that a chapter's description names, and the functions that they call."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from worker.engines.claude.candidates import told
from worker.engines.claude.outline import is_property
from worker.engines.static.facts import Definition, Role, Unit
from worker.engines.static.pages.course import CourseFacts, is_function

_NAMESAKES: Final = 2
"""How many functions outside a chapter a bare name may refer to."""
_LEVELS: Final = 2
_QUOTED: Final = re.compile(r"`([^`]+)`")
_NAME: Final = re.compile(r"(?:([^\W\d]\w*)\.)?([^\W\d]\w*)(\(\))?")
_WORD: Final = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Name:
    """A name in a description."""

    name: str
    owner: str
    """The part before its dot, in lower case; empty without a dot."""
    is_called: bool
    """Whether `()` follows it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedCode:
    """The names that a chapter's description marks as code."""

    words: frozenset[str]
    """The names, and the chapter's own name."""
    all: tuple[_Name, ...]
    """The names as written, in order."""

    def has(self, definition: Definition) -> bool:
        """Whether a definition is named, ignoring case and its leading underscores."""
        bare = definition.name.lstrip("_").casefold()
        return any(word.casefold() == bare for word in self.words)


def names_of(unit: Unit) -> NamedCode:
    """Return the names marked as code in a unit's description, and the unit's own name."""
    words = [unit.name]
    names: list[_Name] = []
    for quoted in _QUOTED.findall(told(unit.description)):
        words += _WORD.findall(quoted)
        for owner, name, called in _NAME.findall(quoted):
            written = _Name(
                name=name,
                owner=owner.casefold(),
                is_called=bool(called),
            )
            names.append(written)
    return NamedCode(words=frozenset(words), all=tuple(names))


def own_of(facts: CourseFacts, unit: Unit) -> frozenset[int]:
    """Return a unit's own definitions, with their members."""
    subjects_and_owned = [*unit.symbols, *unit.owned]
    family = facts.family(subjects_and_owned)
    return frozenset(family)


def functions(
    facts: CourseFacts,
    unit: Unit,
    names: NamedCode,
) -> list[Definition]:
    """Return the functions that a description names, in its order, each once."""
    return _unique(facts, unit, names.all)


def called(
    facts: CourseFacts,
    unit: Unit,
    names: NamedCode,
) -> list[Definition]:
    """Return the functions called by those that a description names with `()`, the nearest first.

    A property is called without `()`.
    """
    written = [name for name in names.all if name.is_called]
    level = _unique(facts, unit, written)
    level += filter(is_property, functions(facts, unit, names))
    seen: dict[int, Definition] = {}
    for function in level:
        seen[function.index] = function
    named = set(seen)
    for _ in range(_LEVELS):
        following: dict[int, Definition] = {}
        for function in level:
            for callee in _callees(facts, function):
                if callee.index not in seen:
                    following[callee.index] = callee
        seen.update(following)
        level = list(following.values())
    return [seen[index] for index in seen if index not in named]


def _callees(
    facts: CourseFacts,
    function: Definition,
) -> Iterator[Definition]:
    """Yield the functions that a function calls, each followed by its overrides."""
    for _, callee in facts.all_calls(function.index):
        if not _is_offered(facts, callee):
            continue
        yield callee
        if callee.parent is None:
            continue
        for subtype in facts.subtypes(callee.parent):
            for member in facts.members(subtype):
                if member.name == callee.name:
                    yield member


def _unique(
    facts: CourseFacts,
    unit: Unit,
    names: Iterable[_Name],
) -> list[Definition]:
    own = own_of(facts, unit)
    unique: dict[int, Definition] = {}
    for name in names:
        for function in _meant(facts, unit, own, name):
            unique[function.index] = function
    return list(unique.values())


def _meant(
    facts: CourseFacts,
    unit: Unit,
    own: frozenset[int],
    name: _Name,
) -> list[Definition]:
    """Return the functions that a name refers to.

    If it is a method of the chapter's types, methods of other types are not meant.
    """
    of_name = facts.by_name.get(name.name, ())
    namesakes = [
        namesake for namesake in of_name if _is_offered(facts, namesake)
    ]
    if name.owner:
        return [
            namesake
            for namesake in namesakes
            if _owner(facts, namesake) == name.owner
        ]
    plain = [namesake for namesake in namesakes if not is_property(namesake)]
    in_chapter = [namesake for namesake in plain if namesake.index in own]
    if any(namesake.parent is not None for namesake in in_chapter):
        return in_chapter
    others: list[Definition] = []
    is_subject = _is_subject(facts, unit, name)
    for namesake in plain:
        if namesake.index in own:
            continue
        if namesake.parent is not None or not is_subject:
            others.append(namesake)
    if len(others) > _NAMESAKES:
        return in_chapter
    return [*in_chapter, *others]


def _is_subject(facts: CourseFacts, unit: Unit, name: _Name) -> bool:
    subjects = [facts.definitions[index] for index in unit.symbols]
    return any(subject.name == name.name for subject in subjects)


def _owner(facts: CourseFacts, function: Definition) -> str:
    """Return the lower-case name of a method's type; nothing for other functions."""
    if function.parent is None:
        return ""
    parent = facts.definitions[function.parent]
    return parent.name.casefold()


def _is_offered(facts: CourseFacts, definition: Definition) -> bool:
    if not is_function(definition):
        return False
    file = facts.file(definition.path)
    return file.role is Role.SOURCE
