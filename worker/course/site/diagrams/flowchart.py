"""Reads Mermaid's flowcharts; what is only decoration (`style`, `classDef`, `click`) is ignored."""

import re
from itertools import product
from typing import Final

from worker.course.site.diagrams.builder import (
    DIRECTION,
    GraphBuilder,
    direction,
)
from worker.course.site.diagrams.graph import (
    DiagramError,
    Edge,
    Graph,
    Head,
    Line,
    Node,
    Shape,
    not_understood,
)
from worker.course.site.diagrams.text import plain

HEADER: Final = re.compile(
    r"(?:graph|flowchart)\b[ \t]*(TB|TD|BT|LR|RL)?[ \t]*;?"
)
_KEY: Final = re.compile(r"[\w.]+(?:-(?![-.])[\w.]+)*")
_SUBGRAPH: Final = re.compile(r"subgraph\b\s*(.*)")
_TITLED: Final = re.compile(r"([^\s\[]+)\s*\[(.*)\]")
_DECORATION: Final = re.compile(
    r"(?:style|classDef|class|click|linkStyle|accTitle|accDescr)\b"
)
_CLASS: Final = re.compile(r":::[\w-]+")
_HEADS: Final = {
    ">": Head.ARROW,
    "<": Head.ARROW,
    "o": Head.CIRCLE,
    "x": Head.CROSS,
}
_EDGE: Final = re.compile(
    r"\s*(?P<tail>[<ox]?)"
    r"(?P<line>-{2,}(?=[>ox])|-{3,}|={2,}(?=[>ox])|={3,}|-\.+-|~{3,})"
    r"(?P<head>[>ox]?)\s*(?:\|(?P<label>\"[^\"]*\"|[^|]*)\|)?\s*"
)
_LABELLED: Final = re.compile(
    r"\s*(?P<tail>[<ox]?)(?:--|==|-\.)(?P<label>[^-=.][^\n]*?)"
    r"(?P<line>-{2,}|={2,}|\.+-)(?P<head>[>ox]?)\s*"
)
_SHAPES: Final = (
    ("(((", (")))",), Shape.CIRCLE),
    ("((", ("))",), Shape.CIRCLE),
    ("([", ("])",), Shape.PILL),
    ("[[", ("]]",), Shape.FRAMED),
    ("[(", (")]",), Shape.DRUM),
    ("[/", ("/]", "\\]"), Shape.SLANTED),
    ("[\\", ("\\]", "/]"), Shape.SLANTED),
    ("{{", ("}}",), Shape.HEXAGON),
    ("{", ("}",), Shape.DIAMOND),
    ("(", (")",), Shape.ROUND),
    ("[", ("]",), Shape.BOX),
    (">", ("]",), Shape.BOX),
)


def read(header: re.Match[str], lines: list[str]) -> Graph:
    """Read the lines below a flowchart's header, or raise DiagramError."""
    builder = GraphBuilder(direction(header[1]))
    reader = _Reader(builder)
    for line in lines:
        reader.take(line)
    return builder.graph()


class _Reader:
    def __init__(self, builder: GraphBuilder) -> None:
        self._builder = builder

    def take(self, line: str) -> None:
        if _DECORATION.match(line):
            return
        if subgraph := _SUBGRAPH.fullmatch(line):
            self._begin(subgraph[1])
        elif line == "end":
            self._builder.end()
        elif towards := DIRECTION.fullmatch(line):
            self._builder.here.direction = direction(towards[1])
        else:
            self._statements(line)

    def _begin(self, text: str) -> None:
        key = title = text
        if titled := _TITLED.fullmatch(text):
            key, title = titled.groups()
        self._builder.begin(key or "subgraph", plain(title))

    def _statements(self, line: str) -> None:
        """Read statements like `A --> B & C -->|text| D[label]`."""
        at = 0
        while at < len(line):
            at = self._statement(line, at)
            rest = line[at:].lstrip()
            if rest and not rest.startswith(";"):
                raise not_understood(rest)
            following = rest.lstrip("; ")
            at = len(line) - len(following)

    def _statement(self, line: str, at: int) -> int:
        """Read nodes and the arrows between them; return where they end."""
        sources, at = self._nodes(line, at)
        while edge := _edge_at(line, at):
            targets, at = self._nodes(line, edge.end())
            for source, target in product(sources, targets):
                self._builder.connect(_edge(edge, source, target))
            sources = targets
        return at

    def _nodes(self, line: str, at: int) -> tuple[list[str], int]:
        """Read a node, or several with `&` between them."""
        keys: list[str] = []
        while True:
            key, at = self._node(line, at)
            keys.append(key)
            following = line[at:].lstrip()
            if not following.startswith("&"):
                return keys, at
            at = len(line) - len(following) + 1

    def _node(self, line: str, at: int) -> tuple[str, int]:
        while line[at : at + 1].isspace():
            at += 1
        key = _KEY.match(line, at)
        if key is None:
            raise not_understood(line[at:])
        node, at = _shape(line, key.end())
        if style := _CLASS.match(line, at):
            at = style.end()
        self._builder.add(key[0], node)
        return key[0], at


def _edge_at(line: str, at: int) -> re.Match[str] | None:
    return _EDGE.match(line, at) or _LABELLED.match(line, at)


def _shape(line: str, at: int) -> tuple[Node | None, int]:
    """Read what follows a node's key: its outline and its label."""
    for opening, closings, shape in _SHAPES:
        if line.startswith(opening, at):
            start = at + len(opening)
            end, closing = _closing(line, start, closings)
            label = plain(line[start:end])
            node = Node(label=label, shape=shape)
            return node, end + len(closing)
    return None, at


def _closing(
    line: str, start: int, closings: tuple[str, ...]
) -> tuple[int, str]:
    """Return where a label ends, and by what; a quoted label may hold brackets."""
    begin = start
    if line.startswith('"', start):
        begin = line.find('"', start + 1) + 1
    quote_is_open = begin == 0
    ends = []
    for closing in closings:
        end = line.find(closing, begin)
        if end >= 0:
            ends.append((end, closing))
    if not ends or quote_is_open:
        raise DiagramError("a bracket is not closed")
    return min(ends)


def _edge(match: re.Match[str], source: str, target: str) -> Edge:
    return Edge(
        source=source,
        target=target,
        label=plain(match["label"] or ""),
        line=_line(match["line"]),
        tail=_HEADS.get(match["tail"], Head.NONE),
        head=_HEADS.get(match["head"], Head.NONE),
    )


def _line(text: str) -> Line:
    if "." in text:
        return Line.DOTTED
    if "=" in text:
        return Line.THICK
    if "~" in text:
        return Line.HIDDEN
    return Line.SOLID
