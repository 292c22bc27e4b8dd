"""Reads Mermaid's sequence diagrams."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from worker.course.site.diagrams.graph import (
    DiagramError,
    Head,
    not_understood,
)
from worker.course.site.diagrams.text import plain

HEADER: Final = re.compile(r"sequenceDiagram\b")
MAX_EVENTS: Final = 160
MAX_PARTICIPANTS: Final = 16
_MAX_DEPTH: Final = 12
_PARTICIPANT: Final = re.compile(
    r"(?:create\s+)?(?:participant|actor)\s+(\S.*?)(?:\s+as\s+(.*))?"
)
_ARROW: Final = re.compile(
    r"(?P<source>[^+<>:;,]+?)\s*(?P<both><<)?(?P<line>--?)(?P<head>>>|>|x|\))"
    r"\s*(?P<mark>[+-]?)\s*(?P<target>[^+<>:;,]+?)\s*(?::\s*(?P<text>.*))?"
)
_NOTE: Final = re.compile(
    r"note\s+(?P<side>over|left of|right of)\s+(?P<over>[^:]+?)\s*:\s*(?P<text>.*)",
    re.IGNORECASE,
)
_FRAME: Final = re.compile(r"(loop|alt|opt|par|critical|break|rect)\b\s*(.*)")
_ELSE: Final = re.compile(r"(?:else|and|option)\b\s*(.*)")
_ACTIVE: Final = re.compile(r"(activate|deactivate|destroy)\s+(.+)")
_BOX: Final = re.compile(r"box\b.*")
_AUTONUMBER: Final = re.compile(r"autonumber\b")
_IGNORED: Final = re.compile(
    r"(?:title|accTitle|accDescr|links?|properties|details)\b"
)
_HEADS: Final = {">>": Head.ARROW, ")": Head.ARROW, "x": Head.CROSS}


class Message(NamedTuple):
    """An arrow from one participant to another."""

    source: str
    target: str
    text: str
    dashed: bool
    head: Head
    tail: Head = Head.NONE


class Note(NamedTuple):
    """A note over, or beside, participants."""

    over: tuple[str, ...]
    side: str
    text: str


class FrameStart(NamedTuple):
    """The beginning of a loop or another frame."""

    kind: str
    text: str


class FrameElse(NamedTuple):
    """The next part of a frame."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameEnd:
    """The end of a frame."""


class Activation(NamedTuple):
    """A participant becomes active, or stops being active."""

    participant: str
    begins: bool


Event = Message | Note | FrameStart | FrameElse | FrameEnd | Activation


@dataclass(kw_only=True, slots=True)
class Sequence:
    """Participants with their labels, and the events between them."""

    participants: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    numbered: bool = False


def read(lines: Iterable[str]) -> Sequence:
    """Read the lines below the header, or raise DiagramError."""
    reader = _Reader()
    for line in lines:
        reader.take(line.rstrip(";"))
    return reader.sequence()


class _Reader:
    def __init__(self) -> None:
        self._sequence = Sequence()
        self._open: list[str] = []
        """The open frames and boxes."""

    def sequence(self) -> Sequence:
        sequence = self._sequence
        participants = len(sequence.participants)
        events = len(sequence.events)
        if not participants:
            raise DiagramError("it has no participants")
        if participants > MAX_PARTICIPANTS:
            raise DiagramError(f"it has {participants} participants")
        if events > MAX_EVENTS:
            raise DiagramError(f"it has {events} events")
        for kind in self._open:
            if kind != "box":
                self._add(FrameEnd())
        return sequence

    def take(self, line: str) -> None:
        if _IGNORED.match(line):
            return
        if _AUTONUMBER.match(line):
            self._sequence.numbered = True
        elif participant := _PARTICIPANT.fullmatch(line):
            self._participant(participant)
        elif line == "end":
            self._end()
        elif not self._frame(line):
            self._event(line)

    def _participant(self, participant: re.Match[str]) -> None:
        key = participant[1].strip()
        label = plain(participant[2] or key)
        self._sequence.participants[key] = label

    def _frame(self, line: str) -> bool:
        """Read a line that begins or divides a frame."""
        if len(self._open) > _MAX_DEPTH:
            raise DiagramError("its frames are nested too deeply")
        if frame := _FRAME.fullmatch(line):
            self._begin(*frame.groups())
            return True
        if part := _ELSE.fullmatch(line):
            if self._open:
                text = plain(part[1])
                self._add(FrameElse(text=text))
            return True
        if _BOX.fullmatch(line):
            self._open.append("box")
            return True
        return False

    def _begin(self, kind: str, text: str) -> None:
        self._open.append(kind)
        condition = ""
        if kind != "rect":
            condition = plain(text)
        self._add(FrameStart(kind=kind, text=condition))

    def _end(self) -> None:
        if not self._open:
            raise DiagramError("it has an `end` too many")
        kind = self._open.pop()
        if kind != "box":
            self._add(FrameEnd())

    def _event(self, line: str) -> None:
        if activation := _ACTIVE.fullmatch(line):
            self._activation(*activation.groups())
        elif note := _NOTE.fullmatch(line):
            self._note(note)
        elif arrow := _ARROW.fullmatch(line):
            self._message(arrow)
        else:
            raise not_understood(line)

    def _activation(self, verb: str, participant: str) -> None:
        key = participant.strip()
        self._meet(key)
        if verb != "destroy":
            begins = verb == "activate"
            self._add(Activation(participant=key, begins=begins))

    def _note(self, note: re.Match[str]) -> None:
        keys = note["over"].split(",")
        over = []
        for key in keys:
            participant = key.strip()
            self._meet(participant)
            over.append(participant)
        side = note["side"].lower()
        text = plain(note["text"])
        self._add(Note(over=tuple(over), side=side, text=text))

    def _message(self, arrow: re.Match[str]) -> None:
        source = arrow["source"].strip()
        target = arrow["target"].strip()
        self._meet(source)
        self._meet(target)
        tail = Head.NONE
        if arrow["both"]:
            tail = Head.ARROW
        message = Message(
            source=source,
            target=target,
            text=plain(arrow["text"] or ""),
            dashed=arrow["line"] == "--",
            head=_HEADS.get(arrow["head"], Head.NONE),
            tail=tail,
        )
        self._add(message)
        mark = arrow["mark"]
        if mark == "+":
            self._add(Activation(participant=target, begins=True))
        elif mark == "-":
            self._add(Activation(participant=source, begins=False))

    def _meet(self, key: str) -> None:
        label = plain(key)
        self._sequence.participants.setdefault(key, label)

    def _add(self, event: Event) -> None:
        self._sequence.events.append(event)
