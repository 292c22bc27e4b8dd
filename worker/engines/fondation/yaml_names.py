"""Strips names that a model wrote as block scalars; the CLI would skip their chapters."""

from typing import Any, Final

import yaml

from states.stages import INFO, Stage

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ABSTRACTIONS: Final = INFO[Stage.EXTRACT].file
_ORDER: Final = INFO[Stage.ORDER].file


def normalized(path: str, body: bytes) -> bytes:
    """Return a file with its names stripped, or unchanged if they are or if it is invalid.

    What is wrong with it is for the validation to say: nothing is repaired here but white space.
    """
    if path not in {_ABSTRACTIONS, _ORDER}:
        return body
    try:
        document = yaml.load(body.decode(), Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one
        stripped = [_strip(entry) for entry in _entries(document)]
        if not any(stripped):
            return body
        return yaml.safe_dump(
            document, allow_unicode=True, sort_keys=False
        ).encode()
    except (yaml.YAMLError, ValueError, RecursionError):
        return body


def _entries(document: Any) -> list[Any]:  # noqa: ANN401 - whatever YAML holds
    found = document.get("order") if isinstance(document, dict) else document
    return found if isinstance(found, list) else []


def _strip(entry: Any) -> bool:  # noqa: ANN401 - whatever YAML holds
    """Strip the name of an entry, and tell whether that changed it."""
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or name == name.strip():
        return False
    entry["name"] = name.strip()
    return True
