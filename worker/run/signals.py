"""SIGTERM, SIGINT and the soft deadline: they ask a run to end, and then end it."""

import os
import queue
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from states.exits import Exit
from worker.run.inbox import Inbox, Stop
from worker.system.runtime import Runtime

_CUT_SHARE: Final = 0.9
"""The share of the grace after which a run is killed; then it ends within the grace."""
_CODES: Final = {signal.SIGTERM: Exit.SIGTERM, signal.SIGINT: Exit.SIGINT}


class Signals:
    """Turns signals into messages for a run.

    A handler runs between any two instructions of the main thread, which may hold a lock. So
    it only notes the signal (SimpleQueue.put is safe there), and another thread does the rest.
    """

    def __init__(
        self,
        inbox: Inbox,
        runtime: Runtime,
        *,
        grace_seconds: float,
        last_words: Callable[[], None],
    ) -> None:
        """`last_words` is called before a run that does not end in time is killed."""
        self._inbox = inbox
        self._runtime = runtime
        self._grace = grace_seconds
        self._last_words = last_words
        self._noted: queue.SimpleQueue[int] = queue.SimpleQueue()

    def install(self, *, soft_deadline: float | None) -> None:
        """Handle signals from now on, and a deadline in `soft_deadline` seconds."""
        for number in _CODES:
            signal.signal(number, lambda noted, _: self._noted.put(noted))
        self._runtime.spawn("signals", self._listen, self._inbox.mailbox.put)
        if soft_deadline is not None:
            report = self._inbox.mailbox.put
            self._runtime.spawn(
                "soft-deadline", lambda: self._expire(soft_deadline), report
            )

    def _listen(self) -> None:
        number = signal.Signals(self._noted.get())
        self._end(
            Stop(exit_code=_CODES[number], reason=f"stopped by {number.name}")
        )
        self._leave(_CODES[signal.Signals(self._noted.get())])

    def _expire(self, seconds: float) -> None:
        self._runtime.flag().wait(seconds)
        reason = "stopped by SOFT_DEADLINE_SECONDS; run it again to resume"
        self._end(Stop(exit_code=Exit.TEMPORARY, reason=reason))

    def _end(self, stop: Stop) -> None:
        self._inbox.mailbox.put(stop)
        self._runtime.spawn(
            "last-resort", lambda: self._cut_off(stop.exit_code)
        )

    def _cut_off(self, code: Exit) -> None:
        self._runtime.flag().wait(self._grace * _CUT_SHARE)
        self._leave(code)

    def _leave(self, code: Exit) -> None:
        self._last_words()
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code)
