"""The log's two forms, for machines and for people."""

import io
import json
import logging
import sys
from typing import Any

import pytest

from worker.system.logs import (
    ConsoleFormatter,
    JsonFormatter,
    configure,
    printable,
)


def logged(form: str, level: str = "info", **fields: Any) -> str:  # noqa: ANN401 - any field
    stream = io.StringIO()
    configure(stream, level=level, form=form, context={"job_id": "job-1"})
    logging.getLogger("worker.some").info("something", extra=fields)
    return stream.getvalue()


def test_a_json_line_is_one_object_with_the_job_and_the_fields() -> None:
    document = json.loads(logged("json", stage="order", done=3))
    assert document.pop("time").endswith("Z")
    assert document == {
        "level": "info",
        "event": "something",
        "job_id": "job-1",
        "stage": "order",
        "done": 3,
        "logger": "worker.some",
    }


def test_a_line_for_people_is_event_and_fields_without_the_usual_level() -> (
    None
):
    line = logged("console", stage="order")
    assert line.endswith(" something stage=order\n")
    assert "info" not in line


def test_a_warning_is_labelled_as_one() -> None:
    record = logging.makeLogRecord(
        {"msg": "careful", "levelno": logging.WARNING, "levelname": "WARNING"}
    )
    assert ConsoleFormatter().format(record).endswith("warning: careful")


@pytest.mark.parametrize(
    ("level", "lines"), [("debug", 1), ("info", 1), ("warning", 0)]
)
def test_records_below_the_level_are_not_written(
    level: str, lines: int
) -> None:
    assert len(logged("json", level).splitlines()) == lines


def test_other_libraries_are_logged_from_warnings_on() -> None:
    stream = io.StringIO()
    configure(stream, level="debug", form="console", context={})
    logging.getLogger("botocore").info("chatter")
    logging.getLogger("botocore").warning("trouble")
    assert "chatter" not in stream.getvalue()
    assert "trouble" in stream.getvalue()


@pytest.mark.parametrize("formatter", [JsonFormatter({}), ConsoleFormatter()])
def test_a_bug_comes_with_its_traceback(formatter: logging.Formatter) -> None:
    record = logging.makeLogRecord({"msg": "a bug"})
    try:
        int("x")
    except ValueError:
        record.exc_info = sys.exc_info()
    text = formatter.format(record)
    assert "Traceback" in text
    assert "ValueError" in text


def test_lines_may_go_to_a_function() -> None:
    lines: list[str] = []
    configure(lines.append, level="info", form="console", context={})
    logging.getLogger("worker").info("hello")
    assert [line.split(" ", 1)[1] for line in lines] == ["hello"]


def test_a_repositorys_names_cannot_move_the_cursor_or_begin_a_line() -> None:
    line = logged("console", path="a\x1b[2Jb\nc\r\u202ed\te")
    assert line.endswith("path=a [2Jb c  d\te\n")
    assert printable("chapitre été 漢字") == "chapitre été 漢字"
