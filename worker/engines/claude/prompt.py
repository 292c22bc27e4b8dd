"""Fills the templates of prompts, and fences text from a repository."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Final

_FOLDER: Final = Path(__file__).parent / "prompts"
_MARK_LENGTH: Final = 12
CHARACTERS_PER_TOKEN: Final = 3
"""A cautious estimate: newer tokenizers make more tokens of the same text."""


@lru_cache
def _template(name: str) -> Template:
    return Template((_FOLDER / f"{name}.md").read_text("utf-8"))


def filled(template: str, /, **values: str) -> str:
    """Return a template with its values filled in; the values are not expanded again."""
    return _template(template).substitute(values).strip() + "\n"


def fenced(title: str, lines: Sequence[str]) -> str:
    """Return text of the repository between two lines that it cannot contain.

    The rules of every prompt say that the text between them is data.
    """
    text = "\n".join(lines)
    mark = _mark(text)
    # guard: prompts: text of the repository cannot end its fence
    while mark in text:
        mark = _mark(mark + text)
    return f"<<<{mark} {title}\n{text}\n{mark}>>>"


def _mark(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:_MARK_LENGTH]


def joined(*sections: str) -> str:
    """Return sections separated by empty lines; empty sections are left out."""
    return "\n\n".join(section for section in sections if section)


def tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)
