"""The usage of a job's calls, by stage and model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from states.stages import Stage
from states.usage import Budget, ModelUsage, Usage
from worker.engines.claude.ledger_entries import LedgerEntry
from worker.engines.claude.records import Answer

_ORDER: Final = {stage: number for number, stage in enumerate(Stage)}


def usage_of(
    entries: Sequence[LedgerEntry],
    *,
    fallbacks: Mapping[tuple[Stage, str], int],
    budget: Budget,
    prices_dated: str | None,
) -> Usage:
    """Sum up all attempts at all calls; `fallbacks` are counted by stage and model."""
    sums: dict[tuple[Stage, str], ModelUsage] = {}
    for entry in entries:
        stage = entry.call.stage
        model = entry.intent.model
        place = stage, model
        usage = sums.get(place) or ModelUsage(stage=stage, model=model)
        sums[place] = _add(usage, entry)
    for place, count in fallbacks.items():
        stage, model = place
        usage = sums.get(place) or ModelUsage(stage=stage, model=model)
        sums[place] = replace(usage, fallbacks=count)
    ordered = sorted(
        sums.values(), key=lambda usage: (_ORDER[usage.stage], usage.model)
    )
    return Usage(
        by_model=tuple(ordered), budget=budget, prices_dated=prices_dated
    )


def _add(usage: ModelUsage, entry: LedgerEntry) -> ModelUsage:
    if entry.lost:
        return replace(
            usage,
            unknown_calls=usage.unknown_calls + 1,
            unknown_tokens=usage.unknown_tokens + entry.tokens,
            unknown_nanodollars=usage.unknown_nanodollars + entry.nanodollars,
        )
    if not isinstance(entry.outcome, Answer):
        return usage
    tokens = entry.outcome.tokens
    written = tokens.cache_write_5m + tokens.cache_write_1h
    return replace(
        usage,
        calls=usage.calls + 1,
        repairs=usage.repairs + (1 if entry.intent.repair else 0),
        input_tokens=usage.input_tokens + tokens.input,
        cache_write_tokens=usage.cache_write_tokens + written,
        cache_read_tokens=usage.cache_read_tokens + tokens.cache_read,
        output_tokens=usage.output_tokens + tokens.output,
        nanodollars=usage.nanodollars + entry.outcome.nanodollars,
    )
