"""Tools for tests of sources."""

import os
from collections.abc import Mapping
from pathlib import Path

from worker.source.git_program import Git
from worker.system.runtime import Flag, SystemRuntime


def make_git(
    tmp_path: Path,
    *,
    stop: Flag | None = None,
    environment: Mapping[str, str] | None = None,
) -> Git:
    """Return git with scratch space in `tmp_path / "scratch"`; `env` is added to PATH."""
    runtime = SystemRuntime()
    given = {"PATH": os.environ["PATH"], **(environment or {})}
    return Git(tmp_path / "scratch", runtime, stop or runtime.flag(), given)


def empty(path: Path) -> Path:
    """Make an empty folder."""
    path.mkdir(parents=True)
    return path


def read_tree(tree: Path) -> dict[str, bytes]:
    """Return all files below a folder; fail if it has anything but files and folders."""
    files = {}
    for path in tree.rglob("*"):
        assert not path.is_symlink()
        if path.is_file():
            files[str(path.relative_to(tree))] = path.read_bytes()
    return files
