"""Draws flowcharts and class diagrams."""

from collections.abc import Sequence
from typing import Final

from worker.course.site.diagrams import arrows, svg
from worker.course.site.diagrams.graph import (
    Direction,
    Edge,
    Graph,
    Line,
)
from worker.course.site.diagrams.graph_layout import (
    LOOP,
    Laid,
    Route,
    Spot,
    lay_out,
)
from worker.course.site.diagrams.text import LINE, width

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
    pen.group(laid, 0, 0, depth=0)
    content = "".join([*pen.frames, *pen.lines, *pen.nodes, *pen.labels])
    return svg.drawing(
        content, laid.width, laid.height, name, _described(graph)
    )


def _described(graph: Graph) -> str:
    """Return what a graph shows, in words."""
    sentences = [_sentence(edge, graph) for edge in graph.edges]
    if not sentences:
        sentences = [node.label for node in graph.nodes.values()]
    return "; ".join(sentences)


def _sentence(edge: Edge, graph: Graph) -> str:
    ends = [_name(key, graph) for key in (edge.source, edge.target)]
    verb = f", {edge.label}, " if edge.label else " to "
    return f"{ends[0]}{verb}{ends[1]}".replace("\n", " ")


def _name(key: str, graph: Graph) -> str:
    node = graph.nodes.get(key)
    return node.label if node else key


class _Pen:
    """Collects elements by what lies over what."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.lines: list[str] = []
        self.nodes: list[str] = []
        self.labels: list[str] = []

    def group(self, laid: Laid, left: float, top: float, *, depth: int) -> None:
        """Draw a group, its upper left corner at a point."""
        if depth:
            frame = svg.rectangle(
                left, top, laid.width, laid.height, "group", 6
            )
            title = svg.text(
                laid.group.title, left + 14, top + 22, "group-title"
            )
            self.frames += [frame, title]
        for route in laid.routes:
            if route.edge.line is not Line.HIDDEN:
                self._route(_moved(route, left, top), laid)
        for key, outline in laid.outlines.items():
            x, y = laid.spots[key]
            self.nodes.append(outline.drawn(left + x, top + y))
        for key, inner in laid.inner.items():
            x, y = laid.spots[key]
            corner = left + x - inner.width / 2, top + y - inner.height / 2
            self.group(inner, *corner, depth=depth + 1)

    def _route(self, route: Route, laid: Laid) -> None:
        if len(route.points) == 1:
            half = laid.outlines[route.edge.source].width / 2
            self._loop(route, half)
            return
        edge, points = route.edge, route.points
        begin = _towards(points[1], points[0], upright=route.upright)
        finish = _towards(points[-2], points[-1], upright=route.upright)
        self.lines += [
            arrows.head(edge.tail, points[0], begin),
            arrows.head(edge.head, points[-1], finish),
        ]
        points[0] = arrows.back(points[0], begin, edge.tail)
        points[-1] = arrows.back(points[-1], finish, edge.head)
        self.lines.append(arrows.line(points, edge.line, upright=route.upright))
        if route.middle is not None:
            self._label(route.label, route.middle)

    def _loop(self, route: Route, half: float) -> None:
        """Draw a line from a node to itself, on its right side."""
        [(x, y)] = route.points
        right, far = x + half, x + half + LOOP
        steps = (
            f"M{right:.1f} {y - 7:.1f}C{far:.1f} {y - 16:.1f} "
            f"{far:.1f} {y + 16:.1f} {right + 7:.1f} {y + 7:.1f}"
        )
        self.lines.append(svg.path(steps, f"edge {route.edge.line}"))
        tip = (right, y + 7)
        self.lines.append(arrows.head(route.edge.head, tip, (-1.0, 0.0)))
        if route.label:
            wide = max(width(line) for line in route.label)
            self._label(route.label, (far + wide / 2, y))

    def _label(self, lines: Sequence[str], middle: Spot) -> None:
        x, y = middle
        wide = max(width(line) for line in lines) + 6
        high = len(lines) * LINE
        self.labels += [
            svg.rectangle(x - wide / 2, y - high / 2, wide, high, "paper"),
            svg.texts(lines, x, y, "label"),
        ]


def _towards(start: Spot, end: Spot, *, upright: bool) -> Spot:
    """Return the step by which a line arrives at its end."""
    if upright:
        return 0.0, 1.0 if end[1] >= start[1] else -1.0
    return 1.0 if end[0] >= start[0] else -1.0, 0.0


def _moved(route: Route, left: float, top: float) -> Route:
    middle = route.middle
    if middle is not None:
        middle = middle[0] + left, middle[1] + top
    return Route(
        edge=route.edge,
        points=[(x + left, y + top) for x, y in route.points],
        label=route.label,
        middle=middle,
        upright=route.upright,
    )
