"""The platform's runs of a job."""

from collections.abc import Iterable
from typing import Final

from states.manifest import Manifest
from worker.platform.port import PlatformRun
from worker.platform.settings import PlatformSettings
from worker.services.deployment import find_definition
from worker.system.runtime import Runtime
from worker.wiring import open_platform

QUICK_SECONDS: Final = 5.0
"""How long to wait for a platform that the caller does not depend on."""


def runs_of(
    runs: Iterable[PlatformRun], job_id: str, manifest: Manifest | None
) -> list[PlatformRun]:
    """Return the runs that were started for a job, or have worked on it."""
    worked = set()
    if manifest is not None:
        worked = {run.platform_run for run in manifest.runs}
    return [run for run in runs if run.job_id == job_id or run.id in worked]


def live_runs(runs: Iterable[PlatformRun]) -> list[PlatformRun]:
    """Return the runs that have not ended."""
    return [run for run in runs if run.live]


def list_platform_runs(
    settings: PlatformSettings, runtime: Runtime, manifest: Manifest
) -> list[PlatformRun]:
    """Return the runs of a job, oldest first.

    They come from the job definition, and from the manifest, which may name runs of another
    definition.
    """
    platform = open_platform(settings, runtime, QUICK_SECONDS)
    definition = find_definition(platform, settings)
    runs = []
    if definition is not None:
        all_runs = platform.runs(definition.id)
        runs = runs_of(all_runs, manifest.job_id, manifest)
    listed = {run.id for run in runs}
    recorded = {run.platform_run for run in manifest.runs if run.platform_run}
    for run_id in sorted(recorded - listed):
        run = platform.run(run_id)
        if run is not None:
            runs.append(run)
    runs.sort(key=lambda run: run.created_at)
    return runs
