"""The port to a store of immutable objects, with the guarantees that the protocol rests on.

Every adapter gives: reads see every finished write; an object appears whole or not at all;
of concurrent `create`s of one key exactly one succeeds; time is the store's own.
`tests/contract` holds all adapters to it.

Every method may also raise a StoreFaultError: StoreUnavailableError (try again),
StoreRefusedError (credentials) or StoreConfigError (no bucket, no store). A file of this
machine that cannot be read or written is an OSError.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectHead:
    """What a store says of an object."""

    size: int
    """In bytes."""
    modified: float
    """When it was last written, in seconds since 1970 by the store's clock."""
    now: float
    """The store's time as it answers."""

    @property
    def age(self) -> int:
        """Whole seconds since it was last written, never less than none."""
        return max(0, int(self.now - self.modified))


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectEntry:
    """A line of a listing; `size` in bytes, `modified` in seconds since 1970 by the store's clock."""

    key: str
    size: int
    modified: float


class Store(Protocol):
    """Objects under keys, below one prefix."""

    url: str
    """Where it is, as in `STORE_URL`; never holds credentials."""

    def create(self, key: str, body: bytes, media_type: str) -> None:
        """Store an object if there is none under that key.

        Else raise ExistsError (or ConflictError: try again).
        """

    def put(self, key: str, body: bytes | Path, media_type: str) -> float | None:
        """Store an object, from memory or from a file, whatever was there.

        Returns the store's time as it answers, in seconds since 1970, or None where it does
        not say it.
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
        """Yield the objects whose keys begin with a prefix and sort after a text, in the order of their keys' bytes."""

    def delete(self, keys: list[str]) -> None:
        """Delete objects; keys that are not there are passed over."""

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a URL that gives the object to whoever holds it, for that long."""

    def uri(self, key: str) -> str:
        """Return the object's name for programs with credentials of their own (`s3://…`, `file://…`)."""
