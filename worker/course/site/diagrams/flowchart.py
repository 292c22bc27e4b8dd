"""Reads Mermaid's flowcharts, but ignores decoration (`style`, `classDef`, `click`)."""

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
_SPACE: Final = re.compile(r"\s*")
_AND: Final = re.compile(r"\s*&")
_END: Final = re.compile(r"\s*(?:;[; ]*|\Z)")
"""The end of a statement."""
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
            _Statements(line, self._builder).read()

    def _begin(self, text: str) -> None:
        key = title = text
        if titled := _TITLED.fullmatch(text):
            key, title = titled.groups()
        self._builder.begin(key or "subgraph", plain(title))


class _Statements:
    """Reads the statements of a line, like `A --> B & C -->|text| D[label]`."""

    def __init__(self, line: str, builder: GraphBuilder) -> None:
        self._line = line
        self._at = 0
        self._builder = builder

    def read(self) -> None:
        while self._at < len(self._line):
            self._statement()
            if not self._accept(_END):
                raise self._not_understood()

    def _accept(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read the match of a pattern, if it comes next."""
        match = pattern.match(self._line, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def _not_understood(self) -> DiagramError:
        rest = self._line[self._at :]
        return not_understood(rest.lstrip())

    def _statement(self) -> None:
        """Read nodes and the arrows between them."""
        sources = self._nodes()
        while edge := self._accept(_EDGE) or self._accept(_LABELLED):
            targets = self._nodes()
            for source, target in product(sources, targets):
                self._builder.connect(_edge(edge, source, target))
            sources = targets

    def _nodes(self) -> list[str]:
        """Read a node, or several with `&` between them."""
        keys = [self._node()]
        while self._accept(_AND):
            keys.append(self._node())
        return keys

    def _node(self) -> str:
        self._accept(_SPACE)
        key = self._accept(_KEY)
        if key is None:
            raise self._not_understood()
        node = self._shape()
        self._accept(_CLASS)
        self._builder.add(key[0], node)
        return key[0]

    def _shape(self) -> Node | None:
        """Read the outline and the label after a node's key."""
        for opening, closings, shape in _SHAPES:
            if self._line.startswith(opening, self._at):
                self._at += len(opening)
                label = self._label(closings)
                return Node(label=plain(label), shape=shape)
        return None

    def _label(self, closings: tuple[str, ...]) -> str:
        """Read a label and its closing bracket; a quoted label may contain brackets."""
        line = self._line
        start = self._at
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
        end, closing = min(ends)
        self._at = end + len(closing)
        return line[start:end]


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
