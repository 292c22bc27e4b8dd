"""Definitions and runs of a platform, made from the few values that a test needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from worker.platform.port import JobDefinition, PlatformRun, SecretReference

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "5e0f8b5e-0000-4000-8000-00000000000"


def definition(**environment: str) -> JobDefinition:
    """Return a definition as `deploy` makes it."""
    return JobDefinition(
        id="definition-1",
        name="fondation-worker",
        project_id="project-1",
        image="registry.example/worker:1",
        cpu=2000,
        memory=4096,
        disk=10000,
        timeout=86400,
        retries=5,
        environment=environment,
    )


def reference(
    variable: str, *, secret: str = SECRET, version: str = "latest"
) -> SecretReference:
    """Return a reference to a secret, named like the variable."""
    return SecretReference(
        id=f"reference-{variable}",
        secret=secret,
        version=version,
        variable=variable,
    )


def run(
    number: int = 1, state: str = "failed", **changes: object
) -> PlatformRun:
    """Return a run of job-1, created some hours after the first."""
    made = PlatformRun(
        id=f"run-{number}",
        definition_id="definition-1",
        state=state,
        reason=None,
        exit_code=None,
        attempts=1,
        created_at=BEGAN + timedelta(hours=number),
        environment={"JOB_ID": "job-1"},
    )
    return replace(made, **changes)  # type: ignore[arg-type]
