"""What the stand-in's model answers."""

from collections.abc import Mapping
from typing import Any

from tests.support.messages_api.filling import filled


def answer(body: Mapping[str, Any]) -> str:
    """Return the model's answer to a request."""
    return filled(body)
