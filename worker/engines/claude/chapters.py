"""Chapters: turns the parts of an answer into a page."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from states.codec import JsonObject
from states.course_paths import item_path
from states.stages import Stage
from worker.engines.claude import preparation
from worker.engines.claude.blocks import (
    AnswerFault,
    Fields,
    Listing,
    Prose,
    WrittenExample,
    entries_of,
    example_codes,
    noted,
)
from worker.engines.claude.material import Material
from worker.engines.claude.questions import Questions
from worker.engines.claude.render import Renderer, heading
from worker.engines.claude.rounds import PageDraft, Task
from worker.engines.claude.schemas import ROLES
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import words_of
from worker.engines.claude.writer import PageWriter, Written
from worker.engines.static.pages import chapters, markdown
from worker.engines.static.pages.course import Chapter

_UNTITLED: Final = frozenset({"problem"})
_REQUIRED: Final = ("problem", "use")
_ON_BEHAVIOUR: Final = frozenset({"run", "code", "failure"})
"""Parts whose paragraphs describe the program."""
_LONGEST_TITLE: Final = 80
_LEAST: Final = 500
"""The fewest characters of prose of a chapter that can be published."""
_MOST: Final = 14_000
"""The most characters of prose that a reader can be asked to read."""


class ChapterPart(NamedTuple):
    """A part of a chapter."""

    role: str
    title: str
    written: Written


def task(questions: Questions, verifier: Verifier, chapter: Chapter) -> Task:
    """Return the task that writes a chapter."""
    stage = Stage.GENERATE_CHAPTERS
    question, material = questions.of_chapter(stage, chapter)
    words = words_of(questions.language)
    return Task(
        path=item_path(stage, chapter.entry),
        question=question,
        draft=partial(_draft, questions, verifier, chapter, material),
        fallback=lambda: marked(
            chapters.written(questions.facts, chapter), words.fallback
        ),
    )


def page_in(
    questions: Questions, chapter: Chapter, output: Path, stage: Stage
) -> str:
    """Return a chapter's page as a stage left it; that of the analysis if there is none."""
    path = output / item_path(stage, chapter.entry)
    try:
        return path.read_text("utf-8").rstrip("\n")
    except FileNotFoundError:
        return chapters.written(questions.facts, chapter)


def marked(page: str, mark: str) -> str:
    """Return a page with a note below its title about the work that the model did not do."""
    title, _, rest = page.partition("\n")
    return f"{title}\n\n{mark}\n{rest}"


def _draft(
    questions: Questions,
    verifier: Verifier,
    chapter: Chapter,
    material: Material,
    answer: JsonObject,
) -> PageDraft:
    renderer = Renderer(
        facts=questions.facts,
        words=words_of(questions.language),
        material=material,
    )
    verifier = verifier.knowing(example_codes(answer))
    writer = PageWriter(renderer, verifier, lists_once=True, drawings=1)
    faults: list[str] = []
    parts: list[ChapterPart] = []
    for number, entry in enumerate(entries_of(answer, "parts", faults), 1):
        with noted(faults, f"part {number}"):
            parts.append(_part(writer, entry, number, faults))
    # The opening comes first; the others keep the model's order.
    parts.sort(key=lambda part: part.role != ROLES[0])
    for part in parts:
        faults += part.written.faults
    faults += _missing(parts)
    closing = _closing(writer, answer, faults)
    text = _page(renderer, chapter, parts, closing)
    whole = [fault.placed for fault in verifier.faults(text)]
    return PageDraft(
        text=text,
        faults=faults + whole,
        is_enough=not whole and _is_enough(parts),
    )


def _part(
    writer: PageWriter, entry: object, number: int, faults: list[str]
) -> ChapterPart:
    fields = Fields(entry)
    role, title = fields.text("role"), fields.text("title")
    if role not in ROLES:
        raise AnswerFault(f"{role[:40]!r} is not a role")
    words = title.split()
    title = " ".join(words)[:_LONGEST_TITLE]
    wrong: list[str] = []
    if title:
        wrong = writer.sentence(title)
    for fault in wrong:
        placed = f"part {number}, title: {fault}"
        faults.append(placed)
    written = writer.written(
        fields.entries("blocks"),
        f"part {number} ({role})",
        needs_sources=role in _ON_BEHAVIOUR,
    )
    shown_title = title
    if wrong:
        shown_title = ""
    return ChapterPart(role, shown_title, written)


def _closing(writer: PageWriter, answer: JsonObject, faults: list[str]) -> str:
    """Return the sentences that lead from a chapter to the next one; they may be missing."""
    text = ""
    with noted(faults, "the ending"):
        text = Fields(answer).text("next")
    if not text:
        return ""
    paragraph = {"kind": "prose", "text": text, "sources": []}
    written = writer.written([paragraph], "next")
    faults += written.faults
    return markdown.document(*written.texts)


def _prose_length(parts: Sequence[ChapterPart]) -> int:
    length = 0
    for part in parts:
        for block, _ in part.written.blocks:
            if isinstance(block, Prose):
                length += len(block.text)
    return length


def _shows_code(parts: Sequence[ChapterPart]) -> bool:
    for part in parts:
        for block, _ in part.written.blocks:
            if isinstance(block, Listing | WrittenExample):
                return True
    return False


def _missing(parts: Sequence[ChapterPart]) -> list[str]:
    """Return what a chapter lacks, as lines for the model."""
    roles = {part.role for part in parts if part.written.blocks}
    absent = [role for role in _REQUIRED if role not in roles]
    faults = []
    for role in absent:
        fault = f"the part `{role}` is missing"
        faults.append(fault)
    if not _shows_code(parts):
        faults.append("the chapter shows no code")
    length = _prose_length(parts)
    if length < _LEAST:
        faults.append("the chapter is too short to teach anything")
    if length > _MOST:
        faults.append(f"its prose has {length} characters; at most {_MOST}")
    return faults


def _is_enough(parts: Sequence[ChapterPart]) -> bool:
    # guard: fallbacks: a page on which too little is left is not published
    return _shows_code(parts) and _prose_length(parts) >= _LEAST


def _page(
    renderer: Renderer,
    chapter: Chapter,
    parts: Sequence[ChapterPart],
    closing: str,
) -> str:
    return markdown.document(
        heading(renderer.words.chapter, chapter),
        preparation.reference(renderer),
        *map(_section, parts),
        closing,
        following(renderer, chapter),
    )


def _section(part: ChapterPart) -> str:
    if not part.written.blocks:
        return ""
    title = ""
    if part.role not in _UNTITLED and part.title:
        title = markdown.heading(2, markdown.prose(part.title))
    return markdown.document(title, *part.written.texts)


def following(renderer: Renderer, chapter: Chapter) -> str:
    """Return the links to the chapter's tutorial, and to the next chapter if there is one."""
    words = renderer.words
    tutorial = preparation.tutorial_link(renderer, chapter)
    links = [f"{words.exercises}: {tutorial}."]
    behind = chapter.position + 1
    chapters = renderer.facts.chapters
    if behind < len(chapters):
        link = renderer.chapter_link(chapters[behind])
        links.append(f"{words.following}: {link}.")
    return " ".join(links)
