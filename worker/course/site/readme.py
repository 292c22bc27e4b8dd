"""`README.md`: the page of a course that a git host shows first."""

import re
from collections.abc import Mapping
from typing import Final

from worker.course.site import reading
from worker.course.site.contents import Contents
from worker.course.site.markdown import visible
from worker.course.site.overview import mermaid, overview

_HINT: Final = (
    "Open [index.html](index.html) in a browser to read this course with its "
    "diagrams and a search. The same pages are here as Markdown:"
)


def readme(
    contents: Contents, titles: Mapping[str, str], origin: str = ""
) -> str:
    """Return the file; `titles` are those of the pages, by their paths.

    `origin` says what the course is about, as Markdown.
    """
    project = _escaped(contents.project)
    parts = [
        f"# {project}",
        visible(contents.summary).strip(),
        reading.about(contents),
        origin,
        _HINT,
        _list(contents, titles),
        _map(contents),
    ]
    text = "\n\n".join(filter(None, parts))
    return f"{text}\n"


def _list(contents: Contents, titles: Mapping[str, str]) -> str:
    """Return a line for each chapter: its name, its tutorial, and what it is about."""
    items = []
    for entry in contents.entries:
        page, *tutorials = entry.pages
        title = _escaped(titles[page.path])
        item = f"{entry.number}. [{title}]({page.path})"
        time = f"{reading.minutes(page)} min"
        links = []
        for tutorial in tutorials:
            link = f"[tutorial]({tutorial.path})"
            links.append(link)
        notes = ", ".join([time, *links])
        sentence = visible(reading.first_sentence(entry.description))
        item = f"{item} ({notes})"
        if sentence:
            item = f"{item}: {sentence}"
        items.append(item)
    listed = "\n".join(items)
    return f"## Chapters\n\n{listed}"


def _map(contents: Contents) -> str:
    """Return the diagram of the chapters, if any are related."""
    graph = overview(contents)
    if graph is None:
        return ""
    return f"## How the parts are related\n\n```mermaid\n{mermaid(graph)}\n```"


def _escaped(text: str) -> str:
    """Return a text so that Markdown shows it as it is."""
    flat = " ".join(visible(text).split())
    return re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", flat)
