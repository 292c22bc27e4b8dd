"""`verify` and `fetch`, and the damage that they find."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from states.exits import Exit
from states.stages import Stage
from tests.support.shell import Shell, completed, interrupted
from tests.support.world import JOB
from worker.ownership.claim import OperatorRequest


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_bytes(b"broken"),
        lambda path: path.write_bytes(b""),
    ],
)
def test_fetch_and_verify_find_damage(
    shell: Shell, damage: Callable[[Path], object]
) -> None:
    completed(shell)
    [path] = (
        shell.root / "store" / JOB / "artifacts" / "generate-chapters"
    ).rglob("chapter_1_thing_1.md")
    damage(path)
    assert "chapters/chapter_1_thing_1.md" in shell(
        "fetch", JOB, str(shell.root / "out"), code=65
    )
    assert not (shell.root / "out").exists()
    assert "is missing or damaged" in shell("verify", JOB, code=65)


def test_verify_finds_no_fault_in_an_intact_job(shell: Shell) -> None:
    completed(shell)
    assert shell.json("verify", JOB)["faults"] == []
    assert shell.json("verify", JOB, "--deep")["faults"] == []


def test_verify_finds_a_broken_chain(shell: Shell) -> None:
    completed(shell)
    path = shell.root / "store" / JOB / "checkpoints" / "00000003.json"
    path.write_bytes(
        path.read_bytes().replace(b'"branch":"main"', b'"branch":"evil"')
    )
    faults = shell.json("verify", JOB, code=65)["faults"]
    assert any(
        "00000004.json does not match the hash" in fault for fault in faults
    )
    path.unlink()
    faults = shell.json("verify", JOB, code=65)["faults"]
    assert any("00000003.json is missing" in fault for fault in faults)


def change_file(shell: Shell, path: str, body: bytes) -> None:
    """Change a stored file of the course."""
    name = path.rsplit("/", 1)[-1]
    [file] = (shell.root / "store" / JOB / "artifacts").rglob(name)
    file.write_bytes(body)


def rewrite(shell: Shell, sequence: int, old: bytes, new: bytes) -> None:
    """Change a checkpoint, and the hashes in all later ones so that they match."""
    folder = shell.root / "store" / JOB / "checkpoints"
    before: str | None = None
    for file in sorted(folder.iterdir())[sequence - 1 :]:
        body = file.read_bytes()
        changed = (
            body.replace(old, new)
            if before is None
            else re.sub(rb'"previous":"[0-9a-f]{64}"', _hash(before), body)
        )
        file.write_bytes(changed)
        before = hashlib.sha256(changed).hexdigest()


def _hash(text: str) -> bytes:
    return f'"previous":"{text}"'.encode()


def test_a_rewritten_chain_matches_its_hashes_but_breaks_rules_that_deep_finds(
    shell: Shell,
) -> None:
    completed(shell)
    rewrite(shell, 6, b'"branch":"main"', b'"branch":"evil"')
    assert shell.json("verify", JOB)["faults"] == []
    faults = shell.json("verify", JOB, "--deep", code=65)["faults"]
    assert faults == [
        f"checkpoint {sequence}: the job's identity has changed"
        for sequence in (6, 7)
    ]


def test_a_checkpoint_that_is_not_a_manifest_is_named(shell: Shell) -> None:
    completed(shell)
    (shell.root / "store" / JOB / "checkpoints/00000004.json").write_bytes(
        b"{}"
    )
    faults = shell.json("verify", JOB, code=65)["faults"]
    assert any(
        "00000004.json is damaged: the manifest does not say its format"
        in fault
        for fault in faults
    )


def test_deep_finds_the_lost_files_of_an_earlier_generation(
    shell: Shell,
) -> None:
    completed(shell)
    request = OperatorRequest(stage=Stage.GENERATE_TUTORIALS)
    assert shell.world().job().resume(request) is Exit.OK
    assert shell.json("verify", JOB, "--deep")["faults"] == []
    old = min(
        (shell.root / "store" / JOB / "artifacts/generate-tutorials").iterdir(),
        key=lambda folder: folder.stat().st_mtime,
    )
    shutil.rmtree(old)
    assert shell.json("verify", JOB)["faults"] == []
    faults = shell.json("verify", JOB, "--deep", code=65)["faults"]
    assert len(faults) == 3
    assert "of an earlier generate-tutorials is missing" in faults[0]


def test_verify_of_an_unfinished_job_checks_its_finished_stages(
    shell: Shell,
) -> None:
    interrupted(shell)
    document = shell.json("verify", JOB, "--deep")
    assert document["artifacts"] == 4
    assert document["faults"] == []


def test_each_fault_is_a_line_for_people(shell: Shell) -> None:
    completed(shell)
    change_file(shell, "tutorials/tutorial_1_thing_1.md", b"x")
    change_file(shell, "step3_order.yaml", b"order: []")
    lines = shell("verify", JOB, "--deep", code=65).splitlines()
    assert sum("is missing or damaged" in line for line in lines) == 2
    assert any("cannot be checked" in line for line in lines), (
        "without the order, it is unknown which files belong to the stage"
    )


def test_an_intact_job_is_one_line_for_people(shell: Shell) -> None:
    completed(shell)
    assert (
        shell("verify", JOB) == "13 artifacts and 12 checkpoints are intact\n"
    )
