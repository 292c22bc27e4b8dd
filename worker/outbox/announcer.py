"""Turns the events of a manifest into deliveries for the sender."""

from collections.abc import Mapping

from states import callback_body
from states.manifest import Artifact, CallbackEvent, Manifest, StageRecord
from worker.errors import DamagedError
from worker.outbox.links import Linker
from worker.outbox.sender import Delivery, Sender
from worker.ownership.log import CheckpointLog


class Announcer:
    """Passes a run's events to the sender, if there is one."""

    def __init__(
        self,
        linker: Linker,
        log: CheckpointLog,
        sender: Sender | None,
        *,
        with_usage: bool,
    ) -> None:
        """Announce through `sender`; without a sender, events stay in the outbox.

        With `with_usage`, events say what the job's paid calls have used.
        """
        self._linker = linker
        self._log = log
        self._sender = sender
        self._with_usage = with_usage

    @property
    def answers(self) -> Mapping[int, int]:
        """The receiver's status codes, by the events' sequences."""
        if self._sender is None:
            return {}
        return dict(self._sender.answers)

    @property
    def trouble(self) -> str | None:
        """Why the next event could not be delivered yet."""
        if self._sender is None:
            return None
        return self._sender.trouble

    @property
    def silent(self) -> bool:
        """Whether events are not delivered at all."""
        return self._sender is None

    def redeliver(self, manifest: Manifest) -> None:
        """Send the pending events of earlier runs, with the files of their checkpoints."""
        if self._sender is None:
            return
        for event in manifest.outbox.pending:
            written_with = self._log.present(event.sequence).manifest
            self._sender.send(self._delivery(event, written_with))

    def announce(self, manifest: Manifest) -> None:
        """Send the event of this checkpoint, if it has one."""
        if self._sender is None:
            return
        for event in manifest.outbox.pending:
            if event.sequence == manifest.sequence:
                self._sender.send(self._delivery(event, manifest))

    def finish_within(self, seconds: float) -> None:
        """Deliver at once, and give up after `seconds`."""
        if self._sender is not None:
            self._sender.finish_within(seconds)

    def close(self) -> None:
        """Send nothing more."""
        if self._sender is not None:
            self._sender.close()

    def _delivery(self, event: CallbackEvent, manifest: Manifest) -> Delivery:
        job_id = manifest.job_id
        records = [manifest.record(stage) for stage in event.files_of]
        count = sum(record.artifact_count for record in records)
        files = []
        if callback_body.fits(count):
            files = self._files(records)

        def write() -> bytes:
            links = [self._linker.link(*file) for file in files]
            url = self._linker.manifest_url(job_id, event.sequence)
            usage = None
            if self._with_usage:
                usage = manifest.usage
            return callback_body.body(
                job_id,
                event,
                links,
                files_count=count,
                manifest_url=url,
                usage=usage,
            )

        key = callback_body.idempotency_key(job_id, event)
        return Delivery(event=event, idempotency_key=key, write=write)

    def _files(
        self, records: list[StageRecord]
    ) -> list[tuple[StageRecord, Artifact]]:
        """Return the artifacts of stages; none if a list of them is damaged."""
        files = []
        try:
            for record in records:
                artifacts = self._linker.artifacts(record)
                files += [(record, artifact) for artifact in artifacts]
        except DamagedError:
            return []
        return files
