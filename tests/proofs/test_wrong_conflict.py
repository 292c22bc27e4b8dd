"""A store that reports a conflict (412) without cause: nothing is lost, and no run stops."""

from collections.abc import Callable

import pytest

from states.stages import State
from tests.proofs.conftest import NewJob
from tests.proofs.test_killed import check_callbacks
from tests.support.fault_proxy import Injection, Refusal, proxying
from tests.support.platform_job import PlatformJob
from tests.support.receiver import Receiver
from tests.support.servers.server import S3Server


def once(
    job: PlatformJob, method: str, part: str
) -> Callable[[str, str], Injection]:
    """Return a policy that refuses one request in the middle of the chapters."""
    hit = False

    def policy(asked: str, path: str) -> Injection:
        nonlocal hit
        if hit or asked != method or part not in path:
            return None
        hit = (
            job.newest is not None
            and job.manifest.state is State.GENERATING_CHAPTERS
        )
        return Refusal.PRECONDITION if hit else None

    return policy


@pytest.mark.parametrize("s3_server", ["moto"], indirect=True)
@pytest.mark.parametrize(
    ("method", "part"), [("PUT", "/checkpoints/"), ("PUT", "/artifacts/")]
)
def test_a_conflict_without_cause_is_retried(
    method: str,
    part: str,
    s3_server: S3Server,
    new_job: NewJob,
    receiver: Receiver,
    course: dict[str, bytes],
) -> None:
    with proxying(s3_server.endpoint_url) as proxy:
        job = new_job(proxy.url, delay=150)
        proxy.policy = once(job, method, part)
        assert job.start(STORE_GIVE_UP_SECONDS="8").wait(60) == 0, job.report()
        assert set(proxy.faults) == {Refusal.PRECONDITION}
    assert job.course == course
    check_callbacks(receiver, job)
