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
from worker.course.site.diagrams.text import Text, wrapped

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

    label: Text
    x: float

    @property
    def width(self) -> float:
        return _box_width(self.label)


class _Canvas:
    def __init__(self, sequence: Sequence) -> None:
        self._sequence = sequence
        self._columns = _columns(sequence)
        columns = list(self._columns.values())
        first = columns[0]
        last = columns[-1]
        self._head = max(column.label.height for column in columns) + 18.0
        self._y = self._head + _ROW
        self._number = 0
        self._below: list[str] = []
        self._above: list[str] = []
        self._frames: list[float] = []
        """The tops of the frames that are open."""
        self._active: dict[str, list[float]] = {}
        """The tops of each participant's bars that are open."""
        self._left = -first.width / 2
        self._right = last.x + last.width / 2
        """How far the drawing reaches."""
        self._frame_left = self._left - _FRAME_MARGIN
        self._frame_right = self._right + _FRAME_MARGIN

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
        for key, tops in self._active.items():
            while tops:
                self._bar(key)
        bottom = self._y + _ROW
        lifelines = ""
        heads = ""
        for column in self._columns.values():
            lifelines += self._lifeline(column, bottom)
            heads += self._participant(column)
        below = "".join(self._below)
        above = "".join(self._above)
        content = lifelines + below + above + heads
        frame = Box(self._left, 0, self._right - self._left, bottom)
        description = self._described()
        return svg.drawing(content, frame, "Sequence diagram", description)

    def _described(self) -> str:
        labels = self._sequence.participants
        sentences = []
        for event in self._sequence.events:
            if isinstance(event, Message):
                source = labels[event.source]
                target = labels[event.target]
                sentence = f"{source} to {target}: {event.text}"
                sentences.append(sentence.replace("\n", " "))
        return "; ".join(sentences)

    def _lifeline(self, column: _Column, bottom: float) -> str:
        path = svg.Path(Spot(column.x, self._head))
        path.to(Spot(column.x, bottom))
        return path.drawn("edge lifeline")

    def _participant(self, column: _Column) -> str:
        middle = Spot(column.x, self._head / 2)
        box = Box.around(middle, column.width, self._head)
        frame = svg.rectangle(box, "node", 4)
        return frame + svg.texts(column.label, middle)

    def _message(self, message: Message) -> None:
        text = message.text
        if self._sequence.numbered:
            self._number += 1
            text = f"{self._number}. {text}"
        label = wrapped(text, _TEXT_WIDTH) if text else Text([])
        if message.source == message.target:
            self._to_itself(message, label)
        else:
            self._across(message, label)
        self._y += _ROW

    def _across(self, message: Message, label: Text) -> None:
        """Draw an arrow to another participant, its text above it."""
        start, end = self._ends(message)
        x = (start + end) / 2
        y = self._y + label.height / 2
        self._label(label, Spot(x, y))
        self._y += label.height + 6
        step = RIGHT if end > start else LEFT
        back = step * -1
        tail = Spot(start, self._y)
        tip = Spot(end, self._y)
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
        source = self._x(message.source)
        target = self._x(message.target)
        source_bar = self._half_bar(message.source)
        target_bar = self._half_bar(message.target)
        if target > source:
            return source + source_bar, target - target_bar
        return source - source_bar, target + target_bar

    def _x(self, key: str) -> float:
        return self._columns[key].x

    def _half_bar(self, key: str) -> float:
        return _BAR if self._active.get(key) else 0.0

    def _to_itself(self, message: Message, label: Text) -> None:
        source = message.source
        x = self._x(source) + self._half_bar(source)
        height = max(label.height, 22)
        begin = Spot(x, self._y + 4)
        tip = begin.down(height)
        self._above += [
            _half_round(begin, tip, message),
            arrows.head(message.head, tip, LEFT),
        ]
        left = x + _LOOP + _CORNER
        x_middle = left + label.width / 2
        y_middle = begin.y + height / 2
        self._label(label, Spot(x_middle, y_middle))
        self._stretch(x, left + label.width)
        self._y = tip.y

    def _label(self, label: Text, middle: Spot) -> None:
        if not label.lines:
            return
        box = Box.around(middle, label.width + 4, label.height)
        self._above += [
            svg.rectangle(box, "paper"),
            svg.texts(label, middle, "label"),
        ]

    def _note(self, note: Note) -> None:
        text = wrapped(note.text, _NOTE_WIDTH)
        left, width = self._place(note, text)
        box = Box(left, self._y, width, text.height + 12)
        self._above += [
            svg.rectangle(box, "note", 2),
            svg.texts(text, box.middle),
        ]
        self._stretch(box.left, box.right)
        self._y = box.bottom + _ROW

    def _place(self, note: Note, text: Text) -> tuple[float, float]:
        """Return the left side and the width of a note."""
        width = text.width + 2 * _NOTE_PADDING
        columns = list(map(self._x, note.over))
        first = min(columns)
        last = max(columns)
        if note.side == "left of":
            return first - width - _NOTE_PADDING, width
        if note.side == "right of":
            return last + _NOTE_PADDING, width
        width = max(width, last - first + 2 * _NOTE_PADDING)
        left = (first + last - width) / 2
        return left, width

    def _begin(self, frame: FrameStart) -> None:
        self._y += 4
        self._frames.append(self._y)
        if frame.kind == "rect":
            return
        left, _ = self._sides()
        kind = Text([frame.kind])
        name = Box(left, self._y, kind.width + 16, _FRAME_HEAD)
        self._above += [
            svg.rectangle(name, "frame-name", 0),
            svg.texts(kind, name.middle, "label name"),
        ]
        start = Spot(name.right + 8, name.middle.y)
        self._condition(frame.text, start)
        self._y += _FRAME_HEAD + 6

    def _condition(self, text: str, start: Spot) -> None:
        """Write the condition of a frame, or of a part of one."""
        condition = " ".join(text.split())[:_MAX_CONDITION]
        if condition:
            condition = f"[{condition}]"
        written = Text([condition])
        self._above.append(svg.texts(written, start, "condition"))
        self._stretch(start.x, start.x + written.width)

    def _stretch(self, left: float, right: float) -> None:
        """Let the drawing reach as far as what is drawn."""
        self._left = min(self._left, left)
        self._right = max(self._right, right)

    def _sides(self) -> tuple[float, float]:
        """Return the sides of the innermost frame."""
        outer = len(self._frames) - 1
        inset = outer * _INSET
        return self._frame_left + inset, self._frame_right - inset

    def _divide(self, part: FrameElse) -> None:
        left, right = self._sides()
        rule = svg.Path(Spot(left, self._y))
        rule.to(Spot(right, self._y))
        self._above.append(rule.drawn("edge dotted"))
        start = Spot(left + 10, self._y + 14)
        self._condition(part.text, start)
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
            top = self._y - _ROW
            self._active.setdefault(key, []).append(top)
        elif self._active.get(key):
            self._bar(key)

    def _bar(self, key: str) -> None:
        """Draw the bar of a participant that is no longer active."""
        tops = self._active[key]
        top = tops.pop()
        outer_bars = len(tops)
        left = self._x(key) - _BAR + 3 * outer_bars
        bottom = self._y - _ROW
        height = max(bottom - top, 8.0)
        box = Box(left, top, 2 * _BAR, height)
        self._below.append(svg.rectangle(box, "node active", 0))


def _half_round(begin: Spot, tip: Spot, message: Message) -> str:
    """Return the line of a message to the participant itself, with two round corners."""
    round_corner = Spot(_ROUND, _ROUND)
    before_corner = _LOOP - _CORNER
    upper_right = begin.right(_LOOP)
    lower_right = tip.right(_LOOP)
    end = arrows.shortened(tip, LEFT, message.head)
    path = svg.Path(begin)
    path.to(begin.right(before_corner))
    path.arc(round_corner, upper_right.down(_CORNER), 1)
    path.to(lower_right.down(-_CORNER))
    path.arc(round_corner, tip.right(before_corner), 1)
    path.to(end)
    return path.drawn(f"edge {_style(message)}")


def _style(message: Message) -> Line:
    return Line.DOTTED if message.dashed else Line.SOLID


def _box_width(label: Text) -> float:
    return max(label.width, 50.0) + 24


def _columns(sequence: Sequence) -> dict[str, _Column]:
    """Return the columns, far enough apart for the texts between them."""
    labels = {
        key: wrapped(label, _NAME_WIDTH)
        for key, label in sequence.participants.items()
    }
    gaps = [0.0, *_gaps(sequence, labels)]
    x = 0.0
    columns = {}
    for (key, label), gap in zip(labels.items(), gaps, strict=True):
        x += gap
        columns[key] = _Column(label=label, x=x)
    return columns


@dataclass(frozen=True, order=True, slots=True)
class _Need:
    """How much room a message needs between two columns, by their numbers."""

    first: int
    last: int
    width: float


def _gaps(sequence: Sequence, labels: dict[str, Text]) -> list[float]:
    """Return the distances from each column to the next."""
    widths = map(_box_width, labels.values())
    gaps = [(left + right) / 2 + _GAP for left, right in pairwise(widths)]
    needs = _needs(sequence, list(labels))
    for need in sorted(needs):
        _widen(gaps, need)
    return gaps


def _widen(gaps: list[float], need: _Need) -> None:
    """Make the gaps between two columns as wide together as a message needs."""
    present = sum(gaps[need.first : need.last])
    missing = need.width - present
    if missing <= 0:
        return
    share = missing / (need.last - need.first)
    for number in range(need.first, need.last):
        gaps[number] += share


def _needs(sequence: Sequence, keys: list[str]) -> list[_Need]:
    needs = []
    for event in sequence.events:
        if not isinstance(event, Message):
            continue
        label = wrapped(f"00. {event.text}", _TEXT_WIDTH)
        width = label.width + 30
        source = keys.index(event.source)
        target = keys.index(event.target)
        first = min(source, target)
        last = max(source, target)
        if first == last:
            # A message to itself reaches to the right.
            last = min(first + 1, len(keys) - 1)
            width += _LOOP + 20
        if first < last:
            needs.append(_Need(first, last, width))
    return needs
