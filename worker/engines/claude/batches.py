"""Asks the questions of a stage as one message batch, at half the price.

A batch only gets answers recorded. Afterwards the stage asks its questions one by one as usual:
recorded answers are returned at once, and questions without one are asked live.

    intents of the calls → intent of the batch → created → its id recorded → polled → answers

A batch outlives the run. The next run finds it in the store and continues to poll it, even if that
run makes its own calls live. A batch whose creation was not answered is searched for among those of
the account. The API names no calls before a batch has ended, so a run waits for each candidate, and
recognises the batch by the names of its calls.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from states.codec import JsonObject
from states.stages import Stage
from states.usage import Budget
from worker.engines.claude.api import Body, MessagesApi, encode_body
from worker.engines.claude.batch import Batch
from worker.engines.claude.batch_poller import BatchPoller
from worker.engines.claude.caller import BYTES_A_TOKEN, log_answer
from worker.engines.claude.events import read_message
from worker.engines.claude.failures import (
    NOT_FOUND,
    AnswerLostError,
    RejectedError,
    UnusableAnswerError,
)
from worker.engines.claude.ledger import MAX_LOST, Ledger
from worker.engines.claude.ledger_entries import BatchEntry, CallId, LedgerEntry
from worker.engines.claude.limiter import Limiter
from worker.engines.claude.permission import Permission
from worker.engines.claude.pricing import KEY_LENGTH, ModelCall, Pricing, digest
from worker.engines.claude.records import (
    Answer,
    BatchCreated,
    BatchIntent,
    Intent,
    RejectedCall,
)

LOG = logging.getLogger(__name__)

_UNPAID: Final = {"errored", "canceled", "expired"}
_UNCERTAIN: Final = {500, 504}
"""After these, a batch may have been created."""


class Batcher:
    """Gets the calls of one stage answered by a batch."""

    def __init__(
        self,
        api: MessagesApi,
        ledger: Ledger,
        limiter: Limiter,
        pricing: Pricing,
        permission: Permission,
    ) -> None:
        """Take the parts that are shared with live calls."""
        self._api = api
        self._ledger = ledger
        self._limiter = limiter
        self._pricing = pricing
        self._permission = permission
        self._poller = BatchPoller(api, limiter, permission, pricing.runtime)
        self._gone: set[str] = set()
        """Batches that the API no longer knows, or whose results it no longer has."""

    def fetch(self, calls: Sequence[ModelCall], budget: Budget) -> None:
        """Return when batches can answer no further call.

        Raises EngineWaitingError if a batch takes too long, or after a stop.
        """
        while calls:
            self.collect(calls)
            missing = [call for call in calls if self._is_missing(call)]
            if not missing or not self._create(missing, budget):
                return

    def collect(self, calls: Sequence[ModelCall]) -> None:
        """Record the answers of all of a stage's batches; create none."""
        if not calls:
            return
        stage = calls[0].stage
        generation = calls[0].generation
        self._reject_unsent(stage, generation)
        self._permission.wait()
        for batch in self._open_batches(stage, generation):
            self._conclude(batch)

    def _reject_unsent(self, stage: Stage, generation: int) -> None:
        """Settle the calls of a run that died before it stored the intent of their batch."""
        named: set[str] = set()
        for batch in self._ledger.batches(stage, generation):
            named |= set(batch.intent.names)
        # guard: batches: what an earlier generation sent may still be billed
        unsent = [
            entry
            for entry in self._ledger.entries()
            if entry.call.stage == stage
            and entry.intent.generation == generation
            and entry.intent.batch
            and entry.outcome is None
            and not entry.unsent
            and entry.custom_id not in named
        ]
        self._reject(unsent, "not sent: the run ended before its batch")

    def _open_batches(self, stage: Stage, generation: int) -> list[BatchEntry]:
        """Return the batches that may still answer calls."""
        batches = self._ledger.batches(stage, generation)
        return list(filter(self._is_open, batches))

    def _is_open(self, batch: BatchEntry) -> bool:
        created = batch.created
        if created is not None:
            batch_id = created.batch_id
            if batch_id is None or batch_id in self._gone:
                return False
        return bool(self._entries(batch))

    def _entries(self, batch: BatchEntry) -> dict[str, LedgerEntry]:
        """Return the calls of a batch without an outcome, by their names in it."""
        names = set(batch.intent.names)
        return {
            entry.custom_id: entry
            for entry in self._ledger.entries()
            if entry.outcome is None and entry.custom_id in names
        }

    def _is_missing(self, call: ModelCall) -> bool:
        """Whether a call has no answer, and no batch has left it out."""
        call_id = call.id(self._api.address)
        for entry in self._ledger.sendings(call_id):
            match entry.outcome:
                case Answer():
                    return False
                case RejectedCall(batch_id=str()):
                    return False
        return self._ledger.lost_by_this_run(call_id) < MAX_LOST

    def _create(self, calls: Sequence[ModelCall], budget: Budget) -> bool:
        """Create a batch, or try to; return False if the endpoint does not support batches."""
        entries = self._begin(calls, budget)
        if len(entries) < len(calls):
            self._reject(entries, "not sent: another run asks the same")
            return True
        batch = self._begin_batch(calls[0], entries)
        # guard: batches: none is created of calls that another run has settled
        self._ledger.read()
        if any(entry.outcome for entry in entries):
            self._reject(entries, "not sent: another run asks the same")
            return True
        # guard: batches: none is created without the lease
        if batch is None or not self._permission.given:
            self._reject(entries, "not sent: the run may make no calls now")
            return True
        return self._send(calls, entries, batch)

    def _send(
        self,
        calls: Sequence[ModelCall],
        entries: Sequence[LedgerEntry],
        batch: BatchEntry,
    ) -> bool:
        """Send the request that creates a batch; return False if the endpoint has no batches."""
        requests = []
        for call, entry in zip(calls, entries, strict=True):
            params = _params(call.body)
            requests.append({"custom_id": entry.custom_id, "params": params})
        try:
            created = self._api.create_batch(requests)
        except AnswerLostError as error:
            self._may_be_created(str(error))
        except RejectedError as error:
            # guard: batches: one may be created although the API reports a failure
            if error.refusal.status in _UNCERTAIN:
                self._may_be_created(error.refusal.reason)
                return True
            return self._take_rejection(batch, entries, error)
        else:
            self._note(batch, created)
        return True

    def _may_be_created(self, reason: str) -> None:
        """Wait before searching for a batch that may have been created."""
        self._limiter.failed(f"a batch may be created: {reason}", None)

    def _begin(
        self, calls: Sequence[ModelCall], budget: Budget
    ) -> list[LedgerEntry]:
        """Store the intents of all calls, if the budget allows for all of them."""
        total = self._total(calls)
        # guard: batches: what all calls may cost is reserved before one is sent
        self._ledger.require(total, budget)
        entries = []
        for call in calls:
            intent = self._intent(call)
            call_id = call.id(self._api.address)
            entry = self._ledger.begin(call_id, intent, budget)
            if entry is not None:
                # Its batch decides its outcome, in this run or another.
                self._ledger.lose(entry)
                entries.append(entry)
        return entries

    def _total(self, calls: Sequence[ModelCall]) -> Intent:
        """Return an intent with the highest cost of all calls together."""
        total, *others = map(self._intent, calls)
        for intent in others:
            total = replace(
                total,
                tokens=total.tokens + intent.tokens,
                nanodollars=total.nanodollars + intent.nanodollars,
            )
        return total

    def _begin_batch(
        self, call: ModelCall, entries: Sequence[LedgerEntry]
    ) -> BatchEntry | None:
        names = tuple(entry.custom_id for entry in entries)
        key = digest({"batch": names})[:KEY_LENGTH]
        intent = BatchIntent(
            writer=self._pricing.writer,
            at=self._pricing.now(),
            generation=call.generation,
            names=names,
        )
        return self._ledger.begin_batch(CallId(call.stage, key), intent)

    def _intent(self, call: ModelCall) -> Intent:
        size = len(encode_body(call.body))
        tokens = size // BYTES_A_TOKEN
        return self._pricing.intent(call, tokens, batch=True)

    def _take_rejection(
        self,
        batch: BatchEntry,
        entries: Sequence[LedgerEntry],
        error: RejectedError,
    ) -> bool:
        refusal = error.refusal
        self._reject(entries, refusal.reason)
        self._note_none(batch)
        if error.may_pass:
            self._limiter.failed(refusal.reason, refusal.retry_after)
            return True
        model = entries[0].intent.model
        consequence = error.consequence(self._api.address, model)
        is_too_large = isinstance(consequence, UnusableAnswerError)
        if refusal.status == NOT_FOUND or is_too_large:
            LOG.warning(
                "the endpoint does not accept this batch: making the calls live",
                extra={"reason": refusal.reason},
            )
            return False
        raise consequence

    def _reject(
        self,
        entries: Sequence[LedgerEntry],
        reason: str,
        batch_id: str | None = None,
    ) -> None:
        for entry in entries:
            rejection = RejectedCall(
                at=self._pricing.now(), error=reason, batch_id=batch_id
            )
            self._ledger.end(entry, rejection)

    def _note(self, batch: BatchEntry, created: Batch) -> None:
        LOG.info(
            "batch created",
            extra={"batch": created.id, "calls": len(batch.intent.names)},
        )
        # guard: batches: the id of a created batch is recorded
        self._ledger.end_batch(
            batch,
            BatchCreated(
                at=self._pricing.now(),
                batch_id=created.id,
                expires_at=created.expires_at,
            ),
        )

    def _note_none(self, batch: BatchEntry) -> None:
        """Record that no batch is known to exist."""
        now = self._pricing.now()
        created = BatchCreated(at=now, batch_id=None)
        self._ledger.end_batch(batch, created)

    def _conclude(self, batch: BatchEntry) -> None:
        """Wait for a batch, and record its answers."""
        if batch.created is None:
            self._look_for(batch)
        created = batch.created
        if created is None or created.batch_id is None:
            return
        batch_id = created.batch_id
        results = self._poller.results(batch_id, created)
        if results is not None:
            self._record(batch, batch_id, results)
        # A call without a result now will not get one later.
        self._gone.add(batch_id)

    def _look_for(self, batch: BatchEntry) -> None:
        """Search for a batch whose creation was not answered; record whether it exists."""
        created = self._poller.find(batch)
        if created is None:
            self._note_none(batch)
        else:
            self._note(batch, created)

    def _record(
        self,
        batch: BatchEntry,
        batch_id: str,
        results: dict[str, JsonObject],
    ) -> None:
        """Record the outcome of each call of a batch that has ended.

        A call without a known result may have been billed, so it stays unknown.
        """
        for name, entry in self._entries(batch).items():
            result = results.get(name, {})
            kind = result.get("type")
            if kind in _UNPAID:
                reason = f"the batch ended with it {kind}"
                self._reject([entry], reason, batch_id)
            if kind == "succeeded":
                answer = self._answer(entry.intent, result)
                self._ledger.end(entry, replace(answer, batch_id=batch_id))
                log_answer(entry.call.stage, entry.intent, answer)

    def _answer(self, intent: Intent, result: JsonObject) -> Answer:
        document = result.get("message")
        try:
            message = read_message(
                document if isinstance(document, dict) else {}
            )
        except AnswerLostError:
            # It is billed, but unusable.
            message = read_message({"type": "message"})
        return self._pricing.answer(intent, message)


def _params(body: Body) -> Body:
    """Return a body for a batch: its prefix is cached for an hour."""
    system = []
    for block in body["system"]:
        cached = {**block, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        system.append(cached)
    return {**body, "system": system}
