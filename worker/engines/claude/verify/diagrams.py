"""Checks the arrows of a diagram: relations or calls in the source, or a model's composition."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from worker.engines.claude import drawings
from worker.engines.claude.material import relation_ends
from worker.engines.claude.verify import composed
from worker.engines.claude.verify.composed import plain
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.course import CourseFacts

_BOX: Final = re.compile(r"  (?P<id>n\d+)\[\"(?P<label>.*)\"\]")
_ARROW: Final = re.compile(
    r"  (?P<source>n\d+) -->\|(?P<text>[a-z ]+)\| (?P<target>n\d+)"
)
_PARTICIPANT: Final = re.compile(r"  participant (?P<id>p\d+) as (?P<label>.*)")
_MESSAGE: Final = re.compile(
    r"  (?P<source>p\d+)->>(?P<target>p\d+): (?P<text>.*)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Arrow:
    """An arrow or a message, with labels as they are shown."""

    source: str
    text: str
    target: str


class DiagramChecker:
    """Checks the diagrams that this engine draws."""

    def __init__(self, facts: CourseFacts) -> None:
        """Prepare; relations and calls are collected when they are first needed."""
        self._facts: Final = facts

    def faults(self, diagram: str) -> Iterator[str]:
        """Yield the faults of a diagram, one line each."""
        shape = mermaid.fault(diagram)
        if shape is not None:
            yield shape
            return
        lines = diagram.split("\n")
        kind = lines[0]
        if kind == mermaid.COMPOSED:
            yield from composed.faults(diagram)
        elif kind == "sequenceDiagram":
            yield from self._message_faults(lines)
        elif kind.startswith("flowchart"):
            yield from self._arrow_faults(lines)

    def _arrow_faults(self, lines: Sequence[str]) -> Iterator[str]:
        for arrow in _arrows(lines, _BOX, _ARROW):
            # guard: verifier: an arrow must be a relation of the source
            if arrow not in self._relations:
                yield f"it is not so that {arrow.source} {arrow.text} {arrow.target}"

    def _message_faults(self, lines: Sequence[str]) -> Iterator[str]:
        for message in _arrows(lines, _PARTICIPANT, _MESSAGE):
            # guard: verifier: a message must be a call of the source
            if message not in self._calls:
                yield f"{message.source} does not call {message.text} of {message.target}"

    @cached_property
    def _relations(self) -> frozenset[_Arrow]:
        arrows: set[_Arrow] = set()
        for relation in self._facts.analysis.relations:
            source, target = relation_ends(self._facts, relation)
            arrow = _Arrow(
                source=_shown(source),
                text=str(relation.verb),
                target=_shown(target),
            )
            arrows.add(arrow)
        return frozenset(arrows)

    @cached_property
    def _calls(self) -> frozenset[_Arrow]:
        arrows: set[_Arrow] = set()
        definitions = self._facts.definitions
        for reference in self._facts.analysis.references:
            if reference.source is None:
                continue
            called = definitions[reference.target]
            beginning = drawings.beginning(definitions[reference.source])
            for source in (
                self._participant(reference.source),
                _shown(beginning),
            ):
                call = _Arrow(
                    source=source,
                    text=_shown(drawings.message(called)),
                    target=self._participant(reference.target),
                )
                arrows.add(call)
        return frozenset(arrows)

    def _participant(self, index: int) -> str:
        definition = self._facts.definitions[index]
        name = drawings.participant(self._facts, definition)
        return _shown(name)


def _arrows(
    lines: Sequence[str],
    ends: re.Pattern[str],
    arrows: re.Pattern[str],
) -> Iterator[_Arrow]:
    """Yield the arrows of a diagram, with the labels at their ends."""
    labels: dict[str, str] = {}
    for end in map(ends.fullmatch, lines):
        if end is not None:
            labels[end["id"]] = plain(end["label"])
    for arrow in map(arrows.fullmatch, lines):
        if arrow is not None:
            yield _Arrow(
                source=labels[arrow["source"]],
                text=plain(arrow["text"]),
                target=labels[arrow["target"]],
            )


def _shown(name: str) -> str:
    """Return a name in the form that a diagram shows."""
    return plain(mermaid.label(name))
