"""The commands by which operators cancel, resume and collect jobs."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from states.decisions import claim, interrupt
from states.exits import Exit
from states.keys import checkpoint_key
from states.manifest import Identity, Writer
from states.stages import Stage
from tests.support.builders import AT, ENGINE, run_record
from tests.support.receiver import Reply, receiving
from tests.support.shell import Shell, completed, interrupted, stop_at
from tests.support.world import IDENTITY, JOB, FakeEngine, FakeReceiver, World
from worker.outbox.port import WebhookResponse
from worker.ownership.claim import OperatorRequest
from worker.ownership.log import CheckpointLog
from worker.system.runtime import SystemRuntime


def test_a_job_without_a_live_run_is_canceled_at_once_and_its_event_stays_pending(
    shell: Shell,
) -> None:
    interrupted(shell)
    answer = shell("cancel", JOB)
    assert "is canceled" in answer
    assert "CALLBACK_URL" in answer
    document = shell.json("status", JOB)
    assert document["state"] == "canceled"
    assert document["run"] == 2
    assert [event["status"] for event in document["pendingCallbacks"]] == [
        "canceled"
    ]


def test_canceling_a_job_that_is_over_changes_nothing(shell: Shell) -> None:
    completed(shell)
    assert "was completed already" in shell("cancel", JOB)
    assert shell.json("status", JOB)["state"] == "completed"


def test_a_live_job_is_not_resumed_and_is_asked_to_cancel(shell: Shell) -> None:
    world = shell.world()
    reached, released = Event(), Event()

    def wait_there(path: str) -> None:
        if path == "step1_abstractions.yaml":
            reached.set()
            assert released.wait(30)

    world.engine.before_item = wait_there
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(world.job().run, IDENTITY)
        assert reached.wait(30)
        assert "run 1 has been working on job job-1" in shell(
            "resume", JOB, code=75
        )
        assert "was asked to cancel it" in shell("cancel", JOB)
        assert running.result(30) is Exit.OK
        released.set()
    assert shell.json("status", JOB)["state"] == "canceled"
    assert world.receiver is not None
    assert world.receiver.events[-1] == ("progress", "canceled")


def test_gc_collects_old_jobs_that_are_over_and_keeps_a_tombstone(
    shell: Shell,
) -> None:
    completed(shell)
    interrupted_id = Identity(
        job_id="other", repository=IDENTITY.repository, branch="main"
    )
    world = shell.world()
    world.engine.before_item = stop_at("step3_order.yaml")
    world.job("other").run(interrupted_id)
    assert shell.json("gc", "--older-than", "1d")["collected"] == []
    assert shell.json("gc", "--older-than", "0s", "--dry-run")["collected"] == [
        JOB
    ]
    assert shell.json("status", JOB)["collected"] is False
    assert shell.json("gc", "--older-than", "0s")["collected"] == [JOB]
    assert [entry.key for entry in shell.store.entries(f"{JOB}/")] == [
        f"{JOB}/checkpoints/00000013.json"
    ]
    assert shell.json("status", JOB)["state"] == "completed"
    assert shell.json("gc", "--older-than", "0s")["collected"] == []


def test_a_collected_job_keeps_its_end_and_has_no_files(shell: Shell) -> None:
    completed(shell)
    shell("gc", "--older-than", "0s")
    assert shell.world().job().run(IDENTITY) is Exit.OK
    for argv in (
        ["fetch", JOB, "x"],
        ["urls", JOB],
        ["verify", JOB],
        ["resume", JOB, "--from", "order"],
    ):
        assert "deleted by `gc`" in shell(*argv, code=65)


def test_gc_leaves_a_job_with_unacknowledged_events_and_names_it(
    shell: Shell,
) -> None:
    interrupted(shell)
    shell("cancel", JOB)
    document = shell.json("gc", "--older-than", "0s")
    assert document["collected"] == []
    assert document["left"][0]["jobId"] == JOB
    assert "unacknowledged" in document["left"][0]["reason"]


def test_a_completed_job_is_redone_from_a_stage_on(
    shell: Shell,
) -> None:
    completed(shell)
    world = shell.world()
    assert (
        world.job().resume(OperatorRequest(stage=Stage.GENERATE_CHAPTERS))
        is Exit.OK
    )
    assert world.engine.made["chapters/chapter_1_thing_1.md"] == 1
    assert world.engine.made["step1_abstractions.yaml"] == 0
    document = shell.json("status", JOB)
    assert [stage["generation"] for stage in document["stages"]] == [
        1,
        1,
        1,
        1,
        2,
        2,
        2,
    ]
    assert world.receiver is not None
    assert [status for _, status in world.receiver.events] == [
        "analyzing",
        "analyzing",
        "analyzing",
        "gathering",
        "completed",
    ]
    assert shell.json("verify", JOB, "--deep")["faults"] == []


def test_a_stage_that_was_not_reached_cannot_be_redone(shell: Shell) -> None:
    interrupted(shell, "step2_relationships.yaml")
    assert "has not reached review-chapters yet" in shell(
        "resume", JOB, "--from", "review-chapters", code=65
    )


def test_gc_leaves_a_job_of_an_unknown_format_names_it_and_ends_with_78(
    shell: Shell,
) -> None:
    completed(shell)
    shell.world().job("zz").run(
        Identity(job_id="zz", repository=IDENTITY.repository, branch="main")
    )
    newest = max((shell.root / "store/zz/checkpoints").iterdir())
    newest.write_bytes(
        newest.read_bytes().replace(b'"format":1', b'"format":99')
    )
    document = shell.json("gc", "--older-than", "0s", code=78)
    assert document["collected"] == [JOB]
    [left] = document["left"]
    assert left["jobId"] == "zz"
    assert "format 99" in left["reason"]
    assert len(list(shell.store.entries("zz/"))) > 13


def test_gc_leaves_a_damaged_job_and_collects_the_others(shell: Shell) -> None:
    completed(shell)
    shell.store.put(
        "broken/checkpoints/00000001.json", b"{", "application/json"
    )
    document = shell.json("gc", "--older-than", "0s")
    assert document["collected"] == [JOB]
    assert [job["jobId"] for job in document["left"]] == ["broken"]


def test_gc_leaves_a_job_whose_run_has_not_released_it(shell: Shell) -> None:
    completed(shell)
    log = CheckpointLog(shell.store, JOB, SystemRuntime())
    newest = log.newest()
    assert newest is not None
    log.append(
        newest,
        claim(newest.manifest, run_record(2), engine=ENGINE, announces=False),
        Writer.WORKER,
    )
    document = shell.json("gc", "--older-than", "0s")
    assert document["collected"] == []
    assert "run 2 is still alive" in document["left"][0]["reason"]


def test_gc_completes_a_collection_that_was_interrupted(shell: Shell) -> None:
    completed(shell)
    shell("gc", "--older-than", "0s")
    shell.store.put(
        f"{JOB}/artifacts/order/0123456789ab/0123456789abcdef/x.yaml",
        b"x",
        "text/plain",
    )
    assert shell("gc", "--older-than", "30d") == f"collected {JOB}\n"
    assert len(list(shell.store.entries(f"{JOB}/"))) == 1


def test_gc_reports_that_there_is_nothing_to_collect(shell: Shell) -> None:
    assert shell("gc") == "nothing to collect\n"


def test_resume_continues_an_interrupted_job(shell: Shell) -> None:
    interrupted_by_hand(shell)
    document = shell.json("resume", "by-hand")
    assert document == {
        "jobId": "by-hand",
        "state": "completed",
        "run": 2,
        "exitCode": 0,
    }


def test_pending_events_are_named_with_how_to_deliver_them(
    shell: Shell,
) -> None:
    interrupted(shell)
    shell("cancel", JOB)
    assert "pending     callback" in shell("status", JOB)
    assert "CALLBACK_URL" in shell("cancel", JOB)


def test_resume_of_a_completed_job_does_nothing(shell: Shell) -> None:
    completed(shell)
    assert shell("resume", JOB) == f"job {JOB} is completed\n"
    assert shell.json("status", JOB)["run"] == 1


def interrupted_by_hand(shell: Shell) -> None:
    """Start a job on a folder with the static engine, and interrupt it after the snapshot."""
    folder = shell.root / "repository"
    folder.mkdir()
    (folder / "code.py").write_text(
        "class Thing:\n    def work(self) -> int:\n        return 1\n"
    )
    assert shell(
        "run",
        str(folder),
        "--job-id",
        "by-hand",
        "--out",
        str(shell.root / "out"),
    )
    log = CheckpointLog(shell.store, "by-hand", SystemRuntime())
    for sequence in reversed(list(log.sequences(after=4))):
        shell.store.delete([checkpoint_key("by-hand", sequence)])
    head = log.newest()
    assert head is not None
    ended = interrupt(
        head.manifest, None, Exit.TEMPORARY, at=AT, seconds=0, fruitless_runs=0
    )
    log.append(head, ended, Writer.WORKER)


def test_resume_is_refused_and_changes_nothing_if_the_jobs_engine_is_missing(
    shell: Shell,
) -> None:
    world = shell.world(engine=FakeEngine(name="fondation"))
    world.engine.before_item = stop_at("step3_order.yaml")
    assert world.job().run(IDENTITY) is Exit.SOFTWARE
    shell.environment = {"FONDATION_PATH": str(shell.root / "nowhere")}
    before = [entry.key for entry in shell.store.entries(f"{JOB}/checkpoints/")]
    assert "nowhere contains no Fondation CLI" in shell("resume", JOB, code=69)
    assert [
        entry.key for entry in shell.store.entries(f"{JOB}/checkpoints/")
    ] == before


def test_an_engine_other_than_the_jobs_is_refused(shell: Shell) -> None:
    interrupted(shell)
    shell.environment = {"ENGINE": "fondation"}
    assert "job job-1 began with 'static'" in shell("resume", JOB, code=78)
    assert shell.json("status", JOB)["run"] == 1


def rejecting(shell: Shell) -> World:
    world = shell.world(
        receiver=FakeReceiver(answer=lambda _: WebhookResponse(status_code=410))
    )
    assert world.job().run(IDENTITY) is Exit.OK
    return world


def test_a_rejected_final_callback_is_sent_again_on_request(
    shell: Shell,
) -> None:
    rejecting(shell)
    with receiving() as receiver:
        shell.environment = {
            "CALLBACK_URL": receiver.url,
            "CALLBACK_TOKEN": "t",
        }
        assert "was sent again, and acknowledged" in shell(
            "resume", JOB, "--redeliver"
        )
        assert "was not rejected, and nothing was sent" in shell(
            "resume", JOB, "--redeliver"
        )
    assert receiver.events == [("complete", "completed")]
    assert len(receiver.documents[0]["files"]) == 12
    sequence = receiver.documents[0]["sequence"]
    key = receiver.deliveries[0].headers["idempotency-key"]
    assert key == f"{JOB}-{sequence}"


def test_a_final_callback_that_is_rejected_again_is_reported(
    shell: Shell,
) -> None:
    rejecting(shell)
    with receiving(lambda _: Reply(status=404)) as receiver:
        shell.environment = {
            "CALLBACK_URL": receiver.url,
            "CALLBACK_TOKEN": "t",
        }
        assert "was rejected again, with status 404" in shell(
            "resume", JOB, "--redeliver"
        )


def test_redeliver_requires_a_webhook_a_final_callback_and_no_stage(
    shell: Shell,
) -> None:
    interrupted(shell)
    assert "CALLBACK_URL and CALLBACK_TOKEN are missing" in shell(
        "resume", JOB, "--redeliver", code=78
    )
    shell.environment = {
        "CALLBACK_URL": "http://127.0.0.1:9/",
        "CALLBACK_TOKEN": "t",
    }
    assert "has no final event yet" in shell(
        "resume", JOB, "--redeliver", code=65
    )
    assert "--redeliver excludes" in shell(
        "resume", JOB, "--redeliver", "--from", "order", code=64
    )


def test_the_final_callback_of_a_collected_job_is_not_sent_again(
    shell: Shell,
) -> None:
    rejecting(shell)
    shell("gc", "--older-than", "0s")
    shell.environment = {
        "CALLBACK_URL": "http://127.0.0.1:9/",
        "CALLBACK_TOKEN": "t",
    }
    assert "deleted by `gc`" in shell("resume", JOB, "--redeliver", code=65)
