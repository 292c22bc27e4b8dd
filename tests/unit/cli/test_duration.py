"""Durations on the command line."""

import pytest

from worker.cli.duration import parse
from worker.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("10m", 600), ("12h", 43200), ("30d", 2592000), ("0s", 0)],
)
def test_a_duration_is_a_number_with_a_unit(text: str, seconds: int) -> None:
    assert parse(text, "--expires") == seconds


@pytest.mark.parametrize("text", ["", "10", "1.5h", "-1d", "1w", "1 h", "٣d"])
def test_any_other_text_is_refused_with_examples(text: str) -> None:
    with pytest.raises(
        UsageError,
        match=r"--expires is .*: it must be a number with a unit, such as 45s, 10m, 12h or 30d",
    ):
        parse(text, "--expires")
