"""Draws sequence diagrams: a column for each participant, a row for each event."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from worker.course.site.diagrams import arrows, svg
from worker.course.site.diagrams.arrows import End
from worker.course.site.diagrams.geometry import LEFT, RIGHT, Box, Extent, Spot
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
from worker.course.site.diagrams.sequence_columns import (
    LOOP,
    TEXT_WIDTH,
    Column,
    columns,
)
from worker.course.site.diagrams.text import Text, wrapped

_ROW: Final = 14.0
_NAME_PADDING: Final = 18.0
_NOTE_WIDTH: Final = 170.0
_NOTE_PADDING: Final = 10.0
_LABEL_PADDING: Final = 4
_CORNER: Final = 8.0
_ROUND: Final = Spot(_CORNER, _CORNER) * 2
_BAR: Final = 5.0
"""Half the width of the bar that shows that a participant is active."""
_BAR_STEP: Final = 3
"""How far a bar lies to the right of the one around it."""
_LEAST_BAR: Final = 8.0
_FRAME_MARGIN: Final = 12.0
_INSET: Final = 6.0
"""How much narrower a frame is than the one around it."""
_FRAME_HEAD: Final = 20.0
_MAX_CONDITION: Final = 80


def draw(sequence: Sequence) -> str:
    canvas = _Canvas(sequence)
    for event in sequence.events:
        canvas.take(event)
    return canvas.drawn()


class _Canvas:
    def __init__(self, sequence: Sequence) -> None:
        self._sequence = sequence
        self._columns = columns(sequence)
        placed = list(self._columns.values())
        left = placed[0].sides
        right = placed[-1].sides
        self._head = _head_height(placed)
        self._y = self._head + _ROW
        self._number = 0
        self._below: list[str] = []
        self._above: list[str] = []
        self._frames: list[float] = []
        """The tops of the open frames."""
        self._active: dict[str, list[float]] = {}
        """The tops of each participant's open bars."""
        self._reach = left.including(right)
        """The horizontal extent of the drawing."""
        self._outermost = self._reach.wider(_FRAME_MARGIN)
        """The sides of an outermost frame."""

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
        lifelines = []
        heads = []
        for column in self._columns.values():
            lifeline = self._lifeline(column, bottom)
            lifelines.append(lifeline)
            head = self._participant(column)
            heads.append(head)
        layers = (lifelines, self._below, self._above, heads)
        content = "".join(chain.from_iterable(layers))
        frame = self._reach.box(0, bottom)
        description = _described(self._sequence)
        return svg.drawing(content, frame, "Sequence diagram", description)

    def _lifeline(self, column: Column, bottom: float) -> str:
        begin = Spot(column.x, self._head)
        end = Spot(column.x, bottom)
        path = svg.Path(begin)
        path.to(end)
        return path.drawn("edge lifeline")

    def _participant(self, column: Column) -> str:
        head = self._head
        middle = Spot(column.x, head / 2)
        box = Box.around(middle, column.width, head)
        drawn = svg.rectangle(box, "node", 4)
        drawn += svg.texts(column.label, middle)
        return drawn

    def _message(self, message: Message) -> None:
        text = message.text
        if self._sequence.numbered:
            self._number += 1
            text = f"{self._number}. {text}"
        label = Text([])
        if text:
            label = wrapped(text, TEXT_WIDTH)
        if message.source == message.target:
            self._to_itself(message, label)
        else:
            self._across(message, label)
        self._y += _ROW

    def _across(self, message: Message, label: Text) -> None:
        """Draw an arrow to another participant, with its text above it."""
        half = label.height / 2
        y = self._y + half
        self._y += label.height + 6
        begin, end = self._ends(message)
        sides = Extent(begin.tip.x, end.tip.x)
        middle = Spot(sides.middle, y)
        self._label(label, middle)
        spots = [begin.line_end, end.line_end]
        style = _style(message)
        line = arrows.line(spots, style, upright=False)
        heads = [end.drawn(), begin.drawn()]
        self._above += [*heads, line]

    def _ends(self, message: Message) -> tuple[End, End]:
        """Return where an arrow begins and ends, beside the bars of active participants."""
        source = self._sides(message.source)
        target = self._sides(message.target)
        step = RIGHT
        begin = source.right
        end = target.left
        if target.middle < source.middle:
            step = LEFT
            begin = source.left
            end = target.right
        tail = End(
            tip=Spot(begin, self._y),
            step=step * -1,
            head=message.tail,
        )
        head = End(
            tip=Spot(end, self._y),
            step=step,
            head=message.head,
        )
        return tail, head

    def _sides(self, key: str) -> Extent:
        """Return the sides of a lifeline, or of a participant's bar."""
        column = self._columns[key]
        width = 0.0
        if self._active.get(key):
            width = 2 * _BAR
        return Extent.around(column.x, width)

    def _to_itself(self, message: Message, label: Text) -> None:
        lifeline = self._sides(message.source)
        top = self._y + 4
        begin = Spot(lifeline.right, top)
        height = max(label.height, 22)
        tip = begin.down(height)
        end = End(tip=tip, step=LEFT, head=message.head)
        style = _style(message)
        loop = _half_round(begin, end, style)
        self._above += [loop, end.drawn()]
        beyond = begin.right(LOOP)
        beside = beyond.right(_CORNER)
        box = Box.at(beside, label.width, height)
        self._label(label, box.middle)
        self._stretch(box.sides)
        self._y = tip.y

    def _label(self, label: Text, middle: Spot) -> None:
        if label.lines:
            drawn = svg.label(label, middle, _LABEL_PADDING)
            self._above.append(drawn)

    def _note(self, note: Note) -> None:
        text = wrapped(note.text, _NOTE_WIDTH)
        left, width = self._place(note, text)
        box = Box(
            left=left,
            top=self._y,
            width=width,
            height=text.height + 12,
        )
        frame = svg.rectangle(box, "note", 2)
        written = svg.texts(text, box.middle)
        self._above += [frame, written]
        self._stretch(box.sides)
        self._y = box.bottom + _ROW

    def _place(self, note: Note, text: Text) -> tuple[float, float]:
        """Return the left side and the width of a note."""
        width = text.width + 2 * _NOTE_PADDING
        places = [self._columns[key].x for key in note.over]
        first = min(places)
        last = max(places)
        over = Extent(first, last)
        if note.side == "left of":
            left = over.left - width
            return left - _NOTE_PADDING, width
        if note.side == "right of":
            return over.right + _NOTE_PADDING, width
        least = over.width + 2 * _NOTE_PADDING
        width = max(width, least)
        left = (over.left + over.right - width) / 2
        return left, width

    def _begin(self, frame: FrameStart) -> None:
        self._y += 4
        top = self._y
        self._frames.append(top)
        if frame.kind == "rect":
            return
        kind = Text([frame.kind])
        sides = self._frame_sides()
        box = Box(
            left=sides.left,
            top=top,
            width=kind.width + 16,
            height=_FRAME_HEAD,
        )
        middle = box.middle
        ground = svg.rectangle(box, "frame-name", 0)
        name = svg.texts(kind, middle, "label name")
        self._above += [ground, name]
        condition = Spot(box.right + 8, middle.y)
        self._condition(frame.text, condition)
        self._y += _FRAME_HEAD + 6

    def _condition(self, text: str, start: Spot) -> None:
        """Write the condition of a frame, or of a part of one."""
        words = text.split()
        condition = " ".join(words)[:_MAX_CONDITION]
        if condition:
            condition = f"[{condition}]"
        written = Text([condition])
        drawn = svg.texts(written, start, "condition")
        self._above.append(drawn)
        end = start.x + written.width
        self._stretch(Extent(start.x, end))

    def _stretch(self, drawn: Extent) -> None:
        """Extend the drawing to include an element."""
        self._reach = self._reach.including(drawn)

    def _frame_sides(self) -> Extent:
        """Return the sides of the innermost frame."""
        outer = len(self._frames) - 1
        inset = outer * _INSET
        return self._outermost.wider(-inset)

    def _divide(self, part: FrameElse) -> None:
        sides = self._frame_sides()
        start = Spot(sides.left, self._y)
        end = Spot(sides.right, self._y)
        rule = svg.Path(start)
        rule.to(end)
        drawn = rule.drawn("edge dotted")
        self._above.append(drawn)
        condition = start.right(10).down(14)
        self._condition(part.text, condition)
        self._y += 28

    def _end(self) -> None:
        sides = self._frame_sides()
        top = self._frames.pop()
        box = sides.box(top, self._y)
        frame = svg.rectangle(box, "frame-line", 2)
        self._below.append(frame)
        self._stretch(sides)
        self._y += 10

    def _activate(self, activation: Activation) -> None:
        key = activation.participant
        if activation.begins:
            top = self._y - _ROW
            tops = self._active.setdefault(key, [])
            tops.append(top)
        elif self._active.get(key):
            self._bar(key)

    def _bar(self, key: str) -> None:
        """Draw the bar of a participant that stops being active."""
        tops = self._active[key]
        top = tops.pop()
        bottom = self._y - _ROW
        height = max(bottom - top, _LEAST_BAR)
        column = self._columns[key]
        outer_bars = len(tops)
        inset = _BAR_STEP * outer_bars
        left = column.x - _BAR + inset
        box = Box(
            left=left,
            top=top,
            width=2 * _BAR,
            height=height,
        )
        bar = svg.rectangle(box, "node active", 0)
        self._below.append(bar)


def _half_round(begin: Spot, end: End, style: Line) -> str:
    """Return the line of a message to oneself, with two round corners."""
    tip = end.tip
    before_corner = LOOP - _CORNER
    upper_right = begin.right(LOOP)
    lower_right = tip.right(LOOP)
    after_corner = upper_right.down(_CORNER)
    before_lower_corner = lower_right.down(-_CORNER)
    after_lower_corner = tip.right(before_corner)
    path = svg.Path(begin)
    path.to(begin.right(before_corner))
    path.arc(_ROUND, after_corner, 1)
    path.to(before_lower_corner)
    path.arc(_ROUND, after_lower_corner, 1)
    path.to(end.line_end)
    return path.drawn(f"edge {style}")


def _style(message: Message) -> Line:
    if message.dashed:
        return Line.DOTTED
    return Line.SOLID


def _head_height(placed: Iterable[Column]) -> float:
    highest = max(column.label.height for column in placed)
    return highest + _NAME_PADDING


def _described(sequence: Sequence) -> str:
    names = sequence.participants
    sentences = []
    for event in sequence.events:
        if isinstance(event, Message):
            source = names[event.source]
            target = names[event.target]
            sentence = f"{source} to {target}: {event.text}"
            sentences.append(sentence.replace("\n", " "))
    return "; ".join(sentences)
