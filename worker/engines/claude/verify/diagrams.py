"""Checks the arrows of a diagram: each must be a relation or a call of the source."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import Final

from worker.engines.claude import drawings
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.course import CourseFacts

_BOX: Final = re.compile(r"  (?P<id>n\d+)\[\"(?P<label>.*)\"\]")
_ARROW: Final = re.compile(
    r"  (?P<source>n\d+) -->\|(?P<verb>[a-z ]+)\| (?P<target>n\d+)"
)
_PARTICIPANT: Final = re.compile(r"  participant (?P<id>p\d+) as (?P<label>.*)")
_MESSAGE: Final = re.compile(
    r"  (?P<source>p\d+)->>(?P<target>p\d+): (?P<text>.*)"
)
_ENTITY: Final = re.compile(r"#(\d+);")


class DiagramChecker:
    """Checks the diagrams that this engine draws."""

    def __init__(self, facts: CourseFacts) -> None:
        """Collect relations and calls when they are first asked for."""
        self._facts: Final = facts
        self._relations = lru_cache(1)(self._read_relations)
        self._calls = lru_cache(1)(self._read_calls)

    def faults(self, diagram: str) -> Iterator[str]:
        """Yield what is wrong with a diagram, a line each."""
        shape = mermaid.fault(diagram)
        if shape is not None:
            yield shape
            return
        lines = diagram.split("\n")
        if lines[0] == "sequenceDiagram":
            yield from self._messages(lines)
        elif lines[0].startswith("flowchart"):
            yield from self._arrows(lines)

    def _arrows(self, lines: list[str]) -> Iterator[str]:
        labels = _labels(_BOX, lines)
        for line in lines:
            match = _ARROW.fullmatch(line)
            if match is None:
                continue
            source, target = labels[match["source"]], labels[match["target"]]
            # guard: verifier: an arrow must be a relation of the source
            if (source, match["verb"], target) not in self._relations():
                yield f"it is not so that {source} {match['verb']} {target}"

    def _messages(self, lines: list[str]) -> Iterator[str]:
        labels = _labels(_PARTICIPANT, lines)
        for line in lines:
            match = _MESSAGE.fullmatch(line)
            if match is None:
                continue
            source, target = labels[match["source"]], labels[match["target"]]
            text = _plain(match["text"])
            # guard: verifier: a message must be a call of the source
            if (source, target, text) not in self._calls():
                yield f"{source} does not call {text} of {target}"

    def _read_relations(self) -> frozenset[tuple[str, str, str]]:
        relations = set()
        for relation in self._facts.analysis.relations:
            source, target = drawings.relation_ends(self._facts, relation)
            relations.add((_shown(source), str(relation.verb), _shown(target)))
        return frozenset(relations)

    def _read_calls(self) -> frozenset[tuple[str, str, str]]:
        calls = set()
        for reference in self._facts.analysis.references:
            if reference.source is None:
                continue
            caller = self._facts.definitions[reference.source]
            called = self._facts.definitions[reference.target]
            calls.add(
                (
                    _shown(drawings.participant(self._facts, caller)),
                    _shown(drawings.participant(self._facts, called)),
                    _shown(drawings.message(called)),
                )
            )
        return frozenset(calls)


def _labels(pattern: re.Pattern[str], lines: list[str]) -> dict[str, str]:
    return {
        match["id"]: _plain(match["label"])
        for line in lines
        if (match := pattern.fullmatch(line)) is not None
    }


def _shown(name: str) -> str:
    """Return a name as a diagram shows it."""
    return _plain(mermaid.label(name))


def _plain(label: str) -> str:
    """Return a label with its characters instead of their numbers."""
    return unescape(_ENTITY.sub(lambda match: chr(int(match[1])), label))
