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

_MEANINGFUL: Final = re.compile(r"[^\w .,/()-]")
"""A character that may mean something to Mermaid."""
_LABEL: Final = r"(?:[^\W]|[ _.,/()-]|#\d+;)+"
_BOX: Final = rf'(n\d+)(?:\["{_LABEL}"\])?'
"""A node of a flowchart, with its label where it first occurs."""
_CLASS: Final = r"[A-Z]\w*(?:\.\w+)*"
"""A class that is shown by its own name, or ours (`C0`) for one with a label."""
_OURS: Final = re.compile(r"[Cnp]\d+")
_DECLARED: Final = re.compile(r'([Cn]\d+)\["|  participant (p\d+) as ')
_LINES: Final = {
    "classDiagram": (
        rf'  class C\d+\["{_LABEL}"\]',
        rf"  ({_CLASS})(?:<\|--|<\|\.\.|<--)({_CLASS})(?: : embeds)?",
    ),
    "flowchart LR": (
        rf"  {_BOX}",
        rf"  (n\d+) -->\|[a-z ]+\| (n\d+)|  {_BOX}-->{_BOX}",
    ),
    COMPOSED: (
        rf"  {_BOX}",
        rf'  (n\d+) -->(?:\|"{_LABEL}"\|)? (n\d+)',
    ),
    "sequenceDiagram": (
        rf"  participant p\d+ as {_LABEL}",
        rf"  (p\d+)->>(p\d+): {_LABEL}",
    ),
}
"""By first line of a diagram: the lines that define a name, and those that connect two."""


class Arrow(StrEnum):
    """The arrows of a class diagram, from a base to its extension."""

    EXTENDS = "<|--"
    IMPLEMENTS = "<|.."
    EMBEDS = "<--"


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowEdge:
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
class SequenceMessage:
    """An arrow of a sequence diagram, from one participant to another, by their positions."""

    source: int
    target: int
    text: str


def class_diagram(names: Sequence[str], extensions: Sequence[Extension]) -> str:
    """Return a diagram of classes; those with plain names are shown by these alone."""
    lines = ["classDiagram"]
    keys = []
    for index, name in enumerate(names):
        key = name
        if not _is_plain(name):
            key = f"C{index}"
            shown = label(name)
            lines.append(f'  class {key}["{shown}"]')
        keys.append(key)
    for extension in extensions:
        base = keys[extension.base]
        derived = keys[extension.derived]
        words = ""
        if extension.arrow is Arrow.EMBEDS:
            words = " : embeds"
        lines.append(f"  {base}{extension.arrow}{derived}{words}")
    return "\n".join(lines)


def _is_plain(name: str) -> bool:
    """Whether a class can be shown by its name, which is none of ours."""
    if len(name) > MAX_LABEL or _OURS.fullmatch(name):
        return False
    return re.fullmatch(_CLASS, name, re.ASCII) is not None


def flowchart(names: Sequence[str], edges: Sequence[FlowEdge]) -> str:
    """Return a flowchart whose arrows say the words of their edges."""
    lines = ["flowchart LR", *map(_box, range(len(names)), names)]
    lines += [
        f"  n{edge.source} -->|{edge.label}| n{edge.target}" for edge in edges
    ]
    return "\n".join(lines)


def _box(index: int, name: str) -> str:
    shown = label(name)
    return f'  n{index}["{shown}"]'


def arrows(pairs: Sequence[tuple[str, str]]) -> str:
    """Return a flowchart of arrows without words, from the first to the second of two names."""
    lines = ["flowchart LR"]
    keys: dict[str, str] = {}
    for pair in pairs:
        boxes = []
        for name in pair:
            box = keys.get(name)
            if box is None:
                key = f"n{len(keys)}"
                shown = label(name)
                box = f'{key}["{shown}"]'
                keys[name] = key
            boxes.append(box)
        arrow = "-->".join(boxes)
        lines.append(f"  {arrow}")
    return "\n".join(lines)


def composed(names: Sequence[str], edges: Sequence[FlowEdge]) -> str:
    """Return a flowchart from the top down, whose arrows may say anything."""
    lines = [COMPOSED, *map(_box, range(len(names)), names)]
    for edge in edges:
        words = ""
        if edge.label:
            text = label(edge.label)
            words = f'|"{text}"|'
        lines.append(f"  n{edge.source} -->{words} n{edge.target}")
    return "\n".join(lines)


def sequence_diagram(
    names: Sequence[str], messages: Sequence[SequenceMessage]
) -> str:
    lines = ["sequenceDiagram"]
    for index, name in enumerate(names):
        shown = label(name)
        lines.append(f"  participant p{index} as {shown}")
    for message in messages:
        text = label(message.text)
        lines.append(f"  p{message.source}->>p{message.target}: {text}")
    return "\n".join(lines)


def fenced(diagram: str) -> str:
    """Return a diagram as a block of a page; nothing for an empty one."""
    if diagram:
        return fence(diagram.split("\n"), TAG)
    return ""


def label(raw: str) -> str:
    """Return a text as a diagram may hold it."""
    words = " ".join(raw.split())
    line = visible(words) or "?"
    if len(line) > MAX_LABEL:
        beginning = line[: MAX_LABEL - 3]
        line = f"{beginning}..."
    return _MEANINGFUL.sub(_entity, line)


def _entity(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"#{number};"


def fault(diagram: str) -> str | None:
    """Say what is wrong with a diagram that should be one of ours, or return None."""
    first, *lines = diagram.split("\n")
    if first not in _LINES or not lines:
        beginning = first[:MAX_LABEL]
        return f"it begins with {beginning!r}"
    defining, connecting = _LINES[first]
    declared: set[str] = set()
    for line in lines:
        for names in _DECLARED.findall(line):
            declared.update(names)
        if re.fullmatch(defining, line):
            continue
        arrow = re.fullmatch(connecting, line)
        ends: set[str] = set()
        if arrow is not None:
            named = filter(None, arrow.groups())
            ends = set(filter(_OURS.fullmatch, named))
        if arrow is None or not ends <= declared:
            shown = line.strip()[:MAX_LABEL]
            return f"its line {shown!r} does not fit"
    return None
