"""The static engine's work: the items of each stage, from the source code of one tree."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from states.course_paths import item_path, yaml_path
from states.stages import Stage
from worker.course.formats import (
    read_abstractions,
    read_order,
    read_relationships,
)
from worker.engines.port import Item, NoMaterialError, Workspace
from worker.engines.static.analysis import NoTextError, analyze
from worker.engines.static.facts import Analysis, Course
from worker.engines.static.pages import chapters, reviews, tutorials, yaml_files
from worker.engines.static.pages.course import Chapter, CourseFacts

_YAML_FILES: Final = {
    Stage.EXTRACT: yaml_files.abstractions,
    Stage.ANALYZE: yaml_files.relationships,
    Stage.ORDER: yaml_files.order,
}


class CourseWriter:
    """Makes the items of a course, and keeps what is known of its tree between stages."""

    def __init__(self) -> None:
        self._known: tuple[Path, Analysis] | None = None
        self._course_facts: CourseFacts | None = None

    def write(
        self, stage: Stage, workspace: Workspace, wait: Callable[[], None]
    ) -> Iterator[Item]:
        """Yield the items of a stage that are not there yet; call `wait` between two steps.

        Raise NoMaterialError if the repository has no text.
        """
        analysis = self._analysis(workspace.source, wait)
        if stage in _YAML_FILES:
            path = yaml_path(stage)
            if not (workspace.output / path).exists():
                yield Item(path=path, body=_YAML_FILES[stage](analysis))
            return
        facts = self._facts(analysis, _course(workspace.output))
        for chapter in facts.chapters:
            path = item_path(stage, chapter.entry)
            if not (workspace.output / path).exists():
                page = _page(facts, chapter, stage, workspace.output)
                wait()
                yield Item(path=path, body=f"{page}\n".encode())

    def _analysis(self, source: Path, wait: Callable[[], None]) -> Analysis:
        if self._known is None or self._known[0] != source:
            try:
                self._known = (source, analyze(source, wait))
            except NoTextError as error:
                raise NoMaterialError(
                    "the repository has no text files: give one with source code or documents"
                ) from error
        return self._known[1]

    def _facts(self, analysis: Analysis, course: Course) -> CourseFacts:
        """Return the facts for pages, which the stages of one course share."""
        facts = self._course_facts
        if (
            facts is None
            or facts.analysis is not analysis
            or facts.course != course
        ):
            facts = self._course_facts = CourseFacts(analysis, course)
        return facts


def _page(
    facts: CourseFacts, chapter: Chapter, stage: Stage, output: Path
) -> str:
    if stage is Stage.GENERATE_CHAPTERS:
        return chapters.written(facts, chapter)
    if stage is Stage.GENERATE_TUTORIALS:
        return tutorials.written(facts, chapter)
    page = _chapter_page(facts, chapter, output)
    return reviews.written(facts, chapter, page)


def _chapter_page(facts: CourseFacts, chapter: Chapter, output: Path) -> str:
    """Return a chapter as it was written; or written again if it has another name now."""
    path = output / item_path(Stage.GENERATE_CHAPTERS, chapter.entry)
    if path.exists():
        return path.read_text("utf-8").rstrip("\n")
    return chapters.written(facts, chapter)


def _course(output: Path) -> Course:
    def body(stage: Stage) -> bytes:
        return (output / yaml_path(stage)).read_bytes()

    abstractions = read_abstractions(body(Stage.EXTRACT))
    summary, relationships = read_relationships(
        body(Stage.ANALYZE), abstractions
    )
    return Course(
        abstractions=abstractions,
        summary=summary,
        relationships=relationships,
        order=read_order(body(Stage.ORDER), abstractions),
    )
