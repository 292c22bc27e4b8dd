"""git's messages about this machine's disk, and others that only resemble them."""

import os
from pathlib import Path

import pytest

from tests.support.sources import make_git
from worker.errors import DiskError
from worker.source.git_program import Git


def saying(tmp_path: Path, line: str, code: int = 128) -> Git:
    """Return a git that prints a message and fails."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\ncat >&2 <<'END'\n{line}\nEND\nexit {code}\n"
    )
    program.chmod(0o755)
    return make_git(
        tmp_path, environment={"PATH": f"{program.parent}:{os.environ['PATH']}"}
    )


@pytest.mark.parametrize(
    "line",
    [
        "fatal: write error: No space left on device",
        "error: unable to write file shop.py",
        "fatal: sha1 file '/data/x' write error. Out of diskspace",
        "fatal: cannot mkdir /data/x: Disk quota exceeded",
        "error: file write error: Input/output error",
        "fatal: Unable to create '/data/x/index.lock': Too many open files",
        "error: could not lock config file /data/x/config: Read-only file system",
    ],
)
def test_a_git_that_cannot_write_is_the_disks_fault(
    tmp_path: Path, line: str
) -> None:
    git = saying(tmp_path, line, code=1)
    with git.folder() as folder, pytest.raises(DiskError) as caught:
        git.run(folder, ("checkout",))
    assert str(folder) in str(caught.value)
    assert line in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "remote: fatal: write error: No space left on device",
        "fatal: remote error: No space left on device, try later",
        "12:00:00.000000 http.c:700: <= Recv header: x-error: No space left on device",
        "error: unable to create file No space left on device/x: File name too long",
    ],
)
def test_messages_that_only_resemble_disk_errors_are_not_the_disks_fault(
    tmp_path: Path, line: str
) -> None:
    git = saying(tmp_path, line)
    with git.folder() as folder:
        assert git.run(folder, ("fetch",)).code == 128
