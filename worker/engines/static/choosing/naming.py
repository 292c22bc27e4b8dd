"""How units are called: as a teacher would, and no two alike."""

import re
from collections.abc import Sequence
from typing import Final

from states.course_paths import slug
from worker.engines.static.facts import Definition
from worker.engines.static.parsing.identifiers import parts, word_set

MAX_NAME: Final = 60
_MEANINGLESS: Final = word_set(
    "__init__ __main__ index mod lib main init src source core base common api"
)
_SHORT: Final = 3
_SHOWN: Final = 2


def unit_name(symbols: Sequence[Definition], *, is_module: bool) -> str:
    """Return a name for a unit: its main symbol, after its module's name where it is functions."""
    main = symbols[0]
    place = _place(main.path)
    if not is_module:
        return (
            main.name
            if len(main.name) > _SHORT or not place or not main.name.islower()
            else f"{place} ({main.name})"
        )
    shown = [one.name for one in symbols[:_SHOWN]]
    if not place or "".join(parts(place)).lower() == "".join(parts(main.name)).lower():
        return main.name
    return f"{place} ({', '.join(shown)})"[:MAX_NAME].rstrip(",( ")


def _place(path: str) -> str:
    """Return a module's name as words: `src/http/cookie_jar.py` is the cookie jar."""
    *folders, stem = path.rpartition(".")[0].split("/")
    name = next(
        (
            place
            for place in (stem, *reversed(folders))
            if place.lower() not in _MEANINGLESS
        ),
        "",
    )
    return title(name)


def title(name: str) -> str:
    """Return a file's or a folder's name as words, with capitals: `cookie_jar` is the Cookie Jar."""
    words = parts(name) or re.findall(r"\w+", name)
    return " ".join(
        word if word.isupper() else word[:1].upper() + word[1:] for word in words
    )


def distinct(names: Sequence[str]) -> list[str]:
    """Make names differ in lower case and as parts of file names, and none of them empty."""
    taken: set[str] = set()
    found = []
    for name in names:
        wished = " ".join(name.split())[:MAX_NAME] or "Untitled"
        candidate, number = wished, 1
        while candidate.lower() in taken or slug(candidate) in taken:
            number += 1
            candidate = f"{wished} {number}"
        taken |= {candidate.lower(), slug(candidate)}
        found.append(candidate)
    return found
