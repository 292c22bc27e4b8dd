"""Numbers, lists and sentences."""

from worker.engines.static.prose.phrases import (
    capital,
    counted,
    listed,
    new_words,
    number,
    sentence,
)


def test_sentences_have_a_capital_and_a_full_stop() -> None:
    texts = ("does it", "iPhone x", "Does it!", " ", "x …")
    assert [sentence(text) for text in texts] == [
        "Does it.",
        "iPhone x.",
        "Does it!",
        "",
        "X …",
    ]


def test_numbers_are_words_up_to_ten_and_digits_above() -> None:
    assert [number(count) for count in (0, 1, 10, 11, 1234)] == [
        "no",
        "one",
        "ten",
        "11",
        "1,234",
    ]


def test_nouns_agree_with_their_numbers() -> None:
    assert [counted(count, "file") for count in (0, 1, 2, 12)] == [
        "no files",
        "one file",
        "two files",
        "12 files",
    ]


def test_lists_end_with_and_and_count_what_they_do_not_show() -> None:
    assert [listed(list("abc")[:count]) for count in range(4)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert listed(list("abcde"), 2) == "a, b and three more"
    assert listed(list("abc"), 2) == "a, b and c"
    assert capital("one") == "One"


def test_words_of_the_name_and_particles_are_not_new() -> None:
    said = "Are we at the end of a tuple?"
    assert new_words("Parser.is_tuple_end", said) == []
    assert new_words("Parser.end", said) == ["tuple"]
