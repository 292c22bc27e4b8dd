"""What `run` and `resume` have in common: the parts of a run, its signals, and what is said of it."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from states.exits import Exit
from states.manifest import Identity
from worker import __version__
from worker.errors import ReplacedError
from worker.ownership.claim import Newcomer
from worker.run.progress import LogReporter, Reporter
from worker.run.run import Parts, Run, Terms
from worker.run.signals import Signals
from worker.settings.settings import EnvironmentReader, Settings, read_logging
from worker.source import snapshot
from worker.source.git_program import Git
from worker.source.port import Revision, Source
from worker.system import logs
from worker.system.runtime import SystemRuntime
from worker.wiring import (
    open_engine,
    open_lease_store,
    open_source,
    open_store,
    open_webhook,
    work_dir,
)

LOG = logging.getLogger(__name__)


@contextmanager
def reporting(
    environment: Mapping[str, str], *, default_format: str, job_id: str
) -> Iterator[Reporter]:
    """Set up the log, or the display where there is a terminal and no log was asked for."""
    reader = EnvironmentReader(environment)
    asked = read_logging(reader)
    reader.finish()
    form, level = asked.form or default_format, asked.level or "info"
    context: dict[str, Any] = {"job_id": job_id}
    if form == "console" and sys.stderr.isatty():
        from worker.run.progress_bar import Display  # noqa: PLC0415 - only what is used is imported

        with Display() as display:
            logs.configure(
                display.write,
                level=asked.level or "warning",
                form=form,
                context=context,
            )
            yield display
    else:
        logs.configure(sys.stderr, level=level, form=form, context=context)
        yield LogReporter()


def do(
    settings: Settings,
    environment: Mapping[str, str],
    reporter: Reporter,
    job_id: str,
    work: Callable[[Run], Exit],
    commit: str | None = None,
) -> Exit:
    """Do a run of a job (about a commit, if one was asked for), listening to signals, and return its exit code."""
    runtime = SystemRuntime()
    stop = runtime.flag()

    def open_job_source(identity: Identity, scratch: Path) -> Source:
        source = open_source(
            settings, identity, Git(scratch, runtime, stop, environment)
        )
        return source if commit is None else PinnedSource(source, commit)

    parts = Parts(
        runtime=runtime,
        store=open_store(settings),
        open_lease_store=lambda: open_lease_store(settings),
        choose_engine=lambda manifest: open_engine(settings, manifest),
        open_source=open_job_source,
        packer=snapshot,
        open_webhook=open_webhook(settings, runtime),
        reporter=reporter,
    )
    job = Run(parts, _terms(settings), job_id)
    signals = Signals(
        job.inbox, runtime, grace_seconds=settings.stop_grace, last_words=stop.set
    )
    deadline = settings.soft_deadline
    signals.install(
        soft_deadline=None if deadline is None else max(0.0, deadline - runtime.age())
    )
    try:
        return work(job)
    except ReplacedError as error:
        LOG.warning("another run goes on with the job", extra={"reason": str(error)})
        return error.exit
    finally:
        stop.set()


@dataclass(frozen=True, slots=True)
class PinnedSource:
    """A source that gives one commit, wherever its branch moves meanwhile."""

    _source: Source
    _commit: str

    def resolve(self) -> Revision:
        """Return what the branch points to now."""
        return self._source.resolve()

    def checkout(self, commit: str | None, tree: Path) -> str:
        """Fill an empty folder with the files of the commit."""
        return self._source.checkout(commit or self._commit, tree)


def _terms(settings: Settings) -> Terms:
    callback = settings.callback
    who = Newcomer(
        version=__version__,
        lease_seconds=settings.lease,
        announces=callback is not None,
        platform_run=settings.platform_run,
        allow_unfenced=settings.allow_unfenced_store,
    )
    return Terms(
        who=who,
        work_dir=work_dir(settings),
        store_give_up=settings.store_give_up,
        callback_give_up=callback.give_up_seconds if callback else 0,
        stage_timeout=settings.engine.timeout_seconds,
        stop_grace=settings.stop_grace,
        url_expiry=settings.url_expiry,
    )
