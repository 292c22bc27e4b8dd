"""Jobs on the platform: each request starts a run of the job definition."""

import logging
from collections.abc import Iterable, Mapping

from states.codec import JsonObject
from states.manifest import Identity, Manifest
from worker.errors import ConfigError, TemporaryError
from worker.gateway.cancel import carry_out_cancel
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
from worker.system.environment import Environment
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)


class PlatformBackend:
    """Starts runs on the platform.

    The definition is read for each request, because it may be deployed at any time.
    """

    mode = "scaleway-job"

    def __init__(
        self,
        definition: str | None,
        store: str | None,
        environment: Environment,
        runtime: Runtime,
    ) -> None:
        """Read the settings, or raise ConfigError; this sends no request.

        `definition` and `store` override their variables.
        """
        self._settings = platform_settings(definition, environment)
        self._definition = definition
        self._store = store
        self._environment = environment
        self._runtime = runtime
        self._stopping = runtime.flag()
        self._opened: tuple[dict[str, str], View] | None = None

    def analyze(self, request: Request) -> JsonObject:
        """Start a run, unless the job has a live one."""
        deployment = self._deployment()
        identity = request.identity
        job_id = identity.job_id
        view = self._view(deployment.definition)
        manifest = view.newest(job_id)
        runs = runs_of(deployment.runs(), job_id, manifest)
        known = _known(job_id, manifest, runs)
        if known is not None and not same_job(known, identity):
            raise JobConflictError(known)
        if live := live_runs(runs):
            return {"runId": live[-1].id}
        faults = deployment.faults(request.variables)
        if faults:
            reasons = "; ".join(faults)
            raise ConfigError(
                f"runs of the job definition cannot work: {reasons}"
            )
        known_ids = [run.id for run in runs]
        new_run = deployment.start(request.variables, known_ids)
        return {"runId": new_run.id}

    def status(self) -> JsonObject:
        """Return the name of the definition; no job runs here."""
        return {
            "running": [],
            "waiting": [],
            "definition": self._settings.definition,
        }

    def job(self, job_id: str) -> JsonObject:
        view = self._any_view()
        manifest = view.newest(job_id)
        if manifest is not None:
            return describe_with_runs(view, self._settings, manifest, _warn)
        known = _known(
            job_id, None, runs_of(self._deployment().runs(), job_id, None)
        )
        if known is None:
            raise UnknownJobError
        return describe_pending(known)

    def files(self, job_id: str) -> list[JsonObject]:
        view = self._any_view()
        manifest = view.newest(job_id)
        runs: list[PlatformRun] = []
        if manifest is None:
            runs = runs_of(self._deployment().runs(), job_id, None)
        known = _known(job_id, manifest, runs) is not None
        return course_files(view, manifest, known=known)

    def cancel(self, job_id: str) -> None:
        """Cancel a job by the command `cancel`, which stops a run that does not obey.

        A run without a checkpoint is stopped at once.
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
            "cancel", lambda: self._cancel(view, deployment, job_id, runs)
        )

    def close(self) -> None:
        """Stop waiting for jobs that are being canceled; the requests are in the store."""
        self._stopping.set()

    def _cancel(
        self,
        view: View,
        deployment: Deployment,
        job_id: str,
        runs: list[PlatformRun],
    ) -> None:
        variables = store_location(deployment.definition)
        variables["SCW_JOB_DEFINITION"] = deployment.definition.id
        last_environment: Mapping[str, str] = {}
        if runs:
            last_environment = runs[-1].environment
        for name in CARRIED:
            if last_environment.get(name):
                variables[name] = last_environment[name]
        settings = view.settings
        command = ChildCommand(
            self._environment,
            settings.store_url,
            self._runtime,
            stop_grace_seconds=settings.limits.stop_grace_seconds,
        )
        carry_out_cancel(view, command, job_id, variables, self._stopping)

    def _deployment(self) -> Deployment:
        return open_deployment(
            self._definition, self._environment, self._runtime, _warn
        )

    def _any_view(self) -> View:
        """Return the definition's store, or the last known one if the platform does not respond."""
        try:
            return self._view(self._deployment().definition)
        except TemporaryError:
            if self._opened is None:
                raise
            return self._opened[1]

    def _view(self, definition: JobDefinition) -> View:
        """Open a definition's store, unless it is open; raise ConfigError if none is named."""
        environment = dict(definition.environment)
        if self._opened is None or self._opened[0] != environment:
            own_url = self._store or self._environment.get("STORE_URL")
            if not own_url and not environment.get("STORE_URL"):
                raise ConfigError(
                    "the job definition does not show its STORE_URL: set it "
                    "for the gateway, too"
                )
            view = operators_view(self._store, self._environment, definition)
            self._opened = environment, view.giving_up_after(STORE_SECONDS)
        return self._opened[1]


def _known(
    job_id: str, manifest: Manifest | None, runs: list[PlatformRun]
) -> Identity | None:
    """Return a job's identity from its manifest, or from the run that starts it."""
    if manifest is not None:
        return manifest.identity
    return expected_identity(job_id, runs)


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        LOG.warning("the platform may need attention", extra={"reason": line})
