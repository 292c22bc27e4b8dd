"""The six stages after the first: what is there already is restored, and an engine makes the rest."""

import logging
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from states.manifest import Artifact, StageRecord
from states.stages import Stage, before
from worker.course.formats import Rules
from worker.engines.port import (
    Engine,
    EngineFailedError,
    EngineOutdatedError,
    Item,
    NoMaterialError,
)
from worker.errors import (
    DamagedError,
    DataError,
    DiskError,
    EngineTroubleError,
    EngineUnavailableError,
    OutdatedError,
)
from worker.run.clone import Cloner
from worker.run.context import RunContext
from worker.run.inbox import Done
from worker.system.disk import raise_if_passing

LOG = logging.getLogger(__name__)
_NAMED: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Produced:
    """The engine has finished an item."""

    task: int
    item: Item


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An item has been stored, or could not be."""

    future: Future[Artifact]


@dataclass(kw_only=True, slots=True)
class StageItems:
    """The items of the stage in hand."""

    stage: Stage
    inputs: str
    rules: Rules
    stored: dict[str, Artifact] = field(default_factory=dict)
    in_flight: set[Future[Artifact]] = field(default_factory=set)
    latest: dict[str, Future[Artifact]] = field(default_factory=dict)
    """An engine may yield an item again, if it has changed: the last word counts."""
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """The files that are still to be made."""
        return [path for path in self.rules.expected if path not in self.stored]


class Producer:
    """Makes the items of stages with one engine."""

    def __init__(
        self,
        context: RunContext,
        cloner: Cloner,
        engine: Engine,
    ) -> None:
        """Take the engine that the job's items are made with."""
        self._context = context
        self._cloner = cloner
        self._engine = engine
        self._timeout = context.limits.stage_timeout_seconds
        self._restored: set[Stage] = set()
        self._batch: StageItems | None = None

    def check(self) -> None:
        """Raise EngineUnavailableError if the engine cannot work here."""
        check_engine(self._engine)

    def make(self, stage: Stage) -> tuple[Artifact, ...]:
        """Do a stage.

        Raise EngineTroubleError (try again), EngineUnavailableError, or DamagedError (go
        back).
        """
        outputs = self._restore_finished(stage)
        record = self._context.owned.manifest.record(stage)
        batch = self._batch = StageItems(
            stage=stage, inputs=record.inputs or "", rules=Rules(stage, outputs)
        )
        if (
            record.attempts > 1
        ):  # of a stage that was never tried, nothing can be stored
            self._context.inbox.do("restore", lambda: self._restore_items(batch))
        self._context.reporter.items(
            stage, len(batch.stored), len(batch.rules.expected)
        )
        if batch.missing:
            self._cloner.ensure_tree()
            self._produce(batch)
        self._restored.add(stage)
        return tuple(batch.stored.values())

    def settle(self, seconds: float) -> None:
        """Wait for the items that are being stored, at most so long."""
        if self._batch is None:
            return
        deadline = self._context.runtime.monotonic() + seconds
        for future in self._batch.in_flight:
            with suppress(TimeoutError):
                future.exception(max(0.0, deadline - self._context.runtime.monotonic()))

    def forget(self) -> None:
        """Take nothing on this machine for stored: something in the store turned out to be damaged."""
        self._restored.clear()

    def _restore_finished(self, stage: Stage) -> dict[str, bytes]:
        manifest, folder = self._context.owned.manifest, self._context.folder
        records = [
            manifest.record(one) for one in before(stage) if one is not Stage.CLONE
        ]
        lacking = [record for record in records if record.stage not in self._restored]
        self._context.inbox.do("restore", lambda: self._fetch(lacking))
        paths = [artifact.path for record in records for artifact in record.artifacts]
        return {path: folder.read(path) for path in paths if path.endswith(".yaml")}

    def _fetch(self, records: list[StageRecord]) -> None:
        for record in records:
            for artifact, body in self._context.artifacts.fetch(record):
                if body is None:
                    raise DamagedError(record.stage, artifact.path)
                self._context.folder.write(artifact.path, body)
            self._restored.add(record.stage)

    def _restore_items(self, batch: StageItems) -> None:
        wanted, fault = batch.rules.expected, batch.rules.fault
        for artifact, body in self._context.artifacts.restore(
            batch.stage, batch.inputs, wanted, fault
        ):
            self._context.folder.write(artifact.path, body)
            batch.stored[artifact.path] = artifact
        for path in batch.missing:
            self._context.folder.discard(path)

    def _produce(self, batch: StageItems) -> None:
        inbox, workspace = self._context.inbox, self._context.folder.workspace
        deadline = self._context.runtime.monotonic() + self._timeout

        def feed(task: int) -> None:
            # guard: storing items as they come
            for item in self._engine.produce(batch.stage, workspace):
                inbox.mailbox.put(Produced(task=task, item=item))

        task = inbox.start("engine", feed)
        done: Done | None = None
        while done is None or batch.in_flight:
            message = inbox.next(max(0.0, deadline - self._context.runtime.monotonic()))
            match message:
                case None:
                    self._engine.stop()
                    reason = f"{batch.stage} took longer than {self._timeout:g} seconds"
                    raise EngineTroubleError(reason, code="stage_timeout")
                case Produced(task=number, item=item) if number == task:
                    self._take(batch, item)
                case Stored(future=future) if future in batch.in_flight:
                    self._note(batch, future)
                case Done(task=number) if number == task:
                    done = message
        self._conclude(batch, done.error)

    def _take(self, batch: StageItems, item: Item) -> None:
        fault = batch.rules.fault(item.path, item.body)
        if fault is not None:
            LOG.warning(
                "the engine made an invalid file",
                extra={"stage": batch.stage, "fault": fault},
            )
            batch.faults[item.path] = fault
            if item.path in batch.rules.expected:
                self._context.folder.discard(item.path)
            return
        try:
            self._context.folder.write(item.path, item.body)
        except DiskError:
            # guard: an engine is stopped before its stage is tried again
            self._engine.stop()  # the stage will be tried again
            raise
        future = self._context.artifacts.submit(
            batch.stage, batch.inputs, item.path, item.body
        )
        batch.in_flight.add(future)
        batch.latest[item.path] = future
        future.add_done_callback(
            lambda stored: self._context.inbox.mailbox.put(Stored(future=stored))
        )

    def _note(self, batch: StageItems, future: Future[Artifact]) -> None:
        batch.in_flight.discard(future)
        artifact = future.result()
        if batch.latest[artifact.path] is not future:
            return
        batch.stored[artifact.path] = artifact
        self._context.new_items += 1
        self._context.reporter.items(
            batch.stage, len(batch.stored), len(batch.rules.expected)
        )

    def _conclude(self, batch: StageItems, failure: BaseException | None) -> None:
        if isinstance(failure, EngineOutdatedError):
            raise OutdatedError(failure.stage, str(failure)) from failure
        # guard: a repository without text is not the engine's fault
        if isinstance(failure, NoMaterialError):
            raise DataError(str(failure), code="repository_empty") from failure
        if isinstance(failure, EngineFailedError):
            kind = EngineTroubleError if failure.temporary else EngineUnavailableError
            raise kind(str(failure)) from failure
        if isinstance(failure, OSError):
            raise_if_passing(failure, self._context.folder.path)
        if failure is not None:
            raise failure
        if missing := batch.missing:
            named = "; ".join(batch.faults.get(path, path) for path in missing[:_NAMED])
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            raise EngineTroubleError(
                f"the engine has ended without {named}{more}", code="incomplete_output"
            )


def check_engine(engine: Engine) -> None:
    """Raise EngineUnavailableError if an engine cannot work here."""
    try:
        engine.check()
    except EngineFailedError as error:
        raise EngineUnavailableError(str(error)) from error
