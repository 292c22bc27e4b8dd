"""The commands that look at jobs and operate on them, on a local folder."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from states.exits import Exit
from states.manifest import Identity
from states.stages import Stage
from tests.support.world import IDENTITY, JOB, World
from worker.claim import Operator
from worker.cli import main
from worker.store.folder import FolderStore


@dataclass
class Shell:
    """The command line, and a store with jobs."""

    root: Path
    capsys: pytest.CaptureFixture[str]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.root / "store")

    def world(self, **changes: Any) -> World:  # noqa: ANN401 - fields of World
        return World(store=self.store, work_dir=self.root / "work", **changes)

    def __call__(self, *argv: str, code: int = 0) -> str:
        """Run a command, and return what it says on stdout."""
        environment = {"STORE_URL": (self.root / "store").as_uri(), **self.environment}
        ended = main(argv, environment)
        said = self.capsys.readouterr()
        assert ended == code, f"{argv} ended with {ended}: {said.err}"
        return said.out if code == 0 or said.out else said.err

    def json(self, *argv: str, code: int = 0) -> Any:  # noqa: ANN401 - whatever a command says
        return json.loads(self(*argv, "--json", code=code))


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(root=tmp_path, capsys=capsys)


def stop_at(path: str) -> Callable[[str], None]:
    """Return what kills a run just before it makes a file."""

    def before_item(made: str) -> None:
        if made == path:
            raise RuntimeError("the engine broke")

    return before_item


def interrupted(shell: Shell, path: str = "chapters/chapter_3_thing_3.md") -> None:
    world = shell.world()
    world.engine.before_item = stop_at(path)
    assert world.job().run(IDENTITY) is Exit.SOFTWARE


def completed(shell: Shell) -> None:
    assert shell.world().job().run(IDENTITY) is Exit.OK


def test_status_says_where_a_job_stands(shell: Shell) -> None:
    interrupted(shell)
    document = shell.json("status", JOB)
    assert (document["jobId"], document["state"], document["run"]) == (JOB, "interrupted", 1)
    assert document["error"]["exitCode"] == 70
    assert document["pendingCallbacks"] == []
    stages = {stage["stage"]: stage for stage in document["stages"]}
    assert stages["order"]["state"] == "finished"
    assert (stages["generate-chapters"]["items"], stages["generate-chapters"]["total"]) == (2, 3)
    assert stages["review-chapters"]["state"] == "waiting"


def test_status_is_also_for_people(shell: Shell) -> None:
    interrupted(shell)
    said = shell("status", JOB)
    assert "interrupted, run 1" in said
    assert "2/3" in said
    assert "the engine broke" in said


def test_list_shows_all_jobs_of_a_store_and_nothing_else(shell: Shell) -> None:
    completed(shell)
    for job_id in ("job-1-b", "job", "zz"):
        identity = Identity(job_id=job_id, repository=IDENTITY.repository, branch="main")
        shell.world().job(job_id).run(identity)
    shell.store.put("a-file-of-somebody-else", b"", "text/plain")
    assert sorted(one["jobId"] for one in shell.json("list")) == ["job", "job-1", "job-1-b", "zz"]


def test_an_empty_store_has_no_jobs(shell: Shell) -> None:
    assert shell.json("list") == []
    assert "no jobs" in shell("list")


@pytest.mark.parametrize("command", ["status", "urls", "verify", "cancel", "resume"])
def test_a_job_that_is_not_there_is_said_to_be_so(shell: Shell, command: str) -> None:
    assert "there is no job nobody in this store" in shell(command, "nobody", code=65)


def test_fetch_copies_the_course(shell: Shell) -> None:
    completed(shell)
    shell("fetch", JOB, str(shell.root / "out"))
    paths = sorted(path.relative_to(shell.root / "out").as_posix() for path in (shell.root / "out").rglob("*.*"))
    assert len(paths) == 12
    assert paths[0] == "chapters/chapter_1_thing_1.md"
    assert "step1_abstractions.yaml" in paths


def test_fetch_copies_what_is_finished_of_an_unfinished_course(shell: Shell) -> None:
    interrupted(shell)
    document = shell.json("fetch", JOB, str(shell.root / "out"))
    assert len(document["files"]) == 5
    assert (shell.root / "out/chapters/chapter_2_thing_2.md").is_file()


def test_fetch_moves_another_course_aside_and_loses_nothing_of_it(shell: Shell) -> None:
    completed(shell)
    out = shell.root / "out"
    shell("fetch", JOB, str(out))
    mine = out / "chapters/chapter_1_thing_1.md"
    mine.write_text("my notes")
    (out / "notes.txt").write_text("more notes")
    shell("fetch", JOB, str(out))
    assert mine.read_text() != "my notes"
    assert (shell.root / "out.1/chapters/chapter_1_thing_1.md").read_text() == "my notes"
    assert (shell.root / "out.1/notes.txt").read_text() == "more notes"


def test_fetch_into_the_same_folder_again_changes_nothing(shell: Shell) -> None:
    completed(shell)
    shell("fetch", JOB, str(shell.root / "out"))
    shell("fetch", JOB, str(shell.root / "out"))
    assert not (shell.root / "out.1").exists()


@pytest.mark.parametrize(
    "how", [Path.unlink, lambda path: path.write_bytes(b"broken"), lambda path: path.write_bytes(b"")]
)
def test_fetch_and_verify_find_damage(shell: Shell, how: Callable[[Path], object]) -> None:
    completed(shell)
    [path] = (shell.root / "store" / JOB / "artifacts" / "generate-chapters").rglob("chapter_1_thing_1.md")
    how(path)
    assert "chapters/chapter_1_thing_1.md" in shell("fetch", JOB, str(shell.root / "out"), code=65)
    assert not (shell.root / "out").exists()
    assert "is missing or damaged" in shell("verify", JOB, code=65)


def test_verify_is_content_with_a_whole_job(shell: Shell) -> None:
    completed(shell)
    assert shell.json("verify", JOB)["faults"] == []
    assert shell.json("verify", JOB, "--deep")["faults"] == []


def test_verify_finds_a_broken_chain(shell: Shell) -> None:
    completed(shell)
    path = shell.root / "store" / JOB / "checkpoints" / "00000003.json"
    path.write_bytes(path.read_bytes().replace(b'"branch":"main"', b'"branch":"evil"'))
    faults = shell.json("verify", JOB, code=65)["faults"]
    assert any("00000004.json does not follow" in fault for fault in faults)
    path.unlink()
    assert any("00000003.json is missing" in fault for fault in shell.json("verify", JOB, code=65)["faults"])


def test_a_manifest_of_another_format_is_refused_by_every_command(shell: Shell) -> None:
    completed(shell)
    newest = max((shell.root / "store" / JOB / "checkpoints").iterdir())
    newest.write_bytes(newest.read_bytes().replace(b'"format":1', b'"format":99'))
    for argv in (
        ["status", JOB],
        ["urls", JOB],
        ["fetch", JOB, "x"],
        ["verify", JOB],
        ["cancel", JOB],
        ["resume", JOB],
    ):
        said = shell(*argv, code=78)
        assert "format 99" in said
        assert "format 1" in said


def test_urls_are_those_of_files_on_a_folder(shell: Shell) -> None:
    completed(shell)
    lines = shell("urls", JOB).splitlines()
    assert len(lines) == 12
    path, url = lines[0].split("\t")
    assert path == "step1_abstractions.yaml"
    assert url.startswith("file:///")
    document = shell.json("urls", JOB)[0]
    assert set(document) == {"path", "type", "size", "sha256", "url", "uri", "expiresAt"}


@pytest.mark.parametrize("expires", ["8d", "0s", "604801s", "soon"])
def test_urls_live_seven_days_at_most(shell: Shell, expires: str) -> None:
    completed(shell)
    assert "--expires" in shell("urls", JOB, "--expires", expires, code=64)


def test_a_job_that_nobody_runs_is_canceled_at_once_and_its_event_stays_pending(shell: Shell) -> None:
    interrupted(shell)
    said = shell("cancel", JOB)
    assert "is canceled" in said
    assert "CALLBACK_URL" in said
    document = shell.json("status", JOB)
    assert (document["state"], document["run"]) == ("canceled", 2)
    assert [event["status"] for event in document["pendingCallbacks"]] == ["canceled"]


def test_canceling_a_job_that_is_over_leaves_it_as_it_is(shell: Shell) -> None:
    completed(shell)
    assert "was completed already" in shell("cancel", JOB)
    assert shell.json("status", JOB)["state"] == "completed"


def test_a_live_job_is_not_resumed_and_is_asked_to_cancel(shell: Shell) -> None:
    world, reached, go_on = shell.world(), Event(), Event()

    def wait_there(path: str) -> None:
        if path == "step1_abstractions.yaml":
            reached.set()
            assert go_on.wait(30)

    world.engine.before_item = wait_there
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(world.job().run, IDENTITY)
        assert reached.wait(30)
        assert "run 1 works on job job-1" in shell("resume", JOB, code=75)
        assert "was asked to cancel it" in shell("cancel", JOB)
        assert running.result(30) is Exit.OK
        go_on.set()
    assert shell.json("status", JOB)["state"] == "canceled"
    assert world.receiver is not None
    assert world.receiver.said[-1] == ("progress", "canceled")


def test_gc_collects_what_is_over_and_old_and_keeps_a_tombstone(shell: Shell) -> None:
    completed(shell)
    interrupted_id = Identity(job_id="other", repository=IDENTITY.repository, branch="main")
    world = shell.world()
    world.engine.before_item = stop_at("step3_order.yaml")
    world.job("other").run(interrupted_id)
    assert shell.json("gc", "--older-than", "1d")["collected"] == []
    assert shell.json("gc", "--older-than", "0s", "--dry-run")["collected"] == [JOB]
    assert shell.json("status", JOB)["collected"] is False
    assert shell.json("gc", "--older-than", "0s")["collected"] == [JOB]
    assert [entry.key for entry in shell.store.entries(f"{JOB}/")] == [f"{JOB}/checkpoints/00000013.json"]
    assert shell.json("status", JOB)["state"] == "completed"
    assert shell.json("gc", "--older-than", "0s")["collected"] == []


def test_a_collected_job_ends_as_it_did_and_has_no_files(shell: Shell) -> None:
    completed(shell)
    shell("gc", "--older-than", "0s")
    assert shell.world().job().run(IDENTITY) is Exit.OK
    for argv in (["fetch", JOB, "x"], ["urls", JOB], ["verify", JOB], ["resume", JOB, "--from", "order"]):
        assert "collected" in shell(*argv, code=65)


def test_gc_leaves_a_job_whose_events_nobody_has_acknowledged_and_names_it(shell: Shell) -> None:
    interrupted(shell)
    shell("cancel", JOB)
    document = shell.json("gc", "--older-than", "0s")
    assert document["collected"] == []
    assert document["left"][0]["jobId"] == JOB
    assert "not acknowledged" in document["left"][0]["reason"]


def test_a_job_that_is_over_is_done_anew_from_a_stage_on_by_an_operators_word(shell: Shell) -> None:
    completed(shell)
    world = shell.world()
    assert world.job().resume(Operator(stage=Stage.GENERATE_CHAPTERS)) is Exit.OK
    assert world.engine.made["chapters/chapter_1_thing_1.md"] == 1
    assert world.engine.made["step1_abstractions.yaml"] == 0
    document = shell.json("status", JOB)
    assert [stage["generation"] for stage in document["stages"]] == [1, 1, 1, 1, 2, 2, 2]
    assert world.receiver is not None
    assert [status for _, status in world.receiver.said] == [
        "analyzing",
        "analyzing",
        "analyzing",
        "gathering",
        "completed",
    ]
    assert shell.json("verify", JOB, "--deep")["faults"] == []


def test_a_stage_that_was_not_reached_cannot_be_done_anew(shell: Shell) -> None:
    interrupted(shell, "step2_relationships.yaml")
    assert "has not reached review-chapters yet" in shell("resume", JOB, "--from", "review-chapters", code=65)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "COMMAND"),
        (["paint"], "invalid choice: 'paint'"),
        (["status"], "JOB_ID"),
        (["status", "a/b"], "JOB_ID is 'a/b'"),
        (["resume", "x", "--from", "nowhere"], "nowhere"),
        (["gc", "--older-than", "soon"], "--older-than is 'soon'"),
        (["run", "--branch", "x"], "--branch goes with REPO"),
    ],
)
def test_a_bad_command_line_is_64_and_says_what_is_wrong(shell: Shell, argv: list[str], says: str) -> None:
    assert says in shell(*argv, code=64)


def test_bad_configuration_is_78_with_a_line_for_each_fault_and_touches_nothing(shell: Shell) -> None:
    shell.environment = {"LEASE_SECONDS": "1", "ENGINE": "x", "JOB_ID": "a b", "STORE_URL": "nowhere"}
    said = shell("run", code=78)
    for name in ("LEASE_SECONDS", "ENGINE", "JOB_ID", "STORE_URL", "REPOSITORY_URL", "CALLBACK_URL"):
        assert name in said
    assert not (shell.root / "store").exists()


def test_where_everything_is_missing_all_of_it_is_named_at_once(shell: Shell) -> None:
    shell.environment = {"STORE_URL": "", "LOG_LEVEL": "loud"}
    said = shell("run", code=78).splitlines()
    named = {line.split()[1] for line in said}
    assert named == {"STORE_URL", "CALLBACK_URL", "CALLBACK_TOKEN", "JOB_ID", "REPOSITORY_URL", "LOG_LEVEL"}
    assert len(said) == len(named)


def test_help_has_an_example_for_every_command(shell: Shell) -> None:
    for command in ("run", "status", "list", "resume", "cancel", "urls", "fetch", "verify", "gc"):
        assert f"fondation-worker {command}" in shell(command, "--help")
    assert shell("--version").startswith("fondation-worker ")
