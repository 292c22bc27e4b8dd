"""Settings of the engine `claude`: the model, its endpoint, and what it may cost."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from states.usage import NANODOLLARS, Budget
from worker.settings.checks import discreet_http_fault, http_fault
from worker.settings.proxies import read_proxy
from worker.settings.reader import EnvironmentReader, Secret

ENDPOINT: Final = "https://api.anthropic.com"
DEFAULT_MODEL: Final = "claude-sonnet-5-5"
DEFAULT_LANGUAGE: Final = "English"
DEFAULT_USD: Final = 10
DEFAULT_BUDGET: Final = Budget(nanodollars=DEFAULT_USD * NANODOLLARS)
MAX_CONCURRENCY: Final = 64
_NO_LIMIT: Final = "none"
_MAX_USD: Final = 1_000_000
_MAX_TOKENS: Final = 10**12
_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}")
_MAX_LANGUAGE: Final = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings:
    """The model that writes a course, and the limits on its use."""

    key: Secret | None = None
    token: Secret | None = None
    """Sent as a Bearer token if there is no key."""
    endpoint: str = ENDPOINT
    """Without a trailing slash."""
    proxy: Secret | None = None
    model: str | None = None
    """From the environment; None if it is not set there."""
    language: str | None = None
    """The language of the course, from the environment."""
    budget: Budget = DEFAULT_BUDGET
    prices: Path | None = None
    """A file of prices that override the program's own."""
    concurrency: int = 4
    """How many calls may be in flight."""
    batch: bool = False
    """Whether chapters, reviews and tutorials are requested as message batches."""
    faults: tuple[str, ...] = ()
    """The faults of variables that matter only to jobs of this engine."""

    def problems(self) -> list[str]:
        """Return the reasons why no job can use the model."""
        if self.key or self.token:
            return list(self.faults)
        missing = (
            f"ANTHROPIC_API_KEY is missing: set it to a key of {self.endpoint}, "
            "or ANTHROPIC_AUTH_TOKEN to a token"
        )
        return [missing, *self.faults]


def read_model(reader: EnvironmentReader) -> ModelSettings:
    endpoint = reader.text("ANTHROPIC_BASE_URL") or ENDPOINT
    reader.malformed("ANTHROPIC_BASE_URL", discreet_http_fault(endpoint))
    key = reader.credential("ANTHROPIC_API_KEY")
    token = reader.credential("ANTHROPIC_AUTH_TOKEN")
    proxy = None
    # Without a key no job uses the model.
    if (key or token) and http_fault(endpoint) is None:
        proxy = read_proxy(reader, endpoint, "ANTHROPIC_BASE_URL")
    concurrency = reader.number(
        "MODEL_CONCURRENCY",
        4,
        low=1,
        high=MAX_CONCURRENCY,
        whole=True,
        unit="calls",
    )
    return ModelSettings(
        key=key,
        token=token,
        endpoint=endpoint.rstrip("/"),
        proxy=proxy,
        model=_checked(reader, "ANTHROPIC_MODEL", _model_fault),
        language=_checked(reader, "COURSE_LANGUAGE", _language_fault),
        budget=_read_budget(reader),
        prices=_read_prices(reader),
        concurrency=int(concurrency),
        batch=reader.flag("MODEL_BATCH"),
    )


def budget_in_usd(text: str) -> int | None:
    """Read a limit in dollars as nanodollars; raise ValueError with the fault."""
    if text == _NO_LIMIT:
        return None
    nanodollars = _nanodollars(text)
    if nanodollars is not None:
        return nanodollars
    raise ValueError(
        f"it must be dollars above 0, up to {_MAX_USD}, such as 2.50, or {_NO_LIMIT}"
    )


def _nanodollars(text: str) -> int | None:
    try:
        dollars = Decimal(text)
        # Comparing NaN raises InvalidOperation.
        if not 0 < dollars <= _MAX_USD:
            return None
    except InvalidOperation:
        return None
    nanodollars = dollars * NANODOLLARS
    if nanodollars == int(nanodollars):
        return int(nanodollars)
    return None


def budget_in_tokens(text: str) -> int | None:
    """Read a limit in tokens; raise ValueError with the fault."""
    if text == _NO_LIMIT:
        return None
    if re.fullmatch("[0-9]{1,13}", text) and 0 < int(text) <= _MAX_TOKENS:
        return int(text)
    raise ValueError(
        f"it must be a whole number of tokens above 0, or {_NO_LIMIT}"
    )


def _read_budget(reader: EnvironmentReader) -> Budget:
    usd = reader.text("BUDGET_USD") or str(DEFAULT_USD)
    tokens = reader.text("BUDGET_TOKENS") or _NO_LIMIT
    return Budget(
        nanodollars=reader.parsed("BUDGET_USD", usd, budget_in_usd),
        tokens=reader.parsed("BUDGET_TOKENS", tokens, budget_in_tokens),
    )


def _read_prices(reader: EnvironmentReader) -> Path | None:
    text = reader.text("MODEL_PRICES")
    if text is None:
        return None
    return Path(reader.checked("MODEL_PRICES", text, reader.file_fault))


def _checked(
    reader: EnvironmentReader,
    name: str,
    fault: Callable[[str], str | None],
) -> str | None:
    text = reader.text(name)
    if text is None:
        return None
    return reader.checked(name, text, fault)


def _model_fault(text: str) -> str | None:
    if _MODEL.fullmatch(text):
        return None
    return f"it must be a model's id, such as {DEFAULT_MODEL}"


def _language_fault(text: str) -> str | None:
    if len(text) <= _MAX_LANGUAGE and text.isprintable():
        return None
    return f"it must be a language's name of at most {_MAX_LANGUAGE} characters, such as French"
