"""The first stage: the repository's files at a pinned commit, kept as a snapshot for later runs."""

import logging
from collections.abc import Callable
from pathlib import Path

from states.course_paths import SNAPSHOT
from states.decisions import pin
from states.manifest import Artifact
from states.stages import Stage
from worker.errors import DamagedError
from worker.run.context import RunContext
from worker.source.port import InvalidSnapshotError, Packer, Source

LOG = logging.getLogger(__name__)


class Cloner:
    """Gets the repository's files: first from their source, later from the snapshot."""

    def __init__(
        self,
        context: RunContext,
        open_source: Callable[[], Source],
        packer: Packer,
    ) -> None:
        """Prepare; the source is opened only if files have to be fetched."""
        self._context = context
        self._open_source = open_source
        self._packer = packer
        self._has_tree = False

    def clone(self) -> tuple[Artifact, ...]:
        """Run the stage: pin the commit, and store the snapshot unless it is already stored."""
        context = self._context
        file = context.folder.scratch / SNAPSHOT
        snapshot = None
        # guard: the pinned commit: pinned once
        if context.owned.manifest.commit is None:
            commit = self._checkout(None)
            context.owned.append(lambda base: pin(base, commit))
        else:
            # An earlier run may have stored the snapshot.
            snapshot = context.inbox.do(
                "restore", lambda: self._stored_snapshot(file)
            )
        if snapshot is None:
            snapshot = self._store_snapshot(file)
        context.reporter.items(Stage.CLONE, 1, 1)
        return (snapshot,)

    def _store_snapshot(self, file: Path) -> Artifact:
        context = self._context
        inbox = context.inbox
        if not self._has_tree:
            # guard: the pinned commit: checked out again
            self._checkout(context.owned.manifest.commit)
        inputs = self._inputs()
        inbox.do("pack", lambda: self._packer.pack(context.folder.source, file))
        return inbox.do(
            "store",
            lambda: context.artifacts.store(
                Stage.CLONE, inputs, SNAPSHOT, file
            ),
        )

    def _inputs(self) -> str:
        return self._context.owned.manifest.record(Stage.CLONE).inputs or ""

    def ensure_tree(self) -> None:
        """Restore the files from the finished stage's snapshot, unless they are already here.

        Raises DamagedError.
        """
        if self._has_tree:
            return
        context = self._context
        file = context.folder.scratch / SNAPSHOT
        record = context.owned.manifest.record(Stage.CLONE)
        is_whole = context.inbox.do(
            "restore",
            lambda: context.artifacts.download(
                record, record.artifacts[0], file
            ),
        )
        if not is_whole:
            raise DamagedError(Stage.CLONE, SNAPSHOT)
        self._unpack(file)

    def unpacked(self) -> Path:
        """Return the folder of the files, once `clone` has made or found the snapshot.

        Raises DamagedError.
        """
        folder = self._context.folder
        if not self._has_tree:
            self._unpack(folder.scratch / SNAPSHOT)
        return folder.source

    def _unpack(self, file: Path) -> None:
        context = self._context
        tree = context.folder.empty_source()
        try:
            context.inbox.do("unpack", lambda: self._packer.unpack(file, tree))
        except InvalidSnapshotError as error:
            raise DamagedError(Stage.CLONE, SNAPSHOT) from error
        self._has_tree = True

    def _checkout(self, commit: str | None) -> str:
        tree = self._context.folder.empty_source()
        checked_out = self._context.inbox.do(
            "source", lambda: self._open_source().checkout(commit, tree)
        )
        LOG.info("checked out", extra={"commit": checked_out})
        self._has_tree = True
        return checked_out

    def _stored_snapshot(self, file: Path) -> Artifact | None:
        for version in self._context.artifacts.versions(
            Stage.CLONE, self._inputs()
        ):
            if version.name.path != SNAPSHOT:
                continue
            snapshot = self._context.artifacts.adopt(version, file)
            if snapshot is not None:
                return snapshot
        return None
