"""What a course says about its commit."""

import pytest

from tests.support.course_pages import course
from worker.course.site.build import build
from worker.course.site.origin import Origin

COMMIT = "0123456789" * 4


def test_a_readme_says_how_to_get_the_commit() -> None:
    origin = Origin(repository="pallets/flask", commit=COMMIT)
    pages = build(course("# Signer"), "flask", origin=origin)
    assert (
        "This course is about commit `012345678901` of the project. Its line "
        "numbers and exercises fit that commit; this gets it:\n\n"
        "```bash\ngit clone https://github.com/pallets/flask flask\n"
        f"cd flask\ngit checkout {COMMIT}\n```"
    ) in pages["README.md"].decode()
    assert COMMIT in pages["index.html"].decode()


@pytest.mark.parametrize(
    ("repository", "commit", "told"),
    [
        ("file:///src/flask", None, ""),
        ("https://host/flask", "a folder", ""),
        (
            "file:///src/flask",
            COMMIT,
            "This course is about commit `012345678901` of the project.",
        ),
    ],
)
def test_a_course_says_only_what_is_known_about_its_commit(
    repository: str, commit: str | None, told: str
) -> None:
    assert Origin(repository=repository, commit=commit).told == told


def test_a_url_is_one_word_of_the_command() -> None:
    origin = Origin(repository="https://host/a;b", commit=COMMIT)
    assert "git clone 'https://host/a;b' a-b\n" in origin.told
