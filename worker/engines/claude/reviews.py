"""Reviews: edits of a chapter's page, block by block."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

from states.codec import JsonObject
from states.course_paths import item_path
from states.stages import Stage
from worker.engines.claude.blocks import (
    AnswerFault,
    Fields,
    entries_of,
    example_codes,
    noted,
)
from worker.engines.claude.chapters import marked, page_in
from worker.engines.claude.material import Material
from worker.engines.claude.questions import Questions
from worker.engines.claude.render import Renderer
from worker.engines.claude.rounds import PageDraft, Task
from worker.engines.claude.schemas import ACTIONS
from worker.engines.claude.shown import plain
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import MARK, Words, words_of
from worker.engines.claude.writer import PageWriter
from worker.engines.static.pages import checker, markdown
from worker.engines.static.pages.course import Chapter

_KEPT: Final = 0.5
"""The share of a page that must be left after a review."""
_NEXT: Final = re.compile(r"[^\[\]]+: \[.+\]\([^()\s]+\)\.")
"""The links to a chapter's tutorial and to the next chapter, as both engines write them."""
_NOTES: Final = re.compile(r"\(`[^`]+`(?:, `[^`]+`)*\)")
"""A paragraph that contains only the places that support the list above it."""
_REPLACE, _DROP, _INSERT = ACTIONS


def task(
    questions: Questions,
    verifier: Verifier,
    chapter: Chapter,
    output: Path,
) -> Task:
    """Return the task that reviews a chapter in `output`."""
    stage = Stage.REVIEW_CHAPTERS
    words = words_of(questions.language)
    page = page_in(questions, chapter, output, Stage.GENERATE_CHAPTERS)
    verifier = verifier.knowing(verifier.written_code(page))
    blocks = page_blocks(page)
    numbered = plain(_numbered(blocks), "page")
    faults = verifier.faults(page)
    findings = []
    for fault in faults:
        finding = f"- {fault.placed}"
        findings.append(finding)
    question, material = questions.of_chapter(
        stage,
        chapter,
        page=numbered,
        findings="\n".join(findings),
    )
    return Task(
        path=item_path(stage, chapter.entry),
        question=question,
        draft=partial(_draft, questions, verifier, blocks, material),
        fallback=lambda: marked(page, words.unreviewed),
    )


def page_blocks(page: str) -> list[str]:
    """Split a page at its empty lines.

    A listing belongs to the line above it, and the places that support a list belong to the list.
    """
    blocks: list[str] = []
    lines: list[str] = []
    for block in checker.blocks(page):
        if block.tag is not None:
            if not lines:
                lines = _announcement(blocks)
            lines.append(block.text)
            if _is_output(blocks, lines):
                lines = [blocks.pop(), "", *lines]
        elif block.text.strip():
            lines.append(block.text)
        elif lines:
            _add(blocks, lines)
            lines = []
    if lines:
        _add(blocks, lines)
    return blocks


def _add(blocks: list[str], lines: list[str]) -> None:
    """Add a block; the places that support a list belong to the list."""
    text = "\n".join(lines)
    if blocks and _NOTES.fullmatch(text):
        blocks[-1] += f"\n\n{text}"
    else:
        blocks.append(text)


def _announcement(blocks: list[str]) -> list[str]:
    """Remove the line above a listing from the blocks, and return its lines, if there is one."""
    if not blocks:
        return []
    if not _announces(blocks[-1]):
        return []
    line = blocks.pop()
    return [line, ""]


def _is_output(blocks: list[str], lines: list[str]) -> bool:
    """Whether a block is the output of the example above it."""
    if not blocks or not blocks[-1].startswith(MARK):
        return False
    first = lines[0]
    if first.startswith(MARK):
        return False
    return first.endswith(":")


def _announces(block: str) -> bool:
    """Whether a block is the place of a listing, or the note above code that the model wrote."""
    if "\n" in block:
        return False
    if block.endswith(":"):
        return True
    bare = block.strip("` ")
    place = markdown.PLACE.fullmatch(bare)
    return place is not None


def _numbered(blocks: Sequence[str]) -> list[str]:
    rows: list[str] = []
    for number, block in enumerate(blocks, 1):
        rows.append(f"[block {number}]")
        rows += block.split("\n")
        rows.append("")
    return rows


def _draft(
    questions: Questions,
    verifier: Verifier,
    blocks: list[str],
    material: Material,
    answer: JsonObject,
) -> PageDraft:
    renderer = Renderer(
        facts=questions.facts,
        words=words_of(questions.language),
        material=material,
    )
    verifier = verifier.knowing(example_codes(answer))
    writer = PageWriter(renderer, verifier, drawings=1)
    edited = _EditedPage(blocks, renderer.words)
    faults: list[str] = []
    entries = entries_of(answer, "edits", faults)
    for number, entry in enumerate(entries, 1):
        place = f"edit {number}"
        with noted(faults, place):
            faults += edited.edit(writer, entry, place)
    page = edited.text()
    before = "\n\n".join(blocks)
    new = _new_faults(verifier, before, page)
    return PageDraft(
        text=page,
        faults=faults + new,
        is_enough=not new,
    )


def _new_faults(verifier: Verifier, before: str, after: str) -> list[str]:
    """Return the faults that the edits added to a page."""
    old_faults = verifier.faults(before)
    known = {fault.text for fault in old_faults}
    faults = verifier.faults(after)
    new = [fault.placed for fault in faults if fault.text not in known]
    least = _KEPT * len(before)
    if len(after) < least:
        new.append("the edits drop more than half of the page")
    return new


class _EditedPage:
    """A page with its edits."""

    def __init__(self, blocks: list[str], words: Words) -> None:
        self._blocks: Final = blocks
        self._marks: Final = words.marks
        self._link: Final = _link_number(blocks)
        """The number of the block in which a page leads to the next chapter."""
        self._instead: Final[dict[int, list[str]]] = {}
        self._after: Final[dict[int, list[str]]] = defaultdict(list)

    def edit(self, writer: PageWriter, entry: object, place: str) -> list[str]:
        """Make an edit, and return its faults; an edit with a fault changes nothing."""
        fields = Fields(entry)
        number = fields.number("block")
        action = fields.text("action")
        self._check(number, action)
        if action == _DROP:
            self._instead[number] = []
            return []
        written = writer.written(fields.entries("blocks"), place)
        if written.faults:
            return written.faults
        if action == _REPLACE:
            self._instead[number] = written.texts
        else:
            self._after[number] += written.texts
        return []

    def _check(self, number: int, action: str) -> None:
        if not 0 < number <= len(self._blocks):
            raise AnswerFault(f"there is no block {number}")
        if action not in ACTIONS:
            raise AnswerFault(f"{action[:40]!r} is no action")
        is_change = action != _INSERT
        if is_change and self._is_fixed(number):
            raise AnswerFault(f"block {number} cannot be edited")

    def _is_fixed(self, number: int) -> bool:
        """Whether a block may not be edited: a heading, the page's links, or its mark."""
        block = self._blocks[number - 1]
        # guard: fallbacks: a review does not take a page's mark away
        if block in self._marks:
            return True
        if _NEXT.fullmatch(block):
            return True
        return block.startswith("#")

    def text(self) -> str:
        blocks: list[str] = []
        for number, block in enumerate(self._blocks, 1):
            after = self._after[number]
            if number == self._link:
                blocks += after
                blocks.append(block)
                continue
            blocks += self._instead.get(number, [block])
            blocks += after
        kept = _without_empty_sections(blocks)
        return markdown.document(*kept)


def _link_number(blocks: Sequence[str]) -> int:
    """Return the number of the last block if it links to the next chapter; else 0."""
    if _NEXT.fullmatch(blocks[-1]):
        return len(blocks)
    return 0


def _without_empty_sections(blocks: Sequence[str]) -> list[str]:
    """Leave out headings without a section."""
    kept: list[str] = []
    for block, following in pairwise([*blocks, "# "]):
        is_heading = block.startswith("##")
        ends_section = following.startswith(("# ", "## "))
        if is_heading and ends_section:
            continue
        kept.append(block)
    return kept
