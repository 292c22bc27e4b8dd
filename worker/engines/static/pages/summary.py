"""The summary of a project: what it is, its parts, how they are related, and what was not read."""

from collections.abc import Sequence
from typing import Final

from worker.engines.static.facts import (
    Project,
    Relation,
    Skip,
    Skipped,
    Unit,
)
from worker.engines.static.prose.phrases import capital, code, counted, listed

_MOST_RELATIONS: Final = 4
_UNREMARKABLE: Final = frozenset({Skip.EMPTY, Skip.BINARY, Skip.IGNORED})


def summarize(
    project: Project,
    skipped: Sequence[Skipped],
    units: Sequence[Unit],
    relations: Sequence[Relation],
) -> str:
    """Return the paragraph."""
    parts = [
        project.tagline,
        _parts(project, units),
        _relations(units, relations),
        _left_out(skipped),
    ]
    return " ".join(part for part in parts if part)


def _parts(project: Project, units: Sequence[Unit]) -> str:
    names = [code(unit.name) for unit in units]
    subject = code(project.name)
    if len(names) == 1:
        return f"This course is about one part of {subject}: {names[0]}."
    return f"This course is about {counted(len(names), 'part')} of {subject}: {listed(names)}."


def _relations(units: Sequence[Unit], relations: Sequence[Relation]) -> str:
    clauses = []
    for relation in relations[:_MOST_RELATIONS]:
        source = code(units[relation.source].name)
        target = code(units[relation.target].name)
        clauses.append(f"{source} {relation.verb} {target}")
    return f"{capital(listed(clauses))}." if clauses else ""


def _left_out(skipped: Sequence[Skipped]) -> str:
    groups = [
        f"{counted(skip.count, 'file')} ({skip.reason}, for example {code(skip.example)})"
        for skip in skipped
        if skip.reason not in _UNREMARKABLE
    ]
    return f"Left out: {listed(groups)}." if groups else ""
