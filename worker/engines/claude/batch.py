"""The API's description of a message batch."""

from dataclasses import dataclass
from datetime import datetime

from states.codec import JsonObject
from worker.engines.claude.failures import AnswerLostError


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """The API's description of a batch."""

    id: str
    ended: bool
    created_at: datetime
    expires_at: str | None
    size: int
    """How many requests it has."""


def read_batch(document: JsonObject) -> Batch:
    """Read a batch; raise AnswerLostError if the document is not one."""
    try:
        return Batch(
            id=str(document["id"]),
            ended=document["processing_status"] == "ended",
            created_at=_time(document["created_at"]),
            expires_at=str(document.get("expires_at") or "") or None,
            size=sum(document["request_counts"].values()),
        )
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise AnswerLostError("the answer is not a batch") from error


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment
