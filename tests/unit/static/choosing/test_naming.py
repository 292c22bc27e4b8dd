"""How units are called, and what identifiers are made of."""

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
    ("symbols", "path", "is_module", "expected"),
    [
        ("Store", "src/store.py", False, "Store"),
        ("app", "lib/application.js", False, "Application (app)"),
        ("bake eat hide", "src/cookie_jar.py", True, "Cookie Jar (bake, eat)"),
        ("cookieJar eat", "src/cookie_jar.py", True, "cookieJar"),
        ("run", "src/http/index.ts", True, "Http (run)"),
        ("run", "main.go", True, "run"),
    ],
)
def test_units_are_called_after_their_main_symbol_or_module(
    symbols: str, path: str, expected: str, *, is_module: bool
) -> None:
    assert (
        unit_name(
            [definition(name, path) for name in symbols.split()],
            is_module=is_module,
        )
        == expected
    )


def test_titles_are_words_with_capitals() -> None:
    assert [title(name) for name in ("cookie_jar", "HTTPPool", "__", "日本", "a-b.c")] == [
        "Cookie Jar", "HTTP Pool", "__", "日本", "A B C",
    ]  # fmt: skip


def test_names_differ_in_lower_case_and_as_files() -> None:
    assert distinct(["A b", "a  B", "a/b", "", " ", "x" * 99]) == [
        "A b", "a B 2", "a/b 3", "Untitled", "Untitled 2", "x" * MAX_NAME,
    ]  # fmt: skip


def test_names_that_no_file_name_can_show_still_differ() -> None:
    found = distinct(["日本", "中国", "!!"])
    assert len(set(found)) == 3


def test_identifiers_fall_into_words() -> None:
    assert parts("HTTPConnection_pool2XMLHttp") == (
        "HTTP",
        "Connection",
        "pool2",
        "XML",
        "Http",
    )
