"""Draws existing relations and calls, with the source's names, and a model's own drawings."""

from collections.abc import Iterator, Sequence
from typing import Final

from worker.course.parts import largest_part
from worker.engines.claude.blocks import Drawing
from worker.engines.claude.material import CallSite, relation_ends
from worker.engines.static.facts import Definition, Relation
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.pages.mermaid import FlowEdge, SequenceMessage

_FEWEST: Final = 3
"""The fewest calls that are worth a drawing."""


def of_relations(facts: CourseFacts, relations: Sequence[Relation]) -> str:
    """Draw relations as arrows with their verbs; return nothing if they are not connected."""
    labels = _Labels()
    edges: list[FlowEdge] = []
    for relation in relations:
        source, target = relation_ends(facts, relation)
        edge = FlowEdge(
            source=labels.position(source),
            target=labels.position(target),
            label=str(relation.verb),
        )
        if edge not in edges:
            edges.append(edge)
    pairs = []
    for edge in edges:
        pair = (edge.source, edge.target)
        pairs.append(pair)
    connected = largest_part(pairs)
    if not edges or len(connected) < len(edges):
        return ""
    return mermaid.flowchart(labels.in_order, edges)


def composed(drawing: Drawing) -> str:
    """Draw what a model composed; return nothing if an arrow's end is missing or ambiguous."""
    ids = [node.id for node in drawing.nodes]
    texts = []
    for node in drawing.nodes:
        text = unquoted(node.text)
        texts.append(text)
    edges: list[FlowEdge] = []
    for arrow in drawing.arrows:
        if {ids.count(arrow.source), ids.count(arrow.target)} != {1}:
            return ""
        edge = FlowEdge(
            source=ids.index(arrow.source),
            target=ids.index(arrow.target),
            label=unquoted(arrow.text),
        )
        edges.append(edge)
    if not edges:
        return ""
    return mermaid.composed(texts, edges)


def unquoted(text: str) -> str:
    """Return a text without the backquotes around names, which drawings do not show."""
    return text.replace("`", "")


class _Labels:
    """Numbers labels in the order of their first use."""

    def __init__(self) -> None:
        self.in_order: Final[list[str]] = []

    def position(self, label: str) -> int:
        if label not in self.in_order:
            self.in_order.append(label)
        return self.in_order.index(label)


def of_calls(facts: CourseFacts, sites: Sequence[CallSite]) -> str:
    """Draw calls as messages between types, or files, starting from the first function.

    A type's calls of itself are left out, and so are calls that no earlier call leads to. If fewer
    than three calls are left, there is no drawing.
    """
    between = [site for site in _chained(sites) if _ends_apart(facts, site)]
    if len(between) < _FEWEST:
        return ""
    first = between[0].caller
    labels = _Labels()
    messages: list[SequenceMessage] = []
    for site in between:
        source = participant(facts, site.caller)
        if site.caller.index == first.index:
            source = beginning(first)
        target = participant(facts, site.called)
        call = SequenceMessage(
            source=labels.position(source),
            target=labels.position(target),
            text=message(site.called),
        )
        messages.append(call)
    return mermaid.sequence_diagram(labels.in_order, messages)


def _chained(sites: Sequence[CallSite]) -> Iterator[CallSite]:
    """Yield the calls of the first call's function, and those of functions called before."""
    reached: set[int | None] = set()
    names: set[str] = set()
    for site in sites:
        caller = site.caller
        if not reached:
            reached.add(caller.index)
        is_reached = not reached.isdisjoint({caller.index, caller.parent})
        # An override has the name of the method that is called.
        if is_reached or caller.name in names:
            yield site
            reached.add(site.called.index)
            names.add(site.called.name)


def _ends_apart(facts: CourseFacts, site: CallSite) -> bool:
    source = participant(facts, site.caller)
    return source != participant(facts, site.called)


def beginning(caller: Definition) -> str:
    """Return the function that a drawing begins with, as a participant."""
    return f"{caller.qualified}()"


def participant(facts: CourseFacts, definition: Definition) -> str:
    """Return the participant of a definition: a method's type, a type, or a function's file."""
    if definition.parent is not None:
        return facts.definitions[definition.parent].qualified
    if not is_function(definition):
        return definition.qualified
    return definition.path.rpartition("/")[2]


def message(called: Definition) -> str:
    """Return the text of a call's arrow."""
    return f"{called.name}()"
