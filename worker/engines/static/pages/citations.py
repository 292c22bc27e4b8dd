"""Names and places of definitions and chapters, as every page writes them."""

import re

from worker.engines.static.facts import Definition
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import Chapter, CourseFacts


def name(definition: Definition) -> str:
    """Return a definition's name with those around it, as code."""
    return markdown.code(definition.qualified)


def at(path: str, line: int) -> str:
    """Return a line of a file, as code: `path:12`."""
    return markdown.place(path, (line, line))


def start(definition: Definition) -> str:
    """Return where a definition begins."""
    return at(definition.path, definition.line)


def call_pattern(definition: Definition) -> str:
    """Return a pattern of a call of a function, by its name alone or behind its module's.

    `x.name(` with another `x` is a method of that name.
    """
    stem, _, _ = definition.path.rpartition(".")
    modules = "|".join(re.escape(part) for part in stem.split("/") if part)
    called = re.escape(definition.name)
    return (
        rf"(?<![\w$.])(?:(?:{modules})\.)?{called}!?\s?\(|@(?:\w+\.)*{called}\b"
    )


def extent(definition: Definition) -> str:
    """Return the lines of a definition."""
    return markdown.place(
        definition.path, (definition.line, definition.end_line)
    )


def title(chapter: Chapter) -> str:
    """Return a chapter's number and name, as Markdown."""
    return f"Chapter {chapter.entry.index}, {markdown.text(chapter.name)}"


def link(chapter: Chapter) -> str:
    """Return a link to a chapter from a page beside it."""
    return markdown.link(title(chapter), chapter.file)


def quoted(facts: CourseFacts, path: str, line: int) -> str:
    """Return a line of a file as code, stripped and cut; nothing where there is none."""
    lines = facts.texts.lines(path)
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return markdown.code(markdown.shortened(text)) if text else ""
