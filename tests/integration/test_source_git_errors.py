"""Faults of a git host: the error for each, and how soon it comes."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.support.git_repository import Repository
from tests.support.git_server import Fault, GitServer
from tests.support.sources import empty, make_git, read_tree
from tests.support.waiting import until
from worker.errors import (
    ConfigError,
    DataError,
    RefusedError,
    TemporaryError,
    WorkerError,
)
from worker.settings.reader import Secret
from worker.source.git import POLICY, GitSource
from worker.source.host_answer import UnavailableError
from worker.source.limits import SourceLimits
from worker.system.runtime import SystemRuntime

NAME: Final = "owner/name"
TOKEN: Final = Secret("s3cret-token")
GERMAN: Final = {"LANG": "de_DE.UTF-8", "LANGUAGE": "de", "LC_ALL": "C.UTF-8"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses between attempts."""
    monkeypatch.setattr("worker.source.git.POLICY", replace(POLICY, first=0.01))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitServer]:
    """Start a host with a repository."""
    with GitServer(tmp_path / "host") as server:
        server.repository(NAME, {"a": b"1"})
        yield server


def failing(
    tmp_path: Path,
    url: str,
    branch: str | None = "main",
    token: Secret | None = None,
    limits: SourceLimits | None = None,
) -> WorkerError:
    """Check a repository out, which must fail and leave nothing behind."""
    tree = empty(tmp_path / "tree")
    with pytest.raises(WorkerError) as caught:
        GitSource(
            make_git(tmp_path, environment=GERMAN),
            url,
            branch,
            token,
            limits=limits,
        ).checkout(None, tree)
    assert read_tree(tree) == {}
    assert list((tmp_path / "scratch").iterdir()) == []
    assert url in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_error_about_a_missing_branch_names_existing_ones(
    tmp_path: Path, host: GitServer
) -> None:
    repository = Repository(host.root / "owner" / "many.git")
    for name in ("a", "b", "c", "d", "e", "f"):
        repository.commit({"x": b"y"}, branch=name)
    error = failing(tmp_path, host.url("owner/many"), "nope")
    assert type(error) is DataError
    assert error.code == "branch_not_found"
    assert str(error).endswith(
        "it has no branch or tag nope; there is a, b, c, d, e and others"
    )


def test_the_error_about_an_empty_default_branch_names_branches_with_commits(
    tmp_path: Path, host: GitServer
) -> None:
    Repository(host.root / "owner" / "other.git").commit(
        {"x": b"y"}, branch="next"
    )
    error = failing(tmp_path, host.url("owner/other"), None)
    assert error.code == "branch_not_found"
    assert str(error).endswith(
        "its default branch has no commit yet; there is next"
    )


@pytest.mark.parametrize("branch", [None, "main"])
def test_an_empty_repository_is_reported(
    tmp_path: Path, host: GitServer, branch: str | None
) -> None:
    host.repository("owner/empty", {})
    error = failing(tmp_path, host.url("owner/empty"), branch)
    assert type(error) is DataError
    assert error.code == "repository_empty"


def test_a_missing_repository_may_be_private(
    tmp_path: Path, host: GitServer
) -> None:
    error = failing(tmp_path, host.url("owner/nope"))
    assert type(error) is DataError
    assert error.code == "repository_not_found"
    assert str(error).endswith(
        "there is no such repository, or it is private: in that case, set GITHUB_TOKEN"
    )


def test_a_private_repository_without_a_token_looks_missing(
    tmp_path: Path, host: GitServer
) -> None:
    host.protect(NAME, TOKEN.reveal())
    error = failing(tmp_path, host.url(NAME))
    assert type(error) is DataError
    assert error.code == "repository_not_found"


def test_a_repository_that_our_token_cannot_see_is_reported(
    tmp_path: Path, host: GitServer
) -> None:
    error = failing(tmp_path, host.url("owner/nope"), token=TOKEN)
    assert type(error) is DataError
    assert error.code == "repository_not_found"
    assert str(error).endswith(
        "there is no such repository, or GITHUB_TOKEN may not read it"
    )


def test_a_token_that_is_not_accepted_is_refused(
    tmp_path: Path, host: GitServer
) -> None:
    host.protect(NAME, "another")
    error = failing(tmp_path, host.url(NAME), token=TOKEN)
    assert type(error) is RefusedError
    assert error.code == "git_refused"


def test_a_token_without_the_right_is_refused(
    tmp_path: Path, host: GitServer
) -> None:
    host.fault(Fault(status=403))
    assert failing(tmp_path, host.url(NAME), token=TOKEN).code == "git_refused"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 522])
def test_a_temporarily_unavailable_host_is_tried_three_times(
    tmp_path: Path, host: GitServer, status: int
) -> None:
    host.fault(Fault(status=status, times=10))
    error = failing(tmp_path, host.url(NAME))
    assert isinstance(error, TemporaryError)
    assert error.code == "git_unavailable"
    assert str(status) in str(error)
    assert len(host.requests) == 3


def test_a_host_is_left_alone_for_as_long_as_it_asks(
    tmp_path: Path, host: GitServer
) -> None:
    host.fault(Fault(status=429, headers={"Retry-After": "3600"}))
    error = failing(tmp_path, host.url(NAME))
    assert isinstance(error, UnavailableError)
    assert error.retry_after == 3600
    assert len(host.requests) == 1


def test_a_temporary_refusal_is_not_a_refusal_of_the_token(
    tmp_path: Path, host: GitServer
) -> None:
    host.fault(Fault(status=403, headers={"Retry-After": "3600"}))
    assert (
        failing(tmp_path, host.url(NAME), token=TOKEN).code == "git_unavailable"
    )


@pytest.mark.parametrize("cut", [0, 20, 100])
@pytest.mark.parametrize("on", ["info/refs", "/git-upload-pack"])
def test_a_host_that_breaks_off_is_temporary(
    tmp_path: Path, host: GitServer, on: str, cut: int
) -> None:
    host.fault(Fault(cut=cut, on=on, times=10))
    error = failing(tmp_path, host.url(NAME))
    assert isinstance(error, TemporaryError)
    assert error.code == "git_unavailable"


def test_a_host_that_hangs_is_abandoned_in_time(
    tmp_path: Path, host: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.source.git.POLICY", replace(POLICY, attempts=1))
    host.fault(Fault(hang=True, on="/git-upload-pack", times=10))
    git_source = GitSource(
        make_git(tmp_path),
        host.url(NAME),
        "main",
        limits=SourceLimits(seconds=0.5),
    )
    with pytest.raises(
        TemporaryError, match=r"git fetch took longer than 0\.5 seconds"
    ) as caught:
        git_source.checkout("1" * 40, empty(tmp_path / "tree"))
    assert caught.value.code == "git_unavailable"


def test_an_unreachable_host_is_temporary(tmp_path: Path) -> None:
    error = failing(tmp_path, "http://127.0.0.1:1/owner/name")
    assert isinstance(error, TemporaryError)
    assert error.code == "git_unavailable"


def test_a_host_that_does_not_speak_tls_is_temporary(
    tmp_path: Path, host: GitServer
) -> None:
    error = failing(tmp_path, host.url(NAME).replace("http:", "https:"))
    assert isinstance(error, TemporaryError)
    assert error.code == "git_unavailable"


@pytest.mark.parametrize("status", [200, 204, 400, 405])
def test_a_page_that_is_not_a_git_server_is_reported(
    tmp_path: Path, host: GitServer, status: int
) -> None:
    host.fault(
        Fault(status=status, headers={"Content-Type": "text/html"}, times=10)
    )
    error = failing(tmp_path, host.url(NAME))
    assert type(error) is DataError
    assert error.code == "not_git"


@pytest.mark.parametrize("status", [404, 200])
def test_a_page_of_a_repository_is_answered_with_what_to_give(
    tmp_path: Path, host: GitServer, status: int
) -> None:
    host.fault(
        Fault(status=status, headers={"Content-Type": "text/html"}, times=10)
    )
    error = failing(tmp_path, host.url("owner/name/tree/main"))
    assert isinstance(error, DataError)
    assert f"give {host.url('owner/name')} and the branch main" in str(error)


def test_a_redirect_to_another_host_is_an_error_that_names_it(
    tmp_path: Path, host: GitServer
) -> None:
    with GitServer(tmp_path / "elsewhere") as elsewhere:
        host.move(NAME, elsewhere.url("new/name"))
        error = failing(tmp_path, host.url(NAME), token=TOKEN)
        assert type(error) is DataError
        assert error.code == "repository_moved"
        assert f"redirects to {elsewhere.url('new/name')}," in str(error)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "to",
    [
        "ext::sh -c touch% pwned",
        "file:///etc",
        "/login?next=/info/refs",
        "//127.0.0.1:1/x",
    ],
)
def test_a_redirect_to_no_repository_is_not_followed(
    tmp_path: Path, host: GitServer, to: str
) -> None:
    host.fault(Fault(status=302, headers={"Location": to}, times=10))
    assert failing(tmp_path, host.url(NAME)).code == "repository_moved"


def test_a_redirect_loop_is_an_error(tmp_path: Path, host: GitServer) -> None:
    host.move("owner/a", host.url("owner/b"))
    host.move("owner/b", host.url("owner/a"))
    tree = empty(tmp_path / "tree")
    with pytest.raises(DataError, match="in a loop"):
        GitSource(make_git(tmp_path), host.url("owner/a"), "main").checkout(
            None, tree
        )


def test_a_repository_with_too_many_files_is_refused(
    tmp_path: Path, host: GitServer
) -> None:
    host.repository("owner/many", {f"{number}": b"" for number in range(11)})
    error = failing(
        tmp_path, host.url("owner/many"), limits=SourceLimits(files=10)
    )
    assert type(error) is DataError
    assert error.code == "repository_too_large"


def test_a_repository_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, host: GitServer
) -> None:
    host.repository(
        "owner/bomb", {f"{number}": b"\0" * 1_000_000 for number in range(11)}
    )
    error = failing(
        tmp_path, host.url("owner/bomb"), limits=SourceLimits(size=10_000_000)
    )
    assert type(error) is DataError
    assert error.code == "repository_too_large"


def test_a_host_that_sends_without_end_is_stopped_on_the_way(
    tmp_path: Path, host: GitServer
) -> None:
    host.repository("owner/large", {"a": os.urandom(3_000_000)})
    host.fault(Fault(rate=1_000_000, on="/git-upload-pack", times=10))
    began = SystemRuntime().monotonic()
    error = failing(
        tmp_path, host.url("owner/large"), limits=SourceLimits(size=500_000)
    )
    assert error.code == "repository_too_large"
    assert SystemRuntime().monotonic() - began < 2.5


def test_a_repository_with_names_that_lead_out_of_it_is_refused(
    tmp_path: Path, host: GitServer
) -> None:
    repository = host.repository("owner/evil", {"a": b"1"})
    blob = repository.git("rev-parse", "main:a")
    inner = repository.git(
        "hash-object",
        "-t",
        "tree",
        "-w",
        "--literally",
        "--stdin",
        data=_tree(b"b", blob),
    )
    for name in (b"..", b".git"):
        data = b"40000 %b\0" % name + bytes.fromhex(inner)
        outer = repository.git(
            "hash-object",
            "-t",
            "tree",
            "-w",
            "--literally",
            "--stdin",
            data=data,
        )
        repository.branch(
            "evil", repository.git("commit-tree", "-m", "x", outer)
        )
        error = failing(tmp_path, host.url("owner/evil"), "evil")
        assert type(error) is DataError
        assert error.code == "repository_invalid"
        (tmp_path / "tree").rmdir()


def _tree(name: bytes, blob: str) -> bytes:
    return b"100644 %b\0" % name + bytes.fromhex(blob)


def test_the_harmless_faults_of_old_tools_do_not_matter(
    tmp_path: Path, host: GitServer
) -> None:
    repository = host.repository("owner/old", {"a": b"1"})
    inner = bytes.fromhex(repository.git("rev-parse", "main^{tree}"))
    tree = repository.git(
        "hash-object",
        "-t",
        "tree",
        "-w",
        "--literally",
        "--stdin",
        data=b"040000 b\0" + inner,
    )
    text = f"tree {tree}\nauthor A 0 +5184300\ncommitter A <a@b> 0 +0000\n\nold\n".encode()
    repository.branch(
        "old",
        repository.git(
            "hash-object",
            "-t",
            "commit",
            "-w",
            "--literally",
            "--stdin",
            data=text,
        ),
    )
    GitSource(make_git(tmp_path), host.url("owner/old"), "old").checkout(
        None, empty(tmp_path / "tree")
    )
    assert read_tree(tmp_path / "tree") == {"b/a": b"1"}


def test_a_stopped_run_does_not_wait_for_the_host(
    tmp_path: Path, host: GitServer
) -> None:
    runtime = SystemRuntime()
    stop = runtime.flag()
    host.fault(Fault(hang=True, times=10))
    caught: list[WorkerError] = []

    def resolve() -> None:
        try:
            GitSource(
                make_git(tmp_path, stop=stop), host.url(NAME), "main"
            ).resolve()
        except WorkerError as error:
            caught.append(error)

    runtime.spawn("resolving", resolve)
    until(lambda: len(host.requests) == 1)
    stop.set()
    until(lambda: bool(caught), seconds=1)
    assert isinstance(caught[0], TemporaryError)
    assert caught[0].code == "stopped"


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c x",
        "file:///etc",
        "git@github.com:owner/name",
        "ssh://host/x",
        "http://example.org/x",
        "--upload-pack=x",
    ],
)
def test_other_transports_are_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(
        ConfigError, match="the repository's address is not usable"
    ):
        GitSource(make_git(tmp_path), address, None)


def test_a_machine_without_git_is_asked_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="git is not installed on this machine: install it"
    ):
        GitSource(
            make_git(tmp_path, environment={"PATH": str(tmp_path)}),
            "owner/name",
            None,
        ).resolve()
