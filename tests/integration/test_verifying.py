"""`verify`, `fetch` and what they find of damage."""

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
    "how",
    [
        Path.unlink,
        lambda path: path.write_bytes(b"broken"),
        lambda path: path.write_bytes(b""),
    ],
)
def test_fetch_and_verify_find_damage(
    shell: Shell, how: Callable[[Path], object]
) -> None:
    completed(shell)
    [path] = (shell.root / "store" / JOB / "artifacts" / "generate-chapters").rglob(
        "chapter_1_thing_1.md"
    )
    how(path)
    assert "chapters/chapter_1_thing_1.md" in shell(
        "fetch", JOB, str(shell.root / "out"), code=65
    )
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
    assert any("00000004.json does not match the hash" in fault for fault in faults)
    path.unlink()
    assert any(
        "00000003.json is missing" in fault
        for fault in shell.json("verify", JOB, code=65)["faults"]
    )


def damaged(shell: Shell, path: str, body: bytes) -> None:
    """Change a stored file of the course, name and all, so that only its form or its place in the manifest can tell."""
    [file] = (shell.root / "store" / JOB / "artifacts").rglob(path.rsplit("/", 1)[-1])
    file.write_bytes(body)


def rewritten(shell: Shell, sequence: int, old: bytes, new: bytes) -> None:
    """Change a checkpoint, and every later one so that the chain of hashes holds."""
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


def test_a_chain_that_was_rewritten_is_whole_and_yet_breaks_rules_that_a_deep_look_finds(
    shell: Shell,
) -> None:
    completed(shell)
    rewritten(shell, 6, b'"branch":"main"', b'"branch":"evil"')
    assert shell.json("verify", JOB)["faults"] == []
    faults = shell.json("verify", JOB, "--deep", code=65)["faults"]
    assert faults == [
        f"checkpoint {sequence}: the job's identity has changed" for sequence in (6, 7)
    ]


def test_a_checkpoint_that_is_no_manifest_is_named(shell: Shell) -> None:
    completed(shell)
    (shell.root / "store" / JOB / "checkpoints/00000004.json").write_bytes(b"{}")
    faults = shell.json("verify", JOB, code=65)["faults"]
    assert any(
        "00000004.json is damaged: the manifest does not say its format" in fault
        for fault in faults
    )


def test_a_deep_look_finds_what_an_earlier_generation_has_lost(shell: Shell) -> None:
    completed(shell)
    assert (
        shell.world().job().resume(OperatorRequest(stage=Stage.GENERATE_TUTORIALS))
        is Exit.OK
    )
    assert shell.json("verify", JOB, "--deep")["faults"] == []
    old = min(
        (shell.root / "store" / JOB / "artifacts/generate-tutorials").iterdir(),
        key=lambda one: one.stat().st_mtime,
    )
    shutil.rmtree(old)
    assert shell.json("verify", JOB)["faults"] == []
    faults = shell.json("verify", JOB, "--deep", code=65)["faults"]
    assert len(faults) == 3
    assert "of an earlier generate-tutorials is missing" in faults[0]


def test_verify_of_an_unfinished_job_looks_at_what_is_finished(shell: Shell) -> None:
    interrupted(shell)
    document = shell.json("verify", JOB, "--deep")
    assert (document["artifacts"], document["faults"]) == (4, [])


def test_damage_is_told_to_people_line_by_line(shell: Shell) -> None:
    completed(shell)
    damaged(shell, "tutorials/tutorial_1_thing_1.md", b"x")
    damaged(shell, "step3_order.yaml", b"order: []")
    lines = shell("verify", JOB, "--deep", code=65).splitlines()
    assert sum("is missing or damaged" in line for line in lines) == 2
    assert any("cannot be checked" in line for line in lines), (
        "without the order nobody knows what belongs there"
    )


def test_a_whole_job_is_told_to_people_in_a_line(shell: Shell) -> None:
    completed(shell)
    assert shell("verify", JOB) == "13 artifacts and 12 checkpoints are intact\n"
