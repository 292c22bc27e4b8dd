"""Whether the CLI takes single steps, asked once, and early if there is time."""

from collections.abc import Callable
from typing import Final

from worker.engines.fondation.cli_bundle import HELP_SECONDS
from worker.engines.port import EngineFailedError
from worker.system.process import MissingProgramError, ProcessStoppedError
from worker.system.runtime import Flag, Runtime

Ask = Callable[[Flag], bool]
"""Asks the CLI; raises ProcessStoppedError when the flag is set."""
_FAILURES: Final = (
    EngineFailedError,
    MissingProgramError,
    OSError,
    ProcessStoppedError,
)


class SingleSteps:
    """The answer, which may be waited for in another thread than it is asked in."""

    def __init__(self, ask: Ask, runtime: Runtime) -> None:
        self._ask = ask
        self._runtime = runtime
        self._stop = runtime.flag()
        self._asked: Flag | None = None
        self._answer: bool | None = None

    def ask(self) -> None:
        """Ask in a thread; if that fails, `taken` asks again."""
        asked = self._asked = self._runtime.flag()

        def work() -> None:
            try:
                self._answer = self._ask(self._stop)
            except _FAILURES:
                return
            finally:
                asked.set()

        self._runtime.spawn("single-steps", work)

    def taken(self, stop: Flag) -> bool:
        """Return the answer; raise what `Ask` raises, with this flag."""
        if self._asked is not None:
            self._asked.wait(2 * HELP_SECONDS)
        if self._answer is None:
            self._answer = self._ask(stop)
        return self._answer

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
