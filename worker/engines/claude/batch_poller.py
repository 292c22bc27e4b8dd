"""Polls message batches, and finds those whose creation was not answered."""

from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from states.codec import JsonObject
from states.usage import Waiting
from worker.engines.claude.api import MessagesApi
from worker.engines.claude.batch import Batch
from worker.engines.claude.failures import (
    NOT_FOUND,
    AnswerLostError,
    RejectedError,
)
from worker.engines.claude.ledger_entries import BatchEntry
from worker.engines.claude.limiter import Limiter
from worker.engines.claude.permission import Permission
from worker.engines.claude.records import BatchCreated
from worker.engines.port import EngineFailedError, EngineWaitingError
from worker.system.runtime import Runtime, iso

Result = TypeVar("Result")

FIRST_POLL: Final = 30.0
LONGEST_POLL: Final = 300.0
_GROWTH: Final = 1.5
MAX_WAIT_SECONDS: Final = 3600.0
"""How long a run waits for a batch; most end within this time."""
_CLOCKS: Final = timedelta(minutes=10)
"""How much the API's clock may differ from this machine's."""
_CREATION: Final = timedelta(minutes=5)
"""How long after its intent a batch may still be created."""
_LOOKS: Final = (0.0, FIRST_POLL, _GROWTH * FIRST_POLL)
"""The pauses before each search for a batch: the API's list may show it late."""


class BatchPoller:
    """Waits for the batches of one stage, and reads their results."""

    def __init__(
        self,
        api: MessagesApi,
        limiter: Limiter,
        permission: Permission,
        runtime: Runtime,
    ) -> None:
        self._api = api
        self._limiter = limiter
        self._permission = permission
        self._runtime = runtime
        self._polled_since = runtime.monotonic()

    def find(self, batch: BatchEntry) -> Batch | None:
        """Search for a batch whose creation was not answered."""
        others: set[str] = set()
        # guard: batches: one that the list does not show yet is looked for again
        for pause in _LOOKS:
            self._permission.sleep(pause)
            for candidate in self._candidates(batch, others):
                if self._is_same(batch, candidate):
                    return candidate
                others.add(candidate.id)
        return None

    def results(
        self, batch_id: str, created: BatchCreated | None
    ) -> dict[str, JsonObject] | None:
        """Wait until a batch has ended, and return its results by call name.

        Returns None if the API does not know the batch, or no longer has its results. `created` is
        None if the batch may be another job's. Raises EngineWaitingError if it takes too long, or
        after a stop.
        """
        if not self._wait(batch_id, created):
            return None
        return self._ask(lambda: self._api.results(batch_id))

    def _candidates(
        self, batch: BatchEntry, others: Container[str]
    ) -> list[Batch]:
        """Return the account's batches that may be this one, without the `others`."""
        at = datetime.fromisoformat(batch.intent.at)
        earliest = at - _CLOCKS
        latest = at + _CREATION + _CLOCKS
        size = len(batch.intent.names)
        listed = self._ask(self._api.batches) or []
        return [
            candidate
            for candidate in listed
            if candidate.size == size
            and earliest <= candidate.created_at <= latest
            and candidate.id not in others
        ]

    def _is_same(self, batch: BatchEntry, candidate: Batch) -> bool:
        """Wait until a batch has ended, and return whether its calls are those of `batch`."""
        results = self.results(candidate.id, None) or {}
        names = set(batch.intent.names)
        # guard: batches: one whose creation got no answer is known by its calls
        return results.keys() == names

    def _wait(self, batch_id: str, created: BatchCreated | None) -> bool:
        """Wait until a batch has ended; return False if the API does not know it."""
        pause = FIRST_POLL
        while True:
            if self._permission.stopped or not self._is_patient():
                raise self._waiting(batch_id, created)
            batch = self._ask(lambda: self._api.batch(batch_id))
            if batch is None or batch.ended:
                return batch is not None
            with suppress(EngineFailedError):
                self._permission.sleep(pause)
            pause = min(LONGEST_POLL, _GROWTH * pause)

    def _is_patient(self) -> bool:
        waited = self._runtime.monotonic() - self._polled_since
        return waited <= MAX_WAIT_SECONDS

    def _waiting(
        self, batch_id: str, created: BatchCreated | None
    ) -> EngineWaitingError:
        pause = timedelta(seconds=LONGEST_POLL)
        not_before = iso(self._runtime.now() + pause)
        waiting = Waiting(reason="batch", not_before=not_before)
        name = f"batch {batch_id}, which may be this job's,"
        if created is not None:
            name = f"batch {batch_id}"
            waiting = replace(
                waiting, batch_id=batch_id, expires_at=created.expires_at
            )
        return EngineWaitingError(
            f"{name} has not ended; run this again after {not_before}", waiting
        )

    def _ask(self, request: Callable[[], Result]) -> Result | None:
        """Repeat a request that changes nothing; return None if its object does not exist."""
        while True:
            self._permission.check()
            try:
                answer = request()
            except AnswerLostError as error:
                self._limiter.failed(str(error), None)
            except RejectedError as error:
                refusal = error.refusal
                if refusal.status == NOT_FOUND:
                    return None
                if not error.may_pass:
                    raise error.consequence(self._api.address, "") from error
                self._limiter.failed(refusal.reason, refusal.retry_after)
            else:
                self._limiter.answered()
                return answer
            self._limiter.wait(self._permission)
