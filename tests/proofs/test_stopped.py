"""Stopped runs: how soon they end, what they leave, and how soon the next run takes over."""

import signal
import time
from datetime import datetime

import pytest

from states.exits import Exit
from states.stages import State
from tests.proofs.conftest import NewJob
from tests.support.fault_proxy import ProxyFault, proxying
from tests.support.platform_job import PlatformJob, WorkerProcess
from tests.support.servers.server import S3Server
from tests.support.waiting import until

IN_TIME = 5.0
"""Seconds from the signal to the process's end; platforms kill it soon after that."""

ON_ONE = pytest.mark.parametrize("s3_server", ["minio"], indirect=True)


def start_and_reach_chapters(
    job: PlatformJob, **environment: str
) -> WorkerProcess:
    """Start a run; return it once its engine works on the chapters."""
    run = job.start(**environment)
    until(lambda: any(path.startswith("chapters/") for path in job.calls))
    return run


def stop(
    job: PlatformJob, number: signal.Signals, *, times: int = 1
) -> tuple[int | None, float]:
    """Send a signal; return the exit code, and the seconds until the run ended."""
    run, sent = job.runs[-1], time.monotonic()
    for _ in range(times):
        run.send(number)
        time.sleep(0.1)
    code = run.wait(20)
    return code, time.monotonic() - sent


def seconds_to_claim(run: WorkerProcess) -> float:
    """Return how long a run took from its first log line to its claim."""
    times = [
        datetime.fromisoformat(run.events(name)[0]["time"])
        for name in ("engine", "claimed")
    ]
    return (times[1] - times[0]).total_seconds()


@pytest.mark.parametrize(
    ("s3_server", "number", "expected"),
    [
        ("minio", signal.SIGTERM, Exit.SIGTERM),
        ("ceph", signal.SIGINT, Exit.SIGINT),
    ],
    indirect=["s3_server"],
)
def test_a_stopped_run_saves_what_is_finished_and_the_next_one_has_the_job_at_once(
    number: signal.Signals,
    expected: Exit,
    new_job: NewJob,
    course: dict[str, bytes],
) -> None:
    job = new_job(delay=500)
    start_and_reach_chapters(job)
    until(lambda: any(name.path.startswith("chapters/") for name in job.stored))
    code, seconds = stop(job, number)
    assert code == expected, job.report()
    assert seconds < IN_TIME, job.report()
    assert job.manifest.state == State.INTERRUPTED
    assert job.manifest.released
    assert job.children == []
    job.note_stored()
    after = job.start()
    assert after.wait() == 0
    assert job.redone == []
    assert job.course == course
    assert seconds_to_claim(after) < 1
    print(  # noqa: T201 - shown with `-rP`
        f"{number.name} to the end: {seconds:.2f} s; claim: {seconds_to_claim(after):.2f} s"
    )


@pytest.mark.parametrize(
    ("s3_server", "fault"),
    [("minio", ProxyFault.RESET), ("ceph", ProxyFault.SILENCE)],
    indirect=["s3_server"],
)
def test_a_run_whose_store_is_down_ends_in_time_too(
    fault: ProxyFault, new_job: NewJob, s3_server: S3Server
) -> None:
    with proxying(s3_server.endpoint_url) as proxy:
        proxy.silence_seconds = 30
        job = new_job(proxy.url, delay=700)
        start_and_reach_chapters(job, LEASE_SECONDS="30")
        proxy.policy = lambda _method, _path: fault
        code, seconds = stop(job, signal.SIGTERM)
        assert code == Exit.SIGTERM, f"{seconds:.2f} s\n{job.report()}"
        assert seconds < IN_TIME, f"{seconds:.2f} s\n{job.report()}"
        assert job.children == []
        proxy.broken.set()  # ends the silence
    measured = f"SIGTERM to the end, store away: {seconds:.2f} s"
    print(measured)  # noqa: T201 - shown with `-rP`


@ON_ONE
def test_a_second_signal_ends_a_run_at_once(
    new_job: NewJob, s3_server: S3Server
) -> None:
    with proxying(s3_server.endpoint_url) as proxy:
        job = new_job(proxy.url, delay=700)
        start_and_reach_chapters(job, LEASE_SECONDS="30")
        proxy.broken.set()
        code, seconds = stop(job, signal.SIGTERM, times=2)
        assert code == Exit.SIGTERM, f"{seconds:.2f} s\n{job.report()}"
        assert seconds < 1, f"{seconds:.2f} s\n{job.report()}"


@ON_ONE
def test_a_run_stopped_at_its_soft_deadline_is_continued(
    new_job: NewJob, course: dict[str, bytes]
) -> None:
    job = new_job(delay=500)
    run = job.start(SOFT_DEADLINE_SECONDS="3")
    assert run.wait(10) == Exit.TEMPORARY, job.report()
    assert job.manifest.state == State.INTERRUPTED
    assert job.manifest.fruitless_runs == 0
    job.note_stored()
    assert job.start().wait() == 0
    assert job.redone == []
    assert job.course == course
