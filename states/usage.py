"""The cost of a job's paid calls, and its limit: values of the manifest."""

from dataclasses import dataclass
from typing import Any, Final

from states.stages import Stage

NANODOLLARS: Final = 10**9
"""One dollar. Costs are whole numbers of nanodollars: a token costs at least 25 of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """The most that a job may cost over all its runs; None is no limit."""

    nanodollars: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUsage:
    """The usage of one stage's calls to one model."""

    stage: Stage
    model: str
    calls: int = 0
    """Calls with a recorded answer."""
    repairs: int = 0
    """How many of them sent a faulty answer back to the model."""
    fallbacks: int = 0
    """Items made without the model in all runs, because its answers were unusable."""
    input_tokens: int = 0
    """Neither written to the cache nor read from it."""
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    nanodollars: int = 0
    unknown_calls: int = 0
    """Calls that got no answer, but may have been billed."""
    unknown_tokens: int = 0
    """The most tokens that they can have used."""
    unknown_nanodollars: int = 0
    """The most that they can have cost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """The usage of a job's paid calls so far."""

    by_model: tuple[ModelUsage, ...] = ()
    """By stage, then by model."""
    budget: Budget = Budget()
    """The limit at the time of writing."""
    prices_dated: str | None = None
    """The date of the price table; None if prices, and so the costs, are unknown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Why a job waits for a model's provider, and until when."""

    reason: str
    not_before: str
    """Another run before this time would find nothing new."""
    batch_id: str | None = None
    expires_at: str | None = None
    """When the provider abandons the batch."""


def usage_document(usage: Usage) -> dict[str, Any]:
    """Return usage as shown by `status --json`, the gateway and callbacks: costs in dollars."""
    rows = []
    for row in usage.by_model:
        document = _row_document(row)
        rows.append(document)
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
