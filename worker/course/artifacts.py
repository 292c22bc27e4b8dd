"""Artifacts as objects: stored item by item, and validated when they are restored."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from states.course_paths import media_type
from states.keys import ArtifactName, artifact_key, artifact_name, inputs_prefix
from states.manifest import Artifact, StageRecord
from states.stages import Stage
from worker.errors import MissingError
from worker.store.port import Store
from worker.system.disk import on_disk

LOG = logging.getLogger(__name__)

_DAMAGED: Final = "a stored item is invalid, and is not used"

Validate = Callable[[str, bytes], str | None]
"""Says what is wrong with an item (its path and content), or None."""

TRANSFERS: Final = 16
"""How many objects are transferred at once."""

LOOKS: Final = 3
"""How many times an object is read before it counts as missing or damaged."""

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemVersion:
    """An object that may be an item; two runs may have made several for one path."""

    name: ArtifactName
    key: str
    size: int
    modified: float


class Artifacts:
    """The artifacts of one job in a store."""

    def __init__(self, store: Store, job_id: str, executor: Executor) -> None:
        """Use an executor for parallel transfers."""
        self._store = store
        self._job_id = job_id
        self._executor = executor

    def store(
        self, stage: Stage, inputs: str, path: str, body: bytes | Path
    ) -> Artifact:
        """Store an item under its inputs and its content.

        Repeating this changes nothing, and repairs a damaged object.
        """
        artifact = _artifact(path, body)
        key = artifact_key(self._job_id, stage, inputs, artifact.sha256, path)
        with on_disk(body) if isinstance(body, Path) else nullcontext():
            self._store.put(key, body, artifact.media_type)
        return artifact

    def submit(
        self, stage: Stage, inputs: str, path: str, body: bytes
    ) -> Future[Artifact]:
        """Store an item in the background."""
        return self._executor.submit(self.store, stage, inputs, path, body)

    def versions(self, stage: Stage, inputs: str) -> list[ItemVersion]:
        """List the stored items of an unfinished stage, newest version first."""
        found = []
        for entry in self._store.entries(
            inputs_prefix(self._job_id, stage, inputs)
        ):
            name = artifact_name(entry.key)
            if name is not None:
                found.append(
                    ItemVersion(
                        name=name,
                        key=entry.key,
                        size=entry.size,
                        modified=entry.modified,
                    )
                )
        # guard: of several versions of an item the newest is taken
        return sorted(
            found, key=lambda version: (-version.modified, version.key)
        )

    def restore(
        self,
        stage: Stage,
        inputs: str,
        wanted: Iterable[str],
        validate: Validate,
    ) -> Iterator[tuple[Artifact, bytes]]:
        """Yield the valid items of an unfinished stage.

        Of several versions of one, the newest that is valid.
        """
        by_path: dict[str, list[ItemVersion]] = {path: [] for path in wanted}
        for version in self.versions(stage, inputs):
            if version.name.path in by_path:
                by_path[version.name.path].append(version)
        candidates = [versions for versions in by_path.values() if versions]
        for found in self._executor.map(
            lambda versions: self._first_valid(versions, validate), candidates
        ):
            if found is not None:
                yield found

    def fetch(
        self, record: StageRecord
    ) -> Iterator[tuple[Artifact, bytes | None]]:
        """Yield a finished stage's artifacts with their contents; None if missing or damaged."""
        yield from zip(
            record.artifacts,
            self._executor.map(
                lambda artifact: self._content(record, artifact),
                record.artifacts,
            ),
            strict=True,
        )

    def missing(
        self, records: Iterable[StageRecord]
    ) -> list[tuple[Stage, Artifact]]:
        """Return the artifacts that are not in the store with their sizes.

        Found by listing, not one by one.
        """
        kept = [record for record in records if record.artifacts]
        # guard: damage: what a listing does not show is asked for itself
        return [
            (record.stage, artifact)
            for record, sizes in zip(
                kept, self._executor.map(self._sizes, kept), strict=True
            )
            for artifact in record.artifacts
            if sizes.get(self.key(record, artifact)) != artifact.size
            and not self._is_there(record, artifact)
        ]

    def key(self, record: StageRecord, artifact: Artifact) -> str:
        """Return the key of a finished stage's artifact."""
        return artifact_key(
            self._job_id,
            record.stage,
            _inputs(record),
            artifact.sha256,
            artifact.path,
        )

    def download(
        self, record: StageRecord, artifact: Artifact, path: Path
    ) -> bool:
        """Write an artifact to a file; tell whether it exists and is undamaged."""
        return (
            self._downloaded(self.key(record, artifact), artifact.sha256, path)
            == artifact.size
        )

    def adopt(self, version: ItemVersion, path: Path) -> Artifact | None:
        """Write an item of an unfinished stage to a file.

        Return None if it is not what its name says.
        """
        if self._downloaded(version.key, version.name.content, path) is None:
            LOG.warning(_DAMAGED, extra={"key": version.key})
            return None
        return _artifact(version.name.path, path)

    def _downloaded(self, key: str, sha256: str, path: Path) -> int | None:
        """Write an object to a file; return its size, or None if its SHA-256 differs."""

        def look() -> int | None:
            with on_disk(path):
                self._store.download(key, path)
            size, found = measure(path)
            # guard: checksums on restore: of the snapshot
            return size if found.startswith(sha256) else None

        return certain(look)

    def _is_there(self, record: StageRecord, artifact: Artifact) -> bool:
        """Look at one artifact: a listing may not show it yet."""
        key = self.key(record, artifact)
        return (
            certain(lambda: self._store.head(key).size == artifact.size or None)
            is not None
        )

    def _sizes(self, record: StageRecord) -> dict[str, int]:
        prefix = inputs_prefix(self._job_id, record.stage, _inputs(record))
        return {entry.key: entry.size for entry in self._store.entries(prefix)}

    def _content(self, record: StageRecord, artifact: Artifact) -> bytes | None:
        return content(
            self._store,
            self.key(record, artifact),
            artifact.sha256,
            size=artifact.size,
        )

    def _first_valid(
        self, versions: list[ItemVersion], validate: Validate
    ) -> tuple[Artifact, bytes] | None:
        for version in versions:
            path = version.name.path
            body = content(self._store, version.key, version.name.content)
            # guard: validation on restore
            fault = (
                "it is missing, or differs from its name"
                if body is None
                else validate(path, body)
            )
            if body is not None and fault is None:
                return _artifact(path, body), body
            LOG.warning(_DAMAGED, extra={"key": version.key, "fault": fault})
        return None


def certain(look: Callable[[], Result | None]) -> Result | None:
    """Return what a look at the store finds.

    None if it raises MissingError, or returns None, each time.
    """
    # guard: damage: not believed at once
    for _ in range(LOOKS):
        with suppress(MissingError):
            found = look()
            if found is not None:
                return found
    return None


def content(
    store: Store, key: str, sha256: str, *, size: int | None = None
) -> bytes | None:
    """Return an object's content, or None if it is missing, or size or SHA-256 differ.

    `sha256` may be the beginning of the digest only.
    """

    def look() -> bytes | None:
        body = store.get(key)
        length, found = measure(body)
        # guard: checksums on restore: of items and of finished stages
        return (
            body
            if found.startswith(sha256) and size in {None, length}
            else None
        )

    return certain(look)


def _artifact(path: str, body: bytes | Path) -> Artifact:
    size, sha256 = measure(body)
    return Artifact(
        path=path, size=size, sha256=sha256, media_type=media_type(path)
    )


def measure(body: bytes | Path) -> tuple[int, str]:
    """Return size and SHA-256 of a content."""
    if isinstance(body, bytes):
        return len(body), hashlib.sha256(body).hexdigest()
    with on_disk(body), body.open("rb") as file:
        return body.stat().st_size, hashlib.file_digest(
            file, "sha256"
        ).hexdigest()


def _inputs(record: StageRecord) -> str:
    if record.inputs is None:
        raise ValueError(
            f"{record.stage} has not been entered, so nothing is stored of it"
        )
    return record.inputs
