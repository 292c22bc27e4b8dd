"""Asks questions in parallel, the first one alone, so that the others read the prefix it caches."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from worker.engines.claude.failures import UnusableAnswerError
from worker.engines.claude.permission import Permission
from worker.system.runtime import Flag, Mailbox, Runtime

Result = TypeVar("Result")
Work = Callable[[Callable[[], None]], Result]
"""Does one piece of work; it calls its argument as soon as the others may begin."""

_LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class _Ended:
    """A thread has ended, with or without an error."""

    error: BaseException | None


class _Team(Generic[Result]):
    def __init__(self, works: Sequence[Work[Result]], runtime: Runtime) -> None:
        self.outcomes: Mailbox[
            tuple[int, Result | UnusableAnswerError] | _Ended
        ] = runtime.mailbox()
        self.over: Flag = runtime.flag()
        """Set when no more work is begun."""
        self._works = works
        self._next = 0
        self._lock = threading.Lock()
        self._first_began = runtime.flag()

    def work(self) -> None:
        error: BaseException | None = None
        try:
            while (number := self._take()) is not None:
                self.outcomes.put((number, self._do(number)))
        except BaseException as failure:  # noqa: BLE001 - it is raised in the other thread
            error = failure
        self.outcomes.put(_Ended(error))

    def _take(self) -> int | None:
        with self._lock:
            number = self._next
            self._next += 1
        # guard: paid calls: the others begin when the first has cached their prefix
        while number > 0 and not self._first_began.wait(_LOOK_SECONDS):
            pass
        if number >= len(self._works) or self.over.is_set():
            return None
        return number

    def _do(self, number: int) -> Result | UnusableAnswerError:
        try:
            return self._works[number](self._first_began.set)
        except UnusableAnswerError as error:
            return error
        except BaseException:
            # guard: paid calls: after an error that ends the stage none is begun
            self.over.set()
            raise
        finally:
            # Threads that wait for the first one look at `over` next.
            self._first_began.set()


def in_parallel(
    works: Sequence[Work[Result]],
    threads: int,
    runtime: Runtime,
    permission: Permission,
) -> Iterator[tuple[int, Result | UnusableAnswerError]]:
    """Yield each result with its number, as it arrives.

    After an error, no more work is begun; the results of work in progress are yielded, then the
    error is raised. A stop is raised at once.
    """
    team = _Team(works, runtime)
    left = min(threads, len(works))
    for number in range(left):
        runtime.spawn(f"model-{number}", team.work)
    failure: BaseException | None = None
    try:
        while left:
            permission.check()
            outcome = team.outcomes.get(_LOOK_SECONDS)
            if isinstance(outcome, _Ended):
                left -= 1
                failure = failure or outcome.error
            elif outcome is not None:
                yield outcome
    finally:
        team.over.set()
    if failure is not None:
        raise failure
