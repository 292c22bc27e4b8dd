"""How commands print their answers."""

import json

import pytest

from worker.cli.output import Output, counted, seconds, show, table, warn


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.04, "0.0s"),
        (59.94, "59.9s"),
        (60, "1m 00s"),
        (125.9, "2m 05s"),
        (3599, "59m 59s"),
        (3720, "1h 02m"),
    ],
)
def test_durations_are_formatted_for_people(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 chapters"), (1, "1 chapter"), (2, "2 chapters")]
)
def test_a_plural_agrees_with_its_count(number: int, text: str) -> None:
    assert counted(number, "chapter") == text


def test_a_warning_is_a_line_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    warn(["a", "b\x1b[31m"])
    printed = capsys.readouterr()
    assert printed.out == ""
    first, second = printed.err.splitlines()
    assert first == "fondation-worker: warning: a"
    assert "\x1b" not in second


def test_columns_are_aligned_without_trailing_blanks() -> None:
    assert table([["a", "bb", "c"], ["aaa", "b", ""]]) == [
        "a    bb  c",
        "aaa  b",
    ]
    assert table([]) == []


def test_people_get_lines_and_machines_get_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output(document={"jobId": "x"}, lines=["job x", "done"])
    show(output, as_json=False)
    assert capsys.readouterr().out == "job x\ndone\n"
    show(output, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"jobId": "x"}


def test_without_a_document_json_prints_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(Output(lines=["a"]), as_json=True)
    assert capsys.readouterr().out == ""


def test_control_characters_are_not_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(Output(lines=["a\x1b]0;title\x07b"]), as_json=False)
    assert capsys.readouterr().out == "a ]0;title b\n"
