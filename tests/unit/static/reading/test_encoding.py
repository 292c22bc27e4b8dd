"""Bytes are decoded to text that can be shown anywhere, or not at all."""

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
        ("class Wide {}\n".encode("utf-16-le"), "class Wide {}\n"),
        ("class Wide {}\n".encode("utf-16-be"), "class Wide {}\n"),
        ("café — 日本語 ".encode() + b"\xff", "café — 日本語  "),
    ],
)
def test_text_is_read_in_any_encoding(data: bytes, text: str) -> None:
    assert decode(data) == text


SOURCE = (
    "#include <a.h>\n\n/* {} */\nint push(int value)\n{{\n    return 0;\n}}\n\n/* {} */\n"
    "int pop(void);\n"
)


@pytest.mark.parametrize(
    ("encoding", "comments"),
    [
        ("gbk", ("环形队列的结构", "把一个值放进队列")),
        ("gbk", ("从队列取出一个值", "初始化")),
        ("big5", ("環形佇列的結構", "傳回錯誤碼,如果失敗則傳回負數")),
        ("shift_jis", ("リングキューの構造体", "値をキューに入れます")),
        ("euc_jp", ("値をキューに入れます", "初期化する")),
        ("euc_kr", ("링 큐 구조체", "큐에 값을 넣는다")),
        ("cp1251", ("Структура кольцевой очереди", "Кладёт значение")),
        ("koi8_r", ("Возвращает ошибку, если пусто", "Структура очереди")),
        ("cp1252", ("Gibt die Länge der Größe zurück", "l\u2019été «voilà»")),
        ("cp1250", ("Zwraca długość kolejki w bajtach", "moduł połączeń")),
    ],
)
def test_comments_in_the_encoding_of_one_language_are_read(
    encoding: str, comments: tuple[str, str]
) -> None:
    source = SOURCE.format(*comments)
    assert decode(source.encode(encoding)) == source


def test_characters_of_an_unknown_encoding_are_blank() -> None:
    comment = b"\x80\xae\xff\x81\xff\xd2\xd2\xd2\x88"
    before, after = SOURCE.format("\0", "again").split("\0")
    data = before.encode() + comment + after.encode()
    assert decode(data) == f"{before} {after}"


@pytest.mark.parametrize(
    "data",
    [
        b"a\0b",
        b"\x89PNG\r\n\x1a\n\0\0",
        bytes(range(128, 160)) * 10 + b"\xff" * 9,
    ],
)
def test_bytes_that_are_not_text_are_not_decoded(data: bytes) -> None:
    assert decode(data) is None


def test_bytes_of_a_path_that_cannot_be_shown_are_spelled_out() -> None:
    assert shown("a/caf\udce9\n\t\x1b.py") == r"a/caf\xe9\x0a\x09\x1b.py"
