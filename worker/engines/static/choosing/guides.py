"""What the project's guides are about: each document's subject among the names of the code."""

import math
import re
from collections import Counter
from collections.abc import Collection
from typing import Final

from worker.engines.static.facts import Files, Role, SourceFile, Texts
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.reading.language import PROSE
from worker.engines.static.reading.roles import Guidance, guidance, is_news

_CODE: Final = re.compile(
    r":\w+:`[~!.]?([^`\n]+)`|`{1,2}([^`\n]+)`|^(?: {3,}|>>> |\t)(.*)$",
    re.MULTILINE,
)
_IDENTIFIER: Final = re.compile(r"[^\W\d]\w*")
_FEWEST: Final = 3
"""Times that a document names its subject."""
_SHARE: Final = 0.08
_MOST_SUBJECTS: Final = 2
_LONGEST: Final = 200_000


def subjects(
    files: Files,
    texts: Texts,
    names: Collection[str],
) -> set[str]:
    """Return the names that are the subjects of guides."""
    counts = {
        path: _named(texts[path], names)
        for path, file in files.items()
        if path in texts and _is_guide(file)
    }
    naming = Counter(name for counted in counts.values() for name in counted)
    chosen: set[str] = set()
    for counted in counts.values():
        total = counted.total()
        weights = {
            name: count * math.log((1 + len(counts)) / naming[name])
            for name, count in counted.items()
            if count >= _FEWEST and count >= _SHARE * total
        }
        best = sorted(weights, key=lambda name: (-weights[name], name))
        chosen.update(best[:_MOST_SUBJECTS])
    return chosen


def _is_guide(file: SourceFile) -> bool:
    is_prose = file.role is Role.DOCUMENT and file.language in PROSE
    return (
        is_prose
        and file.size <= _LONGEST
        and not is_news(file.path)
        and guidance(file.path) < Guidance.REFERENCE
    )


def _named(text: str, names: Collection[str]) -> Counter[str]:
    """Count the names that a document shows as code."""
    shown = (
        word
        for groups in _CODE.findall(text)
        for word in words_of(" ".join(groups))
    )
    return Counter(word for word in shown if word in names)
