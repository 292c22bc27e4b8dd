"""Plain folders as sources, with a commit computed from their files."""

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
    """Open the folder as a source, without git."""
    return open_local(
        make_git(tmp_path, environment={"PATH": ""}),
        tmp_path / "folder",
        limits,
    )


@pytest.mark.usefixtures("folder")
def test_the_files_are_copied(tmp_path: Path) -> None:
    commit = source(tmp_path).checkout(None, empty(tmp_path / "tree"))
    assert read_tree(tmp_path / "tree") == FILES
    assert re.fullmatch(r"folder-[0-9a-f]{40}", commit)


@pytest.mark.usefixtures("folder")
def test_the_same_files_are_the_same_commit_at_any_place_and_time(
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
def test_changed_files_are_another_commit_than_the_pinned_one(
    tmp_path: Path, folder: Path, change: str
) -> None:
    pinned = source(tmp_path).resolve().commit
    CHANGES[change](folder)
    assert source(tmp_path).resolve().commit != pinned
    with pytest.raises(
        DataError, match="have changed since the job began"
    ) as caught:
        source(tmp_path).checkout(pinned, empty(tmp_path / "tree"))
    assert caught.value.code == "commit_not_found"


def test_only_regular_files_are_read(tmp_path: Path, folder: Path) -> None:
    before = source(tmp_path).resolve()
    (folder / "link").symlink_to("README.md")
    (folder / "out").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    (folder / "src" / ".git").mkdir()
    (folder / "src" / ".git" / "config").write_text("x")
    (folder / "empty").mkdir()
    assert source(tmp_path).resolve() == before


def test_executable_files_stay_executable(tmp_path: Path, folder: Path) -> None:
    (folder / "README.md").chmod(0o700)
    source(tmp_path).checkout(None, tree := empty(tmp_path / "tree"))
    assert (tree / "README.md").stat().st_mode & 0o777 == 0o755
    assert (tree / "src/main.py").stat().st_mode & 0o777 == 0o644


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    empty(tmp_path / "folder")
    with pytest.raises(DataError, match="the folder is empty") as caught:
        source(tmp_path).resolve()
    assert caught.value.code == "repository_empty"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "limits", [SourceLimits(files=2), SourceLimits(size=10)]
)
def test_a_folder_that_is_too_large_is_refused(
    tmp_path: Path, limits: SourceLimits
) -> None:
    with pytest.raises(DataError) as caught:
        source(tmp_path, limits).resolve()
    assert caught.value.code == "repository_too_large"


@pytest.mark.usefixtures("folder")
def test_a_scratch_folder_that_cannot_be_written_is_a_temporary_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "tree").write_text("in the way")
    with pytest.raises(TemporaryError, match="cannot be written"):
        source(tmp_path).checkout(None, tmp_path / "tree")


def test_a_course_exported_into_the_folder_is_left_out(
    folder: Path, tmp_path: Path
) -> None:
    before = source(tmp_path).resolve()
    for name in (
        "step1_abstractions.yaml",
        "step2_relationships.yaml",
        "step3_order.yaml",
        "chapters/chapter_1_x.md",
    ):
        (folder / "docs/folder-course" / name).parent.mkdir(
            parents=True, exist_ok=True
        )
        (folder / "docs/folder-course" / name).write_text("a course\n")
    assert source(tmp_path).resolve() == before
    (folder / "docs/folder-course/step3_order.yaml").unlink()
    assert source(tmp_path).resolve() != before


def test_ignored_files_are_neither_copied_nor_counted(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / ".gitignore").write_text(
        ".env\n/node_modules/\n*.log\n!keep.log\n"
    )
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
    [record] = [
        record for record in caplog.records if record.message == "left out"
    ]
    fields = vars(record)
    assert fields["reason"] == "named by .gitignore"
    assert sorted(fields["first"]) == [
        ".env",
        "a.log",
        "node_modules/",
        "src/.env",
    ]


def test_a_folder_whose_files_are_all_ignored_is_refused(
    tmp_path: Path, folder: Path
) -> None:
    (folder / ".gitignore").write_text("*\n!.gitignore\n")
    with pytest.raises(DataError, match="all files are ignored") as caught:
        source(tmp_path).resolve()
    assert caught.value.code == "repository_empty"


@pytest.mark.parametrize(
    ("limits", "parts"),
    [
        (SourceLimits(size=4 << 20), "its largest parts: data/big.bin (5 MiB)"),
        (
            SourceLimits(size=4 << 20, files=30),
            "its largest parts: data/many/ (40 files)",
        ),
    ],
)
def test_the_error_of_a_folder_that_is_too_large_names_its_largest_parts(
    tmp_path: Path, folder: Path, limits: SourceLimits, parts: str
) -> None:
    (folder / "data/many").mkdir(parents=True)
    for number in range(40):
        (folder / f"data/many/{number}").touch()
    with (folder / "data/big.bin").open("wb") as file:
        file.truncate(5 << 20)
    with pytest.raises(DataError) as caught:
        source(tmp_path, limits).resolve()
    assert parts in str(caught.value)
    assert str(caught.value).endswith(
        "add to .gitignore what the course should not cover"
    )


def test_files_nested_too_deep_are_left_out_and_logged(
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


class ChangingFolder(FolderSource):
    """A folder whose files change between the listing and the reading."""

    change_file: Callable[[], object]

    def _read_file(self, entry: FileEntry, copy: Path | None) -> bytes:
        self.change_file()
        return super()._read_file(entry, copy)


def become_a_pipe(file: Path) -> None:
    file.unlink(missing_ok=True)
    os.mkfifo(file)


def become_a_link(file: Path) -> None:
    if not file.is_symlink():
        # The target has the size of the listed file.
        twin = file.rename(file.parent.parent / "twin")
        file.symlink_to(twin)


FILE_CHANGES: Final[dict[str, Callable[[Path], object]]] = {
    "grows": lambda file: file.write_bytes(b"# Hello, and more\n"),
    "shrinks": lambda file: file.write_bytes(b"#"),
    "vanishes": lambda file: (
        file.rename(file.with_name("elsewhere")) if file.exists() else None
    ),
    "becomes a pipe": become_a_pipe,
    "becomes a link": become_a_link,
}


@pytest.mark.parametrize("how", FILE_CHANGES)
def test_a_file_that_changes_while_it_is_read_is_a_temporary_error_that_names_it(
    folder: Path, tmp_path: Path, how: str
) -> None:
    changing = ChangingFolder(folder, SourceLimits())
    changing.change_file = lambda: FILE_CHANGES[how](folder / "README.md")
    with pytest.raises(
        TemporaryError, match=r"README\.md: the file is changing"
    ) as caught:
        changing.checkout(None, empty(tmp_path / "tree"))
    assert caught.value.code == "repository_changing"
