"""What `run` and `resume` have in common: the parts of a run, its signals, and what is said of it."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from states.exits import Exit
from states.manifest import Manifest
from worker import __version__, logs
from worker.claim import Newcomer
from worker.display import Display
from worker.errors import ReplacedError
from worker.job import Job, Parts, Terms
from worker.opening import open_engine, open_source, open_store, open_webhook, work_dir
from worker.report import LogReporter, Reporter
from worker.runtime import SystemRuntime
from worker.settings import Reader, Settings
from worker.signals import Signals
from worker.source import snapshot

LOG = logging.getLogger(__name__)


@contextmanager
def reporting(environment: Mapping[str, str], *, default_format: str, job_id: str) -> Iterator[Reporter]:
    """Set up the log, or the display where there is a terminal and no log was asked for."""
    reader = Reader(environment)
    form = reader.choice("LOG_FORMAT", default_format, logs.FORMATS)
    level = reader.choice("LOG_LEVEL", "info", logs.LEVELS)
    reader.finish()
    context: dict[str, Any] = {"job_id": job_id}
    if form == "console" and Display.suits():
        with Display() as display:
            quiet = "warning" if reader.text("LOG_LEVEL") is None else level
            logs.configure(display.write, level=quiet, form=form, context=context)
            yield display
    else:
        logs.configure(sys.stderr, level=level, form=form, context=context)
        yield LogReporter()


def do(settings: Settings, job_id: str, reporter: Reporter, work: Callable[[Job], Exit]) -> Exit:
    """Do a run of a job, listening to signals, and return its exit code."""
    runtime = SystemRuntime()
    stop = runtime.flag()

    def open_job_source(manifest: Manifest) -> Any:  # noqa: ANN401 - a Source
        return open_source(settings, manifest.identity, runtime, stop)

    parts = Parts(
        runtime=runtime,
        store=open_store(settings),
        choose_engine=lambda manifest: open_engine(settings, manifest),
        open_source=open_job_source,
        packer=snapshot,
        open_webhook=open_webhook(settings, runtime),
        reporter=reporter,
    )
    job = Job(parts, _terms(settings), job_id)
    signals = Signals(job.desk, runtime, grace_seconds=settings.stop_grace, last_words=stop.set)
    signals.install(soft_deadline=settings.soft_deadline)
    try:
        return work(job)
    except ReplacedError as error:
        LOG.warning("another run goes on with the job", extra={"reason": str(error)})
        return error.exit
    finally:
        stop.set()


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
