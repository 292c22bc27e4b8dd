"""Draws sequence diagrams: a column for each participant, a row for each event."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from worker.course.site.diagrams import arrows, svg
from worker.course.site.diagrams.geometry import LEFT, RIGHT, Box, Spot
from worker.course.site.diagrams.graph import Line
from worker.course.site.diagrams.sequence import (
    Activation,
    Event,
    FrameElse,
    FrameEnd,
    FrameStart,
    Message,
    Note,
    Sequence,
)
from worker.course.site.diagrams.text import LINE, widest, width, wrapped

_GAP: Final = 32.0
_ROW: Final = 14.0
_TEXT_WIDTH: Final = 220.0
_NAME_WIDTH: Final = 150.0
_NOTE_WIDTH: Final = 170.0
_NOTE_PADDING: Final = 10.0
_LOOP: Final = 36.0
_CORNER: Final = 8.0
_ROUND: Final = 2 * _CORNER
_BAR: Final = 5.0
"""Half the width of the bar that shows that a participant is active."""
_FRAME_MARGIN: Final = 12.0
_INSET: Final = 6.0
"""How much narrower a frame is than the one around it."""
_FRAME_HEAD: Final = 20.0
_MAX_CONDITION: Final = 80


def draw(sequence: Sequence) -> str:
    """Return a sequence diagram as SVG."""
    canvas = _Canvas(sequence)
    for event in sequence.events:
        canvas.take(event)
    return canvas.drawn()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    """A participant's column."""

    label: list[str]
    x: float

    @property
    def width(self) -> float:
        """The width of the participant's box."""
        return _box_width(self.label)


class _Canvas:
    def __init__(self, sequence: Sequence) -> None:
        self._sequence = sequence
        self._columns = _columns(sequence)
        columns = list(self._columns.values())
        lines = max(len(column.label) for column in columns)
        self._head = lines * LINE + 18.0
        self._y = self._head + _ROW
        self._number = 0
        self._below: list[str] = []
        self._above: list[str] = []
        self._frames: list[float] = []
        """The tops of the frames that are open."""
        self._active: dict[str, list[float]] = {}
        first, last = columns[0], columns[-1]
        self._least = -first.width / 2
        self._most = last.x + last.width / 2
        """How far the drawing reaches."""
        self._left = self._least - _FRAME_MARGIN
        self._right = self._most + _FRAME_MARGIN

    def take(self, event: Event) -> None:
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
        for key, tops in self._active.items():
            while tops:
                self._bar(key)
        bottom = self._y + _ROW
        lifelines, heads = "", ""
        for column in self._columns.values():
            lifeline = svg.Path(Spot(column.x, self._head))
            lifeline.to(Spot(column.x, bottom))
            lifelines += lifeline.drawn("edge lifeline")
            heads += self._participant(column)
        content = "".join([lifelines, *self._below, *self._above, heads])
        frame = Box(self._least, 0, self._most - self._least, bottom)
        return svg.drawing(
            content, frame, "Sequence diagram", self._described()
        )

    def _described(self) -> str:
        labels = self._sequence.participants
        sentences = []
        for event in self._sequence.events:
            if isinstance(event, Message):
                ends = f"{labels[event.source]} to {labels[event.target]}"
                sentences.append(f"{ends}: {event.text}".replace("\n", " "))
        return "; ".join(sentences)

    def _participant(self, column: _Column) -> str:
        middle = Spot(column.x, self._head / 2)
        box = Box.around(middle, column.width, self._head)
        return svg.rectangle(box, "node", 4) + svg.texts(column.label, middle)

    def _message(self, message: Message) -> None:
        text = message.text
        if self._sequence.numbered:
            self._number += 1
            text = f"{self._number}. {text}"
        lines = wrapped(text, _TEXT_WIDTH) if text else []
        if message.source == message.target:
            self._to_itself(message, lines)
        else:
            self._across(message, lines)
        self._y += _ROW

    def _across(self, message: Message, lines: list[str]) -> None:
        """Draw an arrow to another participant, its text above it."""
        start, end = self._ends(message)
        high = len(lines) * LINE
        middle = Spot((start + end) / 2, self._y + high / 2)
        self._text(lines, middle)
        self._y += high + 6
        step, back = (RIGHT, LEFT) if end > start else (LEFT, RIGHT)
        tail, tip = Spot(start, self._y), Spot(end, self._y)
        spots = [
            arrows.shortened(tail, back, message.tail),
            arrows.shortened(tip, step, message.head),
        ]
        self._above += [
            arrows.head(message.head, tip, step),
            arrows.head(message.tail, tail, back),
            arrows.line(spots, _style(message), upright=False),
        ]

    def _ends(self, message: Message) -> tuple[float, float]:
        """Return where an arrow begins and ends, beside the bars of active participants."""
        start = self._columns[message.source].x
        end = self._columns[message.target].x
        side = 1 if end > start else -1
        start += side * self._half_bar(message.source)
        end -= side * self._half_bar(message.target)
        return start, end

    def _half_bar(self, key: str) -> float:
        return _BAR if self._active.get(key) else 0.0

    def _to_itself(self, message: Message, lines: list[str]) -> None:
        x = self._columns[message.source].x + self._half_bar(message.source)
        high = max(len(lines) * LINE, 22)
        begin = Spot(x, self._y + 4)
        tip = begin.moved(0, high)
        path = svg.Path(begin)
        path.to(begin.moved(_LOOP - _CORNER, 0))
        path.arc(_ROUND, _ROUND, begin.moved(_LOOP, _CORNER), 1)
        path.to(tip.moved(_LOOP, -_CORNER))
        path.arc(_ROUND, _ROUND, tip.moved(_LOOP - _CORNER, 0), 1)
        path.to(arrows.shortened(tip, LEFT, message.head))
        self._above += [
            path.drawn(f"edge {_style(message)}"),
            arrows.head(message.head, tip, LEFT),
        ]
        wide = widest(lines)
        left = x + _LOOP + _CORNER
        self._text(lines, Spot(left + wide / 2, begin.y + high / 2))
        self._stretch(x, left + wide)
        self._y = tip.y

    def _text(self, lines: list[str], middle: Spot) -> None:
        if not lines:
            return
        box = Box.around(middle, widest(lines) + 4, len(lines) * LINE)
        self._above.append(svg.rectangle(box, "paper"))
        self._above.append(svg.texts(lines, middle, "label"))

    def _note(self, note: Note) -> None:
        lines = wrapped(note.text, _NOTE_WIDTH)
        wide = widest(lines) + 2 * _NOTE_PADDING
        columns = [self._columns[key].x for key in note.over]
        first, last = min(columns), max(columns)
        if note.side == "left of":
            left = first - wide - _NOTE_PADDING
        elif note.side == "right of":
            left = last + _NOTE_PADDING
        else:
            wide = max(wide, last - first + 2 * _NOTE_PADDING)
            left = (first + last - wide) / 2
        box = Box(left, self._y, wide, len(lines) * LINE + 12)
        self._stretch(box.left, box.right)
        self._above.append(svg.rectangle(box, "note", 2))
        self._above.append(svg.texts(lines, box.middle))
        self._y = box.bottom + _ROW

    def _begin(self, frame: FrameStart) -> None:
        self._y += 4
        self._frames.append(self._y)
        if frame.kind == "rect":
            return
        left, _ = self._sides()
        name = Box(left, self._y, width(frame.kind) + 16, _FRAME_HEAD)
        self._above += [
            svg.rectangle(name, "frame-name", 0),
            svg.texts([frame.kind], name.middle, "label name"),
        ]
        self._condition(frame.text, Spot(name.right + 8, name.middle.y))
        self._y += _FRAME_HEAD + 6

    def _condition(self, text: str, start: Spot) -> None:
        """Write the condition of a frame, or of a part of one."""
        shown = " ".join(text.split())[:_MAX_CONDITION]
        if shown:
            shown = f"[{shown}]"
        self._above.append(svg.texts([shown], start, "condition"))
        self._stretch(start.x, start.x + width(shown))

    def _stretch(self, left: float, right: float) -> None:
        self._least = min(self._least, left)
        self._most = max(self._most, right)

    def _sides(self) -> tuple[float, float]:
        """Return the sides of the innermost frame."""
        inset = (len(self._frames) - 1) * _INSET
        return self._left + inset, self._right - inset

    def _divide(self, part: FrameElse) -> None:
        left, right = self._sides()
        rule = svg.Path(Spot(left, self._y))
        rule.to(Spot(right, self._y))
        self._above.append(rule.drawn("edge dotted"))
        self._condition(part.text, Spot(left + 10, self._y + 14))
        self._y += 28

    def _end(self) -> None:
        left, right = self._sides()
        top = self._frames.pop()
        box = Box(left, top, right - left, self._y - top)
        self._below.append(svg.rectangle(box, "frame-line", 2))
        self._stretch(left, right)
        self._y += 10

    def _activate(self, activation: Activation) -> None:
        key = activation.participant
        if activation.begins:
            self._active.setdefault(key, []).append(self._y - _ROW)
        elif self._active.get(key):
            self._bar(key)

    def _bar(self, key: str) -> None:
        """Draw the bar of a participant that is no longer active."""
        top = self._active[key].pop()
        outer = len(self._active[key])
        left = self._columns[key].x - _BAR + 3 * outer
        high = max(self._y - _ROW - top, 8.0)
        box = Box(left, top, 2 * _BAR, high)
        self._below.append(svg.rectangle(box, "node active", 0))


def _style(message: Message) -> Line:
    return Line.DOTTED if message.dashed else Line.SOLID


def _box_width(label: list[str]) -> float:
    return max(widest(label), 50.0) + 24


def _columns(sequence: Sequence) -> dict[str, _Column]:
    """Return the columns, far enough apart for the texts between them."""
    labels = {
        key: wrapped(label, _NAME_WIDTH)
        for key, label in sequence.participants.items()
    }
    x = 0.0
    columns = {}
    for (key, label), gap in zip(
        labels.items(), [0.0, *_gaps(sequence, labels)], strict=True
    ):
        x += gap
        columns[key] = _Column(label=label, x=x)
    return columns


def _gaps(sequence: Sequence, labels: dict[str, list[str]]) -> list[float]:
    """Return the distances from each column to the next."""
    widths = [_box_width(label) for label in labels.values()]
    gaps = [(left + right) / 2 + _GAP for left, right in pairwise(widths)]
    for first, last, wide in sorted(_needs(sequence, list(labels))):
        missing = wide - sum(gaps[first:last])
        if missing > 0:
            for number in range(first, last):
                gaps[number] += missing / (last - first)
    return gaps


def _needs(sequence: Sequence, keys: list[str]) -> list[tuple[int, int, float]]:
    """Return how much room each message needs, and between which columns."""
    needs = []
    for event in sequence.events:
        if not isinstance(event, Message):
            continue
        wide = widest(wrapped(f"00. {event.text}", _TEXT_WIDTH)) + 30
        ends = keys.index(event.source), keys.index(event.target)
        first, last = min(ends), max(ends)
        if first == last:
            # A message to itself reaches to the right.
            last = min(first + 1, len(keys) - 1)
            wide += _LOOP + 20
        if first < last:
            needs.append((first, last, wide))
    return needs
