"""Errors of the local disk: which are temporary, and what their messages advise."""

import errno
import os
from pathlib import Path

import pytest

from worker.errors import ConfigError, DiskError
from worker.system.disk import full_disk, on_disk, raise_if_passing


def fails(number: int) -> None:
    raise OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room there, then run this again"),
        (errno.EDQUOT, "make room there, then run this again"),
        (errno.EMFILE, "raise the limit of open files"),
        (errno.EIO, "check that disk"),
        (errno.EROFS, "check that disk"),
    ],
)
def test_an_error_of_the_disk_names_the_place_and_says_what_to_do(
    number: int, advice: str
) -> None:
    with (
        pytest.raises(
            DiskError, match=rf"/data/x: .*\({os.strerror(number)}\): {advice}"
        ),
        on_disk(Path("/data/x")),
    ):
        fails(number)


def test_a_temporary_error_is_not_reported_as_a_wrong_folder() -> None:
    def wrong(error: OSError) -> ConfigError:
        return ConfigError(f"wrong folder: {error.strerror}")

    with pytest.raises(DiskError), on_disk(Path("/work"), wrong):
        fails(errno.ENOSPC)
    with (
        pytest.raises(ConfigError, match="wrong folder: Read-only"),
        on_disk(Path("/work"), wrong),
    ):
        fails(errno.EROFS)


def test_an_error_about_the_file_itself_is_left_to_the_caller() -> None:
    raise_if_passing(
        OSError(errno.EACCES, "Permission denied"), Path("/data/x")
    )
    with pytest.raises(DiskError):
        raise_if_passing(
            OSError(errno.EIO, "Input/output error"), Path("/data/x")
        )


def test_a_disk_with_room_is_not_full_nor_is_a_missing_one(
    tmp_path: Path,
) -> None:
    assert full_disk(tmp_path) is None
    assert full_disk(tmp_path / "nowhere") is None
