"""Reads JSON written by other programs: it may contain anything."""

import json
from typing import Any

from states.codec import JsonObject


def json_object(content: bytes | str) -> JsonObject | None:
    """Return a JSON object; None for any other value."""
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
