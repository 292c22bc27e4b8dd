"""The copy of the repository that the CLI works on."""

import os
from pathlib import Path

import pytest

from worker.engines.fondation.source_copy import SourceCopy
from worker.errors import DiskError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "lib").mkdir(parents=True)
    (source / "README.md").write_text("# R\n")
    (source / "lib" / os.fsdecode(b"\xff.py")).write_text("pass\n")
    return source


def files(tree: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(tree)): path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file()
    }


def test_changes_of_the_cli_to_its_copy_are_undone_before_the_next_process(
    source: Path, tmp_path: Path
) -> None:
    tree = SourceCopy(tmp_path / "copy")
    tree.prepare(source)
    assert files(tree.path) == files(source)
    before = (tree.path / "README.md").stat()
    (tree.path / "README.md").write_text("# X\n")  # as long as before
    os.utime(
        tree.path / "README.md", ns=(before.st_atime_ns, before.st_mtime_ns)
    )
    (tree.path / ".claude-tutorial-output").mkdir()
    (tree.path / "lib" / os.fsdecode(b"\xff.py")).unlink()
    tree.prepare(source)
    assert files(tree.path) == files(source)
    assert not (tree.path / ".claude-tutorial-output").exists()


def test_an_unchanged_copy_is_not_made_again(
    source: Path, tmp_path: Path
) -> None:
    tree = SourceCopy(tmp_path / "copy")
    tree.prepare(source)
    before = tree.path.stat().st_ino
    (tree.path / "README.md").read_text()
    tree.prepare(source)
    assert tree.path.stat().st_ino == before


def test_settings_that_name_commands_for_claude_are_left_out(
    source: Path, tmp_path: Path
) -> None:
    (source / ".claude").mkdir()
    (source / ".claude" / "settings.json").write_text('{"hooks": {}}')
    (source / ".mcp.json").write_text("{}")
    tree = SourceCopy(tmp_path / "copy")
    tree.prepare(source)
    assert not (tree.path / ".claude").exists()
    assert not (tree.path / ".mcp.json").exists()


def test_a_copy_that_cannot_be_made_is_the_disks_fault(
    source: Path, tmp_path: Path
) -> None:
    # Copying a pipe fails like copying to a full disk.
    os.mkfifo(source / "lib" / "pipe")
    with pytest.raises(DiskError, match="make room"):
        SourceCopy(tmp_path / "copy").prepare(source)
