"""`README.md`: the page of a course that a git host shows first."""

import re
from collections.abc import Mapping
from typing import Final

from worker.course.site.contents import Contents, Page
from worker.course.site.markdown import visible

_HINT: Final = (
    "Open [index.html](index.html) in a browser to read this course with its "
    "diagrams and a search. The same pages are here as Markdown:"
)


def readme(contents: Contents, titles: Mapping[str, str]) -> str:
    """Return the file; `titles` are those of the pages, by their paths."""
    project = _escaped(contents.project)
    parts = [
        f"# {project}",
        visible(contents.summary).strip(),
        _HINT,
        _list("Chapters", contents.chapters, titles),
        _list("Tutorials", contents.tutorials, titles),
    ]
    text = "\n\n".join(filter(None, parts))
    return f"{text}\n"


def _list(heading: str, pages: list[Page], titles: Mapping[str, str]) -> str:
    if not pages:
        return ""
    items = []
    for number, page in enumerate(pages, start=1):
        title = _escaped(titles[page.path])
        items.append(f"{number}. [{title}]({page.path})")
    listed = "\n".join(items)
    return f"## {heading}\n\n{listed}"


def _escaped(text: str) -> str:
    """Return a text so that Markdown shows it as it is."""
    flat = " ".join(visible(text).split())
    return re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", flat)
