"""The files of a repository that are opened."""

import os
from pathlib import Path

import pytest

from tests.support.course import write_tree
from worker.engines.static.facts import Skip
from worker.engines.static.reading import walk as tree
from worker.engines.static.reading.walk import walk


def walked(
    root: Path, *, ignoring: bool = True
) -> tuple[list[str], dict[str, Skip]]:
    """Return the paths found, and the reason for each path left out."""
    left: dict[str, Skip] = {}
    paths = [
        file.path
        for file in walk(
            root,
            lambda reason, path: left.update({path: reason}),
            ignoring=ignoring,
        )
    ]
    return paths, left


def test_files_come_sorted_by_the_bytes_of_their_paths(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"b": "x", "a/z": "x", "a.py": "x", "B": "x", "é": "x"}
    )
    assert walked(tmp_path) == (["B", "a.py", "a/z", "b", "é"], {})


def test_ignored_files_are_left_out_and_deeper_rules_win(
    tmp_path: Path,
) -> None:
    write_tree(
        tmp_path,
        {
            ".gitignore": "*.log\n/out/\n!keep.log\n",
            "a.log": "x", "keep.log": "x", "out/a": "x", "sub/out/a": "x",
            "sub/.gitignore": "!a.log\n*.txt\n", "sub/a.log": "x", "sub/a.txt": "x", "a.txt": "x",
        },
    )  # fmt: skip
    paths, left = walked(tmp_path)
    assert paths == [
        ".gitignore",
        "a.txt",
        "keep.log",
        "sub/.gitignore",
        "sub/a.log",
        "sub/out/a",
    ]
    assert left == {
        "a.log": Skip.IGNORED,
        "out": Skip.IGNORED,
        "sub/a.txt": Skip.IGNORED,
    }


def test_ignore_rules_apply_unless_they_are_switched_off(
    tmp_path: Path,
) -> None:
    write_tree(tmp_path, {".gitignore": "*\n", "a": "x"})
    assert walked(tmp_path)[0] == []
    assert walked(tmp_path, ignoring=False)[0] == [".gitignore", "a"]


@pytest.mark.parametrize(
    "rules", ["*a*a*a*a*a*a*a*b\n", "[z-a]\n", b"\xff\n", b"\0\n"]
)
def test_malformed_ignore_rules_do_no_harm(
    tmp_path: Path, rules: str | bytes
) -> None:
    write_tree(tmp_path, {".gitignore": rules, "a" * 200: "x"})
    assert "a" * 200 in walked(tmp_path)[0]


def test_an_ignore_file_that_is_too_large_or_a_link_is_not_read(
    tmp_path: Path,
) -> None:
    write_tree(
        tmp_path,
        {
            ".gitignore": "*.py\n" + "# \n" * 30_000,
            "a.py": "x",
            "sub/a.txt": "x",
        },
    )
    (tmp_path / "sub/.gitignore").symlink_to(tmp_path / ".gitignore")
    assert "a.py" in walked(tmp_path)[0]


def test_links_and_pipes_are_never_opened(tmp_path: Path) -> None:
    write_tree(tmp_path, {"real/a": "x"})
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "file").symlink_to(tmp_path / "real/a")
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert walked(tmp_path) == (
        ["real/a"],
        dict.fromkeys(("broken", "file", "folder", "pipe"), Skip.LINK),
    )


def test_installed_and_built_files_are_left_out(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "node_modules/a.js": "x", "env/pyvenv.cfg": "x", "env/a.py": "x", "target/a.rs": "x",
            "Cargo.toml": "x",
            "sub/target/a.rs": "x", ".git/config": "x",
        },
    )  # fmt: skip
    paths, left = walked(tmp_path)
    assert paths == ["Cargo.toml", "sub/target/a.rs"]
    assert left == {
        "node_modules": Skip.INSTALLED,
        "env/": Skip.INSTALLED,
        "target": Skip.INSTALLED,
    }


def test_empty_and_large_files_are_left_out(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"a": "", "b": b"x" * (tree.MAX_FILE_BYTES + 1), "c": "x"}
    )
    assert walked(tmp_path) == (["c"], {"a": Skip.EMPTY, "b": Skip.LARGE})


def test_names_that_are_not_utf8_are_shown_and_opened(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.py")).write_text("x")
    [paths] = walk(tmp_path, lambda *_: None)
    assert (paths.path, paths.location.read_text()) == (r"caf\xe9\x0a.py", "x")


def test_more_files_than_can_be_read_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MAX_FILES", 2)
    write_tree(tmp_path, {"a": "x", "b": "x", "c": "x"})
    assert walked(tmp_path) == (["a", "b"], {"c": Skip.LIMIT})


def test_folders_nested_deeper_than_the_limit_are_left_out(
    tmp_path: Path,
) -> None:
    folder = tmp_path
    for _ in range(tree._MAX_DEPTH + 2):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "a").write_text("x")
    paths, left = walked(tmp_path)
    assert (paths, list(left.values())) == ([], [Skip.LIMIT])


def test_a_missing_folder_is_unreadable(tmp_path: Path) -> None:
    assert walked(tmp_path / "nothing") == ([], {".": Skip.UNREADABLE})
