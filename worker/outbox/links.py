"""Signed URLs for the files that events announce."""

from datetime import timedelta

from states.callback_body import FileLink
from states.keys import checkpoint_key
from states.manifest import Artifact, StageRecord
from worker.course.artifacts import Artifacts
from worker.store.port import Store
from worker.system.runtime import Runtime, iso


class Linker:
    """Makes signed URLs for a job's objects."""

    def __init__(
        self,
        store: Store,
        artifacts: Artifacts,
        runtime: Runtime,
        *,
        expires_seconds: int,
    ) -> None:
        """Make URLs that live for `expires_seconds`, at most 604800."""
        self._store = store
        self._artifacts = artifacts
        self._runtime = runtime
        self._expires = expires_seconds

    def artifacts(self, record: StageRecord) -> tuple[Artifact, ...]:
        """Return a finished stage's artifacts; raise DamagedError if their list is damaged."""
        return self._artifacts.of(record)

    def link(self, record: StageRecord, artifact: Artifact) -> FileLink:
        """Return an artifact of a finished stage, with a new URL."""
        return self.link_key(self._artifacts.key(record, artifact), artifact)

    def link_key(self, key: str, artifact: Artifact) -> FileLink:
        """Return the artifact under a key, with a new URL."""
        expires_at = self._runtime.now() + timedelta(seconds=self._expires)
        kind = "markdown"
        if artifact.path.endswith(".yaml"):
            kind = "yaml"
        return FileLink(
            path=artifact.path,
            type=kind,
            size=artifact.size,
            sha256=artifact.sha256,
            url=self._store.sign(key, self._expires),
            uri=self._store.uri(key),
            expires_at=iso(expires_at),
        )

    def manifest_url(self, job_id: str, sequence: int) -> str:
        """Return a new URL of a checkpoint."""
        return self._store.sign(checkpoint_key(job_id, sequence), self._expires)
