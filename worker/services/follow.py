"""Follows a job on the platform, through its stages and retries, until it is over or stuck."""

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
from worker.platform.port import Platform, PlatformRun
from worker.platform.sweep_decision import described
from worker.services.view import View
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)

FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 10.0
"""The pause between two polls; it grows by a twentieth of the elapsed time."""
SILENCE_SECONDS: Final = 600.0
"""How long to tolerate an unresponsive platform, or, after a failed run, an unreadable store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The state in which a job remains until an operator or a sweep acts."""

    state: str
    exit_code: Exit
    message: str
    """A line for the user."""


def outcome(manifest: Manifest | None, run: PlatformRun) -> Outcome | None:
    """Return a job's outcome, or None while its last run is alive.

    `manifest` is its newest one, or None if that cannot be read.
    """
    if run.live:
        return None
    if manifest is None and run.state == "succeeded":
        return Outcome(
            state=run.state, exit_code=Exit.OK, message=described(run)
        )
    if manifest is not None and manifest.over:
        return _ended(manifest)
    message = (
        f"job {run.job_id} is not over, and {described(run)}: "
        "continue it with `sweep` or `resume --on scaleway`"
    )
    state = run.state
    if manifest is not None:
        state = str(manifest.state)
    return Outcome(
        state=state, exit_code=_unfinished_code(run), message=message
    )


def _ended(manifest: Manifest) -> Outcome:
    reason = ""
    if manifest.error:
        reason = f": {manifest.error.message}"
    message = f"job {manifest.job_id} is {manifest.state}{reason}"
    return Outcome(
        state=manifest.state, exit_code=exit_code(manifest), message=message
    )


def _unfinished_code(run: PlatformRun) -> Exit:
    """Return the exit code of a run that has not finished its job; a kill counts as temporary."""
    code = run.exit_code
    if code is None or code == Exit.OK:
        return Exit.TEMPORARY
    if code in set(Exit):
        return Exit(code)
    return Exit.TEMPORARY


@dataclass(frozen=True, slots=True)
class _Reading:
    """The store's answer about a job."""

    manifest: Manifest | None
    readable: bool
    """False if the store could not be read."""


class Follower:
    """Polls a job."""

    def __init__(
        self, platform: Platform, view: View | None, runtime: Runtime
    ) -> None:
        """Poll the platform, and the store if `view` is given."""
        self._platform = platform
        self._view = view
        self._runtime = runtime

    def follow(
        self, job_id: str, run_id: str, show: Callable[[Manifest], None]
    ) -> Outcome:
        """Wait until the job needs someone to act, showing each new manifest.

        Raises TemporaryError if the platform stays unresponsive.
        """
        began = answered = read = self._runtime.monotonic()
        pause = self._runtime.flag()
        shown = 0
        while True:
            now = self._runtime.monotonic()
            run = self._ask(run_id, answered)
            if run is not None:
                answered = now
            reading = self._read(job_id)
            if reading.readable:
                read = now
            manifest = reading.manifest
            if manifest is not None and manifest.sequence > shown:
                shown = manifest.sequence
                show(manifest)
            if run is not None and self._suffices(reading, run, now - read):
                rest = outcome(manifest, run)
                if rest is not None:
                    return rest
            elapsed = now - began
            pause.wait(min(LONGEST_SECONDS, FIRST_SECONDS + elapsed / 20))

    def manifest(self, job_id: str) -> Manifest | None:
        """Return the job's newest manifest; None if there is none, or the store is unreadable.

        Raises DamagedCheckpointError and UnknownFormatError.
        """
        try:
            return self._newest(job_id)
        except (
            StoreUnavailableError,
            StoreRefusedError,
            StoreConfigError,
        ) as error:
            _warn(error)
            return None

    @staticmethod
    def _suffices(
        reading: _Reading, run: PlatformRun, unread_seconds: float
    ) -> bool:
        """Whether the outcome can be decided."""
        if reading.readable or run.state == "succeeded":
            return True
        return unread_seconds > SILENCE_SECONDS

    def _read(self, job_id: str) -> _Reading:
        try:
            return _Reading(self._newest(job_id), readable=True)
        except StoreFaultError as error:
            _warn(error)
            return _Reading(None, readable=False)

    def _newest(self, job_id: str) -> Manifest | None:
        if self._view is None:
            return None
        return self._view.newest(job_id)

    def _ask(self, run_id: str, answered: float) -> PlatformRun | None:
        """Return the run as the platform reports it, or None if the platform does not respond."""
        try:
            run = self._platform.run(run_id)
        except TemporaryError as error:
            if self._runtime.monotonic() - answered > SILENCE_SECONDS:
                raise
            LOG.warning(
                "the platform does not respond", extra={"reason": str(error)}
            )
            return None
        if run is None:
            raise TemporaryError(
                f"the platform no longer knows run {run_id}: `status` shows the job's state"
            )
        return run


def _warn(error: StoreFaultError) -> None:
    LOG.warning("the store cannot be read now", extra={"reason": str(error)})
