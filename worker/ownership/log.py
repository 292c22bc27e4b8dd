"""The checkpoint log: an append-only list of manifests, which is also the fence.

Every checkpoint is created, never overwritten: of two writers of the same sequence, the second gets
a 412. It then reads the existing checkpoint:

- it is the writer's own: the answer to an earlier attempt was lost, and the append has succeeded;
- it is an operator's request under the run's own number: the run decides again on top of it;
- in all other cases, another run owns the job, and this run has been replaced.

If it cannot be read, the store is at fault, and the read is repeated. A writer recognises its
checkpoints by their random token, even if two runs make the same decision in the same millisecond.

`gc` deletes all checkpoints below its tombstone. An append to that gap succeeds, but proves
nothing. So the log is listed after each claim, and by an owner whenever the store's dates show that
its lease has expired (worker/ownership/lease.py): the tombstone is always the newest checkpoint.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, TypeVar

from states import codec
from states.codec import decode, encode
from states.invariants import violations
from states.keys import checkpoint_key, checkpoints_prefix, sequence_of
from states.manifest import Manifest, Writer
from worker.errors import (
    BugError,
    ConfigError,
    DamagedCheckpointError,
    ExistsError,
    MissingError,
    ReplacedError,
    StoreUnavailableError,
    UnknownFormatError,
)
from worker.store.port import LOOKS, ObjectEntry, ObjectHead, Store
from worker.system.runtime import Runtime, iso

LOG = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/json"

Decision = Callable[[Manifest], Manifest]
Result = TypeVar("Result")


class Attempt(Protocol):
    """Tries several steps with a store as a unit."""

    def __call__(self, work: Callable[[Store], Result], /) -> Result:
        """Return the result of the steps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """A stored manifest."""

    manifest: Manifest
    body: bytes
    dated: float | None = field(default=None, compare=False)
    """The store's time in the answer to its creation, if this process created it."""

    @property
    def sha256(self) -> str:
        """The next checkpoint's `previous`."""
        return hashlib.sha256(self.body).hexdigest()


class OvertakenError(Exception):
    """Another process has created the checkpoint of this sequence first."""

    def __init__(self, existing: Checkpoint) -> None:
        sequence = existing.manifest.sequence
        super().__init__(f"another process has created checkpoint {sequence}")
        self.existing = existing


class CheckpointLog:
    """The checkpoint log of one job, for readers and writers."""

    def __init__(
        self,
        store: Store,
        job_id: str,
        runtime: Runtime,
        attempt: Attempt | None = None,
    ) -> None:
        """Open the log of a job; this reads nothing.

        Operations of several steps are tried once, or retried by `attempt`.
        """
        self._store = store
        self._attempt: Attempt = attempt or (lambda work: work(store))
        self._job_id = job_id
        self._runtime = runtime
        self.token: Final = runtime.token()

    @property
    def job_id(self) -> str:
        return self._job_id

    def newest(self, known: Checkpoint | None = None) -> Checkpoint | None:
        """Return the newest checkpoint, or None if the job has none.

        A listing may be out of date. If it shows only checkpoints older than `known`, the log is
        read onwards from there.
        """

        def look(store: Store) -> Checkpoint | None:
            entries = list(self._listed(store, after=0))
            if not entries:
                return None
            sequence, _ = entries[-1]
            return self._present(store, sequence)

        newest = self._attempt(look)
        if known is None:
            return newest
        if newest and newest.manifest.sequence >= known.manifest.sequence:
            return newest
        # guard: a new run: numbers upwards from what its refused claim met
        return self._read_on(known)

    def entries(self, *, after: int) -> dict[int, ObjectEntry]:
        """List the checkpoints after `after`, in order."""
        return dict(self._listed(self._store, after=after))

    def sequences(self, *, after: int = 0) -> Iterator[int]:
        """List the sequences of the checkpoints after `after`, in order."""
        for sequence, _ in self._listed(self._store, after=after):
            yield sequence

    def read(self, sequence: int) -> Checkpoint:
        """Read a checkpoint; raise MissingError, DamagedCheckpointError or UnknownFormatError."""
        return self._read(self._store, sequence)

    def present(self, sequence: int) -> Checkpoint:
        """Read a checkpoint that exists; if that fails, the store is at fault."""
        return self._attempt(lambda store: self._present(store, sequence))

    def head(self, sequence: int) -> ObjectHead:
        """Return the store's metadata of a checkpoint that exists."""
        key = checkpoint_key(self._job_id, sequence)
        return self._attempt(lambda store: _found(store, key, store.head))

    def age(self, sequence: int) -> int:
        """Return the age of a checkpoint, in seconds by the store's clock."""
        return self.head(sequence).age

    def append(
        self, base: Checkpoint | None, manifest: Manifest, writer: Writer
    ) -> Checkpoint:
        """Create the checkpoint after `base`; raise OvertakenError if it exists already."""
        checkpoint = self._stamped(base, manifest, writer)
        existing = self._attempt(lambda store: self._create(store, checkpoint))
        # guard: own-write detection
        # guard: own-write detection: another's write taken for one's own
        if existing.body != checkpoint.body:
            raise OvertakenError(existing)
        return existing

    def withdraw(self, checkpoint: Checkpoint) -> None:
        """Delete the first checkpoint of a job, on a store that is not a fence."""
        self._store.delete(
            [checkpoint_key(self._job_id, checkpoint.manifest.sequence)]
        )

    def _create(self, store: Store, checkpoint: Checkpoint) -> Checkpoint:
        """Create a checkpoint; return the existing checkpoint if there is one.

        A store may report an existing checkpoint wrongly; that fault is temporary.
        """
        sequence = checkpoint.manifest.sequence
        key = checkpoint_key(self._job_id, sequence)
        try:
            # guard: create-only PUT: of checkpoints
            dated = store.create(key, checkpoint.body, MEDIA_TYPE)
        except ExistsError:
            existing = self._present(store, sequence)
            if existing.body != checkpoint.body:
                return existing
            # The answer to an earlier attempt was lost, and its date with it.
            dated = _found(store, key, store.head).now
        return replace(checkpoint, dated=dated)

    def _listed(
        self, store: Store, *, after: int
    ) -> Iterator[tuple[int, ObjectEntry]]:
        start = ""
        if after:
            start = checkpoint_key(self._job_id, after)
        for entry in store.entries(
            checkpoints_prefix(self._job_id), start_after=start
        ):
            sequence = sequence_of(entry.key)
            if sequence is not None:
                yield sequence, entry

    def _read_on(self, checkpoint: Checkpoint) -> Checkpoint:
        while True:
            try:
                checkpoint = self.read(checkpoint.manifest.sequence + 1)
            except MissingError:
                return checkpoint

    def _read(self, store: Store, sequence: int) -> Checkpoint:
        """Read a checkpoint; it counts as damaged only if several answers agree."""
        # guard: one wrong answer makes no checkpoint damaged
        for _ in range(LOOKS - 1):
            with suppress(DamagedCheckpointError):
                return self._read_once(store, sequence)
        return self._read_once(store, sequence)

    def _read_once(self, store: Store, sequence: int) -> Checkpoint:
        key = checkpoint_key(self._job_id, sequence)
        body = store.get(key)
        try:
            manifest = decode(body)
        except codec.ManifestFormatError as error:
            raise UnknownFormatError(f"{store.uri(key)}: {error}") from error
        except (codec.ManifestError, RecursionError) as error:
            raise DamagedCheckpointError(
                f"{store.uri(key)} is damaged: {error}"
            ) from error
        # guard: jobs whose names differ in case are two jobs
        if manifest.job_id != self._job_id:
            raise ConfigError(
                f"the store {store.url} has job {manifest.job_id} under the name {self._job_id}: "
                "it ignores case; use the job's own name, or give this one another JOB_ID",
                code="identity",
            )
        return Checkpoint(manifest=manifest, body=body)

    def _present(self, store: Store, sequence: int) -> Checkpoint:
        key = checkpoint_key(self._job_id, sequence)
        return _found(store, key, lambda _: self._read(store, sequence))

    def _stamped(
        self, base: Checkpoint | None, manifest: Manifest, writer: Writer
    ) -> Checkpoint:
        sequence = 1
        previous = None
        if base is not None:
            sequence = base.manifest.sequence + 1
            previous = base.sha256
        stamped = replace(
            manifest,
            sequence=sequence,
            previous=previous,
            writer=writer,
            token=self.token,
            written_at=iso(self._runtime.now()),
        )
        # guard: the invariants at every append
        broken = violations(base.manifest, stamped) if base else ()
        if broken:
            raise BugError(
                f"refusing to write checkpoint {sequence}: {'; '.join(broken)}"
            )
        return Checkpoint(manifest=stamped, body=encode(stamped))


class Ownership:
    """A job and the head of its log, as the owning run sees them; for one thread at a time."""

    def __init__(
        self,
        log: CheckpointLog,
        head: Checkpoint,
        *,
        since: float,
        dated: float | None,
        skew: int,
    ) -> None:
        """Own the job from `head` on, a checkpoint with this run's number.

        `since`: when it was first sent, by the Runtime's monotonic clock. `dated`: the same by
        the clock of the store's answers. `skew`: by how many seconds that clock is ahead of
        the clock of the store's objects.
        """
        self._log = log
        self._head = head
        self.since: Final = since
        self.dated: Final = dated
        self.skew: Final = skew
        self.on_appended: Callable[[float | None], None] = lambda _dated: None
        """Called after each append, with the store's time in its answer."""

    @property
    def manifest(self) -> Manifest:
        """The newest manifest that this run knows."""
        return self._head.manifest

    @property
    def log(self) -> CheckpointLog:
        return self._log

    def append(self, decide: Decision) -> Manifest:
        """Make a decision and append it; raise ReplacedError if another run owns the job."""
        while True:
            try:
                manifest = decide(self._head.manifest)
                self._head = self._log.append(
                    self._head, manifest, Writer.WORKER
                )
            except OvertakenError as overtaken:
                self._accept(overtaken.existing)
            else:
                self.on_appended(self._head.dated)
                return self._head.manifest

    def is_own(self, manifest: Manifest) -> bool:
        """Whether a newer manifest is this run's, or an operator's request to it."""
        if manifest.token == self._log.token:
            return True
        # guard: a tombstone is no operator's request, whatever its number
        if manifest.collected:
            return False
        same_run = manifest.run == self.manifest.run
        # guard: an operator's request is a request under the run's own number only
        return manifest.writer is Writer.OPERATOR and same_run

    def _accept(self, newer: Checkpoint) -> None:
        """Continue from an operator's request; raise ReplacedError for another run's checkpoint."""
        manifest = newer.manifest
        if not self.is_own(manifest):
            raise ReplacedError(
                f"run {manifest.run} has taken the job over from run {self.manifest.run}"
            )
        fields = {"sequence": manifest.sequence, "writer": manifest.writer}
        LOG.info("accepted a newer checkpoint", extra=fields)
        self._head = newer


def _found(store: Store, key: str, look: Callable[[str], Result]) -> Result:
    """Read an object that exists; if the store does not find it, the fault is temporary."""
    try:
        return look(key)
    except MissingError as error:
        # guard: own-write detection: what cannot be read taken for another's
        raise StoreUnavailableError(
            f"{store.uri(key)} exists, but cannot be read: try again"
        ) from error
