"""Finds the definition that a bare name means, if the project has several of that name."""

import re
from collections.abc import Iterator
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Role
from worker.engines.static.pages import citations, standalone
from worker.engines.static.pages.course import CourseFacts, is_function

_PYTHON: Final = ".py"
_SCRIPT: Final = re.compile(r"\.[cm]?[jt]sx?$")
_SPECIFIER: Final = re.compile(r"(?:\bfrom|\brequire\()\s*[\"']([^\"'\n]+)")
_CLEARLY_LESS: Final = 0.75
"""A name means no definition that is worth at most this share of another."""


def is_ambiguous(facts: CourseFacts, definition: Definition) -> bool:
    """Whether sources define something unrelated of the same name that matters about as much."""
    index = definition.index
    family = {index}
    family.update(facts.lineage(index))
    for subtype in facts.subtypes(index):
        family.add(subtype.index)
    worth = facts.analysis.worth
    own_worth = worth.get(definition.index, 0)
    enough = _CLEARLY_LESS * own_worth
    is_type = definition.kind in TYPES
    for other in namesakes(facts, definition):
        if other.index in family or other.path == definition.path:
            continue
        is_alike = (other.kind in TYPES) == is_type
        if is_alike and worth.get(other.index, 0) > enough:
            return True
    return False


def namesakes(
    facts: CourseFacts, definition: Definition
) -> Iterator[Definition]:
    """Yield the public types and functions of the sources with a name, without members."""
    for other in facts.by_name.get(definition.name, ()):
        if other.parent is not None or not other.public:
            continue
        is_type = other.kind in TYPES
        if not is_type and not is_function(other):
            continue
        file = facts.file(other.path)
        if file.role is Role.SOURCE:
            yield other


def is_meant(facts: CourseFacts, definition: Definition, code: str) -> bool:
    """Whether a name in code means a definition: it is the only one, or is imported."""
    if _SCRIPT.search(definition.path):
        return not _is_other_imported(facts, definition, code)
    if not definition.path.endswith(_PYTHON):
        return not _is_of_namesake(facts, definition, code)
    sources = standalone.sources(definition.name, code)
    if is_imported(definition, sources):
        return True
    if is_ambiguous(facts, definition):
        return False
    others = namesakes(facts, definition)
    return not any(is_imported(other, sources) for other in others)


def _is_of_namesake(
    facts: CourseFacts, definition: Definition, code: str
) -> bool:
    """Whether code of Go lies in another package, which has a definition of that name."""
    own = citations.modules(facts, definition)
    if not definition.path.endswith(".go") or f"package {own[0]}" in code:
        return False
    named = facts.by_name[definition.name]
    others = [
        citations.modules(facts, other)
        for other in named
        if other.parent is None
    ]
    return any(f"package {name}\n" in code for name, *_ in others)


def _is_other_imported(
    facts: CourseFacts, definition: Definition, code: str
) -> bool:
    """Whether a script imports a folder of a definition's namesake that is none of its own."""
    imported: set[str] = set()
    for specifier in _SPECIFIER.findall(code):
        _, *inner = specifier.split("/")
        imported.update(inner)
    imported.difference_update(definition.path.split("/"))
    folders = (
        set(other.path.split("/")) for other in namesakes(facts, definition)
    )
    return any(imported & others for others in folders)


def is_imported(definition: Definition, sources: list[str]) -> bool:
    """Whether modules from which a name is imported are a definition's, or packages of it."""
    path = definition.path.removesuffix(_PYTHON)
    module = path.replace("/", ".")
    enclosed = f".{module}."
    for source in sources:
        if f".{source}." not in enclosed:
            return False
    return bool(sources)


def names(facts: CourseFacts, definition: Definition, text: str) -> bool:
    """Whether a text that has a name means a definition: it is the only one, or is qualified."""
    if not is_ambiguous(facts, definition):
        return True
    _, _, file_name = definition.path.rpartition("/")
    stem, _, _ = file_name.partition(".")
    return f"{stem}.{definition.name}" in text
