"""Which of a project's functions code calls, by its names: read once, asked for each function."""

import re
from collections import defaultdict
from functools import cached_property
from typing import Final

from worker.engines.static.facts import Definition
from worker.engines.static.pages import citations
from worker.engines.static.pages.course import CourseFacts, remembered
from worker.engines.static.parsing.identifiers import words_of

_PLAIN: Final = re.compile(r"(?<![\w$.])(?:(\w+)\.)?([\w$]+[!?]?)\s?\(")
_DECORATOR: Final = re.compile(r"@(\w+(?:\.\w+)*)")
_ON_VALUE: Final = re.compile(r"\b(?=([\w$]+)(\([^()]*\))?\.([\w$]+[!?]?)\()")
_MADE: Final = re.compile(
    r"(\w+)\s*(?::\s*\w+\s*)?:?=\s*(?:await |new |&)?(?:\w+\.)*([\w$]+)\s?[({]"
)


@remembered
def calls_in(_: CourseFacts, code: str) -> "CodeCalls":
    """Return the calls in a piece of code, which is read once."""
    return CodeCalls(code)


class CodeCalls:
    """The calls in a piece of code, by the spelling of names."""

    def __init__(self, code: str) -> None:
        self._code = code
        self.words = set(words_of(code))

    def leads_to(self, facts: CourseFacts, function: Definition) -> bool:
        """Whether a function is called: by its name, or on a value of its type."""
        if function.parent is None:
            return self._is_called(facts, function)
        owner = facts.definitions[function.parent].name
        values = {owner, f"{owner}()", *self._made[owner]}
        called_on = self._on_value[function.name]
        return not values.isdisjoint(called_on)

    def _is_called(self, facts: CourseFacts, function: Definition) -> bool:
        modules = {"", *citations.modules(facts, function)}
        name = function.name
        called = self._plain[name] | self._plain[f"{name}!"]
        return name in self._decorators or not modules.isdisjoint(called)

    @cached_property
    def _plain(self) -> dict[str, set[str]]:
        """What stands before the dot of each function that is called, by its name."""
        called: dict[str, set[str]] = defaultdict(set)
        for module, name in _PLAIN.findall(self._code):
            called[name].add(module)
        return called

    @cached_property
    def _decorators(self) -> set[str]:
        paths = _DECORATOR.findall(self._code)
        return {name for path in paths for name in path.split(".")}

    @cached_property
    def _on_value(self) -> dict[str, set[str]]:
        """What each method is called on, by its name: variables, and types or their calls."""
        called: dict[str, set[str]] = defaultdict(set)
        for value, arguments, name in _ON_VALUE.findall(self._code):
            owner = value
            if arguments:
                owner = f"{value}()"
            called[name].add(owner)
        return called

    @cached_property
    def _made(self) -> dict[str, set[str]]:
        """The variables that are set to a call of each name."""
        made: dict[str, set[str]] = defaultdict(set)
        for variable, name in _MADE.findall(self._code):
            made[name].add(variable)
        return made
