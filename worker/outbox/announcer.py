"""From events in the manifest to deliveries for the sender: which files an event announces, and under which URLs."""

from collections.abc import Mapping
from datetime import timedelta

from states import callback_body as callbacks
from states.callback_body import FileLink
from states.keys import checkpoint_key
from states.manifest import Artifact, CallbackEvent, Manifest, StageRecord
from worker.course.artifacts import Artifacts
from worker.outbox.sender import Delivery, Sender
from worker.ownership.log import CheckpointLog
from worker.store.port import Store
from worker.system.runtime import Runtime, iso


class Linker:
    """Makes signed URLs of a job's artifacts."""

    def __init__(
        self,
        store: Store,
        artifacts: Artifacts,
        runtime: Runtime,
        *,
        expires_seconds: int,
    ) -> None:
        """Sign for `expires_seconds`, at most 604800."""
        self._store = store
        self._artifacts = artifacts
        self._runtime = runtime
        self._expires = expires_seconds

    def link(self, record: StageRecord, artifact: Artifact) -> FileLink:
        """Return an artifact of a finished stage with a fresh URL."""
        return self.link_key(self._artifacts.key(record, artifact), artifact)

    def link_key(self, key: str, artifact: Artifact) -> FileLink:
        """Return an artifact that lies under a key, with a fresh URL."""
        expires_at = self._runtime.now() + timedelta(seconds=self._expires)
        return FileLink(
            path=artifact.path,
            type="yaml" if artifact.path.endswith(".yaml") else "markdown",
            size=artifact.size,
            sha256=artifact.sha256,
            url=self._store.sign(key, self._expires),
            uri=self._store.uri(key),
            expires_at=iso(expires_at),
        )

    def manifest_url(self, job_id: str, sequence: int) -> str:
        """Return a fresh URL of a checkpoint."""
        return self._store.sign(checkpoint_key(job_id, sequence), self._expires)


class Announcer:
    """Hands a run's events to the sender, if there is one."""

    def __init__(
        self, linker: Linker, log: CheckpointLog, sender: Sender | None
    ) -> None:
        """Announce through `sender`; without one, events stay in the outbox."""
        self._linker = linker
        self._log = log
        self._sender = sender

    @property
    def answers(self) -> Mapping[int, int]:
        """What the receiver has answered, by the events' sequences."""
        return dict(self._sender.answers) if self._sender else {}

    @property
    def trouble(self) -> str | None:
        """Why the event that is due was not taken yet."""
        return self._sender.trouble if self._sender else None

    @property
    def silent(self) -> bool:
        """Whether nobody delivers."""
        return self._sender is None

    def redeliver(self, manifest: Manifest) -> None:
        """Send what earlier runs have left, each with the files that its own checkpoint names."""
        if self._sender is not None:
            for event in manifest.outbox.pending:
                self._sender.send(
                    self._delivery(event, self._log.present(event.sequence).manifest)
                )

    def announce(self, manifest: Manifest) -> None:
        """Send the event that was written with this checkpoint, if there is one."""
        for event in manifest.outbox.pending:
            if self._sender is not None and event.sequence == manifest.sequence:
                self._sender.send(self._delivery(event, manifest))

    def finish_within(self, seconds: float) -> None:
        """Deliver now, and give up so many seconds from now."""
        if self._sender is not None:
            self._sender.finish_within(seconds)

    def close(self) -> None:
        """Send nothing more."""
        if self._sender is not None:
            self._sender.close()

    def _delivery(self, event: CallbackEvent, manifest: Manifest) -> Delivery:
        files = [
            (manifest.record(stage), artifact)
            for stage in event.files_of
            for artifact in manifest.record(stage).artifacts
        ]
        job_id = manifest.job_id

        def write() -> bytes:
            links = (
                [self._linker.link(*file) for file in files]
                if callbacks.fits(len(files))
                else []
            )
            url = self._linker.manifest_url(job_id, event.sequence)
            return callbacks.body(
                job_id, event, links, files_count=len(files), manifest_url=url
            )

        return Delivery(
            event=event,
            idempotency_key=callbacks.idempotency_key(job_id, event),
            write=write,
        )
