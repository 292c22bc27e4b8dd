"""A small world for a job to run in: a fake engine, source and receiver that record their calls."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from states.course_paths import ChapterRef, item_path
from states.manifest import MAX_INLINE, Identity, Manifest
from states.stages import INFO, Stage
from states.usage import Usage
from worker.course.formats import read_abstractions, read_order
from worker.engines.port import EarlierCourse, Engine, Item, Workspace
from worker.outbox.port import UnreachableError, Webhook, WebhookResponse
from worker.run.progress import LogReporter
from worker.run.run import Adapters, Run
from worker.settings.settings import Limits
from worker.source.port import Packer, Revision
from worker.store.port import Store
from worker.system.runtime import Runtime, SystemRuntime

JOB = "job-1"
IDENTITY = Identity(
    job_id=JOB, repository="https://example.org/owner/name", branch="main"
)


@dataclass
class FakeEngine:
    """Makes a course of a few chapters; texts depend on the source and on earlier items."""

    chapters: int = 3
    name: str = "static"
    version: str = "1"
    model: str | None = None
    language: str | None = None
    made: Counter[str] = field(default_factory=Counter)
    before_item: Callable[[str], None] = lambda _path: None
    seen: list[EarlierCourse | None] = field(default_factory=list)
    """The earlier course that each stage received."""

    def check(self) -> None: ...

    def prepare(self, output: Path) -> None: ...

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        self.seen.append(workspace.earlier)
        source = (workspace.source / "file.txt").read_text()
        info = INFO[stage]
        if info.file:
            yield self._item(info.file, document(stage, self.chapters, source))
            return
        abstractions = read_abstractions(
            (workspace.output / "step1_abstractions.yaml").read_bytes()
        )
        for chapter in read_order(
            (workspace.output / "step3_order.yaml").read_bytes(), abstractions
        ):
            path = item_path(
                stage, ChapterRef(index=chapter.index, name=chapter.name)
            )
            if not (workspace.output / path).exists():
                yield self._item(
                    path, f"# {chapter.name}\n\n{stage} of {source}\n".encode()
                )

    def pause(self) -> None: ...

    def unpause(self) -> None: ...

    def stop(self) -> None: ...

    def usage(self) -> Usage | None:
        return None

    def _item(self, path: str, body: bytes) -> Item:
        self.before_item(path)
        self.made[path] += 1
        return Item(path=path, body=body)


@cache
def document(stage: Stage, chapters: int, source: str) -> bytes:
    """Return one of the three YAML files of a course."""
    names = [f"Thing {number}" for number in range(1, chapters + 1)]
    documents: dict[Stage, object] = {
        Stage.EXTRACT: [
            {"name": name, "description": source, "file_paths": ["file.txt"]}
            for name in names
        ],
        Stage.ANALYZE: {"summary": "A summary.", "relationships": []},
        Stage.ORDER: {
            "order": [
                {"index": i, "name": name, "reasoning": ""}
                for i, name in enumerate(names, 1)
            ]
        },
    }
    return yaml.safe_dump(documents[stage]).encode()


@dataclass
class FakeSource:
    """A repository of one file; `commit` can be moved as a branch is."""

    commit: str = "a" * 40
    checkouts: list[str | None] = field(default_factory=list)

    def resolve(self) -> Revision:
        return Revision(commit=self.commit, branch="main")

    def checkout(self, commit: str | None, tree: Path) -> str:
        self.checkouts.append(commit)
        revision = commit or self.commit
        (tree / "file.txt").write_text(f"text of {revision}")
        return revision


class JsonPacker:
    """Packs a folder of texts into JSON."""

    def pack(self, tree: Path, file: Path) -> None:
        file.write_text(
            json.dumps(
                {path.name: path.read_text() for path in sorted(tree.iterdir())}
            )
        )

    def unpack(self, file: Path, tree: Path) -> None:
        for name, text in json.loads(file.read_text()).items():
            (tree / name).write_text(text)


@dataclass
class FakeReceiver:
    """The web app's webhook in memory; by default it accepts every event."""

    answer: Callable[[dict[str, object]], WebhookResponse] = lambda _: (
        WebhookResponse(status_code=200)
    )
    taken: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def post(
        self, body: bytes, idempotency_key: str, remaining: Callable[[], float]
    ) -> WebhookResponse:
        if remaining() <= 0:
            raise UnreachableError
        document = json.loads(body)
        answer = self.answer(document)
        if answer.status_code == 200:
            self.taken.append((idempotency_key, document))
        return answer

    def close(self) -> None: ...

    @property
    def events(self) -> list[tuple[object, object]]:
        """Type and status of the accepted events, in order."""
        return [
            (document["type"], document["status"]) for _, document in self.taken
        ]


@dataclass
class World:
    """Everything outside the runs of one job; it outlives a run."""

    store: Store
    work_dir: Path
    engine: FakeEngine = field(default_factory=FakeEngine)
    source: FakeSource = field(default_factory=FakeSource)
    receiver: FakeReceiver | None = field(default_factory=FakeReceiver)
    runtime: Runtime = field(default_factory=SystemRuntime)
    callback_give_up: float = 5
    stop_grace: float = 2
    lease: int = 3
    store_give_up: float = 5
    allow_unfenced: bool = False
    platform_run: str | None = None
    announces_usage: bool = False
    packer: Packer = field(default_factory=JsonPacker)
    max_inline: int = MAX_INLINE
    stage_timeout: float = 60

    def job(self, job_id: str = JOB) -> Run:
        """Return a new run, not yet started."""
        return Run(
            self._adapters(),
            self._limits(),
            self.work_dir,
            job_id,
            platform_run=self.platform_run,
            allow_unfenced=self.allow_unfenced,
        )

    def _adapters(self) -> Adapters:
        receiver = self.receiver

        def open_webhook() -> Webhook:
            assert receiver is not None
            return receiver

        def open_engine(_: Manifest | None) -> Engine:
            return self.engine

        return Adapters(
            runtime=self.runtime,
            store=self.store,
            open_lease_store=lambda: self.store,
            open_engine=open_engine,
            open_source=lambda _identity, _scratch: self.source,
            packer=self.packer,
            open_webhook=None if receiver is None else open_webhook,
            reporter=LogReporter(),
            announces_usage=self.announces_usage,
        )

    def _limits(self) -> Limits:
        return Limits(
            lease_seconds=self.lease,
            soft_deadline_seconds=None,
            stop_grace_seconds=self.stop_grace,
            stage_timeout_seconds=self.stage_timeout,
            stage_silence_seconds=60,
            store_give_up_seconds=self.store_give_up,
            callback_give_up_seconds=self.callback_give_up,
            url_expiry_seconds=3600,
            max_inline=self.max_inline,
        )
