"""Answers a call: looks it up, else reserves, records and sends it once, and records its outcome.

Nothing below this module repeats a request. Each attempt that the endpoint may have read has its
own number in the ledger.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from states.stages import Stage
from states.usage import NANODOLLARS, Budget
from worker.engines.claude.api import MessagesApi, encode_body
from worker.engines.claude.failures import AnswerLostError, RejectedError
from worker.engines.claude.ledger import MAX_LOST, Ledger
from worker.engines.claude.ledger_entries import CallId, LedgerEntry
from worker.engines.claude.limiter import Limiter
from worker.engines.claude.permission import Permission
from worker.engines.claude.pricing import ModelCall, Pricing
from worker.engines.claude.records import Answer, Intent, RejectedCall
from worker.engines.port import EngineFailedError
from worker.system.runtime import Runtime, iso

LOG = logging.getLogger(__name__)

BYTES_A_TOKEN: Final = 2
"""A token of source code or prose has at least three, so this never underestimates."""
COUNT_MARGIN: Final = 1.1
"""The endpoint's own count is only an estimate."""
_LOST_PAUSE: Final = 4.0
"""The base of the pause after lost answers, in seconds; the exponent is their number."""


class Caller:
    """Makes the calls to one model; thread-safe."""

    def __init__(
        self,
        api: MessagesApi,
        ledger: Ledger,
        limiter: Limiter,
        pricing: Pricing,
        runtime: Runtime,
    ) -> None:
        """Take the parts that the threads share."""
        self._api = api
        self._ledger = ledger
        self._limiter = limiter
        self._pricing = pricing
        self._runtime = runtime

    def answer(
        self,
        call: ModelCall,
        budget: Budget,
        permission: Permission,
        started: Callable[[], None],
    ) -> Answer:
        """Return the answer to a call: the recorded one, or a new one, which is paid for.

        `started` is called when a new answer begins. Raises UnusableAnswerError, EngineFailedError,
        or a StoreFaultError.
        """
        call_id = call.id(self._api.address)
        with self._ledger.turn(call_id):
            while True:
                # guard: paid calls: a recorded answer is never paid again
                answer = self._ledger.answer(call_id)
                if answer is not None:
                    return answer
                if self._is_found_late(call_id):
                    continue
                with self._limiter.slot(permission):
                    answer = self._attempt(call, budget, permission, started)
                if answer is not None:
                    return answer

    def _is_found_late(self, call_id: CallId) -> bool:
        """Whether a replaced run has recorded a lost answer in the meantime."""
        if not self._ledger.was_lost(call_id):
            return False
        self._ledger.read()
        if self._ledger.answer(call_id) is not None:
            return True
        # guard: paid calls: an answer that is always lost is not paid for endlessly
        if self._ledger.lost_by_this_run(call_id) >= MAX_LOST:
            raise EngineFailedError(
                f"the model's answer to a call of stage {call_id.stage} was lost {MAX_LOST} "
                "times; the next run asks for it again",
                temporary=True,
                code="answer_lost",
            )
        return False

    def _attempt(
        self,
        call: ModelCall,
        budget: Budget,
        permission: Permission,
        started: Callable[[], None],
    ) -> Answer | None:
        """Send a call once, record its outcome, and return its answer, if any."""
        intent = self._intent(call, budget)
        call_id = call.id(self._api.address)
        entry = self._ledger.begin(call_id, intent, budget)
        if entry is None:
            return None
        try:
            # guard: paid calls: none begins without the lease
            if not permission.given:
                self._reject(entry, "not sent: the run may make no calls now")
                return None
            return self._send(call, entry, started)
        finally:
            self._ledger.lose(entry)

    def _send(
        self, call: ModelCall, entry: LedgerEntry, started: Callable[[], None]
    ) -> Answer | None:
        began = self._runtime.monotonic()
        try:
            message, request_id = self._api.send(call.body, started)
        except RejectedError as error:
            self._take_rejection(entry, error)
            return None
        except AnswerLostError as error:
            self._take_loss(entry, error)
            return None
        seconds = self._runtime.monotonic() - began
        answer = replace(
            self._pricing.answer(entry.intent, message),
            request_id=request_id,
            seconds=round(seconds, 3),
        )
        self._ledger.end(entry, answer)
        self._limiter.answered()
        log_answer(call.stage, entry.intent, answer)
        return answer

    def _take_rejection(self, entry: LedgerEntry, error: RejectedError) -> None:
        refusal = error.refusal
        self._reject(entry, refusal.reason, refusal.request_id)
        if not error.may_pass:
            raise error.consequence(self._api.address, entry.intent.model)
        self._limiter.failed(refusal.reason, refusal.retry_after)

    def _take_loss(self, entry: LedgerEntry, error: AnswerLostError) -> None:
        self._ledger.lose(entry)
        LOG.warning(
            "a call may have been billed, but its answer is lost",
            extra={
                "stage": entry.call.stage,
                "purpose": entry.intent.purpose,
                "reason": str(error),
            },
        )
        pause = _LOST_PAUSE ** self._ledger.lost_by_this_run(entry.call)
        self._limiter.failed(f"the answer was lost: {error}", pause)

    def _reject(
        self, entry: LedgerEntry, reason: str, request_id: str | None = None
    ) -> None:
        now = iso(self._runtime.now())
        self._ledger.end(
            entry, RejectedCall(at=now, error=reason, request_id=request_id)
        )

    def _intent(self, call: ModelCall, budget: Budget) -> Intent:
        """Return a call's intent, with the most that it can cost."""
        size = len(encode_body(call.body))
        intent = self._pricing.intent(call, size // BYTES_A_TOKEN)
        if self._ledger.fits(intent, budget):
            return intent
        counted = self._api.count(call.body)
        if counted is None:
            return intent
        return self._pricing.intent(call, int(counted * COUNT_MARGIN))


def log_answer(stage: Stage, intent: Intent, answer: Answer) -> None:
    """Log a paid call, without its content."""
    tokens = answer.tokens
    LOG.info(
        "model call",
        extra={
            "stage": stage,
            "purpose": intent.purpose,
            "model": answer.model,
            "input_tokens": tokens.input,
            "cache_write_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
            "cache_read_tokens": tokens.cache_read,
            "output_tokens": tokens.output,
            "cost_usd": answer.nanodollars / NANODOLLARS,
            "seconds": answer.seconds,
            "request_id": answer.request_id,
        },
    )
