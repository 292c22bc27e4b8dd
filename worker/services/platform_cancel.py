"""`cancel` for jobs that run on the platform."""

from collections.abc import Callable
from typing import Final

from states.exits import Exit
from states.manifest import Manifest
from worker.errors import TemporaryError, WorkerError
from worker.ownership.heartbeat import read_heartbeat
from worker.platform.port import JobDefinition, Platform
from worker.platform.settings import PlatformSettings
from worker.platform.sweep_decision import described
from worker.services.cancel_request import begin_canceled
from worker.services.deployment import Warn, find_definition
from worker.services.platform_runs import live_runs, runs_of
from worker.services.unstarted import expected_engine, expected_identity
from worker.services.view import View
from worker.system.runtime import Runtime
from worker.wiring import open_platform

LOOK_SECONDS: Final = 1.0
STOP_SECONDS: Final = 300.0
"""How long the platform may take to stop a run; it documents no limit."""


def cancel_unstarted(
    settings: PlatformSettings, view: View, job_id: str
) -> bool:
    """Cancel a job without a checkpoint, and stop its runs; return False if the platform has none.

    The request is written first, so no sweep starts the job, and a run that starts meanwhile finds
    it.
    """
    platform = open_platform(settings, view.runtime)
    definition = find_definition(platform, settings)
    if definition is None:
        return False
    if not _writes_to(definition, view.store.url):
        return False
    runs = runs_of(platform.runs(definition.id), job_id, None)
    identity = expected_identity(job_id, runs)
    if identity is None:
        return False
    if begin_canceled(view, identity, expected_engine(definition)):
        for run in live_runs(runs):
            platform.stop(run.id)
    return True


def _writes_to(definition: JobDefinition, store_url: str) -> bool:
    """Whether a definition shows that its runs write to a store."""
    url = definition.environment.get("STORE_URL", store_url)
    return url.rstrip("/") == store_url.rstrip("/")


class PlatformCancel:
    """Makes the platform's run of a job obey an operator's `cancel`."""

    def __init__(
        self, settings: PlatformSettings, view: View, warn: Warn
    ) -> None:
        self._settings = settings
        self._view = view
        self._warn = warn

    def enforce(
        self, before: Manifest, cancel: Callable[[], Exit]
    ) -> Exit | None:
        """Wait for the run to obey, stop it if it does not, and cancel the job again.

        `before` is the manifest from before the first `cancel`. Returns the exit code of the second
        `cancel`, or None if there was none. Takes up to twice the owner's lease, plus the time in
        which the platform stops a run; then raises TemporaryError.
        """
        manifest = self._view.manifest(before.job_id)
        if manifest.over:
            self._stop_replaced_run(before, manifest)
            return None
        run_id = manifest.owner.platform_run
        if run_id is None:
            return None
        lease = read_heartbeat(self._view.store, manifest).lease_seconds
        self._await_rest(manifest.job_id, 2 * lease)
        if not self._view.manifest(manifest.job_id).over:
            self._stop(run_id)
            self._await_rest(manifest.job_id, 2 * lease)
        return cancel()

    def _stop_replaced_run(self, before: Manifest, after: Manifest) -> None:
        """Stop the replaced run if it was silent for its whole lease."""
        run_id = before.owner.platform_run
        had_owner = not (before.over or before.released)
        if run_id is None or not had_owner or after.run == before.run:
            return
        try:
            open_platform(self._settings, self._view.runtime).stop(run_id)
        except WorkerError as error:
            self._warn(
                [
                    f"platform run {run_id} may still be alive; stopping it failed: {error}"
                ]
            )

    def _await_rest(self, job_id: str, seconds: float) -> None:
        """Wait until no run works on the job, for `seconds` at most."""
        runtime = self._view.runtime
        deadline = runtime.monotonic() + seconds
        pause = runtime.flag()
        while runtime.monotonic() < deadline:
            manifest = self._view.manifest(job_id)
            if (
                manifest.over
                or manifest.released
                or self._view.is_silent(manifest)
            ):
                return
            pause.wait(LOOK_SECONDS)

    def _stop(self, run_id: str) -> None:
        """Ask the platform to stop a run, and wait until it has ended."""
        platform = open_platform(self._settings, self._view.runtime)
        platform.stop(run_id)
        _await_end(platform, self._view.runtime, run_id)


def _await_end(platform: Platform, runtime: Runtime, run_id: str) -> None:
    deadline = runtime.monotonic() + STOP_SECONDS
    pause = runtime.flag()
    while (run := platform.run(run_id)) is not None and run.live:
        if runtime.monotonic() >= deadline:
            raise TemporaryError(
                f"{described(run)}, although it was asked to stop: try again later"
            )
        pause.wait(LOOK_SECONDS)
