"""The entries of a ledger: each sending of a call, and each batch."""

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
    """A call, by all that its answer depends on."""

    stage: Stage
    key: str

    def name(self, number: int, record: CallRecord) -> CallName:
        """Return the name of an object of one of its sendings."""
        return CallName(
            stage=self.stage, key=self.key, number=number, record=record
        )


@dataclass(slots=True)
class LedgerEntry:
    """One sending of a call."""

    call: CallId
    number: int
    intent: Intent
    outcome: Outcome | None = None
    in_flight: bool = False
    unsent: bool = False
    """Whether the call was not sent because its intent may or may not be stored."""

    @property
    def lost(self) -> bool:
        """Whether the call may have been billed although no answer came."""
        return self.outcome is None and not self.in_flight

    @property
    def custom_id(self) -> str:
        """The call's name in a batch; no other run of this or another job gives it."""
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
        """What counts against the budget."""
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
    """What tells the batch from others: it has objects in the store as a call has."""
    number: int
    intent: BatchIntent
    created: BatchCreated | None = None

    def name(self, record: CallRecord) -> CallName:
        """Return the name of one of the batch's two objects."""
        return self.call.name(self.number, record)
