"""A job's artifacts in the store: stored item by item, and validated when restored."""

import hashlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from states.codec import decode_artifacts, encode_artifacts
from states.course_paths import ARTIFACT_LIST, media_type
from states.decisions import by_path
from states.keys import ArtifactName, artifact_key, artifact_name, inputs_prefix
from states.manifest import Artifact, ArtifactList, StageRecord
from states.stages import Stage
from worker.errors import DamagedError, MissingError
from worker.store.port import LOOKS, Store
from worker.system.disk import on_disk

LOG = logging.getLogger(__name__)

_DAMAGED: Final = "a stored item is invalid and not used"

Validate = Callable[[str, bytes], str | None]
"""Return the fault of an item, given its path and content, or None."""

TRANSFERS: Final = 16
"""How many objects are transferred at once."""

_AHEAD: Final = 4 * TRANSFERS
"""How many objects are read before the first of them is used."""

Part = TypeVar("Part")
Result = TypeVar("Result")

Restored = tuple[Artifact, bytes]
"""An artifact and its content."""


class ItemVersion(NamedTuple):
    """A stored version of an item; several runs may have stored different ones."""

    name: ArtifactName
    key: str
    size: int
    modified: float


class Artifacts:
    """The artifacts of one job in a store."""

    def __init__(self, store: Store, job_id: str, executor: Executor) -> None:
        self._store = store
        self._job_id = job_id
        self._executor = executor
        self._lists: dict[str, tuple[Artifact, ...]] = {}
        """The lists that were stored or read, by their SHA-256."""

    def store(
        self, stage: Stage, inputs: str, path: str, body: bytes | Path
    ) -> Artifact:
        """Store an item under its inputs and its content.

        Repeating this changes nothing, and repairs a damaged object.
        """
        artifact = _artifact(path, body)
        key = artifact_key(self._job_id, stage, inputs, artifact.sha256, path)
        with _reading(body):
            self._store.put(key, body, artifact.media_type)
        return artifact

    def store_list(
        self, stage: Stage, inputs: str, artifacts: Iterable[Artifact]
    ) -> ArtifactList:
        """Store the list of a stage's artifacts."""
        artifacts = by_path(artifacts)
        body = encode_artifacts(artifacts)
        # guard: lists of artifacts: stored before a checkpoint names them
        file = self.store(stage, inputs, ARTIFACT_LIST, body)
        self._lists[file.sha256] = artifacts
        return ArtifactList(count=len(artifacts), file=file)

    def of(self, record: StageRecord) -> tuple[Artifact, ...]:
        """Return a finished stage's artifacts.

        Raise DamagedError if an object lists them, and is missing or damaged.
        """
        if record.listed is None:
            return record.artifacts
        file = record.listed.file
        artifacts = self._lists.get(file.sha256)
        if artifacts is None:
            # guard: lists of artifacts: checked against their digest
            body = self.read(record, file)
            if body is None:
                raise DamagedError(record.stage, file.path)
            artifacts = decode_artifacts(body)
            self._lists[file.sha256] = artifacts
        return artifacts

    def forget(self) -> None:
        """Read lists from the store again."""
        self._lists.clear()

    def copy(
        self, source: str, record: StageRecord, artifact: Artifact
    ) -> bool:
        """Copy an object within the store to an item's key; return whether the object exists."""
        key = self.key(record, artifact)

        def look() -> bool:
            self._store.copy(source, key)
            return True

        return look_repeatedly(look) is not None

    def read(self, record: StageRecord, artifact: Artifact) -> bytes | None:
        """Return an item's content, or None if it is missing or damaged."""
        key = self.key(record, artifact)
        return content(self._store, key, artifact.sha256, size=artifact.size)

    def submit(
        self, stage: Stage, inputs: str, path: str, body: bytes
    ) -> Future[Artifact]:
        """Store an item in the background."""
        return self._executor.submit(self.store, stage, inputs, path, body)

    def versions(self, stage: Stage, inputs: str) -> list[ItemVersion]:
        """List the stored items of an unfinished stage, newest version first."""
        prefix = inputs_prefix(self._job_id, stage, inputs)
        versions = []
        for entry in self._store.entries(prefix):
            name = artifact_name(entry.key)
            if name is None:
                continue
            version = ItemVersion(
                name=name,
                key=entry.key,
                size=entry.size,
                modified=entry.modified,
            )
            versions.append(version)
        # guard: of several versions of an item the newest is taken
        versions.sort(key=lambda version: (-version.modified, version.key))
        return versions

    def restore(
        self,
        stage: Stage,
        inputs: str,
        wanted: Iterable[str],
        validate: Validate,
    ) -> Iterator[Restored]:
        """Yield the items of an unfinished stage, each in its newest valid version."""
        by_path: dict[str, list[ItemVersion]] = {}
        for path in wanted:
            by_path[path] = []
        for version in self.versions(stage, inputs):
            path = version.name.path
            if path in by_path:
                by_path[path].append(version)

        def restore_one(versions: list[ItemVersion]) -> Restored | None:
            return self._first_valid(versions, validate)

        stored = filter(None, by_path.values())
        restored = self._in_order(restore_one, stored)
        yield from filter(None, restored)

    def fetch(
        self, record: StageRecord
    ) -> Iterator[tuple[Artifact, bytes | None]]:
        """Yield a finished stage's artifacts with their contents; None if missing or damaged.

        Raise DamagedError like `of`.
        """
        artifacts = self.of(record)
        read = partial(self.read, record)
        contents = self._in_order(read, artifacts)
        yield from zip(artifacts, contents, strict=True)

    def missing(
        self, records: Iterable[StageRecord]
    ) -> list[tuple[Stage, Artifact]]:
        """Return the artifacts that are missing from the store, or have the wrong size.

        They are found by listing, not one by one.
        """
        stored = [record for record in records if record.artifact_count]
        listings = self._executor.map(self._sizes, stored)
        missing: list[tuple[Stage, Artifact]] = []
        for record, sizes in zip(stored, listings, strict=True):
            lost = self._lost(record, sizes)
            missing.extend((record.stage, artifact) for artifact in lost)
        return missing

    def key(self, record: StageRecord, artifact: Artifact) -> str:
        inputs = _inputs(record)
        return artifact_key(
            self._job_id, record.stage, inputs, artifact.sha256, artifact.path
        )

    def download(
        self, record: StageRecord, artifact: Artifact, path: Path
    ) -> bool:
        """Write an artifact to a file; return whether it exists and is undamaged."""
        key = self.key(record, artifact)
        size = self._download(key, artifact.sha256, path)
        return size == artifact.size

    def adopt(self, version: ItemVersion, path: Path) -> Artifact | None:
        """Write an item of an unfinished stage to a file.

        Return None if it differs from the digest in its name.
        """
        key = version.key
        name = version.name
        size = self._download(key, name.content, path)
        if size is None:
            LOG.warning(_DAMAGED, extra={"key": key})
            return None
        return _artifact(name.path, path)

    def _in_order(
        self, work: Callable[[Part], Result], parts: Iterable[Part]
    ) -> Iterator[Result]:
        """Yield the results of some work in order; few of them wait in memory."""
        results: deque[Future[Result]] = deque()
        try:
            for part in parts:
                results.append(self._executor.submit(work, part))
                if len(results) >= _AHEAD:
                    yield results.popleft().result()
            while results:
                yield results.popleft().result()
        finally:
            for result in results:
                result.cancel()

    def _download(self, key: str, sha256: str, path: Path) -> int | None:
        """Write an object to a file; return its size, or None if its SHA-256 differs."""

        def look() -> int | None:
            with on_disk(path):
                self._store.download(key, path)
            size, digest = measure(path)
            # guard: checksums on restore: of the snapshot
            if not digest.startswith(sha256):
                return None
            return size

        return look_repeatedly(look)

    def _is_there(self, key: str, size: int) -> bool:
        """Check a single object: a listing may not show it yet."""

        def look() -> bool | None:
            return self._store.head(key).size == size or None

        return look_repeatedly(look) is not None

    def _lost(
        self, record: StageRecord, sizes: Mapping[str, int]
    ) -> Iterator[Artifact]:
        """Yield a stage's missing artifacts; if its list is damaged, only the list."""
        files = () if record.listed is None else (record.listed.file,)
        try:
            artifacts = self.of(record)
        except DamagedError:
            # guard: lists of artifacts: no job is completed with a damaged one
            yield from files
            return
        for artifact in (*files, *artifacts):
            key = self.key(record, artifact)
            size = artifact.size
            if sizes.get(key) == size:
                continue
            # guard: damage: an object that a listing lacks is looked up
            if not self._is_there(key, size):
                yield artifact

    def _sizes(self, record: StageRecord) -> dict[str, int]:
        inputs = _inputs(record)
        prefix = inputs_prefix(self._job_id, record.stage, inputs)
        entries = self._store.entries(prefix)
        return {entry.key: entry.size for entry in entries}

    def _first_valid(
        self, versions: list[ItemVersion], validate: Validate
    ) -> Restored | None:
        for version in versions:
            key = version.key
            name = version.name
            fault: str | None = (
                "it is missing, or does not match the digest in its name"
            )
            body = content(self._store, key, name.content)
            if body is not None:
                # guard: validation on restore
                fault = validate(name.path, body)
                if fault is None:
                    return _artifact(name.path, body), body
            LOG.warning(_DAMAGED, extra={"key": key, "fault": fault})
        return None


def look_repeatedly(look: Callable[[], Result | None]) -> Result | None:
    """Return the first result of several reads of the store.

    A read without a result returns None, or raises MissingError.
    """
    # guard: damage: confirmed by further reads
    for _ in range(LOOKS):
        with suppress(MissingError):
            result = look()
            if result is not None:
                return result
    return None


def content(
    store: Store, key: str, sha256: str, *, size: int | None = None
) -> bytes | None:
    """Return an object's content, or None if it is missing, or its size or SHA-256 differs.

    `sha256` may be only the beginning of the digest.
    """

    def look() -> bytes | None:
        body = store.get(key)
        length, digest = measure(body)
        # guard: checksums on restore: of items and of finished stages
        if not digest.startswith(sha256) or size not in {None, length}:
            return None
        return body

    return look_repeatedly(look)


def _reading(body: bytes | Path) -> AbstractContextManager[None]:
    if isinstance(body, Path):
        return on_disk(body)
    return nullcontext()


def _artifact(path: str, body: bytes | Path) -> Artifact:
    size, sha256 = measure(body)
    return Artifact(
        path=path, size=size, sha256=sha256, media_type=media_type(path)
    )


def measure(body: bytes | Path) -> tuple[int, str]:
    """Return size and SHA-256 of some content."""
    if isinstance(body, bytes):
        digest = hashlib.sha256(body)
        return len(body), digest.hexdigest()
    with on_disk(body), body.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        size = body.stat().st_size
        return size, digest.hexdigest()


def _inputs(record: StageRecord) -> str:
    if record.inputs is None:
        raise ValueError(
            f"{record.stage} has not been entered, so it has no stored artifacts"
        )
    return record.inputs
