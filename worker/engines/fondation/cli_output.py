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
"""Of a longer line, only so many characters are passed on."""
MAX_LINES: Final = 50
"""So many lines are passed on in a second."""
STEPS: Final = 6
"""A run of all steps announces so many."""
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
    """As `logging` has it."""
    text: str
    blames: bool
    """Whether it can be the reason of a failure."""


class CliOutput:
    """Listens to one run of the CLI; `hear` is called from the thread that reads its output."""

    def __init__(self, runtime: Runtime, secrets: Sequence[str]) -> None:
        """Strike secrets out of all that is passed on."""
        self._runtime = runtime
        self._secrets = secrets
        self._errors: deque[str] = deque(maxlen=_KEPT_ERRORS)
        self._second = float("-inf")
        self._passed_on = 0
        self._left_out = 0
        self.step = 0
        """The number of the last step of a run of all steps that it has announced."""

    def hear(self, stream: Stream, line: str) -> None:
        """Take a line."""
        if not line:
            return
        heard = parse(stream, line)
        self._heed(heard.text)
        if heard.blames:
            self._errors.append(self._clean(heard.text))
        self._pass_on(heard)

    def errors(self) -> list[str]:
        """Return the last errors that it has printed."""
        return list(self._errors)

    def close(self) -> None:
        """Say how much was left out of the log."""
        if self._left_out:
            LOG.warning(
                "the CLI printed more than is shown",
                extra={"lines_left_out": self._left_out},
            )
        self._left_out = 0

    def _heed(self, text: str) -> None:
        marker = _MARKER.match(text)
        if (
            marker is not None
            and int(marker[2]) == STEPS
            and int(marker[1]) == self.step + 1
        ):
            self.step += 1

    def _pass_on(self, heard: OutputLine) -> None:
        if not LOG.isEnabledFor(heard.level):
            return
        now = self._runtime.monotonic()
        if now - self._second >= 1:
            self.close()
            self._second, self._passed_on = now, 0
        if self._passed_on >= MAX_LINES:
            self._left_out += 1
            return
        self._passed_on += 1
        LOG.log(heard.level, "cli", extra={"line": self._clean(heard.text)})

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return printable(text[:MAX_TEXT]).rstrip()


def parse(stream: Stream, line: str) -> OutputLine:
    """Read a line: JSON of pino, or free text."""
    try:
        document = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        document = None
    cut_off = _CUT_OFF.match(line)
    if isinstance(document, dict) and isinstance(document.get("level"), int):
        level, text = document["level"], _message(document)
    elif cut_off is not None:
        level, text = int(cut_off[1]), line
    else:
        printed = stream is Stream.STDOUT
        return OutputLine(
            level=logging.INFO if printed else logging.WARNING,
            text=line,
            blames=not printed,
        )
    return OutputLine(level=_level(level), text=text, blames=level >= _ERROR)


def _message(document: dict[str, Any]) -> str:
    """Return what a line of pino says, with the error that may be in it."""
    error = document.get("err") or document.get("error")
    reason = error.get("message") if isinstance(error, dict) else error
    said = [
        text
        for text in (document.get("msg"), reason)
        if isinstance(text, str) and text
    ]
    return ": ".join(dict.fromkeys(said))


def _level(level: int) -> int:
    if level >= _ERROR:
        return logging.ERROR
    if level >= _WARNING:
        return logging.WARNING
    return logging.INFO if level >= _INFO else logging.DEBUG
