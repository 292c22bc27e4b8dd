"""Writes the blocks of a page; whatever they refer to is copied from the source, so it is true."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from worker.engines.claude import drawings, edits, prose, repairs
from worker.engines.claude.blocks import (
    Block,
    Calls,
    CodeChange,
    Commands,
    Drawing,
    Lines,
    Listing,
    Prose,
    RelationDrawing,
    WrittenExample,
)
from worker.engines.claude.material import Material
from worker.engines.claude.words import Words
from worker.engines.static.pages import checker, excerpts, markdown, mermaid
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.excerpts import Excerpt, Span
from worker.engines.static.prose.code_blocks import code_blocks, uncommented
from worker.engines.static.reading.language import PROSE

Entry = TypeVar("Entry")

_SHELL: Final = "bash"
_DIFF: Final = "diff"
_UNKNOWN: Final = "text"
_ITEM: Final = re.compile(r"(?:[-*]|\d+\.) ")
_NAME: Final = re.compile(r"[^\W\d]\w*")
_PLACES: Final = 2
"""How many places are shown for a paragraph."""
_MOST_PLACES: Final = 4
"""How many places are shown for a list."""
_TAG: Final = re.compile(r"[a-z][a-z0-9+#]{0,11}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Renderer:
    """Writes blocks as Markdown."""

    facts: CourseFacts
    words: Words
    material: Material
    folder: str = ""
    """The folder of the chapters that a page links to, relative to it: `../reviewed-chapters/`."""
    chapter: str = ""
    """The link from a tutorial to its chapter."""
    listed: tuple[Lines, ...] = ()
    """The lines that this chapter shows as listings."""
    hides_output: bool = False
    """Whether the reader has to unfold a program's output."""

    def document(self, blocks: Sequence[Block]) -> str:
        """Return a list of blocks as Markdown."""
        written = map(self.block, blocks)
        return markdown.document(*written)

    def block(self, block: Block) -> str:
        match block:
            case Prose():
                return self._prose(block)
            case Listing(lines=lines):
                return self._listing(lines)
            case WrittenExample():
                return self._example(block)
            case RelationDrawing() | Calls() | Drawing():
                return self._drawing(block)
            case Commands(ids=ids):
                return self._commands(ids)
            case CodeChange():
                return self._change(block)

    def link(self, number: int) -> str | None:
        for chapter in self.facts.chapters:
            if chapter.entry.index == number:
                return self.chapter_link(chapter)
        return None

    def chapter_link(self, chapter: Chapter) -> str:
        text = title(self.words.chapter, chapter)
        target = f"{self.folder}{chapter.file}"
        return markdown.link(text, target)

    def _prose(self, block: Prose) -> str:
        text = prose.rendered(block.text, self.link)
        if not text:
            return ""
        notes = self._notes(block)
        if not notes:
            return text
        places = ", ".join(notes)
        _, _, last_line = text.rpartition("\n")
        if _ITEM.match(last_line):
            # After the last item, they would seem to belong to it alone.
            return f"{text}\n\n({places})"
        return f"{text} ({places})"

    def _drawing(self, block: RelationDrawing | Calls | Drawing) -> str:
        if isinstance(block, Drawing):
            return self._composed(block)
        if isinstance(block, RelationDrawing):
            relations = _known(block.ids, self.material.relations)
            diagram = drawings.of_relations(self.facts, relations)
        else:
            sites = _known(block.ids, self.material.calls)
            diagram = drawings.of_calls(self.facts, sites)
        return mermaid.fenced(diagram)

    def _composed(self, block: Drawing) -> str:
        """Return a drawing, followed by the places that support its arrows."""
        diagram = mermaid.fenced(drawings.composed(block))
        spans = self._cited(block.sources)
        if not diagram or not spans:
            return ""
        notes = _notes(spans, _places(spans))
        places = ", ".join(notes)
        return f"{diagram}\n\n({places})"

    def _commands(self, ids: Sequence[str]) -> str:
        commands = _known(ids, self.material.commands)
        if not commands:
            return ""
        return markdown.fence(commands, _SHELL)

    def _notes(self, block: Prose) -> list[str]:
        """Return the places that support a paragraph, grouped by file."""
        spans = self._cited(block.sources)
        kept = self._most_telling(block.text, _places(spans))
        return _notes(spans, kept)

    def _cited(self, sources: Iterable[Lines]) -> dict[str, set[Span]]:
        """Return the lines that were shown, by file."""
        spans: dict[str, set[Span]] = defaultdict(set)
        for lines in sources:
            excerpt = self._excerpt(lines)
            if excerpt is None:
                continue
            of_file = spans[excerpt.path]
            of_file.update(excerpt.spans)
        return spans

    def _most_telling(self, text: str, places: list[Lines]) -> list[Lines]:
        """Return the few places that contain most of the names in a text, in their order."""
        names: set[str] = set()
        words = text.split()
        line = " ".join(words)
        for span in checker.spans(line):
            named = _NAME.findall(span)
            names.update(named)

        def held(place: Lines) -> int:
            path, first, last = place
            lines = self.facts.texts.lines(path)
            start = first - 1
            inside = "\n".join(lines[start:last])
            found = _NAME.findall(inside)
            held_names = names.intersection(found)
            return len(held_names)

        rows = text.split("\n")
        most = _PLACES
        if any(map(_ITEM.match, rows)):
            most = _MOST_PLACES
        ranked = sorted(places, key=held, reverse=True)
        best = ranked[:most]
        return [place for place in places if place in best]

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
        """Return a listing, or a reference to the same listing in the page's chapter."""
        if any(map(partial(contains, lines), self.listed)):
            span = (lines.first, lines.last)
            place = markdown.place(lines.path, span)
            seen = self.words.seen
            return f"{seen} {self.chapter}: {place}."
        return self._copied(lines)

    def _copied(self, lines: Lines) -> str:
        excerpt = self._excerpt(lines)
        if excerpt is None:
            return ""
        file = self.facts.file(lines.path)
        if file.language in PROSE:
            return self._quoted(lines)
        return excerpts.rendered(self.facts, excerpt)

    def _quoted(self, lines: Lines) -> str:
        """Return a listing of a document; if it shows code there, only the code."""
        path, first, last = lines
        tag = _UNKNOWN
        text = self.facts.texts.lines(path)
        for block in code_blocks(text):
            first_of_block = block.first + 1
            last_of_block = block.last + 1
            begin = max(first, first_of_block)
            end = min(last, last_of_block)
            if begin <= end:
                first, last = begin, end
                tag = self._tag(block.tag)
                break
        span = (first, last)
        place = markdown.place(path, span)
        start = first - 1
        rows = text[start:last]
        code = uncommented(rows)
        listing = markdown.fence(code, tag)
        return markdown.document(place, listing)

    def _tag(self, tag: str) -> str:
        """Return the tag of code in a document; by default the project's language."""
        if _TAG.fullmatch(tag):
            return tag
        for chapter in self.facts.chapters:
            for symbol in self.facts.symbols(chapter):
                file = self.facts.file(symbol.path)
                return str(file.language)
        return _UNKNOWN

    def _example(self, block: WrittenExample) -> str:
        tag = block.language
        if not _TAG.fullmatch(tag):
            tag = _UNKNOWN
        code = block.code.split("\n")
        listing = markdown.fence(code, tag)
        caption = self._caption(block)
        output = self._output(block)
        return markdown.document(caption, listing, output)

    def _change(self, block: CodeChange) -> str:
        path = block.lines.path
        listing = self._copied(block.lines)
        if not listing:
            return ""
        file = self.facts.file(path)
        language = str(file.language)
        undo = edits.undo(path)
        code = block.code.split("\n")
        test = edits.command(self.material.commands, block.test)
        return markdown.document(
            self.words.change,
            listing,
            f"{self.words.instead}:",
            markdown.fence(code, language),
            self.words.predict,
            markdown.fence([test], _SHELL),
            self.words.undo,
            markdown.fence([undo], _SHELL),
        )

    def repair(self, before: WrittenExample, after: WrittenExample) -> str:
        """Return the lines in which a program differs, and its output; nothing for many lines."""
        rows = repairs.changed_lines(before, after)
        if not rows:
            return ""
        return markdown.document(
            markdown.code(after.file),
            f"{self.words.instead}:",
            markdown.fence(rows, _DIFF),
            self._output(after),
        )

    def _caption(self, block: WrittenExample) -> str:
        if not block.file:
            return f"{self.words.written}:"
        name = markdown.code(block.file)
        if "/" in block.file:
            return f"{self.words.written}, {self.words.saved_as} {name}:"
        return f"{self.words.written} {name}:"

    def _output(self, block: WrittenExample) -> str:
        if not block.prints:
            return ""
        label = self.words.prints
        rows = block.prints.split("\n")
        output = markdown.fence(rows, _UNKNOWN)
        if self.hides_output:
            return folded(label, output)
        caption = f"{label}:"
        return markdown.document(caption, output)


def title(noun: str, chapter: Chapter) -> str:
    """Return a chapter's noun, number and name, as Markdown: `Chapter 3, Signer`."""
    number = chapter.entry.index
    name = markdown.text(chapter.name)
    return f"{noun} {number}, {name}"


def heading(noun: str, chapter: Chapter) -> str:
    number = chapter.entry.index
    name = markdown.text(chapter.name)
    text = f"{noun} {number}: {name}"
    return markdown.heading(1, text)


def folded(label: str, *blocks: str) -> str:
    """Return blocks that are hidden until the reader unfolds them."""
    opening = f"<details>\n{summary(label)}"
    return markdown.document(opening, *blocks, "</details>")


def summary(label: str) -> str:
    """Return the line above folded blocks."""
    return f"<summary>{label}</summary>"


def listings(page: str) -> tuple[Lines, ...]:
    """Return the lines that a page lists."""
    listed: list[Lines] = []
    for block in checker.blocks(page):
        if block.tag is None:
            continue
        for span in checker.spans(block.before):
            match = markdown.PLACE.fullmatch(span)
            if match is not None:
                path = match["path"]
                spans = markdown.spans(match["lines"])
                for first, last in spans:
                    lines = Lines(path, first, last)
                    listed.append(lines)
    return tuple(listed)


def contains(lines: Lines, listed: Lines) -> bool:
    """Whether lines lie inside listed lines."""
    if listed.path != lines.path:
        return False
    if lines.first < listed.first:
        return False
    return lines.last <= listed.last


def _places(spans: Mapping[str, Iterable[Span]]) -> list[Lines]:
    """Return the lines of files as places; adjoining ones become one place."""
    places: list[Lines] = []
    for path, of_file in spans.items():
        for first, last in _joined(of_file):
            place = Lines(path, first, last)
            places.append(place)
    return places


def _notes(paths: Iterable[str], places: list[Lines]) -> list[str]:
    """Return the places in some files as code, grouped by file."""
    notes: list[str] = []
    for path in paths:
        inside = _inside(path, places)
        if inside:
            note = markdown.place(path, *inside)
            notes.append(note)
    return notes


def _inside(path: str, places: list[Lines]) -> list[Span]:
    """Return the lines of the places in one file."""
    inside: list[Span] = []
    for place in places:
        if place.path == path:
            span = (place.first, place.last)
            inside.append(span)
    return inside


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order; adjoining ones are joined."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        span = (first, last)
        if joined:
            begin, end = joined[-1]
            behind = end + 1
            if first <= behind:
                joined.pop()
                longest = max(end, last)
                span = (begin, longest)
        joined.append(span)
    return joined


def _known(ids: Iterable[str], entries: Mapping[str, Entry]) -> list[Entry]:
    """Return the entries that ids name, in the order of the ids."""
    known: list[Entry] = []
    for key in ids:
        if key in entries:
            entry = entries[key]
            known.append(entry)
    return known
