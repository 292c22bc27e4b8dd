"""Repositories without parsable code, whose chapters are about files and headings."""

from pathlib import Path

import pytest

from tests.support.analysed import analysed, names, related
from worker.engines.static.analysis import NoTextError


def test_headings_of_a_single_document_are_the_units(tmp_path: Path) -> None:
    text = (
        "# Bread\n\nHow to bake.\n\n## Flour\n\nTake **500 g** of it. See Water.\n\n"
        "## Water\n\nTake 350 g.\n"
    )
    analysis = analysed(tmp_path, {"README.md": text})
    assert names(analysis) == ["Flour", "Water"]
    assert [unit.headings for unit in analysis.units] == [
        (("README.md", 1),),
        (("README.md", 2),),
    ]
    assert related(analysis) == ["Flour mentions Water (README.md:7)"]
    assert (
        analysis.units[0].description
        == "Take 500 g of it. See Water. `README.md` has 11 lines of Markdown."
    )


def test_several_documents_are_a_unit_each(tmp_path: Path) -> None:
    files = {
        f"{name}.md": f"# The {name}\n\nSee `oven.md`.\n"
        for name in ("oven", "bread", "flour")
    }
    analysis = analysed(tmp_path, files)
    assert sorted(names(analysis)) == ["The bread", "The oven"]


def test_languages_without_a_grammar_are_known_by_their_files(
    tmp_path: Path,
) -> None:
    files = {
        "main.lua": "local stock = require 'stock'\nstock.take()\n" * 9,
        "stock.lua": "function take()\n  return 1\nend\n" * 9,
        "lib/prices.lua": "function price() end\n" * 9,
    }
    analysis = analysed(tmp_path, files)
    assert names(analysis)[0] == "Main"
    assert "Main mentions Stock (main.lua:1)" in related(analysis)
    assert analysis.units[0].file_paths[:2] == ("main.lua", "stock.lua")


def test_a_repository_of_code_and_documents_has_units_of_both(
    tmp_path: Path,
) -> None:
    files = {
        f"a{number}.py": f"class A{number}:\n" + "    def go(self): pass\n" * 60
        for number in range(3)
    }
    files |= {
        f"b{number}.lua": f"B{number} = 1\n" + "function go() end\n" * 60
        for number in range(3)
    }
    unit_names = names(analysed(tmp_path, files))
    assert {name[0] for name in unit_names} == {"A", "B"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("a.txt", "x\n"),
        ("a.csv", "a,b\n1,2\n"),
        ("LICENSE", "Permission is hereby granted.\n"),
        ("a.yaml", "a: 1\n"),
        ("package.json", "{}\n"),
        (".gitignore", "*\n"),
        ("tests/data.sql", "SELECT 1;\n"),
        ("style.css", "p {}\n"),
        (
            "notes.ipynb",
            '{"cells": [{"cell_type": "markdown", "source": ["# Hi\\n", "Text."]}]}',
        ),
        ("broken.ipynb", '{"cells": 3}'),
        ("a.py", "# only a comment\n"),
        ("a.py", "def (((:\n"),
        ("a.rst", "Title\n=====\n\nText.\n"),
    ],
)
def test_any_text_makes_a_unit(tmp_path: Path, path: str, body: str) -> None:
    analysis = analysed(tmp_path, {path: body})
    assert analysis.units
    assert all(
        unit.name and unit.description and unit.file_paths
        for unit in analysis.units
    )
    assert len(analysis.order) == len(analysis.units)


@pytest.mark.parametrize(
    "files", [{}, {"a": b""}, {"a": b" \n\t\n"}, {"logo.png": b"\x89PNG\0\0"}]
)
def test_a_repository_without_text_has_no_units(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    with pytest.raises(NoTextError):
        analysed(tmp_path, files)


def test_a_licence_that_names_files_does_not_belong_to_their_units(
    tmp_path: Path,
) -> None:
    files = {
        "main.lua": "local stock = require 'stock'\nstock.take()\n" * 9,
        "stock.lua": "function take()\n  return 1\nend\n" * 9,
        "LICENSE": "Redistribution of the stock and its main parts.\n",
        "AUTHORS": "main, stock: A. Nonymous\n",
    }
    shown = {
        path
        for unit in analysed(tmp_path, files).units
        for path in unit.file_paths
    }
    assert shown == {"main.lua", "stock.lua"}


def test_a_file_without_a_grammar_is_what_its_first_comment_says(
    tmp_path: Path,
) -> None:
    files = {
        "stock.lua": "-- Counts the loaves in the store.\n\nfunction take()\n  return 1\nend\n"
    }
    [unit] = analysed(tmp_path, files).units
    assert unit.description.startswith("Counts the loaves in the store. `stock")
