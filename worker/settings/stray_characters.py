"""Stray characters around a value: spaces, quotes, and invisible ones."""

import unicodedata
from typing import Final

ADVICE: Final = (
    "set it to the bare value (quotes are kept by `docker --env-file`, "
    "and carriage returns come from files with Windows line ends)"
)

_CONTROL: Final = "Cc"
_INVISIBLE: Final = {"Zs", "Zl", "Zp", _CONTROL, "Cf"}
"""Unicode's categories of white space, control characters and characters without a width."""
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
"""Not every dialect of patterns can name the characters from here on."""


def stray_fault(text: str) -> str | None:
    """Describe the stray characters of a text, or return None.

    Those are white space, quotation marks and invisible characters at its beginning or end,
    and control characters anywhere.
    """
    begins = _is_stray(text[:1])
    ends = _is_stray(text[-1:])
    if begins and ends and text[0] == text[-1]:
        return f"begins and ends with {_name(text[0])}"
    if ends:
        return f"ends with {_name(text[-1])}"
    if begins:
        return f"begins with {_name(text[0])}"
    for character in text:
        if _is_control(character):
            return f"holds {_name(character)}"
    return None


def without_stray(text: str) -> str:
    """Return a text without the characters that `stray_fault` reports."""
    kept = [character for character in text if not _is_control(character)]
    while kept and _is_stray(kept[0]):
        del kept[0]
    while kept and _is_stray(kept[-1]):
        del kept[-1]
    return "".join(kept)


def stray_class() -> str:
    """Return the characters that may not begin or end a text, for a character class."""
    ranges: list[list[int]] = []
    for code in range(_PATTERN_LIMIT):
        if not _is_stray(chr(code)):
            continue
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(rf"\u{first:04x}-\u{last:04x}" for first, last in ranges)


def _is_stray(character: str) -> bool:
    if not character:
        return False
    return character in _QUOTES or unicodedata.category(character) in _INVISIBLE


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == _CONTROL


def _name(character: str) -> str:
    if character in _QUOTES:
        return f"a quotation mark ({character})"
    if character in _NAMES:
        return _NAMES[character]
    kind = "a control" if _is_control(character) else "an invisible"
    return f"{kind} character (U+{ord(character):04X})"
