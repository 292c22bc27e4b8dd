"""Sees who owns the job at each moment, and whether a run that is replaced could have known."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.scheduler import Process, Scheduler


@dataclass(frozen=True)
class Sign:
    """A run's last sign of life that was answered: when it was sent, by its machine's clock."""

    sent: float
    unaware: float
    lapsed: bool
    """Whether its lease had run out before, and it has not appended since."""


class Witness:
    """Follows the claims and the heartbeats of a job."""

    def __init__(self, scheduler: Scheduler, lease: Callable[[], float]) -> None:
        self.run = 0
        self.released = False
        self.silenced_at = 0.0
        """Since when nobody may speak but who has claimed the job last; nobody at all, if that has released it."""
        self.numbers: dict[Process, int] = {}
        """The last run that a process was."""
        self.appended_at: dict[Process, float] = {}
        """When a process was last told of the success of an append, by its machine's clock."""
        self.robbed: list[str] = []
        """Who was replaced while it lived, and had every reason to think that it owned the job."""
        self.unaware: list[str] = []
        """Who was replaced, and would have spoken if it had had something to say."""
        self.lawful_seconds = 0.0
        """So long after a claim the owner before may still speak: as long as it cannot know."""
        self._may_speak: dict[Process, Callable[[], float]] = {}
        self._scheduler = scheduler
        self._lease = lease
        self._owner: Process | None = None
        self._signs: dict[Process, Sign] = {}

    def appended(self, process: Process, body: bytes) -> None:
        """Note a checkpoint that has come to be."""
        manifest = json.loads(body)
        run, released = manifest["run"], manifest["runs"][-1]["endedAt"] is not None
        if run > self.run:
            if self._owner is not None and not self.released and self._feels_safe(self._owner):
                self.robbed.append(f"run {self.run} ({self._owner.name}) by run {run} ({process.name})")
            before, self.run, self._owner = self._owner, run, process
            self.silenced_at = self._scheduler.time
            self.numbers[process] = run
            if before is not None:
                self.look_at(before)
        if run == self.run:
            self.silenced_at = self._scheduler.time if released and not self.released else self.silenced_at
            self.released = released
            if released:  # it has closed its mouth before, whatever its lease says
                self._may_speak.pop(process, None)

    def listen(self, process: Process, may_speak: Callable[[], float]) -> None:
        """Learn how a process finds out for how long it may speak."""
        if self.numbers.get(process) == self.run and not self.released:
            self._may_speak[process] = may_speak

    def look_at(self, process: Process) -> None:
        """Note whether a process that was replaced thinks that it may speak; one whose machine has stood may."""
        own = self.numbers.get(process, self.run)
        if own == self.run or process.unaware or self.lawful:
            return
        if process in self._may_speak and (left := self._may_speak[process]()) > 0:
            self.unaware.append(
                f"{process.name}, run {own}, thinks it may speak for {left:.2f} s, under run {self.run}"
            )

    @property
    def lawful(self) -> bool:
        """Whether the owner before may still speak."""
        return self._scheduler.time - self.silenced_at <= self.lawful_seconds

    def answered(self, process: Process, sent: float, *, append: bool) -> None:
        """Note that a process was told of the success of a heartbeat, or of an append."""
        if append:
            self.appended_at[process] = process.clock(self._scheduler.time)
        sign, sent = self._signs.get(process), process.clock(sent)
        lapsed = sign is not None and (sign.lapsed or self._is_over(process, sign))
        if sign is None or (not append and sent > sign.sent):
            self._signs[process] = Sign(sent, process.unaware, lapsed)
        elif append and sign.lapsed and not self._is_over(process, sign):
            self._signs[process] = Sign(sign.sent, sign.unaware, lapsed=False)

    def _feels_safe(self, process: Process) -> bool:
        sign = self._signs.get(process)
        if sign is None or process.dead or process.frozen_until > self._scheduler.time:
            return False
        return not sign.lapsed and sign.unaware == process.unaware and not self._is_over(process, sign)

    def _is_over(self, process: Process, sign: Sign) -> bool:
        return process.clock(self._scheduler.time) - sign.sent >= self._lease()
