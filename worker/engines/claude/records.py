"""The stored records of paid calls: what was about to be sent, and the outcome.

The prompt is not stored: it follows from the commit and the engine, and its digest is enough.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from worker.engines.claude.prices import Tokens

_FORMAT: Final = 1


class DamagedRecordError(Exception):
    """An object in the store is not a record of a call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A call that is about to be sent, and the most that it can cost."""

    writer: str
    """A random name of the run: only the run that stored an intent may send its call."""
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
    """The model's answer, and its cost."""

    at: str
    text: str
    model: str
    """The model that answered; an endpoint may substitute another one."""
    stop_reason: str | None
    nanodollars: int
    request_id: str | None
    tokens: Tokens = field(default_factory=Tokens)
    refusal: str | None = None
    """Why the model refuses, if the API says so."""
    seconds: float = 0.0
    batch_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedCall:
    """The reason why a call was not answered, and certainly not billed."""

    at: str
    error: str
    request_id: str | None = None
    batch_id: str | None = None
    """The batch that ended without an answer to this call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchIntent:
    """A batch of calls that is about to be created; the calls' own intents are stored first."""

    writer: str
    at: str
    generation: int
    names: tuple[str, ...]
    """The names of its calls: each call's key and number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchCreated:
    """The outcome of creating a batch."""

    at: str
    batch_id: str | None
    """None if no batch was created."""
    expires_at: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fallback:
    """An item that is made without the model, because its answers were unusable."""

    at: str
    path: str
    model: str
    generation: int


Outcome = Answer | RejectedCall
StoredRecord = (
    Intent | Answer | RejectedCall | BatchIntent | BatchCreated | Fallback
)

_KINDS: Final[Mapping[str, type[StoredRecord]]] = {
    "intent": Intent,
    "answer": Answer,
    "rejection": RejectedCall,
    "batch-intent": BatchIntent,
    "batch-created": BatchCreated,
    "fallback": Fallback,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def encode(record: StoredRecord) -> bytes:
    """Return a record as the content of an object."""
    kind = _NAMES[type(record)]
    document = {"format": _FORMAT, "kind": kind, **asdict(record)}
    # Escaped, because a model may write text that UTF-8 cannot encode.
    return json.dumps(document, indent=1).encode()


def decode(content: bytes) -> StoredRecord:
    """Read a stored record; raise DamagedRecordError."""
    try:
        document: Any = json.loads(content)
        if document["format"] != _FORMAT:
            raise DamagedRecordError(f"it is not of format {_FORMAT}")
        kind = _KINDS[document["kind"]]
        if "tokens" in document and kind is Answer:
            document["tokens"] = Tokens(**document["tokens"])
        if "names" in document:
            document["names"] = tuple(document["names"])
        known = [entry.name for entry in fields(kind)]
        return kind(**{name: document[name] for name in known})
    except (ValueError, LookupError, TypeError) as error:
        raise DamagedRecordError(f"it is not a record ({error})") from error
