"""A store that tries again while the one below it does not do what it is asked."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from worker.errors import (
    ConflictError,
    StoreFaultError,
    StoreRefusedError,
    StoreUnavailableError,
)
from worker.store.port import ObjectEntry, ObjectHead, Store
from worker.system.retry import Policy, Retrier

LOG = logging.getLogger(__name__)

PAGE: Final = 1000
"""Entries that are listed at a time: the most that S3 gives in one answer."""
QUIET_SECONDS: Final = 30.0
"""So long a warning that the store does not answer is not repeated."""

Result = TypeVar("Result")


class RetryingStore:
    """Any store, with bounded retries of what may pass: no answer, and conflicts of timing; later any refusal, too.

    A `create` whose answer was lost meets its own object when it is tried again: the
    ExistsError then goes to the caller, who can tell by the content whose object it is.
    """

    def __init__(
        self,
        store: Store,
        retrier: Retrier,
        give_up_seconds: float,
        *,
        monotonic: Callable[[], float],
    ) -> None:
        """Try each call again for at most `give_up_seconds`."""
        self._store = store
        self._retrier = retrier
        # guard: a store's refusal: said at once before a claim
        self._policy = Policy(
            on=(StoreUnavailableError, ConflictError), give_up_seconds=give_up_seconds
        )
        self._monotonic = monotonic
        self._silent_until = float("-inf")
        self.url = store.url

    def persevere(self) -> None:
        """Try refusals again, too, from now on: the store has just taken a claim, so they are not for good."""
        self._policy = replace(self._policy, on=(StoreFaultError, ConflictError))

    def attempt(self, work: Callable[[Store], Result]) -> Result:
        """Do several steps with the store below; if one of them fails, all are tried again."""
        return self._call(lambda: work(self._store))

    def create(self, key: str, body: bytes, media_type: str) -> None:
        """Store an object if there is none under that key."""
        self._call(partial(self._store.create, key, body, media_type))

    def put(self, key: str, body: bytes | Path, media_type: str) -> float | None:
        """Store an object, whatever was there; return the store's time."""
        return self._call(partial(self._store.put, key, body, media_type))

    def get(self, key: str) -> bytes:
        """Return an object's content."""
        return self._call(partial(self._store.get, key))

    def download(self, key: str, path: Path) -> None:
        """Write an object's content to a file, from its beginning at each try."""
        self._call(partial(self._store.download, key, path))

    def head(self, key: str) -> ObjectHead:
        """Return an object's size and age."""
        return self._call(partial(self._store.head, key))

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        """Yield entries; what is tried again is a page, from the last key that was yielded."""
        while limit is None or limit > 0:
            size = PAGE if limit is None else min(limit, PAGE)
            page = self._call(partial(self._page, prefix, start_after, size))
            yield from page
            if len(page) < size:
                return
            start_after = page[-1].key
            limit = None if limit is None else limit - size

    def delete(self, keys: list[str]) -> None:
        """Delete objects."""
        self._call(partial(self._store.delete, keys))

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a signed URL; that needs no answer."""
        return self._store.sign(key, expires_seconds)

    def uri(self, key: str) -> str:
        """Return the object's name."""
        return self._store.uri(key)

    def _page(self, prefix: str, start_after: str, size: int) -> list[ObjectEntry]:
        return list(self._store.entries(prefix, start_after=start_after, limit=size))

    def _call(self, work: Callable[[], Result]) -> Result:
        began, policy = self._monotonic(), self._policy
        kinds: set[type[Exception]] = set()

        def noted() -> Result:
            try:
                return work()
            except policy.on as error:
                kinds.add(type(error))
                raise

        try:
            return self._retrier.call(noted, policy, on_retry=self._warn)
        except policy.on as error:
            kind = (
                StoreRefusedError
                if kinds == {StoreRefusedError}
                else StoreUnavailableError
            )
            seconds = self._monotonic() - began
            raise kind(
                f"the store {self.url} did not do it, tried for {seconds:.0f} s: {error}; "
                "see that it runs and can be reached from here, then run this again"
            ) from error

    def _warn(self, reason: str) -> None:
        now = self._monotonic()
        if now >= self._silent_until:
            self._silent_until = now + QUIET_SECONDS
            LOG.warning(
                "store does not do what it is asked, trying again: see that it runs and can be reached from here",
                extra={"store": self.url, "reason": reason},
            )
