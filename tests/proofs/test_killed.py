"""Jobs whose processes are killed repeatedly, at random moments, until the job is done.

`FONDATION_KILLED_JOBS=50 pytest tests/proofs/test_killed.py -rP` kills more of them, and
shows the figures; a job's moments are decided by its number, so far as processes of their
own can be.
"""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.proofs.conftest import NewJob
from tests.support.platform_job import ITEMS, PlatformJob, meaning
from tests.support.receiver import Receiver
from worker.cli.main import main

JOBS = int(os.environ.get("FONDATION_KILLED_JOBS", "2"))
AT_ONCE = 4
CONCURRENCY = 5
"""How many items the engine makes at once."""
MAX_KILLS = 40
LONGEST_LIFE = 7.0
"""The longest time to the first kill, in seconds; each kill adds half a second.

A run waits three to four seconds for the previous run's lease, and longer on slow machines.
"""

pytestmark = pytest.mark.parametrize(
    "s3_server", ["minio", "ceph"], indirect=True
)


@dataclass
class KillCount:
    """The kills of one job, and the items that they cost."""

    kills: int = 0
    lost: int = 0
    """Items that were in flight and had to be made again."""


def drive(job: PlatformJob) -> KillCount:
    """Start and kill a job's runs until one of them ends by itself."""
    count, chance = KillCount(), random.Random(job.name)  # noqa: S311 - a seed
    while True:
        run = job.start()
        code = run.wait(chance.uniform(0.2, LONGEST_LIFE + count.kills / 2))
        if code is not None:
            assert code == 0, job.report()
            count.lost = job.calls.total() - ITEMS
            return count
        run.kill()
        count.kills += 1
        assert count.kills < MAX_KILLS, job.report()
        job.note_stored()


def test_a_job_that_is_killed_at_random_moments_loses_only_what_was_in_flight(
    new_job: NewJob, receiver: Receiver, course: dict[str, bytes]
) -> None:
    jobs = [new_job(delay=400) for _ in range(JOBS)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        counts = list(pool.map(drive, jobs))
    for job, count in zip(jobs, counts, strict=True):
        assert job.course == course, job.report()
        assert job.redone == [], job.report()
        assert count.lost <= count.kills * CONCURRENCY
        check_callbacks(receiver, job)
        assert main(["verify", job.name, "--deep"], job.environment) == 0
    kills, lost = (
        sum(count.kills for count in counts),
        sum(count.lost for count in counts),
    )
    summary = f"{JOBS} jobs, {kills} kills, {lost} items lost in flight"
    print(summary)  # noqa: T201 - shown with `-rP`


def check_callbacks(receiver: Receiver, job: PlatformJob) -> None:
    """Assert that the job's end was sent under one key, and that no key was used for two events."""
    ends = [
        delivery
        for delivery in receiver.deliveries
        if delivery.document["jobId"] == job.name
    ]
    keys = {
        delivery.headers["idempotency-key"]
        for delivery in ends
        if delivery.document["status"] == "completed"
    }
    assert len(keys) == 1, keys
    meanings: dict[str, object] = {}
    for delivery in ends:
        assert meanings.setdefault(
            delivery.headers["idempotency-key"], meaning(delivery.document)
        ) == meaning(delivery.document)
    assert job.manifest.outbox.pending == ()
