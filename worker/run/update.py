"""Follows an earlier job's course: what is still true of it is kept instead of made."""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from states import decisions
from states.course_paths import ChapterRef
from states.keys import artifact_key
from states.manifest import Artifact, Manifest, StageRecord, Update
from states.stages import Stage
from states.update import (
    YAML_STAGES,
    Difference,
    Files,
    Part,
    Plan,
    chapter_items,
    compare,
    plan,
    unusable,
    yaml_path,
)
from worker.course.artifacts import TRANSFERS, Artifacts, measure
from worker.course.correction import Correction
from worker.course.formats import (
    InvalidItemError,
    read_abstractions,
    read_order,
)
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
from worker.source.files import regular_files
from worker.source.port import InvalidSnapshotError, Packer
from worker.store.retrying import RetryingStore
from worker.system.disk import on_disk

LOG = logging.getLogger(__name__)


class _UnusableError(Exception):
    """The earlier course cannot be followed any more; the message says why."""


@dataclass(frozen=True, kw_only=True)
class _Earlier:
    """The earlier job, and the files of its course."""

    manifest: Manifest
    artifacts: Artifacts
    bodies: Mapping[str, bytes]

    @cached_property
    def records(self) -> tuple[StageRecord, ...]:
        """The stages that wrote the course."""
        return self.manifest.stages[1:]

    @cached_property
    def snapshot(self) -> Artifact:
        return self.manifest.record(Stage.CLONE).artifacts[0]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        body = self.bodies[yaml_path(Stage.EXTRACT)]
        return tuple(
            Part(name=abstraction.name, paths=abstraction.file_paths)
            for abstraction in read_abstractions(body)
        )

    @cached_property
    def chapters(self) -> tuple[ChapterRef, ...]:
        abstractions = read_abstractions(self.bodies[yaml_path(Stage.EXTRACT)])
        order = read_order(self.bodies[yaml_path(Stage.ORDER)], abstractions)
        return tuple(chapter.entry for chapter in order)


class Updater:
    """Keeps what is still true of the course that a job follows.

    After the first stage, the items that can be kept are copied into the job, and a plan
    lists them. Each stage then takes its items from there: from that moment on, the earlier
    job is not needed, and may be deleted.
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
        """Pin the earlier job's commit, before anything is done.

        Raises DataError if its course cannot be followed.
        """
        update = self._update
        if update is None or update.from_commit is not None:
            return
        manifest = self._context.owned.manifest
        earlier = self._context.inbox.do("restore", self._newest)
        if earlier is None:
            raise DataError(
                f"UPDATE_FROM names job {update.from_}, which is not in {self._store.url}: "
                "name a completed job of the same store",
                code="update_from",
            )
        reason = unusable(earlier, manifest.identity, manifest.engine)
        commit = earlier.commit
        if reason is not None or commit is None:
            raise DataError(
                f"the course of UPDATE_FROM cannot be followed: {reason}",
                code="update_from",
            )
        self._context.owned.append(lambda base: decisions.follow(base, commit))

    def prepare(self, snapshot: Artifact) -> None:
        """Compare the two trees, and copy what can be kept into the job; note the plan."""
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
        self, stage: Stage, inputs: str, missing: Sequence[str]
    ) -> Iterator[tuple[Artifact, bytes]]:
        """Copy the missing items of a stage that are kept to where they belong; yield them."""
        kept = self._kept(stage)
        for path in missing:
            artifact = kept.get(path)
            if artifact is None:
                continue
            body = self._copy_kept(stage, inputs, artifact)
            if body is None:
                LOG.warning(
                    "an item of the earlier course is missing or damaged, and is made anew",
                    extra={"path": path},
                )
            else:
                yield artifact, body

    def count_kept(
        self, stage: Stage, artifacts: Sequence[Artifact]
    ) -> int | None:
        """Count the artifacts of a stage that were kept; None if the job follows no other."""
        if self._update is None or stage is Stage.CLONE:
            return None
        kept = self._kept(stage)
        return sum(
            kept.get(artifact.path) == artifact for artifact in artifacts
        )

    def earlier(self, stage: Stage) -> EarlierCourse | None:
        """Return the earlier course for the engine to look at, if it can be followed here."""
        plan = self._usable_plan(stage)
        if plan is None:
            return None

        def read(path: str) -> bytes | None:
            artifact = plan.by_path.get(path)
            if artifact is None:
                return None
            return self._read_copy(artifact)

        return EarlierCourse(
            changed=frozenset(plan.changed), diffs=plan.diffs, read=read
        )

    @property
    def _update(self) -> Update | None:
        return self._context.owned.manifest.update

    @property
    def _clone_inputs(self) -> str:
        return self._context.owned.manifest.record(Stage.CLONE).inputs or ""

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
        except (_UnusableError, InvalidItemError) as error:
            return _Prepared(why=str(error))

    def _read_earlier(self) -> _Earlier:
        manifest = self._newest()
        if manifest is None or manifest.collected:
            raise _UnusableError(
                "the earlier job was deleted before its items were copied"
            )
        artifacts = Artifacts(
            self._store,
            manifest.job_id,
            self._context.runtime.executor(TRANSFERS),
        )
        bodies = {}
        for record in manifest.stages[1:]:
            for artifact, body in artifacts.fetch(record):
                if body is not None:
                    bodies[artifact.path] = body
        for stage in YAML_STAGES:
            path = yaml_path(stage)
            if path not in bodies:
                raise _UnusableError(
                    f"{path} of the earlier job is missing or damaged"
                )
        return _Earlier(manifest=manifest, artifacts=artifacts, bodies=bodies)

    def _compared(
        self, earlier: _Earlier, snapshot: Artifact, tree: Path
    ) -> "_Prepared":
        """Compare the earlier job's tree with the new one, and copy its items."""
        old: Files = {}
        new: Files = {}
        old_tree = self._context.folder.scratch / "earlier"
        # The same snapshot is the same tree.
        if earlier.snapshot.sha256 != snapshot.sha256:
            self._unpack(earlier, old_tree)
            old = _digests(old_tree)
            new = _digests(tree)
        decided = plan(old, new, earlier.parts, earlier.chapters)
        difference = compare(old, new)
        correction = Correction(old_tree, tree, difference)
        bodies = _still_true(earlier, decided, correction)
        paths = [path for part in earlier.parts for path in part.paths]
        diffs = correction.diffs(paths)
        with on_disk(old_tree):
            shutil.rmtree(old_tree, ignore_errors=True)
        listed = self._copy_items(earlier, bodies, difference, diffs)
        return _Prepared(
            changed=difference.touched, why=decided.why, plan=listed
        )

    def _unpack(self, earlier: _Earlier, tree: Path) -> None:
        """Restore the earlier job's files."""
        file = self._context.folder.scratch / "earlier.tar.gz"
        record = earlier.manifest.record(Stage.CLONE)
        if not earlier.artifacts.download(record, earlier.snapshot, file):
            raise _UnusableError(
                "the snapshot of the earlier job is missing or damaged"
            )
        with on_disk(tree):
            tree.mkdir(mode=0o700)
        try:
            self._packer.unpack(file, tree)
        except InvalidSnapshotError as error:
            raise _UnusableError(
                f"the snapshot of the earlier job is damaged: {error}"
            ) from error

    def _copy_items(
        self,
        earlier: _Earlier,
        bodies: Mapping[str, bytes],
        difference: Difference,
        diffs: Mapping[str, str],
    ) -> Artifact:
        """Copy the earlier course's items into the job; return the list of them.

        `bodies` are those that are kept, corrected.
        """
        copy = partial(self._copy_item, earlier, bodies)
        items = [
            (record, artifact)
            for record in earlier.records
            for artifact in record.artifacts
        ]
        executor = self._context.runtime.executor(TRANSFERS)
        copies = list(filter(None, executor.map(copy, items)))
        update_plan = UpdatePlan(
            kept=tuple(item for item in copies if item.path in bodies),
            earlier=tuple(item for item in copies if item.path not in bodies),
            changed=difference.paths,
            diffs=diffs,
        )
        return self._context.artifacts.store(
            Stage.CLONE, self._clone_inputs, PLAN, encode_plan(update_plan)
        )

    def _copy_item(
        self,
        earlier: _Earlier,
        bodies: Mapping[str, bytes],
        item: tuple[StageRecord, Artifact],
    ) -> Artifact | None:
        """Copy an item into the job; None if the earlier job's is missing or damaged."""
        record, artifact = item
        own = self._context.artifacts
        inputs = self._clone_inputs
        body = bodies.get(artifact.path)
        if body is not None and body != earlier.bodies[artifact.path]:
            path = copied(artifact).path
            stored = own.store(Stage.CLONE, inputs, path, body)
            return replace(stored, path=artifact.path)
        key = earlier.artifacts.key(record, artifact)
        if own.copy(key, Stage.CLONE, inputs, copied(artifact)):
            return artifact
        return None

    def _kept(self, stage: Stage) -> Mapping[str, Artifact]:
        update_plan = self._usable_plan(stage)
        return {} if update_plan is None else update_plan.kept_by_path

    def _usable_plan(self, stage: Stage) -> UpdatePlan | None:
        """Return the plan for a stage; None where an operator wants the stage redone."""
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
        read = partial(
            self._context.artifacts.read,
            Stage.CLONE,
            self._clone_inputs,
            listed,
        )
        body = self._context.inbox.do("restore", read)
        if body is None:
            LOG.warning(
                "the plan of the update is missing or damaged, and all is made anew"
            )
            return UpdatePlan()
        return decode_plan(body)

    def _copy_kept(
        self, stage: Stage, inputs: str, artifact: Artifact
    ) -> bytes | None:
        artifacts = self._context.artifacts
        source = artifact_key(
            self._context.owned.manifest.job_id,
            Stage.CLONE,
            self._clone_inputs,
            artifact.sha256,
            copied(artifact).path,
        )
        if not artifacts.copy(source, stage, inputs, artifact):
            return None
        return artifacts.read(stage, inputs, artifact)

    def _read_copy(self, artifact: Artifact) -> bytes | None:
        return self._context.artifacts.read(
            Stage.CLONE, self._clone_inputs, copied(artifact)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prepared:
    """What can be kept of the earlier course."""

    changed: int | None = None
    why: str | None = None
    plan: Artifact | None = None


def _digests(tree: Path) -> Files:
    with on_disk(tree):
        entries = regular_files(tree)
    digests = {}
    for entry in entries:
        _, digest = measure(tree / entry.name)
        digests[entry.name] = digest
    return digests


def _still_true(
    earlier: _Earlier, decided: Plan, correction: Correction
) -> dict[str, bytes]:
    """Return the items that are kept, with their places corrected.

    A review and a tutorial are kept only if their chapter is.
    """
    kept = {}
    for path, body in earlier.bodies.items():
        if path not in decided.kept:
            continue
        if path.endswith(".yaml"):
            kept[path] = correction.yaml_file(body)
            continue
        page = correction.page(body)
        if page is not None:
            kept[path] = page
    for chapter in earlier.chapters:
        page_path, *others = chapter_items(chapter)
        if page_path not in kept:
            for path in others:
                kept.pop(path, None)
    return kept
