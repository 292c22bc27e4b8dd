"""A job's account covers all paid calls, whatever happens to its runs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from states.keys import CallName
from states.usage import Budget
from tests.support import paid_calls
from tests.support.messages_api.model import Document
from tests.support.messages_api.server import Fault, MessagesServer
from tests.support.paid_calls import (
    MODEL,
    PRICES,
    DeathError,
    MemoryCalls,
    opened,
    question,
)
from worker.engines.claude.events import read_message
from worker.engines.claude.model import Model
from worker.engines.claude.prices import read_prices
from worker.engines.port import EngineFailedError
from worker.settings.model import ModelSettings

QUESTIONS = [question(number) for number in (1, 2, 3)]
LIMIT = Budget(nanodollars=80_000_000)
PENDING_SECONDS = 10**6
SEND = "POST /v1/messages"


@dataclass(frozen=True)
class PlannedRun:
    """How a run makes its calls, and how it ends."""

    batch: bool
    is_pending: bool
    """Whether its batches are still pending when it ends."""
    lost: str | None
    """The request to the API that gets no answer."""
    moment: str
    step: int
    """The number of the stored object at which it dies, before or after."""


PLANNED_RUNS = st.builds(
    PlannedRun,
    batch=st.booleans(),
    is_pending=st.booleans(),
    lost=st.sampled_from([None, SEND, "GET /v1/messages"]),
    moment=st.sampled_from(["before", "after"]),
    step=st.integers(1, 9),
)


class Account:
    """The paid calls."""

    def __init__(self, api: MessagesServer, prices: Path) -> None:
        rates = read_prices(prices).find("127.0.0.1", MODEL)
        assert rates is not None
        self._rates = rates
        self.nanodollars = 0
        self._answer = api._message
        api._message = self._pay  # type: ignore[method-assign]

    def _pay(self, body: Document, fault: Fault, usage: Document) -> Document:
        message = self._answer(body, fault, usage)
        tokens = read_message(message).tokens
        assert tokens is not None
        batch = message["usage"]["service_tier"] == "batch"
        self.nanodollars += self._rates.cost(tokens, batch=batch)
        return message


@contextmanager
def dying(calls: MemoryCalls, planned: PlannedRun) -> Iterator[None]:
    """Let a run die as planned."""
    left = planned.step

    def die(_: CallName) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise DeathError

    setattr(calls, planned.moment, die)
    with suppress(DeathError, EngineFailedError):
        yield
    calls.before = calls.after = lambda _: None


def end_batches(api: MessagesServer) -> None:
    """End all batches, which are then paid, whether or not a run polls them."""
    for batch in [*api.batches.all.values()]:
        batch.ends = batch.created
        api.batches.find(batch.id)


def play(
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
    runs: list[PlannedRun],
) -> Model:
    """Let successive runs die, and a last one make its calls undisturbed; return the last one."""
    for planned in runs:
        api.batches.seconds = PENDING_SECONDS if planned.is_pending else 0
        if planned.lost is not None:
            api.fault(Fault(on=planned.lost, lost=True))
        asking = replace(model_settings, batch=planned.batch)
        with dying(calls, planned):
            model = opened(asking, calls, budget=LIMIT)
            list(model.answers(QUESTIONS))
    end_batches(api)
    api.batches.seconds = 0
    last = opened(model_settings, calls, budget=LIMIT)
    with suppress(EngineFailedError):
        list(last.answers(QUESTIONS))
    end_batches(api)
    return last


def at_risk(runs: list[PlannedRun]) -> int:
    """Return how many calls may be paid twice: live calls whose answer or run was lost."""
    deaths = [planned for planned in runs if not planned.batch]
    losses = [planned for planned in runs if planned.lost == SEND]
    return len(deaths) + len(losses)


@settings(max_examples=40, deadline=None)
@given(runs=st.lists(PLANNED_RUNS, max_size=5), batch=st.booleans())
def test_the_account_covers_all_paid_calls(
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[PlannedRun],
    *,
    batch: bool,
) -> None:
    prices = tmp_path_factory.mktemp("prices") / "prices.json"
    prices.write_text(PRICES)
    calls = MemoryCalls()
    with MessagesServer() as api:
        account = Account(api, prices)
        model_settings = paid_calls.settings(
            api.url, prices, batch=batch, concurrency=1
        )
        last = play(api, model_settings, calls, runs)
    for model in (last, opened(model_settings, calls, budget=LIMIT)):
        usage = model.usage()
        assert usage is not None
        answered = sum(row.calls for row in usage.by_model)
        unknown = sum(row.unknown_calls for row in usage.by_model)
        known_cost = sum(row.nanodollars for row in usage.by_model)
        most = sum(row.unknown_nanodollars for row in usage.by_model)
        assert answered <= len(api.paid) <= answered + unknown
        assert len(api.paid) - answered <= at_risk(runs)
        assert known_cost <= account.nanodollars <= known_cost + most
        assert LIMIT.nanodollars is not None
        assert known_cost + most <= LIMIT.nanodollars
