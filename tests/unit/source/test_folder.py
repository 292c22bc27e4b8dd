"""Plain folders as sources: what lies there, and a commit that is made of it."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.support.sources import empty, make_git, read_tree
from worker.errors import DataError, TemporaryError
from worker.source.files import FileEntry
from worker.source.folder import FolderSource
from worker.source.limits import SourceLimits
from worker.source.local import open_local
from worker.source.port import Source

FILES: Final = {
    "README.md": b"# Hello\n",
    "src/main.py": b"print()\n",
    os.fsdecode(b"\xff"): b"not UTF-8",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with files."""
    path = empty(tmp_path / "folder")
    for name, content in FILES.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(content)
    return path


def source(tmp_path: Path, limits: SourceLimits | None = None) -> Source:
    """Return the source that the folder is; git is not even there."""
    return open_local(
        make_git(tmp_path, environment={"PATH": ""}), tmp_path / "folder", limits
    )


@pytest.mark.usefixtures("folder")
def test_what_lies_there_is_copied(tmp_path: Path) -> None:
    commit = source(tmp_path).checkout(None, empty(tmp_path / "tree"))
    assert read_tree(tmp_path / "tree") == FILES
    assert re.fullmatch(r"folder-[0-9a-f]{40}", commit)


@pytest.mark.usefixtures("folder")
def test_the_same_files_are_the_same_commit_wherever_and_whenever(
    tmp_path: Path,
) -> None:
    first = source(tmp_path).resolve()
    assert first.branch == "HEAD"
    for path in (tmp_path / "folder").rglob("*"):
        os.utime(path, (1, 1))
    (tmp_path / "folder").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").rename(tmp_path / "folder")
    assert source(tmp_path).resolve() == first
    assert (
        source(tmp_path).checkout(first.commit, empty(tmp_path / "tree"))
        == first.commit
    )


CHANGES: Final[dict[str, Callable[[Path], object]]] = {
    "content": lambda folder: (folder / "README.md").write_bytes(b"# hello\n"),
    "name": lambda folder: (folder / "README.md").rename(folder / "README"),
    "more": lambda folder: (folder / "empty").touch(),
    "less": lambda folder: (folder / "README.md").unlink(),
    "place": lambda folder: (folder / "src/main.py").rename(folder / "main.py"),
    "mode": lambda folder: (folder / "README.md").chmod(0o755),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_files_are_another_commit_and_not_what_was_pinned(
    tmp_path: Path, folder: Path, change: str
) -> None:
    pinned = source(tmp_path).resolve().commit
    CHANGES[change](folder)
    assert source(tmp_path).resolve().commit != pinned
    with pytest.raises(DataError, match="have changed since the job began") as caught:
        source(tmp_path).checkout(pinned, empty(tmp_path / "tree"))
    assert caught.value.code == "commit_not_found"


def test_what_is_no_regular_file_is_left_out(tmp_path: Path, folder: Path) -> None:
    before = source(tmp_path).resolve()
    (folder / "link").symlink_to("README.md")
    (folder / "out").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    (folder / "src" / ".git").mkdir()
    (folder / "src" / ".git" / "config").write_text("x")
    (folder / "empty").mkdir()
    assert source(tmp_path).resolve() == before


def test_executable_files_stay_so(tmp_path: Path, folder: Path) -> None:
    (folder / "README.md").chmod(0o700)
    source(tmp_path).checkout(None, tree := empty(tmp_path / "tree"))
    assert [
        (tree / name).stat().st_mode & 0o777 for name in ("README.md", "src/main.py")
    ] == [0o755, 0o644]


def test_an_empty_folder_is_no_source(tmp_path: Path) -> None:
    empty(tmp_path / "folder")
    with pytest.raises(DataError, match="the folder is empty") as caught:
        source(tmp_path).resolve()
    assert caught.value.code == "repository_empty"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("limits", [SourceLimits(files=2), SourceLimits(size=10)])
def test_a_folder_that_is_too_large_is_refused(
    tmp_path: Path, limits: SourceLimits
) -> None:
    with pytest.raises(DataError) as caught:
        source(tmp_path, limits).resolve()
    assert caught.value.code == "repository_too_large"


@pytest.mark.usefixtures("folder")
def test_a_scratch_disk_that_does_not_take_it_is_temporary(tmp_path: Path) -> None:
    (tmp_path / "tree").write_text("in the way")
    with pytest.raises(TemporaryError, match="cannot be written"):
        source(tmp_path).checkout(None, tmp_path / "tree")


def test_a_course_that_was_written_into_the_folder_is_no_part_of_it(
    folder: Path, tmp_path: Path
) -> None:
    before = source(tmp_path).resolve()
    for name in (
        "step1_abstractions.yaml",
        "step2_relationships.yaml",
        "step3_order.yaml",
        "chapters/chapter_1_x.md",
    ):
        (folder / "docs/folder-course" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "docs/folder-course" / name).write_text("a course\n")
    assert source(tmp_path).resolve() == before
    (folder / "docs/folder-course/step3_order.yaml").unlink()
    assert source(tmp_path).resolve() != before


def test_what_an_ignore_file_names_is_neither_copied_nor_counted(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / ".gitignore").write_text(".env\n/node_modules/\n*.log\n!keep.log\n")
    before = source(tmp_path).resolve()
    for name in (".env", "src/.env", "node_modules/x/index.js", "a.log"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("SECRET=1\n")
    assert (
        source(tmp_path, SourceLimits(files=4)).checkout(
            before.commit, empty(tmp_path / "tree")
        )
        == before.commit
    )
    assert read_tree(tmp_path / "tree").keys() == {*FILES, ".gitignore"}
    [told] = [
        record.__dict__ for record in caplog.records if record.message == "left out"
    ]
    assert (told["reason"], sorted(told["first"])) == (
        "named by .gitignore",
        [".env", "a.log", "node_modules/", "src/.env"],
    )


def test_a_folder_whose_rules_name_everything_is_no_source(
    tmp_path: Path, folder: Path
) -> None:
    (folder / ".gitignore").write_text("*\n!.gitignore\n")
    with pytest.raises(
        DataError, match=r"\.gitignore names all that lies there"
    ) as caught:
        source(tmp_path).resolve()
    assert caught.value.code == "repository_empty"


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (SourceLimits(size=4 << 20), "its largest parts are data/big.bin (5 MiB)"),
        (
            SourceLimits(size=4 << 20, files=30),
            "its largest parts are data/many/ (40 files)",
        ),
    ],
)
def test_of_a_folder_that_is_too_large_the_largest_parts_are_named(
    tmp_path: Path, folder: Path, limits: SourceLimits, says: str
) -> None:
    (folder / "data/many").mkdir(parents=True)
    for number in range(40):
        (folder / f"data/many/{number}").touch()
    with (folder / "data/big.bin").open("wb") as file:
        file.truncate(5 << 20)
    with pytest.raises(DataError) as caught:
        source(tmp_path, limits).resolve()
    assert says in str(caught.value)
    assert str(caught.value).endswith(
        "name in .gitignore what is no part of the project"
    )


def test_what_lies_too_deep_is_left_out_and_said(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deep = folder
    for _ in range(12):
        deep = deep / ("d" * 250)
        deep.mkdir()
    here = os.open(deep, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for _ in range(300):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
    finally:
        os.close(here)
    source(tmp_path).checkout(None, empty(tmp_path / "tree"))
    assert read_tree(tmp_path / "tree") == FILES
    assert [record.__dict__["reason"] for record in caplog.records] == [
        "the path is too long"
    ]
    subprocess.run(["rm", "-rf", str(folder)], check=True)


class Meddling(FolderSource):
    """A folder that a program changes between its listing and its reading."""

    meddle: Callable[[], object]

    def _take(self, entry: FileEntry, copy: Path | None) -> bytes:
        self.meddle()
        return super()._take(entry, copy)


def become_a_pipe(file: Path) -> None:
    file.unlink(missing_ok=True)
    os.mkfifo(file)


def become_a_link(file: Path) -> None:
    if not file.is_symlink():
        twin = file.rename(
            file.parent.parent / "twin"
        )  # as long as the file that was listed
        file.symlink_to(twin)


MEDDLING: Final[dict[str, Callable[[Path], object]]] = {
    "grows": lambda file: file.write_bytes(b"# Hello, and more\n"),
    "shrinks": lambda file: file.write_bytes(b"#"),
    "vanishes": lambda file: (
        file.rename(file.with_name("elsewhere")) if file.exists() else None
    ),
    "becomes a pipe": become_a_pipe,
    "becomes a link": become_a_link,
}


@pytest.mark.parametrize("how", MEDDLING)
def test_a_file_that_changes_while_it_is_read_is_temporary_and_named(
    folder: Path, tmp_path: Path, how: str
) -> None:
    meddling = Meddling(folder, SourceLimits())
    meddling.meddle = lambda: MEDDLING[how](folder / "README.md")
    with pytest.raises(
        TemporaryError, match=r"README\.md: it changes while it is read"
    ) as caught:
        meddling.checkout(None, empty(tmp_path / "tree"))
    assert caught.value.code == "repository_changing"
