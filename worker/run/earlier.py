"""An earlier job's course, and the part of it that is still true of a newer tree."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from states.course_paths import (
    YAML_STAGES,
    ChapterRef,
    chapter_paths,
    yaml_path,
)
from states.manifest import Artifact, Manifest, StageRecord
from states.stages import Stage
from states.update import (
    Difference,
    Files,
    Part,
    Plan,
    compare,
    plan,
)
from worker.course.artifacts import Artifacts, measure
from worker.course.formats import read_abstractions, read_order
from worker.errors import DamagedError
from worker.source.files import regular_files
from worker.source.port import InvalidSnapshotError, Packer
from worker.system.disk import on_disk

if TYPE_CHECKING:
    from worker.course.correction import Correction


class UnfollowableError(Exception):
    """The earlier course can no longer be used; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Earlier:
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
        parts = []
        for abstraction in read_abstractions(body):
            part = Part(name=abstraction.name, paths=abstraction.file_paths)
            parts.append(part)
        return tuple(parts)

    @cached_property
    def chapters(self) -> tuple[ChapterRef, ...]:
        abstractions = read_abstractions(self.bodies[yaml_path(Stage.EXTRACT)])
        order = read_order(self.bodies[yaml_path(Stage.ORDER)], abstractions)
        return tuple(chapter.entry for chapter in order)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The part of an earlier course that is still true of another tree."""

    difference: Difference
    why: str | None
    """The reason, if nothing is still true."""
    kept: Mapping[str, bytes]
    """The items that are still true, with their line references corrected."""
    diffs: Mapping[str, str]
    """The changes in the files that its abstractions name."""


def read_earlier(manifest: Manifest, artifacts: Artifacts) -> Earlier:
    """Read the course of a completed job.

    Raise UnfollowableError if its YAML, or a list of its artifacts, is damaged.
    """
    bodies = {}
    try:
        for record in manifest.stages[1:]:
            for artifact, body in artifacts.fetch(record):
                if body is not None:
                    bodies[artifact.path] = body
    except DamagedError as error:
        raise UnfollowableError(f"of the earlier job, {error}") from error
    for stage in YAML_STAGES:
        path = yaml_path(stage)
        if path not in bodies:
            raise UnfollowableError(
                f"{path} of the earlier job is missing or damaged"
            )
    return Earlier(manifest=manifest, artifacts=artifacts, bodies=bodies)


def unpack_earlier(
    earlier: Earlier, packer: Packer, file: Path, tree: Path
) -> None:
    """Restore an earlier job's files into a new folder; `file` holds the snapshot meanwhile.

    Raises UnfollowableError.
    """
    record = earlier.manifest.record(Stage.CLONE)
    if not earlier.artifacts.download(record, earlier.snapshot, file):
        raise UnfollowableError(
            "the snapshot of the earlier job is missing or damaged"
        )
    with on_disk(tree):
        tree.mkdir(mode=0o700)
    try:
        packer.unpack(file, tree)
    except InvalidSnapshotError as error:
        raise UnfollowableError(
            f"the snapshot of the earlier job is damaged: {error}"
        ) from error


def compare_trees(
    earlier: Earlier, old_tree: Path | None, new_tree: Path
) -> Comparison:
    """Compare two trees; the earlier job's is None if it is known to be the same."""
    old: Files = {}
    new: Files = {}
    if old_tree is not None:
        old = _digests(old_tree)
        new = _digests(new_tree)
    decided = plan(old, new, earlier.parts, earlier.chapters)
    difference = compare(old, new)
    # Loaded only where courses are updated.
    from worker.course.correction import Correction  # noqa: PLC0415

    correction = Correction(old_tree or new_tree, new_tree, difference)
    paths = [path for part in earlier.parts for path in part.paths]
    return Comparison(
        difference=difference,
        why=decided.why,
        kept=_still_true(earlier, decided, correction),
        diffs=correction.diffs(paths),
    )


def _digests(tree: Path) -> Files:
    with on_disk(tree):
        entries = regular_files(tree)
    digests = {}
    for entry in entries:
        _, digest = measure(tree / entry.name)
        digests[entry.name] = digest
    return digests


def _still_true(
    earlier: Earlier, decided: Plan, correction: "Correction"
) -> dict[str, bytes]:
    """Return the kept items, with their places corrected.

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
        page_path, *others = chapter_paths(chapter)
        if page_path not in kept:
            for path in others:
                kept.pop(path, None)
    return kept
