"""What the commands about platform runs have in common: the platform, our job definition, and a job's runs on it."""

import sys
from argparse import Namespace
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from states.manifest import Manifest
from worker.errors import ConfigError, WorkerError
from worker.job_request import read_job
from worker.platform.environment import doubts, run_environment
from worker.platform.idempotent import start_run
from worker.platform.port import JobDefinition, Platform, PlatformRun
from worker.platform.settings import PlatformSettings, is_uuid, read_platform
from worker.services.view import View, open_view
from worker.settings.settings import EnvironmentReader
from worker.system import logs
from worker.system.runtime import Runtime
from worker.wiring import open_retrying_store

QUICK_SECONDS: Final = 5.0
"""So long is waited for a platform that a command can do without."""
_STORE_SECONDS: Final = 10.0
"""The same for a store."""
_PLACE: Final = (
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)
"""Where a definition's store is: known from the definition, while the credentials are the caller's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A platform, and what it runs for us."""

    platform: Platform
    definition: JobDefinition
    runtime: Runtime

    def runs(self) -> list[PlatformRun]:
        """Return all runs of the definition, oldest first."""
        return self.platform.runs(self.definition.id)

    def faults(self, jobs: Iterable[Mapping[str, str]]) -> list[list[str]]:
        """Return, for each job's variables, what a run would find wrong before it touches anything."""
        secrets = self.platform.secrets(self.definition.id)
        return [
            _faults(run_environment(self.definition, secrets, variables))
            for variables in jobs
        ]

    def start(
        self, variables: Mapping[str, str], known: Collection[str] = ()
    ) -> PlatformRun:
        """Start a run; `known` are the ids of the job's runs so far. Raises what `start_run` does."""
        warn(doubts(variables))
        return start_run(
            self.platform, self.runtime, self.definition.id, variables, known
        )


def _faults(environment: Mapping[str, str]) -> list[str]:
    """Read an environment as `run` does, but for files that are on the platform."""
    reader = EnvironmentReader(environment, here=False)
    read_job(reader)
    return reader.faults


def connect(
    settings: PlatformSettings, runtime: Runtime, give_up_seconds: float | None = None
) -> Platform:
    """Return the platform; nothing is sent yet."""
    from worker.platform.api import GIVE_UP_SECONDS, Api  # noqa: PLC0415 - httpx takes long to load
    from worker.platform.scaleway import Scaleway  # noqa: PLC0415 - the same

    return Scaleway(
        Api(settings, runtime, give_up_seconds or GIVE_UP_SECONDS), settings.project_id
    )


def platform_settings(
    arguments: Namespace, environment: Mapping[str, str]
) -> PlatformSettings:
    """Read the settings of a command that looks for a definition.

    Raise ConfigError with all that is wrong.
    """
    reader = EnvironmentReader(environment)
    settings = read_platform(reader, arguments.definition)
    if not is_uuid(settings.definition):
        reader.required(
            "SCW_DEFAULT_PROJECT_ID",
            "the id of the project that the job definition is in",
        )
    reader.finish()
    return settings


def optional_platform(
    arguments: Namespace, environment: Mapping[str, str]
) -> PlatformSettings | None:
    """Read the settings of a command that only uses a platform where there is one."""
    if not environment.get("SCW_SECRET_KEY"):
        return None
    reader = EnvironmentReader(environment)
    settings = read_platform(reader, arguments.definition)
    reader.finish()
    return settings


def find_definition(
    platform: Platform, settings: PlatformSettings
) -> JobDefinition | None:
    """Return our definition, or None if there is none; raise ConfigError if two have the name."""
    if settings.project_id is None:
        return (
            platform.definition(settings.definition)
            if is_uuid(settings.definition)
            else None
        )
    found = [
        one
        for one in platform.definitions()
        if settings.definition in {one.id, one.name}
    ]
    if len(found) > 1:
        raise ConfigError(
            f"{len(found)} job definitions of the project are called {settings.definition!r} "
            f"({', '.join(one.id for one in found)}): set SCW_JOB_DEFINITION to the id of the right one"
        )
    return found[0] if found else None


def open_deployment(
    arguments: Namespace, environment: Mapping[str, str], runtime: Runtime
) -> Deployment:
    """Connect, and find our definition; raise ConfigError if there is none."""
    settings = platform_settings(arguments, environment)
    platform = connect(settings, runtime)
    definition = find_definition(platform, settings)
    if definition is None:
        raise ConfigError(
            f"there is no job definition {settings.definition!r} in region {settings.region} of this project: "
            "create it with `fondation-worker deploy`, or name another with --definition"
        )
    return Deployment(platform=platform, definition=definition, runtime=runtime)


def runs_of(
    runs: Iterable[PlatformRun], job_id: str, manifest: Manifest | None
) -> list[PlatformRun]:
    """Return those runs that were started for a job, or have worked on it."""
    worked = {run.platform_run for run in manifest.runs} if manifest else set()
    return [run for run in runs if run.job_id == job_id or run.id in worked]


def operators_view(
    arguments: Namespace, environment: Mapping[str, str], definition: JobDefinition
) -> View:
    """Open the store of who looks after jobs: the one that is named, else the one that the definition names."""
    url = (
        arguments.store
        or environment.get("STORE_URL")
        or definition.environment.get("STORE_URL")
    )
    return open_view(Namespace(store=url), {**place_of(definition), **environment})


def runs_view(
    arguments: Namespace, environment: Mapping[str, str], definition: JobDefinition
) -> View | str:
    """Open the store that the definition's runs write to, or return why it cannot be read from here."""
    url = (
        arguments.store
        or definition.environment.get("STORE_URL")
        or environment.get("STORE_URL")
    )
    if not url:
        return "the definition does not show its STORE_URL: name it with --store"
    try:
        view = open_view(Namespace(store=url), {**place_of(definition), **environment})
        hasty = replace(view.settings, store_give_up=_STORE_SECONDS)
        view = replace(
            view, settings=hasty, store=open_retrying_store(hasty, view.runtime)
        )
        next(view.store.entries("", limit=1), None)
    except WorkerError as error:
        return str(error)
    return view


def place_of(definition: JobDefinition) -> dict[str, str]:
    """Return the variables that say where a definition's store is."""
    return {
        name: definition.environment[name]
        for name in _PLACE
        if name in definition.environment
    }


def warn(lines: Iterable[str]) -> None:
    """Tell the user something that does not stop a command."""
    sys.stderr.writelines(
        f"fondation-worker: warning: {logs.printable(line)}\n" for line in lines
    )
