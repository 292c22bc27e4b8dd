"""The port to a store of immutable objects, with the guarantees that the protocol needs.

Every adapter guarantees that a read sees every finished write, that an object appears whole
or not at all, that exactly one of several concurrent `create`s of a key succeeds, and that
times are the store's own. `tests/contract` tests all adapters.

Every method may also raise a StoreFaultError: StoreUnavailableError (try again),
StoreRefusedError (credentials) or StoreConfigError (no bucket, or not a store). A local file
that cannot be read or written raises an OSError.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

LOOKS: Final = 3
"""How many times an object is read before it counts as missing or damaged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectHead:
    """What a store says about an object."""

    size: int
    """In bytes."""
    modified: float
    """When it was last written, in seconds since 1970 by the store's clock."""
    now: float
    """The store's time as it answers."""

    @property
    def age(self) -> int:
        """Whole seconds since it was last written; never negative."""
        return max(0, int(self.now - self.modified))


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectEntry:
    """An object in a listing."""

    key: str
    size: int
    """In bytes."""
    modified: float
    """When it was last written, in seconds since 1970 by the store's clock."""


class Store(Protocol):
    """Objects by key, below one prefix."""

    url: str
    """Its address, as in `STORE_URL`; without credentials."""

    def create(self, key: str, body: bytes, media_type: str) -> float | None:
        """Store an object under a key that has none yet; return as `put` does.

        Raises ExistsError, or ConflictError (try again).
        """

    def put(
        self, key: str, body: bytes | Path, media_type: str
    ) -> float | None:
        """Store an object, from memory or from a file; replace what the key has.

        Returns the store's time at its answer, in seconds since 1970, or None if the answer has no
        time.
        """

    def copy(self, source: str, target: str) -> None:
        """Store an object's content and media type under another key, as `put` does.

        If the store can copy by itself, the content does not pass through this machine. Raises
        MissingError.
        """

    def get(self, key: str) -> bytes:
        """Return an object's content, or raise MissingError."""

    def download(self, key: str, path: Path) -> None:
        """Write an object's content to a file, or raise MissingError."""

    def head(self, key: str) -> ObjectHead:
        """Return an object's size and age, or raise MissingError."""

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        """Yield the objects whose keys begin with `prefix` and sort after `start_after`.

        Keys are in the order of their bytes. `limit` is the largest number of objects.
        """

    def delete(self, keys: list[str]) -> None:
        """Delete objects; missing ones are ignored."""

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a URL that gives access to the object for `expires_seconds`."""

    def uri(self, key: str) -> str:
        """Return the object's URI (`s3://…`, `file://…`), for programs with credentials."""
