"""The platform port on Scaleway Serverless Jobs.

Source: API version v1alpha2 as the official SDK 2.12 sends and reads it
(`scaleway/jobs/v1alpha2`), and recorded answers.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

from worker.errors import ConfigError, RefusedError
from worker.platform.api import Api, ApiCall, NotThereError
from worker.platform.port import (
    DefinitionFields,
    JobDefinition,
    PlatformRun,
    SecretReference,
)
from worker.system.environment import Environment

DESCRIPTION: Final = "Turns git repositories into courses (fondation-worker)"
_NEVER: Final = datetime.fromtimestamp(0, UTC)

Value = TypeVar("Value")


class Scaleway:
    """The jobs of one project in one region."""

    def __init__(self, api: Api, project_id: str | None) -> None:
        """Use `api`; without a project, definitions are found by their id only."""
        self._api = api
        self._project = project_id

    def definitions(self) -> list[JobDefinition]:
        """Return all definitions of the project; the API cannot search by name."""
        definitions = self._api.all(
            "job-definitions",
            "job_definitions",
            self._in_project(),
            _definition,
        )
        return [
            definition
            for definition in definitions
            if definition.project_id == self._project
        ]

    def definition(self, definition_id: str) -> JobDefinition | None:
        call = ApiCall(method="GET", path=f"job-definitions/{definition_id}")
        try:
            return self._api.call(call, _definition)
        except NotThereError:
            return None

    def create(self, name: str, shape: DefinitionFields) -> JobDefinition:
        """Create a definition that runs its image's own command."""
        body = {
            "name": name,
            "project_id": self._project,
            "description": DESCRIPTION,
            **_fields(shape),
        }
        call = ApiCall(
            method="POST", path="job-definitions", body=body, repeatable=False
        )
        return self._api.call(call, _definition)

    def update(
        self, definition_id: str, shape: DefinitionFields
    ) -> JobDefinition:
        path = f"job-definitions/{definition_id}"
        call = ApiCall(method="PATCH", path=path, body=_fields(shape))
        return self._known(call, _definition)

    def secrets(self, definition_id: str) -> list[SecretReference]:
        """Return a definition's secrets; they fit into one answer."""
        call = ApiCall(
            method="GET",
            path="secrets",
            params={"job_definition_id": definition_id},
        )
        return self._known(call, _secrets)

    def add_secret(
        self, definition_id: str, *, variable: str, secret: str, version: str
    ) -> None:
        config = {
            "secret_manager_id": secret,
            "secret_manager_version": version,
            "env_var_name": variable,
        }
        body = {"job_definition_id": definition_id, "secrets": [config]}
        call = ApiCall(
            method="POST", path="secrets", body=body, repeatable=False
        )
        self._known(call, _ignore)

    def change_secret(self, reference_id: str, *, version: str) -> None:
        call = ApiCall(
            method="PATCH",
            path=f"secrets/{reference_id}",
            body={"secret_manager_version": version},
        )
        self._known(call, _ignore)

    def remove_secret(self, reference_id: str) -> None:
        call = ApiCall(method="DELETE", path=f"secrets/{reference_id}")
        with suppress(NotThereError):
            self._api.call(call, _ignore)

    def runs(self, definition_id: str) -> list[PlatformRun]:
        params = {"job_definition_id": definition_id, **self._in_project()}
        runs = self._api.all("job-runs", "job_runs", params, _run)
        own = [run for run in runs if run.definition_id == definition_id]
        return sorted(own, key=lambda run: (run.created_at, run.id))

    def run(self, run_id: str) -> PlatformRun | None:
        call = ApiCall(method="GET", path=_run_path(run_id))
        try:
            return self._api.call(call, _run)
        except NotThereError:
            return None

    def start(
        self, definition_id: str, environment: Environment
    ) -> PlatformRun:
        path = f"job-definitions/{definition_id}/start"
        body = {"environment_variables": dict(environment)}
        call = ApiCall(method="POST", path=path, body=body, repeatable=False)
        return self._known(call, _started)

    def stop(self, run_id: str) -> None:
        """Ask the platform to stop a run.

        The API does not document its answer about a run that has ended, so an error counts
        only if the run is still live.
        """
        path = f"{_run_path(run_id)}/stop"
        call = ApiCall(method="POST", path=path, body={})
        try:
            self._api.call(call, _ignore)
        except (NotThereError, ConfigError, RefusedError):
            run = self.run(run_id)
            if run is not None and run.live:
                raise

    def _known(self, call: ApiCall, read: Callable[[Any], Value]) -> Value:
        """Make a request about an object that existed a moment ago."""
        try:
            return self._api.call(call, read)
        except NotThereError as error:
            raise ConfigError(
                f"{call.path} no longer exists on the platform: {error}"
            ) from error

    def _in_project(self) -> dict[str, str]:
        if not self._project:
            return {}
        return {"project_id": self._project}


def _fields(shape: DefinitionFields) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "image_uri": shape.image,
        "cpu_limit": shape.cpu,
        "memory_limit": shape.memory,
        "local_storage_capacity": shape.disk,
    }
    if shape.timeout is not None:
        fields["job_timeout"] = f"{shape.timeout}s"
    if shape.retries is not None:
        fields["retry_policy"] = {"max_retries": shape.retries}
    if shape.environment is not None:
        fields["environment_variables"] = dict(shape.environment)
    return {name: value for name, value in fields.items() if value is not None}


def _run_path(run_id: str) -> str:
    return f"job-runs/{quote(run_id, safe='')}"


def _definition(document: Any) -> JobDefinition:  # noqa: ANN401 - any value of JSON
    policy = document.get("retry_policy") or {}
    return JobDefinition(
        id=document["id"],
        name=document["name"],
        project_id=document["project_id"],
        image=document["image_uri"],
        cpu=document["cpu_limit"],
        memory=document["memory_limit"],
        disk=document["local_storage_capacity"],
        timeout=_seconds(document.get("job_timeout")),
        retries=policy.get("max_retries") or 0,
        environment=document.get("environment_variables") or {},
    )


def _seconds(text: str | None) -> float | None:
    """Read a duration like `3600s`."""
    if not text:
        return None
    return float(text.removesuffix("s"))


def _secrets(document: Any) -> list[SecretReference]:  # noqa: ANN401 - any value of JSON
    return [_secret(entry) for entry in document["secrets"]]


def _secret(document: Any) -> SecretReference:  # noqa: ANN401 - any value of JSON
    variable = document.get("env_var") or {}
    return SecretReference(
        id=document["secret_id"],
        secret=document["secret_manager_id"],
        version=document["secret_manager_version"],
        variable=variable.get("name"),
    )


def _run(document: Any) -> PlatformRun:  # noqa: ANN401 - any value of JSON
    created = document.get("created_at")
    created_at = _NEVER
    if created:
        created_at = datetime.fromisoformat(created)
    return PlatformRun(
        id=document["id"],
        definition_id=document["job_definition_id"],
        state=document["state"],
        reason=document.get("reason"),
        exit_code=document.get("exit_code"),
        attempts=document.get("attempts"),
        created_at=created_at.astimezone(UTC),
        environment=document.get("environment_variables") or {},
    )


def _started(document: Any) -> PlatformRun:  # noqa: ANN401 - any value of JSON
    runs = document["job_runs"]
    return _run(runs[0])


def _ignore(_: object) -> None:
    """Accept any answer."""
