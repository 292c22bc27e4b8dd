"""Jobs on a store that starts to refuse requests, or that another server replaces for a while."""

from collections.abc import Callable

import pytest

from states.exits import Exit
from states.stages import State
from tests.proofs.conftest import NewJob
from tests.proofs.test_killed import check_callbacks
from tests.support.fault_proxy import (
    Injection,
    Proxy,
    Refusal,
    at_random,
)
from tests.support.platform_job import PlatformJob
from tests.support.receiver import Receiver
from tests.support.waiting import until

RATE = 0.3
SEED = 5

pytestmark = pytest.mark.parametrize("s3_server", ["moto"], indirect=True)


def once_claimed(
    job: PlatformJob, policy: Callable[[str, str], Injection]
) -> Callable[[str, str], Injection]:
    """Apply a policy from a job's first stage on: earlier refusals end the run at once."""
    begun = False

    def policy_once_claimed(method: str, path: str) -> Injection:
        nonlocal begun
        begun = begun or (
            job.newest is not None and job.manifest.state is not State.PENDING
        )
        return policy(method, path) if begun else None

    return policy_once_claimed


def lasting(refusal: Refusal, part: str) -> Callable[[str, str], Injection]:
    """Return a policy that refuses every request to a part of the store."""
    return lambda _method, path: refusal if part in path else None


def test_refusals_that_pass_cost_nothing(
    proxy: Proxy, new_job: NewJob, receiver: Receiver, course: dict[str, bytes]
) -> None:
    job = new_job(proxy.url)
    proxy.policy = once_claimed(job, at_random(SEED, RATE, tuple(Refusal)))
    assert job.start(LEASE_SECONDS="6").wait(300) == 0, job.report()
    assert len(proxy.faults) > 5, proxy.faults
    assert job.course == course
    assert max(job.calls.values()) == 1
    check_callbacks(receiver, job)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refusal.DENIED, Exit.REFUSED),
        (Refusal.NO_BUCKET, Exit.TEMPORARY),
        (Refusal.PAGE, Exit.TEMPORARY),
    ],
)
@pytest.mark.parametrize(
    "part", ["/heartbeat.json", "/artifacts/", "/checkpoints/"]
)
def test_a_refusal_that_lasts_ends_the_run_and_not_the_job(
    proxy: Proxy,
    new_job: NewJob,
    receiver: Receiver,
    part: str,
    refusal: Refusal,
    code: Exit,
) -> None:
    job = new_job(proxy.url, delay=2000 if "heartbeat" in part else 0)
    proxy.policy = once_claimed(job, lasting(refusal, part))
    assert job.start(STORE_GIVE_UP_SECONDS="2").wait(60) == code, job.report()
    assert job.manifest.state is not State.FAILED
    assert all(status != "failed" for _, status in receiver.events)
    proxy.policy = lambda _method, _path: None
    job.cli.set(delay=0)
    assert job.start().wait(60) == 0, job.report()
    check_callbacks(receiver, job)


@pytest.mark.parametrize(
    "refusal",
    [Refusal.DENIED, Refusal.MALFORMED, Refusal.PAGE, Refusal.GARBLED],
)
def test_a_cancellation_is_not_made_a_failure_by_a_wrong_answer(
    proxy: Proxy, new_job: NewJob, receiver: Receiver, refusal: Refusal
) -> None:
    job = new_job(proxy.url, delay=0)
    job.cli.set(faults={"generate-chapters": {"kind": "hangs", "times": 1}})
    owner = job.start()
    until(
        lambda: (
            job.newest is not None
            and job.manifest.state is State.GENERATING_CHAPTERS
        )
    )
    owner.kill()
    left = 3

    def policy(_method: str, path: str) -> Injection:
        nonlocal left
        if job.manifest.run == 1 or not left or "/job-1" not in path:
            return None
        left -= 1
        return refusal

    proxy.policy = policy
    until(
        lambda: (
            job.start("cancel", job.name).wait(60) == 0
            and job.manifest.state is State.CANCELED
        ),
        seconds=60,
    )
    assert left == 0
    assert receiver.events[-1] == ("progress", "canceled")
