"""What a job must meet before it is claimed."""

from dataclasses import replace

import pytest

from states import decisions
from states.exits import Exit
from states.manifest import EngineRef, Identity, Manifest
from states.stages import Stage
from tests.support.builders import (
    AT,
    ENGINE,
    IDENTITY,
    begun,
    completed,
    entered,
    run_record,
)
from worker.errors import ConfigError, DataError
from worker.ownership.preconditions import (
    busy,
    check_end,
    check_identity,
    check_model,
    check_reached,
    no_such_job,
)

BY_A_MODEL = replace(ENGINE, model="m-1", language="French")


def collected() -> Manifest:
    job = completed()
    answers = {event.sequence: 200 for event in job.outbox.pending}
    settled = decisions.settle(job, answers, at=AT)
    return decisions.collect(decisions.release(settled, Exit.OK, at=AT))


def test_a_request_for_the_same_job_continues_it() -> None:
    check_identity(begun(), IDENTITY)


@pytest.mark.parametrize(
    "wanted",
    [
        replace(IDENTITY, job_id=IDENTITY.job_id.upper()),
        replace(IDENTITY, repository="https://example.org/other/name"),
        replace(IDENTITY, branch="other"),
    ],
    ids=["name", "repository", "branch"],
)
def test_a_job_about_something_else_is_not_continued(
    wanted: Identity,
) -> None:
    with pytest.raises(
        ConfigError, match=r"job job-1 is about .* another JOB_ID"
    ) as raised:
        check_identity(begun(), wanted)
    assert raised.value.code == "identity"


@pytest.mark.parametrize(
    ("began", "engine"),
    [
        (BY_A_MODEL, BY_A_MODEL),
        (ENGINE, ENGINE),
        (ENGINE, BY_A_MODEL),
        (BY_A_MODEL, replace(BY_A_MODEL, version="2")),
    ],
    ids=["the same", "none", "none before", "a newer engine"],
)
def test_a_job_is_continued_by_the_model_that_it_began_with(
    began: EngineRef, engine: EngineRef
) -> None:
    check_model(replace(begun(), engine=began), engine)


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        (replace(BY_A_MODEL, model="m-2"), "ANTHROPIC_MODEL is 'm-2'"),
        (replace(BY_A_MODEL, model=None), "ANTHROPIC_MODEL is None"),
        (replace(BY_A_MODEL, language="Danish"), "COURSE_LANGUAGE is 'Danish'"),
    ],
    ids=["another model", "no model", "another language"],
)
def test_a_job_is_not_continued_by_another_model_or_in_another_language(
    engine: EngineRef, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected) as raised:
        check_model(replace(begun(), engine=BY_A_MODEL), engine)
    assert raised.value.code == "model"


@pytest.mark.parametrize(
    ("job", "stage"),
    [
        (entered(Stage.ORDER), Stage.EXTRACT),
        (entered(Stage.ORDER), Stage.ORDER),
        (completed(), Stage.GENERATE_TUTORIALS),
    ],
    ids=["a finished stage", "its next stage", "a completed job"],
)
def test_a_job_is_redone_from_a_stage_that_it_has_reached(
    job: Manifest, stage: Stage
) -> None:
    check_reached(job, stage)


def test_a_job_is_not_redone_from_a_later_stage_than_its_next() -> None:
    with pytest.raises(
        DataError, match=r"has not reached review-chapters yet: .* is order"
    ):
        check_reached(entered(Stage.ORDER), Stage.REVIEW_CHAPTERS)


def test_a_collected_job_is_redone_from_no_stage() -> None:
    with pytest.raises(
        DataError, match="cannot be resumed: its files were deleted by `gc`"
    ):
        check_reached(collected(), Stage.EXTRACT)


@pytest.mark.parametrize(
    "job",
    [completed(), decisions.cancel(entered(Stage.ORDER), at=AT)],
    ids=["completed", "canceled"],
)
def test_the_end_of_a_job_can_be_sent_again(job: Manifest) -> None:
    check_end(job)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (entered(Stage.ORDER), "is ordering and has no final event yet"),
        (collected(), "cannot be sent again: its files were deleted by `gc`"),
    ],
    ids=["no end", "no files"],
)
def test_a_missing_final_event_is_not_sent_again(
    job: Manifest, expected: str
) -> None:
    with pytest.raises(DataError, match=expected):
        check_end(job)


def test_a_missing_job_has_its_own_error() -> None:
    assert no_such_job("job-7").code == "no_such_job"


@pytest.mark.parametrize(
    ("platform_run", "named"),
    [(None, "run 1 has"), ("r-9", "run 1 (platform run r-9) has")],
)
def test_the_run_that_works_on_a_job_is_named(
    platform_run: str | None, named: str
) -> None:
    owner = run_record(platform_run=platform_run)
    error = busy(begun().with_owner(owner))
    assert str(error).startswith(f"{named} been working on job job-1 since")
