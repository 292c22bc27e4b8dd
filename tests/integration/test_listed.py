"""Commands on jobs whose artifacts are listed in separate objects."""

from pathlib import Path

import pytest

from states.course_paths import ARTIFACT_LIST
from states.exits import Exit
from tests.support.shell import Shell, stop_at
from tests.support.world import IDENTITY, JOB

STAGE = "generate-chapters"


@pytest.fixture
def completed(shell: Shell) -> Shell:
    assert shell.world(max_inline=1).job().run(IDENTITY) is Exit.OK
    return shell


def damage(shell: Shell) -> None:
    folder = shell.root / "store" / JOB / "artifacts" / STAGE
    [path] = folder.rglob(ARTIFACT_LIST)
    path.write_bytes(b"[]")


def test_status_verify_urls_and_fetch_find_what_is_listed(
    completed: Shell,
) -> None:
    shell = completed
    stages = shell.json("status", JOB)["stages"]
    assert [stage["items"] for stage in stages] == [1, 1, 1, 1, 3, 3, 3]
    answer = shell.json("verify", JOB, "--deep")
    assert (answer["faults"], answer["artifacts"]) == ([], 13)
    paths = [file["path"] for file in shell.json("urls", JOB)]
    assert len(paths) == 12
    shell("fetch", JOB, str(shell.root / "out"))
    assert all((shell.root / "out" / path).is_file() for path in paths)


@pytest.mark.parametrize("command", ["verify", "urls", "fetch"])
def test_a_damaged_list_is_named_together_with_what_to_do(
    completed: Shell, command: str, tmp_path: Path
) -> None:
    damage(completed)
    folder = [str(tmp_path / "out")] if command == "fetch" else []
    answer = completed(command, JOB, *folder, code=65)
    assert f"{ARTIFACT_LIST} of stage {STAGE} is missing or damaged" in answer
    assert f"`resume --from {STAGE}` makes the stage again" in answer


def test_status_of_an_unfinished_job_counts_items_without_lists(
    shell: Shell,
) -> None:
    world = shell.world(max_inline=1)
    world.engine.before_item = stop_at("tutorials/tutorial_2_thing_2.md")
    assert world.job().run(IDENTITY) is Exit.SOFTWARE
    damage(shell)
    stages = shell.json("status", JOB)["stages"]
    assert [stage["items"] for stage in stages] == [1, 1, 1, 1, 3, 3, 1]
    assert stages[-1]["total"] == 3
