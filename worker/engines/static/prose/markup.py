"""Takes markup out of texts, by one pattern after the other."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

Replacement = str | Callable[[re.Match[str]], str]


class Markup(NamedTuple):
    """A kind of markup, and what takes its place."""

    signs: str
    """Every match has one of these characters: a text without them is not searched."""
    pattern: re.Pattern[str]
    replacement: Replacement


def kinds(*rows: tuple[str, str, Replacement]) -> tuple[Markup, ...]:
    """Return kinds of markup, in the order in which they are taken out."""
    return tuple(
        Markup(signs, re.compile(pattern), replacement)
        for signs, pattern, replacement in rows
    )


def without(text: str, markup: Sequence[Markup]) -> str:
    characters = set(text)
    for signs, pattern, replacement in markup:
        if characters.isdisjoint(signs):
            continue
        plain = pattern.sub(replacement, text)
        if plain != text:
            text = plain
            characters = set(text)
    return text
