"""Draws flowcharts and class diagrams."""

from collections.abc import Sequence
from typing import Final

from worker.course.site.diagrams import arrows, svg
from worker.course.site.diagrams.geometry import (
    DOWN,
    LEFT,
    RIGHT,
    UP,
    Box,
    Spot,
)
from worker.course.site.diagrams.graph import Direction, Edge, Graph, Line
from worker.course.site.diagrams.graph_layout import LOOP, Laid, Route, lay_out
from worker.course.site.diagrams.text import LINE, widest

_WIDEST: Final = 700.0
"""A drawing that is wider is drawn downward, if that makes it narrower."""


def draw(graph: Graph, name: str) -> str:
    """Return a graph as SVG, or raise DiagramError."""
    graph.check_size()
    laid = lay_out(graph)
    if laid.width > _WIDEST and not laid.upright:
        upright = lay_out(graph, Direction.DOWN)
        laid = min(laid, upright, key=lambda drawing: drawing.width)
    pen = _Pen()
    pen.group(laid, Spot(0, 0))
    elements = [*pen.frames, *pen.lines, *pen.nodes, *pen.labels]
    frame = Box(0, 0, laid.width, laid.height)
    return svg.drawing("".join(elements), frame, name, _described(graph))


def _described(graph: Graph) -> str:
    """Return what a graph shows, in words."""
    if not graph.edges:
        return "; ".join(node.label for node in graph.nodes.values())
    return "; ".join(_sentence(edge, graph) for edge in graph.edges)


def _sentence(edge: Edge, graph: Graph) -> str:
    source, target = _name(edge.source, graph), _name(edge.target, graph)
    verb = f", {edge.label}, " if edge.label else " to "
    return f"{source}{verb}{target}".replace("\n", " ")


def _name(key: str, graph: Graph) -> str:
    node = graph.nodes.get(key)
    return node.label or key if node else key


class _Pen:
    """Collects elements by what lies over what."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.lines: list[str] = []
        self.nodes: list[str] = []
        self.labels: list[str] = []

    def group(self, laid: Laid, corner: Spot) -> None:
        """Draw what is in a group, its upper left corner at a place."""
        for route in laid.routes:
            if route.edge.line is not Line.HIDDEN:
                self._route(route, laid, corner)
        for key, outline in laid.outlines.items():
            middle = corner.moved(*laid.spots[key])
            self.nodes.append(outline.drawn(middle))
        for key, inner in laid.inner.items():
            inner_corner = corner.moved(*laid.corner(key))
            self._frame(inner, inner_corner)
            self.group(inner, inner_corner)

    def _frame(self, laid: Laid, corner: Spot) -> None:
        box = Box(*corner, laid.width, laid.height)
        title = corner.moved(14, 22)
        self.frames += [
            svg.rectangle(box, "group", 6),
            svg.text(laid.group.title, title, "group-title"),
        ]

    def _route(self, route: Route, laid: Laid, corner: Spot) -> None:
        spots = [corner.moved(*spot) for spot in route.spots]
        if len(spots) == 1:
            half = laid.outlines[route.edge.source].width / 2
            self._loop(route, spots[0].moved(half, 0))
            return
        self._line(route, spots)
        if route.middle is not None:
            self._label(route.label, corner.moved(*route.middle))

    def _line(self, route: Route, spots: list[Spot]) -> None:
        edge = route.edge
        begin = _step(spots[1], spots[0], upright=route.upright)
        end = _step(spots[-2], spots[-1], upright=route.upright)
        self.lines += [
            arrows.head(edge.tail, spots[0], begin),
            arrows.head(edge.head, spots[-1], end),
        ]
        spots[0] = arrows.shortened(spots[0], begin, edge.tail)
        spots[-1] = arrows.shortened(spots[-1], end, edge.head)
        self.lines.append(arrows.line(spots, edge.line, upright=route.upright))

    def _loop(self, route: Route, side: Spot) -> None:
        """Draw a line from a node to itself, beside the middle of its right side."""
        tip = side.moved(0, 7)
        path = svg.Path(side.moved(0, -7))
        upper, lower = side.moved(LOOP, -16), side.moved(LOOP, 16)
        path.curve(upper, lower, tip.moved(7, 0))
        self.lines += [
            path.drawn(f"edge {route.edge.line}"),
            arrows.head(route.edge.head, tip, LEFT),
        ]
        if route.label:
            half = widest(route.label) / 2
            self._label(route.label, side.moved(LOOP + half, 0))

    def _label(self, lines: Sequence[str], middle: Spot) -> None:
        box = Box.around(middle, widest(lines) + 6, len(lines) * LINE)
        self.labels += [
            svg.rectangle(box, "paper"),
            svg.texts(lines, middle, "label"),
        ]


def _step(start: Spot, end: Spot, *, upright: bool) -> Spot:
    """Return the step by which a line arrives at its end."""
    if upright:
        return DOWN if end.y >= start.y else UP
    return RIGHT if end.x >= start.x else LEFT
