"""Words: those of texts, and those that identifiers are made of."""

import pytest

from worker.engines.static.parsing.identifiers import parts, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("a.b_c(d2)\n\t'e'", ["a", "b_c", "d2", "e"]),
        ("\x00a\x7fb~c", ["a", "b", "c"]),
        ("Größe: naïve—größer", ["Größe", "naïve", "größer"]),
        ("a\u00a0b", ["a", "b"]),
    ],
)
def test_a_text_s_words_are_its_runs_of_letters_digits_and_underscores(
    text: str, words: list[str]
) -> None:
    assert words_of(text) == words


def test_an_identifier_has_the_words_that_case_and_underscores_part() -> None:
    assert parts("HTTPConnection_pool2") == ("HTTP", "Connection", "pool2")
