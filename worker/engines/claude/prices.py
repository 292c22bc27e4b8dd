"""Token prices: a dated table by endpoint and model, which the operator may override."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from worker.engines.port import EngineConfigError

_TABLE: Final = "prices.json"
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SNAPSHOT: Final = re.compile(r"-[0-9]{8}$")
"""The end of a model's name that selects one of its versions."""
_NANODOLLARS: Final = 1000
"""The price of one token if a million tokens cost one dollar."""
_BATCH_SHARE: Final = Decimal("0.5")
_FORM: Final = (
    'it must be {"dated": "2026-11-28", "endpoints": {HOST: {MODEL: [{"input": 2, '
    '"output": 10}]}}}, in dollars per million tokens'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """The tokens of one call."""

    input: int = 0
    """Neither written to the cache nor read from it."""
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0

    @property
    def prompt(self) -> int:
        """All tokens of the prompt, cached or not."""
        written = self.cache_write_5m + self.cache_write_1h
        return self.input + written + self.cache_read

    @property
    def total(self) -> int:
        """All tokens that are billed."""
        return self.prompt + self.output


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """Dollars per million tokens."""

    up_to: int | None
    """The longest prompt that these rates apply to; they apply to all of its tokens."""
    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal

    def covers(self, prompt_tokens: int) -> bool:
        """Whether these rates apply to prompts of that length."""
        return self.up_to is None or prompt_tokens <= self.up_to


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelPrices:
    """The prices of a model's tokens."""

    dated: str
    rates: tuple[Rates, ...]
    """By length of the prompt; the last rates apply to all longer prompts."""

    def cost(self, tokens: Tokens, *, batch: bool = False) -> int:
        """Return the cost of a call in nanodollars, rounded up."""
        rates = self._rates(tokens.prompt)
        dollars = (
            tokens.input * rates.input
            + tokens.cache_write_5m * rates.cache_write_5m
            + tokens.cache_write_1h * rates.cache_write_1h
            + tokens.cache_read * rates.cache_read
            + tokens.output * rates.output
        )
        return _nanodollars(dollars, batch=batch)

    def worst(
        self, prompt_tokens: int, output_tokens: int, *, batch: bool = False
    ) -> int:
        """Return the most that a call of that size can cost, in nanodollars."""
        rates = self._rates(prompt_tokens)
        dearest = max(rates.input, rates.cache_write_5m, rates.cache_read)
        if batch:
            dearest = max(dearest, rates.cache_write_1h)
        dollars = prompt_tokens * dearest + output_tokens * rates.output
        return _nanodollars(dollars, batch=batch)

    def _rates(self, prompt_tokens: int) -> Rates:
        for rates in self.rates:
            if rates.covers(prompt_tokens):
                return rates
        return self.rates[-1]


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The known prices of all models."""

    _models: Mapping[tuple[str, str], ModelPrices]
    """By the endpoint's host and the model's name."""

    def find(self, host: str, model: str) -> ModelPrices | None:
        """Return a model's prices, or None; a dated version costs the same as its model."""
        unpinned = _SNAPSHOT.sub("", model)
        for name in (model, unpinned):
            prices = self._models.get((host, name))
            if prices is not None:
                return prices
        return None


def read_prices(own: Path | None) -> PriceTable:
    """Read the program's own table, overridden by the operator's (MODEL_PRICES)."""
    shipped = files(__package__).joinpath(_TABLE).read_bytes()
    models = _models(shipped)
    if own is None:
        return PriceTable(models)
    setting = f"MODEL_PRICES is {str(own)!r}"
    try:
        models |= _models(own.read_bytes())
    except OSError as error:
        raise EngineConfigError(
            f"{setting}: it cannot be read ({error.strerror})"
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise EngineConfigError(
            f"{setting}: {_reason(error)}; {_FORM}"
        ) from error
    return PriceTable(models)


def _nanodollars(dollars: Decimal, *, batch: bool) -> int:
    if batch:
        dollars *= _BATCH_SHARE
    exact = dollars * _NANODOLLARS
    return int(exact.to_integral_value(ROUND_CEILING))


def _models(content: bytes) -> dict[tuple[str, str], ModelPrices]:
    document: Any = json.loads(content)
    dated = document["dated"]
    if not _DATE.fullmatch(dated):
        raise ValueError(f"`dated` is {dated!r}")
    models: dict[tuple[str, str], ModelPrices] = {}
    endpoints = document["endpoints"]
    for host, by_model in endpoints.items():
        for model, tiers in by_model.items():
            rates = tuple(_rates(model, tier) for tier in tiers)
            if not rates:
                raise ValueError(f"{model!r} has no prices")
            models[host, model] = ModelPrices(dated=dated, rates=rates)
    return models


def _rates(model: str, tier: Mapping[str, Any]) -> Rates:
    """Read the rates of a model; a missing cache rate is the input rate."""
    rate = _price(model, tier, "input")
    return Rates(
        up_to=tier.get("upTo"),
        input=rate,
        output=_price(model, tier, "output"),
        cache_write_5m=_price(model, tier, "cacheWrite5m", rate),
        cache_write_1h=_price(model, tier, "cacheWrite1h", rate),
        cache_read=_price(model, tier, "cacheRead", rate),
    )


def _price(
    model: str,
    tier: Mapping[str, Any],
    name: str,
    default: Decimal | None = None,
) -> Decimal:
    if default is not None and name not in tier:
        return default
    text = str(tier.get(name, ""))
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal(-1)
    if not price.is_finite() or price < 0:
        raise ValueError(f"`{name}` of {model!r} is {text!r}")
    return price


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return f"{error}"
