"""Turns bytes into text that can be shown, or finds that they are not text."""

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks; that of UTF-16 is the beginning of that of UTF-32."""
_LEGACY: Final = [
    "gb18030",
    "big5",
    "cp932",
    "euc_jp",
    "cp949",
    "cp1251",
    "koi8_r",
    "cp1250",
    "cp1253",
]
"""Encodings to look for in a file that is neither UTF-8 nor Western European."""

_HEAD: Final = 8192
"""Bytes without a NUL that make a file text, as git sees it."""
_SAMPLE: Final = 16 * 1024
"""Bytes of lines that are not ASCII by which an encoding is recognised."""
_MOST_CONTROLS: Final = 0.02
"""A text with a larger share of control characters is binary."""
_WESTERN: Final = 0.6
"""The largest share of bytes above ASCII in Western European words with accents."""
_WIDE: Final = 0.4
"""The share of NULs at even or odd places in UTF-16 without a mark."""
_FEW_BROKEN: Final = 0.25
"""A UTF-8 text may have broken characters up to this share of its sound ones."""

_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
)
_PLAIN: Final = bytes(
    32 if _CONTROL.match(chr(code)) else code for code in range(256)
)
"""ASCII without its control characters."""
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_WORD: Final = re.compile(rb"[A-Za-z\x80-\xff]+")
_CENTRAL: Final = re.compile(rb"[A-Za-z][\x9d\xb3\xb9\xbe\xbf][a-z]")
"""Letters in Central European words that are no letters elsewhere: `d\xb3ugo`."""
_HIGH_LINE: Final = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_IDEOGRAPH: Final = re.compile(r"[\u4e00-\u9fff]")


def decode(data: bytes) -> str | None:
    """Return a file's text, or None if it is not text.

    Lines end in a newline alone, and control characters are spaces: what is
    quoted from it can be shown anywhere.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _clean(data[len(mark) :].decode(name, "replace"))
    if b"\0" in data[:_HEAD]:
        return _wide(data)
    if data.isascii():
        plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return plain.translate(_PLAIN).decode("ascii")
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _mended(data) or _legacy(data)


def _wide(data: bytes) -> str | None:
    """Return UTF-16 text that has no byte order mark."""
    if len(data) % 2:
        return None
    head = data[:_HEAD]
    even = head[::2].count(0)
    odd = head[1::2].count(0)
    fewest = len(head) // 2 * _WIDE
    if odd > fewest and not even:
        return _clean(data.decode("utf-16-le", "replace"))
    if even > fewest and not odd:
        return _clean(data.decode("utf-16-be", "replace"))
    return None


def _mended(data: bytes) -> str | None:
    """Return UTF-8 text with a few broken characters."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    plain = len(text.encode("ascii", "ignore"))
    sound = len(text) - plain - broken
    if broken > sound * _FEW_BROKEN:
        return None
    return _clean(text.replace("\ufffd", " "))


def _legacy(data: bytes) -> str | None:
    """Return text in an encoding of one language.

    Bytes above ASCII are blank where the encoding is unknown.
    """
    name = _encoding(data)
    start = data[:_HEAD]
    head = start.decode(name or "cp1252", "replace")
    head = head.replace("\r", "")
    broken = head.count("\ufffd")
    controls = broken + len(_CONTROL.findall(head))
    most = len(head) * _MOST_CONTROLS
    if controls > most:
        return None
    if name is None:
        plain = _HIGH.sub(b" ", data)
        return _clean(plain.decode("ascii"))
    text = data.decode(name, "replace")
    return _clean(text)


def _encoding(data: bytes) -> str | None:
    """Tell the encoding of text that is not UTF-8."""
    high_lines = _HIGH_LINE.findall(data)
    lines = b"\n".join(high_lines)[:_SAMPLE]
    runs = _HIGH.findall(lines)
    words = _WORD.findall(lines)
    foreign = [word for word in words if not word.isascii()]
    letters = sum(map(len, foreign))
    accented = sum(map(len, runs))
    is_western = accented <= letters * _WESTERN
    if accented == len(runs) or is_western:
        if _CENTRAL.search(lines):
            return "cp1250"
        return "cp1252"
    # Few repositories need it, and it takes long to load.
    from charset_normalizer import from_bytes  # noqa: PLC0415 - see above

    for match in from_bytes(lines, cp_isolation=_LEGACY):
        # Korean is written without ideographs, which are what its encoding makes of Chinese.
        if match.encoding != "cp949" or not _IDEOGRAPH.search(str(match)):
            return match.encoding
    return None


def _clean(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(" ", text)


def shown(path: str) -> str:
    r"""Return a path for people: bytes that are not UTF-8, and controls, as `\xff`."""
    if path.isascii() and path.isprintable():
        return path
    return "".join(
        f"\\x{ord(char) & 0xFF:02x}"
        if "\udc80" <= char <= "\udcff"
        or _CONTROL.match(char)
        or char in "\n\t"
        else char
        for char in path
    )
