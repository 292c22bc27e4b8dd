"""The engine: a static analysis, a model that refers to it, and a program that writes the pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from states.course_paths import item_path
from states.stages import INFO, Stage
from states.usage import Usage
from worker.engines.claude import chapters, plan, reviews, tutorials
from worker.engines.claude.asking import Asking
from worker.engines.claude.changes import LOOK_SECONDS
from worker.engines.claude.course import course_facts
from worker.engines.claude.model import Model
from worker.engines.claude.questions import Questions
from worker.engines.claude.rounds import Task, made
from worker.engines.claude.verify.page import Verifier
from worker.engines.port import (
    EngineFailedError,
    Item,
    NoMaterialError,
    Workspace,
)
from worker.engines.static.analysis import NoTextError, analyze
from worker.engines.static.facts import Analysis
from worker.engines.static.pages.course import Chapter
from worker.settings.model import ModelSettings
from worker.system.runtime import Flag, Runtime


class ClaudeEngine:
    """Makes courses by asking a model, and checks every answer against the source."""

    name = "claude"
    version = "7"
    """The version of the prompts and pages; increment it with every change."""

    def __init__(
        self,
        settings: ModelSettings,
        runtime: Runtime,
        model: str,
        language: str,
    ) -> None:
        """Ask nothing yet."""
        self.model: str | None = model
        self.language: str | None = language
        self._language: Final = language
        self._runtime = runtime
        self._model: Asking = Model(settings, runtime, model)
        self._going = runtime.flag()
        self._going.set()
        self._stopped = runtime.flag()  # of the current `produce`
        self._known: tuple[Path, Analysis] | None = None

    def check(self) -> None:
        """Raise EngineFailedError if the model certainly cannot be asked."""
        self._model.check()

    def prepare(self, output: Path) -> None:
        """Do nothing."""

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        """Make a stage's missing items; raise NoMaterialError if the repository has no text."""
        stopped = self._stopped = self._runtime.flag()
        analysis = self._analysis(workspace.source, stopped)
        facts = course_facts(analysis, workspace.output, stage)
        questions = Questions(facts, self._language, workspace.earlier)
        verifier = Verifier(facts, self._language)
        tasks = [
            task
            for task in _tasks(questions, verifier, stage, workspace.output)
            if not (workspace.output / task.path).exists()
        ]
        whole = 1
        if INFO[stage].folder:
            whole = len(facts.chapters)
        if not tasks:
            return
        self._model.begin(workspace)
        for item in made(self._model, stage, tasks, whole):
            self._wait(stopped)
            yield item

    def pause(self) -> None:
        """Start no call, and yield no item, until `unpause`."""
        self._going = self._runtime.flag()
        self._model.pause()

    def unpause(self) -> None:
        """Continue."""
        self._model.unpause()
        self._going.set()

    def stop(self) -> None:
        """Make `produce` raise EngineFailedError soon."""
        self._stopped.set()
        self._model.stop()
        self._going.set()

    def usage(self) -> Usage | None:
        """Return the usage of the job's paid calls so far."""
        return self._model.usage()

    def _analysis(self, source: Path, stopped: Flag) -> Analysis:
        if self._known is None or self._known[0] != source:
            try:
                analysis = analyze(source, lambda: self._wait(stopped))
            except NoTextError as error:
                raise NoMaterialError(
                    "the repository has no text files: give one with source code or documents"
                ) from error
            self._known = (source, analysis)
        return self._known[1]

    def _wait(self, stopped: Flag) -> None:
        while not self._going.wait(LOOK_SECONDS):
            pass
        if stopped.is_set():
            raise EngineFailedError("the engine was stopped", temporary=True)


def _tasks(
    questions: Questions, verifier: Verifier, stage: Stage, output: Path
) -> Iterator[Task]:
    """Yield the tasks of a stage, in the order of the course."""
    if not INFO[stage].folder:
        yield plan.task(questions, verifier, stage)
        return
    for chapter in questions.facts.chapters:
        if not (output / item_path(stage, chapter.entry)).exists():
            yield _task(questions, verifier, stage, chapter, output)


def _task(
    questions: Questions,
    verifier: Verifier,
    stage: Stage,
    chapter: Chapter,
    output: Path,
) -> Task:
    if stage is Stage.GENERATE_CHAPTERS:
        return chapters.task(questions, verifier, chapter)
    if stage is Stage.REVIEW_CHAPTERS:
        return reviews.task(questions, verifier, chapter, output)
    return tutorials.task(questions, verifier, chapter, output)
