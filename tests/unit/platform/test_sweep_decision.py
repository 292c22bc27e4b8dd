"""Which jobs need a run."""

from dataclasses import replace

import pytest

from states import decisions
from states.exits import FINAL_CODES, Exit
from states.manifest import Manifest
from states.stages import Stage
from tests.support.builders import AT, completed, entered, error, run_record
from tests.unit.platform.builders import BEGAN, run
from worker.platform.port import PlatformRun
from worker.platform.sweep_decision import (
    Action,
    SweepCandidate,
    attempts_since,
    decide_by_runs,
    described,
)

MIDDLE = entered(Stage.REVIEW_CHAPTERS)
DELIVERED = replace(completed(), outbox=replace(completed().outbox, pending=()))


def look(manifest: Manifest | None, *runs: PlatformRun) -> tuple[Action, str]:
    """Return the action for job-1, and the reason."""
    decision = decide_by_runs(
        SweepCandidate(job_id="job-1", manifest=manifest, runs=runs)
    )
    return decision.action, decision.reason


def test_a_job_that_is_over_is_left_in_whatever_state_its_runs_are() -> None:
    assert look(DELIVERED) == (Action.LEAVE, "it is completed")
    assert look(DELIVERED, run(state="interrupted"))[0] is Action.LEAVE
    failed = decisions.fail(MIDDLE, error(Exit.DATA_ERROR))
    assert (
        look(replace(failed, outbox=DELIVERED.outbox), run())[0] is Action.LEAVE
    )
    canceled = decisions.cancel(MIDDLE, at=AT)
    assert (
        look(replace(canceled, outbox=DELIVERED.outbox), run())[0]
        is Action.LEAVE
    )


def test_a_job_that_is_over_needs_a_run_for_what_is_not_acknowledged() -> None:
    action, reason = look(completed(), run())
    assert action is Action.START
    assert "callbacks are not acknowledged" in reason
    assert look(decisions.collect(completed()), run())[0] is Action.LEAVE


@pytest.mark.parametrize(
    "state",
    [
        "initialized",
        "validated",
        "queued",
        "running",
        "interrupting",
        "retrying",
        "new!",
    ],
)
def test_a_job_with_a_live_run_is_alive_whichever_of_its_runs_it_is(
    state: str,
) -> None:
    assert look(MIDDLE, run(1, state), run(2))[0] is Action.SKIP
    assert look(None, run(1), run(2, state))[0] is Action.SKIP
    assert look(completed(), run(1, state))[0] is Action.SKIP


@pytest.mark.parametrize(
    "dead",
    [
        run(state="interrupted"),
        run(reason="memory_usage_exceeded"),
        run(reason="timeout", exit_code=143),
        run(reason="exited_with_error", exit_code=75, attempts=6),
        run(reason="technical_error"),
    ],
)
def test_a_job_in_the_middle_needs_a_run_however_the_last_one_ended(
    dead: PlatformRun,
) -> None:
    assert look(MIDDLE, dead) == (Action.START, described(dead))


@pytest.mark.parametrize("code", [None, 70, 75, 76, 130, 137, 143])
def test_a_job_without_a_checkpoint_is_started_again_if_its_run_may_end_differently(
    code: int | None,
) -> None:
    assert look(None, run(exit_code=code))[0] is Action.START


@pytest.mark.parametrize("code", [64, 65, 69, 77, 78])
def test_a_job_without_a_checkpoint_is_reported_if_its_run_would_end_the_same_way(
    code: int,
) -> None:
    action, reason = look(None, run(exit_code=code))
    assert action == Action.SKIP
    assert f"exit code {code}" in reason
    assert code in FINAL_CODES


def test_a_job_without_a_checkpoint_whose_run_succeeded_has_nothing_to_do() -> (
    None
):
    assert look(None, run(state="succeeded", exit_code=0))[0] is Action.LEAVE


def test_a_job_that_never_had_a_platform_run_is_left_to_operators() -> None:
    assert look(MIDDLE) == (
        Action.SKIP,
        "it never had a platform run: `resume` it by hand",
    )
    remembered = replace(MIDDLE, runs=(run_record(platform_run="run-1"),))
    assert look(remembered) == (
        Action.SKIP,
        "the platform has forgotten its runs: `resume` it by hand",
    )


def test_only_runs_since_the_last_item_count_as_fruitless() -> None:
    candidate = SweepCandidate(
        job_id="job-1", manifest=MIDDLE, runs=[run(1), run(2), run(3)]
    )
    assert attempts_since(candidate, None) == 3
    assert attempts_since(candidate, BEGAN) == 3
    assert attempts_since(candidate, run(2).created_at) == 1
    assert attempts_since(candidate, run(3).created_at) == 0


def test_a_run_is_described_as_the_platform_reports_it() -> None:
    assert described(run(state="running")) == "platform run run-1 is running"
    ended = run(reason="exited_with_error", exit_code=70, attempts=6)
    assert (
        described(ended)
        == "platform run run-1 has ended as failed (exited_with_error), exit code 70, 6 attempts"
    )
    assert (
        described(run(reason="unknown_reason"))
        == "platform run run-1 has ended as failed"
    )
