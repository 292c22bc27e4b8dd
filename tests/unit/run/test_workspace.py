"""A run's folders: written to safely, and always removed."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import pytest

from worker.errors import ConfigError, DiskError
from worker.run.workspace import RunFolder, make_private

HOLD: Final = """
import sys, time
from pathlib import Path
from worker.run.workspace import RunFolder
folder = RunFolder(Path(sys.argv[1]), "job", "held")
print("held", flush=True)
sys.stdin.read()
"""

MAKE: Final = """
import os, signal, sys
from pathlib import Path
from worker.run.workspace import RunFolder

base, number, event, about = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
reached = []

def send_signal(name, arguments):
    if name == event and about in str(arguments[0]) and not reached:
        reached.append(name)
        os.kill(os.getpid(), number)

sys.addaudithook(send_signal)
RunFolder(base, "job", "killed").write("chapters/x.md", b"x")
"""
"""Makes a folder, and sends itself a signal just before a given system call."""

MOMENTS: Final = [
    ("open", ".lock"),
    ("fcntl.flock", ""),
    ("os.mkdir", "scratch"),
    ("os.rename", "job.killed"),
]
at_each_moment = pytest.mark.parametrize(
    "moment", MOMENTS, ids=[name for name, _ in MOMENTS]
)


def making(
    base: Path, number: signal.Signals, moment: tuple[str, str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", MAKE, str(base), str(int(number)), *moment]
    )


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "work", "job", "t1")


def test_a_run_has_private_folders(
    folder: RunFolder,
) -> None:
    for path in (folder.path, folder.source, folder.course, folder.scratch):
        assert path.is_dir()
        assert path.stat().st_mode & 0o077 == 0


def test_an_item_is_written_under_its_path_and_can_be_replaced_and_removed(
    folder: RunFolder,
) -> None:
    for body in (b"one", b"two", b"two"):
        folder.write("chapters/a.md", body)
        assert (folder.course / "chapters/a.md").read_bytes() == body
    folder.discard("chapters/a.md")
    folder.discard("chapters/a.md")
    assert list((folder.course / "chapters").iterdir()) == []


def test_files_that_an_engine_has_already_written_are_left_unchanged(
    folder: RunFolder,
) -> None:
    file = folder.course / "a.md"
    file.write_bytes(b"same")
    before = file.stat().st_ino
    folder.write("a.md", b"same")
    assert file.stat().st_ino == before


def test_a_link_that_an_engine_has_left_is_replaced_and_not_followed(
    folder: RunFolder, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    (folder.course / "a.md").symlink_to(outside)
    folder.write("a.md", b"precious")
    folder.write("a.md", b"new")
    assert outside.read_bytes() == b"precious"
    assert not (folder.course / "a.md").is_symlink()


def test_the_source_can_be_emptied(folder: RunFolder) -> None:
    (folder.source / "sub").mkdir()
    (folder.source / "sub/file").write_text("x")
    source = folder.empty_source()
    assert list(source.iterdir()) == []
    assert source.stat().st_mode & 0o077 == 0


def test_nothing_is_left_of_a_run_that_ends(folder: RunFolder) -> None:
    folder.write("a.md", b"x")
    folder.remove()
    assert list(folder.path.parent.iterdir()) == []


def test_the_next_run_of_a_job_removes_what_a_killed_one_left_and_nothing_else(
    tmp_path: Path,
) -> None:
    base = tmp_path / "work"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(base)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        RunFolder(base, "job", "second")
        assert (base / "job.held").is_dir(), "a live process keeps its folder"
        RunFolder(base, "job-2", "other")
        process.kill()
    RunFolder(base, "job", "third")
    assert not (base / "job.held").exists()
    assert {path.name for path in base.iterdir()} >= {
        "job.second",
        "job-2.other",
        "job.third",
    }


def test_a_folder_that_cannot_be_written_to_is_named_with_its_variable(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        ConfigError, match=r"WORK_DIR .*/file/work: cannot be written to"
    ):
        RunFolder(tmp_path / "file" / "work", "job", "t")


def begin_often(base: Path, job_id: str) -> int:
    """Begin and end runs in turn; return how many found their folder removed."""
    lost = 0
    for number in range(200):
        folder = RunFolder(base, job_id, f"{os.getpid()}-{number}")
        try:
            folder.write("chapters/x.md", b"x")
            folder.empty_source()
        except DiskError:
            lost += 1
        folder.remove()
    return lost


@pytest.mark.parametrize("other", ["job", "job.more"])
def test_runs_that_begin_at_once_do_not_mistake_each_others_folders_for_abandoned_ones(
    tmp_path: Path, other: str
) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        lost = [
            pool.submit(begin_often, tmp_path, name) for name in ("job", other)
        ]
        assert [future.result() for future in lost] == [0, 0]
    assert list(tmp_path.iterdir()) == []


def test_a_job_leaves_objects_with_similar_names_alone(
    tmp_path: Path,
) -> None:
    others = [
        tmp_path / name
        for name in (
            "job.b.t",
            "job.notes",
            ".job.t",
            "~job.b.t-1",
            "~job.notes",
            "job",
        )
    ]
    for folder in others:
        folder.mkdir()
    (tmp_path / "job.b.t/.lock").touch()
    (tmp_path / "~job.notes/file").touch()
    (tmp_path / "job.file").touch()
    RunFolder(tmp_path, "job", "new")
    assert all(folder.is_dir() for folder in others)
    assert (tmp_path / "job.file").is_file()


def test_the_next_run_completes_a_removal_that_was_killed(
    tmp_path: Path,
) -> None:
    (tmp_path / "job.half").mkdir()
    (tmp_path / "job.half/.lock").touch()
    RunFolder(tmp_path, "job", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["job.new"]


@at_each_moment
def test_the_next_run_removes_a_folder_whose_creation_was_killed(
    tmp_path: Path, moment: tuple[str, str]
) -> None:
    assert making(tmp_path, signal.SIGKILL, moment).wait() == -signal.SIGKILL
    assert [path.name[:11] for path in tmp_path.iterdir()] == ["~job.killed"]
    RunFolder(tmp_path, "job", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["job.new"]


@at_each_moment
def test_a_process_frozen_while_it_makes_its_folder_has_one_in_the_end(
    tmp_path: Path, moment: tuple[str, str]
) -> None:
    process = making(tmp_path, signal.SIGSTOP, moment)
    os.waitpid(process.pid, os.WUNTRACED)
    RunFolder(tmp_path, "job", "new")
    process.send_signal(signal.SIGCONT)
    assert process.wait() == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "job.new",
        "job.killed",
    }
    assert (tmp_path / "job.killed/course/chapters/x.md").read_bytes() == b"x"


def test_a_file_that_cannot_be_written_or_read_is_the_disks_fault(
    folder: RunFolder,
) -> None:
    (folder.course / "chapters").write_text("in the way")
    with pytest.raises(DiskError, match="course: cannot be written or read"):
        folder.write("chapters/a.md", b"x")
    with pytest.raises(DiskError):
        folder.read("b.md")


def test_a_private_folder_is_made_and_one_that_others_can_read_becomes_private(
    tmp_path: Path,
) -> None:
    make_private(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    readable = tmp_path / "readable"
    readable.mkdir()
    readable.chmod(0o755)
    make_private(readable)
    assert readable.stat().st_mode & 0o777 == 0o700


def others_can_write(place: Path) -> None:
    place.mkdir()
    place.chmod(0o777)


def a_file(place: Path) -> None:
    place.write_text("not a folder")


def a_link(place: Path) -> None:
    (place.parent / "target").mkdir(mode=0o700)
    place.symlink_to(place.parent / "target")


@pytest.mark.parametrize("make", [others_can_write, a_file, a_link])
def test_a_shared_place_is_used_only_if_it_is_this_users_folder_alone(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    place = tmp_path / "place"
    make(place)
    mode = place.lstat().st_mode
    with pytest.raises(ConfigError, match="only this user can write to"):
        make_private(place)
    assert place.lstat().st_mode == mode


def test_another_users_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "place").mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    with pytest.raises(ConfigError, match="only this user can write to"):
        make_private(tmp_path / "place")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_lock_stays_open(tmp_path: Path) -> None:
    before = open_files()
    RunFolder(tmp_path, "job", "t1").remove()
    stale = tmp_path / "job.dead"
    stale.mkdir()
    (stale / ".lock").touch()
    RunFolder(tmp_path, "job", "t2").remove()
    assert not stale.exists()
    assert open_files() == before


def test_a_folder_that_others_remove_is_made_at_the_tenth_try_and_no_lock_leaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    tries: list[int] = []

    def contended(file: int, operation: int) -> None:
        tries.append(file)
        if len(tries) < 10:
            raise BlockingIOError
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", contended)
    before = open_files()
    folder = RunFolder(tmp_path, "job", "t1")
    assert len(tries) == 10
    assert open_files() == before + 1
    folder.write("chapters/x.md", b"x")
