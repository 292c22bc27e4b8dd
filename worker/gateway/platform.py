"""Jobs that the platform runs: each request starts a run of the job definition."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from states.manifest import Identity, Manifest
from worker.errors import ConfigError, TemporaryError
from worker.gateway.cancel import see_to
from worker.gateway.child import ChildCommand
from worker.gateway.port import JobConflictError, UnknownJobError
from worker.gateway.request import Request
from worker.gateway.views import STORE_SECONDS, course_files
from worker.job_request import same_job
from worker.platform.environment import CARRIED
from worker.platform.port import JobDefinition, PlatformRun
from worker.services.cancel_request import request_cancel
from worker.services.deployment import (
    Deployment,
    open_deployment,
    operators_view,
    platform_settings,
    store_location,
)
from worker.services.describe import describe_pending, describe_with_runs
from worker.services.platform_runs import live_runs, runs_of
from worker.services.unstarted import expected_engine, expected_identity
from worker.services.view import View
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)


class PlatformBackend:
    """Starts runs on the platform.

    Its definition is looked up anew for each, as it may be deployed at any time.
    """

    mode = "scaleway-job"

    def __init__(
        self,
        definition: str | None,
        store: str | None,
        environment: Mapping[str, str],
        runtime: Runtime,
    ) -> None:
        """Read the settings, or raise ConfigError; nothing is sent yet.

        `definition` and `store` override their variables.
        """
        self._settings = platform_settings(definition, environment)
        self._definition = definition
        self._store = store
        self._environment = environment
        self._runtime = runtime
        self._stopping = runtime.flag()
        self._opened: tuple[dict[str, str], View] | None = None

    def analyze(self, request: Request) -> dict[str, Any]:
        """Start a run, unless one of the job's is alive."""
        deployment = self._deployment()
        job_id = request.identity.job_id
        manifest = self._view(deployment.definition).newest(job_id)
        runs = runs_of(deployment.runs(), job_id, manifest)
        known = _known(job_id, manifest, runs)
        if known is not None and not same_job(known, request.identity):
            raise JobConflictError(known)
        if live := live_runs(runs):
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
        manifest = view.newest(job_id)
        if manifest is not None:
            return describe_with_runs(view, self._settings, manifest, _warn)
        known = _known(job_id, None, runs_of(self._deployment().runs(), job_id, None))
        if known is None:
            raise UnknownJobError
        return describe_pending(known)

    def files(self, job_id: str) -> list[dict[str, Any]]:
        """Return the files of a job's course."""
        view = self._any_view()
        manifest = view.newest(job_id)
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
        manifest = view.newest(job_id)
        runs = runs_of(deployment.runs(), job_id, manifest)
        unstarted = _known(job_id, manifest, runs)
        engine = expected_engine(deployment.definition)
        if not request_cancel(view, job_id, unstarted, engine):
            raise UnknownJobError
        if manifest is None:
            for run in live_runs(runs):
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
            **store_location(deployment.definition),
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
        return open_deployment(
            self._definition, self._environment, self._runtime, _warn
        )

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
                self._store
                or self._environment.get("STORE_URL")
                or environment.get("STORE_URL")
            ):
                raise ConfigError(
                    "the job definition does not show its STORE_URL: give the gateway the variable, too"
                )
            view = operators_view(self._store, self._environment, definition)
            self._opened = environment, view.giving_up_after(STORE_SECONDS)
        return self._opened[1]


def _known(
    job_id: str, manifest: Manifest | None, runs: list[PlatformRun]
) -> Identity | None:
    """Return what a job is about: by its manifest, or by a run that has begun, or will begin, what nobody else has."""
    if manifest is not None:
        return manifest.identity
    return expected_identity(job_id, runs)


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        LOG.warning("the platform may need attention", extra={"reason": line})
