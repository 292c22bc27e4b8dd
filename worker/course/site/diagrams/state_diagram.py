"""Reads Mermaid's state diagrams."""

import re
from typing import Final

from worker.course.site.diagrams.builder import (
    DIRECTION,
    GraphBuilder,
    direction,
)
from worker.course.site.diagrams.graph import (
    Edge,
    Graph,
    Head,
    Node,
    Shape,
    not_understood,
)
from worker.course.site.diagrams.text import plain

HEADER: Final = re.compile(r"stateDiagram(?:-v2)?\b\s*;?")
_NAME: Final = r"\[\*\]|[^\s:{}\[\]\"]+"
_EDGE: Final = re.compile(
    rf"(?P<source>{_NAME})\s*-->\s*(?P<target>{_NAME})\s*(?::\s*(?P<label>.*))?"
)
_STATE: Final = re.compile(
    rf'state\s+(?:"(?P<label>[^"]*)"\s+as\s+)?(?P<key>{_NAME})\s*'
    r"(?:<<(?P<kind>\w+)>>|(?P<group>\{))?"
)
_TEXT: Final = re.compile(rf"(?P<key>{_NAME})\s*:\s*(?P<label>.*)")
_NOTE: Final = re.compile(r"note\s+(?:left|right)\s+of\s+[^:]+")
_IGNORED: Final = re.compile(
    r"(?:note|style|classDef|class|click|hide|scale|accTitle|accDescr)\b"
)
_STYLE: Final = re.compile(r":::[\w-]+")
_BORDER: Final = "[*]"
_KINDS: Final = {
    "choice": Node(label="", shape=Shape.DIAMOND),
    "fork": Node(label="", shape=Shape.BOX),
    "join": Node(label="", shape=Shape.BOX),
}


def read(_: re.Match[str], lines: list[str]) -> Graph:
    """Read the lines below a state diagram's header, or raise DiagramError."""
    reader = _Reader()
    for line in lines:
        statement = _STYLE.sub("", line.rstrip(";"))
        reader.take(statement.strip())
    return reader.builder.graph()


class _Reader:
    def __init__(self) -> None:
        self.builder = GraphBuilder(direction(None))
        self._in_note = False
        self._region = 0
        """How many lines of `--` there were in the innermost group."""

    def take(self, line: str) -> None:
        if line == "--":
            self._region += 1
        elif self._in_note:
            self._in_note = line != "end note"
        elif _NOTE.fullmatch(line):
            self._in_note = True
        elif line == "}":
            self.builder.end()
            self._region = 0
        elif towards := DIRECTION.fullmatch(line):
            self.builder.here.direction = direction(towards[1])
        elif not _IGNORED.match(line):
            self._statement(line)

    def _statement(self, line: str) -> None:
        if edge := _EDGE.fullmatch(line):
            self._edge(edge)
        elif state := _STATE.fullmatch(line):
            self._state(state)
        elif text := _TEXT.fullmatch(line):
            label = plain(text["label"])
            self._add(text["key"], label)
        elif re.fullmatch(_NAME, line):
            self._add(line)
        else:
            raise not_understood(line)

    def _edge(self, edge: re.Match[str]) -> None:
        source = self._end(edge["source"], Shape.START)
        target = self._end(edge["target"], Shape.STOP)
        label = plain(edge["label"] or "")
        transition = Edge(
            source=source,
            target=target,
            label=label,
            head=Head.ARROW,
        )
        self.builder.connect(transition)

    def _end(self, key: str, shape: Shape) -> str:
        """Name a state; `[*]` begins and ends the group around it."""
        if key != _BORDER:
            self._add(key)
            return key
        group = self.builder.here.key
        place = f"{group} {self._region}"
        place = place.strip(" 0")
        border = f"{shape} {place}".strip()
        node = Node(label="", shape=shape)
        self.builder.add(border, node)
        return border

    def _state(self, state: re.Match[str]) -> None:
        key = state["key"]
        label = state["label"]
        kind = state["kind"]
        if state["group"]:
            self.builder.begin(key, plain(label or key))
        elif kind:
            self.builder.add(key, _KINDS.get(kind))
        else:
            self._add(key, label)

    def _add(self, key: str, label: str | None = None) -> None:
        if label or not self.builder.knows(key):
            node = Node(label=label or key, shape=Shape.ROUND)
            self.builder.add(key, node)
        else:
            self.builder.add(key)
