"""The entries of a ledger: each attempt at a call, and each batch."""

from dataclasses import dataclass

from states.keys import CallName, CallRecord
from states.stages import Stage
from worker.engines.claude.records import (
    Answer,
    BatchCreated,
    BatchIntent,
    Intent,
    Outcome,
)


@dataclass(frozen=True, slots=True)
class CallId:
    """A call, identified by everything that its answer depends on."""

    stage: Stage
    key: str

    def name(self, number: int, record: CallRecord) -> CallName:
        """Return the object name of one of its attempts."""
        return CallName(
            stage=self.stage, key=self.key, number=number, record=record
        )


@dataclass(slots=True)
class LedgerEntry:
    """One attempt at a call."""

    call: CallId
    number: int
    intent: Intent
    outcome: Outcome | None = None
    in_flight: bool = False
    unsent: bool = False
    """Whether the call was not sent because it is unknown whether its intent is stored."""

    @property
    def lost(self) -> bool:
        """Whether the call may have been billed although no answer came."""
        return self.outcome is None and not self.in_flight

    @property
    def custom_id(self) -> str:
        """The call's name in a batch; no other run, of this or another job, uses it."""
        # guard: batches: a call's name in a batch is its run's own
        return f"{self.call.key}-{self.number}-{self.intent.writer}"

    @property
    def tokens(self) -> int:
        """How many tokens count against the budget."""
        if self.outcome is None:
            return self.intent.tokens
        if isinstance(self.outcome, Answer):
            return self.outcome.tokens.total
        return 0

    @property
    def nanodollars(self) -> int:
        """The cost that counts against the budget, in nanodollars."""
        if self.outcome is None:
            return self.intent.nanodollars
        if isinstance(self.outcome, Answer):
            return self.outcome.nanodollars
        return 0

    def name(self, record: CallRecord) -> CallName:
        """Return the name of one of the entry's two objects."""
        return self.call.name(self.number, record)


@dataclass(slots=True)
class BatchEntry:
    """A batch of calls, and whether it was created."""

    call: CallId
    """Identifies the batch: it has objects in the store like a call."""
    number: int
    intent: BatchIntent
    created: BatchCreated | None = None

    def name(self, record: CallRecord) -> CallName:
        """Return the name of one of the batch's two objects."""
        return self.call.name(self.number, record)
