"""The commands that show jobs, on a local folder, and how they refuse bad input."""

import pytest

from states.course_paths import is_course_path
from states.decisions import request_cancel
from states.exits import Exit
from states.manifest import Identity, Writer
from tests.support.builders import begun
from tests.support.shell import Shell, completed, interrupted
from tests.support.world import IDENTITY, JOB, FakeReceiver
from worker.outbox.port import WebhookResponse
from worker.ownership.log import CheckpointLog
from worker.system.runtime import SystemRuntime


def test_status_shows_the_state_of_a_job(shell: Shell) -> None:
    interrupted(shell)
    document = shell.json("status", JOB)
    assert document["jobId"] == JOB
    assert document["state"] == "interrupted"
    assert document["run"] == 1
    assert document["error"]["exitCode"] == 70
    assert document["pendingCallbacks"] == []
    stages = {stage["stage"]: stage for stage in document["stages"]}
    assert stages["order"]["state"] == "finished"
    assert stages["generate-chapters"]["items"] == 2
    assert stages["generate-chapters"]["total"] == 3
    assert stages["review-chapters"]["state"] == "waiting"


def test_status_is_readable_for_people(shell: Shell) -> None:
    interrupted(shell)
    answer = shell("status", JOB)
    assert "interrupted, run 1" in answer
    assert "2/3" in answer
    assert "the engine broke" in answer


def test_list_shows_all_jobs_of_a_store_and_no_other_objects(
    shell: Shell,
) -> None:
    completed(shell)
    for job_id in ("job-1-b", "job", "zz"):
        identity = Identity(
            job_id=job_id, repository=IDENTITY.repository, branch="main"
        )
        shell.world().job(job_id).run(identity)
    shell.store.put("a-file-of-another-program", b"", "text/plain")
    assert sorted(job["jobId"] for job in shell.json("list")) == [
        "job",
        "job-1",
        "job-1-b",
        "zz",
    ]


def test_an_empty_store_has_no_jobs(shell: Shell) -> None:
    assert shell.json("list") == []
    assert "no jobs" in shell("list")


@pytest.mark.parametrize(
    "command", ["status", "urls", "verify", "cancel", "resume"]
)
def test_a_missing_job_is_reported(shell: Shell, command: str) -> None:
    assert "there is no job missing in this store" in shell(
        command, "missing", code=65
    )


def test_fetch_copies_the_course(shell: Shell) -> None:
    completed(shell)
    shell("fetch", JOB, str(shell.root / "out"))
    paths = sorted(
        path.relative_to(shell.root / "out").as_posix()
        for path in (shell.root / "out").rglob("*.*")
    )
    assert len([path for path in paths if is_course_path(path)]) == 12
    assert {"chapters/chapter_1_thing_1.md", "step1_abstractions.yaml"} < {
        *paths
    }


def test_fetch_names_the_page_to_open_and_no_other_page(
    shell: Shell,
) -> None:
    completed(shell)
    out = shell.root / "out"
    assert shell("fetch", JOB, str(out)).splitlines() == [
        f"12 files in {out}",
        f"open {out / 'index.html'} in a browser",
    ]
    files = shell.json("fetch", JOB, str(out))["files"]
    assert all(is_course_path(path) for path in files)
    assert (out / "README.md").is_file()


def test_fetch_copies_the_finished_files_of_an_unfinished_course(
    shell: Shell,
) -> None:
    interrupted(shell)
    document = shell.json("fetch", JOB, str(shell.root / "out"))
    assert len(document["files"]) == 5
    assert (shell.root / "out/chapters/chapter_2_thing_2.md").is_file()


def test_fetch_moves_another_course_aside_and_loses_no_file(
    shell: Shell,
) -> None:
    completed(shell)
    out = shell.root / "out"
    shell("fetch", JOB, str(out))
    mine = out / "chapters/chapter_1_thing_1.md"
    mine.write_text("my notes")
    (out / "notes.txt").write_text("more notes")
    shell("fetch", JOB, str(out))
    assert mine.read_text() != "my notes"
    assert (
        shell.root / "out.1/chapters/chapter_1_thing_1.md"
    ).read_text() == "my notes"
    assert (shell.root / "out.1/notes.txt").read_text() == "more notes"


def test_fetch_into_the_same_folder_again_changes_nothing(shell: Shell) -> None:
    completed(shell)
    shell("fetch", JOB, str(shell.root / "out"))
    shell("fetch", JOB, str(shell.root / "out"))
    assert not (shell.root / "out.1").exists()


def test_a_manifest_of_another_format_is_refused_by_every_command(
    shell: Shell,
) -> None:
    completed(shell)
    newest = max((shell.root / "store" / JOB / "checkpoints").iterdir())
    newest.write_bytes(
        newest.read_bytes().replace(b'"format":1', b'"format":99')
    )
    for argv in (
        ["status", JOB],
        ["urls", JOB],
        ["fetch", JOB, "x"],
        ["verify", JOB],
        ["cancel", JOB],
        ["resume", JOB],
    ):
        answer = shell(*argv, code=78)
        assert "format 99" in answer
        assert "formats 1, 2 and 3" in answer


def test_urls_of_a_folder_are_file_urls(shell: Shell) -> None:
    completed(shell)
    lines = shell("urls", JOB).splitlines()
    assert len(lines) == 12
    path, url = lines[0].split("\t")
    assert path == "step1_abstractions.yaml"
    assert url.startswith("file:///")
    document = shell.json("urls", JOB)[0]
    assert set(document) == {
        "path",
        "type",
        "size",
        "sha256",
        "url",
        "uri",
        "expiresAt",
    }


@pytest.mark.parametrize("expires", ["8d", "0s", "604801s", "soon"])
def test_urls_are_valid_for_seven_days_at_most(
    shell: Shell, expires: str
) -> None:
    completed(shell)
    assert "--expires" in shell("urls", JOB, "--expires", expires, code=64)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], "COMMAND"),
        (["paint"], "invalid choice: 'paint'"),
        (["status"], "JOB_ID"),
        (["status", "a/b"], "JOB_ID is 'a/b'"),
        (["fetch", "x", ""], "DIR is empty"),
        (["resume", "x", "--from", "nowhere"], "nowhere"),
        (["gc", "--older-than", "soon"], "--older-than is 'soon'"),
        (["run", "--branch", "x"], "--branch requires REPO"),
    ],
)
def test_a_bad_command_line_ends_with_64_and_the_fault(
    shell: Shell, argv: list[str], expected: str
) -> None:
    assert expected in shell(*argv, code=64)


def test_bad_configuration_ends_with_78_and_a_line_for_each_fault_and_touches_nothing(
    shell: Shell,
) -> None:
    shell.environment = {
        "LEASE_SECONDS": "1",
        "ENGINE": "x",
        "JOB_ID": "a b",
        "STORE_URL": "nowhere",
    }
    answer = shell("run", code=78)
    for name in (
        "LEASE_SECONDS",
        "ENGINE",
        "JOB_ID",
        "STORE_URL",
        "REPOSITORY_URL",
        "CALLBACK_URL",
    ):
        assert name in answer
    assert not (shell.root / "store").exists()


def test_all_missing_variables_are_named_at_once(shell: Shell) -> None:
    shell.environment = {"STORE_URL": "", "LOG_LEVEL": "loud"}
    answer = shell("run", code=78).splitlines()
    named = {line.split()[1] for line in answer}
    assert named == {
        "STORE_URL",
        "CALLBACK_URL",
        "CALLBACK_TOKEN",
        "JOB_ID",
        "REPOSITORY_URL",
        "LOG_LEVEL",
    }
    assert len(answer) == len(named)


def test_help_has_an_example_for_every_command(shell: Shell) -> None:
    for command in (
        "run",
        "status",
        "list",
        "resume",
        "cancel",
        "urls",
        "fetch",
        "verify",
        "gc",
    ):
        assert f"fondation-worker {command}" in shell(command, "--help")
    assert shell("--version").startswith("fondation-worker ")


def test_list_shows_an_unreadable_job_beside_the_others(shell: Shell) -> None:
    completed(shell)
    shell.store.put(
        "broken/checkpoints/00000001.json", b"{", "application/json"
    )
    assert [job["state"] for job in shell.json("list")] == [
        "unreadable: damaged",
        "completed",
    ]
    assert "unreadable: damaged" in shell("list")


def test_status_shows_rejected_callbacks(shell: Shell) -> None:
    world = shell.world(
        receiver=FakeReceiver(answer=lambda _: WebhookResponse(status_code=410))
    )
    assert world.job().run(IDENTITY) is Exit.OK
    document = shell.json("status", JOB)
    assert document["pendingCallbacks"] == []
    assert {event["statusCode"] for event in document["rejectedCallbacks"]} == {
        410
    }
    assert "rejected    callback 2, with status 410" in shell("status", JOB)


def test_status_shows_a_job_that_has_only_begun(shell: Shell) -> None:
    log = CheckpointLog(shell.store, JOB, SystemRuntime())
    log.append(None, begun(), Writer.WORKER)
    document = shell.json("status", JOB)
    assert document["state"] == "pending"
    assert document["commit"] is None
    assert document["step"] == 1
    assert "at no commit yet" in shell("status", JOB)


def test_status_shows_a_request_to_cancel(shell: Shell) -> None:
    log = CheckpointLog(shell.store, JOB, SystemRuntime())
    first = log.append(None, begun(), Writer.WORKER)
    log.append(first, request_cancel(first.manifest), Writer.OPERATOR)
    assert "cancel      requested" in shell("status", JOB)


def test_fetch_of_a_job_without_a_finished_file_ends_with_65(
    shell: Shell,
) -> None:
    CheckpointLog(shell.store, JOB, SystemRuntime()).append(
        None, begun(), Writer.WORKER
    )
    assert "has no finished file yet" in shell(
        "fetch", JOB, str(shell.root / "out"), code=65
    )


def test_fetch_says_that_the_course_is_unfinished(shell: Shell) -> None:
    interrupted(shell)
    assert "5 files so far (the job is interrupted)" in shell(
        "fetch", JOB, str(shell.root / "out")
    )


def test_fetch_into_a_file_ends_with_78_and_leaves_it(shell: Shell) -> None:
    completed(shell)
    (shell.root / "out").write_text("precious")
    assert "cannot write to" in shell(
        "fetch", JOB, str(shell.root / "out"), code=78
    )
    assert (shell.root / "out").read_text() == "precious"
