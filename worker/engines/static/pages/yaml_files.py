"""The three YAML files of a course, as the static engine writes them."""

from typing import Any, Final

import yaml

from worker.engines.static.facts import Analysis

_WIDTH: Final = 100


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
    found = [
        {
            "from_abstraction": one.source,
            "to_abstraction": one.target,
            "label": str(one.verb),
            "evidence": f"{one.path}:{one.line}: {one.code}",
        }
        for one in analysis.relations
    ]
    return _dump({"summary": analysis.summary, "relationships": found})


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
    said: str = yaml.safe_dump(
        document, allow_unicode=True, sort_keys=False, width=_WIDTH
    )
    return said.encode()
