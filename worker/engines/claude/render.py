"""Writes the blocks of a page: what they point at is copied from the source, so it is true."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

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
from worker.engines.static.pages.excerpts import Excerpt, Span
from worker.engines.static.prose.code_blocks import code_blocks, uncommented
from worker.engines.static.reading.language import PROSE

Entry = TypeVar("Entry")

_SHELL: Final = "bash"
_UNKNOWN: Final = "text"
_ITEM: Final = re.compile(r"(?:[-*]|\d+\.) ")
_TAG: Final = re.compile(r"[a-z][a-z0-9+#]{0,11}")


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
                return self._relations(ids)
            case Calls(ids=ids):
                return self._calls(ids)
            case Commands(ids=ids):
                return self._commands(ids)

    def link(self, number: int) -> str | None:
        """Return a link to a chapter."""
        for chapter in self.facts.chapters:
            if chapter.entry.index == number:
                return self.chapter_link(chapter)
        return None

    def chapter_link(self, chapter: Chapter) -> str:
        """Return a link to a chapter."""
        text = title(self.words.chapter, chapter)
        return markdown.link(text, f"{self.folder}{chapter.file}")

    def _prose(self, block: Prose) -> str:
        text = prose.rendered(block.text, self.link)
        if not text:
            return ""
        notes = self._notes(block.sources)
        if not notes:
            return text
        places = ", ".join(notes)
        _, _, last_line = text.rpartition("\n")
        if _ITEM.match(last_line):
            # Behind the last item, they would seem to be of it alone.
            return f"{text}\n\n({places})"
        return f"{text} ({places})"

    def _relations(self, ids: Sequence[str]) -> str:
        relations = _known(ids, self.material.relations)
        diagram = drawings.of_relations(self.facts, relations)
        return _drawing(diagram)

    def _calls(self, ids: Sequence[str]) -> str:
        sites = _known(ids, self.material.calls)
        diagram = drawings.of_calls(self.facts, sites)
        return _drawing(diagram)

    def _commands(self, ids: Sequence[str]) -> str:
        commands = _known(ids, self.material.commands)
        if not commands:
            return ""
        return markdown.fence(commands, _SHELL)

    def _notes(self, sources: Sequence[Lines]) -> list[str]:
        """Return the places of sources, those in one file together."""
        spans: dict[str, set[Span]] = defaultdict(set)
        for lines in sources:
            excerpt = self._excerpt(lines)
            if excerpt is not None:
                spans[excerpt.path].update(excerpt.spans)
        notes: list[str] = []
        for path, inside in spans.items():
            in_order = sorted(inside)
            notes.append(markdown.place(path, *in_order))
        return notes

    def _excerpt(self, lines: Lines) -> Excerpt | None:
        shown = self.material.shown
        if shown.fault(lines):
            return None
        excerpt = excerpts.of_lines(self.facts, *lines)
        if excerpt is None:
            return None
        ((first, last),) = excerpt.spans
        whole = Lines(excerpt.path, first, last)
        spans = shown.spans(whole)
        return replace(excerpt, spans=tuple(spans))

    def _listing(self, lines: Lines) -> str:
        excerpt = self._excerpt(lines)
        if excerpt is None:
            return ""
        file = self.facts.file(lines.path)
        if file.language in PROSE:
            return self._quoted(lines)
        return excerpts.rendered(self.facts, excerpt)

    def _quoted(self, lines: Lines) -> str:
        """Return a listing of a document: of its code, if it shows code there."""
        path, first, last = lines
        tag = _UNKNOWN
        text = self.facts.texts.lines(path)
        for block in code_blocks(text):
            begin = max(first, block.first + 1)
            end = min(last, block.last + 1)
            if begin <= end:
                first, last = begin, end
                tag = self._tag(block.tag)
                break
        place = markdown.place(path, (first, last))
        code = uncommented(text[first - 1 : last])
        listing = markdown.fence(code, tag)
        return markdown.document(place, listing)

    def _tag(self, tag: str) -> str:
        """Return the tag of code in a document; the project's language where it says none."""
        if _TAG.fullmatch(tag):
            return tag
        for chapter in self.facts.chapters:
            for symbol in self.facts.symbols(chapter):
                file = self.facts.file(symbol.path)
                return str(file.language)
        return _UNKNOWN

    def _example(self, block: Example) -> str:
        tag = block.language
        if not _TAG.fullmatch(tag):
            tag = _UNKNOWN
        code = block.code.split("\n")
        listing = markdown.fence(code, tag)
        return markdown.document(self.words.written, listing)


def title(noun: str, chapter: Chapter) -> str:
    """Return a chapter's noun, number and name, as Markdown: `Chapter 3, Signer`."""
    name = markdown.text(chapter.name)
    return f"{noun} {chapter.entry.index}, {name}"


def heading(noun: str, chapter: Chapter) -> str:
    """Return the title of a page."""
    name = markdown.text(chapter.name)
    return markdown.heading(1, f"{noun} {chapter.entry.index}: {name}")


def _drawing(diagram: str) -> str:
    if not diagram:
        return ""
    lines = diagram.split("\n")
    return markdown.fence(lines, mermaid.TAG)


def _known(ids: Iterable[str], entries: Mapping[str, Entry]) -> list[Entry]:
    """Return the entries of a list that ids name, in the order of the ids."""
    return [entries[key] for key in ids if key in entries]
