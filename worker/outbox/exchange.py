"""One exchange with the receiver: it has one deadline, and any thread can end it.

An HTTP client limits each phase separately, and does not limit name resolution. So an exchange runs
in its own thread, which is abandoned at the deadline. Then a second handle on its socket cuts the
connection: nothing that the thread still writes, or that the system has not sent yet, is sent.
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
"""How long an exchange may take, even if the lease lasts longer."""
_LOOK_SECONDS: Final = 0.5
"""How often the clock is checked: waits do not count the time when the machine sleeps."""
_CLOSING_SECONDS: Final = 1.0
_DISCARD: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: closing discards unsent data, and resets the connection."""


class Exchange:
    """One attempt to deliver one event."""

    def __init__(
        self, runtime: Runtime, remaining: Callable[[], float]
    ) -> None:
        """Start now; `remaining` returns how many seconds the run may still send."""
        self._runtime = runtime
        self._remaining = remaining
        # guard: sending: an exchange has a limit of its own
        self._end = runtime.monotonic() + LIMIT_SECONDS
        self._deadline = self._end
        self._socket: socket.socket | None = None
        self._held = False
        self._over = False
        self._ended = runtime.flag()
        self._outcomes: Mailbox[Callable[[], object] | None] = runtime.mailbox()

    def run(self, work: Callable[[], Result]) -> Result:
        """Return or raise the result of `work`; raise UnreachableError at the deadline."""
        self.ask()
        self._runtime.spawn("exchange", lambda: self._work(work))
        try:
            while not self._over:
                left = self._deadline - self._runtime.monotonic()
                if left <= 0:
                    break
                outcome = self._outcomes.get(min(left, _LOOK_SECONDS))
                if outcome is not None:
                    # The outcome has the type of `work`'s result.
                    return outcome()  # type: ignore[return-value]
        finally:
            self.cut()
        raise UnreachableError("the deadline has passed")

    def ask(self) -> None:
        """Raise UnreachableError unless the run may still send; call it right before sending."""
        now = self._runtime.monotonic()
        # guard: sending: an exchange ends with the lease
        deadline = min(self._end, now + self._remaining())
        left = deadline - now
        if self._over or left <= 0:
            raise UnreachableError("the run may no longer send")
        self._deadline = deadline
        if self._socket is not None:
            # The system gives up as well: this process may be frozen or killed meanwhile.
            milliseconds = max(1, int(1000 * left))
            # guard: sending: the kernel stops for a frozen process
            self._socket.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds
            )

    def share(self, attempts: int) -> float:
        """Return the seconds for the next of several attempts that share the remaining time."""
        left = self._deadline - self._runtime.monotonic()
        if self._over or left <= 0:
            raise UnreachableError("the deadline has passed")
        # guard: sending: addresses share the time
        return left / attempts

    def hold(self, connection: socket.socket) -> None:
        """Keep a handle on the connection, to cut it."""
        self._socket = connection.dup()
        self._held = True
        # `cut` may have come first.
        if self._over:
            self._discard()
            raise UnreachableError("the deadline has passed")

    def cut(self) -> None:
        """End the exchange in any phase; when this returns, nothing can be sent any more."""
        self._over = True
        self._outcomes.put(None)
        self._discard()
        if self._held:
            # The exchange's thread closes its own handle.
            self._ended.wait(_CLOSING_SECONDS)

    def _discard(self) -> None:
        """Discard what the system has not sent yet."""
        connection, self._socket = self._socket, None
        if connection is not None:
            with suppress(OSError), connection:
                # guard: sending: what was not sent is discarded
                connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD
                )
                connection.shutdown(socket.SHUT_RDWR)

    def _work(self, work: Callable[[], Result]) -> None:
        try:
            outcome = _returning(work())
        # `run` raises it again, if it still waits.
        except Exception as error:  # noqa: BLE001
            self._discard()
            outcome = _raising(error)
        connection, self._socket = self._socket, None
        if connection is not None:
            # Everything was sent.
            connection.close()
        self._ended.set()
        self._outcomes.put(outcome)


def _returning(result: Result) -> Callable[[], Result]:
    return lambda: result


def _raising(error: Exception) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail
