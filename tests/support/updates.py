"""A repository with a file for each chapter, and an engine that makes chapters of these files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from states.course_paths import ChapterRef, item_path
from states.manifest import MAX_INLINE, Identity
from states.stages import INFO, Stage
from tests.support.world import (
    IDENTITY,
    FakeEngine,
    FakeReceiver,
    FakeSource,
    World,
)
from worker.engines.port import Item, Workspace
from worker.outbox.port import WebhookResponse
from worker.store.port import Store

EARLIER = "earlier"
PARTS = ("Signer", "Shop", "Till")
OLD = {"signer.txt": "sign", "shop.txt": "sell", "till.txt": "count"}
CHANGED = OLD | {"till.txt": "count more"}
EARLIER_IDENTITY = Identity(
    job_id=EARLIER, repository=IDENTITY.repository, branch="main"
)


@dataclass
class PartsSource(FakeSource):
    """A source with the given files."""

    files: Mapping[str, str] = field(default_factory=lambda: OLD)

    def checkout(self, commit: str | None, tree: Path) -> str:
        self.checkouts.append(commit)
        for name, text in self.files.items():
            (tree / name).write_text(text)
        return commit or self.commit


@dataclass
class PartsEngine(FakeEngine):
    """Writes a chapter, a review and a tutorial for each file."""

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        self.seen.append(workspace.earlier)
        info = INFO[stage]
        if info.file:
            if not (workspace.output / info.file).exists():
                yield self._item(info.file, _yaml_file(stage))
            return
        for index, name in enumerate(PARTS, 1):
            path = item_path(stage, ChapterRef(index=index, name=name))
            if not (workspace.output / path).exists():
                text = _file(name, workspace.source).read_text()
                body = f"# {name}\n\n{stage} of {text}\n"
                yield self._item(path, body.encode())


def _file(name: str, source: Path) -> Path:
    """Return a part's file, which may have moved."""
    return next(source.glob(f"*{name.lower()}.txt"))


def _yaml_file(stage: Stage) -> bytes:
    documents: dict[Stage, object] = {
        Stage.EXTRACT: [
            {
                "name": name,
                "description": "A part.",
                "file_paths": [f"{name.lower()}.txt"],
            }
            for name in PARTS
        ],
        Stage.ANALYZE: {"summary": "A summary.", "relationships": []},
        Stage.ORDER: {
            "order": [
                {"index": index, "name": name, "reasoning": "shop.txt:1"}
                for index, name in enumerate(PARTS, 1)
            ]
        },
    }
    return yaml.safe_dump(documents[stage]).encode()


def make_earlier(
    store: Store,
    work_dir: Path,
    engine: FakeEngine | None = None,
    *,
    reported: bool = True,
    max_inline: int = MAX_INLINE,
) -> None:
    """Complete a job whose course can be updated.

    `gc` leaves it alone if its end could not be `reported`.
    """
    unreported = FakeReceiver(answer=lambda _: WebhookResponse(status_code=503))
    world = World(
        store=store,
        work_dir=work_dir,
        engine=engine or PartsEngine(),
        source=PartsSource(),
        receiver=None if reported else unreported,
        callback_give_up=0,
        max_inline=max_inline,
    )
    world.job(EARLIER).run(EARLIER_IDENTITY)
