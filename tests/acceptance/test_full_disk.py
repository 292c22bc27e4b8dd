"""A full disk: the run ends with 75 at any point, names the folder, and loses nothing."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from states.stages import State
from tests.acceptance.conftest import NAME
from tests.support.git_server import GitServer
from tests.support.small_disk import small_disk
from tests.support.user import PROGRAM, User, bare_environment
from worker.ownership.log import CheckpointLog
from worker.store.folder import FolderStore
from worker.system.runtime import SystemRuntime

NOISE = os.urandom(60_000).hex().encode()
PLAIN = {
    "README.md": b"# Shop\n\nSells things.\n",
    "shop.py": b"def sell():\n    '''Sell.'''\n",
}
ZEROS = PLAIN | {"zeros.txt": b"zero\n" * 60_000}
"""Small in a pack, large in a work tree."""


@pytest.fixture
def job(user: User) -> User:
    """A user with a job in a store that has room."""
    work = user.home / "work"
    return replace(
        user,
        environment={
            "STORE_URL": (user.home / "store").as_uri(),
            "WORK_DIR": str(work),
        },
    )


def cramped(job: User, kib: int) -> User:
    return replace(job, before=small_disk(job.home / "work", kib))


def check(job: User, output: str) -> None:
    """Assert that a run blamed the disk, and that it does not count against the job."""
    assert f"{job.home}/work" in output
    assert "make room there" in output
    assert "git host" not in output
    assert "a bug" not in output
    newest = CheckpointLog(
        FolderStore(job.home / "store"), "job-1", SystemRuntime()
    ).newest()
    if newest is not None:
        assert newest.manifest.state is State.INTERRUPTED
        assert newest.manifest.fruitless_runs == 0
        assert newest.manifest.error is not None
        assert newest.manifest.error.code == "disk"


@pytest.mark.parametrize(
    "argv", [("--help",), ("--version",), ("list",), ("list", "--json")]
)
def test_a_stdout_that_takes_nothing_is_temporary_and_named(
    job: User, argv: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [PROGRAM, *argv],
            env={**bare_environment(), **job.environment},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 75
    assert ended.stderr.startswith(
        "fondation-worker: cannot write to standard output (No space left on device)"
    )
    assert ended.stderr.count("\n") == 1


def test_a_log_that_takes_nothing_changes_nothing(job: User) -> None:
    (job.home / "shop").mkdir()
    (job.home / "shop" / "README.md").write_bytes(b"# Shop\n\nSells things.\n")
    with Path("/dev/full").open("wb") as full:
        for code, argv in {
            0: ("run", "shop", "--job-id", "job-1"),
            65: ("status", "nobody"),
            64: ("paint",),
        }.items():
            environment = {**bare_environment(), **job.environment}
            ended = subprocess.run(
                [PROGRAM, *argv],
                cwd=job.home,
                env=environment,
                stderr=full,
                check=False,
            )
            assert ended.returncode == code
    assert job.run("status", "job-1", "--json").json["state"] == "completed"


@pytest.mark.parametrize(
    ("files", "kib"),
    [
        pytest.param(PLAIN, 32, id="git init"),
        pytest.param(PLAIN | {"noise.txt": NOISE}, 96, id="git fetch"),
        pytest.param(ZEROS, 200, id="git checkout"),
    ],
)
def test_a_full_work_dir_is_temporary_and_with_room_the_job_resumes(
    job: User, host: GitServer, files: Mapping[str, bytes], kib: int
) -> None:
    host.repository(NAME, files)
    repository = {"JOB_ID": "job-1", "REPOSITORY_URL": host.url(NAME)}
    callback = {
        "CALLBACK_URL": "http://127.0.0.1:9/",
        "CALLBACK_TOKEN": "t",
        "CALLBACK_GIVE_UP_SECONDS": "0",
    }
    check(
        job, cramped(job, kib).run("run", code=75, **repository, **callback).err
    )
    job.run("run", host.url(NAME), "--branch", "main", "--job-id", "job-1")


@pytest.mark.parametrize(
    "kib", [8, 150], ids=["copying", "packing the snapshot"]
)
def test_a_plain_folder_that_does_not_fit_into_the_work_dir_is_temporary(
    job: User, kib: int
) -> None:
    folder = job.home / "shop"
    folder.mkdir()
    for name, body in (PLAIN | {"noise.txt": NOISE}).items():
        (folder / name).write_bytes(body)
    check(
        job,
        cramped(job, kib).run("run", "shop", "--job-id", "job-1", code=75).err,
    )
    job.run("run", "shop", "--job-id", "job-1")


def test_a_course_that_does_not_fit_into_its_folder_is_written_when_there_is_room(
    job: User,
) -> None:
    (job.home / "shop").mkdir()
    for name, body in PLAIN.items():
        (job.home / "shop" / name).write_bytes(body)
    out = job.home / "disk"
    little = replace(job, before=small_disk(out, 12))
    output = little.run(
        "run",
        "shop",
        "--job-id",
        "job-1",
        "--out",
        str(out / "course"),
        code=75,
    )
    assert (
        f"{out}/course: cannot be written or read (No space left on device)"
        in output.err
    )
    assert job.run("status", "job-1", "--json").json["state"] == "completed"
    assert (
        str(out)
        in little.run("fetch", "job-1", str(out / "course"), code=75).err
    )
    job.run("fetch", "job-1", str(out / "course"))
    assert not list(out.rglob(".*"))
