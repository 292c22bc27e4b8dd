"""Jobs on a store that has every fault at once.

The faults: errors, SlowDown, answers dropped after the effect, resets, and silences longer than a
lease.

`FONDATION_STORMS=20 pytest tests/proofs/test_stormy.py -rP` does more of them.
"""

import os

import pytest

from states.exits import Exit
from tests.proofs.conftest import NewJob
from tests.proofs.test_killed import check_callbacks
from tests.support.fault_proxy import STORM, at_random, proxying
from tests.support.platform_job import PlatformJob
from tests.support.receiver import Receiver
from tests.support.servers.server import S3Server
from worker.cli.main import main

STORMS = int(os.environ.get("FONDATION_STORMS", "1"))
SILENCE_SECONDS = 10.0
RATE = 0.25
MAX_RUNS = 10
FIRST_SEED = 3

pytestmark = pytest.mark.parametrize(
    "s3_server", ["minio", "ceph"], indirect=True
)


def drive(job: PlatformJob) -> None:
    """Start runs, as the platform does, until one ends the job."""
    for _ in range(MAX_RUNS):
        code = job.start(LEASE_SECONDS="6", STORE_GIVE_UP_SECONDS="60").wait(
            300
        )
        if code == 0:
            return
        assert code in {Exit.TEMPORARY, Exit.REPLACED}, job.report()
        job.note_stored()
    pytest.fail(job.report())


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + STORMS))
def test_a_job_survives_a_store_where_everything_goes_wrong(
    seed: int,
    new_job: NewJob,
    s3_server: S3Server,
    receiver: Receiver,
    course: dict[str, bytes],
) -> None:
    with proxying(s3_server.endpoint_url) as proxy:
        job = new_job(proxy.url)
        proxy.silence_seconds = SILENCE_SECONDS
        proxy.policy = at_random(seed, RATE, STORM)
        drive(job)
        proxy.policy = lambda _method, _path: None
        assert job.course == course
        assert job.redone == []
        check_callbacks(receiver, job)
        assert main(["verify", job.name, "--deep"], job.environment) == 0
    faults = {
        str(fault.name): count for fault, count in sorted(proxy.faults.items())
    }
    assert len(faults) > 3, "too few faults were injected"
    print(  # noqa: T201 - shown with `-rP`
        f"seed {seed}: {len(job.runs)} runs, {proxy.requests.total()} requests, {faults}"
    )
