"""Documents: their headings, the text below them, and the code that they name."""

import json

import pytest

from worker.engines.static.reading.documents import (
    MAX_LEAD,
    MAX_TITLE,
    code_names,
    comment_on_top,
    headings,
    lead,
    named,
    notebook,
    plain,
)
from worker.engines.static.reading.language import Language

MARKDOWN = """\
---
title: x
---

# The title

![badge](x.png)

What it *is*, in `two`
lines.

```sh
# no heading
```

## A part ##

Text of [the part](y.md).

Underlined
----------
More.
"""
RST = """\
=====
Title
=====

Text with :func:`~shop.sell` in it.

Part
====

Sub
---

- a list
"""


def test_markdown_has_headings_with_levels_lines_and_first_paragraphs() -> None:
    sections = headings(Language.MARKDOWN, MARKDOWN)
    assert [(heading.title, heading.line) for heading in sections] == [
        ("The title", 5),
        ("A part", 16),
        ("Underlined", 20),
    ]
    assert [heading.level for heading in sections[:2]] == [1, 2]
    leads = {
        heading.title: lead(Language.MARKDOWN, MARKDOWN, heading)
        for heading in sections
    }
    assert leads["The title"] == "What it is, in two lines."
    assert leads["A part"] == "Text of the part."
    assert leads["Underlined"] == "More."


def test_restructured_text_has_levels_by_the_order_of_its_marks() -> None:
    sections = headings(Language.RST, RST)
    assert [(heading.title, heading.line) for heading in sections] == [
        ("Title", 2),
        ("Part", 7),
        ("Sub", 10),
    ]
    assert sections[0].level < sections[2].level
    first = lead(Language.RST, RST, sections[0])
    assert first == "Text with shop.sell in it."


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            Language.ASCIIDOC,
            "= Title\n\nText.\n\n== Part\n",
            [(1, "Title"), (2, "Part")],
        ),
        (
            Language.LATEX,
            "\\section{One}\n\\subsection*{Two}\n",
            [(1, "One"), (2, "Two")],
        ),
        (
            Language.TEXT,
            "1. Beginning\n\ntext\n\n1.1 Deeper\n",
            [(1, "Beginning"), (2, "Deeper")],
        ),
        (Language.PYTHON, "# no heading\n", []),
        (Language.MARKDOWN, "~~~\n# code\n~~~\n# Real\n", [(1, "Real")]),
        (Language.MARKDOWN, "#no heading\n\n# <img src=x>\n", []),
        (Language.MARKDOWN, "## C# ##  \n# ##\n# F#\n", [(2, "C#"), (1, "F#")]),
        # With a choice of ends for each space this would take minutes.
        (Language.MARKDOWN, f"# a{' ' * 9000}b\n", [(1, "a")]),
    ],
)
def test_each_language_has_its_own_headings(
    language: Language, text: str, expected: list[tuple[int, str]]
) -> None:
    assert [
        (heading.level, heading.title) for heading in headings(language, text)
    ] == expected


def test_an_indented_line_is_a_heading_between_two_equal_lines() -> None:
    text = "=======\n Tasks\n=======\n\n Indented\n--------\n\n the end"
    assert [
        (heading.title, heading.line)
        for heading in headings(Language.RST, text)
    ] == [("Tasks", 2)]


def test_a_heading_ends_before_the_next() -> None:
    sections = headings(Language.MARKDOWN, "# A\n\ntext\n\n# B\ntext\n")
    assert [(heading.line, heading.end_line) for heading in sections] == [
        (1, 4),
        (5, 7),
    ]


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("-- Keeps loaves\n-- in a store.\n\nlocal x = 1\n", "Keeps loaves in a store."),
        ("#!/bin/sh\n# -*- sh -*-\n\n# Deploys all of it.\n\n# More.\n", "Deploys all of it."),
        ("%% Copyright (c) 2020 A.\n%% All rights reserved.\n\n%% Keeps all loaves.\n",
        "Keeps all loaves."),
        ("{- | Keeps all loaves. -}\nmodule A\n", "Keeps all loaves."),
        ("(** Keeps all loaves. *)\nopen Oven\n", "Keeps all loaves."),
        ("-- Sells one of them.\nfunction sell()\nend\n", ""),
        ("/*\n * Keeps all loaves.\n */\n\nclass A\n", "Keeps all loaves."),
        ("//\n//  A.swift\n//  Oven\n//\n// Created by A.\n//\n/// Keeps all loaves.\nimport A\n",
        "Keeps all loaves."),
        ("import A\n// not at the top\n", ""),
        # With a choice of ends for each space this would take minutes.
        (f"{{-a{' ' * 3900}page is read once -}}\n", "a page is read once"),
        ("#version 300 es\n", ""),
        ("-- Licensed under the Apache License.\nx\n", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_comment_at_the_top_of_code_says_what_it_is(
    text: str, comment: str
) -> None:
    assert comment_on_top(text) == comment


def test_endless_titles_and_paragraphs_are_cut() -> None:
    document = f"# {'x' * 5000}\n\n{'y' * 5000}\n"
    heading, *_ = headings(Language.MARKDOWN, document)
    paragraph = lead(Language.MARKDOWN, document, heading)
    assert (len(heading.title), len(paragraph)) == (MAX_TITLE, MAX_LEAD)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("**bold** and *thin* and `code`", "bold and thin and code"),
        ("[![badge](a)](b) text", "text"),
        ("a <b>tag</b> <!-- note -->", "a tag"),
        (":class:`~x.Y` and `link <http://z>`_", "x.Y and link"),
    ],
)
def test_plain_text_has_no_markup(marked: str, expected: str) -> None:
    assert plain(marked) == expected


def test_code_in_documents_is_found_by_how_it_is_shown() -> None:
    words = "Use `Store.sell` or snake_case and CamelCase, not words."
    text = f"{words}\n\n    indented(code)\n\n```py\nfenced\n```\n"
    shown = {
        "Store",
        "sell",
        "snake_case",
        "CamelCase",
        "indented",
        "code",
        "fenced",
    }
    assert code_names(text, frozenset({*shown, "words", "Use"})) == shown


def test_tests_are_read_for_all_their_names() -> None:
    names = frozenset({"store", "sell", "buy"})
    assert named("store.sell(1)", names) == {"store", "sell"}


def test_a_notebook_is_read_as_markdown() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "text"]},
        {"cell_type": "code", "source": "x = 1"},
        {"cell_type": "code"},
        "nonsense",
    ]
    assert (
        notebook(json.dumps({"cells": cells}))
        == "# Title\ntext\n\n```\nx = 1\n```\n\n```\n\n```\n"
    )


@pytest.mark.parametrize(
    "broken", ["", "[]", "{", "[" * 100_000, '{"cells": 3}', "null"]
)
def test_a_broken_notebook_says_nothing(broken: str) -> None:
    assert notebook(broken) == ""
