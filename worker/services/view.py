"""What the commands that look at a job have in common: the store, and the job's newest manifest."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass

from states.keys import valid_job_id
from states.manifest import Manifest
from worker.errors import UsageError
from worker.job_request import job_id_fault
from worker.ownership.claim import no_such_job
from worker.ownership.log import CheckpointLog
from worker.settings.settings import EnvironmentReader, Settings, read_settings
from worker.store.retrying import RetryingStore
from worker.system.runtime import Runtime, SystemRuntime
from worker.wiring import default_store_url, open_retrying_store


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A store to look at, and the settings by which it was opened."""

    settings: Settings
    store: RetryingStore
    runtime: Runtime

    def manifest(self, job_id: str) -> Manifest:
        """Return a job's newest manifest, or raise DataError."""
        if not valid_job_id(job_id):
            raise UsageError(f"JOB_ID is {job_id!r}: {job_id_fault(job_id)}")
        newest = CheckpointLog(self.store, job_id, self.runtime).newest()
        if newest is None:
            raise no_such_job(job_id)
        return newest.manifest


def store_settings(arguments: Namespace, environment: Mapping[str, str]) -> Settings:
    """Read the settings of a command that needs a store; raise ConfigError with all that is wrong."""
    reader = EnvironmentReader(environment)
    url = arguments.store or reader.text("STORE_URL") or default_store_url(reader)
    settings = read_settings(reader, url)
    reader.finish()
    return settings


def open_view(arguments: Namespace, environment: Mapping[str, str]) -> View:
    """Open the store that a command is to look at."""
    settings = store_settings(arguments, environment)
    runtime = SystemRuntime()
    return View(
        settings=settings, store=open_retrying_store(settings, runtime), runtime=runtime
    )
