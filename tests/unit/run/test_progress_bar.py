"""The progress display; what it draws on a real terminal is in the acceptance tests."""

import pytest

from states.stages import Stage
from tests.support.builders import completed, entered
from worker.run.progress_bar import Display


def test_a_finished_stage_leaves_a_line_with_its_items_and_its_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Display() as display:
        for stage in (Stage.EXTRACT, Stage.ANALYZE, Stage.ORDER):
            display.transition(entered(stage))
            display.items(stage, 1, 1)
        display.transition(completed())
    lines = [
        line.split()
        for line in capsys.readouterr().err.splitlines()
        if line.strip()
    ]
    assert [(line[0], line[-2:]) for line in lines] == [
        ("2/7", ["1", "1.5s"]),
        ("3/7", ["1", "1.5s"]),
        ("4/7", ["1", "1.5s"]),
    ]


def test_a_checkpoint_within_a_stage_leaves_no_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Display() as display:
        display.transition(entered(Stage.ORDER))
        display.transition(entered(Stage.ORDER))
    assert capsys.readouterr().err.strip() == ""


def test_a_line_is_written_unchanged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Display() as display:
        display.write("[red]warning[/red]: " + "x" * 200)
    assert "[red]warning[/red]: " + "x" * 200 in capsys.readouterr().err
