"""Reads in which order a project's documents list the members of a type."""

import re
from collections.abc import Iterator
from typing import Final

from worker.engines.static.facts import Definition, Role
from worker.engines.static.pages.course import CourseFacts, remembered

_DIRECTIVE: Final = re.compile(
    r"^[ \t]*(?:\.\. (?:py:)?(?:auto)?(class|method)::[ \t]*([\w.]+)"
    r"|:members:((?:.*,\n)*.*))",
    re.MULTILINE,
)
"""Sphinx's directives for a type and its methods, and the names that one lists."""
_WORD: Final = re.compile(r"\w+")


@remembered
def positions(facts: CourseFacts, owner: Definition) -> dict[str, int]:
    """Return the members that documents list, each with its position."""
    names: dict[str, int] = {}
    for path in facts.analysis.mentions.get(owner.name, ()):
        if facts.file(path).role is not Role.DOCUMENT:
            continue
        text = facts.texts.text(path)
        if ":members: " in text or "method:: " in text:
            for name in _listed(text, owner.name):
                names.setdefault(name, len(names))
    return names


def _listed(text: str, owner: str) -> Iterator[str]:
    documented = ""
    for kind, path, members in _DIRECTIVE.findall(text):
        parents, _, name = path.rpartition(".")
        if kind == "class":
            documented = name
        elif kind == "method":
            around = parents.rpartition(".")[2] or documented
            if around == owner:
                yield name
        elif documented == owner:
            yield from _WORD.findall(members)
