"""Whole files, read and written."""

import os
import resource
from pathlib import Path

import pytest

from worker.system.files import (
    create_file,
    read_file,
    read_most,
    write_file,
)


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_what_is_written_is_read(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    file.write_text("what was there before, and is longer than nothing")
    write_file(str(file), b"x" * size)
    assert read_file(str(file)) == b"x" * size
    assert file.stat().st_size == size


def test_only_a_new_file_can_be_created(tmp_path: Path) -> None:
    file = str(tmp_path / "file")
    create_file(file, b"first")
    with pytest.raises(FileExistsError):
        create_file(file, b"second")
    assert read_file(file) == b"first"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "none")
    with pytest.raises(FileExistsError):
        create_file(str(link), b"followed")


def test_a_new_file_that_cannot_be_written_is_not_left(tmp_path: Path) -> None:
    file = tmp_path / "file"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            create_file(str(file), b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not file.exists()


def test_files_are_closed_and_may_be_shared_as_the_user_has_said(
    tmp_path: Path,
) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - only names are needed
    mask = os.umask(0)
    try:
        for name, write in (("a", write_file), ("b", create_file)):
            file = tmp_path / name
            write(str(file), b"body")
            assert read_file(str(file)) == b"body"
            assert file.stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(mask)
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208 - the same


def test_what_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    for call in (
        lambda: read_file(str(tmp_path / "none")),
        lambda: write_file(str(tmp_path / "none" / "file"), b""),
    ):
        with pytest.raises(FileNotFoundError):
            call()


def test_no_more_is_read_than_asked_for_and_no_less_if_it_comes_in_pieces() -> (
    None
):
    # Each read gets what one write has sent.
    ours, theirs = os.pipe2(os.O_DIRECT)
    for piece in (b"one", b"two", b"t", b"hree"):
        os.write(theirs, piece)
    os.close(theirs)
    assert read_most(ours, 7) == b"onetwot"
    assert read_most(ours, 100) == b"hree"
    os.close(ours)
