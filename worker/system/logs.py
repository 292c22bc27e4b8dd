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
"""The standard attributes of a record; all others come from `extra`."""


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def __init__(self, context: dict[str, Any]) -> None:
        super().__init__()
        self._context = context

    def format(self, record: logging.LogRecord) -> str:
        created = datetime.fromtimestamp(record.created, UTC)
        document = {
            "time": iso(created),
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
    """Time, level (unless it is info), event and fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback below it if there is one."""
        created = datetime.fromtimestamp(record.created).astimezone()
        line = f"{created:%H:%M:%S} "
        if record.levelno != logging.INFO:
            line += f"{record.levelname.lower()}: "
        line += record.getMessage()
        for name, value in fields(record).items():
            line += f" {name}={value}"
        line = printable(line)
        if not record.exc_info:
            return line
        traceback = self.formatException(record.exc_info)
        return f"{line}\n{traceback}"


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the `extra` of a log call."""
    extra = dict(vars(record))
    for name in _PLAIN:
        extra.pop(name, None)
    return extra


def printable(text: str) -> str:
    """Return a text without control characters for a terminal."""
    characters = []
    for character in text:
        if character.isprintable() or character == "\t":
            characters.append(character)
        else:
            characters.append(" ")
    return "".join(characters)


class LineHandler(logging.Handler):
    """Passes every line to a function, such as a progress display's."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self._write(line)


def configure(
    stream: TextIO | Callable[[str], None],
    *,
    level: str,
    form: str,
    context: dict[str, Any],
) -> None:
    """Send log lines to a stream or a function.

    Of the libraries, only warnings and errors are logged.
    """
    handler = _handler(stream)
    formatter: logging.Formatter = ConsoleFormatter()
    if form == "json":
        formatter = JsonFormatter(context)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("worker", "states"):
        logger = logging.getLogger(name)
        logger.setLevel(level.upper())


def _handler(stream: TextIO | Callable[[str], None]) -> logging.Handler:
    if callable(stream):
        return LineHandler(stream)
    return logging.StreamHandler(stream)
