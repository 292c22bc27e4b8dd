"""Words: lists of them, and those that identifiers are made of."""

import re
from typing import Final

_PART: Final = re.compile(
    r"[A-Z]+(?![a-z])\d*|[A-Z][a-z\d]*|[a-z\d]+|[^\W_a-zA-Z\d]+"
)


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text that is easier to read and to change than a list of literals."""
    return frozenset(text.split())


def parts(name: str) -> tuple[str, ...]:
    """Return the words of an identifier: `HTTPConnection_pool` has HTTP, Connection and pool."""
    return tuple(_PART.findall(name))
