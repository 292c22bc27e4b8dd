"""When a run may take over a job."""

from dataclasses import replace

import pytest

from states import decisions
from states.exits import Exit
from states.manifest import Manifest
from states.stages import Stage
from states.takeover import (
    Claim,
    JobOver,
    Verdict,
    Wait,
    exit_code,
    judge,
    replaced_lease,
)
from tests.support.builders import AT, completed, entered, error, stamped

RUNNING = entered(Stage.ORDER)
INTERRUPTED = stamped(
    decisions.interrupt(
        RUNNING, error(), Exit.SIGTERM, at=AT, seconds=1, fruitless_runs=0
    )
)
DELIVERED = stamped(
    decisions.settle(
        completed(),
        {e.sequence: 200 for e in completed().outbox.pending},
        at=AT,
    )
)
FAILED = stamped(decisions.fail(RUNNING, error(Exit.UNAVAILABLE)))


def verdict(
    manifest: Manifest,
    *,
    silent: int = 0,
    lease: int = 30,
    can_deliver: bool = True,
) -> Verdict:
    return judge(
        manifest,
        silent_seconds=silent,
        lease_seconds=lease,
        can_deliver=can_deliver,
    )


def test_a_released_job_is_claimed_at_once() -> None:
    assert verdict(INTERRUPTED) == Claim()


@pytest.mark.parametrize("silent", [0, 1, 29, 30])
def test_an_owner_that_may_still_hold_its_lease_is_waited_for(
    silent: int,
) -> None:
    assert verdict(RUNNING, silent=silent) == Wait(
        seconds=31 - silent, lease_seconds=30
    )


@pytest.mark.parametrize("silent", [31, 3600])
def test_an_owner_whose_lease_has_certainly_expired_is_replaced(
    silent: int,
) -> None:
    assert verdict(RUNNING, silent=silent) == Claim()


def test_a_finished_and_reported_job_is_left_alone() -> None:
    assert verdict(DELIVERED, silent=99) == JobOver(exit_code=Exit.OK)


def test_a_finished_but_unreported_job_is_claimed_for_its_report() -> None:
    assert verdict(completed(), silent=31) == Claim()
    assert verdict(completed(), silent=3) == Wait(seconds=28, lease_seconds=30)


def test_a_run_that_cannot_report_leaves_it_alone() -> None:
    assert verdict(completed(), silent=31, can_deliver=False) == JobOver(
        exit_code=Exit.OK
    )


def test_a_failure_is_remembered_with_its_code() -> None:
    assert verdict(FAILED, can_deliver=False) == JobOver(
        exit_code=Exit.UNAVAILABLE
    )
    assert exit_code(FAILED) is Exit.UNAVAILABLE


def test_a_cancellation_after_a_failed_attempt_is_not_a_failure() -> None:
    tried = stamped(decisions.tried(RUNNING, error(), seconds=1))
    assert exit_code(decisions.cancel(tried, at=AT)) is Exit.OK


def test_a_collected_job_ends_as_it_did() -> None:
    tombstone = stamped(decisions.collect(FAILED))
    assert verdict(
        replace(tombstone, outbox=FAILED.outbox), silent=99
    ) == JobOver(exit_code=Exit.UNAVAILABLE)


def test_only_a_run_that_did_not_end_in_order_was_replaced() -> None:
    def claimed(manifest: Manifest, lease: int) -> Manifest:
        run = replace(
            manifest.owner,
            number=manifest.run + 1,
            lease_seconds=lease,
            ended_at=None,
            exit_code=None,
        )
        return decisions.claim(
            manifest, run, engine=manifest.engine, announces=True
        )

    own = RUNNING.owner.lease_seconds
    assert replaced_lease(RUNNING) == 0
    assert replaced_lease(claimed(RUNNING, own + 1)) == own
    assert replaced_lease(claimed(INTERRUPTED, own + 1)) == 0
    twice = claimed(claimed(RUNNING, own + 7), own + 1)
    assert replaced_lease(twice) == own + 7
