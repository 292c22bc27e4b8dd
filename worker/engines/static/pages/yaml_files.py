"""The three YAML files of a course, as the static engine writes them."""

from typing import Any, Final

import yaml

from worker.engines.static.facts import Analysis, Relation, Verb
from worker.engines.static.pages.mermaid import MAX_LABEL

_WIDTH: Final = 100
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""In C where there is one."""


def abstractions(analysis: Analysis) -> bytes:
    """Return `step1_abstractions.yaml`."""
    return _dump(
        [
            {
                "name": unit.name,
                "description": unit.description,
                "file_paths": list(unit.file_paths),
            }
            for unit in analysis.units
        ]
    )


def relationships(analysis: Analysis) -> bytes:
    """Return `step2_relationships.yaml`."""
    relations_ = [
        {
            "from_abstraction": relation.source,
            "to_abstraction": relation.target,
            "label": _label(analysis, relation),
            "evidence": f"{relation.path}:{relation.line}: {relation.code}",
        }
        for relation in analysis.relations
    ]
    return _dump({"summary": analysis.summary, "relationships": relations_})


def _label(analysis: Analysis, relation: Relation) -> str:
    """Return what a unit does with which definition of another, and what in it does so."""
    subject = _named(analysis, relation.subject)
    item = _named(analysis, relation.object)
    if relation.verb is Verb.HOLDS:
        subject = subject.removesuffix(".__init__")
    if subject == analysis.units[relation.source].name:
        subject = ""
    label = f"{subject} {relation.verb} {item}".strip()
    if len(label) > MAX_LABEL and item == analysis.units[relation.target].name:
        return f"{subject} {relation.verb}"
    return label


def _named(analysis: Analysis, definition: int | None) -> str:
    if definition is None:
        return ""
    return analysis.definitions[definition].qualified


def order(analysis: Analysis) -> bytes:
    """Return `step3_order.yaml`."""
    steps = [
        {
            "index": index,
            "name": analysis.units[step.unit].name,
            "reasoning": step.reasoning,
        }
        for index, step in enumerate(analysis.order, 1)
    ]
    return _dump({"order": steps})


def _dump(document: Any) -> bytes:  # noqa: ANN401 - whatever YAML holds
    text: str = yaml.dump(
        document,
        Dumper=_DUMPER,
        allow_unicode=True,
        sort_keys=False,
        width=_WIDTH,
    )
    return text.encode()
