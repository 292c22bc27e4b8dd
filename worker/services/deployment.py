"""The platform, our job definition there, and the store of its runs."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from worker.errors import ConfigError, WorkerError
from worker.job_request import read_job, read_update_from
from worker.platform.environment import doubts, run_environment
from worker.platform.idempotent import start_run
from worker.platform.port import JobDefinition, Platform, PlatformRun
from worker.platform.settings import PlatformSettings, is_uuid, read_platform
from worker.services.view import View, open_view
from worker.settings.reader import EnvironmentReader
from worker.system.environment import Environment
from worker.system.runtime import Runtime
from worker.wiring import open_platform

STORE_SECONDS: Final = 10.0
"""How long to wait for a store that the caller does not depend on."""
_STORE_LOCATION: Final = (
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)
"""These come from the definition; the credentials are the caller's own."""

Warn = Callable[[Iterable[str]], None]
"""Reports problems that do not stop the command to the user, one line each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A platform, and our job definition there."""

    platform: Platform
    definition: JobDefinition
    runtime: Runtime
    warn: Warn

    def runs(self) -> list[PlatformRun]:
        """Return all runs of the definition, oldest first."""
        return self.platform.runs(self.definition.id)

    def faults(self, variables: Environment) -> list[str]:
        """Return the reasons why a run would refuse a job's variables."""
        (faults,) = self.faults_of_each([variables])
        return faults

    def faults_of_each(
        self, jobs: Iterable[Mapping[str, str]]
    ) -> list[list[str]]:
        """Return the faults of several jobs' variables, in the order of the jobs."""
        secrets = self.platform.secrets(self.definition.id)
        faults = []
        for variables in jobs:
            environment = run_environment(self.definition, secrets, variables)
            faults.append(_faults(environment))
        return faults

    def start(
        self, variables: Environment, known: Collection[str] = ()
    ) -> PlatformRun:
        """Start a run; `known` are the ids of the job's runs so far.

        Raises the same errors as `idempotent.start_run`.
        """
        self.warn(doubts(variables))
        return start_run(
            self.platform, self.runtime, self.definition.id, variables, known
        )


def _faults(environment: Environment) -> list[str]:
    """Check an environment as `run` does, except for files, which are on the platform."""
    reader = EnvironmentReader(environment, here=False)
    read_job(reader)
    read_update_from(reader)
    return reader.faults


def platform_settings(
    definition: str | None, environment: Environment
) -> PlatformSettings:
    """Read the settings of a command that needs a definition; `definition` overrides the variable.

    Raises ConfigError with every fault.
    """
    reader = EnvironmentReader(environment)
    settings = read_platform(reader, definition)
    if not is_uuid(settings.definition):
        reader.required(
            "SCW_DEFAULT_PROJECT_ID", "the id of the job definition's project"
        )
    reader.finish()
    return settings


def optional_platform(
    definition: str | None, environment: Environment
) -> PlatformSettings | None:
    """Read the platform's settings, or return None if SCW_SECRET_KEY is not set."""
    if not environment.get("SCW_SECRET_KEY"):
        return None
    reader = EnvironmentReader(environment)
    settings = read_platform(reader, definition)
    reader.finish()
    return settings


def find_definition(
    platform: Platform, settings: PlatformSettings
) -> JobDefinition | None:
    """Return our definition, or None; raise ConfigError if two have its name."""
    wanted = settings.definition
    if settings.project_id is None:
        if is_uuid(wanted):
            return platform.definition(wanted)
        return None
    matches = [
        definition
        for definition in platform.definitions()
        if wanted in {definition.id, definition.name}
    ]
    if len(matches) > 1:
        ids = ", ".join(definition.id for definition in matches)
        raise ConfigError(
            f"{len(matches)} job definitions in the project are called "
            f"{wanted!r} ({ids}): set SCW_JOB_DEFINITION to the id of the "
            "right one"
        )
    if matches:
        return matches[0]
    return None


def open_deployment(
    definition: str | None,
    environment: Environment,
    runtime: Runtime,
    warn: Warn,
) -> Deployment:
    """Connect and find our definition; raise ConfigError if it does not exist."""
    settings = platform_settings(definition, environment)
    platform = open_platform(settings, runtime)
    existing = find_definition(platform, settings)
    if existing is None:
        raise ConfigError(
            f"there is no job definition {settings.definition!r} "
            f"in region {settings.region} of this project: "
            "create it with `fondation-worker deploy`, or name another with --definition"
        )
    return Deployment(
        platform=platform, definition=existing, runtime=runtime, warn=warn
    )


def operators_view(
    store: str | None, environment: Environment, definition: JobDefinition
) -> View:
    """Open the operator's store; without one, the store of the definition's runs."""
    url = (
        store
        or environment.get("STORE_URL")
        or definition.environment.get("STORE_URL")
    )
    return _open_store_of(definition, url, environment)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunsStore:
    """The store of the definition's runs, if it can be read from here."""

    view: View | None = None
    obstacle: str | None = None
    """The reason why it cannot be read."""


def open_runs_store(
    store: str | None, environment: Environment, definition: JobDefinition
) -> RunsStore:
    """Open the store of the definition's runs; `store` overrides the definition's STORE_URL."""
    url = (
        store
        or definition.environment.get("STORE_URL")
        or environment.get("STORE_URL")
    )
    if not url:
        hidden = (
            "the job definition does not show its STORE_URL: give it with "
            "--store"
        )
        return RunsStore(obstacle=hidden)
    try:
        view = _open_store_of(definition, url, environment)
        view = view.giving_up_after(STORE_SECONDS)
        next(view.store.entries("", limit=1), None)
    except WorkerError as error:
        return RunsStore(obstacle=str(error))
    return RunsStore(view=view)


def _open_store_of(
    definition: JobDefinition, url: str | None, environment: Environment
) -> View:
    return open_view(url, {**store_location(definition), **environment})


def store_location(definition: JobDefinition) -> dict[str, str]:
    """Return the definition's variables that say where its store is."""
    variables = definition.environment
    return {
        name: variables[name] for name in _STORE_LOCATION if name in variables
    }
