"""Draws a diagram from Mermaid's text."""

import re
from typing import Final

from worker.course.site.diagrams import (
    class_diagram,
    flowchart,
    graph_drawing,
)
from worker.course.site.diagrams.graph import DiagramError

MAX_CHARACTERS: Final = 20_000
MAX_LINE: Final = 1_000
_COMMENT: Final = re.compile(r"%%.*")


def draw(source: str) -> str:
    """Return a diagram as SVG; raise DiagramError, with the reason, if it cannot be drawn."""
    lines = _lines(source)
    header = ""
    if lines:
        header = lines.pop(0)
    if match := flowchart.HEADER.match(header):
        # A flowchart's first statement may follow on the header's line.
        statement = header[match.end() :].strip()
        if statement:
            lines.insert(0, statement)
        graph = flowchart.read(match, lines)
        return graph_drawing.draw(graph, "Flowchart")
    if match := class_diagram.HEADER.match(header):
        graph = class_diagram.read(match, lines)
        return graph_drawing.draw(graph, "Class diagram")
    return _rarer(header, lines)


def _rarer(header: str, lines: list[str]) -> str:
    """Draw the kinds of diagrams that few courses have."""
    # Loaded only when used.
    from worker.course.site.diagrams import (  # noqa: PLC0415
        sequence,
        sequence_drawing,
        state_diagram,
    )

    if match := state_diagram.HEADER.match(header):
        graph = state_diagram.read(match, lines)
        return graph_drawing.draw(graph, "State diagram")
    if sequence.HEADER.match(header):
        messages = sequence.read(lines)
        return sequence_drawing.draw(messages)
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
    lines = []
    for line in body.splitlines():
        # A pattern may try each of many spaces as an end, so only one is left of each run.
        statement = " ".join(_COMMENT.sub("", line).split())
        if len(statement) > MAX_LINE:
            raise DiagramError("one of its lines is too long")
        if statement:
            lines.append(statement)
    return lines
