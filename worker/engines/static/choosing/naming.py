"""Names the units: as a teacher would, and no two alike."""

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
_SHORT_NAME: Final = 3
_NAMED_FUNCTIONS: Final = 2


def unit_name(symbols: Sequence[Definition], *, is_module: bool) -> str:
    """Name a unit after its main symbol, or a unit of functions after their module."""
    main = symbols[0]
    module = _module_title(main.path)
    if is_module:
        return _module_unit_name(module, symbols)
    if module and len(main.name) <= _SHORT_NAME and main.name.islower():
        return f"{module} ({main.name})"
    return main.name


def _module_unit_name(module: str, symbols: Sequence[Definition]) -> str:
    main = symbols[0].name
    if not module or _spelling(module) == _spelling(main):
        return main
    functions = [symbol.name for symbol in symbols[:_NAMED_FUNCTIONS]]
    name = f"{module} ({', '.join(functions)})"
    return name[:MAX_NAME].rstrip(",( ")


def _spelling(name: str) -> str:
    """Return a name as names are compared: lower case, without separators."""
    return "".join(parts(name)).lower()


def _module_title(path: str) -> str:
    """Return a module's name as words: `src/http/cookie_jar.py` is the Cookie Jar."""
    *folders, stem = path.rpartition(".")[0].split("/")
    for name in (stem, *reversed(folders)):
        if name.lower() not in _MEANINGLESS:
            return title(name)
    return ""


def title(name: str) -> str:
    """Return a file's or folder's name as capitalised words: `cookie_jar` is Cookie Jar."""
    words = parts(name) or re.findall(r"\w+", name)
    return " ".join(map(_capitalised, words))


def _capitalised(word: str) -> str:
    if word.isupper():
        return word
    return word[:1].upper() + word[1:]


def distinct(names: Sequence[str]) -> list[str]:
    """Make names unique, ignoring case and as parts of file names; name the empty ones."""
    taken: set[str] = set()
    unique = []
    for name in names:
        wanted = " ".join(name.split())[:MAX_NAME] or "Untitled"
        candidate = wanted
        number = 1
        while candidate.lower() in taken or slug(candidate) in taken:
            number += 1
            candidate = f"{wanted} {number}"
        taken.add(candidate.lower())
        taken.add(slug(candidate))
        unique.append(candidate)
    return unique
