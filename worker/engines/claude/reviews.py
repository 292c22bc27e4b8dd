"""Reviews: edits of a chapter's page, block by block."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from states.codec import JsonObject
from states.course_paths import item_path
from states.stages import Stage
from worker.engines.claude.blocks import (
    AnswerFault,
    Fields,
    entries_of,
    noted,
)
from worker.engines.claude.material import Material
from worker.engines.claude.questions import Questions
from worker.engines.claude.render import Renderer
from worker.engines.claude.rounds import Draft, Task
from worker.engines.claude.schemas import ACTIONS
from worker.engines.claude.shown import plain
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import words_of
from worker.engines.claude.writer import Writer
from worker.engines.static.pages import chapters, checker, markdown
from worker.engines.static.pages.course import Chapter

_KEPT: Final = 0.5
"""The share of a page that a review must leave of it."""
_REPLACE, _DROP, _INSERT = ACTIONS


def task(
    questions: Questions, verifier: Verifier, chapter: Chapter, output: Path
) -> Task:
    """Return the task to review a chapter in `output`."""
    page = _page(questions, chapter, output)
    blocks = page_blocks(page)
    findings = [f"- {fault.text}" for fault in verifier.faults(page)]
    stage = Stage.REVIEW_CHAPTERS
    question, material = questions.of_chapter(
        stage,
        chapter,
        page=plain(_numbered(blocks), "page"),
        findings="\n".join(findings),
    )
    return Task(
        path=item_path(stage, chapter.entry),
        question=question,
        draft=partial(_draft, questions, verifier, blocks, material),
        fallback=lambda: page,
    )


def _page(questions: Questions, chapter: Chapter, output: Path) -> str:
    path = output / item_path(Stage.GENERATE_CHAPTERS, chapter.entry)
    try:
        return path.read_text("utf-8").rstrip("\n")
    except FileNotFoundError:
        return chapters.written(questions.facts, chapter)


def page_blocks(page: str) -> list[str]:
    """Split a page at its empty lines; a listing belongs to the line above it."""
    blocks: list[str] = []
    lines: list[str] = []
    for block in checker.blocks(page):
        if block.tag is not None:
            if not lines and blocks and _announces(blocks[-1]):
                lines = [blocks.pop(), ""]
            lines.append(block.text)
        elif block.text.strip():
            lines.append(block.text)
        elif lines:
            blocks.append("\n".join(lines))
            lines = []
    if lines:
        blocks.append("\n".join(lines))
    return blocks


def _announces(block: str) -> bool:
    """Tell whether a block is the place of a listing, or the note above written code."""
    if "\n" in block:
        return False
    match = markdown.PLACE.fullmatch(block.strip("` "))
    return match is not None or block.endswith(":")


def _numbered(blocks: Sequence[str]) -> list[str]:
    rows: list[str] = []
    for number, block in enumerate(blocks, 1):
        rows += [f"[block {number}]", *block.split("\n"), ""]
    return rows


def _draft(
    questions: Questions,
    verifier: Verifier,
    blocks: list[str],
    material: Material,
    answer: JsonObject,
) -> Draft:
    renderer = Renderer(
        facts=questions.facts,
        words=words_of(questions.language),
        material=material,
    )
    writer = Writer(renderer, verifier)
    page = _Edited(blocks)
    faults: list[str] = []
    for number, entry in enumerate(entries_of(answer, "edits", faults), 1):
        place = f"edit {number}"
        with noted(faults, place):
            faults += page.edit(writer, entry, place)
    text = page.text()
    before = {fault.text for fault in verifier.faults("\n\n".join(blocks))}
    new = [
        fault.text
        for fault in verifier.faults(text)
        if fault.text not in before
    ]
    if len(text) < _KEPT * len("\n\n".join(blocks)):
        new.append("the edits drop more than half of the page")
    return Draft(text=text, faults=faults + new, is_enough=not new)


class _Edited:
    """A page with its edits."""

    def __init__(self, blocks: list[str]) -> None:
        self._blocks: Final = blocks
        self._instead: Final[dict[int, list[str]]] = {}
        self._after: Final[dict[int, list[str]]] = defaultdict(list)

    def edit(self, writer: Writer, entry: object, place: str) -> list[str]:
        """Make an edit; return its faults. An edit with a fault changes nothing."""
        fields = Fields(entry)
        number, action = fields.number("block"), fields.text("action")
        if not 0 < number <= len(self._blocks):
            raise AnswerFault(f"there is no block {number}")
        if action not in ACTIONS:
            raise AnswerFault(f"{action[:40]!r} is no action")
        if action != _INSERT and _is_fixed(self._blocks[number - 1]):
            raise AnswerFault(f"block {number} cannot be edited")
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

    def text(self) -> str:
        """Return the page."""
        blocks: list[str] = []
        for number, block in enumerate(self._blocks, 1):
            blocks += self._instead.get(number, [block])
            blocks += self._after[number]
        return markdown.document(*_without_empty_sections(blocks))


def _is_fixed(block: str) -> bool:
    """Tell whether a block is a heading, or the link to the next chapter."""
    return block.startswith("#")


def _without_empty_sections(blocks: Sequence[str]) -> list[str]:
    """Leave out headings that nothing follows."""
    kept: list[str] = []
    for block, following in zip(blocks, [*blocks[1:], "# "], strict=True):
        is_empty = block.startswith("##") and following.startswith(
            ("# ", "## ")
        )
        if not is_empty:
            kept.append(block)
    return kept
