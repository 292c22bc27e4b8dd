"""Message batches; they end after some seconds, polled or not."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.support.messages_api.model import (
    Document,
    RefusalError,
    check,
    invalid,
    is_name,
)

RESULTS: Final = ("succeeded", "errored", "canceled", "expired")


@dataclass
class Batch:
    """A batch, and the state of its requests."""

    id: str
    requests: list[Document]
    created: datetime
    ends: datetime
    results: list[Document] | None = None
    canceled: datetime | None = None

    def counts(self) -> dict[str, int]:
        """Return the number of requests by their state; all are processing until the batch ends."""
        counts = dict.fromkeys(("processing", *RESULTS), 0)
        if self.results is None:
            counts["processing"] = len(self.requests)
        for result in self.results or ():
            counts[result["result"]["type"]] += 1
        return counts


@dataclass
class Batches:
    """All batches of a workspace, oldest first."""

    seconds: float
    url: str
    answer: Callable[[Document], Document]
    """Returns the message of a request, and counts it as paid."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: TID251
    outcomes: dict[str, str] = field(default_factory=dict)
    """The outcomes of requests that do not succeed, by name."""
    all: dict[str, Batch] = field(default_factory=dict)

    def create(self, body: Mapping[str, list[Document]]) -> Document:
        requests = body.get("requests") or []
        if not requests:
            raise invalid("requests: Field required")
        names = [request.get("custom_id") for request in requests]
        if len(set(names)) < len(names):
            raise invalid("requests: custom_id must be unique")
        for request in requests:
            if not is_name(request.get("custom_id")):
                raise invalid("requests.custom_id: String should match pattern")
            if request["params"].get("stream"):
                raise invalid(
                    "requests.params.stream: not supported in batches"
                )
            check(request["params"])
        now = self.now()
        batch = Batch(
            id=f"msgbatch_{secrets.token_hex(12)}",
            requests=requests,
            created=now,
            ends=now + timedelta(seconds=self.seconds),
        )
        self.all[batch.id] = batch
        return self.document(batch)

    def find(self, batch_id: str) -> Batch:
        """Return a batch in its present state."""
        if batch_id not in self.all:
            raise RefusalError(404, "not_found_error", f"batch {batch_id}")
        batch = self.all[batch_id]
        if batch.results is None and self.now() >= batch.ends:
            batch.results = [
                self._result(request) for request in batch.requests
            ]
        return batch

    def list(self, params: Mapping[str, str]) -> Document:
        """Return a page of the batches, newest first."""
        ids = [*reversed(self.all)]
        if "after_id" in params:
            ids = ids[ids.index(params["after_id"]) + 1 :]
        limit = int(params.get("limit", "20"))
        page = [self.document(self.find(batch_id)) for batch_id in ids[:limit]]
        return {
            "data": page,
            "has_more": len(ids) > limit,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
        }

    def cancel(self, batch_id: str) -> Document:
        """Cancel the requests that are not done."""
        batch = self.find(batch_id)
        if batch.results is None:
            batch.canceled = batch.ends = self.now()
            for request in batch.requests:
                self.outcomes[request["custom_id"]] = "canceled"
        return self.document(batch)

    def results(self, batch_id: str) -> bytes:
        """Return the results, a line each, in no particular order."""
        batch = self.find(batch_id)
        if batch.results is None:
            raise RefusalError(
                404, "not_found_error", f"batch {batch_id} has no results yet"
            )
        lines = [json.dumps(result) for result in reversed(batch.results)]
        return "".join(f"{line}\n" for line in lines).encode()

    def document(self, batch: Batch) -> Document:
        """Return the API's description of a batch."""
        over = batch.results is not None
        status = "canceling" if batch.canceled else "in_progress"
        path = f"{self.url}/v1/messages/batches/{batch.id}/results"
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if over else status,
            "request_counts": batch.counts(),
            "created_at": _time(batch.created),
            "expires_at": _time(batch.created + timedelta(hours=24)),
            "ended_at": _time(batch.ends) if over else None,
            "cancel_initiated_at": _time(batch.canceled),
            "archived_at": None,
            "results_url": path if over else None,
        }

    def _result(self, request: Document) -> Document:
        outcome = self.outcomes.get(request["custom_id"], "succeeded")
        result: Document = {"type": outcome}
        if outcome == "succeeded":
            result["message"] = self.answer(request["params"])
        if outcome == "errored":
            error = {"type": "api_error", "message": "Internal server error"}
            result["error"] = {
                "type": "error",
                "error": error,
                "request_id": None,
            }
        return {"custom_id": request["custom_id"], "result": result}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
