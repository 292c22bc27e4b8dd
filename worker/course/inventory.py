"""The files of a job's course: those of finished stages, and the items of an unfinished one."""

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Final, NamedTuple

from states.course_paths import is_course_path, media_type
from states.manifest import Artifact, Manifest, StageRecord
from states.repository_url import folder_name
from states.stages import STAGES, Stage
from worker.course.artifacts import Artifacts, ItemVersion, content
from worker.course.site.origin import Origin
from worker.course.update_plan import decode_plan
from worker.errors import DamagedError, DataError
from worker.store.port import Store


class CourseFile(NamedTuple):
    """A file of the course, and its key."""

    stage: Stage
    path: str
    size: int
    key: str
    sha256: str
    """The whole digest in a finished stage, its first 16 digits in an unfinished one."""

    @property
    def artifact(self) -> Artifact:
        """The file's entry in a manifest."""
        return Artifact(
            path=self.path,
            size=self.size,
            sha256=self.sha256,
            media_type=media_type(self.path),
        )


class Inventory:
    """Lists and reads the files of a job's course."""

    def __init__(
        self, store: Store, executor: Executor, manifest: Manifest
    ) -> None:
        """Raise DataError if `gc` has deleted the job's files."""
        if manifest.collected:
            raise DataError(
                f"job {manifest.job_id} has no files: they were deleted by `gc`",
                code="collected",
            )
        self.store_url: Final = store.url
        self._store = store
        self._executor = executor
        self._artifacts = Artifacts(store, manifest.job_id, executor)
        self._manifest = manifest

    @property
    def project(self) -> str:
        """The name of the repository that the course is about."""
        return folder_name(self._manifest.identity.repository)

    @property
    def origin(self) -> Origin:
        """The repository and the commit that the course is about."""
        return Origin(
            repository=self._manifest.identity.repository,
            commit=self._manifest.commit,
        )

    def finished(self) -> list[CourseFile]:
        """Return the finished stages' files, without the snapshot; raise DataError like `of`."""
        files: list[CourseFile] = []
        for info in STAGES:
            if info.stage is not Stage.CLONE:
                files += self.of(info.stage)
        return files

    def of(self, stage: Stage) -> list[CourseFile]:
        """Return a stage's files, if it is finished.

        Raise DataError if an object lists them, and is missing or damaged.
        """
        record = self._manifest.record(stage)
        try:
            artifacts = self._artifacts.of(record)
        except DamagedError as error:
            raise DataError(
                f"{error}: `resume --from {stage}` makes the stage again",
                code="damaged",
            ) from error
        files = []
        for artifact in artifacts:
            file = self._course_file(record, artifact)
            files.append(file)
        return files

    def unfinished(self) -> list[CourseFile]:
        """Return the stored items of the unfinished stage."""
        stage = self._manifest.next_stage
        record = self._manifest.record(stage) if stage else None
        if (
            record is None
            or record.inputs is None
            or record.stage is Stage.CLONE
        ):
            return []
        newest: dict[str, ItemVersion] = {}
        for version in self._artifacts.versions(record.stage, record.inputs):
            if is_course_path(version.name.path):
                newest.setdefault(version.name.path, version)
        files = []
        for path, version in sorted(newest.items()):
            file = CourseFile(
                stage=record.stage,
                path=path,
                size=version.size,
                key=version.key,
                sha256=version.name.content,
            )
            files.append(file)
        return files

    def course(self) -> list[CourseFile]:
        return self.finished() + self.unfinished()

    def made(self) -> frozenset[str]:
        """Return the finished files that an update made, as opposed to kept.

        There are none if the job is not an update, keeps nothing, or has an unreadable plan.
        """
        update = self._manifest.update
        clone = self._manifest.record(Stage.CLONE)
        if update is None or update.plan is None or clone.inputs is None:
            return frozenset()
        body = self._artifacts.read(clone, update.plan)
        if body is None:
            return frozenset()
        kept = decode_plan(body).kept_by_path
        if not kept:
            return frozenset()
        return frozenset(
            file.path
            for file in self.finished()
            if kept.get(file.path) != file.artifact
        )

    def read(
        self, files: list[CourseFile]
    ) -> Iterator[tuple[CourseFile, bytes | None]]:
        """Yield the files with their contents, or None for those that are missing or damaged."""
        contents = self._executor.map(self._content, files)
        yield from zip(files, contents, strict=True)

    def _course_file(
        self, record: StageRecord, artifact: Artifact
    ) -> CourseFile:
        return CourseFile(
            stage=record.stage,
            path=artifact.path,
            size=artifact.size,
            key=self._artifacts.key(record, artifact),
            sha256=artifact.sha256,
        )

    def _content(self, file: CourseFile) -> bytes | None:
        return content(self._store, file.key, file.sha256, size=file.size)
