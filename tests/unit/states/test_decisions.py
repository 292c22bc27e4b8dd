"""The decisions about a job."""

from dataclasses import replace

import pytest

from states import decisions
from states.exits import Exit
from states.machine import IllegalTransitionError
from states.manifest import (
    EventStatus,
    EventType,
    Manifest,
    Update,
    Writer,
)
from states.stages import INFO, STAGES, Stage, StageInfo, State
from states.usage import Budget, Usage
from tests.support import builders
from tests.support.builders import (
    AT,
    COMMIT,
    ENGINE,
    IDENTITY,
    artifact,
    begun,
    completed,
    entered,
    error,
    run_record,
    stamped,
)

WORKING = [*Stage, None]


def claim(manifest: Manifest) -> Manifest:
    return decisions.claim(
        manifest, run_record(manifest.run + 1), engine=ENGINE, announces=True
    )


def test_a_job_begins_pending_with_its_first_run() -> None:
    manifest = begun()
    assert manifest.state == State.PENDING
    assert manifest.run == 1
    assert manifest.sequence == 1
    assert manifest.next_stage is Stage.CLONE


def test_a_job_begins_without_results_requests_or_counts() -> None:
    manifest = decisions.begin(
        IDENTITY, ENGINE, run_record(), announces=True, update_from="job-0"
    )
    assert not manifest.cancel_requested
    assert not manifest.collected
    assert manifest.fruitless_runs == 0
    assert manifest.outbox.settled == 0
    assert manifest.update == Update(from_="job-0", kept=0, made=0)
    for record in manifest.stages:
        assert record.generation == 1
        assert record.attempts == 0
        assert record.seconds == 0


def test_entering_a_stage_is_announced_with_the_sequence_of_its_checkpoint() -> (
    None
):
    manifest = decisions.enter(begun(), at=AT)
    [event] = manifest.outbox.pending
    assert event.sequence == 2
    assert event.type == EventType.PROGRESS
    assert event.status == EventStatus.CLONING
    assert event.step == 1
    assert event.message == "Cloning repository"


@pytest.mark.parametrize("info", STAGES[1:], ids=lambda info: info.stage)
def test_each_later_stage_is_announced_as_analyzing_with_the_files_of_the_one_before(
    info: StageInfo,
) -> None:
    event = entered(info.stage).outbox.pending[-1]
    assert event.status == EventStatus.ANALYZING
    assert event.step == info.step
    assert event.message == info.message
    assert event.files_of == (
        () if info.step == 2 else (STAGES[info.step - 2].stage,)
    )


def test_publishing_is_announced_as_gathering_at_the_last_step() -> None:
    event = entered(None).outbox.pending[-1]
    assert event.status == EventStatus.GATHERING
    assert event.step == 7
    assert event.message == "Gathering output files"


def test_nothing_is_announced_where_there_is_no_webhook() -> None:
    assert completed(announces=False).outbox.pending == ()


def test_pinning_records_the_commit_and_where_the_snapshot_lies() -> None:
    manifest = decisions.pin(decisions.enter(begun(), at=AT), COMMIT)
    assert manifest.commit == COMMIT
    assert manifest.record(Stage.CLONE).inputs is not None


def test_finishing_a_stage_names_its_artifacts_and_enters_the_next() -> None:
    manifest = builders.finished(entered(Stage.EXTRACT))
    record = manifest.record(Stage.EXTRACT)
    assert record.finished
    assert record.artifacts == (artifact(),)
    assert record.seconds == 1.5
    assert manifest.state is State.ANALYZING
    assert manifest.record(Stage.ANALYZE).attempts == 1
    assert manifest.record(Stage.ANALYZE).inputs is not None


def test_artifacts_are_named_in_the_order_of_their_paths() -> None:
    both = (artifact("b"), artifact("a"))
    done = decisions.finish(
        entered(Stage.GENERATE_CHAPTERS), both, at=AT, seconds=1
    )
    assert [
        artifact.path
        for artifact in done.record(Stage.GENERATE_CHAPTERS).artifacts
    ] == [
        "a",
        "b",
    ]


def test_completing_announces_all_files_but_the_snapshot_and_the_time_that_was_worked() -> (
    None
):
    event = completed().outbox.pending[-1]
    assert event.type == EventType.COMPLETE
    assert event.status == EventStatus.COMPLETED
    assert event.step == 7
    assert event.final
    assert event.files_of == tuple(Stage)[1:]
    assert event.duration == 7 * 1.5


@pytest.mark.parametrize("stage", WORKING)
def test_failing_for_good_is_announced_as_an_error_where_the_job_stood(
    stage: Stage | None,
) -> None:
    manifest = decisions.fail(entered(stage), error(Exit.DATA_ERROR))
    event = manifest.outbox.pending[-1]
    assert manifest.state == State.FAILED
    assert event.type == EventType.ERROR
    assert event.status == EventStatus.FAILED
    assert event.step == (INFO[stage].step if stage else 7)
    assert event.error == manifest.error == error(Exit.DATA_ERROR)
    assert event.message == "it broke"
    assert event.timestamp == AT


@pytest.mark.parametrize("stage", WORKING)
def test_canceling_is_announced_as_progress(stage: Stage | None) -> None:
    manifest = decisions.cancel(entered(stage), at=AT)
    event = manifest.outbox.pending[-1]
    assert manifest.state == State.CANCELED
    assert event.type == EventType.PROGRESS
    assert event.status == EventStatus.CANCELED
    assert event.message == "Canceled"
    assert event.timestamp == AT
    assert manifest.cancel_requested


@pytest.mark.parametrize("stage", WORKING)
def test_an_interruption_is_not_announced_and_releases_the_job(
    stage: Stage | None,
) -> None:
    before = entered(stage)
    after = decisions.interrupt(
        before, error(), Exit.SIGTERM, at=AT, seconds=2.0, fruitless_runs=3
    )
    assert after.state is State.INTERRUPTED
    assert after.error == error()
    assert after.fruitless_runs == 3
    assert after.released
    assert after.owner.exit_code is Exit.SIGTERM
    assert after.outbox == before.outbox


def test_the_time_worked_before_an_interruption_counts() -> None:
    after = decisions.interrupt(
        entered(Stage.ORDER),
        None,
        Exit.SIGTERM,
        at=AT,
        seconds=2.0,
        fruitless_runs=0,
    )
    assert after.record(Stage.ORDER).seconds == 2.0


@pytest.mark.parametrize("stage", WORKING)
def test_a_claim_resumes_at_the_first_unfinished_stage(
    stage: Stage | None,
) -> None:
    manifest = claim(entered(stage))
    assert manifest.run == 2
    assert manifest.state == State.PENDING
    assert manifest.next_stage == stage
    assert not manifest.released
    assert decisions.enter(stamped(manifest), at=AT).current_stage is stage


def test_a_claim_drops_dead_runs_progress_and_keeps_final_events() -> None:
    manifest = claim(completed())
    assert [event.status for event in manifest.outbox.pending] == [
        EventStatus.COMPLETED
    ]
    assert manifest.state is State.COMPLETED


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("now", [True, False])
def test_a_job_that_once_had_a_webhook_keeps_its_events(
    *, before: bool, now: bool
) -> None:
    claimed = decisions.claim(
        begun(announces=before), run_record(2), engine=ENGINE, announces=now
    )
    assert claimed.announces is (before or now)


def test_a_newer_engine_resumes_under_its_own_version() -> None:
    newer = replace(ENGINE, version="2")
    claimed = decisions.claim(
        entered(Stage.EXTRACT), run_record(2), engine=newer, announces=True
    )
    again = decisions.enter(stamped(claimed), at=AT)
    assert (
        again.record(Stage.EXTRACT).inputs
        != entered(Stage.EXTRACT).record(Stage.EXTRACT).inputs
    )


def test_a_failed_attempt_counts_and_its_error_is_shown() -> None:
    manifest = decisions.tried(entered(Stage.ORDER), error(), seconds=3.0)
    assert manifest.record(Stage.ORDER).attempts == 2
    assert manifest.record(Stage.ORDER).seconds == 3.0
    assert manifest.error == error()
    assert manifest.state is State.ORDERING


def test_the_time_of_all_attempts_adds_up_to_the_millisecond() -> None:
    first = decisions.tried(entered(Stage.ORDER), error(), seconds=1.0004)
    second = decisions.tried(stamped(first), error(), seconds=2.0126)
    assert second.record(Stage.ORDER).seconds == 3.013
    done = decisions.finish(stamped(second), (), at=AT, seconds=0.0004)
    assert done.record(Stage.ORDER).seconds == 3.013
    stopped = decisions.interrupt(
        second, None, Exit.SIGTERM, at=AT, seconds=1.0004, fruitless_runs=0
    )
    assert stopped.record(Stage.ORDER).seconds == 4.013


@pytest.mark.parametrize("damaged", list(Stage))
def test_a_repair_goes_back_to_the_damaged_stage_and_keeps_the_generation(
    damaged: Stage,
) -> None:
    manifest = decisions.repair(entered(None), damaged, error())
    assert manifest.state == State.PENDING
    assert manifest.next_stage == damaged
    assert manifest.error == error()
    assert {record.generation for record in manifest.stages} == {1}


def test_a_repair_keeps_the_time_worked_and_drops_what_was_made() -> None:
    before = entered(None).record(Stage.ORDER)
    repaired = decisions.repair(entered(None), Stage.EXTRACT, error())
    assert repaired.record(Stage.ORDER) == replace(
        before, finished_at=None, inputs=None, artifacts=()
    )


def test_a_stage_that_the_engine_cannot_resume_from_is_redone_with_all_later_stages() -> (
    None
):
    manifest = decisions.repair(
        entered(Stage.GENERATE_CHAPTERS),
        Stage.EXTRACT,
        error(),
        new_generation=True,
    )
    assert manifest.state == State.PENDING
    assert manifest.next_stage == Stage.EXTRACT
    assert [record.generation for record in manifest.stages] == [
        1,
        2,
        2,
        2,
        2,
        2,
        2,
    ]


def test_an_operators_resume_from_a_stage_raises_its_generation_and_of_all_after_it() -> (
    None
):
    manifest = decisions.reopen(claim(completed()), Stage.GENERATE_CHAPTERS)
    assert manifest.state is State.PENDING
    assert [record.generation for record in manifest.stages] == [
        1,
        1,
        1,
        1,
        2,
        2,
        2,
    ]
    assert manifest.next_stage is Stage.GENERATE_CHAPTERS
    again = decisions.enter(stamped(manifest), at=AT)
    assert (
        again.record(Stage.GENERATE_CHAPTERS).inputs
        != completed().record(Stage.GENERATE_CHAPTERS).inputs
    )


def test_an_operators_resume_forgets_failure_and_cancellation() -> None:
    canceled = stamped(decisions.cancel(entered(Stage.ORDER), at=AT))
    manifest = decisions.reopen(claim(canceled), None)
    assert manifest.state == State.PENDING
    assert not manifest.cancel_requested
    assert manifest.error is None


def test_an_operators_resume_forgets_why_the_job_failed() -> None:
    failed = stamped(decisions.fail(entered(Stage.ORDER), error()))
    assert decisions.reopen(claim(failed), None).error is None


def test_an_operators_resume_forgets_how_many_runs_were_fruitless() -> None:
    fruitless = replace(entered(Stage.ORDER), fruitless_runs=2)
    assert decisions.reopen(claim(fruitless), None).fruitless_runs == 0


def test_a_rejected_end_can_be_sent_again_unchanged() -> None:
    *earlier, end = completed().outbox.pending
    rejected = decisions.settle(
        completed(), {event.sequence: 410 for event in (*earlier, end)}, at=AT
    )
    assert decisions.rejected_end(rejected) == end.sequence
    again = decisions.redeliver(rejected, end)
    assert again.outbox.pending == (end,)
    assert [rejection.sequence for rejection in again.outbox.rejected] == [
        event.sequence for event in earlier
    ]
    assert again.outbox.settled == end.sequence - 1
    settled = decisions.settle(again, {end.sequence: 200}, at=AT)
    assert settled.outbox.pending == ()
    assert settled.outbox.settled == rejected.outbox.settled
    assert decisions.rejected_end(settled) is None


def test_an_end_that_was_acknowledged_or_is_to_come_was_not_rejected() -> None:
    *earlier, end = completed().outbox.pending
    answers = {event.sequence: 410 for event in earlier}
    assert (
        decisions.rejected_end(
            decisions.settle(completed(), answers | {end.sequence: 200}, at=AT)
        )
        is None
    )
    assert (
        decisions.rejected_end(decisions.settle(completed(), answers, at=AT))
        is None
    )
    assert (
        decisions.rejected_end(
            decisions.settle(entered(Stage.ORDER), {2: 410}, at=AT)
        )
        is None
    )


def test_the_reason_for_an_undelivered_event_is_kept_until_it_is_delivered() -> (
    None
):
    manifest = completed()
    sequences = [event.sequence for event in manifest.outbox.pending]
    troubled = decisions.settle(manifest, {}, at=AT, trouble="status 503")
    assert troubled.outbox.trouble == "status 503"
    assert decisions.settle(troubled, {}, at=AT) is troubled
    assert (
        decisions.settle(troubled, {sequences[0]: 200}, at=AT).outbox.trouble
        is None
    )
    assert (
        decisions.settle(
            troubled, dict.fromkeys(sequences, 200), at=AT, trouble="late"
        ).outbox.trouble
        is None
    )


def test_answers_settle_events_in_the_outbox() -> None:
    manifest = entered(Stage.ANALYZE)
    first, second, third = (event.sequence for event in manifest.outbox.pending)
    settled = decisions.settle(manifest, {first: 200, second: 404}, at=AT)
    assert [event.sequence for event in settled.outbox.pending] == [third]
    assert settled.outbox.settled == second
    assert [
        (rejection.sequence, rejection.status_code, rejection.at)
        for rejection in settled.outbox.rejected
    ] == [(second, 404, AT)]
    assert (
        decisions.settle(settled, {first: 200, second: 404}, at=AT) is settled
    )


def test_an_answer_to_one_event_leaves_those_before_and_after_it_pending() -> (
    None
):
    manifest = entered(Stage.ANALYZE)
    first, second, third = (event.sequence for event in manifest.outbox.pending)
    settled = decisions.settle(manifest, {second: 200}, at=AT)
    assert [event.sequence for event in settled.outbox.pending] == [
        first,
        third,
    ]


def test_the_end_of_a_run_is_in_its_own_record_alone() -> None:
    third = claim(stamped(claim(entered(Stage.ORDER))))
    released = decisions.release(third, Exit.TEMPORARY, at=AT)
    assert released.runs[:2] == third.runs[:2]
    assert len(released.runs) == 3
    assert released.owner.number == 3
    assert released.owner.ended_at == AT
    assert released.owner.exit_code is Exit.TEMPORARY


def test_a_tombstone_says_who_it_was_and_how_it_ended_and_names_no_artifacts() -> (
    None
):
    manifest = decisions.collect(completed())
    assert manifest.collected
    assert manifest.state is State.COMPLETED
    assert manifest.artifact_count == 0


def test_an_illegal_decision_changes_nothing() -> None:
    manifest = completed()
    with pytest.raises(IllegalTransitionError):
        decisions.complete(manifest, at=AT)
    assert manifest == completed()


def test_a_job_outside_its_stages_has_no_stage_to_finish() -> None:
    with pytest.raises(ValueError, match="in no stage"):
        decisions.finish(begun(), (), at=AT, seconds=0)


def test_a_request_to_cancel_changes_nothing_else() -> None:
    manifest = entered(Stage.ORDER)
    asked = decisions.request_cancel(manifest)
    assert asked == replace(manifest, cancel_requested=True)
    assert asked.writer is Writer.WORKER


def following() -> Manifest:
    """Return a job that updates an earlier one."""
    return replace(begun(), update=Update(from_="earlier"))


def test_the_commit_of_the_earlier_course_is_pinned_once() -> None:
    first = decisions.follow(following(), COMMIT)
    assert first.update == Update(from_="earlier", from_commit=COMMIT)
    assert decisions.follow(first, "b" * 40) == first
    assert decisions.follow(begun(), COMMIT) == begun()


def test_only_an_update_records_what_it_keeps_of_an_earlier_course() -> None:
    planned = decisions.plan_update(
        following(), changed=2, why=None, plan=artifact()
    )
    assert planned.update == Update(
        from_="earlier", changed=2, why=None, plan=artifact()
    )
    with pytest.raises(ValueError, match="the job updates no earlier one"):
        decisions.plan_update(begun(), changed=2, why=None, plan=None)


def test_the_usage_of_paid_calls_is_recorded_when_it_is_known_and_new() -> None:
    usage = Usage(prices_dated="2026-01-01")
    noted = decisions.account(begun(), usage)
    assert noted.usage == usage
    assert decisions.account(noted, None).usage == usage
    assert decisions.account(noted, replace(usage)) is noted
    assert decisions.account(noted, Usage()).usage == Usage()


def test_an_operators_limit_counts_from_then_on() -> None:
    limit = Budget(tokens=7)
    reopened = decisions.reopen(claim(completed()), None, limit)
    assert reopened.budget == limit
    later = decisions.reopen(claim(reopened), None)
    assert later.budget == limit


def test_how_many_items_were_kept_and_made_is_counted_stage_by_stage() -> None:
    manifest = replace(entered(Stage.CLONE), update=Update(from_="earlier"))
    manifest = decisions.pin(manifest, COMMIT)
    for kept in (None, 1, 0):
        both = (artifact("a"), artifact("b"))
        done = decisions.finish(manifest, both, at=AT, seconds=1, kept=kept)
        manifest = stamped(decisions.move_on(done, at=AT))
    assert manifest.update == Update(from_="earlier", kept=1, made=3)
