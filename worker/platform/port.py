"""The port to a platform that runs containers as jobs: definitions, their secrets, and runs.

Every method may also raise RefusedError (the key), TemporaryError (no answer, or not now),
or ConfigError (the platform rejects the request, and says why).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from worker.errors import TemporaryError
from worker.system.environment import Environment

ENDED: Final = frozenset({"succeeded", "failed", "interrupted"})
"""The final states of a run; a run in any other state, even an unknown one, may still change."""


class LostAnswerError(TemporaryError):
    """A request that must not be repeated had no answer; it may have taken effect."""

    code = "platform_unavailable"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobDefinition:
    """What the platform runs, and its resources; the environment may contain secrets."""

    id: str
    name: str
    project_id: str
    image: str
    cpu: int
    """In thousandths of a virtual CPU."""
    memory: int
    """In MiB."""
    disk: int
    """In MiB."""
    timeout: float | None
    """In seconds, of one run."""
    retries: int
    environment: Environment = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class DefinitionFields:
    """The wanted fields of a definition; None leaves a field as it is, or to the platform."""

    image: str | None = None
    cpu: int | None = None
    memory: int | None = None
    disk: int | None = None
    timeout: int | None = None
    retries: int | None = None
    environment: Environment | None = field(default=None, repr=False)
    """The whole environment; variables that are not named here are removed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretReference:
    """A reference to a secret, which a definition's runs get as a variable or a file."""

    id: str
    secret: str
    """The secret's id in the secret manager."""
    version: str
    variable: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformRun:
    """A run of a definition, with all its automatic retries; its environment has tokens."""

    id: str
    definition_id: str
    state: str
    """The platform's own name for the state; see ENDED."""
    reason: str | None
    exit_code: int | None
    """None if the container has none: it was killed, never started, or still runs."""
    attempts: int | None
    created_at: datetime
    environment: Environment = field(repr=False)

    @property
    def live(self) -> bool:
        """Whether it is running, will run, or may be retried by the platform."""
        return self.state not in ENDED

    @property
    def job_id(self) -> str | None:
        """The job that it was started for."""
        return self.environment.get("JOB_ID")


class Platform(Protocol):
    """One project's jobs in one region."""

    def definitions(self) -> list[JobDefinition]:
        """Return all definitions of the project."""

    def definition(self, definition_id: str) -> JobDefinition | None:
        """Return a definition, or None if the id is unknown."""

    def create(self, name: str, shape: DefinitionFields) -> JobDefinition:
        """Create a definition; raise LostAnswerError if it is unknown whether it was created."""

    def update(
        self, definition_id: str, shape: DefinitionFields
    ) -> JobDefinition:
        """Change a definition."""

    def secrets(self, definition_id: str) -> list[SecretReference]:
        """Return a definition's secrets."""

    def add_secret(
        self, definition_id: str, *, variable: str, secret: str, version: str
    ) -> None:
        """Give a definition a secret, as a variable.

        Raises LostAnswerError if it is unknown whether that was done.
        """

    def change_secret(self, reference_id: str, *, version: str) -> None:
        """Point a reference to another version."""

    def remove_secret(self, reference_id: str) -> None:
        """Remove a reference, if it exists."""

    def runs(self, definition_id: str) -> list[PlatformRun]:
        """Return a definition's runs of the last 60 days, oldest first."""

    def run(self, run_id: str) -> PlatformRun | None:
        """Return a run, or None if the platform does not know it."""

    def start(
        self, definition_id: str, environment: Environment
    ) -> PlatformRun:
        """Start a run; its environment overrides the definition's.

        Raises LostAnswerError if it is unknown whether it was started.
        """

    def stop(self, run_id: str) -> None:
        """Ask the platform to stop a run; one that has ended is left as it is."""
