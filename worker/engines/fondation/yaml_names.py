"""Strips names that a model wrote as block scalars; the CLI would skip their chapters."""

from typing import Any, Final

import yaml

from states.stages import INFO, Stage

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ABSTRACTIONS: Final = INFO[Stage.EXTRACT].file
_ORDER: Final = INFO[Stage.ORDER].file


def normalized(path: str, body: bytes) -> bytes:
    """Return a file with its names stripped.

    Files without such names, and invalid files, are returned unchanged: the validation
    reports their faults.
    """
    if path not in {_ABSTRACTIONS, _ORDER}:
        return body
    try:
        return _with_stripped_names(body)
    except (yaml.YAMLError, ValueError, RecursionError):
        return body


def _with_stripped_names(body: bytes) -> bytes:
    # A safe loader; in C where there is one.
    document = yaml.load(body.decode(), Loader=_LOADER)  # noqa: S506
    changed = False
    for entry in _entries(document):
        match entry:
            case {"name": str(name)} if name != name.strip():
                entry["name"] = name.strip()
                changed = True
    if not changed:
        return body
    text: str = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    return text.encode()


def _entries(document: Any) -> list[Any]:  # noqa: ANN401 - any value of YAML
    entries = document
    if isinstance(document, dict):
        entries = document.get("order")
    if isinstance(entries, list):
        return entries
    return []
