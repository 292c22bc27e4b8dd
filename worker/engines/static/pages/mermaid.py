"""Writes Mermaid diagrams with lines that every version can read, and checks such diagrams.

Labels may say anything: what is no letter, digit or harmless mark is written as an entity
(`#35;`), which Mermaid puts away before it parses. Identifiers are our own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from worker.engines.static.pages.markdown import fence, visible

TAG: Final = "mermaid"
"""Of the code blocks that hold diagrams."""
COMPOSED: Final = "flowchart TD"
"""The first line of a flowchart whose arrows may say anything."""
MAX_LABEL: Final = 48
"""Characters; longer labels make boxes that are too wide to read."""

_HARMLESS: Final = frozenset(" _.,/()-")
_LABEL: Final = r"(?:[^\W]|[ _.,/()-]|#\d+;)+"
_LINES: Final = {
    "classDiagram": (
        rf'  class (?P<new>C\d+)\["{_LABEL}"\]',
        r"  (?P<source>C\d+) (?:<\|--|<\|\.\.) (?P<target>C\d+)",
    ),
    "flowchart LR": (
        rf'  (?P<new>n\d+)\["{_LABEL}"\]',
        r"  (?P<source>n\d+) -->(?:\|[a-z ]+\|)? (?P<target>n\d+)",
    ),
    COMPOSED: (
        rf'  (?P<new>n\d+)\["{_LABEL}"\]',
        rf'  (?P<source>n\d+) -->(?:\|"{_LABEL}"\|)? (?P<target>n\d+)',
    ),
    "sequenceDiagram": (
        rf"  participant (?P<new>p\d+) as {_LABEL}",
        rf"  (?P<source>p\d+)->>(?P<target>p\d+): {_LABEL}",
    ),
}
"""By first line of a diagram: the lines that define a name, and those that connect two."""


class Arrow(StrEnum):
    """The arrows of a class diagram, from a base to its extension."""

    EXTENDS = "<|--"
    IMPLEMENTS = "<|.."


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """An arrow of a flowchart, between two nodes by their positions."""

    source: int
    target: int
    label: str = ""
    """Lower-case words of ours; of a composed flowchart, any text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """An arrow of a class diagram, between two classes by their positions."""

    base: int
    derived: int
    arrow: Arrow


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """An arrow of a sequence diagram, from one participant to another, by their positions."""

    source: int
    target: int
    text: str


def class_diagram(names: Sequence[str], extensions: Sequence[Extension]) -> str:
    lines = ["classDiagram"]
    for index, name in enumerate(names):
        lines.append(f'  class C{index}["{label(name)}"]')
    for extension in extensions:
        base = f"C{extension.base}"
        derived = f"C{extension.derived}"
        lines.append(f"  {base} {extension.arrow} {derived}")
    return "\n".join(lines)


def flowchart(names: Sequence[str], edges: Sequence[Edge]) -> str:
    lines = ["flowchart LR"]
    for index, name in enumerate(names):
        lines.append(f'  n{index}["{label(name)}"]')
    for edge in edges:
        words = ""
        if edge.label:
            words = f"|{edge.label}|"
        lines.append(f"  n{edge.source} -->{words} n{edge.target}")
    return "\n".join(lines)


def composed(names: Sequence[str], edges: Sequence[Edge]) -> str:
    """Return a flowchart from the top down, whose arrows may say anything."""
    lines = [COMPOSED]
    for index, name in enumerate(names):
        lines.append(f'  n{index}["{label(name)}"]')
    for edge in edges:
        words = ""
        if edge.label:
            words = f'|"{label(edge.label)}"|'
        lines.append(f"  n{edge.source} -->{words} n{edge.target}")
    return "\n".join(lines)


def sequence_diagram(names: Sequence[str], messages: Sequence[Message]) -> str:
    participants = [
        f"  participant p{index} as {label(name)}"
        for index, name in enumerate(names)
    ]
    arrows = [
        f"  p{message.source}->>p{message.target}: {label(message.text)}"
        for message in messages
    ]
    return "\n".join(["sequenceDiagram", *participants, *arrows])


def fenced(diagram: str) -> str:
    """Return a diagram as a block of a page; nothing for an empty one."""
    if diagram:
        return fence(diagram.split("\n"), TAG)
    return ""


def label(raw: str) -> str:
    """Return a text as a diagram may hold it."""
    line = visible(" ".join(raw.split())) or "?"
    if len(line) > MAX_LABEL:
        line = f"{line[: MAX_LABEL - 3]}..."
    return "".join(map(_entity, line))


def _entity(char: str) -> str:
    """Return a character as it is where it means nothing to Mermaid, and else as an entity."""
    is_harmless = char.isalnum() or char in _HARMLESS
    return char if is_harmless else f"#{ord(char)};"


def fault(diagram: str) -> str | None:
    """Say what is wrong with a diagram that should be one of ours, or return None."""
    first, *lines = diagram.split("\n")
    if first not in _LINES or not lines:
        return f"it begins with {first[:MAX_LABEL]!r}"
    defining, connecting = _LINES[first]
    defined: set[str] = set()
    for line in lines:
        definition = re.fullmatch(defining, line)
        if definition is not None:
            defined.add(definition["new"])
            continue
        arrow = re.fullmatch(connecting, line)
        if arrow is None or not defined.issuperset(arrow.groups()):
            return f"its line {line.strip()[:MAX_LABEL]!r} does not fit"
    return None
