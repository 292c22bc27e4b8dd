"""The port to a platform that runs containers as jobs: definitions (what to run), their secrets, and runs.

Every method may also raise RefusedError (the key), TemporaryError (no answer, or not now),
or ConfigError (the platform takes the request for wrong, and says why).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from worker.errors import TemporaryError

ENDED: Final = frozenset({"succeeded", "failed", "interrupted"})
"""The states that a run does not leave.

Any other, also one that is not known yet, may still become something.
"""


class LostAnswerError(TemporaryError):
    """There was no answer to something that must not be done twice: it may have been done."""

    code = "platform_unavailable"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobDefinition:
    """What the platform runs, and with how much of everything.

    The environment's values may be secrets.
    """

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
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What a definition is to be, as far as somebody cares: what is None is left to the platform, or as it is."""

    image: str | None = None
    cpu: int | None = None
    memory: int | None = None
    disk: int | None = None
    timeout: int | None = None
    retries: int | None = None
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """All of it: what is not named here goes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretReference:
    """A secret of the secret manager, by reference, as a definition's runs get it: a variable, or else a file."""

    id: str
    secret: str
    """The secret's id in the secret manager."""
    version: str
    variable: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformRun:
    """A run of a definition, through all its automatic retries; its environment holds tokens."""

    id: str
    definition_id: str
    state: str
    """As the platform has it; see ENDED."""
    reason: str | None
    exit_code: int | None
    """None where the container has none: killed, never started, or still at it."""
    attempts: int | None
    created_at: datetime
    environment: Mapping[str, str] = field(repr=False)

    @property
    def live(self) -> bool:
        """Whether it works, will work, or may be tried again without anybody's doing."""
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
        """Return a definition, or None if there is none of that id."""

    def create(self, name: str, shape: Shape) -> JobDefinition:
        """Create a definition; raise LostAnswerError if that may have happened."""

    def update(self, definition_id: str, shape: Shape) -> JobDefinition:
        """Change a definition."""

    def secrets(self, definition_id: str) -> list[SecretReference]:
        """Return a definition's secrets."""

    def add_secret(
        self, definition_id: str, *, variable: str, secret: str, version: str
    ) -> None:
        """Give a definition a secret as a variable.

        Raise LostAnswerError if that may have happened.
        """

    def change_secret(self, reference_id: str, *, version: str) -> None:
        """Let a reference point to another version."""

    def remove_secret(self, reference_id: str) -> None:
        """Remove a reference, if it is there."""

    def runs(self, definition_id: str) -> list[PlatformRun]:
        """Return all runs of a definition that the platform remembers (60 days), oldest first."""

    def run(self, run_id: str) -> PlatformRun | None:
        """Return a run, or None if the platform does not know it (any more)."""

    def start(self, definition_id: str, environment: Mapping[str, str]) -> PlatformRun:
        """Start a run, its environment laid over the definition's.

        Raise LostAnswerError if that may have happened.
        """

    def stop(self, run_id: str) -> None:
        """Ask for a run's end; one that has ended already is left as it is."""
