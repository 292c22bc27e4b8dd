"""Updates an earlier job's course: items that are still true are kept, not made again."""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from states import decisions
from states.course_paths import YAML_STAGES
from states.manifest import Artifact, Manifest, StageRecord, Update
from states.stages import Stage, before
from states.update import still_kept, unusable
from worker.course.artifacts import TRANSFERS, Artifacts
from worker.course.formats import InvalidItemError
from worker.course.update_plan import (
    PLAN,
    UpdatePlan,
    copied,
    decode_plan,
    encode_plan,
)
from worker.engines.port import EarlierCourse
from worker.errors import DataError
from worker.ownership.log import CheckpointLog
from worker.run.clone import Cloner
from worker.run.context import RunContext
from worker.run.earlier import (
    Comparison,
    Earlier,
    UnfollowableError,
    compare_trees,
    read_earlier,
    unpack_earlier,
)
from worker.source.port import Packer
from worker.store.retrying import RetryingStore
from worker.system.disk import on_disk

LOG = logging.getLogger(__name__)

_PAUSES: Final = (0.0, 1.0, 3.0)
"""Seconds before each read of the earlier job: a listing may not show its end yet."""


class Updater:
    """Keeps the items of an earlier course that are still true.

    After the first stage, the items that can be kept are copied into the job, and a plan lists
    them. Each stage then takes its items from these copies: from that moment on, the earlier job
    may be deleted.
    """

    def __init__(
        self,
        context: RunContext,
        cloner: Cloner,
        store: RetryingStore,
        packer: Packer,
    ) -> None:
        self._context = context
        self._cloner = cloner
        self._store = store
        self._packer = packer
        self._plan: UpdatePlan | None = None

    def check(self) -> None:
        """Pin the earlier job's commit before any work starts.

        Raises DataError if its course cannot be updated.
        """
        update = self._update
        if update is None or update.from_commit is not None:
            return
        commit = self._followed_commit()
        self._context.owned.append(lambda base: decisions.follow(base, commit))

    def _followed_commit(self) -> str:
        """Return the earlier job's commit; raise DataError if its course cannot be updated."""
        fault: str | None = None
        for pause in _PAUSES:
            # guard: an update: the earlier job is not given up at the first look
            self._context.inbox.wait(pause)
            earlier = self._context.inbox.do("restore", self._newest)
            fault = self._fault(earlier)
            if earlier is not None and fault is None:
                return earlier.commit or ""
        raise DataError(
            f"the job in UPDATE_FROM cannot be updated: {fault}; start a new job "
            "with another UPDATE_FROM, or without it",
            code="update_from",
        )

    def _fault(self, earlier: Manifest | None) -> str | None:
        """Return why an earlier job's course cannot be updated."""
        update = self._update
        assert update is not None  # noqa: S101 - asked only for a job that follows another
        if earlier is None:
            return f"job {update.from_} is not in {self._store.url}"
        manifest = self._context.owned.manifest
        return unusable(earlier, manifest.identity, manifest.engine)

    def prepare(self, snapshot: Artifact) -> None:
        """Compare the two trees, copy the items to keep into the job, and record the plan."""
        update = self._update
        if update is None or update.plan is not None or update.why is not None:
            return
        tree = self._cloner.unpacked()
        prepared = self._context.inbox.do(
            "restore", lambda: self._prepared(snapshot, tree)
        )
        if prepared.why is not None:
            LOG.warning("nothing is kept", extra={"reason": prepared.why})
        self._context.owned.append(
            lambda base: decisions.plan_update(
                base,
                changed=prepared.changed,
                why=prepared.why,
                plan=prepared.plan,
            )
        )

    def keep(
        self, record: StageRecord, missing: Sequence[str]
    ) -> Iterator[tuple[Artifact, bytes]]:
        """Copy a stage's kept items that are missing to their own keys; yield them."""
        by_path = self._kept(record.stage)
        kept = [by_path[path] for path in missing if path in by_path]
        if not kept:
            return
        copy = partial(self._copy_kept, self._clone, record)
        executor = self._context.runtime.executor(TRANSFERS)
        bodies = self._context.inbox.do(
            "restore", lambda: list(executor.map(copy, kept))
        )
        for artifact, body in zip(kept, bodies, strict=True):
            if body is None:
                LOG.warning(
                    "an item of the earlier course is missing or damaged; "
                    "making it again",
                    extra={"path": artifact.path},
                )
            else:
                yield artifact, body

    def count_kept(
        self, stage: Stage, artifacts: Sequence[Artifact]
    ) -> int | None:
        """Count a stage's kept artifacts; return None if the job is not an update."""
        if self._update is None or stage is Stage.CLONE:
            return None
        kept = self._kept(stage)
        return sum(
            kept.get(artifact.path) == artifact for artifact in artifacts
        )

    def earlier(self, stage: Stage) -> EarlierCourse | None:
        """Return the earlier course for the engine, if it can be used."""
        plan = self._usable_plan(stage)
        if plan is None:
            return None

        clone = self._clone

        def read(path: str) -> bytes | None:
            artifact = plan.by_path.get(path)
            if artifact is None:
                return None
            return self._context.artifacts.read(clone, copied(artifact))

        return EarlierCourse(diffs=plan.diffs, read=read)

    @property
    def _update(self) -> Update | None:
        return self._context.owned.manifest.update

    @property
    def _clone(self) -> StageRecord:
        return self._context.owned.manifest.record(Stage.CLONE)

    def _newest(self) -> Manifest | None:
        update = self._update
        assert update is not None  # noqa: S101 - asked only for a job that follows another
        log = CheckpointLog(self._store, update.from_, self._context.runtime)
        checkpoint = log.newest()
        return None if checkpoint is None else checkpoint.manifest

    def _prepared(self, snapshot: Artifact, tree: Path) -> "_Prepared":
        try:
            earlier = self._read_earlier()
            return self._compared(earlier, snapshot, tree)
        except (UnfollowableError, InvalidItemError) as error:
            return _Prepared(why=str(error))

    def _read_earlier(self) -> Earlier:
        manifest = self._newest()
        if manifest is None or manifest.collected:
            raise UnfollowableError(
                "the earlier job was deleted before its items were copied"
            )
        executor = self._context.runtime.executor(TRANSFERS)
        artifacts = Artifacts(self._store, manifest.job_id, executor)
        return read_earlier(manifest, artifacts)

    def _compared(
        self, earlier: Earlier, snapshot: Artifact, tree: Path
    ) -> "_Prepared":
        """Compare the earlier job's tree with the new one, and copy its items."""
        scratch = self._context.folder.scratch
        old_tree: Path | None = None
        # The same snapshot means the same tree.
        if earlier.snapshot.sha256 != snapshot.sha256:
            old_tree = scratch / "earlier"
            file = scratch / "earlier.tar.gz"
            unpack_earlier(earlier, self._packer, file, old_tree)
        comparison = compare_trees(earlier, old_tree, tree)
        if old_tree is not None:
            with on_disk(old_tree):
                shutil.rmtree(old_tree)
        return _Prepared(
            changed=comparison.difference.touched,
            why=comparison.why,
            plan=self._copy_items(earlier, comparison),
        )

    def _copy_items(self, earlier: Earlier, comparison: Comparison) -> Artifact:
        """Copy the earlier course's items into the job; return the list of them."""
        bodies = comparison.kept
        copy = partial(self._copy_item, earlier, bodies)
        items = [
            (record, artifact)
            for record in earlier.records
            for artifact in earlier.artifacts.of(record)
        ]
        executor = self._context.runtime.executor(TRANSFERS)
        copies = list(filter(None, executor.map(copy, items)))
        update_plan = UpdatePlan(
            kept=tuple(item for item in copies if item.path in bodies),
            earlier=tuple(item for item in copies if item.path not in bodies),
            diffs=comparison.diffs,
        )
        return self._store_own(PLAN, encode_plan(update_plan))

    def _store_own(self, path: str, body: bytes) -> Artifact:
        """Store an object of the update below those of stage `clone`."""
        inputs = self._clone.inputs or ""
        return self._context.artifacts.store(Stage.CLONE, inputs, path, body)

    def _copy_item(
        self,
        earlier: Earlier,
        bodies: Mapping[str, bytes],
        item: tuple[StageRecord, Artifact],
    ) -> Artifact | None:
        """Copy an item into the job; None if the earlier job's is missing or damaged."""
        record, artifact = item
        own = self._context.artifacts
        body = bodies.get(artifact.path)
        if body is not None and body != earlier.bodies[artifact.path]:
            stored = self._store_own(copied(artifact).path, body)
            return replace(stored, path=artifact.path)
        key = earlier.artifacts.key(record, artifact)
        if own.copy(key, self._clone, copied(artifact)):
            return artifact
        return None

    def _kept(self, stage: Stage) -> Mapping[str, Artifact]:
        """Return the items that a stage can keep, by path."""
        update_plan = self._usable_plan(stage)
        if update_plan is None:
            return {}
        kept = update_plan.kept_by_path
        made: list[str] = []
        for decisive in (*YAML_STAGES, Stage.GENERATE_CHAPTERS):
            if decisive in before(stage):
                record = self._context.owned.manifest.record(decisive)
                artifacts = self._context.artifacts.of(record)
                made += _not_kept(artifacts, kept)
        # guard: an update: nothing that depends on a remade item is kept
        remaining = still_kept(kept, made)
        return {path: kept[path] for path in remaining}

    def _usable_plan(self, stage: Stage) -> UpdatePlan | None:
        """Return the plan for a stage; None if an operator wants the stage redone."""
        manifest = self._context.owned.manifest
        update = manifest.update
        if update is None or update.plan is None:
            return None
        if manifest.record(stage).generation > 1:
            return None
        if self._plan is None:
            self._plan = self._read_plan(update.plan)
        return self._plan

    def _read_plan(self, listed: Artifact) -> UpdatePlan:
        read = partial(self._context.artifacts.read, self._clone, listed)
        body = self._context.inbox.do("restore", read)
        if body is None:
            LOG.warning(
                "the plan of the update is missing or damaged; making "
                "everything again"
            )
            return UpdatePlan()
        return decode_plan(body)

    def _copy_kept(
        self, clone: StageRecord, record: StageRecord, artifact: Artifact
    ) -> bytes | None:
        artifacts = self._context.artifacts
        source = artifacts.key(clone, copied(artifact))
        if not artifacts.copy(source, record, artifact):
            return None
        return artifacts.read(record, artifact)


def _not_kept(
    artifacts: Sequence[Artifact], kept: Mapping[str, Artifact]
) -> Iterator[str]:
    """Yield the paths of a finished stage's artifacts that were made, not kept."""
    for artifact in artifacts:
        if kept.get(artifact.path) != artifact:
            yield artifact.path


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prepared:
    """The part of the earlier course that can be kept."""

    changed: int | None = None
    why: str | None = None
    plan: Artifact | None = None
