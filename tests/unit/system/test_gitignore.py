"""The rules of ignore files, judged as git judges them."""

import os
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.course import write_tree
from worker.system.gitignore import IgnoreRules, rules_for

NAMES: Final = [
    "a",
    "b",
    "ab",
    "a.b",
    "a b",
    "a ",
    "!a",
    "#a",
    "[a]",
    "*",
    "?",
    "a\\b",
    "é",
    "A",
    ".a",
]
FOLDERS: Final = ["", "a/", "a/b/", "b/a/b/", "ab/a.b/", "é/"]
PIECES: Final = [
    *(
        "a",
        "b",
        "*",
        "**",
        "?",
        "/",
        "!",
        "^",
        "\\",
        "-",
        ".",
        "#",
        " ",
        "é",
        "A",
        "[",
        "]",
        "\t",
    ),
    *(
        "[ab]",
        "[!a]",
        "[a-b]",
        "[b-a]",
        "[]a]",
        "[[:alpha:]]",
        "[[:upper:]",
        "**/",
        "/**",
        "/**/",
    ),
]
"""The parts of random patterns."""


def kept(root: Path) -> set[str]:
    """Return the files that no rule leaves out."""
    rules, files, folders = IgnoreRules(root), set[str](), [""]
    while folders:
        folder = folders.pop()
        for entry in os.scandir(root / folder):
            path = f"{folder}{entry.name}"
            if (
                entry.is_dir()
                and entry.name != ".git"
                and not rules.ignores(f"{path}/")
            ):
                folders.append(f"{path}/")
            elif entry.is_file() and not rules.ignores(path):
                files.add(path)
    return files


def kept_by_git(root: Path) -> set[str]:
    """Return the files that git does not ignore."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": os.devnull,
    }
    command = ["git", "ls-files", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, check=True
    )
    return {os.fsdecode(path) for path in listing.stdout.split(b"\0") if path}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository with many names in many folders, and no ignore file yet."""
    root = tmp_path_factory.mktemp("tree")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for path in [root / folder / name for folder in FOLDERS for name in NAMES]:
        if not path.exists():
            path.touch()
    return root


patterns = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(
    "".join
)


def is_quirk(pattern: str) -> bool:
    """Whether `**` is next to anything but a slash.

    According to git's documentation, they then act like a single star; git 2.39 sometimes
    treats them differently.
    """
    stars = pattern.removeprefix("!").replace("\\", "x").split("/")
    return any("**" in part and part.strip("*") for part in stars)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    top=st.lists(patterns, min_size=1, max_size=4),
    below=st.lists(patterns, max_size=2),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_rules_are_read_as_git_reads_them(
    tree: Path, top: list[str], below: list[str], end: str
) -> None:
    assume(not any(is_quirk(pattern) for pattern in [*top, *below]))
    (tree / ".gitignore").write_text(
        end.join(top), encoding="utf-8", newline=""
    )
    (tree / "a/.gitignore").write_text(
        end.join(below), encoding="utf-8", newline=""
    )
    assert kept(tree) == kept_by_git(tree)


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("\ufeff*.log\n", {"a.log", "sub/b.log"}),
        ("/a.log\n", {"a.log"}),
        ("sub/\n", {"sub/b.log", "sub/keep"}),
        ("*\n!*/\n!keep\n", {".gitignore", "a.log", "sub/b.log"}),
        ("sub/**\n", {"sub/b.log", "sub/keep"}),
        ("**/keep\r\n", {"sub/keep"}),
        ("# *\n\\#x\n!\n/\n\n", set()),
    ],
)
def test_the_files_that_a_rule_leaves_out(
    tmp_path: Path, rules: str, left: set[str]
) -> None:
    files = {
        ".gitignore": rules,
        "a.log": "x",
        "sub/b.log": "x",
        "sub/keep": "x",
    }
    write_tree(tmp_path, files)
    assert files.keys() - kept(tmp_path) == left


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 60 + "b", "**/" * 60 + "b", "[" * 5000, "?*" * 2000, "a/**/" * 60],
)
def test_no_pattern_takes_long(tmp_path: Path, pattern: str) -> None:
    write_tree(
        tmp_path, {".gitignore": pattern, "a" * 250: "x", "a/" * 90 + "a": "x"}
    )
    began = time.process_time()
    assert "a" * 250 in kept(tmp_path)
    assert time.process_time() - began < 2


def test_an_ignore_file_that_is_a_link_or_a_folder_is_not_read(
    tmp_path: Path,
) -> None:
    write_tree(
        tmp_path, {"rules": "*\n", "sub/.gitignore/x": "x", "sub/a": "x"}
    )
    (tmp_path / ".gitignore").symlink_to("rules")
    assert {"rules", "sub/a"} <= kept(tmp_path)


def test_rules_of_the_repository_around_a_folder_count(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            ".git/HEAD": "x",
            ".gitignore": ".env\nbuild/\n",
            "app/a": "x",
            "build/b": "x",
        },
    )
    ignores = rules_for(tmp_path / "app")
    assert (ignores(".env"), ignores("sub/.env"), ignores("a")) == (
        True,
        True,
        False,
    )


def test_a_folder_that_the_repository_around_it_ignores_is_read_by_its_own_rules(
    tmp_path: Path,
) -> None:
    write_tree(
        tmp_path,
        {
            ".git/HEAD": "x",
            ".gitignore": "build/\n",
            "build/.gitignore": "*.o\n",
        },
    )
    ignores = rules_for(tmp_path / "build")
    assert (ignores("a.c"), ignores("a.o")) == (False, True)
