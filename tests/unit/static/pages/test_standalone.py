"""Whether an example runs as it is shown."""

import pytest

from worker.engines.static.pages.standalone import (
    executed,
    is_hollow,
    is_of_another,
    is_whole,
    loads,
    parses,
)
from worker.engines.static.parsing.identifiers import words_of

GO = """package main

import (
\t"x.org/m/v2"
\tnamed "x.org/other"
)

const most, least = 2, 1

var all = 1

func Do(some ...int) (err error) {
\tfor key, value := range some {
\t\tgo named.Run(key, value)
\t}
\tswitch kind := m.New(all).(type) {
\tcase int:
\t\tprintln(kind, most, m.Field{Name: string(err)})
\t}
\treturn
}

func main() {
\tDo(len("x"))
}
"""


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("from shop import Shop\nShop().sell(name='x')", "python"),
        ("import a.b as c\nfor x in c.y:\n    print(x.z)", "python"),
        ("def f(a, *b, c: int = 1):\n    return a, b, c\nf(1)", "python"),
        ("x = [y for y in range(3)]\nx.append(len(x))", "python"),
        ("with open('f') as file:\n    file.read()", "python"),
        (">>> import shop\n>>> shop.sell()\n5", "pycon"),
        ('package main\n\nimport "m"\n\nfunc main() {\n\tm.Do()\n}', "go"),
        (GO, "go"),
        ("import { z } from 'zod'\nz.string()", "typescript"),
    ],
)
def test_code_that_binds_its_names_is_whole(code: str, tag: str) -> None:
    assert is_whole(code.split("\n"), tag)


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("shop.sell()", "python"),
        ("app.client = 1\nclient = app.test()", "python"),
        ("def broken(:", "python"),
        ("import shop\nawait shop.sell()", "python"),
        (">>> shop.sell()\n5", "pycon"),
        ("cmd := &cobra.Command{}", "go"),
        ("package main\n\nfunc main() {\n\tm.Do()\n}", "go"),
        ("z.string()", "typescript"),
        ("anything", "lua"),
    ],
)
def test_code_that_needs_more_is_not_whole(code: str, tag: str) -> None:
    assert not is_whole(code.split("\n"), tag)


@pytest.mark.parametrize(
    "line", ["...", "    ...", "…", ".. autoclass:: X", "y = render(...)"]
)
def test_code_with_parts_left_out_is_hollow(line: str) -> None:
    assert is_hollow(["x = 1", line], "python")


@pytest.mark.parametrize(
    ("code", "is_value"),
    [
        ("{'name': 'a', 'size': 1}", True),
        ("'a text'", True),
        ("# a comment\n[1, 2]", True),
        ("size(1)", False),
        ("sizes = [1, 2]", False),
    ],
)
def test_a_value_that_is_only_written_down_is_hollow(
    code: str, *, is_value: bool
) -> None:
    assert is_hollow(code.split("\n"), "python") is is_value


def test_code_that_defines_a_name_is_about_another() -> None:
    lines = ["class Config:", "    debug = True"]
    assert is_of_another("Config", lines, "python", {"shop"})
    assert not is_of_another("Shop", lines, "python", {"shop"})


@pytest.mark.parametrize(
    ("code", "tag", "is_complete"),
    [
        ("def f():\n    return 1", "python", True),
        ("    def f():\n        return 1", "python", True),
        ("def f():\n    # for you to write", "python", False),
        ("print 'sold'", "python", False),
        (">>> def f():\n...     return 1\n>>> f()\n1", "pycon", True),
        (">>> f(\n1", "pycon", False),
        ("shop := New()\nshop.Sell()", "go", True),
        ("shop := New(", "go", False),
        ("$shop = new Shop();", "php", True),
        ("$shop = new Shop(;", "php", False),
        ("<?php\n$shop = new Shop();", "php", True),
        ("const shop = new Shop(...)", "javascript", False),
        ("struct shop {\n    int size;\n}", "c", False),
    ],
)
def test_code_that_is_cut_does_not_parse(
    code: str, tag: str, *, is_complete: bool
) -> None:
    assert parses(code.split("\n"), tag) is is_complete


@pytest.mark.parametrize(
    ("tag", "is_other"), [("typescript", True), ("javascript", False)]
)
def test_a_variable_of_typescript_is_not_the_type_of_its_name(
    tag: str, *, is_other: bool
) -> None:
    lines = ["const input = read();", "User.parse(input);"]
    assert is_of_another("input", lines, tag, set()) is is_other
    assert not is_of_another("User", lines, tag, set())


@pytest.mark.parametrize(
    ("code", "files"),
    [
        ('r.LoadHTMLGlob("assets/*")', {"assets/*"}),
        ("//go:embed assets/*", {"assets/*"}),
        ("open('./x.txt').read()", {"x.txt"}),
        ("open('x.txt', 'w')", set()),
        ("c.FormFile(form.Avatar)", set()),
        ('r.GET("/x.txt", f)', set()),
    ],
)
def test_the_files_that_a_program_reads(code: str, files: set[str]) -> None:
    assert loads(code) == files


def test_of_a_session_what_is_typed_outside_of_functions_is_executed() -> None:
    session = [
        ">>> def sell():",
        "...     return pay()",
        "",
        ">>> close()",
        "closed",
    ]
    code = executed(session, "pycon")
    assert words_of(code) == ["def", "sell", "close"]
