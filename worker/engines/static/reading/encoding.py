"""From bytes that may be anything to text that can be shown, or to the verdict that it is none."""

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

_LOOKED_AT: Final = 8192
"""So many bytes without a NUL make a file text, as git sees it."""
_MOST_CONTROLS: Final = 0.02
"""A text in an unknown encoding with a larger share of control characters is none."""

_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
)


def decode(data: bytes) -> str | None:
    """Return a file's text, or None if it is not text.

    Lines end in a newline alone, and control characters are spaces: what is quoted from it
    can be shown anywhere.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _clean(data[len(mark) :].decode(name, "replace"))
    if b"\0" in data[:_LOOKED_AT]:
        return None
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    head = text[:_LOOKED_AT]
    controls = len(_CONTROL.findall(head.replace("\r", ""))) + head.count(
        "\ufffd"
    )
    return None if controls > len(head) * _MOST_CONTROLS else _clean(text)


def _clean(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(" ", text)


def shown(path: str) -> str:
    r"""Return a path for people: bytes that are not UTF-8, and controls, as `\xff`."""
    return "".join(
        f"\\x{ord(char) & 0xFF:02x}"
        if "\udc80" <= char <= "\udcff"
        or _CONTROL.match(char)
        or char in "\n\t"
        else char
        for char in path
    )
