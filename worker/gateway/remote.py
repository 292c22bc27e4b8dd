"""Jobs that the platform runs: each request starts a run of the job definition."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from states.manifest import Manifest
from worker.commands.platform import Deployment, open_deployment, operators_view, platform_settings, runs_of
from worker.commands.reading import View
from worker.commands.status import describe_all
from worker.errors import ConfigError
from worker.gateway.local import course_files, pending, read_manifest
from worker.gateway.port import ConflictError, UnknownJobError
from worker.gateway.program import Program
from worker.gateway.request import Request, read_request, same_job
from worker.platform.port import PlatformRun
from worker.runtime import Runtime


class PlatformBackend:
    """Starts runs on the platform; its definition is looked up anew for each, as it may be deployed at any time."""

    mode = "scaleway-job"

    def __init__(self, arguments: Namespace, environment: Mapping[str, str], runtime: Runtime) -> None:
        """Read the settings; raise ConfigError. Nothing is asked yet."""
        self._settings = platform_settings(arguments, environment)
        self._arguments = arguments
        self._environment = environment
        self._runtime = runtime
        self._opened: View | None = None

    def analyze(self, request: Request) -> dict[str, Any]:
        """Start a run, unless one of the job's is alive."""
        deployment = self._deployment()
        job_id = request.identity.job_id
        manifest = read_manifest(self._view(deployment), job_id)
        runs = runs_of(deployment.runs(), job_id, manifest)
        self._check(request, manifest, runs)
        if live := [run for run in runs if run.live]:
            return {"runId": live[-1].id}
        if faults := deployment.faults([request.variables])[0]:
            raise ConfigError(f"the job definition is not as a run needs it: {'; '.join(faults)}")
        return {"runId": deployment.start(request.variables, [run.id for run in runs]).id}

    def status(self) -> dict[str, Any]:
        """Say which definition is started; nothing runs here."""
        return {"running": [], "waiting": [], "definition": self._settings.definition}

    def job(self, job_id: str) -> dict[str, Any]:
        """Return where a job stands; `pending` while its run has not come to its first checkpoint."""
        deployment = self._deployment()
        manifest = read_manifest(self._view(deployment), job_id)
        if manifest is not None:
            return describe_all(self._view(deployment), self._settings, manifest)
        runs = runs_of(deployment.runs(), job_id, None)
        if not runs or not runs[-1].live:
            raise UnknownJobError
        return pending(_request_of(runs[-1]))

    def files(self, job_id: str) -> list[dict[str, Any]]:
        """Return the files of a job's course."""
        deployment = self._deployment()
        manifest = read_manifest(self._view(deployment), job_id)
        known = manifest is not None or bool(runs_of(deployment.runs(), job_id, None))
        return course_files(self._view(deployment), manifest, known=known)

    def cancel(self, job_id: str) -> None:
        """Let an operator's `cancel` do it, which stops a run that does not obey; one that has not begun is stopped."""
        deployment = self._deployment()
        view = self._view(deployment)
        manifest = read_manifest(view, job_id)
        runs = runs_of(deployment.runs(), job_id, manifest)
        if manifest is not None:
            variables = {name: value for name, value in (runs[-1].environment if runs else {}).items() if value}
            program = Program(self._environment, view.settings.store_url, self._runtime)
            program.start("cancel", job_id, variables={**variables, **_told(self._arguments)})
            return
        live = [run for run in runs if run.live]
        if not live:
            raise UnknownJobError
        for run in live:
            deployment.platform.stop(run.id)

    def close(self) -> None:
        """Do nothing: what runs, runs elsewhere."""

    def _deployment(self) -> Deployment:
        return open_deployment(self._arguments, self._environment, self._runtime)

    def _view(self, deployment: Deployment) -> View:
        if self._opened is None:
            self._opened = operators_view(self._arguments, self._environment, deployment.definition)
        return self._opened

    def _check(self, request: Request, manifest: Manifest | None, runs: list[PlatformRun]) -> None:
        known = manifest.identity if manifest else _request_of(runs[-1]).identity if runs else request.identity
        if not same_job(known, request.identity):
            raise ConflictError(known)


def _told(arguments: Namespace) -> dict[str, str]:
    return {"SCW_JOB_DEFINITION": arguments.definition} if arguments.definition else {}


def _request_of(run: PlatformRun) -> Request:
    """Return the request that a run was started for."""
    given = run.environment
    return read_request(
        {
            "jobId": given.get("JOB_ID"),
            "repositoryUrl": given.get("REPOSITORY_URL"),
            "branch": given.get("BRANCH"),
            "callbackUrl": given.get("CALLBACK_URL") or "https://unknown.invalid",
            "callbackToken": given.get("CALLBACK_TOKEN") or "unknown",
        },
        allow_http=True,
    )
