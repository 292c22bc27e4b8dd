"""The work of one run, from its claim to its end, driven by the decisions in `states`."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from states import decisions
from states.exits import FATES, Exit, Fate
from states.manifest import Artifact, ArtifactList, Error, Manifest
from states.stages import INFO, Stage, State
from states.takeover import exit_code
from states.usage import Waiting
from worker.errors import (
    BugError,
    ConfigError,
    DamagedError,
    EngineTroubleError,
    ReplacedError,
    StoreFaultError,
    TemporaryError,
    WaitingError,
    WorkerError,
)
from worker.outbox.announcer import Announcer
from worker.ownership.log import Decision
from worker.run.clone import Cloner
from worker.run.context import RunContext
from worker.run.inbox import CanceledError, StoppedError
from worker.run.produce import Producer
from worker.run.update import Updater
from worker.system.runtime import iso

LOG = logging.getLogger(__name__)

MAX_TRIES: Final = 3
"""How many times in a row a stage may be tried, or a run may fail, without a new item."""
_FIRST_PAUSE: Final = 2.0
_SAVE_SHARE: Final = 0.8
"""The share of a stopped run's grace for saving; then it is killed (worker/run/signals.py)."""
_SETTLE_SHARE: Final = 0.4
"""The share of it for items that are being stored."""


class Runner:
    """Works on an owned job until it is over, or until the next run can resume it."""

    def __init__(
        self,
        context: RunContext,
        cloner: Cloner,
        updater: Updater,
        producer: Producer,
        announcer: Announcer,
        finish_within: Callable[[float], None],
    ) -> None:
        """`finish_within` makes the store give up within a number of seconds."""
        self._context = context
        self._cloner = cloner
        self._updater = updater
        self._producer = producer
        self._announcer = announcer
        self._limits = context.limits
        self._finish_within = finish_within
        self._repairs = 0
        self._began = context.runtime.monotonic()

    def run(self) -> Exit:
        """Work until the job or this run is over; return the exit code. Raises ReplacedError."""
        try:
            return self._resumable()
        except StoreFaultError as error:
            LOG.error(
                "the store failed, ending the run; the next run resumes the "
                "job",
                extra={"reason": str(error)},
            )
            if error.exit is Exit.REFUSED:
                return error.exit
            return Exit.TEMPORARY

    def reassert(self) -> None:
        """Append a checkpoint to show that this run still owns the job."""
        self._append(lambda base: base)

    @property
    def _manifest(self) -> Manifest:
        return self._context.owned.manifest

    def _resumable(self) -> Exit:
        """Work until the job is over; after a bug, interrupt it."""
        try:
            return self._run()
        except BugError as error:
            LOG.exception("a bug")
            return self._interrupt(error)

    def _run(self) -> Exit:
        try:
            # guard: the outbox in the manifest: what a dead run left is sent
            self._announcer.redeliver(self._manifest)
            self._work()
        except StoppedError as stopped:
            return self._stop(stopped)
        except CanceledError:
            self._append(lambda base: decisions.cancel(base, at=self._now()))
        # guard: a store's refusal: never the job's failure
        except (ReplacedError, StoreFaultError, BugError):
            raise
        except (TemporaryError, ConfigError) as error:
            return self._interrupt(error)
        except WorkerError as error:
            # guard: the memory of permanent failures
            self._fail(error, error.exit)
        except Exception as error:
            raise BugError(f"{type(error).__name__}: {error}") from error
        return self._deliver()

    def _work(self) -> None:
        if not self._manifest.over and not self._manifest.cancel_requested:
            self._producer.check()
            self._producer.prepare()
        while not self._manifest.over:
            if self._manifest.cancel_requested:
                raise CanceledError
            stage = self._manifest.current_stage
            if stage is not None:
                self._stage(stage)
            elif self._manifest.state is State.PUBLISHING:
                self._publish()
            else:
                self._append(lambda base: decisions.enter(base, at=self._now()))

    def _stage(self, stage: Stage) -> None:
        tries = 0
        while True:
            self._began = self._context.runtime.monotonic()
            new_items = self._context.new_items
            try:
                artifacts = self._make(stage)
            except DamagedError as damaged:
                self._repair(damaged)
                return
            except WaitingError:
                # guard: waiting: a stage is not tried again while only waiting helps
                raise
            except TemporaryError as error:
                tries = 1 if self._context.new_items > new_items else tries + 1
                if tries >= MAX_TRIES:
                    raise
                self._try_again(error, tries)
            else:
                self._finish(stage, artifacts)
                return

    def _make(self, stage: Stage) -> tuple[Artifact, ...]:
        if stage is not Stage.CLONE:
            return self._producer.make(stage)
        self._updater.check()
        artifacts = self._cloner.clone()
        self._updater.prepare(artifacts[0])
        return artifacts

    def _finish(self, stage: Stage, artifacts: tuple[Artifact, ...]) -> None:
        seconds = self._seconds()
        kept = self._updater.count_kept(stage, artifacts)
        listed = None
        if len(artifacts) > self._limits.max_inline:
            listed = self._list(stage, artifacts)
            artifacts = ()

        def decide(base: Manifest) -> Manifest:
            now = self._now()
            finished = decisions.finish(
                base,
                artifacts,
                listed=listed,
                at=now,
                seconds=seconds,
                kept=kept,
            )
            moved = decisions.move_on(finished, at=now)
            if self._context.new_items:
                return replace(moved, fruitless_runs=0)
            return moved

        self._append(decide)

    def _list(
        self, stage: Stage, artifacts: tuple[Artifact, ...]
    ) -> ArtifactList:
        """Store the list of a stage's artifacts."""
        context = self._context
        inputs = self._manifest.record(stage).inputs or ""
        return context.inbox.do(
            "store",
            lambda: context.artifacts.store_list(stage, inputs, artifacts),
        )

    def _try_again(self, error: TemporaryError, tries: int) -> None:
        pause = (
            _FIRST_PAUSE
            * 2.0**tries
            * (0.5 + self._context.runtime.jitter() / 2)
        )
        LOG.warning(
            "the stage failed, retrying",
            extra={"reason": str(error), "tries": tries, "pause": pause},
        )
        seconds = self._seconds()
        record = self._error(error, error.exit)
        self._append(
            lambda base: decisions.tried(base, record, seconds=seconds)
        )
        self._context.inbox.wait(pause)

    def _repair(self, damaged: DamagedError) -> None:
        self._repairs += 1
        if self._repairs > MAX_TRIES:
            raise _given_up(damaged)
        LOG.warning(
            "returning to a stage",
            extra={"back_to": damaged.stage, "reason": str(damaged)},
        )
        self._producer.forget()
        code = "damaged"
        if damaged.new_generation:
            code = "outdated"
        error = self._error(
            TemporaryError(str(damaged), code=code), Exit.TEMPORARY
        )
        self._append(
            lambda base: decisions.repair(
                base,
                damaged.stage,
                error,
                new_generation=damaged.new_generation,
            )
        )

    def _publish(self) -> None:
        missing = self._context.inbox.do(
            "verify",
            lambda: self._context.artifacts.missing(self._manifest.stages),
        )
        # guard: completed only when all artifacts exist
        if missing:
            stage, artifact = min(
                missing, key=lambda entry: INFO[entry[0]].step
            )
            self._repair(DamagedError(stage, artifact.path))
        else:
            self._append(self._completion)

    def _completion(self, base: Manifest) -> Manifest:
        """Complete the job, unless an operator has canceled it first."""
        # guard: an operator's request to cancel before completion
        if base.cancel_requested:
            return decisions.cancel(base, at=self._now())
        return decisions.complete(base, at=self._now())

    def _fail(self, error: WorkerError, code: Exit) -> None:
        LOG.error(
            "the job has failed for good",
            extra={"reason": str(error), "exit_code": int(code)},
        )
        self._append(
            lambda base: decisions.fail(base, self._error(error, code))
        )

    def _interrupt(
        self, error: TemporaryError | ConfigError | BugError
    ) -> Exit:
        """End the run, but not the job; fail the job after three such runs without a new item."""
        fruitless = self._fruitless_runs()
        is_fault = isinstance(error, EngineTroubleError | BugError)
        if is_fault and not self._manifest.over and not self._context.new_items:
            fruitless += 1
        # guard: the memory of permanent failures: a third fruitless run is the last
        if fruitless >= MAX_TRIES:
            is_bug = isinstance(error, BugError)
            code = Exit.UNAVAILABLE
            if is_bug:
                code = Exit.SOFTWARE
            self._fail(error, code)
            return self._deliver()
        LOG.error(
            "ending the run; the next run resumes the job",
            extra={"reason": str(error), "fruitless_runs": fruitless},
        )
        # guard: the release: an interrupted run is silent before it
        self._announcer.close()
        record = self._error(error, error.exit)
        waiting = None
        if isinstance(error, WaitingError):
            waiting = error.waiting
        self._append(self._interruption(record, error.exit, fruitless, waiting))
        return error.exit

    def _fruitless_runs(self) -> int:
        if self._context.new_items:
            return 0
        return self._manifest.fruitless_runs

    def _stop(self, stopped: StoppedError) -> Exit:
        """Save what is finished, within the run's grace."""
        stop = stopped.stop
        LOG.warning("stopping", extra={"reason": stop.reason})
        grace = self._limits.stop_grace_seconds
        # guard: a stopped run does not wait for a store longer than its grace
        self._finish_within(grace * _SAVE_SHARE)
        # guard: the release: a stopped run is silent before it
        self._announcer.close()
        # guard: a stopped run stores the items in flight
        self._producer.settle(grace * _SETTLE_SHARE)
        interrupted = TemporaryError(stop.reason, code="interrupted")
        error = self._error(interrupted, stop.exit_code)
        fruitless = self._fruitless_runs()
        try:
            self._append(self._interruption(error, stop.exit_code, fruitless))
        except (StoreFaultError, StoppedError) as failure:
            LOG.error(
                "could not record that the run was stopped; its lease will expire",
                extra={"reason": str(failure)},
            )
        return stop.exit_code

    def _interruption(
        self,
        error: Error,
        code: Exit,
        fruitless: int,
        waiting: Waiting | None = None,
    ) -> Decision:
        seconds = self._seconds()

        def decide(base: Manifest) -> Manifest:
            # guard: a store's refusal: a job that is over is not interrupted by it
            if base.over:
                return decisions.release(base, code, at=self._now())
            now = self._now()
            interrupted = decisions.interrupt(
                base,
                error,
                code,
                at=now,
                seconds=seconds,
                fruitless_runs=fruitless,
            )
            return replace(interrupted, waiting=waiting)

        return decide

    def _deliver(self) -> Exit:
        """Deliver the last events, and release the job."""
        code = exit_code(self._manifest)
        self._await_answers()
        if self._undelivered():
            LOG.error(
                "the final callback was not delivered; the next run retries it"
            )
            # guard: the release: a run that has not delivered its last event is silent before it
            self._announcer.close()
            code = Exit.TEMPORARY
        if not self._manifest.released or self._announcer.answers:
            # guard: the mark of a final acknowledgement
            self._append(
                lambda base: decisions.release(base, code, at=self._now())
            )
        return code

    def _await_answers(self) -> None:
        """Wait until the receiver has answered all events, or the time is up."""
        runtime = self._context.runtime
        seconds = self._limits.callback_give_up_seconds
        self._announcer.finish_within(seconds)
        deadline = runtime.monotonic() + seconds
        while self._undelivered():
            left = deadline - runtime.monotonic()
            if left <= 0:
                return
            try:
                self._context.inbox.next(left)
            except CanceledError:
                continue
            except StoppedError as stopped:
                # guard: a run stopped while it delivers waits for the store within its grace
                self._finish_within(
                    self._limits.stop_grace_seconds * _SAVE_SHARE
                )
                LOG.warning(
                    "stopping before all callbacks were delivered",
                    extra={"reason": stopped.stop.reason},
                )
                return

    def _undelivered(self) -> bool:
        if self._announcer.silent:
            return False
        pending = {event.sequence for event in self._manifest.outbox.pending}
        return not pending <= self._announcer.answers.keys()

    def _append(self, decide: Decision) -> None:
        """Append a decision together with the receiver's latest answers; announce its event."""
        announcer = self._announcer
        usage = self._producer.usage()

        def settle(base: Manifest) -> Manifest:
            settled = decisions.settle(
                base,
                announcer.answers,
                at=self._now(),
                trouble=announcer.trouble,
            )
            return decisions.account(settled, usage)

        context = self._context
        manifest = context.owned.append(lambda base: decide(settle(base)))
        announcer.announce(manifest)
        context.reporter.transition(manifest)

    def _error(self, error: WorkerError, code: Exit) -> Error:
        return Error(
            message=str(error),
            code=error.code,
            exit_code=code,
            retryable=FATES[code] is Fate.RESUMABLE,
            at=self._now(),
            stage=self._manifest.current_stage,
        )

    def _seconds(self) -> float:
        return self._context.runtime.monotonic() - self._began

    def _now(self) -> str:
        return iso(self._context.runtime.now())


def _given_up(damaged: DamagedError) -> TemporaryError:
    """Return the error for a stage to which the run has returned too many times."""
    if damaged.new_generation:
        return EngineTroubleError(f"{damaged}, {MAX_TRIES} times")
    return TemporaryError(
        f"{damaged}, {MAX_TRIES} times: find out what deletes or changes objects there"
    )
