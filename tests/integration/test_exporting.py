"""A course is written where a user wants it, and no file that was there is lost."""

import os
from pathlib import Path

import pytest

from states.decisions import cancel, release
from states.exits import Exit
from states.manifest import Identity, Writer
from tests.support.builders import AT, begun
from tests.support.shell import Shell, completed, interrupted
from tests.support.world import JOB
from worker.course.site.seal import sealed
from worker.ownership.log import CheckpointLog
from worker.system.runtime import SystemRuntime

CHAPTER = "chapters/chapter_1_thing_1.md"


def differing(folder: Path) -> Path:
    """Write a file with the name of one of the course's files, but other content."""
    file = folder / CHAPTER
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("my notes")
    return file


@pytest.fixture
def here(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, which has its own parent; the home is elsewhere."""
    completed(shell)
    folder = shell.root / "outer" / "here"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(shell.root / "users" / "somebody"))
    return folder


def refused(shell: Shell, out: str, file: Path) -> str:
    """Run `fetch`, which must change nothing; return its message."""
    before = sorted(shell.root.rglob("*"))
    result = shell("fetch", JOB, out, code=78)
    assert sorted(shell.root.rglob("*")) == before
    assert file.read_text() == "my notes"
    assert CHAPTER in result
    return result


def run_of_code(shell: Shell, out: str) -> tuple[str, ...]:
    """Write a folder of code; return the command that makes a course of it."""
    folder = shell.root / "code"
    folder.mkdir()
    (folder / "code.py").write_text("def work() -> int:\n    return 1\n")
    return ("run", str(folder), "--job-id", "by-hand", "--out", out)


@pytest.mark.parametrize("out", [".", "./", "../here", "link", "below/.."])
def test_the_current_folder_is_never_moved_away(
    shell: Shell, here: Path, out: str
) -> None:
    (here / "link").symlink_to(here)
    (here / "below").mkdir()
    assert "it is the current folder. Name another folder" in refused(
        shell, out, differing(here)
    )


@pytest.mark.parametrize("out", ["..", "../..", "../../outer"])
def test_no_folder_that_contains_the_current_one_is_moved_away(
    shell: Shell, here: Path, out: str
) -> None:
    assert "it contains the current folder" in refused(
        shell, out, differing(here / out)
    )


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("users/somebody", "it is your home folder"),
        ("users", "it contains your home"),
    ],
)
def test_neither_home_nor_a_folder_that_contains_it_is_moved_away(
    shell: Shell, here: Path, out: str, expected: str
) -> None:
    assert here.is_dir()
    assert expected in refused(
        shell, str(shell.root / out), differing(shell.root / out)
    )


def test_the_folder_of_the_store_is_not_moved_away(
    shell: Shell, here: Path
) -> None:
    assert here.is_dir()
    assert "it is the store" in refused(
        shell, str(shell.root / "store"), differing(shell.root / "store")
    )


def test_a_mount_point_is_not_moved_away(
    shell: Shell, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here.is_dir()
    mounted = Path("/dev/shm")  # noqa: S108 - a mount point, not a scratch folder
    if not mounted.is_mount() or not os.access(mounted, os.W_OK):
        pytest.skip("NOT TESTED: /dev/shm is not a writable mount point")
    monkeypatch.chdir("/")
    file = mounted / "step1_abstractions.yaml"
    file.write_text("my notes")
    try:
        assert "it is a mount point" in shell(
            "fetch", JOB, str(mounted), code=78
        )
        assert file.read_text() == "my notes"
    finally:
        file.unlink()


def test_a_course_is_written_into_the_current_folder_where_nothing_differs(
    shell: Shell, here: Path
) -> None:
    (here / "notes.txt").write_text("my notes")
    shell("fetch", JOB, ".")
    shell("fetch", JOB, ".")
    assert (here / CHAPTER).is_file()
    assert (here / "notes.txt").read_text() == "my notes"


def test_the_page_is_made_again_over_one_that_the_program_made_before(
    shell: Shell, here: Path
) -> None:
    shell("fetch", JOB, ".")
    newest = (here / "index.html").read_bytes()
    # Another version of the program may have written this page.
    (here / "index.html").write_bytes(sealed("index.html", "<p>Old"))
    shell("fetch", JOB, ".")
    assert (here / "index.html").read_bytes() == newest


@pytest.mark.parametrize("name", ["README.md", "index.html"])
def test_a_page_that_a_reader_has_changed_or_written_is_not_lost(
    shell: Shell, name: str
) -> None:
    completed(shell)
    out = shell.root / "out"
    shell("fetch", JOB, str(out))
    changed = b"my notes\n" + (out / name).read_bytes()
    (out / name).write_bytes(changed)
    shell("fetch", JOB, str(out))
    assert (shell.root / "out.1" / name).read_bytes() == changed
    assert b"my notes" not in (out / name).read_bytes()


def test_a_users_own_readme_keeps_the_current_folder_unchanged(
    shell: Shell, here: Path
) -> None:
    (here / "README.md").write_text("my notes")
    assert "README.md" in shell("fetch", JOB, ".", code=78)
    assert [path.name for path in here.iterdir()] == ["README.md"]


def test_a_course_that_grows_is_fetched_again_into_the_same_folder(
    shell: Shell,
) -> None:
    interrupted(shell)
    out = shell.root / "out"
    shell("fetch", JOB, str(out))
    assert "chapter_3_thing_3" not in (out / "index.html").read_text()
    completed(shell)
    shell("fetch", JOB, str(out))
    assert "chapter_3_thing_3" in (out / "index.html").read_text()
    assert not (shell.root / "out.1").exists()


def test_a_linked_folder_is_moved_aside_and_created_again(
    shell: Shell, here: Path
) -> None:
    differing(shell.root / "real")
    (here / "link").symlink_to(shell.root / "real")
    shell("fetch", JOB, "link")
    assert (here / "link" / CHAPTER).read_text() != "my notes"
    assert (shell.root / "real.1" / CHAPTER).read_text() == "my notes"


def test_a_run_whose_course_cannot_be_written_says_so_and_loses_nothing(
    shell: Shell, here: Path
) -> None:
    (here / "step1_abstractions.yaml").write_text("my notes")
    result = shell(*run_of_code(shell, "."), code=78)
    assert "it is the current folder" in result
    assert (here / "step1_abstractions.yaml").read_text() == "my notes"
    assert shell.json("status", "by-hand")["state"] == "completed"


def test_a_run_of_a_job_that_was_canceled_before_its_first_review_says_so_and_ends_with_0(
    shell: Shell,
) -> None:
    argv = run_of_code(shell, str(shell.root / "out"))
    repository = (shell.root / "code").as_uri()
    identity = Identity(job_id="by-hand", repository=repository, branch="HEAD")
    log = CheckpointLog(shell.store, "by-hand", SystemRuntime())
    first = log.append(None, begun(identity, announces=False), Writer.WORKER)
    log.append(
        first,
        release(cancel(first.manifest, at=AT), Exit.OK, at=AT),
        Writer.WORKER,
    )
    assert (
        "job by-hand is canceled, and no course was written: `resume by-hand` continues"
        in shell(*argv)
    )
    assert not (shell.root / "out").exists()


def test_a_run_of_a_job_that_was_collected_ends_with_65_and_says_so(
    shell: Shell,
) -> None:
    argv = run_of_code(shell, str(shell.root / "out"))
    shell(*argv)
    shell("gc", "--older-than", "0s")
    assert "job by-hand has no files: they were deleted by `gc`" in shell(
        *argv, code=65
    )
