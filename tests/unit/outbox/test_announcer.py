"""Which events an announcer hands to the sender, and what their bodies say."""

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
from tests.unit.ownership.test_lease import Scene
from worker.course.artifacts import Artifacts
from worker.outbox.announcer import Announcer
from worker.outbox.links import Linker
from worker.outbox.port import UnreachableError, WebhookResponse
from worker.outbox.sender import Sender

TOO_MANY = 3000
"""More files than a callback can list."""


class Noting:
    """A webhook that notes what it is sent."""

    def __init__(self) -> None:
        self.status: int | None = 200
        """Its answer; without one, it cannot be reached."""
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


class Setting:
    """An announcer with a sender, on a store with a job's log."""

    def __init__(self, *, with_usage: bool = False) -> None:
        self.scene = Scene()
        self.webhook = Noting()
        scene = self.scene
        self.sender = Sender(
            lambda: self.webhook, scene.lease, scene.runtime, scene.mailbox
        )
        self.announcer = self.with_sender(self.sender, with_usage=with_usage)

    def with_sender(
        self, sender: Sender | None, *, with_usage: bool = False
    ) -> Announcer:
        scene = self.scene
        executor = scene.runtime.executor(1)
        artifacts = Artifacts(scene.store, "job-1", executor)
        linker = Linker(
            scene.store, artifacts, scene.runtime, expires_seconds=60
        )
        return Announcer(linker, scene.log, sender, with_usage=with_usage)

    def deliver(self) -> None:
        """Let the sender work for a second."""
        self.sender.start()
        self.scene.scheduler.at(1, self.sender.close)
        self.scene.scheduler.run()


@pytest.fixture
def setting() -> Setting:
    return Setting()


def history() -> list[Manifest]:
    """Return the checkpoints of a completed job that have events."""
    stages = [info.stage for info in STAGES]
    return [*(entered(stage) for stage in stages), entered(None), completed()]


def test_of_a_checkpoint_its_own_event_is_sent_and_no_earlier_one(
    setting: Setting,
) -> None:
    job = completed()
    setting.announcer.announce(job)
    setting.deliver()
    assert len(job.outbox.pending) > 1
    assert setting.webhook.keys == [f"job-1-{job.sequence}"]


def test_a_checkpoint_without_an_event_sends_none(setting: Setting) -> None:
    job = replace(completed(), sequence=completed().sequence + 1)
    setting.announcer.announce(job)
    setting.deliver()
    assert setting.webhook.keys == []


def test_what_earlier_runs_left_is_sent_with_the_files_of_its_checkpoints(
    setting: Setting,
) -> None:
    for manifest in history():
        key = checkpoint_key("job-1", manifest.sequence)
        setting.scene.store.put(key, encode(manifest), "application/json")
    record = replace(
        completed().record(Stage.EXTRACT), artifacts=(artifact(content="b"),)
    )
    setting.announcer.redeliver(completed().with_record(record))
    setting.deliver()
    sequences = [event.sequence for event in completed().outbox.pending]
    assert setting.webhook.keys == [f"job-1-{number}" for number in sequences]
    files = [
        file["sha256"][0]
        for body in setting.webhook.bodies
        for file in body["files"]
    ]
    assert files
    assert set(files) == {"a"}


def test_a_complete_event_counts_and_links_the_files(setting: Setting) -> None:
    job = completed()
    [event] = job.outbox.pending[-1:]
    setting.announcer.announce(job)
    setting.deliver()
    [body] = setting.webhook.bodies
    expected = [
        file.path
        for stage in event.files_of
        for file in job.record(stage).artifacts
    ]
    assert [file["path"] for file in body["files"]] == expected
    assert body["filesCount"] == len(expected)
    key = checkpoint_key("job-1", event.sequence)
    assert body["manifestUrl"] == f"memory:///{key}?expires=60"


def test_urls_are_not_signed_where_a_callback_cannot_hold_them(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[str] = []
    sign = setting.scene.store.sign

    def note(key: str, expires_seconds: int) -> str:
        signed.append(key)
        return sign(key, expires_seconds)

    monkeypatch.setattr(setting.scene.store, "sign", note)
    record = completed().record(Stage.GENERATE_TUTORIALS)
    many = tuple(artifact(f"tutorials/{n}.md") for n in range(TOO_MANY))
    job = completed().with_record(replace(record, artifacts=many))
    setting.announcer.announce(job)
    setting.deliver()
    [body] = setting.webhook.bodies
    assert body["filesTruncated"] is True
    assert body["filesCount"] > TOO_MANY
    assert signed == [checkpoint_key("job-1", job.sequence)]


@pytest.mark.parametrize("with_usage", [True, False])
def test_events_say_what_was_used_where_that_is_wanted(
    *, with_usage: bool
) -> None:
    setting = Setting(with_usage=with_usage)
    setting.announcer.announce(replace(completed(), usage=Usage()))
    setting.deliver()
    [body] = setting.webhook.bodies
    assert ("usage" in body) is with_usage


def test_the_receivers_answers_and_its_trouble_are_known(
    setting: Setting,
) -> None:
    announcer = setting.announcer
    assert not announcer.silent
    assert (announcer.answers, announcer.trouble) == ({}, None)
    announcer.announce(completed())
    setting.webhook.status = 410
    setting.deliver()
    assert announcer.answers == {completed().sequence: 410}


def test_a_sender_that_is_to_finish_gives_up_and_says_why(
    setting: Setting,
) -> None:
    setting.webhook.status = None
    setting.announcer.announce(completed())
    setting.announcer.finish_within(0.1)
    setting.sender.start()
    setting.scene.scheduler.run()
    assert setting.announcer.trouble == "no answer: no receiver is there"
    assert setting.scene.scheduler.time < 1


def test_a_closed_announcer_sends_nothing(setting: Setting) -> None:
    setting.announcer.announce(completed())
    setting.announcer.close()
    setting.deliver()
    assert setting.webhook.keys == []


def test_without_a_receiver_events_stay_where_they_are(
    setting: Setting,
) -> None:
    announcer = setting.with_sender(None)
    announcer.redeliver(begun())
    announcer.redeliver(completed())
    announcer.announce(completed())
    announcer.finish_within(1)
    announcer.close()
    assert announcer.silent
    assert (announcer.answers, announcer.trouble) == ({}, None)
