"""A stand-in for the API, and prices for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.messages_api.server import MessagesServer
from tests.support.paid_calls import PRICES, MemoryCalls, settings
from worker.settings.model import ModelSettings


@pytest.fixture
def api() -> Iterator[MessagesServer]:
    with MessagesServer() as server:
        yield server


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.json"
    path.write_text(PRICES)
    return path


@pytest.fixture
def model_settings(api: MessagesServer, prices: Path) -> ModelSettings:
    return settings(api.url, prices)


@pytest.fixture
def calls() -> MemoryCalls:
    return MemoryCalls()
