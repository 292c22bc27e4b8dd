"""A store, a receiver and any number of runs of one job, under a scheduler.

Its checks assert what must be true at the end.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from states.exits import Exit
from states.invariants import violations
from states.keys import artifact_name
from states.manifest import MAX_INLINE, Manifest
from states.stages import Stage
from tests.simulation.network import (
    Conditions,
    Connection,
    FaultPolicy,
    SimReceiver,
    SimStore,
    no_fault,
)
from tests.simulation.observer import ClockReading, Observer
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.support.updates import (
    CHANGED,
    EARLIER,
    PartsEngine,
    PartsSource,
    make_earlier,
)
from tests.support.world import (
    IDENTITY,
    JOB,
    FakeEngine,
    FakeReceiver,
    FakeSource,
    World,
)
from worker.course.artifacts import Artifacts
from worker.errors import WorkerError
from worker.outbox.port import WebhookResponse
from worker.ownership.log import CheckpointLog
from worker.run.run import Run
from worker.store.memory import MemoryStore

MAX_REPEATS = 12
"""How often a process may send the same request within a second: retries must pause."""
FRESH_SECONDS = 3.0
"""For how long after an append a run sends its event without reading the store again."""
MAX_SECONDS = 2 * 3600.0
"""The most simulated time that a job takes under any faults."""


@dataclass(eq=False)
class SimulatedRun:
    """A process that works on the job."""

    process: Process
    job: Run
    engine: FakeEngine
    code: Exit | None = None
    error: WorkerError | None = None
    began_at: float = 0.0
    ended_at: float = 0.0


class Simulation:
    """The world of one job."""

    def __init__(
        self,
        seed: int,
        work_dir: Path,
        *,
        chapters: int = 2,
        max_inline: int = MAX_INLINE,
    ) -> None:
        self.scheduler = Scheduler(seed)
        self.conditions = Conditions()
        self.observer = Observer(self.scheduler, lambda: self.lease)
        self.store = MemoryStore(
            lambda: self.scheduler.time + self.conditions.store_ahead
        )
        self.receiver = FakeReceiver()
        self.source = FakeSource()
        self.runs: list[SimulatedRun] = []
        self.redone: list[str] = []
        self.stray_posts: list[str] = []
        self.late_posts: list[str] = []
        """Events from replaced runs that could not know it."""
        self.posts: list[tuple[float, Process, str]] = []
        """Time, sender and key of each event that reached the receiver, accepted or not."""
        self._posted: dict[tuple[Process, str], ClockReading] = {}
        """When each process last sent an event."""
        self.changes: dict[str, Any] = {}
        """Values for fields of World that differ from their defaults."""
        self.may_redo = False
        """Whether items may be made again, because listings may miss them."""
        self.commands = 0
        """The number of operators' commands, without those that start a run."""
        self.refused: list[str] = []
        """The errors of operators' commands."""
        self.work_dir = work_dir
        self.latency = 0.01
        """The longest time, in seconds, of each half of an operation."""
        self.pace: Callable[[str], None] = lambda _path: None
        """Called by engines before each item."""
        self.chapters = chapters
        self.max_inline = max_inline
        """How many artifacts of a stage a manifest lists itself."""
        self.update_from: str | None = None
        """The earlier job that the job updates."""
        logging.disable(logging.CRITICAL)

    def start(
        self,
        policy: FaultPolicy = no_fault,
        *,
        work: Callable[[Run], Exit] | None = None,
        engine: FakeEngine | None = None,
        clock_offset: float = 0.0,
        latency: float | None = None,
        platform_run: str | None = None,
    ) -> SimulatedRun:
        """Start a process that works on the job."""
        process = Process(
            name=f"p{len(self.runs) + 1}", clock_offset=clock_offset
        )
        connection = self._connection(process, policy, latency)
        engine = engine or self._engine()
        world = self._world(connection, engine, platform_run)
        run = SimulatedRun(
            process=process,
            job=world.job(),
            engine=engine,
            began_at=self.scheduler.time,
        )
        self._note_redone_items(run, connection.latency)
        self.runs.append(run)
        update_from = self.update_from

        def begin(job: Run) -> Exit:
            return job.run(IDENTITY, update_from=update_from)

        self.scheduler.spawn(
            process, "main", lambda: self._main(run, work or begin)
        )
        return run

    def follow(self) -> None:
        """Update an earlier job, in whose repository one of three files has changed."""
        make_earlier(
            self.store,
            self.work_dir,
            reported=False,
            max_inline=self.max_inline,
        )
        self.source = PartsSource(commit="b" * 40, files=CHANGED)
        self.update_from = EARLIER

    def _engine(self) -> FakeEngine:
        if self.update_from is not None:
            return PartsEngine(before_item=self.pace)
        return FakeEngine(chapters=self.chapters, before_item=self.pace)

    @property
    def lease(self) -> int:
        """The lease of runs that start now, in seconds."""
        return int(self.changes.get("lease", 3))

    def store_of(self, process: Process) -> SimStore:
        """Return the store as a process sees it."""
        return SimStore(self.store, self._connection(process, no_fault, None))

    def remove_faults(self) -> None:
        """Inject no more faults; clocks keep their errors."""
        self.latency = 0.01
        self.conditions.policies.clear()
        self.conditions.connecting.clear()
        self.conditions.lag = lambda: 0.0
        self.receiver.answer = lambda _document: WebhookResponse(
            status_code=200
        )

    def run(self) -> None:
        """Simulate until no thread can continue."""
        self.scheduler.run()

    def log(self) -> CheckpointLog:
        """Return the job's log, as an undisturbed process reads it."""
        return CheckpointLog(
            self.store, JOB, SimRuntime(self.scheduler, Process(name="reader"))
        )

    def newest(self) -> Manifest | None:
        """Return the job's newest manifest, if the job has begun."""
        newest = self.log().newest()
        return newest.manifest if newest else None

    @property
    def manifest(self) -> Manifest:
        newest = self.newest()
        assert newest is not None
        return newest

    def course(self) -> dict[str, bytes]:
        """Return the files of the course that the newest manifest names."""
        reader = SimRuntime(self.scheduler, Process(name="reader"))
        artifacts = Artifacts(self.store, JOB, reader.executor(1))
        files = {}
        for record in self.manifest.stages:
            if record.stage is Stage.CLONE:
                continue
            for artifact in artifacts.of(record):
                key = artifacts.key(record, artifact)
                files[artifact.path] = self.store.get(key)
        return files

    def check(self) -> None:
        """Assert what holds for a job that no operator touched, whatever happened to its runs."""
        self.check_log()
        self.check_deliveries()
        finals = self.finals()
        assert len(finals) == 1, f"final events: {finals}"
        order = [sequence for sequence, _ in self._taken()]
        assert self.late_posts or order == sorted(order), (
            f"events came out of order: {order}"
        )
        assert self.may_redo or self.redone == [], (
            "finished items were made again"
        )

    def check_deliveries(self) -> None:
        """Assert that only entitled runs sent events, and that the receiver knows the job's end."""
        assert self.stray_posts == [], "a replaced run sent an event"
        assert self.observer.unaware == [], "a replaced run did not know it"
        assert (
            self.observer.lawful_seconds or self.observer.replaced_alive == []
        ), "a live run was replaced"
        assert self._last_status() == self.manifest.state, (
            "the receiver's last status is not the job's"
        )

    def check_conduct(self) -> None:
        """Assert that no run hit a bug, or sent requests in a tight loop."""
        bugs = [
            run.process.name for run in self.runs if run.code is Exit.SOFTWARE
        ]
        assert not bugs, f"{bugs} ended with 70"
        assert self.scheduler.time < MAX_SECONDS, "the job took too long"
        (process, operation, second), times = self.conditions.asked.most_common(
            1
        )[0]
        assert times <= MAX_REPEATS, (
            f"{process} sent {operation} {times} times within second {second}"
        )

    def check_log(self) -> None:
        """Assert what must hold even if operators acted on the job."""
        manifest = self.manifest
        assert manifest.over
        assert manifest.outbox.pending == ()
        assert self.observer.unlisted == [], (
            "a checkpoint named a list that was not stored"
        )
        if manifest.collected:
            return
        log = self.log()
        checkpoints = [
            log.read(sequence).manifest for sequence in log.sequences()
        ]
        self._check_chain(log)
        assert self.finals() == {
            f"{JOB}-{event.sequence}"
            for manifest in checkpoints
            for event in manifest.outbox.pending
            if event.final and manifest.sequence == event.sequence
        }, "the accepted final events differ from those in the log"
        self._check_meanings()

    def _check_chain(self, log: CheckpointLog) -> None:
        """Assert that each checkpoint follows from the one before, with no gap."""
        checkpoints = [log.read(sequence) for sequence in log.sequences()]
        sequences = [checkpoint.manifest.sequence for checkpoint in checkpoints]
        assert sequences == list(range(1, len(checkpoints) + 1))
        for before, after in pairwise(checkpoints):
            assert after.manifest.previous == before.sha256
            assert violations(before.manifest, after.manifest) == ()

    def _check_meanings(self) -> None:
        """Assert that no idempotency key was used for two events."""
        names = ("type", "status", "step", "sequence", "run", "timestamp")
        meanings: dict[str, object] = {}
        for key, document in self.receiver.taken:
            meaning = [document[name] for name in names]
            assert meanings.setdefault(key, meaning) == meaning, (
                f"{key} was used for another event"
            )

    def _taken(self) -> list[tuple[int, object]]:
        return [
            (int(str(document["sequence"])), document["status"])
            for _, document in self.receiver.taken
        ]

    def _last_status(self) -> object:
        """Return the last status for a receiver that drops events older than its newest."""
        newest = 0
        last: object = None
        for sequence, status in self._taken():
            if sequence >= newest:
                newest = sequence
                last = status
        return last

    def posts_since(self, run: SimulatedRun, time: float) -> list[str]:
        """Return the keys of the events that a run has sent since a time."""
        return [
            key
            for at, process, key in self.posts
            if process is run.process and at >= time
        ]

    def finals(self) -> set[str]:
        """Return the keys of the final events that the receiver accepted."""
        return {
            key
            for key, document in self.receiver.taken
            if document["status"] in {"completed", "failed", "canceled"}
        }

    def _world(
        self,
        connection: Connection,
        engine: FakeEngine,
        platform_run: str | None,
    ) -> World:
        """Return the world of one run, with its process's connections."""
        receiver = SimReceiver(
            inner=self.receiver, connection=connection, sent=self._note_post
        )
        return World(
            store=SimStore(self.store, connection),
            work_dir=self.work_dir,
            engine=engine,
            source=self.source,
            receiver=receiver,
            runtime=SimRuntime(self.scheduler, connection.process),
            platform_run=platform_run,
            max_inline=self.max_inline,
            **self.changes,
        )

    def _note_redone_items(self, run: SimulatedRun, latency: float) -> None:
        """Record items that a run makes although they were stored when it started."""
        stored = {
            name.path
            for entry in self.store.entries(f"{JOB}/")
            if (name := artifact_name(entry.key))
        }
        make = run.engine.before_item

        def before_item(path: str) -> None:
            self.scheduler.pause(latency)
            if path in stored:
                self.redone.append(f"{run.process.name}: {path}")
            make(path)

        run.engine.before_item = before_item

    def _connection(
        self, process: Process, policy: FaultPolicy, latency: float | None
    ) -> Connection:
        return Connection(
            scheduler=self.scheduler,
            process=process,
            policy=policy,
            observer=self.observer,
            conditions=self.conditions,
            latency=self.latency if latency is None else latency,
        )

    def _main(self, run: SimulatedRun, work: Callable[[Run], Exit]) -> None:
        try:
            run.code = work(run.job)
        except WorkerError as error:
            run.code, run.error = error.exit, error
        run.ended_at = self.scheduler.time
        run.process.dead = True

    def _note_post(self, key: str, process: Process, looked: float) -> None:
        """Record events that a run sends after another's claim or its own release."""
        observer, own = self.observer, self.observer.numbers.get(process, 0)
        could_know = self._could_know(key, process, looked)
        self.posts.append((self.scheduler.time, process, key))
        self._posted[process, key] = observer.now(process)
        if own == observer.run and not observer.released:
            return
        excused = (
            observer.lawful
            or process.was_frozen_since(looked)
            or not could_know
        )
        # A run learns from the answer to its append that it filled a gap.
        sequence = int(key.rpartition("-")[2])
        lawful = excused and (process, sequence) not in observer.filled
        post = f"{process.name} (run {own}) sent {key} under run {observer.run}"
        (self.late_posts if lawful else self.stray_posts).append(post)

    def _could_know(self, key: str, process: Process, looked: float) -> bool:
        """Whether a process could know, when it `looked`, that its machine had been suspended."""
        if not process.unaware:
            return True
        confirmed = self.observer.beat_answered_by(process, looked)
        if (posted := self._posted.get((process, key))) is None:
            appended = self.observer.appends.get(process)
            if appended is None:
                return True
            if process.clock(looked) - appended.own <= FRESH_SECONDS:
                return False
            # Before it sends a late event, a run must confirm its lease with a heartbeat.
            return confirmed.world >= process.frozen_until
        return (
            confirmed.world >= process.frozen_until
            or confirmed.own < posted.own
        )
