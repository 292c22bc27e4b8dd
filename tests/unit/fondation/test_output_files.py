"""The files that are read from the output folder, and those that are not."""

import os
from pathlib import Path

import pytest

from states.stages import Stage
from worker.course.formats import MAX_ITEM_BYTES
from worker.engines.fondation.output_files import (
    RejectedFileError,
    paths_of,
    read_item,
    stage_of,
)

PATH = "chapters/chapter_1_a.md"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "output" / "chapters").mkdir(parents=True)
    return tmp_path / "output"


def rejected(output: Path, reason: str, path: str = PATH) -> None:
    with pytest.raises(RejectedFileError, match=reason):
        read_item(output, path)


def test_a_file_is_read(output: Path) -> None:
    (output / PATH).write_bytes(b"# A\n\xff")
    assert read_item(output, PATH) == b"# A\n\xff"


@pytest.mark.parametrize("body", [b"", b" \n\t\n"])
def test_an_empty_file_is_not_taken(output: Path, body: bytes) -> None:
    (output / PATH).write_bytes(body)
    rejected(output, "it is empty")


def test_a_link_is_not_followed(output: Path) -> None:
    (output / PATH).symlink_to("/etc/passwd")
    rejected(output, "it cannot be read")


def test_a_linked_folder_is_not_followed(output: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "chapter_1_a.md").write_text("secret")
    (output / "chapters").rmdir()
    (output / "chapters").symlink_to(tmp_path / "elsewhere")
    rejected(output, "it cannot be read")
    assert list(paths_of(output, Stage.GENERATE_CHAPTERS)) == []


def test_neither_folders_nor_pipes_are_files(output: Path) -> None:
    (output / PATH).mkdir()
    rejected(output, "it is not a regular file")
    os.mkfifo(output / "chapters" / "pipe.md")
    rejected(output, "it is not a regular file", "chapters/pipe.md")


def test_a_huge_file_is_not_read(output: Path) -> None:
    (output / PATH).touch()
    os.truncate(output / PATH, 1 << 40)
    rejected(output, f"it is larger than {MAX_ITEM_BYTES} bytes")


def test_a_deleted_file_is_reported(output: Path) -> None:
    rejected(output, "No such file")
    rejected(output, "No such file", "tutorials/tutorial_1_a.md")


@pytest.mark.parametrize(
    ("path", "stage"),
    [
        ("step1_abstractions.yaml", Stage.EXTRACT),
        ("step2_relationships.yaml", Stage.ANALYZE),
        ("step3_order.yaml", Stage.ORDER),
        (PATH, Stage.GENERATE_CHAPTERS),
        ("reviewed-chapters/chapter_1_a.md", Stage.REVIEW_CHAPTERS),
        ("tutorials/tutorial_12_a-b_c.md", Stage.GENERATE_TUTORIALS),
        ("chapters/tutorial_1_a.md", None),
        ("chapters/chapter_1_a.md.draft", None),
        ("chapters/drafts", None),
        ("notes.txt", None),
        ("source.tar.gz", None),
    ],
)
def test_a_path_names_its_stage(path: str, stage: Stage | None) -> None:
    assert stage_of(path) is stage


def test_only_paths_of_the_stage_are_listed(output: Path) -> None:
    for name in (
        "chapter_2_b.md",
        "chapter_1_a.md",
        "README.md",
        "chapter_3_c.md.draft",
    ):
        (output / "chapters" / name).touch()
    assert list(paths_of(output, Stage.GENERATE_CHAPTERS)) == [
        PATH,
        "chapters/chapter_2_b.md",
    ]
    assert list(paths_of(output, Stage.ORDER)) == []
    (output / "step3_order.yaml").symlink_to("nowhere")
    assert list(paths_of(output, Stage.ORDER)) == ["step3_order.yaml"]
