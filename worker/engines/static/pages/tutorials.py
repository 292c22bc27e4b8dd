"""Writes the tutorials: steps through the source, and exercises whose answers follow from it."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.engines.port import Item
from worker.engines.static.facts import Analysis, Course
from worker.engines.static.pages import (
    file_questions,
    markdown,
    quiz,
    tutorial_steps,
)
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.exercise import rendered
from worker.engines.static.prose.phrases import counted

_MOST: Final = 7
"""Exercises."""


def items(analysis: Analysis, course: Course, output: Path) -> Iterator[Item]:
    """Write the tutorials that `output` lacks, in the order of the course."""
    facts = CourseFacts(analysis, course)
    for chapter in facts.chapters:
        path = item_path(Stage.GENERATE_TUTORIALS, chapter.entry)
        if not (output / path).exists():
            yield Item(path=path, body=f"{written(facts, chapter)}\n".encode())


def written(facts: CourseFacts, chapter: Chapter) -> str:
    """Return a tutorial."""
    steps = list(tutorial_steps.taken(facts, chapter))
    ask = quiz.asked if chapter.unit.symbols else file_questions.asked
    questions = list(islice(ask(facts, chapter), _MOST))
    title = f"Tutorial {chapter.entry.index}: {markdown.text(chapter.name)}"
    blocks = [
        markdown.heading(1, title),
        _lead(chapter, len(steps), len(questions)),
    ]
    if steps:
        blocks.append(markdown.heading(2, "Step by step"))
    for number, step in enumerate(steps, 1):
        heading = markdown.heading(3, f"Step {number}: {step.title}")
        blocks.append(markdown.document(heading, *step.blocks))
    if questions:
        blocks.append(markdown.heading(2, "Exercises"))
    for number, question in enumerate(questions, 1):
        blocks.append(rendered(number, question))
    return markdown.document(*blocks, _next(facts, chapter))


def _lead(chapter: Chapter, steps_: int, questions: int) -> str:
    page = markdown.link(
        f"Chapter {chapter.entry.index}, {markdown.text(chapter.name)}",
        f"../reviewed-chapters/{chapter.file}",
    )
    return (
        f"This tutorial belongs to {page}. Open the repository in an editor that can search. The tutorial has "
        f"{counted(steps_, 'step')} and {counted(questions, 'exercise')}; the answers are folded, and each "
        "can be verified in the source at the place that it names."
    )


def _next(facts: CourseFacts, chapter: Chapter) -> str:
    following = facts.chapters[chapter.position + 1 : chapter.position + 2]
    if not following:
        return markdown.document(
            markdown.heading(2, "Next"),
            "This was the last tutorial of the course.",
        )
    name = f"Tutorial {following[0].entry.index}, {markdown.text(following[0].name)}"
    file = item_path(Stage.GENERATE_TUTORIALS, following[0].entry).rpartition(
        "/"
    )[2]
    return markdown.document(
        markdown.heading(2, "Next"), f"Go on with {markdown.link(name, file)}."
    )
