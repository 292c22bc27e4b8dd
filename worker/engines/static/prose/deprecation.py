"""Reads from its documentation or annotations that a definition is deprecated."""

import re
from typing import Final

from worker.engines.static.facts import Definition
from worker.engines.static.prose.docstrings import paragraphs

_DOCUMENTED: Final = re.compile(
    r"^(?:[@\\]deprecated\b|(?:Deprecated|DEPRECATED):)(.*(?:\n(?!\s*(?:[@\\]|$)).+)*)"
    r"|^\.\. deprecated::(?!(?s:.{0,200}?)\b(?:parameter|argument|option)s?\b)"
    r".*((?:\n(?:[ \t]+.*)?)*)",
    re.MULTILINE,
)
"""Not a directive about a parameter."""
_MARK: Final = re.compile(r"(?:\w+(?:\.|::))*(?:[Dd]eprecated|Obsolete)\b")
_ATTRIBUTE: Final = re.compile(r"\[\[(deprecated\b[^\]]*)")
_TEXT: Final = re.compile(r'"(?!,)([^"]* [^"]*)"')


def notice(definition: Definition) -> str:
    """Return the notice of a definition's deprecation; nothing if it is not deprecated."""
    documented = _DOCUMENTED.search(definition.doc)
    if documented is not None:
        return _worded(documented[1] or documented[2] or "")
    attributes = _ATTRIBUTE.findall(definition.signature)
    for mark in (*definition.decorators, *attributes):
        if _MARK.match(mark):
            text = _TEXT.search(mark)
            if text is None:
                return "Deprecated."
            return _worded(text[1])
    return ""


def _worded(text: str) -> str:
    told = "".join(paragraphs(text.strip(), 1))
    if told:
        return f"Deprecated: {told}"
    return "Deprecated."
