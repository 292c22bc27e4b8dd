"""The git host's token, and git's own processes, during a fetch and after a kill."""

import base64
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.git_server import Fault, GitServer
from tests.support.sources import empty, make_git, read_tree
from tests.support.waiting import until
from worker.errors import WorkerError
from worker.settings.reader import Secret
from worker.source.git import GitSource
from worker.system.runtime import SystemRuntime

NAME: Final = "owner/name"
TOKEN: Final = "ghp_s3cretT0ken"
BASIC: Final = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
SECRETS: Final = (TOKEN.encode(), BASIC.encode())
CONTENT: Final = os.urandom(400_000)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitServer]:
    """Start a slow host with a private repository."""
    with GitServer(tmp_path / "host") as server:
        server.repository(NAME, {"a": CONTENT})
        server.protect(NAME, TOKEN)
        yield server


def processes(text: str) -> list[bytes]:
    """Return the command lines of all processes that contain a text."""
    command_lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes()
        except OSError:
            continue
        if text.encode() in line:
            command_lines.append(line)
    return command_lines


def leaks(folder: Path) -> list[Path]:
    """Return the files below a folder that contain a secret; git may remove files meanwhile."""
    leaking = []
    for path in [
        Path(place, name)
        for place, _, names in os.walk(folder)
        for name in names
    ]:
        with suppress(FileNotFoundError):
            if any(secret in path.read_bytes() for secret in SECRETS):
                leaking.append(path)
    return leaking


def test_the_token_is_in_no_argument_and_no_file_while_git_fetches(
    tmp_path: Path, host: GitServer
) -> None:
    host.fault(Fault(rate=400_000, on="/git-upload-pack", times=10))
    git_source = GitSource(
        make_git(tmp_path), host.url(NAME), None, Secret(TOKEN)
    )
    tree = empty(tmp_path / "tree")
    runtime = SystemRuntime()
    done = runtime.flag()

    def check_out() -> None:
        git_source.checkout(None, tree)
        done.set()

    runtime.spawn("fetching", check_out)
    # The guardian, git, and git's HTTP helper.
    until(lambda: len(processes(host.url(NAME))) >= 3)
    looks = 0
    while not done.wait(0.02) and looks < 500:
        looks += 1
        assert not [
            line
            for line in processes("")
            if any(secret in line for secret in SECRETS)
        ]
        assert leaks(tmp_path / "scratch") == []
    assert looks > 10
    assert read_tree(tree) == {"a": CONTENT}
    assert leaks(tmp_path / "tree") == []


def test_the_token_is_sent_with_the_first_request(
    tmp_path: Path, host: GitServer
) -> None:
    GitSource(make_git(tmp_path), host.url(NAME), None, Secret(TOKEN)).resolve()
    assert {
        request.headers.get("authorization") for request in host.requests
    } == {f"Basic {BASIC}"}


def test_a_token_is_not_sent_where_there_is_none(
    tmp_path: Path, host: GitServer
) -> None:
    host.repository("owner/public")
    GitSource(make_git(tmp_path), host.url("owner/public"), None).resolve()
    assert all(
        "authorization" not in request.headers for request in host.requests
    )


@pytest.mark.parametrize("status", [301, 401, 403, 404, 429, 500])
def test_the_token_is_in_no_log_and_no_error(
    tmp_path: Path,
    host: GitServer,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {
        "Location": f"http://x-access-token:{TOKEN}@127.0.0.1:1/{BASIC}",
        "Retry-After": "3600",
    }
    host.fault(Fault(status=status, headers=headers, times=10))
    with pytest.raises(WorkerError) as caught:
        GitSource(
            make_git(tmp_path), host.url(NAME), None, Secret(TOKEN)
        ).resolve()
    logged = " ".join(str(vars(record)) for record in caplog.records)
    for secret in (TOKEN, BASIC):
        assert (
            secret
            not in f"{caught.value!r} {caught.value.__cause__!r} {logged}"
        )


FETCH: Final = """
import os, sys
from pathlib import Path
from worker.system.runtime import SystemRuntime
from worker.source.git import GitSource
from worker.source.git_program import Git
runtime = SystemRuntime()
git = Git(Path(sys.argv[1]) / "scratch", runtime, runtime.flag(), os.environ)
GitSource(git, sys.argv[2], None).checkout(None, Path(sys.argv[1]) / "tree")
"""


def test_no_git_outlives_a_run_that_is_killed(
    tmp_path: Path, host: GitServer
) -> None:
    host.repository("owner/public", {"a": CONTENT})
    host.fault(Fault(rate=1000, on="/git-upload-pack", times=10))
    empty(tmp_path / "tree")
    url = host.url("owner/public")
    with subprocess.Popen(
        [sys.executable, "-c", FETCH, str(tmp_path), url]
    ) as parent:
        try:
            # The run, the guardian, git, and git's HTTP helper.
            until(lambda: len(processes(url)) >= 4)
        finally:
            parent.kill()
    until(lambda: not processes(url), seconds=5)
