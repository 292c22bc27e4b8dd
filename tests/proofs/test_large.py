"""A job with killed processes, whose stages have more items than a manifest lists."""

import pytest

from states.course_paths import ARTIFACT_LIST, PAGE_STAGES
from states.manifest import MAX_INLINE
from tests.proofs.conftest import NewJob
from tests.proofs.test_killed import check_callbacks, drive
from tests.support.receiver import Receiver
from worker.cli.main import main

CHAPTERS = MAX_INLINE + 4

pytestmark = pytest.mark.parametrize("s3_server", ["minio"], indirect=True)


def test_a_large_job_that_is_killed_repeatedly_lists_every_item(
    new_job: NewJob, receiver: Receiver
) -> None:
    names = [f"Part {number}" for number in range(CHAPTERS)]
    job = new_job(names=names, delay=20)
    drive(job)
    assert [path for path in job.redone if path != ARTIFACT_LIST] == []
    check_callbacks(receiver, job)
    assert len(job.course) == 3 + 3 * CHAPTERS
    for stage in PAGE_STAGES:
        assert job.manifest.record(stage).artifact_count == CHAPTERS
    assert main(["verify", job.name, "--deep"], job.environment) == 0
