"""A run's progress in the log."""

import logging

import pytest

from states.stages import Stage
from worker.run.progress import LogReporter


def logged(caplog: pytest.LogCaptureFixture, total: int) -> list[int]:
    with caplog.at_level(logging.INFO, logger="worker.run.progress"):
        for done in range(total + 1):
            LogReporter().items(Stage.GENERATE_CHAPTERS, done, total)
    return [vars(record)["done"] for record in caplog.records]


def test_items_are_logged_at_each_tenth_and_never_before_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert logged(caplog, 40) == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]


def test_each_of_a_few_items_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert logged(caplog, 3) == [1, 2, 3]


def test_a_stage_of_one_item_has_its_checkpoint_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert logged(caplog, 1) == []
