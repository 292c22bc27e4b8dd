"""Writes the blocks of an answer, and reports the faulty ones."""

import keyword
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import filterfalse
from typing import Final, NamedTuple

from worker.engines.claude import edits
from worker.engines.claude.blocks import (
    Block,
    BoxArrow,
    Calls,
    CodeChange,
    Commands,
    Drawing,
    Lines,
    Listing,
    Prose,
    RelationDrawing,
    WrittenExample,
    read_blocks,
)
from worker.engines.claude.material import Material
from worker.engines.claude.render import Renderer, contains
from worker.engines.claude.shown import Shown
from worker.engines.claude.verify import composed
from worker.engines.claude.verify.page import Verifier
from worker.engines.static.pages import checker
from worker.engines.static.pages.course import CourseFacts

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_ITEM: Final = re.compile(r"\s*(?:[-*]|\d+\.) ")
"""The beginning of a list item's line."""
_NAME: Final = re.compile(r"[^\W\d]\w*")
_FILE: Final = re.compile(r"(?:[A-Za-z_][\w-]{0,30}/){0,2}[\w-]{1,30}\.\w{1,6}")
_PRINTS: Final = re.compile(
    r"^ *(?:print|console\.log|fmt\.Print\w*|println!|puts)\b", re.MULTILINE
)


class WrittenBlock(NamedTuple):
    """A correct block, and its Markdown."""

    block: Block
    text: str


class Written(NamedTuple):
    """The correct blocks, and the faults of the others."""

    blocks: list[WrittenBlock]
    faults: list[str]
    lacks_code: bool = False
    """Whether a block that may have been code was left out."""

    @property
    def texts(self) -> list[str]:
        """The blocks' Markdown."""
        return [block.text for block in self.blocks]


class PageWriter:
    """Writes blocks for one page."""

    def __init__(
        self,
        renderer: Renderer,
        verifier: Verifier,
        *,
        lists_once: bool = False,
        drawings: int = 0,
    ) -> None:
        """Begin an empty page; with `lists_once`, no lines are listed on it twice.

        It may have at most `drawings` drawings that the model composed.
        """
        self._drawings: int = drawings
        self._lists_once: Final = lists_once
        self.renderer: Final = renderer
        self.verifier: Final = verifier
        self._listed: set[Listing] = set()

    def written(
        self, values: list[object], place: str, *, needs_sources: bool = False
    ) -> Written:
        """Return the correct blocks of a list; faulty ones are left out.

        With `needs_sources`, prose that names code must give its sources.
        """
        kept: list[WrittenBlock] = []
        faults: list[str] = []
        lacks_code = False
        entries = list(read_blocks(values, place))
        blocks = [entry.block for entry in entries]
        for position, entry in enumerate(entries):
            block = self._clipped(entry.block)
            if block is None:
                fault = f"{entry.place}: {entry.fault}"
                faults.append(fault)
                lacks_code = True
                continue
            is_free = not needs_sources or _rests_beside(blocks, position)
            text = self.renderer.block(block)
            reasons = self._reasons(block, text, is_free=is_free)
            for reason in reasons:
                placed = f"{entry.place}: {reason}"
                faults.append(placed)
            if _is_undrawn(block, text) and not reasons:
                continue
            # guard: pages: a block with a fault is left out
            if not reasons:
                kept.append(WrittenBlock(block, text))
                self._drawings -= isinstance(block, Drawing)
            elif isinstance(block, Prose):
                kept += self._rest(block, is_free=is_free)
            elif not isinstance(block, Commands):
                lacks_code = True
        return Written(list(self._noted(kept)), faults, lacks_code)

    def _clipped(self, block: Block | None) -> Block | None:
        """Return a block whose ranges do not end one line after the lines that were shown."""
        shown = self.renderer.material.shown
        match block:
            case Prose(sources=sources):
                clipped = map(shown.clipped, sources)
                return replace(block, sources=tuple(clipped))
            case Listing(lines=lines):
                fewer = shown.clipped(lines)
                return replace(block, lines=fewer)
            case Drawing(arrows=arrows):
                clipped_arrows = []
                for one in arrows:
                    clipped_arrow = _clipped_arrow(shown, one)
                    clipped_arrows.append(clipped_arrow)
                return replace(block, arrows=tuple(clipped_arrows))
            case _:
                return block

    def _noted(self, blocks: list[WrittenBlock]) -> Iterator[WrittenBlock]:
        """Yield blocks; a paragraph loses its places if they are listed next to it."""
        for position, (block, text) in enumerate(blocks):
            before = max(position - 1, 0)
            behind = position + 2
            beside = blocks[before:behind]
            listed: list[Lines] = []
            for other, _ in beside:
                if isinstance(other, Listing):
                    listed.append(other.lines)
            if isinstance(block, Prose) and _are_listed(block, listed):
                bare = Prose(text=block.text)
                rendered = self.renderer.block(bare)
                yield WrittenBlock(block, rendered)
            else:
                yield WrittenBlock(block, text)

    def _rest(self, block: Prose, *, is_free: bool) -> list[WrittenBlock]:
        """Return a paragraph without its faulty sentences."""
        if any(self.verifier.answer_faults(block.text)):
            return []
        rest = self._right_lines(block.text)
        if not rest:
            return []
        shown = self.renderer.material.shown
        sources = filterfalse(shown.fault, block.sources)
        for kept in (tuple(sources), ()):
            left = Prose(text=rest, sources=kept)
            text = self.renderer.block(left)
            if not self._reasons(left, text, is_free=is_free):
                return [WrittenBlock(left, text)]
        return []

    def _right_lines(self, text: str) -> str:
        """Return a text without its faulty sentences and list items."""
        lines: list[str] = []
        for line in text.split("\n"):
            sentences = [line]
            if not _ITEM.match(line):
                sentences = _sentences(line)
            right = list(filter(self._is_right, sentences))
            if right:
                left = " ".join(right)
                lines.append(left)
        rest = "\n".join(lines)
        return rest.strip()

    def _is_right(self, sentence: str) -> bool:
        block = Prose(text=sentence)
        text = self.renderer.block(block)
        return not self._reasons(block, text, is_free=True)

    def sentence(self, text: str) -> list[str]:
        """Return the faults of a sentence or a title as the model wrote it."""
        block = Prose(text=text)
        rendered = self.renderer.block(block)
        faults = list(self.verifier.answer_faults(text))
        faults += self.verifier.faults(rendered)
        return [fault.text for fault in faults]

    def _reasons(self, block: Block, text: str, *, is_free: bool) -> list[str]:
        """Return the faults of a block; a free one needs no sources."""
        reasons = [*self._faults(block, text)]
        if not is_free:
            reasons += _missing_sources(block)
        return list(dict.fromkeys(reasons))

    def _faults(self, block: Block, text: str) -> Iterator[str]:
        pointers = pointer_faults(self.renderer.material, block)
        yield from pointers
        is_empty = not text and not _is_undrawn(block, text)
        if is_empty and not pointers:
            yield "there is nothing in it"
        if isinstance(block, Prose):
            for fault in self.verifier.answer_faults(block.text):
                yield fault.text
        for fault in self.verifier.faults(text):
            yield fault.text
        if not pointers:
            yield from self._own_faults(block)

    def _own_faults(self, block: Block) -> Iterator[str]:
        """Yield the faults that depend on a block's kind."""
        facts = self.renderer.facts
        match block:
            case CodeChange():
                known = self.renderer.material.commands
                yield from edits.faults(facts, block, known)
            case WrittenExample():
                yield from _example_faults(facts, block)
            case Listing():
                if self._lists_once and block in self._listed:
                    yield "the same lines are listed on this page already"
                self._listed.add(block)
            case Drawing():
                yield from self._drawing_faults(block)
            case _:
                pass

    def _drawing_faults(self, block: Drawing) -> Iterator[str]:
        # guard: pages: a chapter has at most one drawing, a tutorial none
        if self._drawings < 1:
            yield "there is no room for this drawing on the page"
        yield from _shape_faults(block)
        for text in block.texts:
            yield from self.sentence(text)


def _clipped_arrow(shown: Shown, arrow: BoxArrow) -> BoxArrow:
    clipped = map(shown.clipped, arrow.sources)
    return replace(arrow, sources=tuple(clipped))


def _shape_faults(block: Drawing) -> Iterator[str]:
    """Yield the faults of a drawing's ids, texts and sources."""
    ids = [node.id for node in block.nodes]
    for node in block.nodes:
        # guard: pages: each box of a drawing has its own id
        if ids.count(node.id) > 1:
            yield f"two nodes have the id `{node.id[:20]}`"
        if not node.text:
            yield f"the node `{node.id[:20]}` has no text"
    for arrow in block.arrows:
        yield from _arrow_faults(block, arrow, ids)
    # guard: pages: a drawing rests on the source
    if not block.sources:
        yield "no arrow has `sources`"


def _arrow_faults(
    block: Drawing, arrow: BoxArrow, ids: list[str]
) -> Iterator[str]:
    source, target = arrow.source, arrow.target
    for end in (source, target):
        # guard: pages: an arrow leads from one box to another
        if end not in ids:
            yield f"an arrow names `{end[:20]}`, which is no node"
    told = block.told(arrow)
    # guard: pages: an arrow that names code says what it rests on
    if not arrow.sources and composed.names_code(told):
        yield (
            f"the arrow from `{source}` to `{target}` names code: add the "
            "lines it rests on to `sources`"
        )


def _is_undrawn(block: Block, text: str) -> bool:
    """Whether a drawing would show too little, so it is left out without a fault."""
    if text:
        return False
    return isinstance(block, RelationDrawing | Calls)


def pointer_faults(material: Material, block: Block) -> list[str]:
    """Return the faults of a block's references."""
    faults: Iterable[str] = ()
    match block:
        case Prose(sources=sources) | Drawing(sources=sources):
            faults = map(material.shown.fault, sources)
        case Listing(lines=lines) | CodeChange(lines=lines):
            faults = map(material.shown.fault, [lines])
        case RelationDrawing(ids=ids):
            faults = _unknown(ids, material.relations)
        case Calls(ids=ids):
            faults = _unknown(ids, material.calls)
        case Commands(ids=ids):
            faults = _unknown(ids, material.commands)
        case WrittenExample():
            pass
    return [fault for fault in faults if fault]


def _example_faults(facts: CourseFacts, block: WrittenExample) -> Iterator[str]:
    """Yield the faults of an example's file and output."""
    name = block.file
    if name and not _FILE.fullmatch(name):
        yield f"`{name[:40]}` is no name for the file of an example"
    # guard: pages: an example is not saved over a file of the project
    if name in facts.analysis.files:
        yield f"`{name}` is a file of the project: give the example another"
    elif _is_beside_own(facts, name):
        yield f"`{name}` is in a folder of the project: give it a new folder"
    if not block.prints and _PRINTS.search(block.code):
        yield "it prints something: give its whole output in `prints`"


def _is_beside_own(facts: CourseFacts, name: str) -> bool:
    """Whether a file would be saved in a folder of the project."""
    folder, slash, _ = name.partition("/")
    if not slash:
        return False
    inside = f"{folder}/"
    return any(path.startswith(inside) for path in facts.analysis.files)


def _unknown(ids: Iterable[str], known: Container[str]) -> Iterator[str]:
    for key in ids:
        if key not in known:
            start = key[:20]
            yield f"there is no `{start}` in the list"


def _sentences(line: str) -> list[str]:
    """Split a line after its sentences, but not inside code."""
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(line):
        if sentences and sentences[-1].count("`") % 2:
            sentences[-1] += f" {piece}"
        else:
            sentences.append(piece)
    return sentences


def _rests_beside(blocks: Sequence[Block | None], position: int) -> bool:
    """Whether the block before or after a paragraph supports it."""
    padded = [None, *blocks, None]
    behind = position + 3
    before, block, following = padded[position:behind]
    if _introduces(block, following):
        return True
    return _is_on(before, block)


def _is_on(example: Block | None, block: Block | None) -> bool:
    """Whether a paragraph names only what the example before it contains."""
    if not isinstance(block, Prose):
        return False
    if not isinstance(example, WrittenExample):
        return False
    words = block.text.split()
    line = " ".join(words)
    names: set[str] = set()
    for span in checker.spans(line):
        found = _NAME.findall(span)
        names.update(found)
    whole = f"{example.file} {example.code} {example.prints}"
    held = _NAME.findall(whole)
    return names.issubset(held)


def _introduces(block: Block | None, following: Block | None) -> bool:
    """Whether a paragraph introduces the next block, which has its own places."""
    if not isinstance(block, Prose):
        return False
    if following is None:
        return False
    if not isinstance(following, Prose):
        return True
    if not following.sources:
        return False
    return _ITEM.match(following.text) is not None


def _are_listed(block: Prose, listed: Sequence[Lines]) -> bool:
    for lines in block.sources:
        is_listed = any(contains(lines, listing) for listing in listed)
        if not is_listed:
            return False
    return True


def _missing_sources(block: Block) -> list[str]:
    if not isinstance(block, Prose):
        return []
    if block.sources:
        return []
    words = block.text.split()
    line = " ".join(words)
    spans = checker.spans(line)
    if all(map(keyword.iskeyword, spans)):
        return []
    return ["this paragraph names code: add the lines it rests on to `sources`"]
