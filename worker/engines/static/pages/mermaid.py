"""Writes Mermaid diagrams with lines that every version can read, and checks such diagrams.

Labels may say anything: what is no letter, digit or harmless mark is written as an entity
(`#35;`), which Mermaid puts away before it parses. Identifiers are our own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from worker.engines.static.pages.markdown import fence, visible

TAG: Final = "mermaid"
"""Of the code blocks that hold diagrams."""
MAX_LABEL: Final = 48
"""Characters; longer labels make boxes that nobody can take in."""

_HARMLESS: Final = frozenset(" _.,/()-")
_LABEL: Final = r"(?:[^\W]|[ _.,/()-]|#\d+;)+"
_LINES: Final = {
    "classDiagram": (
        rf'  class (?P<new>C\d+)\["{_LABEL}"\](?P<opens> \{{)?',
        r"    <<[a-z]+>>",
        rf"    [+-]?{_LABEL}",
        r"  (?P<closes>\})",
        r"  (?P<one>C\d+) (?:<\|--|<\|\.\.|-->) (?P<two>C\d+)(?: : [a-z ]+)?",
    ),
    "flowchart LR": (
        rf'  (?:  )?(?P<new>n\d+)\["{_LABEL}"\]',
        rf'  subgraph g\d+\["{_LABEL}"\](?P<opens>)',
        r"  (?P<closes>end)",
        r"  (?P<one>n\d+) -->(?:\|[a-z ]+\|)? (?P<two>n\d+)",
    ),
    "sequenceDiagram": (
        rf"  participant (?P<new>p\d+) as {_LABEL}",
        rf"  (?P<one>p\d+)->>(?P<two>p\d+): {_LABEL}",
    ),
}


class Arrow(StrEnum):
    """The arrows of a class diagram: from a base to its extension, or from a user to the used."""

    EXTENDS = "<|--"
    IMPLEMENTS = "<|.."
    USES = "-->"


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A class, or a node of a flowchart."""

    label: str
    members: tuple[str, ...] = ()
    """Of a class, as shown: `+run()`; `+` and `-` at the beginning say whether others see it."""
    stereotype: str = ""
    """One lower-case word of ours, as `interface`."""
    group: str = ""
    """Of a node: the frame that it stands in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """An arrow between two boxes, by their positions; `label` is lower-case words of ours."""

    source: int
    target: int
    label: str = ""
    arrow: Arrow = Arrow.USES


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """An arrow of a sequence diagram, from one participant to another, by their positions."""

    source: int
    target: int
    text: str


def class_diagram(boxes: Sequence[Box], edges: Sequence[Edge]) -> str:
    """Return a diagram of classes."""
    lines = ["classDiagram"]
    for index, box in enumerate(boxes):
        inside = [f"    <<{box.stereotype}>>"] * bool(box.stereotype) + [
            f"    {_member(one)}" for one in box.members
        ]
        lines.append(
            f'  class C{index}["{label(box.label)}"]{" {" * bool(inside)}'
        )
        lines += [*inside, "  }"] if inside else []
    lines += [
        f"  C{edge.source} {edge.arrow} C{edge.target}{f' : {edge.label}' * bool(edge.label)}"
        for edge in edges
    ]
    return "\n".join(lines)


def flowchart(boxes: Sequence[Box], edges: Sequence[Edge]) -> str:
    """Return a diagram of nodes, those of a group in a frame."""
    lines = ["flowchart LR"]
    lines += [
        _node(index, box) for index, box in enumerate(boxes) if not box.group
    ]
    for number, group in enumerate(
        dict.fromkeys(box.group for box in boxes if box.group)
    ):
        lines.append(f'  subgraph g{number}["{label(group)}"]')
        lines += [
            f"  {_node(index, box)}"
            for index, box in enumerate(boxes)
            if box.group == group
        ]
        lines.append("  end")
    lines += [
        f"  n{edge.source} -->{f'|{edge.label}|' * bool(edge.label)} n{edge.target}"
        for edge in edges
    ]
    return "\n".join(lines)


def sequence_diagram(names: Sequence[str], messages: Sequence[Message]) -> str:
    """Return a diagram of messages between participants, in their order."""
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
    return fence(diagram.split("\n"), TAG) if diagram else ""


def _node(index: int, box: Box) -> str:
    return f'  n{index}["{label(box.label)}"]'


def _member(shown: str) -> str:
    """Write a member.

    Mermaid takes it apart at its parentheses, so that none may stand but at its end.
    """
    sign = shown[:1] if shown[:1] in {"+", "-"} else ""
    name = shown[len(sign) :].removesuffix("()")
    call = "()" if name and shown.endswith("()") else ""
    return sign + label(name).replace("(", "#40;").replace(")", "#41;") + call


def label(raw: str) -> str:
    """Return a text as it may stand in a diagram."""
    line = visible(" ".join(raw.split())) or "?"
    line = line if len(line) <= MAX_LABEL else f"{line[: MAX_LABEL - 3]}..."
    return "".join(
        char if char.isalnum() or char in _HARMLESS else f"#{ord(char)};"
        for char in line
    )


def fault(diagram: str) -> str | None:
    """Say what is wrong with a diagram that should be one of ours, or return None."""
    first, *lines = diagram.split("\n")
    patterns = _LINES.get(first)
    if patterns is None or not lines:
        return f"it begins with {first[:MAX_LABEL]!r}"
    defined = {""}
    depth = 0
    for match, line in zip(_matches(patterns, lines), lines, strict=True):
        found = match.groupdict() if match else {}
        depth += (found.get("opens") is not None) - (
            found.get("closes") is not None
        )
        defined.add(found.get("new") or "")
        if (
            match is None
            or depth not in {0, 1}
            or not {found.get("one") or "", found.get("two") or ""} <= defined
        ):
            return f"its line {line.strip()[:MAX_LABEL]!r} does not fit"
    return "a frame is not closed" if depth else None


def _matches(
    patterns: Sequence[str], lines: Sequence[str]
) -> Iterator[re.Match[str] | None]:
    readers: list[Callable[[str], re.Match[str] | None]] = [
        re.compile(pattern).fullmatch for pattern in patterns
    ]
    for line in lines:
        yield next(
            (match for reader in readers if (match := reader(line))), None
        )
