"""A store in a folder of another store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from worker.store.port import ObjectEntry, ObjectHead, Store


class NestedStore:
    """Prefixes every key with the folder's name."""

    def __init__(self, outer: Store, folder: str) -> None:
        self._outer = outer
        self._folder = f"{folder}/"
        self.url = f"{outer.url.rstrip('/')}/{folder}"

    def create(self, key: str, body: bytes, media_type: str) -> float | None:
        return self._outer.create(self._folder + key, body, media_type)

    def put(
        self, key: str, body: bytes | Path, media_type: str
    ) -> float | None:
        return self._outer.put(self._folder + key, body, media_type)

    def copy(self, source: str, target: str) -> None:
        self._outer.copy(self._folder + source, self._folder + target)

    def get(self, key: str) -> bytes:
        return self._outer.get(self._folder + key)

    def download(self, key: str, path: Path) -> None:
        self._outer.download(self._folder + key, path)

    def head(self, key: str) -> ObjectHead:
        return self._outer.head(self._folder + key)

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        start = self._folder + start_after if start_after else ""
        for entry in self._outer.entries(
            self._folder + prefix, start_after=start, limit=limit
        ):
            yield replace(entry, key=entry.key.removeprefix(self._folder))

    def delete(self, keys: list[str]) -> None:
        self._outer.delete([self._folder + key for key in keys])

    def sign(self, key: str, expires_seconds: int) -> str:
        return self._outer.sign(self._folder + key, expires_seconds)

    def uri(self, key: str) -> str:
        return self._outer.uri(self._folder + key)
