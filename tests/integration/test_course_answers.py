"""The answers of tutorials, worked out again from the source alone: of a small shop, and of this very program."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.course import Made, Page, make_course, write_tree
from tests.support.samples import MIXED

ROOT: Final = Path(__file__).parents[2]
MORE: Final = "…"
"""What stands where a long line was cut."""


def codes(said: str) -> list[str]:
    """Return the code spans of some Markdown."""
    return Page("", said).contents("code_inline")


@dataclass(frozen=True)
class Exercise:
    """An exercise as it stands on the page."""

    source: Path
    asks: str
    options: list[str]
    """Their code, without letters."""
    answer: str

    @property
    def right(self) -> str:
        """The option that is said to be right."""
        assert re.match(r"\*\*[a-d]\)\*\* `", self.answer)
        return codes(self.answer)[0]

    def lines(self, place: str) -> list[str]:
        """Return the lines of the source from a place on, stripped."""
        path, _, number = place.rpartition(":")
        return [
            line.strip()
            for line in (self.source / path)
            .read_text()
            .split("\n")[int(number.partition("-")[0]) - 1 :]
        ]


Courses = tuple[Made, Made]


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> Courses:
    """Return the courses of a shop in three languages, and of this program's own code."""
    folder = tmp_path_factory.mktemp("answers")
    own = {
        f"worker/{path.relative_to(ROOT / 'worker')}": path.read_bytes()
        for path in (ROOT / "worker").rglob("*.py")
    }
    return (
        make_course(
            write_tree(folder / "shop", MIXED), folder / "output of the shop"
        ),
        make_course(
            write_tree(folder / "own", own), folder / "output of our own"
        ),
    )


def exercises(courses: Courses, title: str) -> Iterator[Exercise]:
    """Yield all exercises of a kind; fail if there is none."""
    pattern = rf"### Exercise \d+: {re.escape(title)}\n\n(.*?)\n\n((?:- [^\n]*\n)+)\n<details>.*?</summary>\n\n(.*?)\n"
    pages = [
        (course, page)
        for course in courses
        for page in course.pages("tutorials/")
    ]
    found = [
        (course, match)
        for course, page in pages
        for match in re.findall(pattern, page.text, re.DOTALL)
    ]
    assert found
    for course, (asks, options, answer) in found:
        yield Exercise(
            course.source,
            asks,
            [codes(option)[0] for option in options.splitlines()],
            answer,
        )


def same(said: str, line: str) -> bool:
    """Tell whether a quoted line is a line of the source, cut or not."""
    return said == line or (
        said.endswith(MORE) and line.startswith(said.removesuffix(MORE))
    )


def dense(lines: list[str]) -> str:
    return "".join("".join(lines).split())


def number(said: str) -> str:
    """Return the first line that is said."""
    found: list[str] = re.findall(r"[Ll]ine (\d+)", said)
    return found[0]


def names(name: str, line: str) -> bool:
    return re.search(rf"\b{name}\b", line) is not None


def test_calls_stand_in_the_order_that_is_said(courses: Courses) -> None:
    for one in exercises(courses, "In which order?"):
        path = codes(one.asks)[1].rpartition(":")[0]
        numbers = re.findall(r"line (\d+)", one.answer)
        assert sorted(codes(one.answer)) == sorted(one.options)
        assert list(map(int, numbers)) == sorted(set(map(int, numbers)))
        places = [one.lines(f"{path}:{number}") for number in numbers]
        assert all(
            names(name, lines[0])
            for name, lines in zip(codes(one.answer), places, strict=True)
        )


def test_the_name_that_is_left_out_makes_the_line_whole(
    courses: Courses,
) -> None:
    for one in exercises(courses, "Which name is missing?"):
        path, line = codes(one.asks)[0], codes(one.asks)[-1]
        there = one.lines(f"{path}:{number(one.asks)}")[0]
        assert [
            option
            for option in one.options
            if same(line.replace("____", option), there)
        ] == [one.right]


def test_who_calls_on_it_does_on_the_line_that_is_said(
    courses: Courses,
) -> None:
    for one in exercises(courses, "What calls it?"):
        _, path, code = codes(one.answer)
        line = one.lines(f"{path}:{number(one.answer)}")[0]
        assert same(code, line)
        assert names(codes(one.asks)[0].rpartition(".")[2], line)
        assert one.right in one.options


def test_a_definition_begins_where_it_is_said_to_live(courses: Courses) -> None:
    for one in exercises(courses, "Where is it?"):
        path, place, code = codes(one.answer)
        assert path == one.right == place.rpartition(":")[0]
        assert same(code, one.lines(place)[0])
        assert names(codes(one.asks)[0].rpartition(".")[2], one.lines(place)[0])


def test_the_condition_stands_above_the_failure_and_no_other_option_is_nearer(
    courses: Courses,
) -> None:
    for one in exercises(courses, "When does it fail?"):
        path, _, last = codes(one.answer)[1].rpartition(":")
        above = dense(one.lines(f"{path}:1")[: int(last)])
        apart = [
            option
            for option in one.options
            if option == one.right or option not in one.right
        ]
        places = {
            option: above.rfind(dense([option.removesuffix(MORE)]))
            for option in apart
        }
        assert max(places, key=lambda option: places[option]) == one.right


def test_what_is_given_back_stands_on_the_line_that_is_said(
    courses: Courses,
) -> None:
    for one in exercises(courses, "What does it return?"):
        path = codes(one.asks)[1].rpartition(":")[0]
        lines = one.lines(f"{path}:{number(one.answer)}")
        assert same(codes(one.answer)[1], lines[0])
        assert dense([one.right.removesuffix(MORE)]) in dense(lines[:60])


def test_what_extends_a_type_says_so_where_it_begins(courses: Courses) -> None:
    for one in exercises(courses, "What extends it?"):
        head = dense(one.lines(codes(one.answer)[1])[:4])
        assert head.index(one.right) < head.rindex(codes(one.asks)[0])
