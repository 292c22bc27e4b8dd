"""The events that an announcer passes to the sender, and their bodies."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from states.codec import encode
from states.keys import checkpoint_key
from states.manifest import Manifest
from states.stages import STAGES, Stage
from states.usage import Usage
from tests.support.builders import artifact, begun, completed, entered
from tests.unit.ownership.test_lease import LeaseHarness
from worker.course.artifacts import Artifacts
from worker.outbox.announcer import Announcer
from worker.outbox.links import Linker
from worker.outbox.port import UnreachableError, WebhookResponse
from worker.outbox.sender import Sender
from worker.system.runtime import SystemRuntime

TOO_MANY = 3000
"""More files than a callback can list."""


class RecordingWebhook:
    """A webhook that records the keys and bodies that it receives."""

    def __init__(self) -> None:
        self.status: int | None = 200
        """Its answer; if None, it cannot be reached."""
        self.keys: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.closed = 0

    def post(
        self,
        body: bytes,
        idempotency_key: str,
        remaining: Callable[[], float],  # noqa: ARG002
    ) -> WebhookResponse:
        self.keys.append(idempotency_key)
        self.bodies.append(json.loads(body))
        if self.status is None:
            raise UnreachableError("no receiver is there")
        return WebhookResponse(status_code=self.status)

    def close(self) -> None:
        self.closed += 1


class AnnouncerHarness:
    """An announcer with a sender, on a store with a job's log."""

    def __init__(self, *, with_usage: bool = False) -> None:
        self.lease = LeaseHarness()
        self.webhook = RecordingWebhook()
        lease_harness = self.lease
        self.sender = Sender(
            lambda: self.webhook,
            lease_harness.lease,
            lease_harness.runtime,
            lease_harness.mailbox,
        )
        self.announcer = self.with_sender(self.sender, with_usage=with_usage)

    def with_sender(
        self, sender: Sender | None, *, with_usage: bool = False
    ) -> Announcer:
        lease_harness = self.lease
        executor = lease_harness.runtime.executor(1)
        artifacts = Artifacts(lease_harness.store, "job-1", executor)
        linker = Linker(
            lease_harness.store,
            artifacts,
            lease_harness.runtime,
            expires_seconds=60,
        )
        return Announcer(
            linker, lease_harness.log, sender, with_usage=with_usage
        )

    def deliver(self) -> None:
        """Run the sender for a second."""
        self.sender.start()
        self.lease.scheduler.at(1, self.sender.close)
        self.lease.scheduler.run()


@pytest.fixture
def harness() -> AnnouncerHarness:
    return AnnouncerHarness()


def history() -> list[Manifest]:
    """Return the checkpoints of a completed job that have events."""
    stages = [info.stage for info in STAGES]
    return [*(entered(stage) for stage in stages), entered(None), completed()]


def test_a_checkpoint_sends_its_own_event_and_no_earlier_one(
    harness: AnnouncerHarness,
) -> None:
    job = completed()
    harness.announcer.announce(job)
    harness.deliver()
    assert len(job.outbox.pending) > 1
    assert harness.webhook.keys == [f"job-1-{job.sequence}"]


def test_a_checkpoint_without_an_event_sends_none(
    harness: AnnouncerHarness,
) -> None:
    job = replace(completed(), sequence=completed().sequence + 1)
    harness.announcer.announce(job)
    harness.deliver()
    assert harness.webhook.keys == []


def test_events_that_earlier_runs_left_are_sent_with_the_files_of_their_checkpoints(
    harness: AnnouncerHarness,
) -> None:
    for manifest in history():
        key = checkpoint_key("job-1", manifest.sequence)
        harness.lease.store.put(key, encode(manifest), "application/json")
    record = replace(
        completed().record(Stage.EXTRACT), artifacts=(artifact(content="b"),)
    )
    harness.announcer.redeliver(completed().with_record(record))
    harness.deliver()
    sequences = [event.sequence for event in completed().outbox.pending]
    assert harness.webhook.keys == [f"job-1-{number}" for number in sequences]
    files = [
        file["sha256"][0]
        for body in harness.webhook.bodies
        for file in body["files"]
    ]
    assert files
    assert set(files) == {"a"}


def test_a_complete_event_counts_and_links_the_files(
    harness: AnnouncerHarness,
) -> None:
    job = completed()
    [event] = job.outbox.pending[-1:]
    harness.announcer.announce(job)
    harness.deliver()
    [body] = harness.webhook.bodies
    expected = [
        file.path
        for stage in event.files_of
        for file in job.record(stage).artifacts
    ]
    assert [file["path"] for file in body["files"]] == expected
    assert body["filesCount"] == len(expected)
    key = checkpoint_key("job-1", event.sequence)
    assert body["manifestUrl"] == f"memory:///{key}?expires=60"


def test_urls_are_not_signed_if_a_callback_has_no_room_for_them(
    harness: AnnouncerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[str] = []
    sign = harness.lease.store.sign

    def note(key: str, expires_seconds: int) -> str:
        signed.append(key)
        return sign(key, expires_seconds)

    monkeypatch.setattr(harness.lease.store, "sign", note)
    record = completed().record(Stage.GENERATE_TUTORIALS)
    many = tuple(artifact(f"tutorials/{n}.md") for n in range(TOO_MANY))
    job = completed().with_record(replace(record, artifacts=many))
    harness.announcer.announce(job)
    harness.deliver()
    [body] = harness.webhook.bodies
    assert body["filesTruncated"] is True
    assert body["filesCount"] > TOO_MANY
    assert signed == [checkpoint_key("job-1", job.sequence)]


@pytest.mark.parametrize("is_damaged", [True, False])
def test_files_of_a_list_are_announced_unless_it_is_damaged(
    harness: AnnouncerHarness, *, is_damaged: bool
) -> None:
    store = harness.lease.store
    listing = Artifacts(store, "job-1", SystemRuntime().executor(1))
    record = completed().record(Stage.GENERATE_TUTORIALS)
    listed = listing.store_list(
        record.stage, record.inputs or "", record.artifacts
    )
    if is_damaged:
        store.delete([listing.key(record, listed.file)])
    job = completed().with_record(replace(record, artifacts=(), listed=listed))
    harness.announcer.announce(job)
    harness.deliver()
    [body] = harness.webhook.bodies
    assert body["filesCount"] == 6
    assert len(body.get("files", ())) == (0 if is_damaged else 6)
    assert body.get("filesTruncated", False) is is_damaged


@pytest.mark.parametrize("with_usage", [True, False])
def test_events_say_what_was_used_where_that_is_wanted(
    *, with_usage: bool
) -> None:
    harness = AnnouncerHarness(with_usage=with_usage)
    harness.announcer.announce(replace(completed(), usage=Usage()))
    harness.deliver()
    [body] = harness.webhook.bodies
    assert ("usage" in body) is with_usage


def test_the_receivers_answers_and_failures_are_recorded(
    harness: AnnouncerHarness,
) -> None:
    announcer = harness.announcer
    assert not announcer.silent
    assert (announcer.answers, announcer.trouble) == ({}, None)
    announcer.announce(completed())
    harness.webhook.status = 410
    harness.deliver()
    assert announcer.answers == {completed().sequence: 410}


def test_a_sender_that_is_to_finish_gives_up_and_says_why(
    harness: AnnouncerHarness,
) -> None:
    harness.webhook.status = None
    harness.announcer.announce(completed())
    harness.announcer.finish_within(0.1)
    harness.sender.start()
    harness.lease.scheduler.run()
    assert harness.announcer.trouble == "no answer: no receiver is there"
    assert harness.lease.scheduler.time < 1


def test_a_closed_announcer_sends_nothing(harness: AnnouncerHarness) -> None:
    harness.announcer.announce(completed())
    harness.announcer.close()
    harness.deliver()
    assert harness.webhook.keys == []


def test_without_a_receiver_events_stay_where_they_are(
    harness: AnnouncerHarness,
) -> None:
    announcer = harness.with_sender(None)
    announcer.redeliver(begun())
    announcer.redeliver(completed())
    announcer.announce(completed())
    announcer.finish_within(1)
    announcer.close()
    assert announcer.silent
    assert (announcer.answers, announcer.trouble) == ({}, None)
