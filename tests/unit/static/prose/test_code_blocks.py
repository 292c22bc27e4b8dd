"""Blocks of code in documents and docstrings."""

import pytest

from worker.engines.static.prose.code_blocks import (
    DOCTEST,
    code_blocks,
    quoted,
    uncommented,
)


def found(text: str) -> list[tuple[str, str]]:
    lines = text.split("\n")
    return [
        ("\n".join(lines[block.first : block.last + 1]), block.tag)
        for block in code_blocks(lines)
    ]


@pytest.mark.parametrize(
    ("text", "code", "tag"),
    [
        ("a\n\n```python\nx = 1\n```\nb", "x = 1", "python"),
        ("a\n\n~~~ JS title\nx\n~~~", "x", "js"),
        ("````\n```\n````", "```", ""),
        (">>> f(1)\n2\n>>> g\n\nend", ">>> f(1)\n2\n>>> g", DOCTEST),
        ("Use it::\n\n    f(1)\n\n    g()\n\nend", "    f(1)\n\n    g()", ""),
        (
            ".. code-block:: python\n    :linenos:\n\n    f(1)\n\nend",
            "    f(1)",
            "python",
        ),
        ("@example\n f(1);\n g();\n@param x", " f(1);\n g();", ""),
        ("A title\n```````\n\nUse::\n\n    f(1)\n\nend", "    f(1)", ""),
        ("A longer title\n````\n```\n````", "```", ""),
    ],
)
def test_blocks_are_found_by_their_lines(
    text: str, code: str, tag: str
) -> None:
    assert found(text) == [(code, tag)]


@pytest.mark.parametrize(
    "text",
    [
        "no code",
        "```python\nnever closed",
        "A colon::\nand no block",
        ".. note::\n\n    words",
        "@example\n@param x",
    ],
)
def test_other_text_is_not_code(text: str) -> None:
    assert found(text) == []


def test_marks_and_shared_indentation_are_taken_off() -> None:
    assert uncommented(["    # a", "    #   b", "    #"]) == ["a", "  b", ""]
    assert uncommented(["    a", "", "      b"]) == ["a", "", "  b"]
    assert uncommented(["    a", "    # b"]) == ["a", "# b"]


def test_a_session_without_the_prompts_that_would_end_a_statement() -> None:
    session = [
        ">>> class A:",
        "...     x = 1",
        "...",
        "...     y = 2",
        "...",
        ">>> A.x",
        "1",
    ]
    shown = [*session[:2], *session[3:]]
    assert quoted(session, [(1, 7)], DOCTEST) == shown
    apart = [*session[:2], session[3], "", *session[5:]]
    assert quoted(session, [(1, 2), (4, 4), (6, 7)], DOCTEST) == apart
