"""What the web app's webhook accepts: as strict as its own validation (zod), no unknown fields."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[Any], bool]

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
STATUSES: Final = {
    "pending",
    "cloning",
    "analyzing",
    "gathering",
    "running",
    "completed",
    "failed",
    "canceled",
}


def _text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _whole(low: int) -> Check:
    return lambda value: type(value) is int and value >= low


def _like(pattern: re.Pattern[str]) -> Check:
    return lambda value: (
        isinstance(value, str) and pattern.fullmatch(value) is not None
    )


def _one_of(*values: str) -> Check:
    return lambda value: value in values


FILE: Final[dict[str, Check]] = {
    "path": _text,
    "type": _one_of("yaml", "markdown"),
    "size": _whole(1),
    "sha256": _like(_SHA256),
    "url": _text,
    "uri": _text,
    "expiresAt": _like(_TIME),
}
EVERY: Final[dict[str, Check]] = {
    "jobId": _text,
    "type": _one_of("progress", "complete", "error"),
    "status": _one_of(*STATUSES),
    "step": _whole(1),
    "totalSteps": _whole(1),
    "message": _text,
    "progress": _text,
    "timestamp": _like(_TIME),
    "sequence": _whole(1),
    "run": _whole(1),
}
MORE: Final[dict[str, dict[str, Check]]] = {
    "progress": {},
    "complete": {
        "duration": lambda value: type(value) in {int, float} and value >= 0,
        "filesCount": _whole(0),
        "manifestUrl": _text,
    },
    "error": {
        "error": _text,
        "errorCode": _text,
        "retryable": lambda value: type(value) is bool,
    },
}


def faults(document: Mapping[str, Any]) -> list[str]:
    """Name every field of a callback that is missing, invalid or unknown."""
    fields = EVERY | MORE.get(str(document.get("type")), {})
    names = _wrong(
        "",
        fields,
        {name: value for name, value in document.items() if name not in _FILES},
    )
    if document.get("filesTruncated") is True and "files" not in document:
        return names
    for position, file in enumerate(document.get("files", [None])):
        names += _wrong(f"files[{position}].", FILE, file or {})
    return names


_FILES: Final = {"files", "filesTruncated"}


def _wrong(
    place: str, fields: Mapping[str, Check], document: Mapping[str, Any]
) -> list[str]:
    wrong = [
        name
        for name, check in fields.items()
        if name not in document or not check(document[name])
    ]
    return [
        f"{place}{name}: {document.get(name)!r}"
        for name in [*wrong, *sorted(set(document) - set(fields))]
    ]
