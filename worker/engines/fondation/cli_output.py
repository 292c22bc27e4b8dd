"""The CLI's output: passed on to the log within limits, and searched for errors."""

import json
import logging
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from worker.system.logs import printable
from worker.system.process import Stream
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)

MAX_TEXT: Final = 1000
"""How many characters of a line are passed on."""
MAX_LINES: Final = 50
"""How many lines are passed on in a second."""
STEPS: Final = 6
"""How many steps a CLI process that runs all of them announces."""
_KEPT_ERRORS: Final = 50

_MARKER: Final = re.compile(r"\s*\[FONDATION_STEP_(\d+)/(\d+)\]")
_CUT_OFF: Final = re.compile(r'\{"level":\s*(\d+)')
_ERROR: Final = 50
_WARNING: Final = 40
_INFO: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputLine:
    """A line that the CLI has printed."""

    level: int
    """A level of `logging`."""
    text: str
    is_error: bool
    """Whether the line can be the reason for a failure."""


class CliOutput:
    """The output of one CLI process; the thread that reads it calls `take`."""

    def __init__(self, runtime: Runtime, secrets: Sequence[str]) -> None:
        """Remove `secrets` from everything that is passed on."""
        self._runtime = runtime
        self._secrets = secrets
        self._errors: deque[str] = deque(maxlen=_KEPT_ERRORS)
        self._second_began = float("-inf")
        self._passed_on = 0
        self._left_out = 0
        self.step = 0
        """The number of the last step that the CLI has announced, if it runs all of them."""

    def take(self, stream: Stream, line: str) -> None:
        if not line:
            return
        output_line = parse(stream, line)
        text = output_line.text
        self._count_step(text)
        if output_line.is_error:
            error = self._clean(text)
            self._errors.append(error)
        self._pass_on(output_line)

    def errors(self) -> list[str]:
        """Return the last errors that the CLI has printed."""
        return list(self._errors)

    def close(self) -> None:
        """Log how many lines were left out."""
        if self._left_out:
            LOG.warning(
                "the CLI printed more lines than are shown",
                extra={"lines_left_out": self._left_out},
            )
        self._left_out = 0

    def _count_step(self, text: str) -> None:
        marker = _MARKER.match(text)
        if marker is None:
            return
        step = int(marker[1])
        steps = int(marker[2])
        if steps == STEPS and step == self.step + 1:
            self.step = step

    def _pass_on(self, output_line: OutputLine) -> None:
        level = output_line.level
        if not LOG.isEnabledFor(level):
            return
        now = self._runtime.monotonic()
        if now - self._second_began >= 1:
            self.close()
            self._second_began = now
            self._passed_on = 0
        if self._passed_on >= MAX_LINES:
            self._left_out += 1
            return
        self._passed_on += 1
        line = self._clean(output_line.text)
        LOG.log(level, "cli", extra={"line": line})

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return printable(text[:MAX_TEXT]).rstrip()


def parse(stream: Stream, line: str) -> OutputLine:
    """Read a line: JSON of pino, or free text."""
    document = _json_object(line)
    level = document.get("level")
    if isinstance(level, int):
        return _pino_line(level, _message(document))
    cut_off = _CUT_OFF.match(line)
    if cut_off is not None:
        return _pino_line(int(cut_off[1]), line)
    if stream is Stream.STDOUT:
        return OutputLine(level=logging.INFO, text=line, is_error=False)
    return OutputLine(level=logging.WARNING, text=line, is_error=True)


def _json_object(line: str) -> dict[str, Any]:
    """Return the JSON object that a line holds, or an empty one."""
    if not line.startswith("{"):
        return {}
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if isinstance(document, dict):
        return document
    return {}


def _pino_line(level: int, text: str) -> OutputLine:
    is_error = level >= _ERROR
    return OutputLine(level=_level(level), text=text, is_error=is_error)


def _message(document: dict[str, Any]) -> str:
    """Return the message of pino's document, followed by its error if it has one."""
    message = document.get("msg")
    reason = document.get("err") or document.get("error")
    if isinstance(reason, dict):
        reason = reason.get("message")
    texts = []
    if isinstance(message, str) and message:
        texts.append(message)
    if isinstance(reason, str) and reason and reason != message:
        texts.append(reason)
    return ": ".join(texts)


def _level(level: int) -> int:
    if level >= _ERROR:
        return logging.ERROR
    if level >= _WARNING:
        return logging.WARNING
    if level >= _INFO:
        return logging.INFO
    return logging.DEBUG
