"""Bytes become text that can be shown anywhere, or none."""

import pytest

from worker.engines.static.reading.encoding import decode, shown


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (b"\xef\xbb\xbfa", "a"),
        ("é".encode("utf-16"), "é"),
        ("é".encode("utf-32"), "é"),
        (b"caf\xe9", "café"),
        (b"a\x1b[31m\x07\tb", "a [31m \tb"),
        ("a\u2028b\ufeffc\x85".encode(), "a b c "),
        (b"x" * 9000 + b"\0", "x" * 9000 + " "),
        (b"", ""),
    ],
)
def test_text_is_read_in_whatever_encoding_it_has(
    data: bytes, text: str
) -> None:
    assert decode(data) == text


@pytest.mark.parametrize(
    "data",
    [
        b"a\0b",
        b"\x89PNG\r\n\x1a\n\0\0",
        bytes(range(128, 160)) * 10 + b"\xff" * 9,
    ],
)
def test_what_is_no_text_is_none(data: bytes) -> None:
    assert decode(data) is None


def test_bytes_of_a_path_that_cannot_be_shown_are_spelled_out() -> None:
    assert shown("a/caf\udce9\n\t\x1b.py") == r"a/caf\xe9\x0a\x09\x1b.py"
