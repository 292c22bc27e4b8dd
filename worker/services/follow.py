"""Following a job that the platform runs: through its stages and the platform's retries, to where it rests."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from states.exits import Exit
from states.manifest import Manifest
from states.takeover import exit_code
from worker.errors import (
    StoreConfigError,
    StoreFaultError,
    StoreRefusedError,
    StoreUnavailableError,
    TemporaryError,
)
from worker.ownership.log import CheckpointLog
from worker.platform.port import Platform, PlatformRun
from worker.platform.sweep_decision import described
from worker.services.view import View
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)

FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 10.0
"""The pause between two looks; it grows by a twentieth of the time that has passed."""
SILENCE_SECONDS: Final = 600.0
"""How long to tolerate a platform that does not answer, or a store that cannot be read after a run has failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Where a job has come to rest, until somebody does something about it."""

    state: str
    exit_code: Exit
    said: str
    """A line for people."""


def outcome(manifest: Manifest | None, run: PlatformRun) -> Outcome | None:
    """Return what came of a job, by its newest manifest (if it can be read) and its last run.

    None while that lives.
    """
    if run.live:
        return None
    if manifest is not None and manifest.over:
        reason = f": {manifest.error.message}" if manifest.error else ""
        said = f"job {manifest.job_id} is {manifest.state}{reason}"
        return Outcome(state=manifest.state, exit_code=exit_code(manifest), said=said)
    if manifest is None and run.state == "succeeded":
        return Outcome(state=run.state, exit_code=Exit.OK, said=described(run))
    state = run.state if manifest is None else str(manifest.state)
    said = f"job {run.job_id} is not over, and {described(run)}: `sweep` or `resume --on scaleway` goes on with it"
    return Outcome(state=state, exit_code=_code(run), said=said)


def _code(run: PlatformRun) -> Exit:
    """Return the code of a run that has not finished its job; one that was killed can be run again."""
    known = run.exit_code in set(Exit) and run.exit_code != Exit.OK
    return (
        Exit(run.exit_code) if known and run.exit_code is not None else Exit.TEMPORARY
    )


class Follower:
    """Looks at one job now and then."""

    def __init__(self, platform: Platform, view: View | None, runtime: Runtime) -> None:
        """Follow by the platform's word, and by the store's where it can be read."""
        self._platform = platform
        self._view = view
        self._runtime = runtime

    def follow(
        self, job_id: str, run_id: str, see: Callable[[Manifest], None]
    ) -> Outcome:
        """Wait until the job rests.

        `see` is shown each new manifest. Raises TemporaryError if nobody answers.
        """
        began = answered = read = self._runtime.monotonic()
        pause, shown = self._runtime.flag(), 0
        while True:
            now = self._runtime.monotonic()
            run = self._ask(run_id, answered)
            answered = now if run else answered
            manifest, readable = self._look(job_id)
            read = now if readable else read
            if manifest is not None and manifest.sequence > shown:
                shown = manifest.sequence
                see(manifest)
            enough = (
                readable
                or now - read > SILENCE_SECONDS
                or (run is not None and run.state == "succeeded")
            )
            if (
                run is not None
                and enough
                and (found := outcome(manifest, run)) is not None
            ):
                return found
            pause.wait(min(LONGEST_SECONDS, FIRST_SECONDS + (now - began) / 20))

    def manifest(self, job_id: str) -> Manifest | None:
        """Return the job's newest manifest, or None if there is none, or if the store cannot be read now.

        Raises DamagedCheckpointError and UnknownFormatError.
        """
        try:
            return self._newest(job_id)
        except (StoreUnavailableError, StoreRefusedError, StoreConfigError) as error:
            _warn(error)
            return None

    def _look(self, job_id: str) -> tuple[Manifest | None, bool]:
        """Return the job's newest manifest, if there is one, and whether there is nothing left to read."""
        try:
            return self._newest(job_id), True
        except StoreFaultError as error:
            _warn(error)
            return None, False

    def _newest(self, job_id: str) -> Manifest | None:
        newest = (
            CheckpointLog(self._view.store, job_id, self._runtime).newest()
            if self._view
            else None
        )
        return newest.manifest if newest else None

    def _ask(self, run_id: str, answered: float) -> PlatformRun | None:
        try:
            run = self._platform.run(run_id)
        except TemporaryError as error:
            if self._runtime.monotonic() - answered > SILENCE_SECONDS:
                raise
            LOG.warning(
                "the platform does not answer now", extra={"reason": str(error)}
            )
            return None
        if run is None:
            raise TemporaryError(
                f"the platform does not know run {run_id} any more: `status` says where the job stands"
            )
        return run


def _warn(error: StoreFaultError) -> None:
    LOG.warning("the store cannot be read now", extra={"reason": str(error)})
