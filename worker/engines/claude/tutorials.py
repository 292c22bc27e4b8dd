"""Tutorials: exercises with hidden solutions."""

from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from states.codec import JsonObject
from states.course_paths import item_path
from states.stages import Stage
from worker.engines.claude.blocks import (
    Example,
    Fields,
    Listing,
    entries_of,
    example_codes,
    noted,
)
from worker.engines.claude.chapters import marked, page_in
from worker.engines.claude.material import Material
from worker.engines.claude.questions import Questions
from worker.engines.claude.render import Renderer, heading, title
from worker.engines.claude.rounds import Draft, Task
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import Words, words_of
from worker.engines.claude.writer import Writer, Written
from worker.engines.static.pages import markdown, tutorials
from worker.engines.static.pages.course import Chapter

_FEWEST: Final = 2
"""Exercises of a tutorial that can be published."""
_MOST: Final = 8
_LONGEST_TITLE: Final = 80
_CHAPTERS: Final = "../reviewed-chapters/"


def task(
    questions: Questions, verifier: Verifier, chapter: Chapter, output: Path
) -> Task:
    """Return the task to write a tutorial to a chapter's page in `output`."""
    stage = Stage.GENERATE_TUTORIALS
    page = page_in(questions, chapter, output, Stage.REVIEW_CHAPTERS)
    question, material = questions.of_tutorial(chapter, page)
    verifier = verifier.knowing(verifier.written_code(page))
    words = words_of(questions.language)
    return Task(
        path=item_path(stage, chapter.entry),
        question=question,
        draft=partial(_draft, questions, verifier, chapter, material),
        fallback=lambda: marked(
            tutorials.written(questions.facts, chapter), words.fallback
        ),
    )


def _draft(
    questions: Questions,
    verifier: Verifier,
    chapter: Chapter,
    material: Material,
    answer: JsonObject,
) -> Draft:
    renderer = Renderer(
        facts=questions.facts,
        words=words_of(questions.language),
        material=material,
        folder=_CHAPTERS,
    )
    verifier = verifier.knowing(example_codes(answer))
    writer = Writer(renderer, verifier)
    faults: list[str] = []
    opening = entries_of(answer, "introduction", faults)
    introduction = writer.written(opening, "introduction")
    faults += introduction.faults
    exercises = _exercises(writer, answer, faults)
    if len(exercises) < _FEWEST:
        faults.append(f"it has {len(exercises)} whole exercises")
    text = _page(
        renderer, chapter, markdown.document(*introduction.texts), exercises
    )
    whole = [fault.placed for fault in verifier.faults(text)]
    return Draft(
        text=text,
        faults=faults + whole,
        is_enough=not whole and len(exercises) >= _FEWEST,
    )


def _exercises(
    writer: Writer, answer: JsonObject, faults: list[str]
) -> list[str]:
    """Return the exercises of an answer that are whole."""
    exercises: list[str] = []
    entries = entries_of(answer, "exercises", faults)[:_MOST]
    is_broken = False
    for number, entry in enumerate(entries, 1):
        place = f"exercise {number}"
        exercise: _Exercise | None = None
        with noted(faults, place):
            exercise = _exercise(writer, entry, place, faults)
        # guard: pages: an exercise goes with the one whose program it changes
        if exercise is None or (is_broken and not exercise.is_alone):
            is_broken = True
            continue
        is_broken = False
        text = exercise.text(writer.renderer.words, len(exercises) + 1)
        exercises.append(text)
    return exercises


class _Exercise(NamedTuple):
    title: str
    task: Written
    solution: Written

    @property
    def is_alone(self) -> bool:
        """Whether its task shows the code that it is about."""
        blocks = [block for block, _ in self.task.blocks]
        return any(isinstance(block, Example | Listing) for block in blocks)

    def text(self, words: Words, number: int) -> str:
        return markdown.document(
            markdown.heading(2, f"{number}. {markdown.prose(self.title)}"),
            *self.task.texts,
            f"<details>\n<summary>{words.solution}</summary>",
            *self.solution.texts,
            "</details>",
        )


def _exercise(
    writer: Writer, entry: object, place: str, faults: list[str]
) -> _Exercise | None:
    """Return an exercise; nothing if its program or its whole solution has a fault."""
    fields = Fields(entry)
    name = " ".join(fields.text("title").split())[:_LONGEST_TITLE]
    wrong = writer.sentence(name)
    if wrong:
        faults += [f"{place}, title: {fault}" for fault in wrong]
        name = writer.renderer.words.tutorial
    task_ = writer.written(fields.entries("task"), f"{place}, task")
    solution = writer.written(fields.entries("solution"), f"{place}, solution")
    faults += task_.faults + solution.faults
    # guard: pages: an exercise without its program is none
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
    return markdown.document(
        heading(words.tutorial, chapter),
        f"{renderer.chapter_link(chapter)}.",
        introduction,
        *exercises,
        _following(renderer, chapter),
    )


def _following(renderer: Renderer, chapter: Chapter) -> str:
    rest = renderer.facts.chapters[chapter.position + 1 :][:1]
    words = renderer.words
    links = [
        markdown.link(
            title(words.tutorial, other),
            item_path(Stage.GENERATE_TUTORIALS, other.entry).rpartition("/")[2],
        )
        for other in rest
    ]
    return "".join(f"{words.following}: {link}." for link in links)
