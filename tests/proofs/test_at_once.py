"""Two runs of one job, started at the same moment.

`FONDATION_PAIRS=20 pytest tests/proofs/test_at_once.py -rP` starts more of them.
"""

import os
from collections import Counter

import pytest

from states.exits import Exit
from tests.proofs.conftest import NewJob
from tests.support.platform_job import ITEMS
from tests.support.receiver import Receiver

PAIRS = int(os.environ.get("FONDATION_PAIRS", "1"))

pytestmark = pytest.mark.parametrize(
    "s3_server", ["minio", "ceph"], indirect=True
)


@pytest.mark.parametrize("number", range(PAIRS))
def test_two_runs_that_are_started_at_once_make_one_course(
    number: int, new_job: NewJob, receiver: Receiver, course: dict[str, bytes]
) -> None:
    job = new_job()
    runs = [job.start() for _ in range(2)]
    codes = Counter(run.wait() for run in runs)
    assert codes[Exit.OK] >= 1, job.report()
    assert codes[Exit.OK] + codes[Exit.TEMPORARY] == 2, job.report()
    if codes[Exit.TEMPORARY]:
        [loser] = [run for run in runs if run.wait() == Exit.TEMPORARY]
        assert f"working on job {job.name}" in loser.log.read_text()
    assert job.course == course
    assert job.calls.total() == ITEMS, "an item was made twice"
    assert set(job.calls.values()) == {1}, "an item was made twice"
    assert [status for _, status in receiver.events].count("completed") == 1
    print(f"pair {number}: {dict(codes)}")  # noqa: T201 - shown with `-rP`
