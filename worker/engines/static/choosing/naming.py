"""Names the units after their definitions or files; every name is different."""

import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import Final

from states.course_paths import slug
from worker.engines.static.facts import Definition
from worker.engines.static.parsing.identifiers import parts
from worker.engines.static.prose.phrases import capital, listed

MAX_NAME: Final = 60


def unit_name(leaders: Sequence[Definition]) -> str:
    """Name a unit by as many of its leading definitions as a name has room for."""
    names = list(dict.fromkeys(definition.name for definition in leaders))
    while len(names) > 1 and len(listed(names)) > MAX_NAME:
        names.pop()
    return listed(names)


def title(name: str) -> str:
    """Return a file's or folder's name as capitalised words: `cookie_jar` is Cookie Jar."""
    words = parts(name) or re.findall(r"\w+", name)
    return " ".join(map(capital, words))


def distinct(names: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Make names unique, ignoring case and as parts of file names.

    Of two units of the same name, the second gets the folders of its file in its name.
    """
    taken: set[str] = set()
    unique = []
    for name, path in zip(names, paths, strict=True):
        spaced = " ".join(name.split())
        wanted = spaced[:MAX_NAME] or "Untitled"
        spelling = next(
            spelling
            for spelling in _spellings(wanted, path)
            if taken.isdisjoint(_keys(spelling))
        )
        taken |= _keys(spelling)
        unique.append(spelling)
    return unique


def _keys(name: str) -> set[str]:
    return {name.lower(), slug(name)}


def _spellings(name: str, path: str) -> Iterator[str]:
    """Yield a name, then the name with more and more of its file's folders before it."""
    yield name
    prefix = ""
    for folder in reversed(PurePosixPath(path).parent.parts):
        prefix = f"{title(folder)} {prefix}".strip()
        yield f"{prefix} {name}"[:MAX_NAME]
    for number in count(2):
        yield f"{name} {number}"
