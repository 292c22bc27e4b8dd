"""A run that owns a job, with a store in memory, for tests of its parts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_IMODE

from states import decisions
from states.manifest import Artifact, ArtifactList, Manifest, Writer
from states.stages import Stage
from tests.support.builders import AT, IDENTITY
from tests.support.world import FakeSource, JsonPacker
from worker.course.artifacts import Artifacts
from worker.ownership.log import CheckpointLog, Ownership
from worker.run.calls import StoredCalls
from worker.run.clone import Cloner
from worker.run.context import RunContext
from worker.run.inbox import Inbox
from worker.run.workspace import RunFolder
from worker.settings.settings import Limits
from worker.source.port import Source
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier
from worker.system.runtime import Runtime, SystemRuntime

JOB = IDENTITY.job_id


class RecordingPacker(JsonPacker):
    """Counts how often it unpacks; can be told to fail."""

    def __init__(self) -> None:
        self.unpacked = 0
        self.modes: list[int] = []
        """The permissions of the folders that it received."""
        self.fault: Exception | None = None

    def unpack(self, file: Path, tree: Path) -> None:
        self.unpacked += 1
        self.modes.append(S_IMODE(tree.stat().st_mode))
        if self.fault is not None:
            raise self.fault
        super().unpack(file, tree)


class RecordingStore(MemoryStore):
    """Records reads and listings."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.asked: list[str] = []
        self.before_put: Callable[[str], object] = lambda _key: None
        self.before_list: Callable[[str], object] = lambda _prefix: None

    def put(self, key: str, body: bytes | Path, media_type: str) -> float:
        self.before_put(key)
        return super().put(key, body, media_type)

    def get(self, key: str) -> bytes:
        self.asked.append(f"get {key}")
        return super().get(key)

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        self.asked.append(f"list {prefix}")
        self.before_list(prefix)
        return super().entries(prefix, start_after=start_after, limit=limit)


class RecordingReporter:
    """Records the reported progress."""

    def __init__(self) -> None:
        self.reports: list[tuple[Stage, int, int]] = []

    def transition(self, manifest: Manifest) -> None: ...

    def items(self, stage: Stage, done: int, total: int) -> None:
        self.reports.append((stage, done, total))


class OwnedJob:
    """An owned job at a given manifest, and its run's parts."""

    def __init__(
        self,
        manifest: Manifest,
        folder: Path,
        *,
        runtime: Runtime | None = None,
        stage_timeout_seconds: float = 60,
    ) -> None:
        self.time = 1000.0
        self.runtime = runtime or SystemRuntime()
        self.store = RecordingStore(lambda: self.time)
        self.packer = RecordingPacker()
        self.source = FakeSource()
        self.opened = 0
        self.reporter = RecordingReporter()
        self.retrying = RetryingStore(
            self.store,
            Retrier(self.runtime, self.runtime.flag()),
            5,
            monotonic=self.runtime.monotonic,
        )
        log = CheckpointLog(self.store, JOB, self.runtime)
        head = log.append(None, manifest, Writer.WORKER)
        self.owned = Ownership(log, head, since=0, dated=None, skew=0)
        self._base = folder
        self._folders = 0
        self.context = self._context(self._new_folder(), stage_timeout_seconds)
        self.cloner = Cloner(self.context, self._open, self.packer)

    def move(self) -> None:
        """Continue in another run, whose folder is empty."""
        self.context.folder.remove()
        self.context.folder = self._new_folder()
        self.context.new_items = 0
        self.cloner = Cloner(self.context, self._open, self.packer)

    @property
    def artifacts(self) -> Artifacts:
        return self.context.artifacts

    @property
    def manifest(self) -> Manifest:
        return self.owned.manifest

    def finish(
        self,
        artifacts: tuple[Artifact, ...],
        listed: ArtifactList | None = None,
    ) -> None:
        """Finish the current stage, and enter the next."""

        def decide(base: Manifest) -> Manifest:
            done = decisions.finish(
                base, artifacts, listed=listed, at=AT, seconds=1
            )
            return decisions.move_on(done, at=AT)

        self.owned.append(decide)

    def _open(self) -> Source:
        self.opened += 1
        return self.source

    def _new_folder(self) -> RunFolder:
        self._folders += 1
        return RunFolder(self._base, JOB, f"token{self._folders}")

    def _context(self, folder: RunFolder, timeout: float) -> RunContext:
        executor = self.runtime.executor(2)
        return RunContext(
            runtime=self.runtime,
            inbox=Inbox(self.runtime),
            owned=self.owned,
            artifacts=Artifacts(self.store, JOB, executor),
            folder=folder,
            reporter=self.reporter,
            limits=_limits(timeout),
            calls=StoredCalls(self.retrying, JOB, executor, lambda: True),
        )


def _limits(stage_timeout_seconds: float) -> Limits:
    return Limits(
        lease_seconds=30,
        soft_deadline_seconds=None,
        stop_grace_seconds=2,
        stage_timeout_seconds=stage_timeout_seconds,
        stage_silence_seconds=60,
        store_give_up_seconds=5,
        callback_give_up_seconds=5,
        url_expiry_seconds=3600,
    )
