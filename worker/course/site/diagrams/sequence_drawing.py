"""Draws sequence diagrams: a column for each participant, a row for each event."""

from itertools import pairwise
from typing import Final

from worker.course.site.diagrams import arrows, svg
from worker.course.site.diagrams.graph import Line
from worker.course.site.diagrams.sequence import (
    Activation,
    FrameElse,
    FrameEnd,
    FrameStart,
    Message,
    Note,
    Sequence,
)
from worker.course.site.diagrams.text import LINE, width, wrapped

_GAP: Final = 32.0
_ROW: Final = 14.0
_TEXT_WIDTH: Final = 220.0
_NOTE_WIDTH: Final = 170.0
_LOOP: Final = 36.0
_BAR: Final = 5.0
"""Half the width of the bar that shows that a participant is active."""
_INSET: Final = 6.0
"""How much narrower a frame is than the one around it."""


def draw(sequence: Sequence) -> str:
    """Return a sequence diagram as SVG."""
    canvas = _Canvas(sequence)
    for event in sequence.events:
        canvas.take(event)
    return canvas.drawn()


class _Canvas:
    def __init__(self, sequence: Sequence) -> None:
        self._sequence = sequence
        self._labels = {
            key: wrapped(label, 150)
            for key, label in sequence.participants.items()
        }
        self._columns = _columns(sequence, self._labels)
        lines = max(len(lines) for lines in self._labels.values())
        self._head = lines * LINE + 18.0
        self._y = self._head + _ROW
        self._number = 0
        self._below: list[str] = []
        self._above: list[str] = []
        self._frames: list[tuple[str, float]] = []
        self._active: dict[str, list[float]] = {}
        self._left = -self._width(next(iter(self._labels))) / 2
        last = list(self._labels)[-1]
        self._right = self._columns[last] + self._width(last) / 2
        self._least, self._reach = self._left, self._right
        """How far the drawing reaches, frames and notes included."""

    def _width(self, key: str) -> float:
        return _box_width(self._labels[key])

    def take(self, event: object) -> None:
        """Draw an event below those before it."""
        match event:
            case Message():
                self._message(event)
            case Note():
                self._note(event)
            case FrameStart():
                self._begin(event)
            case FrameElse():
                self._divide(event)
            case FrameEnd():
                self._end()
            case Activation():
                self._activate(event)

    def drawn(self) -> str:
        """Return the whole drawing."""
        for key in list(self._active):
            while self._active[key]:
                self._bar(key)
        bottom = self._y + _ROW
        lifelines = [
            svg.path(f"M{x:.1f} {self._head:.1f}V{bottom:.1f}", "edge lifeline")
            for x in self._columns.values()
        ]
        heads = [self._participant(key, x) for key, x in self._columns.items()]
        left = self._least
        content = "".join([*lifelines, *self._below, *self._above, *heads])
        moved = svg.element(
            "g", content, transform=f"translate({svg.number(-left)} 0)"
        )
        return svg.drawing(
            moved,
            self._reach - left,
            bottom,
            "Sequence diagram",
            self._described(),
        )

    def _described(self) -> str:
        labels = self._sequence.participants
        sentences = [
            f"{labels[event.source]} to {labels[event.target]}: {event.text}"
            for event in self._sequence.events
            if isinstance(event, Message)
        ]
        return "; ".join(sentences).replace("\n", " ")

    def _participant(self, key: str, x: float) -> str:
        wide = self._width(key)
        frame = svg.rectangle(x - wide / 2, 0, wide, self._head, "node", 4)
        return frame + svg.texts(self._labels[key], x, self._head / 2)

    def _message(self, message: Message) -> None:
        text = message.text
        if self._sequence.numbered:
            self._number += 1
            text = f"{self._number}. {text}"
        lines = wrapped(text, _TEXT_WIDTH) if text else []
        if message.source == message.target:
            self._to_itself(message, lines)
            return
        self._y += len(lines) * LINE + 6
        start, end = self._ends(message)
        middle = (start + end) / 2
        self._text(lines, middle, self._y - 6 - len(lines) * LINE / 2)
        step = 1.0 if end > start else -1.0
        self._above += [
            arrows.head(message.head, (end, self._y), (step, 0.0)),
            arrows.head(message.tail, (start, self._y), (-step, 0.0)),
        ]
        points = [
            arrows.back((start, self._y), (-step, 0.0), message.tail),
            arrows.back((end, self._y), (step, 0.0), message.head),
        ]
        self._above.append(arrows.line(points, _style(message), upright=False))
        self._y += _ROW

    def _ends(self, message: Message) -> tuple[float, float]:
        """Return where an arrow begins and ends, beside the bars of active participants."""
        start = self._columns[message.source]
        end = self._columns[message.target]
        side = 1 if end > start else -1
        start += side * self._half(message.source)
        end -= side * self._half(message.target)
        return start, end

    def _half(self, key: str) -> float:
        return _BAR if self._active.get(key) else 0.0

    def _to_itself(self, message: Message, lines: list[str]) -> None:
        x = self._columns[message.source] + self._half(message.source)
        high = max(len(lines) * LINE, 22.0)
        top, bottom = self._y + 4, self._y + 4 + high
        steps = (
            f"M{x:.1f} {top:.1f}h{_LOOP - 8:.1f}q8 0 8 8V{bottom - 8:.1f}"
            f"q0 8 -8 8H{x + 8:.1f}"
        )
        self._above += [
            svg.path(steps, f"edge {_style(message)}"),
            arrows.head(message.head, (x, bottom), (-1.0, 0.0)),
        ]
        wide = max((width(line) for line in lines), default=0.0)
        middle = x + _LOOP + 8 + wide / 2
        self._text(lines, middle, (top + bottom) / 2)
        self._stretch(x, middle + wide / 2)
        self._y = bottom + _ROW

    def _text(self, lines: list[str], x: float, middle: float) -> None:
        if not lines:
            return
        wide = max(width(line) for line in lines) + 4
        high = len(lines) * LINE
        paper = svg.rectangle(
            x - wide / 2, middle - high / 2, wide, high, "paper"
        )
        self._above += [paper, svg.texts(lines, x, middle, "label")]

    def _note(self, note: Note) -> None:
        lines = wrapped(note.text, _NOTE_WIDTH)
        wide = max(width(line) for line in lines) + 20
        high = len(lines) * LINE + 12
        columns = [self._columns[key] for key in note.over]
        left = self._note_left(note, min(columns), max(columns), wide)
        wide = max(wide, max(columns) - min(columns) + 20)
        self._stretch(left, left + wide)
        self._above += [
            svg.rectangle(left, self._y, wide, high, "note", 2),
            svg.texts(lines, left + wide / 2, self._y + high / 2),
        ]
        self._y += high + _ROW

    def _note_left(
        self, note: Note, first: float, last: float, wide: float
    ) -> float:
        if note.side == "left of":
            return first - wide - 10
        if note.side == "right of":
            return last + 10
        return (first + last) / 2 - max(wide, last - first + 20) / 2

    def _begin(self, frame: FrameStart) -> None:
        self._y += 4
        self._frames.append((frame.kind, self._y))
        if frame.kind == "rect":
            return
        inset = self._inset()
        name = width(frame.kind) + 16
        left = self._left - 12 + inset
        self._above += [
            svg.rectangle(left, self._y, name, 20, "frame-name", 0),
            svg.texts(
                [frame.kind], left + name / 2, self._y + 10, "label name"
            ),
            svg.texts(
                [_condition(frame.text)],
                left + name + 8,
                self._y + 10,
                "condition",
            ),
        ]
        reach = left + name + 20 + width(_condition(frame.text))
        self._stretch(left, reach)
        self._y += 26

    def _stretch(self, left: float, right: float) -> None:
        self._least = min(self._least, left)
        self._reach = max(self._reach, right)

    def _inset(self) -> float:
        return (len(self._frames) - 1) * _INSET

    def _divide(self, part: FrameElse) -> None:
        left, right = self._sides()
        self._above.append(
            svg.path(f"M{left:.1f} {self._y:.1f}H{right:.1f}", "edge dotted")
        )
        texts = [_condition(part.text)]
        self._above.append(
            svg.texts(texts, left + 10, self._y + 14, "condition")
        )
        self._y += 28

    def _sides(self) -> tuple[float, float]:
        inset = self._inset()
        return self._left - 12 + inset, self._right + 12 - inset

    def _end(self) -> None:
        left, right = self._sides()
        _, top = self._frames.pop()
        high = self._y - top
        self._below.append(
            svg.rectangle(left, top, right - left, high, "frame-line", 2)
        )
        self._stretch(left, right)
        self._y += 10

    def _activate(self, activation: Activation) -> None:
        key = activation.participant
        if activation.begins:
            self._active.setdefault(key, []).append(self._y - _ROW)
        elif self._active.get(key):
            self._bar(key)

    def _bar(self, key: str) -> None:
        top = self._active[key].pop()
        x = self._columns[key] - _BAR + 3 * len(self._active[key])
        high = max(self._y - _ROW - top, 8.0)
        self._below.append(
            svg.rectangle(x, top, 2 * _BAR, high, "node active", 0)
        )


def _style(message: Message) -> Line:
    return Line.DOTTED if message.dashed else Line.SOLID


def _condition(text: str) -> str:
    return f"[{' '.join(text.split())[:80]}]" if text else ""


def _box_width(lines: list[str]) -> float:
    return max(*(width(line) for line in lines), 50.0) + 24


def _columns(
    sequence: Sequence, labels: dict[str, list[str]]
) -> dict[str, float]:
    """Return the middle of each participant's column, far enough apart for the texts between."""
    keys = list(labels)
    widths = [_box_width(labels[key]) for key in keys]
    gaps = [(left + right) / 2 + _GAP for left, right in pairwise(widths)]
    numbers = {key: number for number, key in enumerate(keys)}
    for first, last, wide in sorted(_needs(sequence, numbers)):
        missing = wide - sum(gaps[first:last])
        if missing > 0 and last > first:
            for number in range(first, last):
                gaps[number] += missing / (last - first)
    columns = [0.0]
    for gap in gaps:
        columns.append(columns[-1] + gap)
    return dict(zip(keys, columns, strict=False))


def _needs(
    sequence: Sequence, numbers: dict[str, int]
) -> list[tuple[int, int, float]]:
    """Return how much room each message needs, and between which columns."""
    needs = []
    for event in sequence.events:
        if not isinstance(event, Message):
            continue
        lines = wrapped(f"00. {event.text}", _TEXT_WIDTH)
        wide = max(width(line) for line in lines) + 30
        first, last = sorted((numbers[event.source], numbers[event.target]))
        if first == last:
            last, wide = min(first + 1, len(numbers) - 1), wide + _LOOP + 20
        needs.append((first, last, wide))
    return needs
