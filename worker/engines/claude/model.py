"""Asks a model questions, and returns its answers as JSON objects.

Answers are untrusted: they are JSON objects with unknown contents. The caller checks them, even if
a schema was sent.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from states.codec import JsonObject
from states.stages import Stage
from states.usage import Budget, Usage
from worker.engines.claude.api import Body, MessagesApi
from worker.engines.claude.batches import Batcher
from worker.engines.claude.caller import Caller
from worker.engines.claude.failures import (
    AnswerLostError,
    RejectedError,
    UnusableAnswerError,
)
from worker.engines.claude.foreign import json_object
from worker.engines.claude.ledger import Ledger
from worker.engines.claude.ledger_entries import CallId
from worker.engines.claude.limiter import Limiter
from worker.engines.claude.parallel import in_parallel
from worker.engines.claude.permission import Permission
from worker.engines.claude.prices import ModelPrices, read_prices
from worker.engines.claude.pricing import KEY_LENGTH, ModelCall, Pricing, digest
from worker.engines.claude.records import Answer, Fallback
from worker.engines.claude.usage import usage_of
from worker.engines.port import CallStore, EngineConfigError, Workspace
from worker.settings.model import ENDPOINT, ModelSettings
from worker.system.runtime import Runtime, iso

MOST_TOKENS: Final = 64_000
"""The longest answer that every current model can give."""
_BATCHED: Final = {
    Stage.GENERATE_CHAPTERS,
    Stage.REVIEW_CHAPTERS,
    Stage.GENERATE_TUTORIALS,
}
_CUT_OFF: Final = "max_tokens"
_KEY_REFUSED: Final = {401, 403}


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question for the model."""

    stage: Stage
    purpose: str
    """Its purpose, such as `chapter 3`."""
    system: str
    """The beginning that a stage's questions share; the API caches it."""
    prompt: str
    schema: Mapping[str, object]
    """The JSON schema of the answer; objects are closed (`additionalProperties: false`)."""
    max_tokens: int
    effort: str | None = None
    repair: int = 0
    """The number of the repair; the prompt then contains the earlier answer and its faults."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Session:
    """The work on one stage."""

    calls: CallStore
    ledger: Ledger
    caller: Caller
    batcher: Batcher
    permission: Permission
    generation: int
    budget: Budget


class Model:
    """One model at one endpoint; thread-safe."""

    def __init__(
        self,
        settings: ModelSettings,
        runtime: Runtime,
        name: str,
        api: MessagesApi | None = None,
    ) -> None:
        """Prepare; this sends nothing. `api` may use another network."""
        self._settings = settings
        self._runtime = runtime
        self._name = name
        self._api = api or MessagesApi(settings, runtime)
        self._limiter = Limiter(runtime, settings.concurrency)
        self._writer = runtime.token()
        self._permission: Permission | None = None
        self._session: _Session | None = None
        self._paused = False
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise EngineFailedError if the model certainly cannot be called; this is free."""
        try:
            self._api.check(self._name)
        except AnswerLostError:
            return
        except RejectedError as error:
            if error.may_pass or not self._is_believed(error):
                return
            raise error.consequence(self._api.address, self._name) from error

    def begin(self, workspace: Workspace) -> None:
        """Begin a stage: read the job's calls, and lift a stop."""
        budget = workspace.budget or self._settings.budget
        prices = self._prices(budget)
        calls = workspace.calls
        permission = self._permit(calls)
        # guard: paid calls: a replaced run's calls are read when it begins no more of them
        permission.wait()
        if self._session is not None and self._session.calls is calls:
            # Calls of an earlier attempt at the stage may still be in flight.
            ledger = self._session.ledger
        else:
            ledger = Ledger(calls, self._writer, self._runtime)
        ledger.read()
        with self._lock:
            self._session = self._opened(
                workspace, ledger, permission, prices, budget
            )

    def _permit(self, calls: CallStore) -> Permission:
        with self._lock:
            permission = Permission(
                self._runtime, calls.owns_alone, paused=self._paused
            )
            self._permission = permission
            return permission

    def _opened(
        self,
        workspace: Workspace,
        ledger: Ledger,
        permission: Permission,
        prices: ModelPrices | None,
        budget: Budget,
    ) -> _Session:
        api, limiter, runtime = self._api, self._limiter, self._runtime
        pricing = Pricing(
            address=api.address,
            prices=prices,
            runtime=runtime,
            writer=self._writer,
        )
        return _Session(
            calls=workspace.calls,
            ledger=ledger,
            caller=Caller(api, ledger, limiter, pricing, runtime),
            batcher=Batcher(api, ledger, limiter, pricing, permission),
            permission=permission,
            generation=workspace.generation,
            budget=budget,
        )

    def answer(self, question: Question) -> JsonObject:
        """Return the answer to a question; raise UnusableAnswerError if there is none."""
        for _, outcome in self._live([question]):
            if isinstance(outcome, UnusableAnswerError):
                raise outcome
            return outcome
        raise UnusableAnswerError("there is no answer")

    def answers(
        self, questions: Sequence[Question]
    ) -> Iterator[tuple[int, JsonObject | UnusableAnswerError]]:
        """Yield each answer with the index of its question, as they arrive.

        In batch mode, the questions of stages with many are asked as one message batch. In both
        modes, batches that an earlier run has created are waited for.
        """
        session = self._begun()
        calls = [self._call(session, question) for question in questions]
        stages = {question.stage for question in questions}
        if self._settings.batch and stages <= _BATCHED:
            session.batcher.fetch(calls, session.budget)
        else:
            # guard: batches: a pending one is collected, whatever the mode
            session.batcher.collect(calls)
        yield from self._live(questions)

    def _live(
        self, questions: Sequence[Question]
    ) -> Iterator[tuple[int, JsonObject | UnusableAnswerError]]:
        session = self._begun()
        works = []
        for question in questions:
            work = partial(self._solve, session, question)
            works.append(work)
        yield from in_parallel(
            works,
            self._settings.concurrency,
            self._runtime,
            session.permission,
        )

    def fell_back(self, stage: Stage, path: str) -> None:
        """Record that an item is made without the model; may raise a StoreFaultError."""
        session = self._begun()
        fallback = Fallback(
            at=iso(self._runtime.now()),
            path=path,
            model=self._name,
            generation=session.generation,
        )
        document = {"fallback": path, "generation": session.generation}
        key = digest(document)[:KEY_LENGTH]
        session.ledger.add_fallback(CallId(stage, key), fallback)

    def usage(self) -> Usage | None:
        """Return the usage of the job's calls; None until the records have been read."""
        session = self._session
        if session is None:
            return None
        prices = self._prices(Budget())
        prices_dated = None
        if prices:
            prices_dated = prices.dated
        return usage_of(
            session.ledger.entries(),
            fallbacks=session.ledger.fallbacks(),
            budget=session.budget,
            prices_dated=prices_dated,
        )

    def pause(self) -> None:
        """Begin no calls until `unpause`."""
        self._set_paused(paused=True)

    def unpause(self) -> None:
        """Allow calls again."""
        self._set_paused(paused=False)

    def stop(self) -> None:
        """Begin no more calls in this stage; calls in flight may end, and are recorded."""
        if self._permission is not None:
            self._permission.stop()

    def _set_paused(self, *, paused: bool) -> None:
        with self._lock:
            self._paused = paused
            if self._permission is not None:
                self._permission.paused = paused

    def _is_believed(self, error: RejectedError) -> bool:
        """Whether a refused model description means that questions will be refused, too."""
        if error.refusal.status in _KEY_REFUSED:
            return True
        # Other endpoints may not describe models.
        return self._settings.endpoint == ENDPOINT

    def _begun(self) -> _Session:
        assert self._session is not None  # noqa: S101 - a stage is begun first
        return self._session

    def _prices(self, budget: Budget) -> ModelPrices | None:
        return prices_for(self._settings, self._name, budget)

    def _solve(
        self,
        session: _Session,
        question: Question,
        started: Callable[[], None],
    ) -> JsonObject:
        """Ask until the answer is a JSON object: once with a higher limit, and then once more."""
        answer = self._ask(session, question, started)
        if answer.stop_reason == _CUT_OFF:
            longer = min(2 * question.max_tokens, MOST_TOKENS)
            question = replace(question, max_tokens=longer)
            answer = self._ask(session, question, started)
        _raise_if_unusable(answer)
        document = read_object(answer.text)
        if document is not None:
            return document
        question = replace(question, purpose=f"{question.purpose}, again")
        answer = self._ask(session, question, started)
        _raise_if_unusable(answer)
        document = read_object(answer.text)
        if document is None:
            raise UnusableAnswerError("the answer is not a JSON object")
        return document

    def _ask(
        self,
        session: _Session,
        question: Question,
        started: Callable[[], None],
    ) -> Answer:
        return session.caller.answer(
            self._call(session, question),
            session.budget,
            session.permission,
            started,
        )

    def _call(self, session: _Session, question: Question) -> ModelCall:
        return ModelCall(
            stage=question.stage,
            purpose=question.purpose,
            body=self._body(question),
            generation=session.generation,
            repair=question.repair,
        )

    def _body(self, question: Question) -> Body:
        output: JsonObject = {
            "format": {"type": "json_schema", "schema": dict(question.schema)}
        }
        if question.effort is not None:
            output["effort"] = question.effort
        return {
            "model": self._name,
            "max_tokens": question.max_tokens,
            "system": [
                {
                    "type": "text",
                    "text": question.system,
                    "cache_control": {"type": "ephemeral"},
                }
            ],
            "messages": [{"role": "user", "content": question.prompt}],
            "output_config": output,
        }


def check_settings(
    settings: ModelSettings, name: str, budget: Budget | None
) -> None:
    """Raise EngineConfigError if no job can ask a model with these settings.

    This sends nothing. `budget` is the limit set by an operator, if any.
    """
    problems = settings.problems()
    if problems:
        raise EngineConfigError("\n".join(problems))
    prices_for(settings, name, budget or settings.budget)


def prices_for(
    settings: ModelSettings, name: str, budget: Budget
) -> ModelPrices | None:
    """Return a model's prices; raise EngineConfigError if a budget needs them and has none."""
    host = urlsplit(settings.endpoint).hostname or ""
    prices = read_prices(settings.prices).find(host, name)
    # guard: paid calls: a budget in dollars needs prices
    if prices is None and budget.nanodollars is not None:
        raise EngineConfigError(
            f"the prices of {name} at {host} are unknown, so BUDGET_USD cannot "
            "be enforced: set MODEL_PRICES to a file that contains them, or "
            "BUDGET_USD to none and BUDGET_TOKENS "
            "to a limit"
        )
    return prices


def read_object(text: str) -> JsonObject | None:
    """Return the JSON object in a text, ignoring surrounding text."""
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        return None
    return json_object(text[begin : end + 1])


def _raise_if_unusable(answer: Answer) -> None:
    match answer.stop_reason:
        case "refusal":
            category = answer.refusal or "no reason given"
            raise UnusableAnswerError(f"the model refuses ({category})")
        case "max_tokens":
            raise UnusableAnswerError("the answer is too long")
        case "model_context_window_exceeded":
            raise UnusableAnswerError("the prompt and its answer are too long")
