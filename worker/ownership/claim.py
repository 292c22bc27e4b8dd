"""How a process comes to own a job.

It waits for whoever owns it, appends the next checkpoint with the next run number, and has
the store prove that it is a fence.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import Final

from states.decisions import (
    begin,
    claim,
    redeliver,
    rejected_end,
    release,
    reopen,
    request_cancel,
)
from states.exits import Exit
from states.keys import checkpoint_key, job_prefix
from states.manifest import EngineRef, Identity, Manifest, RunRecord, Writer
from states.repository_url import normal_form
from states.stages import INFO, Stage, State
from states.takeover import Claim, JobOver, Wait, exit_code, judge
from worker.errors import BusyError, ConfigError, DataError
from worker.ownership.heartbeat import OwnerWatch, measure_skew, read_silence
from worker.ownership.log import (
    Checkpoint,
    CheckpointLog,
    OvertakenError,
    Ownership,
    Proof,
)
from worker.ownership.placement import A_FEW, check_neighbours, check_store
from worker.run.inbox import Inbox
from worker.store.retrying import RetryingStore
from worker.system.runtime import Runtime, iso

LOG = logging.getLogger(__name__)
_POLL_SECONDS: Final = 1.0
_OVERTAKEN: Final = 50
"""So often others may be first before a process gives its claim up."""
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0
"""Between two tries, in seconds; it doubles each time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Newcomer:
    """A process that wants to work on a job."""

    version: str
    """Of the worker."""
    lease_seconds: int
    announces: bool
    """Whether it knows where events go."""
    platform_run: str | None = None
    allow_unfenced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorRequest:
    """What an operator's word adds to a claim."""

    stage: Stage | None = None
    """The stage from which everything is done anew."""
    takeover: bool = False
    """Whether to replace a run that still lives."""


class Claimant:
    """One process's way to one job."""

    def __init__(
        self,
        store: RetryingStore,
        log: CheckpointLog,
        inbox: Inbox,
        runtime: Runtime,
        who: Newcomer,
    ) -> None:
        """Prepare; nothing is read yet."""
        self._store = store
        self._log = log
        self._inbox = inbox
        self._runtime = runtime
        self._who = who
        self._known: Checkpoint | None = None
        """The newest checkpoint that another's success has shown; a listing may not show it yet."""
        self._overtaken = 0
        self._vigil = OwnerWatch(store, log, runtime)

    def start(
        self, identity: Identity, engine: Callable[[Manifest | None], EngineRef]
    ) -> Ownership | Exit:
        """Begin a job or go on with it, waiting for its owner; return the code if there is nothing left to do.

        `engine` is asked which engine works on the job, and may refuse. Raises BusyError if
        the owner lives on.
        """
        deadline: float | None = None
        look = self._first_look
        while True:
            newest, look = look(), self._newest
            if newest is None:
                owned = self._begin(identity, engine(None))
            else:
                # guard: the identity check
                check_identity(newest.manifest, identity)
                verdict = self._judge(newest.manifest)
                if isinstance(verdict, JobOver):
                    return verdict.exit_code
                if isinstance(verdict, Wait):
                    deadline = self._wait(newest.manifest, verdict, deadline)
                    continue
                owned = self._claim(newest, engine(newest.manifest), None)
            if owned is not None:
                return owned

    def resume(
        self, engine: Callable[[Manifest | None], EngineRef], word: OperatorRequest
    ) -> Ownership | Exit:
        """Go on with a job by an operator's word, even if it was over; never waits for a live run."""
        while True:
            newest = self._newest()
            if newest is None:
                raise no_such_job(self._log.job_id)
            manifest = newest.manifest
            check_reached(manifest, word.stage)
            done = word.stage is None and (
                manifest.collected or manifest.state is State.COMPLETED
            )
            if done and (
                manifest.collected
                or not (manifest.outbox.pending and self._who.announces)
            ):
                return exit_code(manifest)
            # guard: the lease: a live owner is not resumed from under
            if not (word.takeover or manifest.released) and self._is_alive(manifest):
                raise busy(manifest)
            owned = self._claim(newest, engine(manifest), None if done else word)
            if owned is not None:
                return owned

    def cancel(self) -> Ownership | Exit:
        """Claim a job that nobody runs, to cancel it; or ask the run that works on it to.

        A job that is over is left as it is; one that was canceled before is claimed if that
        is still to be told.
        """
        while True:
            newest = self._newest()
            if newest is None:
                raise no_such_job(self._log.job_id)
            manifest = newest.manifest
            untold = (
                manifest.state is State.CANCELED
                and manifest.outbox.pending
                and self._who.announces
            )
            if manifest.over and not untold:
                return Exit.OK
            if not manifest.released and self._is_alive(manifest):
                if manifest.cancel_requested or self._ask(newest):
                    return Exit.OK
                continue
            run = self._run(manifest.run + 1)
            claimed = claim(
                manifest, run, engine=manifest.engine, announces=self._who.announces
            )
            owned = self._append(newest, request_cancel(claimed), Writer.OPERATOR)
            if owned is not None:
                return owned

    def redeliver(self) -> Ownership | Exit:
        """Claim a job that is over, to send again the event that told its end, which was rejected.

        Where it was not, the job is left as it is. Never waits for a live run.
        """
        while True:
            newest = self._log.newest()
            if newest is None:
                raise no_such_job(self._log.job_id)
            manifest = newest.manifest
            check_end(manifest)
            sequence = rejected_end(manifest)
            if sequence is None:
                return exit_code(manifest)
            if not manifest.released and self._is_alive(manifest):
                raise busy(manifest)
            written = self._log.present(sequence).manifest.outbox.pending
            claimed = claim(
                manifest,
                self._run(manifest.run + 1),
                engine=manifest.engine,
                announces=True,
            )
            owned = self._append(
                newest, redeliver(claimed, written[-1]), Writer.OPERATOR
            )
            if owned is not None:
                return owned

    def _first_look(self) -> Checkpoint | None:
        """Return the newest checkpoint; raise ConfigError if a new job has no place of its own here.

        A new job, below whose name there is nothing, takes no request more than a listing
        of its checkpoints would.
        """
        found = list(self._store.entries(job_prefix(self._log.job_id), limit=A_FEW))
        newest = self._log.newest() if found else None
        if newest is None:
            # guard: a job has no place among another store's objects
            check_neighbours(self._store, self._log.job_id, found)
            # guard: a store has no place inside a job
            check_store(self._store)
        return newest

    def _ask(self, newest: Checkpoint) -> bool:
        try:
            self._log.append(newest, request_cancel(newest.manifest), Writer.OPERATOR)
        except OvertakenError as overtaken:
            self._yield_to(overtaken.found)
            # guard: a wish to cancel that was overtaken is not taken for heard
            return False
        return True

    def _newest(self) -> Checkpoint | None:
        return self._log.newest(self._known)

    def _yield_to(self, found: Checkpoint) -> None:
        """Let whoever was first go first, and pause before the next try.

        Raise BusyError after too many.
        """
        self._known = found
        self._overtaken += 1
        # guard: a newcomer: gives up what others claim again and again
        if self._overtaken > _OVERTAKEN:
            raise BusyError(
                f"job {found.manifest.job_id} is claimed by others again and again, most recently by "
                f"run {found.manifest.run}: run this again later"
            )
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (self._overtaken - 1))
        self._inbox.wait(pause * (0.5 + self._runtime.jitter() / 2))

    def _begin(self, identity: Identity, engine: EngineRef) -> Ownership | None:
        manifest = begin(identity, engine, self._run(1), announces=self._who.announces)
        return self._append(None, manifest, Writer.WORKER)

    def _claim(
        self, newest: Checkpoint, engine: EngineRef, word: OperatorRequest | None
    ) -> Ownership | None:
        manifest = newest.manifest
        run = self._run(manifest.run + 1)
        claimed = claim(manifest, run, engine=engine, announces=self._who.announces)
        if word is None:
            return self._append(newest, claimed, Writer.WORKER)
        return self._append(newest, reopen(claimed, word.stage), Writer.OPERATOR)

    def _append(
        self, base: Checkpoint | None, manifest: Manifest, writer: Writer
    ) -> Ownership | None:
        since = self._runtime.monotonic()
        try:
            checkpoint = self._log.append(base, manifest, writer)
        except OvertakenError as overtaken:
            self._yield_to(overtaken.found)
            return None
        # guard: a store's refusal: tried again after a claim
        self._store.persevere()
        # guard: proof of the store
        proof = self._log.prove(checkpoint)
        if proof is not Proof.FENCE:
            self._unfenced(checkpoint, proof)
        if proof is Proof.LET_A_RIVAL_OVERWRITE:
            self._yield_to(self._log.present(checkpoint.manifest.sequence))
            return None
        asked = self._runtime.monotonic()
        head = self._log.head(checkpoint.manifest.sequence)
        # guard: clocks: how far they are apart is measured
        skew = self._skew(checkpoint) if head.age > 1 else 0
        LOG.info(
            "claimed",
            extra={
                "run": checkpoint.manifest.run,
                "sequence": checkpoint.manifest.sequence,
            },
        )
        # What others see counts: the claim may look older than it is, and this machine may
        # have stood still meanwhile.
        # guard: clocks: a claim is as old as it looks
        since = min(since, asked - head.age)
        # guard: the lease: a claim's is counted from before it is sent
        return Ownership(
            self._log,
            checkpoint,
            since=since,
            dated=min(head.now, head.modified + skew),
            skew=skew,
        )

    def _skew(self, checkpoint: Checkpoint) -> int:
        """Return by how many seconds objects look too old; refuse a store where no lease outlasts that.

        A claim that looks old may also be one whose answers were slow, or whose machine
        stood still.
        """
        manifest = checkpoint.manifest
        least, most = self._store.attempt(
            lambda store: measure_skew(store, manifest, self._runtime)
        )
        lease = manifest.owner.lease_seconds
        # guard: clocks: a store is refused where no lease outlasts the difference
        if least >= lease:
            with suppress(OvertakenError):
                self._release(checkpoint)
            raise ConfigError(
                f"the store {self._store.url} dates its answers {most:.0f} s ahead of its objects (Date against "
                f"Last-Modified), so that each run looks dead at once by its lease of {lease} s: set the clocks of the "
                "store's servers and of any proxy before them, or LEASE_SECONDS to more than that",
                code="store_clocks",
            )
        return ceil(most) if most > 1 else 0

    def _release(self, checkpoint: Checkpoint) -> None:
        ended = release(checkpoint.manifest, Exit.CONFIG, at=iso(self._runtime.now()))
        self._log.append(checkpoint, ended, Writer.WORKER)

    def _unfenced(self, checkpoint: Checkpoint, proof: Proof) -> None:
        where = self._store.uri(
            checkpoint_key(self._log.job_id, checkpoint.manifest.sequence)
        )
        lost = proof is Proof.LET_A_RIVAL_OVERWRITE
        did = f"let another run overwrite {where}" if lost else f"overwrote {where}"
        what = f"the store {did} although it was told not to (If-None-Match: *): it cannot keep two runs apart"
        if self._who.allow_unfenced:
            LOG.warning(
                "the store is no fence; going on, as ALLOW_UNFENCED_STORE says",
                extra={"reason": what},
            )
            return
        # guard: proof of the store: what is another's is not withdrawn
        if lost:
            pass  # what is there is another's
        elif checkpoint.manifest.sequence == 1:
            self._log.withdraw(checkpoint)
        else:
            # guard: a claim on a store that is no fence is released
            self._release(checkpoint)
        raise ConfigError(
            f"{what}. Use a store that honours conditional writes, or set ALLOW_UNFENCED_STORE=1 if you make sure "
            "that a job never runs twice at once",
            code="unfenced_store",
        )

    def _judge(self, manifest: Manifest) -> Claim | JobOver | Wait:
        unasked = manifest.released or (manifest.over and not manifest.outbox.pending)
        silent, lease = (0, 0) if unasked else self._vigil.silence(manifest)
        return judge(
            manifest,
            silent_seconds=silent,
            lease_seconds=lease,
            can_deliver=self._who.announces,
        )

    def _wait(self, manifest: Manifest, verdict: Wait, deadline: float | None) -> float:
        now = self._runtime.monotonic()
        if deadline is None:
            deadline = now + 2 * verdict.lease_seconds
            LOG.info(
                "another run owns the job, waiting for its lease",
                extra={"owner": manifest.run},
            )
        # guard: clocks: only an owner that lives is given up on
        if now >= deadline and self._vigil.is_alive:
            raise busy(manifest)
        self._inbox.wait(min(_POLL_SECONDS, verdict.seconds))
        return deadline

    def _is_alive(self, manifest: Manifest) -> bool:
        silent, lease = read_silence(self._store, self._log, manifest)
        return silent <= lease

    def _run(self, number: int) -> RunRecord:
        return RunRecord(
            number=number,
            claimed_at=iso(self._runtime.now()),
            version=self._who.version,
            lease_seconds=self._who.lease_seconds,
            platform_run=self._who.platform_run,
        )


def check_identity(manifest: Manifest, wanted: Identity) -> None:
    """Raise ConfigError if a job of that name is about something else."""
    found = manifest.identity
    same_repository = normal_form(found.repository) == normal_form(wanted.repository)
    if (found.job_id, found.branch) != (
        wanted.job_id,
        wanted.branch,
    ) or not same_repository:
        raise ConfigError(
            f"job {found.job_id} is about {found.repository} ({found.branch}), "
            f"and job {wanted.job_id} was to be about {wanted.repository} ({wanted.branch}): "
            "give this one another JOB_ID",
            code="identity",
        )


def check_reached(manifest: Manifest, stage: Stage | None) -> None:
    """Raise DataError if a job cannot go on from a stage."""
    if stage is not None and manifest.collected:
        raise DataError(
            f"job {manifest.job_id} was collected: nothing is left to go on with; start a new job"
        )
    if (
        stage is not None
        and manifest.next_stage is not None
        and INFO[stage].step > INFO[manifest.next_stage].step
    ):
        raise DataError(
            f"job {manifest.job_id} has not reached {stage} yet: its next stage is {manifest.next_stage}"
        )


def check_end(manifest: Manifest) -> None:
    """Raise DataError if a job's end cannot be told again."""
    if not manifest.over:
        raise DataError(
            f"job {manifest.job_id} is {manifest.state}: it has no end to be told again; `resume` it"
        )
    if manifest.collected:
        raise DataError(
            f"job {manifest.job_id} was collected: nothing is left to be told again"
        )


def no_such_job(job_id: str) -> DataError:
    """Return the error for a job that is not there."""
    return DataError(
        f"there is no job {job_id} in this store: see `fondation-worker list`",
        code="no_such_job",
    )


def busy(manifest: Manifest) -> BusyError:
    """Return the error for a job that another run works on."""
    owner = manifest.owner
    platform = f" (platform run {owner.platform_run})" if owner.platform_run else ""
    return BusyError(
        f"run {owner.number}{platform} works on job {manifest.job_id} since {owner.claimed_at} and is alive: "
        "wait for it, cancel the job, or take it over with `resume --takeover`"
    )
