"""Lets threads wait until another thread changes what they share."""

from typing import Final

from worker.system.runtime import Flag, Runtime

LOOK_SECONDS: Final = 0.5
"""After this time a thread looks again, even without a notification."""


class Changes:
    """The changes of one object; its lock must be held for each call here."""

    def __init__(self, runtime: Runtime) -> None:
        """Take the runtime that makes flags."""
        self._runtime = runtime
        self._next = runtime.flag()

    def announce(self) -> None:
        """Wake all threads that wait for the next change."""
        self._next.set()
        self._next = self._runtime.flag()

    def next(self) -> Flag:
        """Return the flag that the next change sets; wait for it without the lock."""
        return self._next
