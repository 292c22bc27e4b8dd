"""Calls, their highest possible cost, and their actual cost."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from states.stages import Stage
from worker.engines.claude.api import VERSION, Body
from worker.engines.claude.events import ApiMessage
from worker.engines.claude.ledger_entries import CallId
from worker.engines.claude.prices import ModelPrices, Tokens
from worker.engines.claude.records import Answer, Intent
from worker.system.runtime import Runtime, iso

KEY_LENGTH: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCall:
    """A question as it is sent to a model."""

    stage: Stage
    purpose: str
    body: Body
    generation: int
    repair: int = 0

    def id(self, address: str) -> CallId:
        """Return the call's identity: everything that its answer depends on."""
        document = {
            "endpoint": address,
            "version": VERSION,
            "body": self.body,
            "purpose": self.purpose,
            "repair": self.repair,
            "generation": self.generation,
        }
        return CallId(self.stage, digest(document)[:KEY_LENGTH])


def digest(document: Any) -> str:  # noqa: ANN401 - any value of JSON
    """Return the SHA-256 of a JSON value; the order of keys does not matter."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pricing:
    """Makes the records of calls, with their costs."""

    address: str
    prices: ModelPrices | None
    runtime: Runtime
    writer: str
    """The random name of this run."""

    def intent(
        self, call: ModelCall, prompt_tokens: int, *, batch: bool = False
    ) -> Intent:
        """Return a call's intent, with the most that it can cost."""
        most = call.body["max_tokens"]
        cost = 0
        if self.prices is not None:
            cost = self.prices.worst(prompt_tokens, most, batch=batch)
        prices_dated = None
        if self.prices:
            prices_dated = self.prices.dated
        return Intent(
            writer=self.writer,
            at=self.now(),
            purpose=call.purpose,
            model=call.body["model"],
            endpoint=self.address,
            prompt_sha256=digest(call.body),
            generation=call.generation,
            repair=call.repair,
            tokens=prompt_tokens + most,
            nanodollars=cost,
            prices_dated=prices_dated,
            batch=batch,
        )

    def answer(self, intent: Intent, message: ApiMessage) -> Answer:
        """Return an answer with its cost.

        If an endpoint does not report usage, the highest possible usage is assumed.
        """
        tokens = message.tokens
        if tokens is None:
            tokens = Tokens(input=intent.tokens)
            cost = intent.nanodollars
        elif self.prices is None:
            cost = 0
        else:
            cost = self.prices.cost(tokens, batch=intent.batch)
        return Answer(
            at=self.now(),
            text=message.text,
            model=message.model,
            stop_reason=message.stop_reason,
            refusal=message.refusal,
            nanodollars=cost,
            request_id=None,
            tokens=tokens,
        )

    def now(self) -> str:
        """Return the current time, in the form that records use."""
        return iso(self.runtime.now())
