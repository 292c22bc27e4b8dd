"""What is wrong with a text: each function says it in words, or returns None."""

import re
import unicodedata
from pathlib import Path
from typing import Final

_INVISIBLE: Final = {"Zs", "Zl", "Zp", "Cc", "Cf"}
"""Unicode's categories of white space, control characters and characters without a width."""
_QUOTES: Final = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_CHARACTERS: Final = {
    " ": "a space",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a carriage return",
    "\u00a0": "a no-break space",
    "\u200b": "a zero-width space",
    "\ufeff": "a byte order mark",
}
_BEYOND: Final = 0x10000
SECRET: Final = "[!-~]+"  # noqa: S105 - a pattern
"""What a key or token looks like."""
ADVICE: Final = (
    "set it to the bare value (quotes are kept by `docker --env-file`, "
    "and carriage returns come from files with Windows line ends)"
)


def surplus_fault(text: str) -> str | None:
    """Say what stands around a text that is not part of it, or return None: it is hard to see.

    That is white space, a quotation mark or an invisible character at its beginning or end,
    and a control character anywhere.
    """
    begins, ends = _is_surplus(text[:1]), _is_surplus(text[-1:])
    if begins and ends and text[0] == text[-1]:
        return f"begins and ends with {_called(text[0])}"
    if begins or ends:
        return (
            f"ends with {_called(text[-1])}"
            if ends
            else f"begins with {_called(text[0])}"
        )
    inner = next(
        (character for character in text if unicodedata.category(character) == "Cc"),
        None,
    )
    return f"holds {_called(inner)}" if inner else None


def _is_surplus(character: str) -> bool:
    if not character:
        return False
    return character in _QUOTES or unicodedata.category(character) in _INVISIBLE


def surplus_class() -> str:
    """Return the characters that no text begins or ends with, as the inside of a class in a pattern.

    Those beyond U+FFFF are left out: not every reader of patterns can name them.
    """
    named = [code for code in range(_BEYOND) if _is_surplus(chr(code))]
    ranges: list[list[int]] = []
    for code in named:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(rf"\u{first:04x}-\u{last:04x}" for first, last in ranges)


def _called(character: str) -> str:
    if character in _QUOTES:
        return f"a quotation mark ({character})"
    kind = "a control" if unicodedata.category(character) == "Cc" else "an invisible"
    return _CHARACTERS.get(character, f"{kind} character (U+{ord(character):04X})")


def without_surplus(text: str) -> str:
    """Return a text without what `surplus_fault` speaks of."""
    kept = [character for character in text if unicodedata.category(character) != "Cc"]
    while kept and _is_surplus(kept[0]):
        del kept[0]
    while kept and _is_surplus(kept[-1]):
        del kept[-1]
    return "".join(kept)


def secret_fault(text: str) -> str | None:
    """Say what is wrong with a key or token, without repeating it, or return None."""
    if re.fullmatch(SECRET, text):
        return None
    return "it must be of printable ASCII characters, without white space"


def header_fault(text: str) -> str | None:
    """Say why a secret cannot be the value of an HTTP header, without repeating it, or return None."""
    return (
        None
        if re.fullmatch("[ -~]+", text)
        else "it must be of printable ASCII characters"
    )


def certificates_fault(path: str) -> str | None:
    """Say why a path is no file of certificates, or return None."""
    import ssl  # noqa: PLC0415 - it takes long to load

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "it must be a file of certificates in PEM form, and holds none that can be read"
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return f"it must be a file of certificates, and cannot be read ({why})"
    return None


def folder_fault(path: str) -> str | None:
    """Say why a path is no folder of certificates, or return None."""
    folders = [Path(part) for part in path.split(":") if Path(part).is_dir()]
    if not folders:
        return "it must be a folder of certificates, and there is none"
    if not any(
        re.fullmatch(r"[0-9a-f]{8}\.\d+", file.name)
        for folder in folders
        for file in folder.iterdir()
    ):
        return "it must be a folder of certificates by their hashes (see `openssl rehash`), and holds none"
    return None


def region_fault(region: str) -> str | None:
    """Say what is wrong with the name of a store's region, or return None."""
    if re.fullmatch("(?![0-9]+$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", region):
        return None
    return "it must be a region's name, as fr-par or us-east-1"
