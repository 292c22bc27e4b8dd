"""A store that repeats failed requests to another store."""

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
"""How many entries are listed at once; S3 returns no more in one answer."""
QUIET_SECONDS: Final = 30.0
"""How long a warning is not repeated."""

Result = TypeVar("Result")


class RetryingStore:
    """Any store, with bounded retries of faults that may pass.

    These are missing answers and conflicts, and, after `persevere`, refusals.

    If the answer to a `create` is lost, the second attempt meets the object of the first: the
    caller gets ExistsError, and can see by the content whose object it is.
    """

    def __init__(
        self,
        store: Store,
        retrier: Retrier,
        give_up_seconds: float,
        *,
        monotonic: Callable[[], float],
    ) -> None:
        """Repeat each request for at most `give_up_seconds`."""
        self._store = store
        self._retrier = retrier
        # guard: a store's refusal: raised at once before a claim
        self._policy = Policy(
            on=(StoreUnavailableError, ConflictError),
            give_up_seconds=give_up_seconds,
        )
        self._monotonic = monotonic
        self._silent_until = float("-inf")
        self.url = store.url

    def persevere(self) -> None:
        """From now on, retry refusals, too: the store has accepted a claim, so they may pass."""
        self._policy = replace(
            self._policy, on=(StoreFaultError, ConflictError)
        )

    def attempt(self, work: Callable[[Store], Result]) -> Result:
        """Do several steps with the inner store; if one fails, repeat all of them."""
        return self._call(lambda: work(self._store))

    def create(self, key: str, body: bytes, media_type: str) -> float | None:
        """Store an object under a key that has none yet; return the store's time."""
        return self._call(partial(self._store.create, key, body, media_type))

    def put(
        self, key: str, body: bytes | Path, media_type: str
    ) -> float | None:
        return self._call(partial(self._store.put, key, body, media_type))

    def copy(self, source: str, target: str) -> None:
        self._call(partial(self._store.copy, source, target))

    def get(self, key: str) -> bytes:
        return self._call(partial(self._store.get, key))

    def download(self, key: str, path: Path) -> None:
        """Write an object's content to a file, from the beginning at each attempt."""
        self._call(partial(self._store.download, key, path))

    def head(self, key: str) -> ObjectHead:
        return self._call(partial(self._store.head, key))

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        """Yield entries, page by page; a page that fails is repeated from its first key."""
        while limit is None or limit > 0:
            size = PAGE
            if limit is not None:
                size = min(limit, PAGE)
            page = self._call(partial(self._page, prefix, start_after, size))
            yield from page
            if len(page) < size:
                return
            start_after = page[-1].key
            limit = None if limit is None else limit - size

    def delete(self, keys: list[str]) -> None:
        self._call(partial(self._store.delete, keys))

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a signed URL; this needs no request."""
        return self._store.sign(key, expires_seconds)

    def uri(self, key: str) -> str:
        return self._store.uri(key)

    def _page(
        self, prefix: str, start_after: str, size: int
    ) -> list[ObjectEntry]:
        return list(
            self._store.entries(prefix, start_after=start_after, limit=size)
        )

    def _call(self, request: Callable[[], Result]) -> Result:
        began = self._monotonic()
        policy = self._policy
        faults = set[type[Exception]]()

        def noting_faults() -> Result:
            try:
                return request()
            except policy.on as error:
                faults.add(type(error))
                raise

        try:
            return self._retrier.call(
                noting_faults, policy, on_retry=self._warn
            )
        except policy.on as error:
            seconds = self._monotonic() - began
            message = (
                f"the store {self.url} did not respond within {seconds:.0f} s of retries: "
                f"{error}; check that it runs and can be reached from here, then run this again"
            )
            if faults == {StoreRefusedError}:
                raise StoreRefusedError(message) from error
            raise StoreUnavailableError(message) from error

    def _warn(self, reason: str) -> None:
        now = self._monotonic()
        if now >= self._silent_until:
            self._silent_until = now + QUIET_SECONDS
            LOG.warning(
                "a request to the store failed, retrying: check that it runs and can be reached",
                extra={"store": self.url, "reason": reason},
            )
