"""A repository makes the same course, byte for byte: on any machine, in one run or several."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from states.stages import Stage
from tests.support.course import make_course, make_stage, write_tree
from tests.support.samples import MIXED, PYTHON, TEXTS
from worker.engines.static.engine import StaticEngine

MAKE: Final = (
    "import sys, pathlib; from tests.support.course import make_course; "
    "make_course(*map(pathlib.Path, sys.argv[1:]))"
)
SETTINGS: Final = (
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"},
    {
        "PYTHONHASHSEED": "2",
        "LC_ALL": "C.UTF-8",
        "TZ": "Asia/Tokyo",
        "PYTHONUTF8": "0",
    },
)


def made_elsewhere(
    source: Path, output: Path, settings: Mapping[str, str]
) -> dict[str, bytes]:
    """Make a course in a new process."""
    command = [sys.executable, "-c", MAKE, str(source), str(output)]
    subprocess.run(
        command, env={**os.environ, **settings}, check=True, timeout=120
    )
    return {
        str(path.relative_to(output)): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("files", [MIXED, TEXTS], ids=["mixed", "texts"])
def test_hash_seed_locale_and_the_order_on_disk_do_not_matter(
    tmp_path: Path, files: Mapping[str, str]
) -> None:
    turned = dict(reversed(list(files.items())))
    first_tree, second_tree = (
        write_tree(tmp_path / "one" / "shop", files),
        write_tree(tmp_path / "two" / "shop", turned),
    )
    first = made_elsewhere(first_tree, tmp_path / "first", SETTINGS[0])
    assert (
        made_elsewhere(second_tree, tmp_path / "second", SETTINGS[1]) == first
    )


@pytest.mark.parametrize(
    "stage",
    [Stage.GENERATE_CHAPTERS, Stage.REVIEW_CHAPTERS, Stage.GENERATE_TUTORIALS],
)
def test_only_what_is_missing_is_made_and_is_what_it_would_have_been(
    tmp_path: Path, stage: Stage
) -> None:
    source, output = write_tree(tmp_path / "source", MIXED), tmp_path / "output"
    before = make_course(source, output)
    stages = {
        Stage.GENERATE_CHAPTERS: "chapters",
        Stage.REVIEW_CHAPTERS: "reviewed-chapters",
    }
    lost = sorted((output / stages.get(stage, "tutorials")).iterdir())[::2]
    for path in lost:
        path.unlink()
    made = make_stage(stage, source, output, StaticEngine())
    assert sorted(made) == [str(path.relative_to(output)) for path in lost]
    assert make_course(source, output).files == before.files


def test_an_existing_item_is_left_alone_whatever_its_content(
    tmp_path: Path,
) -> None:
    source, output = (
        write_tree(tmp_path / "source", PYTHON),
        tmp_path / "output",
    )
    make_course(source, output)
    kept = next((output / "tutorials").iterdir())
    kept.write_text("mine\n")
    assert (
        make_stage(Stage.GENERATE_TUTORIALS, source, output, StaticEngine())
        == []
    )
    assert kept.read_text() == "mine\n"


def test_a_review_finds_what_is_wrong_in_a_chapter(tmp_path: Path) -> None:
    source, output = (
        write_tree(tmp_path / "source", PYTHON),
        tmp_path / "output",
    )
    make_course(source, output)
    chapter = next((output / "chapters").glob("*store*"))
    edited = (
        chapter.read_text()
        .replace("def sell(self, name):", "def give(self, name):")
        .replace("store.py:20", "store.py:99")
    )
    chapter.write_text(
        f"{edited}\nSee [nothing](chapter_9_nothing.md), and `shop/nowhere.py:3`.\n"
    )
    review = output / "reviewed-chapters" / chapter.name
    review.unlink()
    make_stage(Stage.REVIEW_CHAPTERS, source, output, StaticEngine())
    report = review.read_text()
    assert "its lines differ from the file" in report
    assert (
        "> Correction: place `shop/nowhere.py:3`: these lines do not exist."
        in report
    )
    assert (
        "> Correction: link `chapter_9_nothing.md`: this page does not exist."
        in report
    )
