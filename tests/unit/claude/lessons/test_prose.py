import pytest

from worker.engines.claude.prose import forbidden, rendered


def link(number: int) -> str | None:
    return "[Chapter 3, Signer](chapter_3_signer.md)" if number == 3 else None


@pytest.mark.parametrize(
    ("raw", "markdown"),
    [
        ("A `name` and *one* thing.", "A `name` and *one* thing."),
        ("**Strong**: yes.", "**Strong**: yes."),
        ("See [[3]].", "See [Chapter 3, Signer](chapter_3_signer.md)."),
        ("See [[9]].", r"See \[\[9\]\]."),
        ("Steps:\n1. one\n2. two", "Steps:\n\n1. one\n2. two"),
        ("1. One. 2. Two, 3. 3. Three.", "1. One.\n2. Two, 3.\n3. Three."),
        ("Steps: 1. `a 2. b`. 2. b", "Steps:\n\n1. `a 2. b`.\n2. b"),
        ("It is 1. Then 2. Then 3.", "It is 1. Then 2. Then 3."),
        ("It is so. 2. It is.", "It is so. 2. It is."),
        ("- a\n- b\n  goes on", "- a\n- b goes on"),
        ("One.\n\nTwo.", "One.\n\nTwo."),
        ("a ` b", r"a \` b"),
        ("2 * 3 * 4", r"2 \* 3 \* 4"),
    ],
)
def test_allowed_markup_has_an_effect(raw: str, markdown: str) -> None:
    assert rendered(raw, link) == markdown


@pytest.mark.parametrize(
    ("raw", "markdown"),
    [
        ("# Title", r"\# Title"),
        ("<b>x</b>", r"\<b\>x\</b\>"),
        ("[x](http://y)", r"\[x\](`http://y`)"),
        ("```\ncode", r"\`\`\` code"),
        ("![x](y.png)", r"!\[x\](y.png)"),
    ],
)
def test_everything_else_is_text(raw: str, markdown: str) -> None:
    assert rendered(raw, link) == markdown


@pytest.mark.parametrize(
    ("raw", "noun"),
    [
        ("<b>x</b>", "HTML"),
        ("[x](y)", "a link"),
        ("www.example.com", "a link"),
        ("a\n```\nb", "a code fence"),
        ("# x", "a heading"),
        ("| a | b |", "a table"),
    ],
)
def test_forbidden_markup_is_named(raw: str, noun: str) -> None:
    assert noun in list(forbidden(raw))


def test_code_may_contain_what_prose_may_not() -> None:
    assert list(forbidden("`List<int>` and `x[0](y)`")) == []
