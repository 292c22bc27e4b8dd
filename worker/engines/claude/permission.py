"""Whether a call may begin: not while the engine is paused, nor after it was stopped."""

from collections.abc import Callable
from typing import Final

from worker.engines.port import EngineFailedError
from worker.system.runtime import Runtime

_LOOK_SECONDS: Final = 0.2


class Permission:
    """The permission of one `produce` to make calls; thread-safe."""

    def __init__(
        self,
        runtime: Runtime,
        owns_alone: Callable[[], bool],
        *,
        paused: bool = False,
    ) -> None:
        """Take a function that returns whether only this run may act on the job."""
        self._runtime = runtime
        self._owns_alone = owns_alone
        self._stopped = runtime.flag()
        self.paused = paused

    @property
    def given(self) -> bool:
        """Whether a call may begin now."""
        if self.paused or self._stopped.is_set():
            return False
        return self._owns_alone()

    @property
    def stopped(self) -> bool:
        """Whether no further call will begin."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Let no further call begin."""
        self._stopped.set()

    def check(self) -> None:
        """Raise EngineFailedError after a stop."""
        if self._stopped.is_set():
            raise EngineFailedError("the engine was stopped", temporary=True)

    def wait(self) -> None:
        """Wait until a call may begin; raise EngineFailedError after a stop."""
        self.check()
        while not self.given:
            self.sleep(_LOOK_SECONDS)

    def sleep(self, seconds: float) -> None:
        """Wait for some seconds; raise EngineFailedError after a stop."""
        self._stopped.wait(seconds)
        self.check()
