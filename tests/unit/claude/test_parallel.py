"""The first question starts alone, the others as soon as its prefix is cached."""

import time
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from worker.engines.claude.parallel import in_parallel
from worker.engines.claude.permission import Permission
from worker.engines.port import EngineFailedError
from worker.system.runtime import Flag, SystemRuntime


class _ObservedFlag:
    """A flag that reports that a thread waits for it."""

    def __init__(self, flag: Flag, events: "SimpleQueue[str]") -> None:
        self._flag = flag
        self._events = events
        self.set = flag.set
        self.is_set = flag.is_set

    def wait(self, seconds: float) -> bool:
        self._events.put("the second waits")
        return self._flag.wait(seconds)


class _ObservedRuntime(SystemRuntime):
    def __init__(self) -> None:
        self.events: SimpleQueue[str] = SimpleQueue()

    def flag(self) -> Flag:
        return _ObservedFlag(super().flag(), self.events)


def test_the_second_waits_until_the_first_has_cached_their_prefix() -> None:
    runtime = _ObservedRuntime()
    seen: list[str] = []

    def first(cached: Callable[[], None]) -> None:
        seen.append(runtime.events.get(timeout=60))
        cached()
        # The second call starts before this one ends.
        while seen[-1] != "the second begins":
            seen.append(runtime.events.get(timeout=60))

    def second(_: Callable[[], None]) -> None:
        runtime.events.put("the second begins")

    permission = Permission(runtime, lambda: True)
    outcomes = dict(in_parallel([first, second], 2, runtime, permission))
    assert outcomes == {0: None, 1: None}
    assert seen[0] == "the second waits"


class _SlowFlag:
    """A flag whose `set` returns late, so that threads that wait for it run first."""

    def __init__(self, flag: Flag) -> None:
        self._flag = flag
        self.is_set = flag.is_set
        self.wait = flag.wait

    def set(self) -> None:
        self._flag.set()
        time.sleep(0.2)


class _SlowFlagRuntime(SystemRuntime):
    def flag(self) -> Flag:
        return _SlowFlag(super().flag())


def test_none_begins_after_the_first_has_failed() -> None:
    runtime = _SlowFlagRuntime()
    begun: list[str] = []

    def first(_: Callable[[], None]) -> None:
        raise EngineFailedError("the key is refused", temporary=False)

    def second(_: Callable[[], None]) -> None:
        begun.append("the second")

    permission = Permission(runtime, lambda: True)
    with pytest.raises(EngineFailedError):
        list(in_parallel([first, second], 2, runtime, permission))
    assert begun == []
