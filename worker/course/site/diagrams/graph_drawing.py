"""Draws flowcharts and class diagrams."""

from collections.abc import Sequence
from typing import Final

from worker.course.site.diagrams import arrows, svg
from worker.course.site.diagrams.geometry import (
    DOWN,
    LEFT,
    ORIGIN,
    RIGHT,
    UP,
    Box,
    Spot,
)
from worker.course.site.diagrams.graph import Direction, Edge, Graph, Line
from worker.course.site.diagrams.graph_layout import LOOP, Laid, Route, lay_out
from worker.course.site.diagrams.text import Text

_WIDEST: Final = 700.0
"""A drawing that is wider is drawn downward, if that makes it narrower."""
_TITLE: Final = Spot(14, 22)
"""Where a group's title begins, from its upper left corner."""


def draw(graph: Graph, name: str) -> str:
    """Return a graph as SVG, or raise DiagramError."""
    graph.check_size()
    laid = lay_out(graph)
    if laid.width > _WIDEST and not laid.upright:
        upright = lay_out(graph, Direction.DOWN)
        if upright.width < laid.width:
            laid = upright
    pen = _Pen()
    pen.group(laid, ORIGIN)
    frame = Box.at(ORIGIN, laid.width, laid.height)
    return svg.drawing(pen.drawn(), frame, name, _described(graph))


def _described(graph: Graph) -> str:
    """Return what a graph shows, in words."""
    if graph.edges:
        sentences = [_sentence(edge, graph) for edge in graph.edges]
    else:
        sentences = [node.label for node in graph.nodes.values()]
    return "; ".join(sentences)


def _sentence(edge: Edge, graph: Graph) -> str:
    source = _name(edge.source, graph)
    target = _name(edge.target, graph)
    verb = f", {edge.label}, " if edge.label else " to "
    sentence = f"{source}{verb}{target}"
    return sentence.replace("\n", " ")


def _name(key: str, graph: Graph) -> str:
    node = graph.nodes.get(key)
    if node is None:
        return key
    return node.label or key


class _Pen:
    """Collects elements by what lies over what."""

    def __init__(self) -> None:
        self._frames: list[str] = []
        self._lines: list[str] = []
        self._nodes: list[str] = []
        self._labels: list[str] = []

    def drawn(self) -> str:
        elements = [
            *self._frames,
            *self._lines,
            *self._nodes,
            *self._labels,
        ]
        return "".join(elements)

    def group(self, laid: Laid, corner: Spot) -> None:
        """Draw what is in a group, its upper left corner at a place."""
        for route in laid.routes:
            if route.edge.line is not Line.HIDDEN:
                self._route(route, laid, corner)
        for key, outline in laid.outlines.items():
            middle = corner + laid.spots[key]
            self._nodes.append(outline.drawn(middle))
        for key, inner in laid.inner.items():
            inner_corner = corner + laid.corner(key)
            self._frame(inner, inner_corner)
            self.group(inner, inner_corner)

    def _frame(self, laid: Laid, corner: Spot) -> None:
        box = Box.at(corner, laid.width, laid.height)
        title = laid.group.title
        start = corner + _TITLE
        self._frames += [
            svg.rectangle(box, "group", 6),
            svg.text_line(title, start, "group-title"),
        ]

    def _route(self, route: Route, laid: Laid, corner: Spot) -> None:
        spots = [corner + spot for spot in route.spots]
        if len(spots) == 1:
            half = laid.box(route.edge.source).width / 2
            self._loop(route, spots[0].right(half))
            return
        self._line(route, spots)
        if route.middle is not None:
            self._label(route.label, corner + route.middle)

    def _line(self, route: Route, spots: Sequence[Spot]) -> None:
        edge = route.edge
        upright = route.upright
        first, second, *_ = spots
        *_, before_last, last = spots
        begin = _step(second, first, upright=upright)
        end = _step(before_last, last, upright=upright)
        shortened = [
            arrows.shortened(first, begin, edge.tail),
            *spots[1:-1],
            arrows.shortened(last, end, edge.head),
        ]
        self._lines += [
            arrows.head(edge.tail, first, begin),
            arrows.head(edge.head, last, end),
            arrows.line(shortened, edge.line, upright=upright),
        ]

    def _loop(self, route: Route, side: Spot) -> None:
        """Draw a line from a node to itself, beside the middle of its right side."""
        edge = route.edge
        tip = side.down(7)
        beyond = side.right(LOOP)
        upper = beyond.down(-16)
        path = svg.Path(side.down(-7))
        path.curve(upper, beyond.down(16), tip.right(7))
        self._lines += [
            path.drawn(f"edge {edge.line}"),
            arrows.head(edge.head, tip, LEFT),
        ]
        label = route.label
        if label.lines:
            half = label.width / 2
            self._label(label, side.right(LOOP + half))

    def _label(self, text: Text, middle: Spot) -> None:
        box = Box.around(middle, text.width + 6, text.height)
        self._labels += [
            svg.rectangle(box, "paper"),
            svg.texts(text, middle, "label"),
        ]


def _step(start: Spot, end: Spot, *, upright: bool) -> Spot:
    """Return the step by which a line arrives at its end."""
    if upright:
        return DOWN if end.y >= start.y else UP
    return RIGHT if end.x >= start.x else LEFT
