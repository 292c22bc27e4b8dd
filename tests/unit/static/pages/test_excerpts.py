"""Which lines of a definition are shown, and how they stand on the page."""

from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from worker.engines.static.pages import excerpts
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.pages.excerpts import Excerpt

LONG = "\n".join(
    [
        '"""Long things."""',
        "",
        "",
        "@decorated",
        "def work(first, second):",
        '    """Work hard.',
        "",
        "    This is said at length.",
        "    And goes on.",
        "    And on.",
        '    """',
        *(f"    first = first + {number}" for number in range(40)),
        "    helped = helper(first)",
        "    if helped:",
        '        raise ValueError("helped")',
        *(f"    second = second + {number}" for number in range(40)),
        "    return second",
        "",
        "",
        "def helper(value):",
        '    """Help."""',
        "    return value",
        "",
    ]
)


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, {"long.py": LONG})


def shown(facts: CourseFacts, excerpt: Excerpt) -> list[str]:
    lines = facts.texts.lines(excerpt.path)
    return [
        line
        for first, last in excerpt.spans
        for line in lines[first - 1 : last]
    ]


def test_a_short_definition_is_shown_whole(facts: CourseFacts) -> None:
    excerpt = excerpts.of_definition(facts, index_of(facts, "helper"))
    assert excerpt is not None
    assert shown(facts, excerpt) == [
        "def helper(value):",
        '    """Help."""',
        "    return value",
    ]
    assert excerpt.place == "`long.py:98-100`"


def test_of_a_long_one_the_telling_lines_are_shown_with_their_head_and_decorators(
    facts: CourseFacts,
) -> None:
    excerpt = excerpts.of_definition(facts, index_of(facts, "work"))
    assert excerpt is not None
    lines = shown(facts, excerpt)
    assert lines[:4] == [
        "@decorated",
        "def work(first, second):",
        '    """Work hard.',
        *lines[3:4],
    ]
    assert {
        "    helped = helper(first)",
        '        raise ValueError("helped")',
        "    return second",
    } <= set(lines)
    assert len(lines) <= excerpts.BUDGET + 3
    assert "    And on." not in lines


def test_a_raise_is_shown_with_its_condition(facts: CourseFacts) -> None:
    excerpt = excerpts.of_definition(facts, index_of(facts, "work"))
    assert excerpt is not None
    lines = shown(facts, excerpt)
    assert (
        lines[lines.index('        raise ValueError("helped")') - 1]
        == "    if helped:"
    )


def test_lines_that_are_left_out_are_named_on_the_page(
    facts: CourseFacts,
) -> None:
    excerpt = Excerpt(path="long.py", spans=((4, 5), (7, 8), (98, 98)))
    assert excerpts.rendered(facts, excerpt).split("\n") == [
        "`long.py:4-5,7-8,98`",
        "",
        "```python",
        "@decorated",
        "def work(first, second):",
        "⋯ line 6 omitted ⋯",
        "",
        "    This is said at length.",
        "⋯ lines 9-97 omitted ⋯",
        "def helper(value):",
        "```",
    ]


def test_an_excerpt_that_ends_early_says_where_its_definition_ends(
    facts: CourseFacts,
) -> None:
    excerpt = Excerpt(
        path="long.py", spans=((5, 6),), subject=index_of(facts, "work")
    )
    assert excerpts.rendered(facts, excerpt).startswith(
        "`long.py:5-6` (it continues to line 95)"
    )


def test_lines_of_a_file_are_shown_without_empty_ones_at_their_ends(
    facts: CourseFacts,
) -> None:
    assert excerpts.of_lines(facts, "long.py", 2, 5) == Excerpt(
        path="long.py", spans=((4, 5),)
    )
    assert excerpts.of_lines(facts, "long.py", 99, 500) == Excerpt(
        path="long.py", spans=((99, 100),)
    )
    assert excerpts.of_lines(facts, "long.py", 2, 3) is None
    assert excerpts.of_lines(facts, "nowhere.py", 1, 3) is None


def test_a_file_that_has_shrunk_under_our_hands_has_no_excerpt(
    facts: CourseFacts, tmp_path: Path
) -> None:
    (tmp_path / "long.py").write_text("x = 1\n")
    assert excerpts.of_definition(facts, index_of(facts, "helper")) is None


def test_an_excerpt_knows_its_lines() -> None:
    excerpt = Excerpt(path="x", spans=((3, 5), (9, 9)))
    assert [line for line in range(12) if excerpt.shows(line)] == [3, 4, 5, 9]


def test_a_type_is_shown_by_its_fields(tmp_path: Path) -> None:
    methods = "".join(
        f"\n    def act{n}(self):\n        return {n}\n" for n in range(20)
    )
    facts = read(
        tmp_path,
        {
            "thing.py": f'class Thing:\n    """Is one."""\n\n    size: int = 1\n    name = "x"\n{methods}'
        },
    )
    excerpt = excerpts.of_definition(facts, index_of(facts, "Thing"))
    assert excerpt is not None
    assert excerpt.spans == ((1, 5),)


def test_the_brace_that_closes_a_function_is_shown(tmp_path: Path) -> None:
    body = "".join(f"\tx += {n}\n" for n in range(60))
    facts = read(
        tmp_path,
        {
            "go.mod": "module m\n",
            "a.go": f"package m\n\nfunc Long() int {{\n\tx := 0\n{body}\treturn x\n}}\n",
        },
    )
    excerpt = excerpts.of_definition(facts, index_of(facts, "Long"))
    assert excerpt is not None
    assert shown(facts, excerpt)[-2:] == ["\treturn x", "}"]
