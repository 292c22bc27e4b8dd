"""Jobs whose engine makes paid calls, in a simulated world that records them.

The engine makes calls as the engine `claude` does, with the worker's own call store, ledger,
limiter, batches and rounds. Its pages are short, so that thousands of runs take seconds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path

from states.codec import JsonObject
from states.course_paths import ChapterRef, item_path
from states.stages import INFO, Stage
from states.usage import NANODOLLARS, Budget, Usage
from tests.simulation.model_api import (
    URL,
    RecordingStore,
    SimApi,
    SimTransport,
    calls_list,
)
from tests.simulation.network import Connection, Fault
from tests.simulation.scheduler import Process, SimRuntime
from tests.simulation.simulation import Simulation
from tests.support.paid_calls import MODEL, PRICES, SCHEMA
from tests.support.world import FakeEngine, World, document
from worker.course.formats import read_abstractions, read_order
from worker.engines.claude.api import MessagesApi
from worker.engines.claude.model import Model, Question
from worker.engines.claude.rounds import PageDraft, Task, made
from worker.engines.port import EngineFailedError, Item, Workspace
from worker.settings.model import ModelSettings
from worker.settings.reader import Secret
from worker.settings.settings import Limits

ENOUGH = Budget(nanodollars=10 * NANODOLLARS)
MAX_TOKENS = 1000
STAGE_SECONDS = 7200.0


@dataclass
class PaidEngine(FakeEngine):
    """Makes short pages from a model's answers."""

    name: str = "claude"
    model: str | None = MODEL
    language: str | None = "English"
    asked: Model | None = None
    stopped: Callable[[], bool] = lambda: False

    def connect(
        self,
        settings: ModelSettings,
        runtime: SimRuntime,
        transport: SimTransport,
    ) -> None:
        """Set the process that the engine works in."""
        api = MessagesApi(settings, runtime, transport)
        self.asked = Model(settings, runtime, MODEL, api)
        transport.writer = self.asked._writer

    def check(self) -> None:
        self._asked.check()

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        stopped = self._stopped = [False]
        source = (workspace.source / "file.txt").read_text()
        tasks = [*self._tasks(stage, workspace.output, source)]
        missing = [
            task
            for task in tasks
            if not (workspace.output / task.path).exists()
        ]
        if not missing:
            return
        self._asked.begin(workspace)
        for item in made(self._asked, stage, missing, len(tasks)):
            self.before_item(item.path)
            if stopped[0]:
                raise EngineFailedError(
                    "the engine was stopped", temporary=True
                )
            self.made[item.path] += 1
            yield item

    def pause(self) -> None:
        self._asked.pause()

    def unpause(self) -> None:
        self._asked.unpause()

    def stop(self) -> None:
        self._stopped[0] = True
        self._asked.stop()

    def usage(self) -> Usage | None:
        return self._asked.usage()

    @property
    def _asked(self) -> Model:
        assert self.asked is not None
        return self.asked

    _stopped: list[bool] = field(default_factory=lambda: [False])
    """Whether the current `produce` was stopped; one element, shared with its threads."""

    def _tasks(self, stage: Stage, output: Path, source: str) -> Iterator[Task]:
        info = INFO[stage]
        if info.file:
            text = document(stage, self.chapters, source).decode()
            yield _task(stage, info.file, source, lambda _: text)
            return
        abstractions = read_abstractions(
            (output / "step1_abstractions.yaml").read_bytes()
        )
        order = read_order(
            (output / "step3_order.yaml").read_bytes(), abstractions
        )
        for entry in order:
            path = item_path(
                stage, ChapterRef(index=entry.index, name=entry.name)
            )
            page = partial(_page, entry.name)
            yield _task(stage, path, _manner(stage, entry.index, source), page)


def _page(name: str, text: str) -> str:
    return f"# {name}\n\n{text}\n"


def _manner(stage: Stage, index: int, source: str) -> str:
    """Return a source for which the model's answers are valid, or not."""
    if stage is Stage.GENERATE_CHAPTERS and index == 2:
        return f"difficult {source}"
    if stage is Stage.GENERATE_TUTORIALS and index == 1:
        return f"unspeakable {source}"
    return source


def _task(
    stage: Stage, path: str, source: str, page: Callable[[str], str]
) -> Task:
    question = Question(
        stage=stage,
        purpose=path,
        system=f"You write {stage}.",
        prompt=f"Write {stage} {path} about {source}.",
        schema=SCHEMA,
        max_tokens=MAX_TOKENS,
    )

    def draft(answer: JsonObject) -> PageDraft:
        text = str(answer["text"])
        faults = ["it is wrong"] if text.startswith("wrong") else []
        return PageDraft(text=page(text), faults=faults, is_enough=not faults)

    return Task(
        path=path,
        question=question,
        draft=draft,
        fallback=lambda: page("made without the model"),
    )


@dataclass
class PaidWorld(World):
    """A world where a stage may take long, as batches do."""

    def _limits(self) -> Limits:
        return replace(
            super()._limits(),
            stage_timeout_seconds=STAGE_SECONDS,
            stage_silence_seconds=STAGE_SECONDS,
        )


class PaidSimulation(Simulation):
    """A job's world, with a model whose calls are paid."""

    def __init__(self, seed: int, work_dir: Path, *, chapters: int = 2) -> None:
        super().__init__(seed, work_dir, chapters=chapters)
        prices = work_dir / "prices.json"
        if not prices.exists():
            prices.write_text(PRICES)
        self.records = RecordingStore(
            self.scheduler,
            lambda: self.scheduler.time + self.conditions.store_ahead,
        )
        self.store = self.records
        self.api = SimApi(self.scheduler, self.observer, self.records, prices)
        self.api.lag = lambda: self.observer.lag
        self.budget = ENOUGH
        self.batch: Callable[[], bool] = lambda: False
        """Returns whether the next run uses batches."""
        self.concurrency = 4
        self._prices = prices
        self.conditions.policies.append(self._note_listing)

    def remove_faults(self) -> None:
        super().remove_faults()
        self.api.answer_seconds = 1.0
        self.api.batches.seconds = 0.0
        self.conditions.policies.append(self._note_listing)

    def check_account(self) -> None:
        """Assert that the job's account covers all paid calls, within its budget."""
        self.api.end_batches()
        assert self.api.misconduct == []
        records = self.records
        paid = sum(call.nanodollars for call in self.api.paid)
        answers, unknown = len(records.answers()), len(records.lost())
        assert answers <= len(self.api.paid) <= answers + unknown
        assert records.known() <= paid <= records.known() + records.unknown()
        assert self.budget.nanodollars is not None
        assert records.most_committed <= self.budget.nanodollars

    def check_usage(self) -> None:
        """Assert that the manifest agrees with the records in the store."""
        usage = self.manifest.usage
        assert usage is not None
        rows, records = usage.by_model, self.records
        assert sum(row.calls for row in rows) == len(records.answers())
        assert sum(row.unknown_calls for row in rows) == len(records.lost())
        assert sum(row.nanodollars for row in rows) == records.known()
        unknown = sum(row.unknown_nanodollars for row in rows)
        assert unknown == records.unknown()

    def _engine(self) -> FakeEngine:
        return PaidEngine(chapters=self.chapters, before_item=self.pace)

    def _world(
        self,
        connection: Connection,
        engine: FakeEngine,
        platform_run: str | None,
    ) -> World:
        if isinstance(engine, PaidEngine):
            settings = ModelSettings(
                key=Secret("sk-test"),
                endpoint=URL,
                budget=self.budget,
                prices=self._prices,
                batch=self.batch(),
                concurrency=self.concurrency,
            )
            runtime = SimRuntime(self.scheduler, connection.process)
            transport = SimTransport(self.api, connection)
            engine.connect(settings, runtime, transport)
        world = super()._world(connection, engine, platform_run)
        parts = {part.name: getattr(world, part.name) for part in fields(world)}
        return PaidWorld(**parts)

    def _note_listing(self, name: str, process: Process) -> Fault | None:
        if name == calls_list():
            self.api.listed_at[process] = self.scheduler.time
        return None
