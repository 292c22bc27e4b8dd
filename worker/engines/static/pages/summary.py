"""The summary of a project: what it is, how it is installed and used, and what was not read."""

from collections.abc import Sequence
from typing import Final

from worker.engines.static.facts import Project, Skip, Skipped, Unit
from worker.engines.static.pages import markdown
from worker.engines.static.prose.phrases import code, counted, listed
from worker.engines.static.reading.project import UNNAMED

_UNREMARKABLE: Final = frozenset({Skip.EMPTY, Skip.BINARY, Skip.IGNORED})


def summarize(
    project: Project, skipped: Sequence[Skipped], units: Sequence[Unit]
) -> str:
    """Return it as Markdown; it does not repeat the chapters and their relations."""
    opening = map(markdown.text, project.opening)
    paragraphs = list(opening)
    if not project.tagline:
        parts = counted(len(units), "part")
        name = code(project.name)
        if project.name == UNNAMED:
            name = "this repository"
        paragraphs.insert(0, f"This course is about {parts} of {name}.")
    entries = map(markdown.text, project.features)
    features = markdown.bullets(entries)
    if features:
        paragraphs += ["Features:", features]
    if project.install:
        command = markdown.code(project.install)
        paragraphs.append(f"Install it with {command}.")
    if project.example:
        tag, *lines = project.example
        shown = markdown.fence(lines, tag)
        paragraphs += ["An example from its README:", shown]
    omissions = _left_out(skipped)
    return markdown.document(*paragraphs, omissions)


def _left_out(skipped: Sequence[Skipped]) -> str:
    groups = [
        f"{counted(skip.count, 'file')} ({skip.reason}, for example {code(skip.example)})"
        for skip in skipped
        if skip.reason not in _UNREMARKABLE
    ]
    if groups:
        return f"Left out: {listed(groups)}."
    return ""
