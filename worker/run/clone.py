"""The first stage: the repository's files, pinned to a commit, and kept as a snapshot for all later runs."""

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
    """Gets the repository's files: from their host for the first time, from the snapshot ever after."""

    def __init__(
        self, context: RunContext, open_source: Callable[[], Source], packer: Packer
    ) -> None:
        """Prepare; the source is opened only if something has to be fetched."""
        self._context = context
        self._open_source = open_source
        self._packer = packer
        self._has_tree = False

    def clone(self) -> tuple[Artifact, ...]:
        """Do the stage: pin the commit, and store the snapshot unless it is there."""
        context, inbox, file = (
            self._context,
            self._context.inbox,
            self._context.folder.scratch / SNAPSHOT,
        )
        snapshot = None
        # guard: the pinned commit: pinned once
        if context.owned.manifest.commit is None:
            commit = self._checkout(None)
            context.owned.append(lambda base: pin(base, commit))
            inputs = context.owned.manifest.record(Stage.CLONE).inputs or ""
        else:  # an earlier run may have stored it
            inputs = context.owned.manifest.record(Stage.CLONE).inputs or ""
            snapshot = inbox.do("restore", lambda: self._stored_snapshot(inputs, file))
        if snapshot is None:
            if not self._has_tree:
                # guard: the pinned commit: checked out again
                self._checkout(context.owned.manifest.commit)
            inbox.do("pack", lambda: self._packer.pack(context.folder.source, file))
            snapshot = inbox.do(
                "store",
                lambda: context.artifacts.store(Stage.CLONE, inputs, SNAPSHOT, file),
            )
        context.reporter.items(Stage.CLONE, 1, 1)
        return (snapshot,)

    def ensure_tree(self) -> None:
        """Have the files on this machine, from the snapshot of the finished stage.

        Raise DamagedError.
        """
        if self._has_tree:
            return
        context, file = self._context, self._context.folder.scratch / SNAPSHOT
        record = context.owned.manifest.record(Stage.CLONE)
        if not context.inbox.do(
            "restore",
            lambda: context.artifacts.download(record, record.artifacts[0], file),
        ):
            raise DamagedError(Stage.CLONE, SNAPSHOT)
        tree = context.folder.empty_source()
        try:
            context.inbox.do("unpack", lambda: self._packer.unpack(file, tree))
        except InvalidSnapshotError as error:
            raise DamagedError(Stage.CLONE, SNAPSHOT) from error
        self._has_tree = True

    def _checkout(self, commit: str | None) -> str:
        tree = self._context.folder.empty_source()
        found = self._context.inbox.do(
            "source", lambda: self._open_source().checkout(commit, tree)
        )
        LOG.info("checked out", extra={"commit": found})
        self._has_tree = True
        return found

    def _stored_snapshot(self, inputs: str, file: Path) -> Artifact | None:
        versions = self._context.artifacts.versions(Stage.CLONE, inputs)
        return next(
            filter(
                None,
                (self._context.artifacts.adopt(version, file) for version in versions),
            ),
            None,
        )
