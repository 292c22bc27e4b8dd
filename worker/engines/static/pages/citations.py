"""Names and places of definitions and chapters, as every page writes them."""

import re
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts, remembered
from worker.engines.static.prose.docstrings import first_sentence

_LONGEST_SENTENCE: Final = 300
_LONGEST_LINE: Final = 120
_OPEN: Final = frozenset("([{,\\=+|&")
"""Ends of lines that go on."""
_PREDICATE: Final = re.compile(r" (?:[a-z]+s|can|may)\b")
"""How a sentence continues after its subject's name."""
_PACKAGE: Final = re.compile(r"^package (\w+)", re.MULTILINE)


def name(definition: Definition) -> str:
    """Return a definition's name with those around it, as code."""
    return markdown.code(definition.qualified)


def at(path: str, line: int) -> str:
    """Return a line of a file, as code: `path:12`."""
    return markdown.place(path, (line, line))


def start(definition: Definition) -> str:
    return at(definition.path, definition.line)


def call_pattern(facts: CourseFacts, definition: Definition) -> str:
    """Return a pattern of a call of a function, by its name alone or qualified by its module's.

    `x.name(` with another `x` calls a method with the same name.
    """
    modules = _modules(facts, definition)
    called = re.escape(definition.name)
    return (
        rf"(?<![\w$.])(?:(?:{modules})\.)?{called}!?\s?\(|@(?:\w+\.)*{called}\b"
    )


def _modules(facts: CourseFacts, definition: Definition) -> str:
    """Return a pattern of the names of the modules that a definition lies in."""
    return "|".join(map(re.escape, modules(facts, definition)))


@remembered
def modules(facts: CourseFacts, definition: Definition) -> list[str]:
    """Return the names that may stand before a definition's: of its package, in Go."""
    stem, _, ending = definition.path.rpartition(".")
    if ending == "go":
        text = facts.texts.text(definition.path)
        return _PACKAGE.findall(text)[:1]
    return list(filter(None, stem.split("/")))


@remembered
def use_pattern(facts: CourseFacts, definition: Definition) -> re.Pattern[str]:
    """Return a pattern that finds a call of a function, or a type's or a value's name in code."""
    if definition.kind in {Kind.FUNCTION, Kind.METHOD, Kind.MACRO}:
        pattern = call_pattern(facts, definition)
        return re.compile(pattern)
    name = re.escape(definition.name)
    if definition.kind in TYPES and not definition.path.endswith(".go"):
        return re.compile(rf"(?<![\w$])(?<!\bself\.){name}(?![\w$])")
    modules = _modules(facts, definition)
    return re.compile(rf"(?<![\w$.])(?:(?:{modules})\.)?{name}(?![\w$])")


def purpose(definition: Definition) -> str:
    """Return the first sentence of a definition's documentation; nothing if it is too long."""
    doc = first_sentence(definition.doc, _LONGEST_SENTENCE)
    if doc.endswith("…"):
        return ""
    return doc


def described(definition: Definition) -> str:
    """Return a definition's name, its place and its purpose, which may begin with the name."""
    doc = purpose(definition)
    code = name(definition)
    place = start(definition)
    named = f"{code} ({place})"
    rest = doc.removeprefix(definition.name)
    if rest != doc and _PREDICATE.match(rest):
        predicate = markdown.prose(rest)
        return f"{named} {predicate}"
    if doc:
        words = markdown.prose(doc)
        return f"{named}: {words}"
    return named


def quoted(facts: CourseFacts, path: str, line: int) -> str:
    """Return a line of a file as code; nothing where it is long, or a part of a statement."""
    lines = facts.texts.lines(path)
    text = ""
    if 0 < line <= len(lines):
        text = lines[line - 1].strip()
    if not text or len(text) > _LONGEST_LINE or text[-1] in _OPEN:
        return ""
    return markdown.code(text)
