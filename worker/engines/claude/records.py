"""What is stored of a paid call: what was about to be sent, and what came of it.

The prompt is not stored: it follows from the commit and the engine, and its digest is enough.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, TypeVar

from worker.engines.claude.prices import Tokens

_FORMAT: Final = 1

Record = TypeVar("Record", "Intent", "Answer", "Rejection")


class DamagedRecordError(Exception):
    """An object in the store is not a record of a call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A call that is about to be sent, and the most that it can cost."""

    writer: str
    """A random name of the run: only who stored an intent may send its call."""
    at: str
    purpose: str
    model: str
    endpoint: str
    prompt_sha256: str
    generation: int
    repair: int
    tokens: int
    nanodollars: int
    prices_dated: str | None
    batch: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the model has answered, and what it cost."""

    at: str
    text: str
    model: str
    """The model that answered; an endpoint may put another one in place of that asked for."""
    stop_reason: str | None
    nanodollars: int
    request_id: str | None
    tokens: Tokens = field(default_factory=Tokens)
    refusal: str | None = None
    """Why the model refuses, where the API says so."""
    seconds: float = 0.0
    batch_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """Why a call was not answered, and certainly not paid."""

    at: str
    error: str
    request_id: str | None = None


Outcome = Answer | Rejection


def encode(record: Intent | Outcome) -> bytes:
    """Return a record as an object of the store."""
    document = {"format": _FORMAT, **asdict(record)}
    # Escaped, because a model may write what UTF-8 cannot hold.
    return json.dumps(document, indent=1).encode()


def read_intent(content: bytes) -> Intent:
    """Read a stored intent; raise DamagedRecordError."""
    return _record(Intent, _document(content))


def read_outcome(content: bytes) -> Outcome:
    """Read what came of a call; raise DamagedRecordError."""
    document = _document(content)
    if "error" in document:
        return _record(Rejection, document)
    try:
        document["tokens"] = Tokens(**document["tokens"])
    except (KeyError, TypeError) as error:
        raise DamagedRecordError(f"{error}") from error
    return _record(Answer, document)


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise DamagedRecordError(f"it is not JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise DamagedRecordError(f"it is not of format {_FORMAT}")
    return document


def _record(kind: type[Record], document: dict[str, Any]) -> Record:
    known = {entry.name for entry in fields(kind)}
    try:
        return kind(**{name: document[name] for name in known})
    except (KeyError, TypeError) as error:
        raise DamagedRecordError(f"{error}") from error
