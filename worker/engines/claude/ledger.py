"""The job's paid calls: which are answered, their cost, and the budget for the next one.

A call is stored twice, create-only: its intent before it is sent, and its outcome afterwards. An
intent without an outcome is a call that may have been billed. It counts at its highest possible
cost from the moment it is reserved until its outcome is stored, and for ever if none is stored.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from states.keys import CallName, CallRecord
from states.stages import Stage
from states.usage import NANODOLLARS, Budget
from worker.engines.claude.changes import LOOK_SECONDS, Changes
from worker.engines.claude.ledger_entries import (
    BatchEntry,
    CallId,
    LedgerEntry,
)
from worker.engines.claude.records import (
    Answer,
    BatchCreated,
    BatchIntent,
    DamagedRecordError,
    Fallback,
    Intent,
    Outcome,
    RejectedCall,
    StoredRecord,
    decode,
    encode,
)
from worker.engines.port import CallStore, EngineFailedError
from worker.system.runtime import Flag, Runtime

LOG = logging.getLogger(__name__)

MAX_LOST: Final = 3
"""How many times a run sends a call whose answer is lost."""


class BudgetSpentError(EngineFailedError):
    """The next call could exceed the job's budget."""

    def __init__(self, message: str) -> None:
        """Take one line for the user."""
        super().__init__(message, temporary=False, code="budget_spent")


class Ledger:
    """The calls of one job, as the store and this process know them; thread-safe."""

    def __init__(self, calls: CallStore, writer: str, runtime: Runtime) -> None:
        """Take the call store, and a random name of this run."""
        self._calls = calls
        self._writer = writer
        self._entries: dict[CallId, dict[int, LedgerEntry]] = {}
        self._batches: dict[tuple[CallId, int], BatchEntry] = {}
        self._fallbacks: dict[CallId, Fallback] = {}
        self._at_work: set[CallId] = set()
        """The calls that a thread is working on."""
        self._lock = threading.RLock()
        self._changes = Changes(runtime)

    @contextmanager
    def turn(self, call: CallId) -> Iterator[None]:
        """Let only one thread at a time work on a call."""
        while (change := self._change_before_turn(call)) is not None:
            change.wait(LOOK_SECONDS)
        try:
            yield
        finally:
            with self._lock:
                self._at_work.remove(call)
                self._changes.announce()

    def read(self) -> None:
        """Read the records that all runs of the job have stored."""
        records: dict[CallName, StoredRecord] = {}
        for name, content in self._calls.read():
            records[name] = _decoded(name, content)
        with self._lock:
            for name, record in records.items():
                answer = replace(name, record=CallRecord.ANSWER)
                outcome = records.get(answer)
                self._take_in(name, record, outcome)

    def answer(self, call: CallId) -> Answer | None:
        """Return the recorded answer of a call, if there is one."""
        with self._lock:
            for entry in self._entries.get(call, {}).values():
                if isinstance(entry.outcome, Answer):
                    return entry.outcome
        return None

    def entries(self) -> list[LedgerEntry]:
        """Return every attempt at every call."""
        with self._lock:
            entries: list[LedgerEntry] = []
            for numbers in self._entries.values():
                entries += numbers.values()
            return entries

    def add_fallback(self, call: CallId, fallback: Fallback) -> None:
        """Record that an item is made without the model; `call` represents all of its calls."""
        name = CallName(
            stage=call.stage, key=call.key, number=1, record=CallRecord.INTENT
        )
        self._create(name, fallback)
        with self._lock:
            self._fallbacks[call] = fallback

    def fallbacks(self) -> Counter[tuple[Stage, str]]:
        """Return how many items of each stage were made without each model, in all runs."""
        with self._lock:
            return Counter(
                (call.stage, fallback.model)
                for call, fallback in self._fallbacks.items()
            )

    def fits(self, intent: Intent, budget: Budget) -> bool:
        """Whether the budget allows for a call if all others reach their highest cost."""
        with self._lock:
            return self._fits(intent, budget)

    def begin(
        self, call: CallId, intent: Intent, budget: Budget
    ) -> LedgerEntry | None:
        """Reserve what a call may cost, and store its intent: only then may it be sent.

        Returns None if another run has taken its number: then that run's records have been read.
        Raises BudgetSpentError, or a StoreFaultError: then the intent may be stored, so it counts
        until the call is begun again, under the same number.
        """
        entry = self._reserve(call, intent, budget)
        name = entry.name(CallRecord.INTENT)
        try:
            stored = self._create(name, entry.intent)
        except BaseException:
            # guard: paid calls: an intent that may be stored counts
            self._keep_unsent(entry)
            raise
        # guard: paid calls: another run's intent is not one's own
        if not self._is_ours(stored):
            self._release(entry)
            self.read()
            return None
        return entry

    def require(self, intent: Intent, budget: Budget) -> None:
        """Raise BudgetSpentError unless the budget allows for a call."""
        with self._lock:
            if not self._fits(intent, budget):
                raise self._spent(intent, budget)

    def begin_batch(
        self, call: CallId, intent: BatchIntent
    ) -> BatchEntry | None:
        """Store a batch's intent, or return None if another run has taken its number."""
        number = 1
        while (call, number) in self._batches:
            number += 1
        batch = BatchEntry(call, number, intent)
        name = batch.name(CallRecord.INTENT)
        stored = self._create(name, intent)
        if not self._is_ours(stored):
            self.read()
            return None
        self._batches[call, number] = batch
        return batch

    def end_batch(self, batch: BatchEntry, created: BatchCreated) -> None:
        """Store the outcome of creating a batch, unless another run has stored it."""
        name = batch.name(CallRecord.ANSWER)
        stored = self._create(name, created)
        if isinstance(stored, BatchCreated):
            batch.created = stored

    def batches(self, stage: Stage, generation: int) -> list[BatchEntry]:
        """Return the batches of a stage, oldest first."""
        with self._lock:
            batches = [
                batch
                for batch in self._batches.values()
                if batch.call.stage == stage
                and batch.intent.generation == generation
            ]
        return sorted(batches, key=lambda batch: batch.intent.at)

    def sendings(self, call: CallId) -> list[LedgerEntry]:
        """Return all attempts at a call."""
        with self._lock:
            return [*self._entries.get(call, {}).values()]

    def end(self, entry: LedgerEntry, outcome: Outcome) -> None:
        """Store the outcome of a call, unless another run has stored one: that one counts."""
        name = entry.name(CallRecord.ANSWER)
        try:
            stored = self._create(name, outcome)
            if isinstance(stored, Answer | RejectedCall):
                # guard: paid calls: the outcome that counts is the one that is stored
                entry.outcome = stored
        finally:
            self.lose(entry)

    def lose(self, entry: LedgerEntry) -> None:
        """Record that a call is no longer in flight."""
        with self._lock:
            entry.in_flight = False
            self._changes.announce()

    def was_lost(self, call: CallId) -> bool:
        """Whether any run has sent a call without getting an answer."""
        entries = self.sendings(call)
        return any(entry.lost for entry in entries)

    def lost_by_this_run(self, call: CallId) -> int:
        """Return how many times this run has sent a call without getting an answer."""
        lost = 0
        for entry in self.sendings(call):
            is_own = entry.intent.writer == self._writer
            if is_own and entry.lost and not entry.unsent:
                lost += 1
        return lost

    def _change_before_turn(self, call: CallId) -> Flag | None:
        """Start work on a call, or return the flag to wait for first."""
        with self._lock:
            if call in self._at_work:
                return self._changes.next()
            self._at_work.add(call)
            return None

    def _create(self, name: CallName, record: StoredRecord) -> StoredRecord:
        """Store a record unless one of that name exists; return the stored one."""
        return _decoded(name, self._calls.create(name, encode(record)))

    def _is_ours(self, record: StoredRecord) -> bool:
        if not isinstance(record, Intent | BatchIntent):
            return False
        return record.writer == self._writer

    def _take_in(
        self, name: CallName, record: StoredRecord, outcome: StoredRecord | None
    ) -> None:
        """Add an intent and its outcome to the ledger."""
        call = CallId(name.stage, name.key)
        number = name.number
        match record:
            case Fallback():
                self._fallbacks[call] = record
            case BatchIntent():
                new = BatchEntry(call, number, record)
                batch = self._batches.setdefault((call, number), new)
                if isinstance(outcome, BatchCreated):
                    batch.created = outcome
            case Intent():
                numbers = self._entries.setdefault(call, {})
                entry = LedgerEntry(call, number, record)
                entry = numbers.setdefault(number, entry)
                if isinstance(outcome, Answer | RejectedCall):
                    entry.outcome = outcome

    def _reserve(
        self, call: CallId, intent: Intent, budget: Budget
    ) -> LedgerEntry:
        while True:
            with self._lock:
                entry = self._reserved(call, intent, budget)
                change = self._changes.next()
            if entry is not None:
                return entry
            # Calls in flight usually cost less than reserved.
            change.wait(LOOK_SECONDS)

    def _reserved(
        self, call: CallId, intent: Intent, budget: Budget
    ) -> LedgerEntry | None:
        """Reserve what a call may cost; return None if it may fit later."""
        unsent = self._unsent(call, intent)
        if unsent is not None:
            unsent.unsent = False
            unsent.in_flight = True
            return unsent
        # guard: paid calls: what a call may cost is reserved before it is sent
        if not self._fits(intent, budget):
            if self._in_flight():
                return None
            raise self._spent(intent, budget)
        numbers = self._entries.setdefault(call, {})
        number = 1 + max(numbers, default=0)
        entry = LedgerEntry(call, number, intent, in_flight=True)
        numbers[number] = entry
        return entry

    def _unsent(self, call: CallId, intent: Intent) -> LedgerEntry | None:
        """Return the attempt that was reserved for a call at the same price, but not sent."""
        for entry in self._entries.get(call, {}).values():
            is_same_price = entry.intent.batch == intent.batch
            if entry.unsent and is_same_price:
                return entry
        return None

    def _keep_unsent(self, entry: LedgerEntry) -> None:
        """Record that a call was not sent, but still counts."""
        entry.unsent = True
        self.lose(entry)

    def _release(self, entry: LedgerEntry) -> None:
        """Forget a call that was not sent."""
        with self._lock:
            del self._entries[entry.call][entry.number]
            self._changes.announce()

    def _in_flight(self) -> bool:
        entries = self.entries()
        return any(entry.in_flight for entry in entries)

    def _fits(self, intent: Intent, budget: Budget) -> bool:
        nanodollars, tokens = self._committed()
        nanodollars += intent.nanodollars
        tokens += intent.tokens
        if budget.nanodollars is not None and nanodollars > budget.nanodollars:
            return False
        return budget.tokens is None or tokens <= budget.tokens

    def _committed(self) -> tuple[int, int]:
        nanodollars = 0
        tokens = 0
        for entry in self.entries():
            nanodollars += entry.nanodollars
            tokens += entry.tokens
        return nanodollars, tokens

    def _spent(self, intent: Intent, budget: Budget) -> BudgetSpentError:
        nanodollars, tokens = self._committed()
        limit = budget.nanodollars
        cost = intent.nanodollars
        if limit is not None and nanodollars + cost > limit:
            return BudgetSpentError(
                f"the budget is spent: {dollars(nanodollars)} of {dollars(limit)}, and the next "
                f"call may cost {dollars(cost)}; to continue, run `resume "
                "JOB_ID --budget-usd N` "
                "with a higher limit"
            )
        return BudgetSpentError(
            f"the budget is spent: {tokens} of {budget.tokens} tokens, and the next call may "
            f"use {intent.tokens}; to continue, run `resume JOB_ID "
            "--budget-tokens N` with a "
            "higher limit"
        )


def _decoded(name: CallName, content: bytes) -> StoredRecord:
    try:
        return decode(content)
    except DamagedRecordError as error:
        raise EngineFailedError(
            f"the stored {name.record} of call {name.key} of stage {name.stage} is damaged: "
            f"{error}; start a new job",
            temporary=False,
        ) from error


def dollars(nanodollars: int) -> str:
    """Return an amount for display, exact to a hundredth of a cent."""
    return f"${nanodollars / NANODOLLARS:.4f}"
