"""What a person is told to do about a run that has not finished its job."""

import pytest

from states.exits import FATES, Exit, Fate
from worker.cli.commands.run import next_step


@pytest.mark.parametrize(
    "code", [code for code in Exit if FATES[code] is Fate.RESUMABLE]
)
def test_a_job_that_a_plain_retry_goes_on_with_is_said_to_be_run_again(
    code: Exit,
) -> None:
    assert "run the same command again" in next_step("job-1", code)


def test_a_run_that_was_replaced_names_the_way_to_see_by_which() -> None:
    assert "`status job-1` shows the run that replaced it" in next_step(
        "job-1", Exit.REPLACED
    )


@pytest.mark.parametrize(
    "code", [code for code in Exit if FATES[code] in {Fate.FAILED, Fate.UNTOUCHED}]
)
def test_a_job_that_has_failed_is_said_to_be_looked_at_and_resumed(code: Exit) -> None:
    said = next_step("job-1", code)
    assert "`status job-1` shows why" in said
    assert "continue with `resume job-1`" in said
