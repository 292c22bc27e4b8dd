"""Reads Mermaid's sequence diagrams."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from worker.course.site.diagrams.graph import DiagramError, Head
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
_IGNORED: Final = re.compile(
    r"(?:title|accTitle|accDescr|links?|properties|details)\b"
)
_HEADS: Final = {">>": Head.ARROW, ")": Head.ARROW, "x": Head.CROSS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """An arrow from one participant to another."""

    source: str
    target: str
    text: str
    dashed: bool
    head: Head
    tail: Head = Head.NONE


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A note over, or beside, participants."""

    over: tuple[str, ...]
    side: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameStart:
    """The beginning of a loop or another frame."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameElse:
    """The next part of a frame."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameEnd:
    """The end of a frame."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Activation:
    """A participant begins, or ends, to be active."""

    participant: str
    begins: bool


Event = Message | Note | FrameStart | FrameElse | FrameEnd | Activation


@dataclass(kw_only=True, slots=True)
class Sequence:
    """Participants with their labels, and what happens between them."""

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
        """The frames and boxes that are not closed."""

    def sequence(self) -> Sequence:
        sequence = self._sequence
        if not sequence.participants:
            raise DiagramError("it has no participants")
        if len(sequence.participants) > MAX_PARTICIPANTS:
            count = len(sequence.participants)
            raise DiagramError(f"it has {count} participants")
        if len(sequence.events) > MAX_EVENTS:
            raise DiagramError(f"it has {len(sequence.events)} events")
        for kind in reversed(self._open):
            if kind != "box":
                sequence.events.append(FrameEnd())
        return sequence

    def take(self, line: str) -> None:
        if _IGNORED.match(line):
            return
        if re.match(r"autonumber\b", line):
            self._sequence.numbered = True
        elif found := _PARTICIPANT.fullmatch(line):
            key = found[1].strip()
            self._sequence.participants[key] = plain(found[2] or key)
        elif line == "end":
            self._end()
        elif not self._frame(line):
            self._event(line)

    def _frame(self, line: str) -> bool:
        """Read a line that begins, or divides, a frame."""
        if len(self._open) > _MAX_DEPTH:
            raise DiagramError("its frames are nested too deeply")
        if found := _FRAME.fullmatch(line):
            self._open.append(found[1])
            text = "" if found[1] == "rect" else plain(found[2])
            self._add(FrameStart(kind=found[1], text=text))
            return True
        if found := _ELSE.fullmatch(line):
            if self._open:
                self._add(FrameElse(text=plain(found[1])))
            return True
        if _BOX.fullmatch(line):
            self._open.append("box")
            return True
        return False

    def _end(self) -> None:
        if not self._open:
            raise DiagramError("it has an `end` too many")
        if self._open.pop() != "box":
            self._add(FrameEnd())

    def _event(self, line: str) -> None:
        if found := _ACTIVE.fullmatch(line):
            key, begins = found[2].strip(), found[1] == "activate"
            self._meet(key)
            if found[1] != "destroy":
                self._add(Activation(participant=key, begins=begins))
        elif found := _NOTE.fullmatch(line):
            self._note(found)
        elif found := _ARROW.fullmatch(line):
            self._message(found)
        else:
            raise DiagramError(f"`{line[:30]}` is not understood")

    def _note(self, found: re.Match[str]) -> None:
        over = tuple(key.strip() for key in found["over"].split(","))
        for key in over:
            self._meet(key)
        side, text = found["side"].lower(), plain(found["text"])
        self._add(Note(over=over, side=side, text=text))

    def _message(self, found: re.Match[str]) -> None:
        source, target = found["source"].strip(), found["target"].strip()
        self._meet(source)
        self._meet(target)
        message = Message(
            source=source,
            target=target,
            text=plain(found["text"] or ""),
            dashed=found["line"] == "--",
            head=_HEADS.get(found["head"], Head.NONE),
            tail=Head.ARROW if found["both"] else Head.NONE,
        )
        self._add(message)
        if found["mark"]:
            begins = found["mark"] == "+"
            key = target if begins else source
            self._add(Activation(participant=key, begins=begins))

    def _meet(self, key: str) -> None:
        self._sequence.participants.setdefault(key, plain(key))

    def _add(self, event: Event) -> None:
        self._sequence.events.append(event)
