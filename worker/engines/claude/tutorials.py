"""Tutorials: exercises with hidden solutions."""

from functools import partial
from typing import Final

from states.codec import JsonObject
from states.course_paths import item_path
from states.stages import Stage
from worker.engines.claude.blocks import (
    Fields,
    entries_of,
    example_codes,
    noted,
)
from worker.engines.claude.chapters import marked
from worker.engines.claude.material import Material
from worker.engines.claude.questions import Questions
from worker.engines.claude.render import Renderer, heading, title
from worker.engines.claude.rounds import Draft, Task
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import words_of
from worker.engines.claude.writer import Writer
from worker.engines.static.pages import markdown, tutorials
from worker.engines.static.pages.course import Chapter

_FEWEST: Final = 2
"""Exercises of a tutorial that can be published."""
_MOST: Final = 8
_LONGEST_TITLE: Final = 80
_CHAPTERS: Final = "../reviewed-chapters/"


def task(questions: Questions, verifier: Verifier, chapter: Chapter) -> Task:
    """Return the task to write a tutorial."""
    stage = Stage.GENERATE_TUTORIALS
    question, material = questions.of_chapter(stage, chapter)
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
    exercises: list[str] = []
    entries = entries_of(answer, "exercises", faults)
    for number, entry in enumerate(entries[:_MOST], 1):
        place = f"exercise {number}"
        with noted(faults, place):
            exercise = _exercise(
                writer, entry, place, len(exercises) + 1, faults
            )
            exercises += [exercise] if exercise else []
    if len(exercises) < _FEWEST:
        faults.append(f"it has {len(exercises)} whole exercises")
    text = _page(
        renderer, chapter, markdown.document(*introduction.texts), exercises
    )
    whole = [fault.text for fault in verifier.faults(text)]
    return Draft(
        text=text,
        faults=faults + whole,
        is_enough=not whole and len(exercises) >= _FEWEST,
    )


def _exercise(
    writer: Writer,
    entry: object,
    place: str,
    number: int,
    faults: list[str],
) -> str:
    """Return an exercise; nothing if its task or its solution does not stand."""
    fields = Fields(entry)
    name = " ".join(fields.text("title").split())[:_LONGEST_TITLE]
    wrong = writer.sentence(name)
    faults += [f"{place}, title: {fault}" for fault in wrong]
    task_ = writer.written(fields.entries("task"), f"{place}, task")
    solution = writer.written(fields.entries("solution"), f"{place}, solution")
    faults += task_.faults + solution.faults
    # What is left of a task is no exercise.
    if wrong or task_.faults or not task_.blocks or not solution.blocks:
        return ""
    words = writer.renderer.words
    return markdown.document(
        markdown.heading(2, f"{number}. {markdown.prose(name)}"),
        *task_.texts,
        f"<details>\n<summary>{words.solution}</summary>",
        *solution.texts,
        "</details>",
    )


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
