"""How a process takes ownership of a job.

It waits until the job has no live owner, appends the next checkpoint under the next run number, and
tests whether the store is a fence.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from states.decisions import (
    begin,
    claim,
    redeliver,
    rejected_end,
    reopen,
    request_cancel,
)
from states.exits import Exit
from states.keys import job_prefix
from states.manifest import EngineRef, Identity, Manifest, RunRecord, Writer
from states.stages import Stage, State
from states.takeover import Claim, JobOver, Wait, exit_code, judge
from states.usage import Budget
from worker import __version__
from worker.errors import BusyError
from worker.ownership.clocks import (
    HIDDEN_SECONDS,
    measure_skew,
    store_clocks_error,
)
from worker.ownership.fence import Fence
from worker.ownership.heartbeat import OwnerWatch, read_silence
from worker.ownership.log import (
    Checkpoint,
    CheckpointLog,
    OvertakenError,
    Ownership,
)
from worker.ownership.placement import A_FEW, check_neighbours, check_store
from worker.ownership.preconditions import (
    busy,
    check_end,
    check_identity,
    check_model,
    check_reached,
    no_such_job,
)
from worker.store.port import ObjectEntry, ObjectHead
from worker.store.retrying import RetryingStore
from worker.system.runtime import Runtime, iso

LOG = logging.getLogger(__name__)

_POLL_SECONDS: Final = 1.0
_MAX_OVERTAKEN: Final = 50
"""How many times another process may come first before a claim is given up."""
_FIRST_PAUSE: Final = 0.05
"""The pause between two attempts, in seconds; it doubles each time."""
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorRequest:
    """An operator's request to resume a job."""

    stage: Stage | None = None
    """The first stage to redo."""
    takeover: bool = False
    """Whether to replace a run that is still alive."""
    budget: Budget | None = None
    """The job's new limit, if it changes."""


@dataclass(kw_only=True, slots=True)
class Claimant:
    """A process that wants to own a job."""

    store: RetryingStore
    log: CheckpointLog
    runtime: Runtime
    wait: Callable[[float], object]
    """Waits for a number of seconds; raises the reason if the process must stop meanwhile."""
    lease_seconds: int
    announces: bool
    """Whether this process can deliver events."""
    platform_run: str | None
    allow_unfenced: bool
    _seen: Checkpoint | None = field(default=None, init=False)
    """The newest checkpoint found by a refused claim; a listing may not show it yet."""
    _overtaken: int = field(default=0, init=False)
    _watch: OwnerWatch = field(init=False)
    _fence: Fence = field(init=False)

    def __post_init__(self) -> None:
        self._watch = OwnerWatch(self.store, self.log, self.runtime)
        self._fence = Fence(
            self.store,
            self.log,
            self.runtime,
            allow_unfenced=self.allow_unfenced,
        )

    def start(
        self,
        identity: Identity,
        engine: Callable[[Manifest | None], EngineRef],
        update_from: str | None = None,
    ) -> Ownership | Exit:
        """Start or continue a job, once it has no live owner; return its code if it is over.

        `engine` returns the engine for the job, and may refuse. A new job updates the course of the
        job `update_from`. Raise BusyError if the owner stays alive.
        """
        newest = self._first_look()
        deadline: float | None = None
        while True:
            if newest is None:
                owned = self._begin(identity, engine(None), update_from)
            else:
                # guard: the identity check
                check_identity(newest.manifest, identity)
                verdict = self._judge(newest.manifest)
                if isinstance(verdict, JobOver):
                    return verdict.exit_code
                if isinstance(verdict, Wait):
                    deadline = self._wait(newest.manifest, verdict, deadline)
                    newest = self._newest()
                    continue
                ref = engine(newest.manifest)
                check_model(newest.manifest, ref)
                owned = self._claim(newest, ref, None)
            if owned is not None:
                return owned
            newest = self._newest()

    def resume(
        self,
        engine: Callable[[Manifest | None], EngineRef],
        request: OperatorRequest,
    ) -> Ownership | Exit:
        """Continue a job at an operator's request, even if it is over.

        Do not wait for a live run.
        """
        while True:
            newest = self._existing()
            manifest = newest.manifest
            if request.stage is not None:
                check_reached(manifest, request.stage)
            nothing_to_do = request.stage is None and (
                manifest.collected or manifest.state is State.COMPLETED
            )
            if nothing_to_do and not self._can_deliver(manifest):
                return exit_code(manifest)
            # guard: the lease: a live owner's job is not resumed
            if not (request.takeover or manifest.released) and self._is_alive(
                manifest
            ):
                raise busy(manifest)
            reopening = None
            if not nothing_to_do:
                reopening = request
            ref = engine(manifest)
            if request.stage is None:
                check_model(manifest, ref)
            owned = self._claim(newest, ref, reopening)
            if owned is not None:
                return owned

    def cancel(self) -> Ownership | Exit:
        """Claim a job without a live run, to cancel it; ask a live run to cancel it.

        A job that is over is not changed. If it was canceled before, and its final event is
        pending, it is claimed.
        """
        while True:
            newest = self._existing()
            manifest = newest.manifest
            canceled = manifest.state is State.CANCELED
            if manifest.over and not (canceled and self._can_deliver(manifest)):
                return Exit.OK
            if not manifest.released and self._is_alive(manifest):
                if manifest.cancel_requested or self._ask_to_cancel(newest):
                    return Exit.OK
                continue
            claimed = self._claimed(manifest, manifest.engine)
            owned = self._append(
                newest, request_cancel(claimed), Writer.OPERATOR
            )
            if owned is not None:
                return owned

    def redeliver(self) -> Ownership | Exit:
        """Claim a job that is over, to send its final event again if it was rejected.

        Otherwise the job is not changed. Do not wait for a live run.
        """
        while True:
            newest = self._existing()
            manifest = newest.manifest
            check_end(manifest)
            sequence = rejected_end(manifest)
            if sequence is None:
                return exit_code(manifest)
            if not manifest.released and self._is_alive(manifest):
                raise busy(manifest)
            final_event = self.log.present(sequence).manifest.outbox.pending[-1]
            claimed = self._claimed(manifest, manifest.engine)
            pending = redeliver(claimed, final_event)
            owned = self._append(newest, pending, Writer.OPERATOR)
            if owned is not None:
                return owned

    def _first_look(self) -> Checkpoint | None:
        """Return the newest checkpoint; raise ConfigError if a new job may not be created here.

        For a new job with nothing below its name, this takes one request, like a listing of its
        checkpoints.
        """
        entries = list(
            self.store.entries(job_prefix(self.log.job_id), limit=A_FEW)
        )
        newest = None
        if entries:
            newest = self.log.newest()
        if newest is None:
            # guard: a job has no place among another store's objects
            check_neighbours(self.store, self.log.job_id, entries)
            # guard: a store has no place inside a job
            check_store(self.store)
        return newest

    def _newest(self) -> Checkpoint | None:
        return self.log.newest(self._seen)

    def _existing(self) -> Checkpoint:
        newest = self._newest()
        if newest is None:
            raise no_such_job(self.log.job_id)
        return newest

    def _can_deliver(self, manifest: Manifest) -> bool:
        if manifest.collected or not self.announces:
            return False
        return bool(manifest.outbox.pending)

    def _ask_to_cancel(self, newest: Checkpoint) -> bool:
        try:
            self.log.append(
                newest, request_cancel(newest.manifest), Writer.OPERATOR
            )
        except OvertakenError as overtaken:
            self._yield_to(overtaken.existing)
            # guard: a request to cancel that was overtaken does not count
            return False
        return True

    def _yield_to(self, winner: Checkpoint) -> None:
        """Let another process go first, and pause before the next attempt.

        Raise BusyError after too many attempts.
        """
        self._seen = winner
        self._overtaken += 1
        # guard: a new run: gives up on a job that others keep claiming
        if self._overtaken > _MAX_OVERTAKEN:
            manifest = winner.manifest
            raise BusyError(
                f"other runs keep claiming job {manifest.job_id} (most recently run "
                f"{manifest.run}): try again later"
            )
        doublings = self._overtaken - 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**doublings)
        share = 0.5 + self.runtime.jitter() / 2
        self.wait(pause * share)

    def _begin(
        self, identity: Identity, engine: EngineRef, update_from: str | None
    ) -> Ownership | None:
        run = self._run_record(1)
        manifest = begin(
            identity,
            engine,
            run,
            announces=self.announces,
            update_from=update_from,
        )
        return self._append(None, manifest, Writer.WORKER)

    def _claim(
        self,
        newest: Checkpoint,
        engine: EngineRef,
        request: OperatorRequest | None,
    ) -> Ownership | None:
        claimed = self._claimed(newest.manifest, engine)
        if request is None:
            return self._append(newest, claimed, Writer.WORKER)
        reopened = reopen(claimed, request.stage, request.budget)
        return self._append(newest, reopened, Writer.OPERATOR)

    def _claimed(self, manifest: Manifest, engine: EngineRef) -> Manifest:
        run = self._run_record(manifest.run + 1)
        return claim(manifest, run, engine=engine, announces=self.announces)

    def _run_record(self, number: int) -> RunRecord:
        return RunRecord(
            number=number,
            claimed_at=iso(self.runtime.now()),
            version=__version__,
            lease_seconds=self.lease_seconds,
            platform_run=self.platform_run,
        )

    def _append(
        self, base: Checkpoint | None, manifest: Manifest, writer: Writer
    ) -> Ownership | None:
        """Append a claim; return None if another process was first."""
        sent = self.runtime.monotonic()
        try:
            checkpoint = self.log.append(base, manifest, writer)
        except OvertakenError as overtaken:
            self._yield_to(overtaken.existing)
            return None
        answered = self.runtime.monotonic()
        # guard: a store's refusal: tried again after a claim
        self.store.persevere()
        if not self._fence.check(checkpoint):
            self._yield_to(self.log.present(checkpoint.manifest.sequence))
            return None
        sequence = checkpoint.manifest.sequence
        entries = self.log.entries(after=sequence - 1)
        tombstone = self._tombstone(entries, sequence)
        # guard: a claim in the log of a collected job does not count
        if tombstone is not None:
            self._yield_to(tombstone)
            return None
        head = _listed_head(checkpoint, entries.get(sequence))
        if head is None:
            answered = self.runtime.monotonic()
            head = self.log.head(sequence)
        return self._own(checkpoint, sent, answered, head)

    def _tombstone(
        self, entries: Mapping[int, ObjectEntry], sequence: int
    ) -> Checkpoint | None:
        """Return a job's tombstone if it follows a claim.

        Then the job was collected after its manifest was read, and the claim fills a gap in its
        log.
        """
        newest = max(entries, default=sequence)
        if newest == sequence:
            return None
        checkpoint = self.log.present(newest)
        if checkpoint.manifest.collected:
            return checkpoint
        return None

    def _own(
        self,
        checkpoint: Checkpoint,
        since: float,
        asked: float,
        head: ObjectHead,
    ) -> Ownership:
        """Own the job through a claim that was sent at the moment `since`.

        `head` is the store's metadata of the claim, requested at the moment `asked`.
        """
        manifest = checkpoint.manifest
        measured = 0
        # guard: clocks: the difference between them is measured
        if head.age > 1:
            measured = self._skew(checkpoint)
        # guard: clocks: whole seconds hide up to one second of a difference
        skew = max(measured, min(head.age, 1)) + HIDDEN_SECONDS
        LOG.info(
            "claimed",
            extra={"run": manifest.run, "sequence": manifest.sequence},
        )
        # The age that other runs see counts: the claim may look older than it is, and this machine
        # may have been paused.
        # guard: clocks: a claim is as old as it looks
        since = min(since, asked - head.age - HIDDEN_SECONDS)
        dated = min(head.now, head.modified + measured)
        # guard: the lease: a claim's is counted from before it is sent
        return Ownership(
            self.log, checkpoint, since=since, dated=dated, skew=skew
        )

    def _skew(self, checkpoint: Checkpoint) -> int:
        """Return by how many seconds objects look too old.

        Raise ConfigError if that exceeds the lease. A claim may also look old because its answers
        were slow, or its machine was paused.
        """
        manifest = checkpoint.manifest
        least, most = self.store.attempt(
            lambda store: measure_skew(store, manifest, self.runtime)
        )
        lease = manifest.owner.lease_seconds
        # guard: clocks: a store is refused where no lease outlasts the difference
        if least >= lease:
            with suppress(OvertakenError):
                self._fence.release(checkpoint)
            raise store_clocks_error(self.store.url, most, lease)
        if most > 1:
            return ceil(most)
        return 0

    def _judge(self, manifest: Manifest) -> Claim | JobOver | Wait:
        settled = manifest.over and not manifest.outbox.pending
        silent = lease = 0
        if not manifest.released and not settled:
            silent, lease = self._watch.silence(manifest)
        return judge(
            manifest,
            silent_seconds=silent,
            lease_seconds=lease,
            can_deliver=self.announces,
        )

    def _wait(
        self, manifest: Manifest, verdict: Wait, deadline: float | None
    ) -> float:
        """Wait for the owner; return the time at which to give up on an owner that stays alive."""
        now = self.runtime.monotonic()
        if deadline is None:
            deadline = now + 2 * verdict.lease_seconds
            LOG.info(
                "another run owns the job, waiting for its lease",
                extra={"owner": manifest.run},
            )
        # guard: clocks: a new run gives up waiting only for a live owner
        if now >= deadline and self._watch.is_alive:
            raise busy(manifest)
        self.wait(min(_POLL_SECONDS, verdict.seconds))
        return deadline

    def _is_alive(self, manifest: Manifest) -> bool:
        silent, lease = read_silence(self.store, self.log, manifest)
        return silent <= lease


def _listed_head(
    checkpoint: Checkpoint, listed: ObjectEntry | None
) -> ObjectHead | None:
    """Return a checkpoint's dates by a listing and by the append's answer, if both have them."""
    if listed is None or checkpoint.dated is None:
        return None
    return ObjectHead(
        size=listed.size,
        modified=int(listed.modified),
        now=checkpoint.dated,
    )
