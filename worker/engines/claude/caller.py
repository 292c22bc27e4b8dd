"""Gets a call answered: looked up, else reserved, recorded, sent once, and recorded again.

Nothing below this module repeats a request. Each sending that the endpoint may have read has
a number of its own in the ledger.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from states.stages import Stage
from states.usage import NANODOLLARS, Budget
from worker.engines.claude.api import VERSION, Body, MessagesApi, encode_body
from worker.engines.claude.events import Message
from worker.engines.claude.failures import AnswerLostError, RejectedError
from worker.engines.claude.ledger import MAX_LOST, CallId, Ledger, LedgerEntry
from worker.engines.claude.limiter import Limiter
from worker.engines.claude.permission import Permission
from worker.engines.claude.prices import ModelPrices, Tokens
from worker.engines.claude.records import Answer, Intent, Rejection
from worker.engines.port import EngineFailedError
from worker.system.runtime import Runtime, iso

LOG = logging.getLogger(__name__)

BYTES_A_TOKEN: Final = 2
"""A token of source code or prose has three and more: so this is never too few tokens."""
COUNT_MARGIN: Final = 1.1
"""The endpoint's own count is an estimate."""
_KEY_LENGTH: Final = 32
_LOST_PAUSE: Final = 4.0
"""After a lost answer, in seconds; to be raised to the power of how many are lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A question to a model, as it is sent."""

    stage: Stage
    purpose: str
    body: Body
    generation: int
    repair: int = 0

    def id(self, address: str) -> CallId:
        """Return what tells this call from all others: everything its answer depends on."""
        document = {
            "endpoint": address,
            "version": VERSION,
            "body": self.body,
            "purpose": self.purpose,
            "repair": self.repair,
            "generation": self.generation,
        }
        return CallId(self.stage, digest(document)[:_KEY_LENGTH])


def digest(document: Any) -> str:  # noqa: ANN401 - any value of JSON
    """Return the SHA-256 of a value of JSON, however its keys are ordered."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Caller:
    """Makes the calls to one model; for several threads."""

    def __init__(
        self,
        api: MessagesApi,
        ledger: Ledger,
        limiter: Limiter,
        prices: ModelPrices | None,
        runtime: Runtime,
        writer: str,
    ) -> None:
        """Take the parts; `writer` is the random name of this run."""
        self._api = api
        self._ledger = ledger
        self._limiter = limiter
        self._prices = prices
        self._runtime = runtime
        self._writer = writer

    def answer(
        self,
        call: Call,
        budget: Budget,
        permission: Permission,
        started: Callable[[], None],
    ) -> Answer:
        """Return the answer of a call: a recorded one, or else a new one that is paid.

        `started` is called when a new answer begins. Raises UnusableAnswerError,
        EngineFailedError, or a StoreFaultError.
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
                    self._attempt(call, budget, permission, started)

    def _is_found_late(self, call_id: CallId) -> bool:
        """Tell whether a lost answer was recorded meanwhile, by a run that was replaced."""
        if not self._ledger.lost(call_id):
            return False
        self._ledger.read()
        if self._ledger.answer(call_id) is not None:
            return True
        # guard: paid calls: an answer that is always lost is not paid for endlessly
        if self._ledger.lost(call_id) >= MAX_LOST:
            raise EngineFailedError(
                f"the model's answer to a call of stage {call_id.stage} was lost {MAX_LOST} "
                f"times; `resume JOB_ID --from {call_id.stage}` asks for it again",
                temporary=True,
                code="answer_lost",
            )
        return False

    def _attempt(
        self,
        call: Call,
        budget: Budget,
        permission: Permission,
        started: Callable[[], None],
    ) -> None:
        """Send a call once, and record what comes of it."""
        intent = self._intent(call, budget)
        call_id = call.id(self._api.address)
        entry = self._ledger.begin(call_id, intent, budget)
        if entry is None:
            return
        try:
            # guard: paid calls: none begins without the lease
            if not permission.given:
                self._reject(entry, "not sent: the run may make no calls now")
                return
            self._send(call, entry, started)
        finally:
            self._ledger.lose(entry)

    def _send(
        self, call: Call, entry: LedgerEntry, started: Callable[[], None]
    ) -> None:
        began = self._runtime.monotonic()
        try:
            message, request_id = self._api.send(call.body, started)
        except RejectedError as error:
            self._take_rejection(entry, error)
        except AnswerLostError as error:
            self._take_loss(entry, error)
        else:
            seconds = self._runtime.monotonic() - began
            answer = self._answer(entry.intent, message, request_id, seconds)
            self._ledger.end(entry, answer)
            self._limiter.answered()
            log_answer(call.stage, entry.intent, answer)

    def _take_rejection(self, entry: LedgerEntry, error: RejectedError) -> None:
        refusal = error.refusal
        self._reject(entry, refusal.reason, refusal.request_id)
        if not error.may_pass:
            raise error.consequence(self._api.address, entry.intent.model)
        self._limiter.failed(refusal.reason, refusal.retry_after)

    def _take_loss(self, entry: LedgerEntry, error: AnswerLostError) -> None:
        self._ledger.lose(entry)
        LOG.warning(
            "a call may have been paid, but its answer is lost",
            extra={
                "stage": entry.call.stage,
                "purpose": entry.intent.purpose,
                "reason": str(error),
            },
        )
        pause = _LOST_PAUSE ** self._ledger.lost(entry.call)
        self._limiter.failed(f"the answer was lost: {error}", pause)

    def _reject(
        self, entry: LedgerEntry, reason: str, request_id: str | None = None
    ) -> None:
        now = iso(self._runtime.now())
        self._ledger.end(
            entry, Rejection(at=now, error=reason, request_id=request_id)
        )

    def _intent(self, call: Call, budget: Budget) -> Intent:
        """Return a call's intent, with the most that it may cost."""
        size = len(encode_body(call.body))
        intent = self._priced(call, size // BYTES_A_TOKEN)
        if self._ledger.fits(intent, budget):
            return intent
        counted = self._api.count(call.body)
        if counted is None:
            return intent
        return self._priced(call, int(counted * COUNT_MARGIN))

    def _priced(self, call: Call, prompt_tokens: int) -> Intent:
        most = call.body["max_tokens"]
        cost = 0
        if self._prices is not None:
            cost = self._prices.worst(prompt_tokens, most)
        return Intent(
            writer=self._writer,
            at=iso(self._runtime.now()),
            purpose=call.purpose,
            model=call.body["model"],
            endpoint=self._api.address,
            prompt_sha256=digest(call.body),
            generation=call.generation,
            repair=call.repair,
            tokens=prompt_tokens + most,
            nanodollars=cost,
            prices_dated=self._prices.dated if self._prices else None,
        )

    def _answer(
        self,
        intent: Intent,
        message: Message,
        request_id: str | None,
        seconds: float,
    ) -> Answer:
        # An endpoint that does not say what was used is believed to have used the most.
        tokens, cost = Tokens(input=intent.tokens), intent.nanodollars
        if message.tokens is not None:
            tokens = message.tokens
            cost = self._prices.cost(tokens) if self._prices else 0
        return Answer(
            at=iso(self._runtime.now()),
            text=message.text,
            model=message.model,
            stop_reason=message.stop_reason,
            refusal=message.refusal,
            nanodollars=cost,
            request_id=request_id,
            tokens=tokens,
            seconds=round(seconds, 3),
        )


def log_answer(stage: Stage, intent: Intent, answer: Answer) -> None:
    """Log a call that is paid, without its content."""
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
