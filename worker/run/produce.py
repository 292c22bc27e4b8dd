"""The six stages after the first: restores stored items, and has an engine make the rest."""

import logging
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from states.manifest import Artifact, StageRecord
from states.stages import Stage, before
from states.usage import Usage
from worker.course.formats import Rules
from worker.engines.port import (
    Engine,
    EngineConfigError,
    EngineFailedError,
    EngineOutdatedError,
    EngineWaitingError,
    Item,
    NoMaterialError,
    Workspace,
)
from worker.errors import (
    ConfigError,
    DamagedError,
    DataError,
    EngineTroubleError,
    EngineUnavailableError,
    OutdatedError,
    WaitingError,
    WorkerError,
)
from worker.run.clone import Cloner
from worker.run.context import RunContext
from worker.run.inbox import Done
from worker.run.update import Updater
from worker.system.disk import raise_if_passing
from worker.system.runtime import Flag

LOG = logging.getLogger(__name__)
_MAX_NAMED: Final = 3
MAX_BACKLOG: Final = 500
"""How many items may wait in memory until they are stored; the engine then waits, too."""
_BACKLOG_SECONDS: Final = 0.05


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
    """The items of the current stage."""

    stage: Stage
    inputs: str
    rules: Rules
    left: Flag
    """Set when the run leaves the stage: the engine then makes nothing more."""
    stored: dict[str, Artifact] = field(default_factory=dict)
    in_flight: set[Future[Artifact]] = field(default_factory=set)
    latest: dict[str, Future[Artifact]] = field(default_factory=dict)
    """An engine may yield an item again after a change; the latest version counts."""
    produced: int = 0
    """How many items the engine has made; only its thread counts them."""
    handled: int = 0
    """How many of these were stored, or were invalid; only the main thread counts them."""
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def backlog(self) -> int:
        """How many items wait in memory."""
        return self.produced - self.handled

    @property
    def missing(self) -> list[str]:
        """The files that still have to be made."""
        return [path for path in self.rules.expected if path not in self.stored]


class Producer:
    """Makes the items of stages with an engine."""

    def __init__(
        self,
        context: RunContext,
        cloner: Cloner,
        updater: Updater,
        engine: Engine,
    ) -> None:
        """Use this engine for the job's items."""
        self._context = context
        self._cloner = cloner
        self._updater = updater
        self._engine = engine
        self._timeout = context.limits.stage_timeout_seconds
        self._restored: set[Stage] = set()
        self._items: StageItems | None = None

    def check(self) -> None:
        """Raise EngineUnavailableError if the engine cannot work here."""
        check_engine(self._engine)

    def prepare(self) -> None:
        """Let the engine prepare while the source is fetched."""
        self._engine.prepare(self._context.folder.course)

    def make(self, stage: Stage) -> tuple[Artifact, ...]:
        """Run a stage, and return its artifacts.

        Raises EngineTroubleError (try again), EngineUnavailableError, or DamagedError (an
        earlier stage has to be repeated).
        """
        outputs = self._restore_finished(stage)
        record = self._context.owned.manifest.record(stage)
        rules = Rules(stage, outputs)
        items = StageItems(
            stage=stage,
            inputs=record.inputs or "",
            rules=rules,
            left=self._context.runtime.flag(),
        )
        self._items = items
        # Before the first attempt, nothing is stored.
        if record.attempts > 1:
            self._context.inbox.do(
                "restore", lambda: self._restore_items(items)
            )
        self._keep(items)
        self._report(items)
        if items.missing:
            self._cloner.ensure_tree()
            self._produce(items)
        self._restored.add(stage)
        return tuple(items.stored.values())

    def usage(self) -> Usage | None:
        """Return the usage of the job's paid calls, if the engine knows it."""
        return self._engine.usage()

    def settle(self, seconds: float) -> None:
        """Wait at most this long for items that are being stored."""
        if self._items is None:
            return
        runtime = self._context.runtime
        deadline = runtime.monotonic() + seconds
        for future in self._items.in_flight:
            left = deadline - runtime.monotonic()
            with suppress(TimeoutError):
                future.exception(left)

    def forget(self) -> None:
        """Forget the files restored to this machine, because an object in the store is damaged."""
        self._restored.clear()
        self._context.artifacts.forget()

    def _restore_finished(self, stage: Stage) -> dict[str, bytes]:
        """Restore the files of the earlier stages; return the YAML files among them."""
        manifest = self._context.owned.manifest
        folder = self._context.folder
        records = []
        missing = []
        for earlier in before(stage):
            if earlier is Stage.CLONE:
                continue
            record = manifest.record(earlier)
            records.append(record)
            if earlier not in self._restored:
                missing.append(record)
        self._context.inbox.do("restore", lambda: self._fetch(missing))
        outputs = {}
        for record in records:
            for artifact in self._context.artifacts.of(record):
                if artifact.path.endswith(".yaml"):
                    outputs[artifact.path] = folder.read(artifact.path)
        return outputs

    def _fetch(self, records: list[StageRecord]) -> None:
        for record in records:
            for artifact, body in self._context.artifacts.fetch(record):
                if body is None:
                    raise DamagedError(record.stage, artifact.path)
                self._context.folder.write(artifact.path, body)
            self._restored.add(record.stage)

    def _restore_items(self, items: StageItems) -> None:
        rules = items.rules
        folder = self._context.folder
        restored = self._context.artifacts.restore(
            items.stage, items.inputs, rules.expected, rules.fault
        )
        for artifact, body in restored:
            folder.write(artifact.path, body)
            items.stored[artifact.path] = artifact
        for path in items.missing:
            folder.discard(path)

    def _keep(self, items: StageItems) -> None:
        """Copy the items of an earlier course that are still true."""
        record = self._context.owned.manifest.record(items.stage)
        kept = self._updater.keep(record, items.missing)
        for artifact, body in kept:
            # guard: an update: what is kept is validated like any item
            if items.rules.fault(artifact.path, body) is None:
                self._context.folder.write(artifact.path, body)
                items.stored[artifact.path] = artifact

    def _produce(self, items: StageItems) -> None:
        deadline = self._context.runtime.monotonic() + self._timeout
        task = self._start_engine(items)
        try:
            failure = self._take_all(items, task, deadline)
        except BaseException:
            # guard: an engine is stopped when its stage is left
            self._engine.stop()
            raise
        finally:
            items.left.set()
        self._conclude(items, failure)

    def _take_all(
        self, items: StageItems, task: int, deadline: float
    ) -> BaseException | None:
        """Take what the engine makes until it ends; return the reason if it has failed."""
        inbox = self._context.inbox
        runtime = self._context.runtime
        done: Done | None = None
        while done is None or items.in_flight:
            left = deadline - runtime.monotonic()
            message = inbox.next(left)
            match message:
                case None:
                    raise self._timed_out(items.stage)
                case Produced(task=number, item=item) if number == task:
                    self._take(items, item)
                case Stored(future=future) if future in items.in_flight:
                    self._note(items, future)
                case Done(task=number) if number == task:
                    done = message
        return done.error

    def _start_engine(self, items: StageItems) -> int:
        """Start the engine in a thread; return the number of the task."""
        inbox = self._context.inbox
        workspace = self._workspace(items.stage)

        def feed(task: int) -> None:
            # guard: storing items as they come
            for item in self._engine.produce(items.stage, workspace):
                inbox.mailbox.put(Produced(task=task, item=item))
                items.produced += 1
                while items.backlog >= MAX_BACKLOG:
                    if items.left.wait(_BACKLOG_SECONDS):
                        return

        return inbox.start("engine", feed)

    def _timed_out(self, stage: Stage) -> EngineTroubleError:
        return EngineTroubleError(
            f"{stage} took longer than {self._timeout:g} seconds",
            code="stage_timeout",
        )

    def _workspace(self, stage: Stage) -> Workspace:
        context = self._context
        manifest = context.owned.manifest
        return Workspace(
            source=context.folder.source,
            output=context.folder.course,
            calls=context.calls,
            generation=manifest.record(stage).generation,
            budget=manifest.budget,
            earlier=self._updater.earlier(stage),
        )

    def _take(self, items: StageItems, item: Item) -> None:
        fault = items.rules.fault(item.path, item.body)
        if fault is not None:
            items.handled += 1
            LOG.warning(
                "the engine made an invalid file",
                extra={"stage": items.stage, "fault": fault},
            )
            items.faults[item.path] = fault
            if item.path in items.rules.expected:
                self._context.folder.discard(item.path)
            return
        self._context.folder.write(item.path, item.body)
        future = self._context.artifacts.submit(
            items.stage, items.inputs, item.path, item.body
        )
        items.in_flight.add(future)
        items.latest[item.path] = future
        mailbox = self._context.inbox.mailbox
        future.add_done_callback(
            lambda stored: mailbox.put(Stored(future=stored))
        )

    def _note(self, items: StageItems, future: Future[Artifact]) -> None:
        items.in_flight.discard(future)
        items.handled += 1
        artifact = future.result()
        if items.latest.get(artifact.path) is not future:
            return
        del items.latest[artifact.path]
        items.stored[artifact.path] = artifact
        self._context.new_items += 1
        self._report(items)

    def _report(self, items: StageItems) -> None:
        done = len(items.stored)
        total = len(items.rules.expected)
        self._context.reporter.items(items.stage, done, total)

    def _conclude(
        self, items: StageItems, failure: BaseException | None
    ) -> None:
        if isinstance(failure, EngineOutdatedError):
            raise OutdatedError(failure.stage, str(failure)) from failure
        # guard: a repository without text is not the engine's fault
        if isinstance(failure, NoMaterialError):
            raise DataError(str(failure), code="repository_empty") from failure
        if isinstance(failure, EngineFailedError):
            raise _worker_error(failure) from failure
        if isinstance(failure, OSError):
            raise_if_passing(failure, self._context.folder.path)
        if failure is not None:
            raise failure
        if items.missing:
            raise _incomplete(items)


def _incomplete(items: StageItems) -> EngineTroubleError:
    missing = items.missing
    first = missing[:_MAX_NAMED]
    faults: list[str] = []
    for path in first:
        fault = items.faults.get(path)
        if fault is None:
            fault = f"{path} is missing"
        faults.append(fault)
    named = "; ".join(faults)
    more = len(missing) - _MAX_NAMED
    if more > 0:
        named += f" and {more} more"
    return EngineTroubleError(
        f"the engine's output is incomplete: {named}", code="incomplete_output"
    )


def check_engine(engine: Engine) -> None:
    """Raise EngineUnavailableError or another WorkerError if an engine cannot work here."""
    try:
        engine.check()
    except EngineFailedError as error:
        raise _worker_error(error) from error


def _worker_error(failure: EngineFailedError) -> WorkerError:
    """Return the error that ends the run after an engine's failure."""
    message = str(failure)
    if isinstance(failure, EngineWaitingError):
        return WaitingError(message, failure.waiting)
    if isinstance(failure, EngineConfigError):
        return ConfigError(message, code="engine")
    if failure.temporary:
        return EngineTroubleError(message, code=failure.code)
    return EngineUnavailableError(message, code=failure.code)
