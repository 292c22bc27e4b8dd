"""Sources on a git host: the real git on both sides, over real HTTP."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.support.git_repository import (
    FORMATS,
    HOSTILE,
    HOSTILE_FILES,
    executable,
)
from tests.support.git_server import Fault, GitServer
from tests.support.sources import empty, make_git, read_tree
from worker.errors import DataError
from worker.source.git import POLICY, GitSource
from worker.source.port import Revision

NAME: Final = "owner/name"
PACK: Final = "/git-upload-pack"
"""In the URL of a request for objects, but not of one for the list of refs."""


@pytest.fixture(params=[2, 0], ids=["new host", "old host"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GitServer]:
    """Start a host that serves commits by name, and one that does not."""
    with GitServer(tmp_path / "host", protocol=request.param) as server:
        yield server


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses between attempts."""
    monkeypatch.setattr("worker.source.git.POLICY", replace(POLICY, first=0.01))


def source(
    tmp_path: Path,
    host: GitServer,
    branch: str | None = "main",
    name: str = NAME,
) -> GitSource:
    """Return a source for a repository of the host."""
    return GitSource(make_git(tmp_path), host.url(name), branch)


def checked_out(
    tmp_path: Path, git_source: GitSource, commit: str | None = None
) -> tuple[str, dict[str, bytes]]:
    """Check a source out; return the commit and its files."""
    tree = empty(tmp_path / f"tree-{len(list(tmp_path.iterdir()))}")
    return git_source.checkout(commit, tree), read_tree(tree)


@pytest.mark.parametrize("object_format", FORMATS)
def test_the_files_of_a_branch_arrive(
    tmp_path: Path, host: GitServer, object_format: str
) -> None:
    repository = host.repository(
        NAME, {"a": b"1", "b/c": b"2"}, object_format=object_format
    )
    assert checked_out(tmp_path, source(tmp_path, host)) == (
        repository.head(),
        {"a": b"1", "b/c": b"2"},
    )


def test_no_history_is_fetched(tmp_path: Path, host: GitServer) -> None:
    repository = host.repository(NAME, {"large": os.urandom(300_000)})
    repository.commit({"small": b"x"})
    host.fault(Fault(cut=100_000, on=PACK, times=10))
    assert checked_out(tmp_path, source(tmp_path, host))[1] == {"small": b"x"}


def test_the_regular_files_of_a_hostile_repository_arrive_unchanged(
    tmp_path: Path, host: GitServer
) -> None:
    host.repository(NAME, HOSTILE)
    _, files = checked_out(tmp_path, source(tmp_path, host))
    assert files == HOSTILE_FILES
    assert not list(tmp_path.rglob("pwned"))


def test_an_executable_file_stays_executable(
    tmp_path: Path, host: GitServer
) -> None:
    host.repository(NAME, {"run": executable(b"#!/bin/sh\n"), "read": b""})
    tree = empty(tmp_path / "tree")
    source(tmp_path, host).checkout(None, tree)
    assert [
        name for name in ("run", "read") if (tree / name).stat().st_mode & 0o100
    ] == ["run"]


def test_without_a_branch_it_is_the_one_that_the_host_prefers(
    tmp_path: Path, host: GitServer
) -> None:
    repository = host.repository(NAME)
    preferred = repository.commit({"a": b"b"}, branch="trunk/2")
    repository.git("symbolic-ref", "HEAD", "refs/heads/trunk/2")
    assert source(tmp_path, host, None).resolve() == Revision(
        commit=preferred, branch="trunk/2"
    )


def test_a_host_whose_head_is_on_no_branch_is_read(
    tmp_path: Path, host: GitServer
) -> None:
    repository = host.repository(NAME)
    repository.git(
        "update-ref", "--no-deref", "HEAD", commit := repository.head()
    )
    assert source(tmp_path, host, None).resolve() == Revision(
        commit=commit, branch="HEAD"
    )


@pytest.mark.parametrize("annotated", [True, False])
def test_a_tag_can_be_given_as_the_branch(
    tmp_path: Path, host: GitServer, *, annotated: bool
) -> None:
    repository = host.repository(NAME, {"a": b"1"})
    tagged = repository.head()
    repository.tag("v1", annotated=annotated)
    repository.commit({"a": b"2"})
    git_source = source(tmp_path, host, "v1")
    assert git_source.resolve() == Revision(commit=tagged, branch="v1")
    assert checked_out(tmp_path, git_source) == (tagged, {"a": b"1"})


def test_a_branch_comes_before_a_tag_of_the_same_name(
    tmp_path: Path, host: GitServer
) -> None:
    repository = host.repository(NAME)
    repository.tag("next", "main")
    commit = repository.commit({"a": b"b"}, branch="next")
    assert source(tmp_path, host, "next").resolve().commit == commit


def test_a_branch_whose_name_is_the_end_of_another_one_is_not_mistaken(
    tmp_path: Path, host: GitServer
) -> None:
    repository = host.repository(NAME)
    repository.commit({"a": b"b"}, branch="refs/heads/next")
    with pytest.raises(DataError, match="no branch or tag next"):
        source(tmp_path, host, "next").resolve()


def test_the_pinned_commit_is_fetched_after_the_branch_has_moved(
    tmp_path: Path,
) -> None:
    with GitServer(tmp_path / "host") as host:
        repository = host.repository(NAME, {"a": b"1"})
        pinned = repository.head()
        repository.commit({"a": b"2"})
        assert checked_out(tmp_path, source(tmp_path, host), pinned) == (
            pinned,
            {"a": b"1"},
        )


def test_a_host_that_serves_no_commit_by_name_serves_it_while_the_branch_exists(
    tmp_path: Path,
) -> None:
    with GitServer(tmp_path / "host", protocol=0) as host:
        repository = host.repository(NAME, {"a": b"1"})
        repository.tag("v1", annotated=True)
        pinned = repository.head()
        assert checked_out(tmp_path, source(tmp_path, host, "v1"), pinned) == (
            pinned,
            {"a": b"1"},
        )


def test_a_pinned_commit_that_the_host_no_longer_serves_is_reported(
    tmp_path: Path, host: GitServer
) -> None:
    repository = host.repository(NAME)
    now = repository.head()
    with pytest.raises(
        DataError,
        match=f"no longer offers commit {'1' * 40}, and main is now at {now}",
    ) as caught:
        checked_out(tmp_path, source(tmp_path, host), "1" * 40)
    assert caught.value.code == "commit_not_found"


@pytest.mark.parametrize(
    "commit", ["HEAD", "--upload-pack=x", "abc", "main", "folder-" + "1" * 40]
)
def test_a_malformed_commit_is_refused_before_any_request(
    tmp_path: Path, host: GitServer, commit: str
) -> None:
    with pytest.raises(DataError, match="is not the full name of a commit"):
        checked_out(tmp_path, source(tmp_path, host), commit)
    assert host.requests == []


def test_a_tag_of_something_else_is_reported(
    tmp_path: Path, host: GitServer
) -> None:
    host.repository(NAME).tag("file", "main:README.md")
    with pytest.raises(DataError, match="file is not the name of a commit"):
        checked_out(tmp_path, source(tmp_path, host, "file"))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_found_on_the_same_host(
    tmp_path: Path, host: GitServer, status: int
) -> None:
    repository = host.repository(NAME)
    host.fault(
        Fault(
            status=status,
            headers={
                "Location": f"/{NAME}.git/info/refs?service=git-upload-pack"
            },
        )
    )
    assert (
        source(tmp_path, host, name="owner/old").resolve().commit
        == repository.head()
    )


def test_a_commit_is_fetched_from_the_repositorys_new_address(
    tmp_path: Path, host: GitServer
) -> None:
    repository = host.repository(NAME, {"a": b"1"})
    host.move("owner/old", host.url(NAME))
    git_source = source(tmp_path, host, name="owner/old")
    assert checked_out(tmp_path, git_source, repository.head()) == (
        repository.head(),
        {"a": b"1"},
    )


@pytest.mark.usefixtures("quick")
def test_a_connection_that_breaks_off_is_tried_again(
    tmp_path: Path, host: GitServer
) -> None:
    content = os.urandom(200_000)
    host.repository(NAME, {"a": content})
    host.fault(Fault(cut=50_000, on=PACK, times=2))
    assert checked_out(tmp_path, source(tmp_path, host))[1] == {"a": content}


def test_no_scratch_space_is_left(tmp_path: Path, host: GitServer) -> None:
    host.repository(NAME)
    checked_out(tmp_path, source(tmp_path, host))
    with pytest.raises(DataError):
        checked_out(tmp_path, source(tmp_path, host), "1" * 40)
    assert list((tmp_path / "scratch").iterdir()) == []
