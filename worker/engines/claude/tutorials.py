"""Tutorials: exercises with hidden solutions."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from states.codec import JsonObject
from states.course_paths import item_path
from states.stages import Stage
from worker.engines.claude import edits, preparation, source_map
from worker.engines.claude.blocks import (
    Block,
    CodeChange,
    Fields,
    Listing,
    Prose,
    WrittenExample,
    entries_of,
    example_codes,
    example_files,
    noted,
)
from worker.engines.claude.chapters import marked, page_in
from worker.engines.claude.material import Material
from worker.engines.claude.questions import Questions
from worker.engines.claude.render import (
    Renderer,
    folded,
    heading,
    listings,
)
from worker.engines.claude.rounds import PageDraft, Task
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import MARK, words_of
from worker.engines.claude.writer import PageWriter, Written
from worker.engines.static.pages import checker, markdown, tutorials
from worker.engines.static.pages.course import Chapter

_FEWEST: Final = 2
"""The fewest exercises of a tutorial that can be published."""
_MOST: Final = 8
_LONGEST_TITLE: Final = 80
_CHAPTERS: Final = "../reviewed-chapters/"
_PARENTHESES: Final = re.compile(r"[()\\\n]")


def task(
    questions: Questions, verifier: Verifier, chapter: Chapter, output: Path
) -> Task:
    """Return the task that writes a tutorial to a chapter's page in `output`."""
    stage = Stage.GENERATE_TUTORIALS
    page = page_in(questions, chapter, output, Stage.REVIEW_CHAPTERS)
    question, material = questions.of_tutorial(chapter, page)
    verifier = verifier.knowing(verifier.written_code(page))
    words = words_of(questions.language)
    source = _Source(questions, chapter, page, material, output)
    draft = partial(_draft, source, verifier)

    def fallback() -> str:
        written = tutorials.written(questions.facts, chapter)
        return marked(written, words.fallback)

    return Task(
        path=item_path(stage, chapter.entry),
        question=question,
        draft=draft,
        fallback=fallback,
    )


class _Source(NamedTuple):
    """The inputs of a tutorial."""

    questions: Questions
    chapter: Chapter
    page: str
    material: Material
    output: Path


def _draft(
    source: _Source, verifier: Verifier, answer: JsonObject
) -> PageDraft:
    renderer = _renderer(source)
    verifier = verifier.knowing(example_codes(answer))
    writer = PageWriter(renderer, verifier)
    faults: list[str] = []
    opening = entries_of(answer, "introduction", faults)
    introduction = writer.written(opening, "introduction")
    faults += introduction.faults
    files = Files(example_files(answer) | _files_of(source.page))
    files.save(introduction)
    exercises = _exercises(writer, answer, files, faults)
    count = len(exercises)
    if count < _FEWEST:
        faults.append(f"it has {count} whole exercises")
    beginning = markdown.document(*introduction.texts)
    places = _map(source, renderer, verifier, answer, faults)
    text = _page(renderer, source.chapter, beginning, [*exercises, places])
    whole = [fault.placed for fault in verifier.faults(text)]
    return PageDraft(
        text=text,
        faults=faults + whole,
        is_enough=not whole and count >= _FEWEST,
    )


def _map(
    source: _Source,
    renderer: Renderer,
    verifier: Verifier,
    answer: JsonObject,
    faults: list[str],
) -> str:
    """Return the map of the source, which only the first tutorial has."""
    if source.chapter.position > 0:
        return ""
    facts = renderer.facts
    texts = source_map.read(facts, verifier, answer, faults)
    stage = Stage.REVIEW_CHAPTERS
    pages = []
    for chapter in facts.chapters:
        page = page_in(source.questions, chapter, source.output, stage)
        pages.append(page)
    return source_map.section(renderer, texts, pages)


def _renderer(source: _Source) -> Renderer:
    words = words_of(source.questions.language)
    renderer = Renderer(
        facts=source.questions.facts,
        words=words,
        material=source.material,
        folder=_CHAPTERS,
    )
    link = renderer.chapter_link(source.chapter)
    listed = listings(source.page)
    return replace(renderer, chapter=link, listed=listed)


def _files_of(page: str) -> set[str]:
    """Return the names under which a page has its examples saved."""
    names: set[str] = set()
    for block in checker.blocks(page):
        if block.tag is None:
            continue
        if block.before.startswith(MARK):
            spans = checker.spans(block.before)
            names.update(spans)
    return names


def _exercises(
    writer: PageWriter, answer: JsonObject, files: "Files", faults: list[str]
) -> list[str]:
    """Return the complete exercises of an answer."""
    exercises: list[str] = []
    changes = False
    entries = entries_of(answer, "exercises", faults)[:_MOST]
    is_broken = False
    for number, entry in enumerate(entries, 1):
        place = f"exercise {number}"
        exercise: _Exercise | None = None
        with noted(faults, place):
            exercise = _exercise(writer, entry, place, faults)
        if exercise is not None:
            changes |= exercise.has(CodeChange)
            wrong = files.fault(exercise)
            if wrong:
                faults.append(f"{place}: {wrong}")
                exercise = None
        # guard: pages: an exercise goes with the one whose program it changes
        if exercise is None or (is_broken and not exercise.is_alone(files)):
            is_broken = True
            continue
        is_broken = False
        files.save(exercise.task)
        files.save(exercise.solution)
        text = exercise.text(writer.renderer, len(exercises) + 1)
        exercises.append(text)
    material = writer.renderer.material
    runs_tests = any(map(edits.is_test, material.commands.values()))
    is_told = edits.is_told(writer.renderer.facts, material.shown)
    if not changes and runs_tests and is_told:
        faults.append(
            "no exercise changes the project's own code: give one a `change`"
        )
    return exercises


class Files:
    """The files in which the programs of a page are saved."""

    def __init__(self, named: set[str]) -> None:
        """Take the file names that the answer and its chapter's page use."""
        self._named: Final = named
        self._saved: Final[set[str]] = set()

    def save(self, written: Written) -> None:
        """Record the files of programs."""
        self._saved.update(_saved(written))

    def has_any(self, exercise: "_Exercise") -> bool:
        """Whether the task names a file that an earlier exercise saved."""
        return not self._saved.isdisjoint(exercise.names)

    def fault(self, exercise: "_Exercise") -> str:
        """Return the fault of the files that a task names, if there is one."""
        known = self._saved | _saved(exercise.task)
        # Files that the reader has to write are in the solution.
        known |= _saved(exercise.solution)
        missing = self._named.intersection(exercise.names) - known
        # guard: pages: an exercise names only files that the reader has saved
        if missing:
            name = min(missing)
            return f"no exercise before it saves `{name}`: show it here, whole"
        return ""


def _saved(written: Written) -> set[str]:
    files: set[str] = set()
    for block, _ in written.blocks:
        if isinstance(block, WrittenExample) and block.file:
            files.add(block.file)
    return files


class _Exercise(NamedTuple):
    title: str
    task: Written
    solution: Written

    def is_alone(self, files: Files) -> bool:
        """Whether the task shows its code, or names a file that has it."""
        return self.has(WrittenExample, Listing, CodeChange) or files.has_any(
            self
        )

    def has(self, *kinds: type[Block]) -> bool:
        """Whether the task has a block of one of these kinds."""
        return any(isinstance(block, kinds) for block, _ in self.task.blocks)

    @property
    def names(self) -> set[str]:
        """The words in backquotes in the task's prose."""
        words: set[str] = set()
        for block, _ in self.task.blocks:
            if not isinstance(block, Prose):
                continue
            line = " ".join(block.text.split())
            for span in checker.spans(line):
                in_span = span.split()
                words.update(in_span)
        return words

    def solved(self, renderer: Renderer) -> list[str]:
        """Return the solution; of a program that the task shows, only the lines that differ."""
        shown: dict[str, WrittenExample] = {}
        for block, _ in self.task.blocks:
            if isinstance(block, WrittenExample) and block.file:
                shown[block.file] = block
        texts: list[str] = []
        for block, text in self.solution.blocks:
            repair = ""
            if isinstance(block, WrittenExample) and block.file in shown:
                repair = renderer.repair(shown[block.file], block)
            texts.append(repair or text)
        return texts

    def text(self, renderer: Renderer, number: int) -> str:
        name = markdown.prose(self.title)
        heading_ = markdown.heading(2, f"{number}. {name}")
        solved = self.solved(renderer)
        solution = folded(renderer.words.solution, *solved)
        return markdown.document(heading_, *self.task.texts, solution)


def _exercise(
    writer: PageWriter, entry: object, place: str, faults: list[str]
) -> _Exercise | None:
    """Return an exercise; nothing if its program or its whole solution is faulty."""
    fields = Fields(entry)
    words = fields.text("title").split()
    name = " ".join(words)[:_LONGEST_TITLE]
    wrong = writer.sentence(name)
    if wrong:
        for fault in wrong:
            placed = f"{place}, title: {fault}"
            faults.append(placed)
        name = writer.renderer.words.tutorial
    renderer = replace(writer.renderer, hides_output=True)
    task_writer = PageWriter(renderer, writer.verifier)
    task_ = task_writer.written(fields.entries("task"), f"{place}, task")
    solution = writer.written(fields.entries("solution"), f"{place}, solution")
    faults += task_.faults + solution.faults
    # guard: pages: an exercise without its program is left out
    if task_.lacks_code or not task_.blocks or not solution.blocks:
        return None
    return _Exercise(name, task_, solution)


def _page(
    renderer: Renderer,
    chapter: Chapter,
    introduction: str,
    exercises: list[str],
) -> str:
    words = renderer.words
    is_first = chapter.position == 0
    links = [f"{renderer.chapter}."]
    if not is_first:
        links.append(preparation.reference(renderer))
    setup = ""
    project_title = ""
    if is_first:
        setup = preparation.section(renderer)
        project_title = _title(renderer)
    return markdown.document(
        heading(words.tutorial, chapter),
        " ".join(filter(None, links)),
        introduction,
        setup,
        *exercises,
        _following(renderer, chapter),
        project_title,
    )


def _title(renderer: Renderer) -> str:
    """Return the project's name as a line that Markdown does not show; it titles the course."""
    name = markdown.visible(renderer.facts.analysis.project.name)
    return f"[project]: # ({_PARENTHESES.sub('', name)})"


def _following(renderer: Renderer, chapter: Chapter) -> str:
    rest = renderer.facts.chapters[chapter.position + 1 :][:1]
    words = renderer.words
    guide = ""
    if rest:
        link = preparation.tutorial_link(renderer, rest[0])
    else:
        guide = preparation.contributing(renderer)
        link = markdown.link(words.contents, preparation.CONTENTS)
    following = f"{words.following}: {link}."
    return markdown.document(guide, following)
