"""Stray characters around a value: spaces, quotes, and invisible ones."""

import unicodedata
from typing import Final

ADVICE: Final = (
    "set it to the bare value (quotes are kept by `docker --env-file`, "
    "and carriage returns come from files with Windows line ends)"
)

_CONTROL: Final = "Cc"
_INVISIBLE: Final = {"Zs", "Zl", "Zp", _CONTROL, "Cf"}
"""Unicode's categories of white space, control characters and characters without width."""
_QUOTES: Final = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_NAMES: Final = {
    " ": "a space",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a carriage return",
    "\u00a0": "a no-break space",
    "\u200b": "a zero-width space",
    "\ufeff": "a byte order mark",
}
_PATTERN_LIMIT: Final = 0x10000
"""The first character that some regular-expression dialects cannot express."""


def stray_fault(text: str) -> str | None:
    """Describe the stray characters of a text, or return None.

    Those are white space, quotation marks and invisible characters at its beginning or end,
    and control characters anywhere.
    """
    first = text[:1]
    last = text[-1:]
    if _is_stray(first) and first == last:
        return f"begins and ends with {_name(first)}"
    if _is_stray(last):
        return f"ends with {_name(last)}"
    if _is_stray(first):
        return f"begins with {_name(first)}"
    for character in text:
        if _is_control(character):
            return f"holds {_name(character)}"
    return None


def without_stray(text: str) -> str:
    """Return a text without the characters that `stray_fault` reports."""
    kept = [character for character in text if not _is_control(character)]
    text = "".join(kept)
    while _is_stray(text[:1]):
        text = text[1:]
    while _is_stray(text[-1:]):
        text = text[:-1]
    return text


def stray_class() -> str:
    """Return the characters that may not begin or end a text, for a character class."""
    ranges = []
    first: int | None = None
    for code in range(_PATTERN_LIMIT + 1):
        if code < _PATTERN_LIMIT and _is_stray(chr(code)):
            if first is None:
                first = code
        elif first is not None:
            last = code - 1
            ranges.append(rf"\u{first:04x}-\u{last:04x}")
            first = None
    return "".join(ranges)


def _is_stray(character: str) -> bool:
    if not character:
        return False
    if character in _QUOTES:
        return True
    return unicodedata.category(character) in _INVISIBLE


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == _CONTROL


def _name(character: str) -> str:
    if character in _QUOTES:
        return f"a quotation mark ({character})"
    if character in _NAMES:
        return _NAMES[character]
    code = ord(character)
    if _is_control(character):
        return f"a control character (U+{code:04X})"
    return f"an invisible character (U+{code:04X})"
