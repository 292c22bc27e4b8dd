"""An operator's command whose request the store refuses once, before or after its effect."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from states.exits import Exit
from states.stages import State
from tests.proofs.conftest import NewJob
from tests.support.fault_proxy import (
    Injection,
    Proxy,
    ProxyFault,
    Refusal,
)
from tests.support.platform_job import PlatformJob
from tests.support.receiver import Receiver, Reply

COMMANDS = [("cancel",), ("resume",), ("resume", "--redeliver")]
REFUSALS = {
    Refusal.DENIED: Exit.REFUSED,
    Refusal.SKEWED: Exit.CONFIG,
    Refusal.NO_BUCKET: Exit.CONFIG,
    Refusal.PAGE: Exit.CONFIG,
}
"""The exit code of a command that the store refused before it took effect."""
PASSING = [
    ProxyFault.RESET,
    ProxyFault.SILENCE,
    ProxyFault.SLOW_DOWN,
    ProxyFault.ERROR,
    Refusal.GARBLED,
]
each_command = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)

pytestmark = pytest.mark.parametrize("s3_server", ["moto"], indirect=True)


def waiting_for(
    command: tuple[str, ...], job: PlatformJob, receiver: Receiver
) -> None:
    """Prepare a job for the command: interrupted, or with its last event rejected."""
    if "--redeliver" in command:
        receiver.reply = lambda delivery: Reply(
            status=400 if delivery.document["type"] == "complete" else 200
        )
        assert job.start().wait(60) == 0, job.report()
    else:
        job.cli.set(faults={"generate-chapters": {"kind": "hangs", "times": 1}})
        assert (
            job.start(SOFT_DEADLINE_SECONDS="3").wait(60) == Exit.TEMPORARY
        ), job.report()
        assert job.manifest.state is State.INTERRUPTED
        job.cli.set(faults={})
    receiver.reply = lambda _delivery: Reply()
    receiver.deliveries.clear()


def the_nth(number: int, what: Injection) -> Callable[[str, str], Injection]:
    """Return a policy that injects a fault into the nth request."""
    seen = 0

    def policy(_method: str, _path: str) -> Injection:
        nonlocal seen
        seen += 1
        return what if seen == number else None

    return policy


@each_command
def test_a_command_that_is_refused_before_it_claims_a_job_says_so_and_does_nothing(
    command: tuple[str, ...], new_job: NewJob, proxy: Proxy, receiver: Receiver
) -> None:
    job = new_job(proxy.url, delay=0)
    waiting_for(command, job, receiver)
    before = job.manifest
    for refusal, code in REFUSALS.items():
        for number in (1, 2, 3):
            proxy.policy = the_nth(number, refusal)
            refused = job.start(command[0], job.name, *command[1:])
            assert refused.wait(60) == code, (refusal, number, job.report())
            log = refused.log.read_text()
            assert "Traceback" not in log
            assert "s3://" in log.splitlines()[-1]
            assert job.manifest == before, (refusal, number)
    assert receiver.deliveries == []
    proxy.policy = the_nth(1, None)
    assert job.start(command[0], job.name, *command[1:]).wait(60) == 0, (
        job.report()
    )


@pytest.mark.parametrize("fault", PASSING)
def test_a_command_waits_for_a_store_that_does_not_answer_at_first(
    fault: ProxyFault | Refusal,
    new_job: NewJob,
    proxy: Proxy,
    receiver: Receiver,
) -> None:
    job = new_job(proxy.url, delay=0)
    waiting_for(("cancel",), job, receiver)
    proxy.silence_seconds = 2
    proxy.policy = the_nth(1, fault)
    assert job.start("cancel", job.name).wait(60) == 0, job.report()
    assert job.manifest.state is State.CANCELED
    assert receiver.events == [("progress", "canceled")]


def once_done(
    job: PlatformJob, refusal: Refusal
) -> Callable[[str, str], Injection]:
    """Return a policy that refuses the first request after a run has done its work."""
    before, asked = job.newest.run if job.newest else 0, 0

    def policy(_method: str, _path: str) -> Injection:
        nonlocal asked
        newest = job.newest
        done = (
            newest is not None
            and newest.run > before
            and newest.released
            and not newest.outbox.pending
        )
        asked += done
        return refusal if done and asked == 1 else None

    return policy


def once_delivered(
    course: Path, refusal: Refusal
) -> Callable[[str, str], Injection]:
    """Return a policy that refuses the first request after the course was written."""
    asked = 0

    def policy(_method: str, _path: str) -> Injection:
        nonlocal asked
        asked += course.exists()
        return refusal if asked == 1 else None

    return policy


@pytest.mark.parametrize("refusal", [Refusal.DENIED, Refusal.PAGE])
@each_command
def test_a_refusal_after_the_work_is_done_does_not_make_it_a_failure(
    command: tuple[str, ...],
    refusal: Refusal,
    new_job: NewJob,
    proxy: Proxy,
    receiver: Receiver,
) -> None:
    job = new_job(proxy.url, delay=0)
    waiting_for(command, job, receiver)
    proxy.policy = once_done(job, refusal)
    asked = job.start(command[0], job.name, *command[1:])
    assert asked.wait(60) == 0, job.report()
    assert proxy.faults == {refusal: 1}, (
        "the command did not read the job afterwards"
    )
    assert f"job {job.name} is" in asked.log.read_text().splitlines()[-1]


@pytest.mark.parametrize("refusal", [Refusal.DENIED, Refusal.PAGE])
def test_a_course_that_is_made_is_delivered_in_spite_of_a_refusal(
    refusal: Refusal, new_job: NewJob, proxy: Proxy, tmp_path: Path
) -> None:
    job = new_job(proxy.url, delay=0)
    proxy.policy = once_done(job, refusal)
    argv = (
        "run",
        job.environment["REPOSITORY_URL"],
        "--job-id",
        job.name,
        "--out",
        str(tmp_path / "course"),
    )
    assert job.start(*argv).wait(60) == 0, job.report()
    assert proxy.faults == {refusal: 1}
    assert (tmp_path / "course/step1_abstractions.yaml").is_file()


@pytest.mark.parametrize("refusal", [Refusal.DENIED, Refusal.PAGE])
def test_a_batch_knows_what_it_has_completed_in_spite_of_a_refusal(
    refusal: Refusal, new_job: NewJob, proxy: Proxy, tmp_path: Path
) -> None:
    job = new_job(proxy.url, delay=0)
    entry = {"repository": job.environment["REPOSITORY_URL"], "jobId": job.name}
    (tmp_path / "jobs.yaml").write_text(json.dumps([entry]))
    proxy.policy = once_delivered(tmp_path / f"{job.name}-course", refusal)
    batch = subprocess.run(
        [sys.executable, "-m", "worker", "batch", "--local", "jobs.yaml"],
        cwd=tmp_path,
        env=job.settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert batch.returncode == 0, batch.stderr
    assert proxy.faults == {refusal: 1}
    assert "1 of 1 completed" in batch.stdout
