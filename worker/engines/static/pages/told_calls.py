"""Counts how often documents and examples call the methods of a project's types."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from worker.engines.static.facts import Definition, Kind, Role
from worker.engines.static.pages.course import CourseFacts, remembered
from worker.engines.static.reading.language import PROSE
from worker.engines.static.reading.roles import is_news

_IMPORTED: Final = ("import {}", '"{}"', '/{}"')
_TYPED: Final = r"{0}(?<!\w{0}) ?:?=? ?[*&]?(?:\w+\.)?{1}\b"
"""A value is made, or a parameter declared: `app = Flask(…)`, `c *gin.Context`."""

_LONGEST: Final = 40


def texts(facts: CourseFacts, name: str) -> Iterator[str]:
    """Yield the documents, but for news, and the examples that have a name."""
    for path in facts.analysis.mentions.get(name, ()):
        file = facts.file(path)
        is_example = file.role is Role.EXAMPLE
        is_document = file.role is Role.DOCUMENT
        is_prose = is_document and file.language in PROSE
        if is_example or (is_prose and not is_news(path)):
            yield facts.texts.text(path)


@remembered
def count(facts: CourseFacts, method: Definition) -> float:
    """Return the calls of a method; a call on an unknown value is shared by its namesakes."""
    if method.parent is None:
        return 0
    owner = facts.definitions[method.parent].name
    name = method.name
    namesakes = facts.by_name[name]
    parents = {other.parent or method.parent for other in namesakes}
    kinds = [facts.definitions[parent].kind for parent in parents]
    interfaces = kinds.count(Kind.INTERFACE)
    bearers = len(kinds) - interfaces
    calls = 0.0
    for text in texts(facts, name):
        receivers = _receivers(text, name)
        for receiver, times in receivers.items():
            typed = _TYPED.format(receiver, owner)
            if owner in text and re.search(typed, text):
                calls += times
            elif not any(form.format(receiver) in text for form in _IMPORTED):
                calls += times / max(1, bearers)
    return calls


def _receivers(text: str, name: str) -> Counter[str]:
    """Count the names before the dots of the calls of a method."""
    *before, _ = text.split(f".{name}(")
    words = [re.split(r"\W", piece[-_LONGEST:])[-1] for piece in before]
    names = filter(None, words)
    return Counter(names)
