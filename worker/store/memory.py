"""A store in memory: the twin that tests and simulations use.

It needs no lock: every method changes the dictionary in one step at most.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from worker.errors import ExistsError, MissingError
from worker.store.port import ObjectEntry, ObjectHead


@dataclass(frozen=True, slots=True, eq=False)
class _Object:
    body: bytes
    media_type: str
    modified: float


class MemoryStore:
    """Objects in a dictionary; they are gone with it."""

    url = "memory://"

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the store's own clock: seconds since 1970."""
        self._clock = clock
        self._objects: dict[str, _Object] = {}

    def create(self, key: str, body: bytes, media_type: str) -> None:
        """Store an object if there is none under that key."""
        new = _Object(body, media_type, self._clock())
        if self._objects.setdefault(key, new) is not new:
            raise ExistsError(f"{self.uri(key)} exists")

    def put(self, key: str, body: bytes | Path, media_type: str) -> float:
        """Store an object, whatever was there; return the time."""
        content = body.read_bytes() if isinstance(body, Path) else body
        now = self._clock()
        self._objects[key] = _Object(content, media_type, now)
        return now

    def get(self, key: str) -> bytes:
        """Return an object's content."""
        return self._found(key).body

    def download(self, key: str, path: Path) -> None:
        """Write an object's content to a file."""
        path.write_bytes(self._found(key).body)

    def head(self, key: str) -> ObjectHead:
        """Return an object's size and age."""
        found = self._found(key)
        return ObjectHead(
            size=len(found.body), modified=found.modified, now=self._clock()
        )

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        """Yield what was there when the listing began (texts sort as their UTF-8 does)."""
        found = [
            item
            for item in self._objects.copy().items()
            if item[0].startswith(prefix) and item[0] > start_after
        ]
        for key, entry in sorted(found, key=lambda item: item[0])[:limit]:
            yield ObjectEntry(key=key, size=len(entry.body), modified=entry.modified)

    def delete(self, keys: list[str]) -> None:
        """Delete objects."""
        for key in keys:
            self._objects.pop(key, None)

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a URL that nobody can open."""
        return f"{self.uri(key)}?expires={expires_seconds}"

    def uri(self, key: str) -> str:
        """Return the object's name."""
        return f"{self.url}/{quote(key)}"

    def _found(self, key: str) -> _Object:
        try:
            return self._objects[key]
        except KeyError:
            raise MissingError(f"there is no {self.uri(key)}") from None
