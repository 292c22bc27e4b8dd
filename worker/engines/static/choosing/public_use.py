"""What tests, examples and documents import: the definitions and modules that others use."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from worker.engines.static.choosing.exports import Exports
from worker.engines.static.facts import (
    Definition,
    Files,
    Role,
    Texts,
)

_USING: Final = frozenset({Role.TEST, Role.EXAMPLE, Role.DOCUMENT})
_IDENTIFIER: Final = re.compile(r"[^\W\d]\w*")
_KEYWORDS: Final = ("from ", "import ", "export ", "use ", "using ")
_MARGIN: Final = " \t>."
"""Characters before a statement: indentation, and the marks of prompts."""
_STATEMENTS: Final = (
    re.compile(
        r"[ \t>.]*from[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]+"
        r"(?P<names>\([^)]{0,4000}\)|[^\n(]*)"
    ),
    re.compile(
        r"[ \t]*(?:import|export)\s+(?P<names>[^'\";()]{1,2000}?)"
        r"\s+from\s+['\"](?P<module>[^'\"\n]+)['\"]"
    ),
    re.compile(
        r"[ \t>.]*(?:import|use|using)[ \t]+(?:static[ \t]+)?(?P<module>[\w.:\\]+?)(?:::|\.|\\)"
        r"(?P<names>\w+|\{[^}]{1,2000}\})[ \t]*(?:as[ \t]+\w+)?;?[ \t]*$",
        re.MULTILINE,
    ),
)
"""Python, JavaScript, languages that import a name by its path."""
_REQUIRE: Final = re.compile(
    r"\b(?:const|let|var)\s+(?P<names>\{[^}]{1,2000}\}|\w+)"
    r"\s*=\s*require\(['\"](?P<module>[^'\"\n]+)['\"]\)"
)
_QUOTED: Final = re.compile(
    r"['\"](?P<module>[a-z]\w*(?:\.\w+)+)\.(?P<names>[^\W\d]\w*)['\"]"
)


class PublicUse:
    """Counts the texts that import definitions."""

    def __init__(
        self,
        files: Files,
        texts: Texts,
        project: str,
        exports: Exports,
        check: Callable[[], None],
    ) -> None:
        self.exports = exports
        self.project = project.lower()
        self._names: dict[str, Counter[str]] = defaultdict(Counter)
        """By imported name: how many texts import it, by the last part of the module."""
        for path, file in files.items():
            if path in texts and file.role in _USING:
                check()
                for module, name in set(_imported(texts[path])):
                    self._names[name][module] += 1

    def of_name(self, definition: Definition) -> int:
        """Return how many texts import a definition."""
        counts = self._names.get(definition.name)
        if not counts:
            return 0
        modules = self.exports.modules(definition)
        if self.exports.weight(definition.index):
            modules.add(self.project)
        return sum(counts[module] for module in modules)


def _imported(text: str) -> Iterator[tuple[str, str]]:
    """Yield the last part of the module and the name of everything that a text imports."""
    for match in _matches(text):
        module = _last_part(match["module"])
        for name in _IDENTIFIER.findall(match["names"]):
            yield module, name


def _matches(text: str) -> Iterator[re.Match[str]]:
    for start in _lines_with_keyword(text):
        matches = (statement.match(text, start) for statement in _STATEMENTS)
        yield from filter(None, matches)
    if "require(" in text:
        yield from _REQUIRE.finditer(text)
    yield from _QUOTED.finditer(text)


def _lines_with_keyword(text: str) -> Iterator[int]:
    """Yield where the lines begin that a keyword begins, but for a margin."""
    for keyword in _KEYWORDS:
        place = text.find(keyword)
        while place != -1:
            start = text.rfind("\n", 0, place) + 1
            if not text[start:place].strip(_MARGIN):
                yield start
            place = text.find(keyword, place + 1)


def _last_part(module: str) -> str:
    parts: list[str] = re.findall(
        r"[\w-]+", re.sub(r"\.[cm]?[jt]sx?$", "", module)
    )
    if parts:
        return parts[-1].lower()
    return ""
