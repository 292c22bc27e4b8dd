"""Local sources that their reader may not read."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

UNPRIVILEGED: Final = """
import os, sys
from pathlib import Path
from worker.errors import DataError
from worker.system.runtime import SystemRuntime
from worker.source.local import open_local
from worker.source.git_program import Git
os.setresuid(65534, 65534, 65534)
runtime = SystemRuntime()
try:
    git = Git(Path(sys.argv[1]), runtime, runtime.flag(), os.environ)
    open_local(git, Path(sys.argv[2])).resolve()
except DataError as error:
    print(error.code, error)
"""


@pytest.fixture
def open_place() -> Iterator[Path]:
    """Return a folder that every user can enter, unlike pytest's."""
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place)


def opened_without_rights(scratch: Path, folder: Path) -> str:
    """Return the error that a user without permissions gets for a folder."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    arguments = [sys.executable, "-c", UNPRIVILEGED, str(scratch), str(folder)]
    return subprocess.run(
        arguments, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("name", ["secret.txt", "closed"])
def test_a_folder_with_an_unreadable_file_is_refused_by_its_name(
    open_place: Path, name: str
) -> None:
    (open_place / "folder" / "closed").mkdir(parents=True)
    (open_place / "folder" / "secret.txt").write_text("x")
    (open_place / "folder" / name).chmod(0)
    printed = opened_without_rights(open_place / "s", open_place / "folder")
    assert printed.startswith(
        f"repository_unreadable {open_place}/folder/{name}: cannot be read (Permission denied)"
    )


def test_a_folder_below_a_closed_one_is_refused_with_the_reason(
    open_place: Path,
) -> None:
    folder = open_place / "closed" / "folder"
    folder.mkdir(parents=True)
    folder.parent.chmod(0)
    printed = opened_without_rights(open_place / "s", folder)
    assert printed == (
        f"repository_unreadable {folder} cannot be read (Permission denied): "
        "give a folder, or a repository's URL\n"
    )
