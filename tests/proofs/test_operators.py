"""Operators' requests to jobs that real processes work on."""

import time

import pytest

from states.exits import Exit
from states.stages import State
from tests.support.platform_job import ITEMS, PlatformJob, WorkerProcess
from tests.support.receiver import Receiver, Reply
from tests.support.waiting import until

LEASE = 3


@pytest.fixture
def owner(job: PlatformJob) -> WorkerProcess:
    """Return the job's first run, whose engine hangs at the chapters."""
    job.cli.set(
        delay=0, faults={"generate-chapters": {"kind": "hangs", "times": 1}}
    )
    run = job.start()
    until(
        lambda: (
            job.newest is not None
            and job.manifest.state is State.GENERATING_CHAPTERS
        )
    )
    return run


def test_a_cancellation_reaches_a_running_worker_within_a_heartbeat(
    job: PlatformJob, owner: WorkerProcess, receiver: Receiver
) -> None:
    asked = job.start("cancel", job.name)
    assert asked.wait() == 0, job.report()
    since = time.monotonic()
    assert owner.wait(20) == 0, job.report()
    assert time.monotonic() - since < LEASE, (
        "a run must look every third of its lease"
    )
    assert job.manifest.state is State.CANCELED
    assert "run 1 was asked to cancel it" in asked.log.read_text()
    assert receiver.events[-1] == ("progress", "canceled")
    assert job.children == []


def test_a_live_run_is_left_alone_unless_it_is_to_be_replaced(
    course: dict[str, bytes], job: PlatformJob, owner: WorkerProcess
) -> None:
    refused = job.start("resume", job.name)
    assert refused.wait() == Exit.TEMPORARY
    assert f"working on job {job.name}" in refused.log.read_text()
    takeover = job.start("resume", job.name, "--takeover")
    assert owner.wait(20) == Exit.REPLACED, job.report()
    assert takeover.wait() == 0, job.report()
    assert job.course == course


def test_an_undelivered_end_is_delivered_to_the_url_that_an_operator_gives(
    job: PlatformJob, receiver: Receiver
) -> None:
    job.cli.set(delay=0)
    receiver.reply = lambda _: Reply(status=503)
    assert job.start(CALLBACK_GIVE_UP_SECONDS="1").wait() == Exit.TEMPORARY, (
        job.report()
    )
    receiver.reply = lambda _: Reply()
    receiver.deliveries.clear()
    silent = job.start("resume", job.name, CALLBACK_URL="", CALLBACK_TOKEN="")
    assert silent.wait() == 0
    assert (
        "callbacks are pending: set CALLBACK_URL and CALLBACK_TOKEN"
        in silent.log.read_text()
    )
    assert job.start("resume", job.name).wait() == 0
    assert receiver.events == [("complete", "completed")]
    assert job.calls.total() == ITEMS


def test_a_completed_job_is_redone_from_a_stage(
    job: PlatformJob, receiver: Receiver
) -> None:
    job.cli.set(delay=0)
    assert job.start().wait() == 0, job.report()
    before = job.course
    job.cli.set(random=True)
    assert (
        job.start("resume", job.name, "--from", "generate-tutorials").wait()
        == 0
    ), job.report()
    after = job.course
    assert {
        path.split("/")[0] for path in before if before[path] != after[path]
    } <= {"tutorials"}
    assert [status for _, status in receiver.events].count("completed") == 2
    assert job.start("verify", job.name, "--deep").wait() == 0
