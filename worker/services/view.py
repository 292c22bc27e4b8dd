"""Read access to a store and its jobs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from states.keys import after_folder, job_of, valid_job_id
from states.manifest import Manifest
from worker.course.artifacts import TRANSFERS
from worker.course.inventory import Inventory
from worker.errors import UsageError
from worker.job_request import VARIABLES, Field, fault_lines
from worker.ownership.heartbeat import read_silence
from worker.ownership.log import CheckpointLog
from worker.ownership.preconditions import no_such_job
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import Settings, read_settings
from worker.settings.user_folders import default_store_url
from worker.store.retrying import RetryingStore
from worker.system.environment import Environment
from worker.system.runtime import Runtime, SystemRuntime
from worker.wiring import open_retrying_store


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """An open store, and the settings that it was opened with."""

    settings: Settings
    store: RetryingStore
    runtime: Runtime

    def log(self, job_id: str) -> CheckpointLog:
        """Return a job's checkpoint log; nothing is read yet."""
        return CheckpointLog(self.store, job_id, self.runtime)

    def newest(self, job_id: str) -> Manifest | None:
        """Return a job's newest manifest, or None if it has no checkpoint yet."""
        checkpoint = self.log(job_id).newest()
        if checkpoint is None:
            return None
        return checkpoint.manifest

    def manifest(self, job_id: str) -> Manifest:
        """Return a job's newest manifest, or raise UsageError or DataError."""
        faults = fault_lines({Field.JOB_ID: job_id}, VARIABLES)
        if faults:
            raise UsageError(faults[0])
        manifest = self.newest(job_id)
        if manifest is None:
            raise no_such_job(job_id)
        return manifest

    def inventory(self, manifest: Manifest) -> Inventory:
        """Return the files of a job's course; raise DataError if `gc` has deleted them."""
        return Inventory(self.store, self.runtime.executor(TRANSFERS), manifest)

    def is_silent(self, manifest: Manifest) -> bool:
        """Whether a job's owner has been silent for longer than its lease."""
        log = self.log(manifest.job_id)
        silent, lease = read_silence(self.store, log, manifest)
        return silent > lease

    def job_ids(self) -> Iterator[str]:
        """Yield the ids of all jobs, in order.

        Takes one listing of one entry per job, and two per folder that is not a job.
        """
        start = ""
        while True:
            first = next(
                self.store.entries("", start_after=start, limit=1), None
            )
            if first is None:
                return
            name, slash, _ = first.key.partition("/")
            if not slash:
                start = first.key
                continue
            start = after_folder(name)
            if job_of(first.key) or self._has_checkpoint(name):
                yield name

    def giving_up_after(self, seconds: float) -> "View":
        """Return the same view, giving up on an unresponsive store after `seconds` at most."""
        limit = self.settings.limits.store_give_up_seconds
        store = open_retrying_store(
            self.settings, self.runtime, min(limit, seconds)
        )
        return replace(self, store=store)

    def _has_checkpoint(self, name: str) -> bool:
        """Whether a folder belongs to a job although its first object does not."""
        if not valid_job_id(name):
            return False
        return any(self.log(name).sequences())


def store_settings(store: str | None, environment: Environment) -> Settings:
    """Read the settings of a command that needs a store.

    `store` overrides STORE_URL. Raises ConfigError with every fault.
    """
    reader = EnvironmentReader(environment)
    url = store or reader.text("STORE_URL") or default_store_url(reader)
    settings = read_settings(reader, url)
    reader.finish()
    return settings


def open_view(store: str | None, environment: Environment) -> View:
    """Open the store for a command; `store` overrides STORE_URL."""
    return open_view_with(store_settings(store, environment))


def open_view_with(settings: Settings) -> View:
    """Open the store named by the settings."""
    runtime = SystemRuntime()
    store = open_retrying_store(settings, runtime)
    return View(settings=settings, store=store, runtime=runtime)
