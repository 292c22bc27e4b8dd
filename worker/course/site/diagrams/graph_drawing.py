"""Draws flowcharts and class diagrams."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from worker.course.site.diagrams import arrows, svg
from worker.course.site.diagrams.arrows import End
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
"""A wider drawing is drawn downward, if that makes it narrower."""
_LABEL_PADDING: Final = 6
_TITLE: Final = Spot(14, 22)
"""Where a group's title begins, relative to its upper left corner."""


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
    description = _described(graph)
    return svg.drawing(pen.drawn(), frame, name, description)


def _described(graph: Graph) -> str:
    """Describe a graph in words."""
    sentences = []
    for edge in graph.edges:
        sentence = _sentence(edge, graph)
        sentences.append(sentence)
    if not sentences:
        sentences = [node.label for node in graph.nodes.values()]
    return "; ".join(sentences)


def _sentence(edge: Edge, graph: Graph) -> str:
    source = _name(edge.source, graph)
    target = _name(edge.target, graph)
    verb = " to "
    if edge.label:
        verb = f", {edge.label}, "
    sentence = f"{source}{verb}{target}"
    return sentence.replace("\n", " ")


def _name(key: str, graph: Graph) -> str:
    node = graph.nodes.get(key)
    if node is None:
        return key
    return node.label or key


class _Pen:
    """Collects elements in layers, the lowest first."""

    def __init__(self) -> None:
        self._frames: list[str] = []
        self._lines: list[str] = []
        self._nodes: list[str] = []
        self._labels: list[str] = []

    def drawn(self) -> str:
        layers = (self._frames, self._lines, self._nodes, self._labels)
        elements = chain.from_iterable(layers)
        return "".join(elements)

    def group(self, laid: Laid, corner: Spot) -> None:
        """Draw the content of a group, with its upper left corner at a place."""
        for route in laid.routes:
            if route.edge.line is not Line.HIDDEN:
                self._route(route, laid, corner)
        for key, outline in laid.outlines.items():
            middle = corner + laid.spots[key]
            node = outline.drawn(middle)
            self._nodes.append(node)
        for key, inner in laid.inner.items():
            inner_corner = corner + laid.corner(key)
            self._frame(inner, inner_corner)
            self.group(inner, inner_corner)

    def _frame(self, laid: Laid, corner: Spot) -> None:
        box = Box.at(corner, laid.width, laid.height)
        frame = svg.rectangle(box, "group", 6)
        start = corner + _TITLE
        title = svg.text_line(laid.group.title, start, "group-title")
        self._frames += [frame, title]

    def _route(self, route: Route, laid: Laid, corner: Spot) -> None:
        spots = [corner + spot for spot in route.spots]
        if len(spots) == 1:
            [middle] = spots
            node = laid.box(route.edge.source)
            half = node.width / 2
            self._loop(route, middle.right(half))
            return
        self._line(route, spots)
        if route.middle is not None:
            middle = corner + route.middle
            self._label(route.label, middle)

    def _line(self, route: Route, spots: Sequence[Spot]) -> None:
        edge = route.edge
        upright = route.upright
        first, second, *_ = spots
        *_, before_last, last = spots
        begin = End(
            tip=first,
            step=_step(second, first, upright=upright),
            head=edge.tail,
        )
        end = End(
            tip=last,
            step=_step(before_last, last, upright=upright),
            head=edge.head,
        )
        between = spots[1:-1]
        shortened = [begin.line_end, *between, end.line_end]
        line = arrows.line(shortened, edge.line, upright=upright)
        heads = [begin.drawn(), end.drawn()]
        self._lines += [*heads, line]

    def _loop(self, route: Route, side: Spot) -> None:
        """Draw a line from a node to itself, on its right side."""
        edge = route.edge
        begin = side.down(-7)
        tip = side.down(7)
        end = End(tip=tip, step=LEFT, head=edge.head)
        beyond = side.right(LOOP)
        upper = beyond.down(-16)
        lower = beyond.down(16)
        path = svg.Path(begin)
        arrival = tip.right(7)
        path.curve(upper, lower, arrival)
        line = path.drawn(f"edge {edge.line}")
        self._lines += [line, end.drawn()]
        label = route.label
        if label.lines:
            half = label.width / 2
            middle = side.right(LOOP + half)
            self._label(label, middle)

    def _label(self, text: Text, middle: Spot) -> None:
        label = svg.label(text, middle, _LABEL_PADDING)
        self._labels.append(label)


def _step(start: Spot, end: Spot, *, upright: bool) -> Spot:
    """Return the step by which a line arrives at its end."""
    way = end - start
    if upright:
        if way.y >= 0:
            return DOWN
        return UP
    if way.x >= 0:
        return RIGHT
    return LEFT
