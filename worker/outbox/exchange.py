"""One exchange with the receiver: it has one deadline, and any thread can end it at any moment.

An HTTP client bounds each phase by itself, and resolving a name not at all. So an exchange works
in a thread of its own, which is left behind when the time is up. A second handle on its socket
cuts the connection then: whatever that thread still writes, and whatever the system has not sent
yet, reaches no one.
"""

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn, TypeVar

from worker.outbox.port import UnreachableError
from worker.system.runtime import Mailbox, Runtime

Result = TypeVar("Result")

LIMIT_SECONDS: Final = 15.0
"""How long an exchange may take as a whole, however long the run may still speak."""
_LOOK_SECONDS: Final = 0.5
"""How often to look at the clock: a wait does not count the time that the machine sleeps."""
_CLOSING_SECONDS: Final = 1.0
_DISCARD: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: closing discards what was not sent, and resets the connection."""


class Exchange:
    """One attempt to deliver one event."""

    def __init__(self, runtime: Runtime, remaining: Callable[[], float]) -> None:
        """Begin now; `remaining` tells for how many seconds the run may still speak."""
        self._runtime = runtime
        self._remaining = remaining
        # guard: speaking: an exchange has a limit of its own
        self._end = runtime.monotonic() + LIMIT_SECONDS
        self._deadline = self._end
        self._socket: socket.socket | None = None
        self._held = False
        self._over = False
        self._ended = runtime.flag()
        self._outcomes: Mailbox[Callable[[], object] | None] = runtime.mailbox()

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, or raise what it raises.

        UnreachableError if that takes too long.
        """
        self.ask()
        self._runtime.spawn("exchange", lambda: self._work(work))
        try:
            while (
                not self._over
                and (left := self._deadline - self._runtime.monotonic()) > 0
            ):
                outcome = self._outcomes.get(min(left, _LOOK_SECONDS))
                if outcome is not None:
                    return outcome()  # type: ignore[return-value]  # it is what `work` returned
        finally:
            self.cut()
        raise UnreachableError("the time was up")

    def ask(self) -> None:
        """Go on only if the run may still speak: to be called immediately before anything is said."""
        now = self._runtime.monotonic()
        # guard: speaking: an exchange ends with the lease
        deadline = min(self._end, now + self._remaining())
        left = deadline - now
        if self._over or left <= 0:
            raise UnreachableError("the run may not speak any more")
        self._deadline = deadline
        if self._socket is not None:
            # The system gives up by itself, too: this process may be frozen or killed meanwhile.
            milliseconds = max(1, int(1000 * left))
            # guard: speaking: the system stops for a process that is frozen
            self._socket.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds
            )

    def share(self, attempts: int) -> float:
        """Return the seconds for the next of so many attempts that share what is left."""
        left = self._deadline - self._runtime.monotonic()
        if self._over or left <= 0:
            raise UnreachableError("the time was up")
        # guard: speaking: addresses share the time
        return left / attempts

    def hold(self, connection: socket.socket) -> None:
        """Take note of the connection, so that it can be cut."""
        self._socket = connection.dup()
        self._held = True
        if self._over:  # `cut` came first, and did not see it
            self._discard()
            raise UnreachableError("the time was up")

    def cut(self) -> None:
        """End the exchange, whatever phase it is in: when this returns, nothing can be sent any more."""
        self._over = True
        self._outcomes.put(None)
        self._discard()
        if self._held:
            self._ended.wait(
                _CLOSING_SECONDS
            )  # its thread wakes up, and closes its own handle

    def _discard(self) -> None:
        """Let the system send nothing more."""
        connection, self._socket = self._socket, None
        if connection is not None:
            with suppress(OSError), connection:
                # guard: speaking: what was not sent is discarded
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)
                connection.shutdown(socket.SHUT_RDWR)

    def _work(self, work: Callable[[], Result]) -> None:
        try:
            outcome = _returning(work())
        except Exception as error:  # noqa: BLE001 - raised again by `run`, if it still waits
            self._discard()
            outcome = _raising(error)
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()  # all was said, and nothing is to be discarded
        self._ended.set()
        self._outcomes.put(outcome)


def _returning(result: Result) -> Callable[[], Result]:
    return lambda: result


def _raising(error: Exception) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail
