"""Draws relations and calls that exist; their labels are the names in the source."""

from collections.abc import Sequence

from worker.engines.claude.material import CallSite
from worker.engines.static.facts import Definition, Relation
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.pages.mermaid import Edge, Message


def of_relations(facts: CourseFacts, relations: Sequence[Relation]) -> str:
    """Draw relations as arrows with their verbs; nothing if there are none."""
    labels: dict[str, None] = {}
    edges: list[Edge] = []
    for relation in relations:
        ends = relation_ends(facts, relation)
        labels.update(dict.fromkeys(ends))
        names = list(labels)
        edge = Edge(
            source=names.index(ends[0]),
            target=names.index(ends[1]),
            label=str(relation.verb),
        )
        if edge not in edges:
            edges.append(edge)
    if not edges:
        return ""
    return mermaid.flowchart(list(labels), edges)


def relation_ends(facts: CourseFacts, relation: Relation) -> tuple[str, str]:
    """Return the names at the ends of a relation: definitions, or the chapters' subjects."""
    units = facts.analysis.units
    ends = (
        (relation.subject, relation.source),
        (relation.object, relation.target),
    )
    source, target = (
        facts.definitions[index].qualified
        if index is not None
        else units[unit].name
        for index, unit in ends
    )
    return source, target


def of_calls(facts: CourseFacts, sites: Sequence[CallSite]) -> str:
    """Draw calls as messages between types, or files; nothing if there are none."""
    names: dict[str, None] = {}
    messages: list[Message] = []
    for site in sites:
        source = participant(facts, site.caller)
        target = participant(facts, site.called)
        names.update(dict.fromkeys((source, target)))
        order = list(names)
        messages.append(
            Message(
                source=order.index(source),
                target=order.index(target),
                text=message(site.called),
            )
        )
    return mermaid.sequence_diagram(list(names), messages) if messages else ""


def participant(facts: CourseFacts, definition: Definition) -> str:
    """Return who takes part in a call: the type of a method, a type, or a function's file."""
    if definition.parent is not None:
        return facts.definitions[definition.parent].qualified
    if not is_function(definition):
        return definition.qualified
    return definition.path.rpartition("/")[2]


def message(called: Definition) -> str:
    """Return a call as an arrow's text."""
    return f"{called.name}()"
