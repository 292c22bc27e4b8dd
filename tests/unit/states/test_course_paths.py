"""Names of the files of a course."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.course_paths import (
    ChapterRef,
    chapter_of,
    chapter_paths,
    expected_paths,
    is_course_path,
    item_path,
    media_type,
    slug,
    yaml_path,
)
from states.stages import Stage

ORDER = [
    ChapterRef(index=1, name="Context"),
    ChapterRef(index=2, name="Term UI\n"),
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Context", "context"),
        ("  Command & Group\n", "command_group"),
        ("Table, SSTable & TableCache", "table_sstable_tablecache"),
        ("a__b - c", "a_b_-_c"),
        ("Émile", "_mile"),
        ("!!!", "_"),
        ("tab\tand\nline", "tab_and_line"),
    ],
)
def test_names_become_file_names_as_the_cli_makes_them(
    name: str, expected: str
) -> None:
    assert slug(name) == expected


@given(
    st.text(),
    st.integers(1, 99),
    st.sampled_from([Stage.GENERATE_CHAPTERS, Stage.GENERATE_TUTORIALS]),
)
def test_any_name_gives_a_path_of_a_course(
    name: str, index: int, stage: Stage
) -> None:
    assert is_course_path(item_path(stage, ChapterRef(index=index, name=name)))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "../x",
        "chapters/../x.md",
        "chapters/chapter_1_a/b.md",
        "source.tar.gz",
        "chapters/tutorial_1_x.md",
    ],
)
def test_other_paths_do_not_belong_to_a_course(path: str) -> None:
    assert not is_course_path(path)


def test_each_stage_has_its_files() -> None:
    assert expected_paths(Stage.CLONE, None) == ("source.tar.gz",)
    assert expected_paths(Stage.ORDER, None) == ("step3_order.yaml",)
    assert expected_paths(Stage.REVIEW_CHAPTERS, ORDER) == (
        "reviewed-chapters/chapter_1_context.md",
        "reviewed-chapters/chapter_2_term_ui.md",
    )
    assert (
        expected_paths(Stage.GENERATE_TUTORIALS, ORDER)[0]
        == "tutorials/tutorial_1_context.md"
    )


def test_a_chapter_its_review_and_its_tutorial_share_a_name() -> None:
    paths = chapter_paths(ORDER[1])
    assert paths == (
        "chapters/chapter_2_term_ui.md",
        "reviewed-chapters/chapter_2_term_ui.md",
        "tutorials/tutorial_2_term_ui.md",
    )
    assert {chapter_of(path) for path in paths} == {"2_term_ui.md"}


def test_a_stage_that_writes_one_file_has_its_path_and_others_have_none() -> (
    None
):
    assert yaml_path(Stage.ORDER) == "step3_order.yaml"
    with pytest.raises(ValueError, match="writes more than one file"):
        yaml_path(Stage.GENERATE_CHAPTERS)


def test_the_last_stages_need_the_order() -> None:
    with pytest.raises(ValueError, match="the order is missing"):
        expected_paths(Stage.GENERATE_CHAPTERS, None)


def test_media_types_are_those_that_a_browser_shows() -> None:
    assert media_type("step3_order.yaml") == "application/yaml"
    assert (
        media_type("chapters/chapter_1_x.md") == "text/markdown; charset=utf-8"
    )
    assert media_type("source.tar.gz") == "application/gzip"
