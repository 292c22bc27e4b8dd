"""A store in memory, for tests and simulations.

It needs no lock: every method changes the dictionary in at most one step.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
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
    """Objects in a dictionary."""

    url = "memory://"

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the store's clock, in seconds since 1970."""
        self._clock = clock
        self._objects: dict[str, _Object] = {}

    def create(self, key: str, body: bytes, media_type: str) -> float:
        """Store an object under a key that has none yet; return the time."""
        new = _Object(body, media_type, self._clock())
        if self._objects.setdefault(key, new) is not new:
            raise ExistsError(f"{self.uri(key)} exists")
        return new.modified

    def put(self, key: str, body: bytes | Path, media_type: str) -> float:
        if isinstance(body, Path):
            body = body.read_bytes()
        now = self._clock()
        self._objects[key] = _Object(body, media_type, now)
        return now

    def copy(self, source: str, target: str) -> None:
        stored = self._found(source)
        self._objects[target] = replace(stored, modified=self._clock())

    def get(self, key: str) -> bytes:
        return self._found(key).body

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self._found(key).body)

    def head(self, key: str) -> ObjectHead:
        stored = self._found(key)
        return ObjectHead(
            size=len(stored.body),
            modified=stored.modified,
            now=self._clock(),
        )

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        """Yield the objects that exist when the listing begins (strings sort like their UTF-8)."""
        objects = self._objects.copy()
        matching = [key for key in objects if key.startswith(prefix)]
        keys = [key for key in sorted(matching) if key > start_after]
        for key in keys[:limit]:
            stored = objects[key]
            yield ObjectEntry(
                key=key,
                size=len(stored.body),
                modified=stored.modified,
            )

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            self._objects.pop(key, None)

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a URL that cannot be opened."""
        return f"{self.uri(key)}?expires={expires_seconds}"

    def uri(self, key: str) -> str:
        return f"{self.url}/{quote(key)}"

    def _found(self, key: str) -> _Object:
        try:
            return self._objects[key]
        except KeyError:
            raise MissingError(f"there is no {self.uri(key)}") from None
