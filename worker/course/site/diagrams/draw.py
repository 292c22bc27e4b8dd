"""Draws a diagram from Mermaid's text."""

import re
from typing import Final

from worker.course.site.diagrams import (
    class_diagram,
    flowchart,
    graph_drawing,
    sequence,
    sequence_drawing,
    state_diagram,
)
from worker.course.site.diagrams.graph import DiagramError

MAX_CHARACTERS: Final = 20_000
MAX_LINE: Final = 1_000
_COMMENT: Final = re.compile(r"%%.*")


def draw(source: str) -> str:
    """Return a diagram as SVG; raise DiagramError, with the reason, where that is not possible."""
    lines = _lines(source)
    header, rest = (lines[0], lines[1:]) if lines else ("", [])
    if match := flowchart.HEADER.match(header):
        following = [header[match.end() :].strip(), *rest]
        graph = flowchart.read(match, [line for line in following if line])
        return graph_drawing.draw(graph, "Flowchart")
    if match := class_diagram.HEADER.match(header):
        classes = class_diagram.read(match, rest)
        return graph_drawing.draw(classes, "Class diagram")
    if match := state_diagram.HEADER.match(header):
        states = state_diagram.read(match, rest)
        return graph_drawing.draw(states, "State diagram")
    if sequence.HEADER.match(header):
        return sequence_drawing.draw(sequence.read(rest))
    raise DiagramError(_unknown(header))


def _unknown(header: str) -> str:
    kind = re.match(r"[A-Za-z][\w-]{0,30}", header)
    if kind is None:
        return "it has no kind of diagram in its first line"
    return f"`{kind[0]}` is not a kind of diagram that is drawn here"


def _lines(source: str) -> list[str]:
    """Return a diagram's lines without comments, directives, front matter and blank lines."""
    if len(source) > MAX_CHARACTERS:
        raise DiagramError("its text is too long")
    body = re.sub(r"\A\s*---\n.*?\n---\n", "", source, flags=re.DOTALL)
    lines = [_COMMENT.sub("", line).strip() for line in body.splitlines()]
    if any(len(line) > MAX_LINE for line in lines):
        raise DiagramError("one of its lines is too long")
    return [line for line in lines if line]
