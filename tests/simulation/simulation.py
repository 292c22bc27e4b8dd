"""A store, a receiver and any number of runs of one job, under a scheduler; and what must be true in the end."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from states.codec import decode
from states.exits import Exit
from states.invariants import violations
from states.keys import artifact_name, checkpoints_prefix
from states.manifest import Manifest
from states.stages import STAGES, Stage
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.simulation.wire import Judge, Wire, WiredReceiver, WiredStore, no_fault
from tests.support.world import IDENTITY, JOB, FakeEngine, FakeSource, Receiver, World
from worker.checkpoint import CheckpointLog
from worker.errors import WorkerError
from worker.job import Job
from worker.store.memory import MemoryStore

LAST_WORD_SECONDS = 1.0
"""Within this time of a sleep, what a run sends may have been decided before it."""


@dataclass(eq=False)
class Run:
    """One process that works on the job."""

    process: Process
    job: Job
    engine: FakeEngine
    code: Exit | None = None
    error: WorkerError | None = None
    ended_at: float = 0.0


decoded = lru_cache(maxsize=64)(decode)
"""Reads a manifest: each is looked at with every callback."""


class Simulation:
    """One job's world, from nothing to its end."""

    def __init__(self, seed: int, work_dir: Path, *, chapters: int = 2) -> None:
        """Decide everything by a seed."""
        self.scheduler = Scheduler(seed)
        self.store = MemoryStore(lambda: self.scheduler.time)
        self.receiver = Receiver()
        self.source = FakeSource()
        self.runs: list[Run] = []
        self.redone: list[str] = []
        self.stray_posts: list[str] = []
        self.posts: list[tuple[float, Process, str]] = []
        """When, by whom and under which key the receiver was told something, taken or not."""
        self.changes: dict[str, Any] = {}
        """What is different in this world, as fields of World."""
        self.work_dir = work_dir
        self._chapters = chapters
        logging.disable(logging.CRITICAL)

    def start(
        self,
        judge: Judge = no_fault,
        *,
        work: Callable[[Job], Exit] = lambda job: job.run(IDENTITY),
        engine: FakeEngine | None = None,
        clock_offset: float = 0.0,
        latency: float = 0.01,
    ) -> Run:
        """Start a process that works on the job."""
        process = Process(name=f"p{len(self.runs) + 1}", clock_offset=clock_offset)
        wire = Wire(scheduler=self.scheduler, process=process, judge=judge, latency=latency)
        engine = engine or FakeEngine(chapters=self._chapters)
        receiver = WiredReceiver(inner=self.receiver, wire=wire, sent=self._note_post)
        world = World(
            store=WiredStore(self.store, wire),
            work_dir=self.work_dir,
            engine=engine,
            source=self.source,
            receiver=receiver,
            runtime=SimRuntime(self.scheduler, process),
            **self.changes,
        )
        run = Run(process=process, job=world.job(), engine=engine)
        there = {name.path for entry in self.store.entries("") if (name := artifact_name(entry.key))}

        def before_item(path: str, then: Callable[[str], None] = engine.before_item) -> None:
            self.scheduler.pause(latency)
            if path in there:
                self.redone.append(f"{process.name}: {path}")
            then(path)

        engine.before_item = before_item
        self.runs.append(run)
        self.scheduler.spawn(process, "main", lambda: self._main(run, work))
        return run

    def run(self) -> None:
        """Let everything happen."""
        self.scheduler.run()

    def log(self) -> CheckpointLog:
        """Return the job's log, as somebody who is no run sees it."""
        return CheckpointLog(self.store, JOB, SimRuntime(self.scheduler, Process(name="reader")))

    def newest(self) -> Manifest | None:
        """Return the job's newest manifest, if it has begun."""
        newest = self.log().newest()
        return newest.manifest if newest else None

    @property
    def manifest(self) -> Manifest:
        """The job's newest manifest."""
        newest = self.newest()
        assert newest is not None
        return newest

    def course(self) -> dict[str, bytes]:
        """Return the files of the course that the newest manifest names."""
        return {
            artifact.path: self.store.get(key)
            for info in STAGES
            if info.stage is not Stage.CLONE
            for artifact in self.manifest.record(info.stage).artifacts
            for key in [self._key(info.stage, artifact.path, artifact.sha256)]
        }

    def check(self) -> None:
        """Assert what must be true of a job at its end, whatever struck its runs on the way."""
        self.check_log()
        finals = self.finals()
        assert len(finals) == 1, f"final events: {finals}"
        assert self.receiver.taken[-1][1]["status"] == self.manifest.state
        order = [int(str(document["sequence"])) for _, document in self.receiver.taken]
        assert order == sorted(order), f"events came out of order: {order}"
        assert self.redone == [], "finished items were made again"
        assert self.stray_posts == [], "a run that had been replaced told the webhook something"

    def check_log(self) -> None:
        """Assert what must be true even if operators have had their way."""
        manifest = self.manifest
        assert manifest.over
        assert manifest.outbox.pending == ()
        log = self.log()
        checkpoints = [log.read(sequence) for sequence in log.sequences()]
        assert [one.manifest.sequence for one in checkpoints] == list(range(1, len(checkpoints) + 1))
        for before, after in pairwise(checkpoints):
            assert after.manifest.previous == before.sha256
            assert violations(before.manifest, after.manifest) == ()
        assert self.finals() == {
            f"{JOB}-{event.sequence}"
            for one in checkpoints
            for event in one.manifest.outbox.pending
            if event.final and one.manifest.sequence == event.sequence
        }, "the final events that were taken are those that were written"
        meanings: dict[str, object] = {}
        for key, document in self.receiver.taken:
            meaning = [document[name] for name in ("type", "status", "step", "sequence", "run", "timestamp")]
            assert meanings.setdefault(key, meaning) == meaning, f"{key} had another meaning before"

    def posts_since(self, run: Run, time: float) -> list[str]:
        """Return the keys of what a run has told the receiver since a time."""
        return [key for at, process, key in self.posts if process is run.process and at >= time]

    def finals(self) -> set[str]:
        """Return the keys of the final events that the receiver has taken."""
        return {
            key for key, document in self.receiver.taken if document["status"] in {"completed", "failed", "canceled"}
        }

    def _main(self, run: Run, work: Callable[[Job], Exit]) -> None:
        try:
            run.code = work(run.job)
        except WorkerError as error:
            run.code, run.error = error.exit, error
        run.ended_at = self.scheduler.time

    def _key(self, stage: Stage, path: str, sha256: str) -> str:
        inputs = self.manifest.record(stage).inputs
        return f"{JOB}/artifacts/{stage}/{inputs}/{sha256[:16]}/{path}"

    def _note_post(self, key: str, process: Process) -> None:
        """Note what a run says after another has claimed the job, unless it slept between its look and its word."""
        self.posts.append((self.scheduler.time, process, key))
        token = next(one for one in self.runs if one.process is process).job.log.token
        manifests = [decoded(self.store.get(entry.key)) for entry in self.store.entries(checkpoints_prefix(JOB))]
        own = max((manifest.run for manifest in manifests if manifest.token == token), default=0)
        if manifests[-1].run > own and not process.slept_since(self.scheduler.time - LAST_WORD_SECONDS):
            self.stray_posts.append(f"{process.name} (run {own}) sent {key} under run {manifests[-1].run}")
