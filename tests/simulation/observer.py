"""Records who owns the job at each moment, and whether a replaced run could have known."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from states.codec import decode
from states.keys import artifact_key
from states.manifest import Manifest, StageRecord
from tests.simulation.scheduler import Process, Scheduler
from worker.errors import MissingError
from worker.store.port import Store


@dataclass(frozen=True)
class ClockReading:
    """A time by the world's clock, and by the clock of a process's machine."""

    world: float
    own: float


class Observer:
    """Follows the claims and the heartbeats of a job."""

    def __init__(
        self, scheduler: Scheduler, lease: Callable[[], float]
    ) -> None:
        self.run = 0
        self.released = False
        self.exclusive_since = 0.0
        """Since when only the newest run may send events (none, if it has released the job)."""
        self.numbers: dict[Process, int] = {}
        """The newest run number of each process."""
        self.appends: dict[Process, ClockReading] = {}
        """When each process last received the answer to an append."""
        self.beats: dict[Process, ClockReading] = {}
        """When each process sent its claim, or the newest heartbeat that was answered."""
        self.replaced_alive: list[str] = []
        """Runs that were replaced while they held their lease."""
        self.unaware: list[str] = []
        """Replaced runs that would have sent an event if one had been due."""
        self.lawful_seconds = 0.0
        """How long after a takeover the previous owner may send events: until its next look."""
        self.filled: set[tuple[Process, int]] = set()
        """The checkpoints that were appended to a gap which `gc` left in the log."""
        self.unlisted: list[str] = []
        """Lists of artifacts that a checkpoint named before they were stored."""
        self._listed: set[StageRecord] = set()
        """The stages whose lists have been checked."""
        self.lag = 0.0
        """Additional seconds, because listings lag."""
        self.set_ahead: list[float] = []
        """When the store's clock was set forward: an owner looks silent until it beats."""
        self._looks: dict[tuple[Process, bool], float] = {}
        """When each process last read the age of a heartbeat (True) and of a checkpoint (False)."""
        self._misled_at = float("-inf")
        """When a process misled by the store's clock last claimed the job."""
        self._answered_beats: dict[
            Process, list[tuple[float, ClockReading]]
        ] = {}
        """For each heartbeat: when it was answered, and when it was sent."""
        self._may_send: dict[Process, Callable[[], float]] = {}
        self._bodies: dict[int, bytes] = {}
        """The checkpoints as first appended, by sequence."""
        self._scheduler = scheduler
        self._lease = lease
        self._owner: Process | None = None
        self._lapses: dict[Process, float] = {}
        """Since when each process has known that its lease ran out, without an append since."""

    def appended(self, process: Process, body: bytes, store: Store) -> None:
        """Record a checkpoint that was created."""
        manifest = json.loads(body)
        self._note_lists(decode(body), store)
        run = manifest["run"]
        released = manifest["runs"][-1]["endedAt"] is not None
        if self._bodies.setdefault(manifest["sequence"], body) != body:
            self.filled.add((process, manifest["sequence"]))
        if run > self.run:
            self._claimed(process, run)
        if run == self.run:
            if released and not self.released:
                self.exclusive_since = self._scheduler.time
            self.released = released
            # It stops sending before it releases the job, even if its lease still runs.
            if released:
                self._may_send.pop(process, None)

    def _note_lists(self, manifest: Manifest, store: Store) -> None:
        """Record lists that a checkpoint is the first to name, and that are not stored."""
        for record in manifest.stages:
            if record.listed is None or record in self._listed:
                continue
            self._listed.add(record)
            file, inputs = record.listed.file, record.inputs or ""
            key = artifact_key(
                manifest.job_id, record.stage, inputs, file.sha256, file.path
            )
            with suppress(MissingError):
                if hashlib.sha256(store.get(key)).hexdigest() == file.sha256:
                    continue
            self.unlisted.append(key)

    def _claimed(self, process: Process, run: int) -> None:
        """Record a new run, and whether the run that it replaced was alive."""
        previous = self._owner
        if self._is_misled(process):
            self._misled_at = self._scheduler.time
        elif (
            previous is not None
            and not self.released
            and self._holds_lease(previous)
        ):
            self.replaced_alive.append(
                f"run {self.run} ({previous.name}) by run {run} ({process.name})"
            )
        self.run, self._owner = run, process
        self.exclusive_since = self._scheduler.time
        self.numbers[process] = run
        if previous is not None:
            self.look_at(previous)

    def listen(self, process: Process, may_send: Callable[[], float]) -> None:
        """Record the function that returns for how long a process may send."""
        if self.numbers.get(process) == self.run and not self.released:
            self._may_send[process] = may_send

    def look_at(self, process: Process) -> None:
        """Record whether a replaced process still believes that it is the owner.

        A process whose machine was suspended may.
        """
        own = self.numbers.get(process, self.run)
        if own == self.run or process.unaware or self.lawful:
            return
        if (
            process in self._may_send
            and (left := self._may_send[process]()) > 0
        ):
            self.unaware.append(
                f"{process.name}, run {own}, may send for {left:.2f} s, under run {self.run}"
            )

    @property
    def lawful(self) -> bool:
        """Whether the previous owner may still send events."""
        now = self._scheduler.time
        if now - self._misled_at <= self._lease():
            return True
        if not self.lawful_seconds:
            return now <= self.exclusive_since
        return now - self.exclusive_since <= self.lawful_seconds + self.lag

    def looked(self, process: Process, key: str) -> None:
        """Record that a process reads the age of the owner's heartbeat or claim."""
        is_heartbeat = key.endswith("/heartbeat.json")
        self._looks[process, is_heartbeat] = self._scheduler.time

    def now(self, process: Process) -> ClockReading:
        return ClockReading(
            self._scheduler.time, process.clock(self._scheduler.time)
        )

    def answered(
        self,
        process: Process,
        sent: ClockReading,
        *,
        append: bool,
        looks_older: float = 0.0,
    ) -> None:
        """Record that a process received the answer to a heartbeat or an append.

        A claim counts from its time in the store; a heartbeat's dates show the length of the lease.
        """
        self._note_lapse(process, sent, append=append)
        last = self.beats.get(process)
        if last is None:
            sent = ClockReading(
                sent.world - looks_older, sent.own - looks_older
            )
        elif append or sent.world <= last.world:
            return
        self.beats[process] = sent
        self._answered_beats.setdefault(process, []).append(
            (self._scheduler.time, sent)
        )

    def _note_lapse(
        self, process: Process, sent: ClockReading, *, append: bool
    ) -> None:
        """Record whether an answer shows that the lease has expired or is held again."""
        last = self.beats.get(process)
        if append:
            self.appends[process] = self.now(process)
            lapsed_at = self._lapses.get(process, 0.0)
            if sent.world >= lapsed_at and not self._is_over(process):
                self._lapses.pop(process, None)
        elif last is not None and (
            self._is_over(process) or sent.world - last.world >= self._lease()
        ):
            self._lapses[process] = self._scheduler.time

    def beat_answered_by(self, process: Process, time: float) -> ClockReading:
        """Return when a process sent the newest heartbeat that was answered by a given time."""
        sent = [
            moment
            for answered, moment in self._answered_beats[process]
            if answered <= time
        ]
        return sent[-1]

    def _is_misled(self, process: Process) -> bool:
        """Whether a process may have judged the owner by a store's clock that was set forward."""
        looks = [
            self._looks.get((process, is_heartbeat), float("-inf"))
            for is_heartbeat in (True, False)
        ]
        return any(
            0 <= looked - set_at <= self._lease()
            for set_at in self.set_ahead
            for looked in looks
        )

    def _holds_lease(self, process: Process) -> bool:
        if process not in self.beats or process in self._lapses or process.dead:
            return False
        last, now = self.beats[process], self.now(process)
        stopped = (
            process.frozen_until > now.world
            or last.world - last.own != now.world - now.own
        )
        return not stopped and not self._is_over(process)

    def _is_over(self, process: Process) -> bool:
        last = self.beats.get(process)
        return last is None or self.now(process).own - last.own >= self._lease()
