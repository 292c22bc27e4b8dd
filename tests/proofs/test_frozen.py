"""Owners that are frozen until another run has taken over their job, and then wake up.

`FONDATION_FROZEN_JOBS=20 pytest tests/proofs/test_frozen.py -rP` freezes more of them, at
random moments.
"""

import os
import random
import signal
import time

import pytest

from states.exits import Exit
from tests.proofs.conftest import NewJob
from tests.support.platform_job import PlatformJob
from tests.support.receiver import Receiver, Reply
from tests.support.waiting import until
from worker.cli.main import main

JOBS = int(os.environ.get("FONDATION_FROZEN_JOBS", "1"))

pytestmark = pytest.mark.parametrize(
    "s3_server", ["minio", "ceph"], indirect=True
)


def wake(job: PlatformJob, receiver: Receiver) -> float:
    """Wake the first run after the second has ended; return how long it takes to notice."""
    owner = job.runs[0]
    owner.send(signal.SIGSTOP)
    assert job.start().wait() == 0, job.report()
    manifest, sent = job.manifest, len(receiver.deliveries)
    owner.send(signal.SIGCONT)
    woken = time.monotonic()
    assert owner.wait(20) == Exit.REPLACED, job.report()
    seconds = time.monotonic() - woken
    assert len(receiver.deliveries) == sent, (
        "a replaced run has sent something to the receiver"
    )
    assert job.manifest == manifest, "a replaced run has written a checkpoint"
    assert main(["verify", job.name, "--deep"], job.environment) == 0
    assert not job.children
    return seconds


def test_a_frozen_owner_wakes_up_in_a_stage_and_does_no_harm(
    new_job: NewJob, receiver: Receiver
) -> None:
    job = new_job(delay=600, random=True)
    owner = job.start()
    until(lambda: any(path.startswith("chapters/") for path in job.calls))
    # Its events are refused, so it has some to send when it wakes up.
    receiver.reply = lambda delivery: Reply(
        status=503 if delivery.document["run"] == 1 else 200
    )
    assert owner.wait(0) is None
    seconds = wake(job, receiver)
    assert seconds < 2, "a woken owner must notice its successor at once"


@pytest.mark.parametrize("number", range(JOBS))
def test_a_frozen_owner_does_no_harm_whenever_it_was_frozen(
    number: int, new_job: NewJob, receiver: Receiver
) -> None:
    chance = random.Random(number)  # noqa: S311 - a seed
    job = new_job(delay=1000, random=True)
    receiver.reply = lambda delivery: Reply(
        status=503 if delivery.document["run"] == 1 else 200
    )
    owner = job.start()
    until(lambda: job.newest is not None)
    if owner.wait(chance.uniform(0, 4)) is not None:
        pytest.fail(f"the run ended before it was frozen: {job.report()}")
    print(  # noqa: T201 - shown with `-rP`
        f"frozen in {job.manifest.state}, ended {wake(job, receiver):.2f} s after waking up"
    )
