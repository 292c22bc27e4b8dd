"""Sources on this machine: repositories of every kind, and plain folders; by the real git."""

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.support.git_repository import (
    FORMATS,
    HOSTILE,
    HOSTILE_FILES,
    Files,
    Repository,
    executable,
    link,
    make_repository,
    submodule,
)
from tests.support.sources import empty, make_git, read_tree
from worker.errors import ConfigError, DataError
from worker.source.limits import SourceLimits
from worker.source.local import open_local
from worker.source.port import Revision, Source

FILES: Final[Files] = {
    "README.md": b"# Hello\n",
    "src/main.py": b"print()\n",
    "run.sh": executable(b"#!/bin/sh\n"),
}
OTHER_USER: Final = 65534


def source(
    tmp_path: Path, path: Path, limits: SourceLimits | None = None
) -> Source:
    """Open a folder as a source."""
    return open_local(make_git(tmp_path), path, limits)


def files_of(
    tmp_path: Path, path: Path, commit: str | None = None
) -> dict[str, bytes]:
    """Check a source out; return its files."""
    tree = empty(tmp_path / f"tree-{len(list(tmp_path.iterdir()))}")
    source(tmp_path, path).checkout(commit, tree)
    return read_tree(tree)


def work_tree(tmp_path: Path) -> Repository:
    """Make a repository with a work tree."""
    return make_repository(tmp_path / "project", FILES, bare=False)


def worktree(repository: Repository, tmp_path: Path) -> Path:
    repository.git("branch", "other")
    repository.git("worktree", "add", "-q", str(tmp_path / "kind"), "other")
    return tmp_path / "kind"


def shallow(repository: Repository, tmp_path: Path) -> Path:
    repository.commit({**FILES, "new": b"second commit\n"})
    repository.git(
        "clone",
        "-q",
        "--depth=1",
        f"file://{repository.path}",
        str(tmp_path / "kind"),
    )
    return tmp_path / "kind"


def borrowing(repository: Repository, tmp_path: Path) -> Path:
    repository.git(
        "clone", "-q", "--shared", str(repository.path), str(tmp_path / "kind")
    )
    return tmp_path / "kind"


def packed(repository: Repository, tmp_path: Path) -> Path:
    repository.git("gc", "-q")
    return repository.path.rename(tmp_path / "kind")


def in_a_folder_with_an_odd_name(
    repository: Repository, tmp_path: Path
) -> Path:
    return repository.path.rename(tmp_path / os.fsdecode(b'a "b":c\xff'))


KINDS: Final[list[Callable[[Repository, Path], Path]]] = [
    worktree,
    shallow,
    borrowing,
    packed,
    in_a_folder_with_an_odd_name,
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_repository_is_read(
    kind: Callable[[Repository, Path], Path], tmp_path: Path
) -> None:
    path = kind(work_tree(tmp_path), tmp_path)
    expected = {name: b"second commit\n" for name in ["new"] if kind is shallow}
    assert files_of(tmp_path, path) == {**read_files(), **expected}


def read_files() -> dict[str, bytes]:
    """Return the contents of FILES."""
    return {
        name: entry if isinstance(entry, bytes) else entry.content
        for name, entry in FILES.items()
    }


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("object_format", FORMATS)
def test_the_head_commit_is_found_and_checked_out(
    tmp_path: Path, object_format: str, *, bare: bool
) -> None:
    repository = make_repository(
        tmp_path / "project", FILES, object_format=object_format, bare=bare
    )
    assert source(tmp_path, repository.path).resolve() == Revision(
        commit=repository.head(), branch="main"
    )
    assert files_of(tmp_path, repository.path) == read_files()
    assert len(repository.head()) == {"sha1": 40, "sha256": 64}[object_format]


def test_an_executable_file_stays_executable(tmp_path: Path) -> None:
    tree = empty(tmp_path / "tree")
    source(tmp_path, work_tree(tmp_path).path).checkout(None, tree)
    assert {
        name for name in read_files() if (tree / name).stat().st_mode & 0o100
    } == {"run.sh"}


def test_an_older_commit_is_checked_out_after_the_branch_has_moved(
    tmp_path: Path,
) -> None:
    repository = make_repository(tmp_path / "project", {"a": b"1"})
    first = repository.head()
    repository.commit({"a": b"2"})
    assert files_of(tmp_path, repository.path, first) == {"a": b"1"}


def test_a_detached_head_is_on_no_branch(tmp_path: Path) -> None:
    repository = work_tree(tmp_path)
    repository.git("checkout", "-q", "--detach")
    assert source(tmp_path, repository.path).resolve() == Revision(
        commit=repository.head(), branch="HEAD"
    )


def test_a_repository_without_a_commit_is_empty(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "project", bare=False)
    with pytest.raises(DataError, match="there is no commit on main") as caught:
        source(tmp_path, repository.path).resolve()
    assert caught.value.code == "repository_empty"


def test_a_missing_commit_is_reported(tmp_path: Path) -> None:
    repository = work_tree(tmp_path)
    for commit in (
        "1" * 40,
        "HEAD",
        "--help",
        repository.git("rev-parse", "HEAD:README.md"),
    ):
        with pytest.raises(DataError, match="no longer has commit") as caught:
            source(tmp_path, repository.path).checkout(commit, tmp_path)
        assert caught.value.code == "commit_not_found"


@pytest.mark.parametrize("bare", [True, False])
def test_the_regular_files_of_a_hostile_repository_arrive_unchanged(
    tmp_path: Path, *, bare: bool
) -> None:
    repository = make_repository(tmp_path / "project", HOSTILE, bare=bare)
    assert files_of(tmp_path, repository.path) == HOSTILE_FILES


def test_nothing_of_a_repositorys_configuration_is_executed(
    tmp_path: Path,
) -> None:
    repository = work_tree(tmp_path)
    (tmp_path / "evil").write_text(f"#!/bin/sh\ntouch {tmp_path}/pwned\ncat\n")
    (tmp_path / "evil").chmod(0o755)
    for hook in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ):
        shutil.copy(tmp_path / "evil", repository.git_dir / "hooks" / hook)
    (repository.git_dir / "info" / "attributes").write_text(
        "* filter=evil diff=evil\n"
    )
    for name in (
        "core.fsmonitor",
        "core.sshCommand",
        "filter.evil.smudge",
        "filter.evil.clean",
        "diff.evil.textconv",
    ):
        repository.git("config", name, str(tmp_path / "evil"))
    (repository.path / "README.md").write_text("changed")
    assert files_of(tmp_path, repository.path) == read_files()
    assert not (tmp_path / "pwned").exists()


def test_a_partial_clone_fetches_nothing_and_says_what_is_missing(
    tmp_path: Path,
) -> None:
    repository = work_tree(tmp_path)
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = (
        "clone",
        "-q",
        "--bare",
        "--filter=blob:none",
        f"file://{repository.path}",
        str(tmp_path / "partial"),
    )
    repository.git(*clone)
    with pytest.raises(
        DataError, match="git checkout-index fails: error: unable to read"
    ) as caught:
        files_of(tmp_path, tmp_path / "partial")
    assert caught.value.code == "repository_invalid"


def test_a_repository_of_another_user_is_read(tmp_path: Path) -> None:
    repository = work_tree(tmp_path)
    if os.getuid() != 0:
        pytest.skip("only root can give a repository away")
    for path in (repository.path, *repository.path.rglob("*")):
        os.chown(path, OTHER_USER, OTHER_USER)
    assert files_of(tmp_path, repository.path) == read_files()


def test_a_damaged_repository_is_reported_with_gits_reason(
    tmp_path: Path,
) -> None:
    repository = work_tree(tmp_path)
    (repository.git_dir / "config").write_text("[core\n")
    with pytest.raises(
        DataError,
        match=r"git cannot read the repository: fatal: bad config line 1",
    ) as caught:
        source(tmp_path, repository.path).resolve()
    assert caught.value.code == "repository_invalid"


def test_a_repository_that_is_too_large_is_refused(tmp_path: Path) -> None:
    repository = work_tree(tmp_path)
    for limits in (SourceLimits(files=2), SourceLimits(size=10)):
        with pytest.raises(DataError) as caught:
            source(tmp_path, repository.path, limits).checkout(
                None, empty(tmp_path / f"tree-{limits.files}")
            )
        assert caught.value.code == "repository_too_large"


UNUSABLE: Final = {
    "name": "日" * 100 + ".py",
    "folder": "docs/" + "é" * 200 + "/page.md",
    "path": "/".join(["long" * 50] * 20),
    "depth": "a/" * 300 + "deep.py",
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_file_that_no_folder_takes_is_left_out_and_logged(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files: Files = {
        **FILES,
        UNUSABLE[kind]: b"one\n",
        "docs/index.md": b"kept\n",
    }
    repository = make_repository(tmp_path / "project", files)
    assert files_of(tmp_path, repository.path) == {
        **read_files(),
        "docs/index.md": b"kept\n",
    }
    [record] = [
        record for record in caplog.records if record.message == "left out"
    ]
    assert record.__dict__["files"] == 1
    assert record.__dict__["first"] == [UNUSABLE[kind]]


def test_names_that_only_other_systems_refuse_are_kept(tmp_path: Path) -> None:
    names = [
        "back\\slash",
        "con",
        "aux.txt",
        "a:b",
        "dot.",
        "space ",
        "what?",
        "*",
        '"',
        "|",
        "new\nline",
        "-rf",
        "~",
    ]
    files: Files = {name: name.encode() for name in names}
    repository = make_repository(tmp_path / "project", files)
    assert files_of(tmp_path, repository.path) == files


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"part": submodule("1" * 40)}, "nothing but submodules and links"),
        (
            {"part": submodule("1" * 40), ".gitmodules": b"[submodule]\n"},
            "nothing but submodules and links",
        ),
        ({"part": link("elsewhere")}, "nothing but submodules and links"),
        ({}, "no file"),
    ],
)
def test_a_repository_without_a_file_is_reported(
    tmp_path: Path, files: Files, what: str
) -> None:
    repository = make_repository(tmp_path / "project", files)
    with pytest.raises(
        DataError, match=f"the repository contains {what}"
    ) as caught:
        files_of(tmp_path, repository.path)
    assert caught.value.code == "repository_empty"


def warnings(
    caplog: pytest.LogCaptureFixture,
) -> list[tuple[str, object, object]]:
    """Return the warnings so far: text, number of changes, and the first changes."""
    records = [
        record for record in caplog.records if record.levelno >= logging.WARNING
    ]
    return [
        (
            record.message,
            getattr(record, "changes", None),
            getattr(record, "first", None),
        )
        for record in records
    ]


def test_uncommitted_changes_are_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    repository = work_tree(tmp_path)
    (repository.path / "README.md").write_text("changed")
    (repository.path / "src/main.py").unlink()
    (repository.path / "staged.txt").write_text("new")
    repository.git("add", "staged.txt")
    (repository.path / "drafts").mkdir()
    (repository.path / "drafts/x").write_text("untracked")
    (repository.git_dir / "info" / "exclude").write_text("*.log\n")
    (repository.path / "ignored.log").write_text("ignored")
    local_source = source(tmp_path, repository.path)
    local_source.resolve()
    local_source.checkout(None, empty(tmp_path / "tree"))
    expected = ["README.md", "drafts/", "src/main.py", "staged.txt"]
    [(text, changes, first)] = warnings(caplog)
    assert text == "uncommitted changes are not part of the course"
    assert changes == 4
    assert sorted(first) == expected  # type: ignore[call-overload]  # a list


def test_a_clean_work_tree_causes_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    more: Files = {
        "link": link("README.md"),
        ".gitattributes": b"*.txt text eol=crlf\n",
        "a.txt": b"a\nb\n",
    }
    repository = make_repository(
        tmp_path / "project", {**FILES, **more}, bare=False
    )
    (repository.path / "run.sh").chmod(0o644)
    source(tmp_path, repository.path).resolve()
    assert warnings(caplog) == []


def test_the_repository_is_left_as_it_was(tmp_path: Path) -> None:
    repository = work_tree(tmp_path)
    (repository.path / "README.md").write_text("changed")
    before = {
        path: path.stat().st_mtime_ns for path in repository.path.rglob("*")
    }
    files_of(tmp_path, repository.path)
    assert {
        path: path.stat().st_mtime_ns for path in repository.path.rglob("*")
    } == before


def test_no_scratch_space_is_left(tmp_path: Path) -> None:
    files_of(tmp_path, work_tree(tmp_path).path)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_repository_of_a_newer_git_is_answered_with_what_is_needed(
    tmp_path: Path,
) -> None:
    repository = work_tree(tmp_path)
    repository.git("config", "core.repositoryformatversion", "1")
    repository.git("config", "extensions.fromTheFuture", "true")
    with pytest.raises(
        DataError,
        match="extension found: fromthefuture: it was created by a newer git",
    ) as caught:
        source(tmp_path, repository.path).resolve()
    assert caught.value.code == "repository_invalid"


def test_a_path_that_is_not_a_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name, what in (
        ("nothing", "does not exist"),
        ("file", "is not a folder"),
    ):
        with pytest.raises(
            DataError, match=f"{tmp_path}/{name} {what}"
        ) as caught:
            source(tmp_path, tmp_path / name)
        assert caught.value.code == "repository_not_found"


def test_a_name_too_long_for_a_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="File name too long"):
        source(tmp_path, tmp_path / (300 * "a"))


def test_a_relative_path_is_read_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = work_tree(tmp_path)
    monkeypatch.chdir(repository.path)
    assert files_of(tmp_path, Path()) == read_files()


def test_a_machine_without_git_is_asked_to_install_it(tmp_path: Path) -> None:
    repository = work_tree(tmp_path)
    with pytest.raises(
        ConfigError, match="git is not installed on this machine: install it"
    ):
        open_local(
            make_git(tmp_path, environment={"PATH": str(tmp_path)}),
            repository.path,
        ).resolve()


def test_a_work_tree_that_cannot_be_compared_is_read_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    repository = work_tree(tmp_path)
    (repository.git_dir / "index").write_bytes(b"no index")
    assert files_of(tmp_path, repository.path) == read_files()
    assert [text for text, _, _ in warnings(caplog)] == [
        "cannot tell whether there are uncommitted changes"
    ]


def test_a_split_index_is_understood(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    repository = work_tree(tmp_path)
    repository.git("update-index", "--split-index")
    assert list(repository.git_dir.glob("sharedindex.*"))
    source(tmp_path, repository.path).resolve()
    assert warnings(caplog) == []
