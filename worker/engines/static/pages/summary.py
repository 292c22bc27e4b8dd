"""The summary of a project: what it is, and what was not read."""

from collections.abc import Sequence
from typing import Final

from worker.engines.static.facts import Project, Skip, Skipped, Unit
from worker.engines.static.prose.phrases import code, counted, listed
from worker.engines.static.reading.project import UNNAMED

_UNREMARKABLE: Final = frozenset({Skip.EMPTY, Skip.BINARY, Skip.IGNORED})


def summarize(
    project: Project, skipped: Sequence[Skipped], units: Sequence[Unit]
) -> str:
    """Return the paragraph; it does not repeat the chapters and their relations."""
    subject = project.tagline
    if not subject:
        parts = counted(len(units), "part")
        name = code(project.name)
        if project.name == UNNAMED:
            name = "this repository"
        subject = f"This course is about {parts} of {name}."
    return " ".join(filter(None, (subject, _left_out(skipped))))


def _left_out(skipped: Sequence[Skipped]) -> str:
    groups = [
        f"{counted(skip.count, 'file')} ({skip.reason}, for example {code(skip.example)})"
        for skip in skipped
        if skip.reason not in _UNREMARKABLE
    ]
    if groups:
        return f"Left out: {listed(groups)}."
    return ""
