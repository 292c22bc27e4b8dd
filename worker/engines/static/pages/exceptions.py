"""The project's exceptions: what they mean, and what kind they are of."""

import re
from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import (
    citations,
    markdown,
    purposes,
)
from worker.engines.static.pages.course import (
    CourseFacts,
    last_name,
    remembered,
)
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.prose.phrases import listed

_PLAIN: Final = word_set(
    "Exception BaseException Error StandardError Throwable"
)
"""Bases that every exception may have."""
_LEAST_WORTH: Final = 0.01
_TYPES: Final = re.compile(r"`\(?[\w.:\\]+(?: ?[,|] ?[\w.:\\]+)*,?\)?`")
"""What a handler catches, if it is written as a list of types."""
_NAME: Final = re.compile(r"[\w.:\\]+")


@remembered
def raised(
    facts: CourseFacts, function: Definition, written: str
) -> Definition | None:
    """Return the project's exception that a function raises, if its references lead to one."""
    name = last_name(written)
    imported = _imported(facts, function.path)
    _, name = imported.get(name, ("", name))
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
    imported = _imported(facts, path)
    module, name = imported.get(written, ("", written))
    is_confusing = name != written or name == namesake
    if module and is_confusing:
        return markdown.code(f"{module}.{name}")
    code = markdown.code(name)
    if name == namesake:
        return f"another {code}"
    return code


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
    """Return an exception with those of its bases that classify it."""
    kinds = [
        _shown(facts, error.path, base, error.name)
        for base in map(last_name, error.bases)
        if base not in _PLAIN
    ]
    name = markdown.code(error.name)
    if not kinds:
        return name
    kind_names = listed(kinds)
    return f"{name}, a kind of {kind_names}"


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
