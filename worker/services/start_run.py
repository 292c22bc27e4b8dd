"""Runs a job in this process: sets up its log, signals and adapters."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from states.codec import JsonObject
from states.exits import Exit
from worker.errors import ReplacedError
from worker.run.progress import LogReporter, Reporter
from worker.run.run import Run
from worker.run.signals import Signals
from worker.settings.settings import Limits, LogSettings, Settings
from worker.system import logs
from worker.system.environment import Environment
from worker.system.runtime import Flag, SystemRuntime
from worker.wiring import open_adapters, work_dir

LOG = logging.getLogger(__name__)


@contextmanager
def reporting(
    log: LogSettings, *, default_format: str, job_id: str
) -> Iterator[Reporter]:
    """Set up the log, or a progress display on a terminal with the console format."""
    form = log.form or default_format
    context: JsonObject = {"job_id": job_id}
    if form == "console" and sys.stderr.isatty():
        from worker.run.progress_bar import Display  # noqa: PLC0415 - loaded only when used

        level = log.level or "warning"
        with Display() as display:
            logs.configure(
                display.write, level=level, form=form, context=context
            )
            yield display
    else:
        level = log.level or "info"
        logs.configure(sys.stderr, level=level, form=form, context=context)
        yield LogReporter()


def do_run(
    settings: Settings,
    environment: Environment,
    reporter: Reporter,
    job_id: str,
    work: Callable[[Run], Exit],
    commit: str | None = None,
) -> Exit:
    """Run a job, handle signals, and return its exit code.

    A new job may use no other commit than `commit`, if that is given.
    """
    runtime = SystemRuntime()
    stop = runtime.flag()
    adapters = open_adapters(
        settings, environment, runtime, stop, reporter, commit=commit
    )
    run = Run(
        adapters,
        settings.limits,
        work_dir(settings),
        job_id,
        platform_run=settings.platform_run,
        allow_unfenced=settings.allow_unfenced_store,
    )
    _handle_signals(run, settings.limits, runtime, stop)
    try:
        return work(run)
    except ReplacedError as error:
        LOG.warning(
            "another run continues the job", extra={"reason": str(error)}
        )
        return error.exit
    finally:
        stop.set()


def _handle_signals(
    run: Run, limits: Limits, runtime: SystemRuntime, stop: Flag
) -> None:
    signals = Signals(
        run.inbox,
        runtime,
        grace_seconds=limits.stop_grace_seconds,
        last_words=stop.set,
    )
    signals.install(soft_deadline=_remaining(limits, runtime))


def _remaining(limits: Limits, runtime: SystemRuntime) -> float | None:
    """Return the seconds until the soft deadline, counted from the start of the process."""
    deadline = limits.soft_deadline_seconds
    if deadline is None:
        return None
    return max(0.0, deadline - runtime.age())
