"""The stored records of a job's paid calls."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Final

from states.keys import CallName, call_key, call_name, calls_prefix
from worker.errors import ExistsError, MissingError, StoreUnavailableError
from worker.store.port import LOOKS, Store
from worker.store.retrying import RetryingStore

MEDIA_TYPE: Final = "application/json"


class StoredCalls:
    """The call store of one run."""

    def __init__(
        self,
        store: RetryingStore,
        job_id: str,
        executor: Executor,
        owns_alone: Callable[[], bool],
    ) -> None:
        """`owns_alone` returns whether only this run may act on the job."""
        self._store = store
        self._job_id = job_id
        self._executor = executor
        self._owns_alone = owns_alone

    def read(self) -> Iterator[tuple[CallName, bytes]]:
        names: dict[str, CallName] = {}
        for entry in self._store.entries(calls_prefix(self._job_id)):
            name = call_name(entry.key)
            if name is not None:
                names[entry.key] = name
        bodies = self._executor.map(self._whole, names)
        yield from zip(names.values(), bodies, strict=True)

    def create(self, name: CallName, body: bytes) -> bytes:
        """Store an object unless one of that name exists; return the content of the stored one."""
        key = call_key(self._job_id, name)
        return self._store.attempt(lambda store: _create(store, key, body))

    def owns_alone(self) -> bool:
        return self._owns_alone()

    def _whole(self, key: str) -> bytes:
        return self._store.attempt(lambda store: _existing(store, key))


def _create(store: Store, key: str, body: bytes) -> bytes:
    try:
        # guard: paid calls: a record is never overwritten
        store.create(key, body, MEDIA_TYPE)
    except ExistsError:
        return _existing(store, key)
    return body


def _existing(store: Store, key: str) -> bytes:
    """Return the content of an object that exists; half a record is read again."""
    # guard: paid calls: one wrong answer makes no record damaged
    for _ in range(LOOKS - 1):
        content = _found(store, key)
        if _is_whole(content):
            return content
    return _found(store, key)


def _found(store: Store, key: str) -> bytes:
    try:
        return store.get(key)
    except MissingError as error:
        # guard: paid calls: one that is listed and not found is the store's fault
        raise StoreUnavailableError(
            f"{store.uri(key)} exists, but cannot be read: try again"
        ) from error


def _is_whole(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True
