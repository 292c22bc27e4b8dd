"""Writes the blocks of a page: what they point at is copied from the source, so it is true."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.claude import drawings, prose
from worker.engines.claude.blocks import (
    Block,
    Calls,
    Commands,
    Example,
    Lines,
    Listing,
    Prose,
    Relations,
)
from worker.engines.claude.material import Material
from worker.engines.claude.words import Words
from worker.engines.static.pages import excerpts, markdown, mermaid
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.excerpts import Excerpt

_SHELL: Final = "bash"
_UNKNOWN: Final = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Renderer:
    """Writes blocks as Markdown."""

    facts: CourseFacts
    words: Words
    material: Material
    folder: str = ""
    """Of the chapters that a page links to, relative to it: `../reviewed-chapters/`."""

    def document(self, blocks: Sequence[Block]) -> str:
        """Return blocks below each other."""
        return markdown.document(*map(self.block, blocks))

    def block(self, block: Block) -> str:
        """Return a block."""
        match block:
            case Prose():
                return self._prose(block)
            case Listing(lines=lines):
                return self._listing(lines)
            case Example():
                return self._example(block)
            case Relations(ids=ids):
                known = [
                    self.material.relations[key]
                    for key in ids
                    if key in self.material.relations
                ]
                return _drawing(drawings.of_relations(self.facts, known))
            case Calls(ids=ids):
                sites = [
                    self.material.calls[key]
                    for key in ids
                    if key in self.material.calls
                ]
                return _drawing(drawings.of_calls(self.facts, sites))
            case Commands(ids=ids):
                commands = self.material.commands
                typed = [commands[key] for key in ids if key in commands]
                return markdown.fence(typed, _SHELL) if typed else ""

    def link(self, number: int) -> str | None:
        """Return a link to a chapter."""
        for chapter in self.facts.chapters:
            if chapter.entry.index == number:
                return self.chapter_link(chapter)
        return None

    def chapter_link(self, chapter: Chapter) -> str:
        """Return a link to a chapter."""
        return markdown.link(
            title(self.words.chapter, chapter), f"{self.folder}{chapter.file}"
        )

    def _prose(self, block: Prose) -> str:
        text = prose.rendered(block.text, self.link)
        notes = [
            excerpt.place
            for lines in dict.fromkeys(block.sources)
            if (excerpt := self._excerpt(lines)) is not None
        ]
        return f"{text} ({', '.join(notes)})" if text and notes else text

    def _excerpt(self, lines: Lines) -> Excerpt | None:
        if self.material.shown.fault(lines):
            return None
        return excerpts.of_lines(self.facts, *lines)

    def _listing(self, lines: Lines) -> str:
        excerpt = self._excerpt(lines)
        return "" if excerpt is None else excerpts.rendered(self.facts, excerpt)

    def _example(self, block: Example) -> str:
        tag = block.language
        is_known = (
            tag.isascii() and tag.isalnum() and len(tag) <= len("javascript")
        )
        code = markdown.fence(
            block.code.split("\n"), tag if is_known else _UNKNOWN
        )
        return markdown.document(self.words.written, code)


def title(noun: str, chapter: Chapter) -> str:
    """Return a chapter's noun, number and name, as Markdown: `Chapter 3, Signer`."""
    return f"{noun} {chapter.entry.index}, {markdown.text(chapter.name)}"


def heading(noun: str, chapter: Chapter) -> str:
    """Return the title of a page."""
    name = markdown.text(chapter.name)
    return markdown.heading(1, f"{noun} {chapter.entry.index}: {name}")


def _drawing(diagram: str) -> str:
    return markdown.fence(diagram.split("\n"), mermaid.TAG) if diagram else ""
