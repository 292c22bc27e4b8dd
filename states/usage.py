"""What a job's paid calls have cost, and what they may cost: values of the manifest."""

from dataclasses import dataclass
from typing import Any, Final

from states.stages import Stage

NANODOLLARS: Final = 10**9
"""A dollar. Costs are whole numbers of nanodollars: a token costs at least 25 of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """The most that a job may cost over all its runs; None is no limit."""

    nanodollars: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUsage:
    """What the calls of one stage to one model have used."""

    stage: Stage
    model: str
    calls: int = 0
    """Calls with a recorded answer."""
    repairs: int = 0
    """Those of them that sent an answer back with its faults."""
    fallbacks: int = 0
    """Items that were made without the model, because its answers were of no use, in all runs."""
    input_tokens: int = 0
    """Neither written to the cache nor read from it."""
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    nanodollars: int = 0
    unknown_calls: int = 0
    """Calls that may have been paid, although no answer came."""
    unknown_tokens: int = 0
    """The most that they can have used."""
    unknown_nanodollars: int = 0
    """The most that they can have cost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a job's paid calls have used so far."""

    by_model: tuple[ModelUsage, ...] = ()
    """By stage, then by model."""
    budget: Budget = Budget()
    """The limit in force when this was written."""
    prices_dated: str | None = None
    """The date of the price table, or None where no prices are known: then no cost is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Why a job waits for a model's provider, and until when."""

    reason: str
    not_before: str
    """The time before which another run would find nothing new."""
    batch_id: str | None = None
    expires_at: str | None = None
    """When the provider gives the batch up."""


def usage_document(usage: Usage) -> dict[str, Any]:
    """Return a usage as `status --json`, the gateway and callbacks show it: costs in dollars."""
    rows = [_row_document(row) for row in usage.by_model]
    totals = {name: sum(row[name] for row in rows) for name in _COUNTED}
    return {
        **{name: round(total, 9) for name, total in totals.items()},
        "budgetUsd": dollars(usage.budget.nanodollars),
        "budgetTokens": usage.budget.tokens,
        "pricesDated": usage.prices_dated,
        "stages": rows,
    }


def dollars(nanodollars: int | None) -> float | None:
    """Return an amount in dollars; None stays None."""
    if nanodollars is None:
        return None
    return nanodollars / NANODOLLARS


_COUNTED: Final = (
    "calls",
    "repairs",
    "fallbacks",
    "inputTokens",
    "cacheWriteTokens",
    "cacheReadTokens",
    "outputTokens",
    "costUsd",
    "unknownCalls",
    "unknownTokens",
    "unknownUsd",
)


def _row_document(row: ModelUsage) -> dict[str, Any]:
    return {
        "stage": row.stage,
        "model": row.model,
        "calls": row.calls,
        "repairs": row.repairs,
        "fallbacks": row.fallbacks,
        "inputTokens": row.input_tokens,
        "cacheWriteTokens": row.cache_write_tokens,
        "cacheReadTokens": row.cache_read_tokens,
        "outputTokens": row.output_tokens,
        "costUsd": dollars(row.nanodollars),
        "unknownCalls": row.unknown_calls,
        "unknownTokens": row.unknown_tokens,
        "unknownUsd": dollars(row.unknown_nanodollars),
    }
