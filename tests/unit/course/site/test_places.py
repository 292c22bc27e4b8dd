"""The map of the source on a course's first pages."""

import yaml

from tests.support.course_pages import course
from worker.course.site.build import build


def built(source_map: object) -> tuple[str, str]:
    """Return README.md and index.html of a course with a map."""
    files = course(
        "# Signer\n\nIt signs. (`src/a.py:1-3,9`, `docs/b.md:2`)",
        "# Part 2\n\nMore. (`src/web/c.py:4`)\n\n`src/web/c.py:8-9`",
    )
    overview = {"summary": "It signs.", "relationships": [], "map": source_map}
    files["step2_relationships.yaml"] = yaml.safe_dump(overview).encode()
    pages = build(files, "project")
    return pages["README.md"].decode(), pages["index.html"].decode()


def entry(path: str, text: str = "Here it\nis.") -> dict[str, str]:
    return {"path": path, "text": text}


SIGNER = "reviewed-chapters/chapter_1_signer.md"
OTHER = "reviewed-chapters/chapter_2_part_2.md"


def test_the_readme_says_where_things_are_and_which_chapters_cite_them() -> (
    None
):
    paths = ("src/", "src/a.py", "src/web/", "tests/")
    readme, _ = built([entry(path) for path in paths])
    _, _, section = readme.partition("\n## Where things are\n\n")
    assert section.split("\n")[:4] == [
        f"- `src/`: Here it is. (chapters [1]({SIGNER}), [2]({OTHER}))",
        f"- `src/a.py`: Here it is. (chapter [1]({SIGNER}))",
        f"- `src/web/`: Here it is. (chapter [2]({OTHER}))",
        "- `tests/`: Here it is.",
    ]


def test_the_first_page_leads_to_the_pages_of_these_chapters() -> None:
    _, index = built([entry("src/web/")])
    assert "<h2>Where things are</h2>" in index
    assert '<a href="pages/chapter_2_part_2.html">2</a>' in index


def test_a_path_that_is_no_code_is_left_out() -> None:
    readme, _ = built([entry("a` <b>`"), entry("b\n# c"), entry("src/a.py")])
    _, _, section = readme.partition("\n## Where things are\n\n")
    assert section.startswith("- `src/a.py`")


def test_a_course_without_a_right_map_has_no_such_section() -> None:
    for source_map in ([], "none", [{"path": 3}], None):
        readme, index = built(source_map)
        assert "Where things are" not in readme + index
