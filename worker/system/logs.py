"""The program's log on stderr: events with fields, as JSON lines or for people."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from worker.system.runtime import iso

FORMATS: Final = ("json", "console")
LEVELS: Final = ("debug", "info", "warning", "error")

_PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
}


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, context: dict[str, Any]) -> None:
        """Take the fields that every line has: the job."""
        super().__init__()
        self._context = context

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        document = {
            "time": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **self._context,
            **fields(record),
            "logger": record.name,
        }
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return json.dumps(document, default=str)


class ConsoleFormatter(logging.Formatter):
    """Time, level if it matters, event and fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback below it if there is one."""
        time = (
            datetime.fromtimestamp(record.created)
            .astimezone()
            .strftime("%H:%M:%S")
        )
        level = (
            ""
            if record.levelno == logging.INFO
            else f"{record.levelname.lower()}: "
        )
        extra = "".join(
            f" {name}={value}" for name, value in fields(record).items()
        )
        line = printable(f"{time} {level}{record.getMessage()}{extra}")
        return (
            f"{line}\n{self.formatException(record.exc_info)}"
            if record.exc_info
            else line
        )


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the `extra` of a log call."""
    return {
        name: value
        for name, value in vars(record).items()
        if name not in _PLAIN
    }


def printable(text: str) -> str:
    """Return a text without control characters for a terminal."""
    return "".join(
        character if character.isprintable() or character == "\t" else " "
        for character in text
    )


class LineHandler(logging.Handler):
    """Passes every line to a function, such as a progress display's."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """Write lines with a function."""
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        self._write(self.format(record))


def configure(
    stream: TextIO | Callable[[str], None],
    *,
    level: str,
    form: str,
    context: dict[str, Any],
) -> None:
    """Send the program's own log lines to a stream or a function.

    Other libraries' only from warnings on.
    """
    handler = (
        LineHandler(stream)
        if callable(stream)
        else logging.StreamHandler(stream)
    )
    handler.setFormatter(
        JsonFormatter(context) if form == "json" else ConsoleFormatter()
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("worker", "states"):
        logging.getLogger(name).setLevel(level.upper())
