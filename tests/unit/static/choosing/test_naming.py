"""The names of units, and the words in identifiers."""

import pytest

from worker.engines.static.choosing.naming import (
    MAX_NAME,
    distinct,
    title,
    unit_name,
)
from worker.engines.static.facts import Definition, Kind
from worker.engines.static.parsing.identifiers import parts


def definition(name: str, path: str = "src/shop/cookie_jar.py") -> Definition:
    return Definition(
        index=0,
        name=name,
        qualified=name,
        kind=Kind.CLASS,
        path=path,
        line=1,
        end_line=1,
        signature="",
    )


@pytest.mark.parametrize(
    ("leaders", "expected"),
    [
        ("Store", "Store"),
        ("bake eat", "bake and eat"),
        ("bake eat hide", "bake, eat and hide"),
        ("bake bake", "bake"),
        (f"{'a' * 30} {'b' * 30}", "a" * 30),
    ],
)
def test_units_are_called_after_what_they_are_about(
    leaders: str, expected: str
) -> None:
    assert unit_name([definition(name) for name in leaders.split()]) == expected


def test_titles_are_words_with_capitals() -> None:
    assert [title(name) for name in ("cookie_jar", "HTTPPool", "__", "日本", "a-b.c")] == [
        "Cookie Jar", "HTTP Pool", "__", "日本", "A B C",
    ]  # fmt: skip


def test_names_differ_in_lower_case_and_as_files() -> None:
    names = ["A b", "a  B", "a/b", "", "x" * 99]
    assert distinct(names, ["a.py", "web/b.py", "c.py", "d.py", "e.py"]) == [
        "A b",
        "Web a B",
        "a/b 2",
        "Untitled",
        "x" * MAX_NAME,
    ]


def test_units_of_the_same_name_are_distinguished_by_their_folders() -> None:
    paths = ["buffer.rb", "io/buffer.rb", "net/io/buffer.rb"]
    assert distinct(["Buffer", "Buffer", "Buffer"], paths) == [
        "Buffer",
        "Io Buffer",
        "Net Io Buffer",
    ]


def test_names_that_cannot_be_file_names_still_differ() -> None:
    unique = distinct(["日本", "中国", "!!"], ["a.py", "b.py", "c.py"])
    assert len(set(unique)) == 3


def test_identifiers_are_split_into_words() -> None:
    assert parts("HTTPConnection_pool2XMLHttp") == (
        "HTTP",
        "Connection",
        "pool2",
        "XML",
        "Http",
    )
