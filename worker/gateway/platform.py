"""Jobs that the platform runs: each request starts a run of the job definition."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from states.manifest import Identity, Manifest
from worker.cli.commands.status import describe_all
from worker.errors import ConfigError, TemporaryError
from worker.gateway.cancel import see_to, wish
from worker.gateway.child import ChildCommand
from worker.gateway.port import JobConflictError, UnknownJobError
from worker.gateway.request import Request, same_job
from worker.gateway.views import course_files, hasty, pending, read_manifest
from worker.platform.environment import CARRIED
from worker.platform.port import JobDefinition, PlatformRun
from worker.services.deployment import (
    Deployment,
    open_deployment,
    operators_view,
    place_of,
    platform_settings,
    runs_of,
)
from worker.services.unstarted import engine_by, expected
from worker.services.view import View
from worker.system.runtime import Runtime


class PlatformBackend:
    """Starts runs on the platform.

    Its definition is looked up anew for each, as it may be deployed at any time.
    """

    mode = "scaleway-job"

    def __init__(
        self, arguments: Namespace, environment: Mapping[str, str], runtime: Runtime
    ) -> None:
        """Read the settings; raise ConfigError. Nothing is asked yet."""
        self._settings = platform_settings(arguments, environment)
        self._arguments = arguments
        self._environment = environment
        self._runtime = runtime
        self._stopping = runtime.flag()
        self._opened: tuple[dict[str, str], View] | None = None

    def analyze(self, request: Request) -> dict[str, Any]:
        """Start a run, unless one of the job's is alive."""
        deployment = self._deployment()
        job_id = request.identity.job_id
        manifest = read_manifest(self._view(deployment.definition), job_id)
        runs = runs_of(deployment.runs(), job_id, manifest)
        known = _known(job_id, manifest, runs)
        if known is not None and not same_job(known, request.identity):
            raise JobConflictError(known)
        if live := [run for run in runs if run.live]:
            return {"runId": live[-1].id}
        if faults := deployment.faults([request.variables])[0]:
            raise ConfigError(
                f"the job definition is not as a run needs it: {'; '.join(faults)}"
            )
        return {
            "runId": deployment.start(request.variables, [run.id for run in runs]).id
        }

    def status(self) -> dict[str, Any]:
        """Say which definition is started; nothing runs here."""
        return {"running": [], "waiting": [], "definition": self._settings.definition}

    def job(self, job_id: str) -> dict[str, Any]:
        """Return where a job stands; `pending` while its run has not come to its first checkpoint."""
        view = self._any_view()
        manifest = read_manifest(view, job_id)
        if manifest is not None:
            return describe_all(view, self._settings, manifest)
        known = _known(job_id, None, runs_of(self._deployment().runs(), job_id, None))
        if known is None:
            raise UnknownJobError
        return pending(known)

    def files(self, job_id: str) -> list[dict[str, Any]]:
        """Return the files of a job's course."""
        view = self._any_view()
        manifest = read_manifest(view, job_id)
        runs = [] if manifest else runs_of(self._deployment().runs(), job_id, None)
        return course_files(
            view, manifest, known=_known(job_id, manifest, runs) is not None
        )

    def cancel(self, job_id: str) -> None:
        """Let an operator's `cancel` do it, which stops a run that does not obey.

        One that has not begun is stopped.
        """
        deployment = self._deployment()
        view = self._view(deployment.definition)
        manifest = read_manifest(view, job_id)
        runs = runs_of(deployment.runs(), job_id, manifest)
        wish(
            view,
            job_id,
            _known(job_id, manifest, runs),
            engine_by(deployment.definition),
        )
        if manifest is None:
            for run in runs:
                if run.live:
                    deployment.platform.stop(run.id)
        self._runtime.spawn(
            "cancel", lambda: self._see_to(view, deployment, job_id, runs)
        )

    def close(self) -> None:
        """Let go of what is being canceled: the wish is in the store. What runs, runs elsewhere."""
        self._stopping.set()

    def _see_to(
        self, view: View, deployment: Deployment, job_id: str, runs: list[PlatformRun]
    ) -> None:
        given = runs[-1].environment if runs else {}
        variables = {
            **{name: given[name] for name in CARRIED if given.get(name)},
            **place_of(deployment.definition),
            "SCW_JOB_DEFINITION": deployment.definition.id,
        }
        settings = view.settings
        program = ChildCommand(
            self._environment,
            settings.store_url,
            self._runtime,
            stop_grace_seconds=settings.stop_grace,
        )
        see_to(view, program, job_id, variables, self._stopping)

    def _deployment(self) -> Deployment:
        return open_deployment(self._arguments, self._environment, self._runtime)

    def _any_view(self) -> View:
        """Return the store of the definition as it is now; as it was, while the platform is away."""
        try:
            return self._view(self._deployment().definition)
        except TemporaryError:
            if self._opened is None:
                raise
            return self._opened[1]

    def _view(self, definition: JobDefinition) -> View:
        """Open the store, unless it is the one that is open; raise ConfigError if nobody names one."""
        environment = dict(definition.environment)
        if self._opened is None or self._opened[0] != environment:
            if not (
                self._arguments.store
                or self._environment.get("STORE_URL")
                or environment.get("STORE_URL")
            ):
                raise ConfigError(
                    "the job definition does not show its STORE_URL: give the gateway the variable, too"
                )
            view = hasty(operators_view(self._arguments, self._environment, definition))
            self._opened = environment, view
        return self._opened[1]


def _known(
    job_id: str, manifest: Manifest | None, runs: list[PlatformRun]
) -> Identity | None:
    """Return what a job is about: by its manifest, or by a run that has begun, or will begin, what nobody else has."""
    if manifest is not None:
        return manifest.identity
    return expected(job_id, runs)
