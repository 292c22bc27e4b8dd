"""The platform's data: definitions, their secrets, and runs, as the API's own JSON."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

ENDED: Final = ("succeeded", "failed", "interrupted")
STATES: Final = (
    "initialized",
    "validated",
    "queued",
    "running",
    "interrupting",
    "retrying",
    *ENDED,
)

Document = dict[str, Any]
Launch = Callable[["Jobs", Document, Mapping[str, str]], None]
"""Starts a run, given its data and the whole environment of its container."""


class RefusalError(Exception):
    """The API refuses a request."""

    def __init__(self, status: int, **document: Any) -> None:  # noqa: ANN401 - any value of JSON
        super().__init__(str(document))
        self.status = status
        self.document = document


def new_id() -> str:
    """Return an id as the API has them."""
    return str(uuid.uuid4())  # noqa: TID251 - a server makes ids


def not_found(resource: str, resource_id: str) -> RefusalError:
    """Return the answer to a request for an object that does not exist."""
    return RefusalError(
        404,
        type="not_found",
        resource=resource,
        resource_id=resource_id,
        message="resource is not found",
    )


def invalid(argument: str, help_message: str) -> RefusalError:
    """Return the answer to a faulty request."""
    details = [
        {
            "argument_name": argument,
            "reason": "constraint",
            "help_message": help_message,
        }
    ]
    return RefusalError(
        400,
        type="invalid_arguments",
        message="invalid argument(s)",
        details=details,
    )


@dataclass
class Jobs:
    """One region."""

    region: str = "fr-par"
    launch: Launch | None = None
    secret_values: dict[str, str] = field(default_factory=dict)
    """The values in Secret Manager, by id."""
    definitions: dict[str, Document] = field(default_factory=dict)
    secrets: dict[str, Document] = field(default_factory=dict)
    runs: dict[str, Document] = field(default_factory=dict)
    merges: bool = False
    """Whether an update adds its variables to the existing ones, or replaces them.

    The real platform's behaviour is not documented.
    """
    writes: list[str] = field(default_factory=list)
    """Method and path of each change."""
    _moment: datetime = field(
        default_factory=lambda: datetime.now(UTC)  # noqa: TID251 - a server has a clock
    )

    def create_definition(self, body: Document) -> Document:
        """Create a definition; two may have the same name."""
        for name in (
            "cpu_limit",
            "memory_limit",
            "local_storage_capacity",
            "image_uri",
            "description",
        ):
            if name not in body:
                raise invalid(name, "is required")
        definition = {
            "id": new_id(),
            "name": body.get("name") or f"job-{len(self.definitions)}",
            "project_id": body["project_id"],
            "created_at": self._now(),
            "command": "",
            "environment_variables": {},
            "job_timeout": "86400s",
            "cron_schedule": None,
            "startup_command": [],
            "args": [],
            "retry_policy": {"max_retries": 0},
            "region": self.region,
        }
        return self.update_definition(definition | {"updated_at": ""}, body)

    def update_definition(
        self, definition: Document, body: Document
    ) -> Document:
        """Change the fields of a request; the environment as a whole."""
        retries = (body.get("retry_policy") or {}).get("max_retries", 0)
        if not 0 <= retries <= 5:
            raise invalid("retry_policy.max_retries", "must be from 0 to 5")
        if any(
            name.upper().startswith("SCW_SLS")
            for name in body.get("environment_variables") or {}
        ):
            raise invalid(
                "environment_variables", "names must not begin with SCW_SLS"
            )
        kept = definition["environment_variables"] if self.merges else {}
        definition |= {
            name: value for name, value in body.items() if value is not None
        }
        definition["environment_variables"] = {
            **kept,
            **definition["environment_variables"],
        }
        definition["updated_at"] = self._now()
        self.definitions[definition["id"]] = definition
        return definition

    def delete_definition(self, definition: Document) -> None:
        """Delete a definition that has no live run."""
        if any(
            run["state"] not in ENDED for run in self.runs_of(definition["id"])
        ):
            raise RefusalError(
                403,
                type="denied_authentication",
                message="job definition has running jobs",
            )
        del self.definitions[definition["id"]]

    def create_secrets(self, body: Document) -> list[Document]:
        """Add references to secrets; a definition has 20 at most."""
        definition = self.definition(body["job_definition_id"])
        held = self.secrets_of(definition["id"])
        if len(held) + len(body["secrets"]) > 20:
            raise RefusalError(
                403,
                type="quotas_exceeded",
                message="quota exceeded: 20 secrets",
            )
        made = [
            self._secret(definition["id"], config) for config in body["secrets"]
        ]
        names = [
            secret["env_var"]["name"]
            for secret in (*held, *made)
            if secret["env_var"]
        ]
        if len(names) > len(set(names)):
            raise RefusalError(
                409,
                type="resource_still_in_use",
                message="the variable has a secret already",
            )
        self.secrets |= {secret["secret_id"]: secret for secret in made}
        return made

    def start(self, definition: Document, body: Document) -> list[Document]:
        """Start runs."""
        made = [
            self._run(definition, body)
            for _ in range(body.get("replicas") or 1)
        ]
        for run in made:
            self.runs[run["id"]] = run
            if self.launch is not None:
                self.launch(self, run, self.environment(definition, run))
        return made

    def environment(
        self, definition: Document, run: Document
    ) -> dict[str, str]:
        """Return the environment of a run's container."""
        secrets = {
            secret["env_var"]["name"]: self.secret_values[
                secret["secret_manager_id"]
            ]
            for secret in self.secrets_of(definition["id"])
            if secret["env_var"]
        }
        injected = {
            "SCW_SLS_RESOURCE_ID": run["id"],
            "SCW_SLS_PARENT_ID": definition["id"],
        }
        return {
            **definition["environment_variables"],
            **secrets,
            **run["environment_variables"],
            **injected,
        }

    def stop(self, run: Document) -> Document:
        """Stop a run; a run without a machine ends at once."""
        if run["state"] not in ENDED:
            run["state"] = "interrupting" if self.launch else "interrupted"
            run["reason"] = "cancellation"
        return run

    def end(
        self,
        run: Document,
        state: str,
        *,
        reason: str | None = None,
        exit_code: int | None = None,
    ) -> None:
        run |= {
            "state": state,
            "reason": reason,
            "exit_code": exit_code,
            "terminated_at": self._now(),
        }

    def definition(self, definition_id: str) -> Document:
        if definition_id not in self.definitions:
            raise not_found("job_definition", definition_id)
        return self.definitions[definition_id]

    def run(self, run_id: str) -> Document:
        if run_id not in self.runs:
            raise not_found("job_run", run_id)
        return self.runs[run_id]

    def runs_of(self, definition_id: str) -> list[Document]:
        """Return the runs of a definition."""
        return [
            run
            for run in self.runs.values()
            if run["job_definition_id"] == definition_id
        ]

    def secrets_of(self, definition_id: str) -> list[Document]:
        """Return the secrets of a definition."""
        return [
            secret
            for secret in self.secrets.values()
            if secret["job_definition_id"] == definition_id
        ]

    def _secret(self, definition_id: str, config: Document) -> Document:
        name = config.get("env_var_name")
        return {
            "secret_id": new_id(),
            "secret_manager_id": config["secret_manager_id"],
            "secret_manager_version": config["secret_manager_version"],
            "job_definition_id": definition_id,
            "file": None if name else {"path": config["path"]},
            "env_var": {"name": name} if name else None,
        }

    def _run(self, definition: Document, body: Document) -> Document:
        now = self._now()
        return {
            "id": new_id(),
            "job_definition_id": definition["id"],
            "state": "queued",
            "reason": None,
            "exit_code": None,
            "error_message": None,
            "cpu_limit": definition["cpu_limit"],
            "memory_limit": definition["memory_limit"],
            "local_storage_capacity": definition["local_storage_capacity"],
            "environment_variables": body.get("environment_variables") or {},
            "startup_command": [],
            "args": [],
            "command": "",
            "region": self.region,
            "created_at": now,
            "updated_at": now,
            "started_at": None,
            "terminated_at": None,
            "run_duration": None,
            "attempts": 0,
        }

    def _now(self) -> str:
        """Return the time; no two calls return the same."""
        now = datetime.now(UTC)  # noqa: TID251 - a server has a clock
        self._moment = max(self._moment + timedelta(microseconds=1), now)
        return self._moment.isoformat().replace("+00:00", "Z")
