"""Numbers, lists and sentences."""

from worker.engines.static.prose.phrases import capital, counted, listed, sentence


def test_sentences_have_a_capital_and_a_full_stop() -> None:
    assert [sentence(said) for said in ("does it", "iPhone x", "Does it!", " ", "x …")] == [
        "Does it.", "iPhone x.", "Does it!", "", "X …",
    ]  # fmt: skip
    assert [counted(number, "file") for number in (0, 1, 2, 10, 1234)] == [
        "no files", "one file", "two files", "ten files", "1,234 files",
    ]  # fmt: skip
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_numbers_and_lists_are_written_as_one_says_them() -> None:
    assert [counted(n, "file") for n in (0, 1, 2, 12)] == [
        "no files",
        "one file",
        "two files",
        "12 files",
    ]
    assert counted(2, "entry", "entries") == "two entries"
    assert [listed(list("abcde")[:n]) for n in (0, 1, 2, 3)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert listed(list("abcde"), 2) == "a, b and 3 more"
    assert listed(list("abc"), 2) == "a, b and c"
    assert capital("one") == "One"
