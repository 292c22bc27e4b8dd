"""The CLI's output in the log."""

import json
import logging

import pytest

from tests.support.fondation import listen, printed_lines
from worker.engines.fondation.cli_output import (
    MAX_LINES,
    MAX_TEXT,
    CliOutput,
    OutputLine,
    parse,
)
from worker.system.process import Stream
from worker.system.runtime import SystemRuntime

OUT, ERR = Stream.STDOUT, Stream.STDERR


class Clock(SystemRuntime):
    """A clock that stands still until a test moves it."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def pino(level: int, msg: str, **more: object) -> str:
    return json.dumps({"level": level, "time": 1, "msg": msg, **more})


@pytest.mark.parametrize(
    ("stream", "line", "level", "text", "is_error"),
    [
        (OUT, pino(30, "begins"), logging.INFO, "begins", False),
        (OUT, pino(20, "detail"), logging.DEBUG, "detail", False),
        (OUT, pino(40, "careful"), logging.WARNING, "careful", False),
        (OUT, pino(50, "broke"), logging.ERROR, "broke", True),
        (OUT, pino(60, "died"), logging.ERROR, "died", True),
        (
            OUT,
            pino(50, "broke", err={"message": "429", "stack": "…"}),
            logging.ERROR,
            "broke: 429",
            True,
        ),
        (
            OUT,
            pino(50, "429", err={"message": "429"}),
            logging.ERROR,
            "429",
            True,
        ),
        (
            OUT,
            pino(50, "broke", error="why"),
            logging.ERROR,
            "broke: why",
            True,
        ),
        (ERR, pino(30, "begins"), logging.INFO, "begins", False),
        (OUT, "free text", logging.INFO, "free text", False),
        (ERR, "free text", logging.WARNING, "free text", True),
        (
            OUT,
            '{"level": true-ish}',
            logging.INFO,
            '{"level": true-ish}',
            False,
        ),
        (
            OUT,
            '{"level":50,"msg":"cut o',
            logging.ERROR,
            '{"level":50,"msg":"cut o',
            True,
        ),
        (OUT, '{"no":"level"}', logging.INFO, '{"no":"level"}', False),
        (OUT, "[" * 60000, logging.INFO, "[" * 60000, False),
        (OUT, '{"a":' * 60000, logging.INFO, '{"a":' * 60000, False),
    ],
)
def test_lines_are_read(
    stream: Stream,
    line: str,
    level: int,
    text: str,
    is_error: bool,  # noqa: FBT001 - a table
) -> None:
    output_line = parse(stream, line)
    expected = OutputLine(level=level, text=text, is_error=is_error)
    assert output_line == expected


def test_lines_are_passed_on_at_their_level(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listen(caplog)
    output = CliOutput(SystemRuntime(), ())
    for line in (pino(20, "a"), pino(30, "b"), pino(40, "c"), pino(50, "d")):
        output.take(OUT, line)
    assert printed_lines(caplog) == [(10, "a"), (20, "b"), (30, "c"), (40, "d")]


def test_the_beginning_of_a_long_line_is_passed_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listen(caplog)
    CliOutput(SystemRuntime(), ()).take(ERR, "x" * 50_000)
    assert printed_lines(caplog) == [(logging.WARNING, "x" * MAX_TEXT)]


def test_some_of_many_lines_a_second_are_passed_on_and_the_rest_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listen(caplog)
    clock = Clock()
    output = CliOutput(clock, ())
    for number in range(1000):
        output.take(OUT, f"line {number}")
    clock.seconds = 1
    output.take(OUT, "another second")
    assert [text for _, text in printed_lines(caplog)] == [
        *(f"line {i}" for i in range(MAX_LINES)),
        "another second",
    ]
    assert [vars(record).get("lines_left_out") for record in caplog.records][
        -2:
    ] == [
        1000 - MAX_LINES,
        None,
    ]


def test_lines_below_the_log_level_are_not_counted_as_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="worker.engines.fondation")
    output = CliOutput(Clock(), ())
    for _ in range(1000):
        output.take(OUT, pino(20, "detail"))
    output.close()
    assert caplog.records == []


def test_secrets_and_control_characters_are_struck_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listen(caplog)
    output = CliOutput(SystemRuntime(), ("sk-ant-secret",))
    output.take(ERR, "key sk-ant-secret\x1b[31m refused \u202e")
    output.take(
        OUT,
        json.dumps(
            {"level": 50, "msg": "x" * (MAX_TEXT - 6) + "sk-ant-secret"}
        ),
    )
    assert output.errors() == [
        "key *** [31m refused",
        "x" * (MAX_TEXT - 6) + "***",
    ]
    assert [text for _, text in printed_lines(caplog)] == output.errors()


def test_only_the_last_errors_are_kept() -> None:
    output = CliOutput(SystemRuntime(), ())
    for number in range(1000):
        output.take(ERR, f"error {number}")
    assert (len(output.errors()), output.errors()[-1]) == (50, "error 999")


@pytest.mark.parametrize(
    ("lines", "step"),
    [
        (
            [
                "[FONDATION_STEP_1/6] Extracting",
                "[FONDATION_STEP_2/6] Analyzing",
            ],
            2,
        ),
        ([pino(30, "[FONDATION_STEP_1/6] Extracting")], 1),
        (["[FONDATION_STEP_1/1] Extracting"], 0),
        (
            [
                "[FONDATION_STEP_1/6]",
                "[FONDATION_STEP_6/6] so says a repository",
            ],
            1,
        ),
        (["a model says: [FONDATION_STEP_1/6]"], 0),
    ],
)
def test_steps_are_counted_as_they_are_announced(
    lines: list[str], step: int
) -> None:
    output = CliOutput(SystemRuntime(), ())
    for line in lines:
        output.take(OUT, line)
    assert output.step == step
