"""The advice about a run that has not finished its job."""

import pytest

from states.exits import FATES, Exit, Fate
from worker.cli.commands.run import next_step


@pytest.mark.parametrize(
    "code", [code for code in Exit if FATES[code] is Fate.RESUMABLE]
)
def test_a_job_that_a_retry_continues_is_to_be_run_again(
    code: Exit,
) -> None:
    assert "run the same command again" in next_step("job-1", code)


def test_a_replaced_run_is_to_be_looked_up_with_status() -> None:
    assert "`status job-1` shows the run that replaced it" in next_step(
        "job-1", Exit.REPLACED
    )


@pytest.mark.parametrize(
    "code",
    [code for code in Exit if FATES[code] in {Fate.FAILED, Fate.UNTOUCHED}],
)
def test_a_failed_job_is_to_be_looked_at_and_resumed(code: Exit) -> None:
    answer = next_step("job-1", code)
    assert "`status job-1` shows why" in answer
    assert "continue with `resume job-1`" in answer
