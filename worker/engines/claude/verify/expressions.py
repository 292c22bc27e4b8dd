"""Checks the names, members and calls of expressions."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from worker.engines.claude.verify import library
from worker.engines.claude.verify.fault import CheckedClaim, Fault
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.facts import Definition
from worker.engines.static.pages.course import is_function
from worker.engines.static.parsing.identifiers import word_set

CHAIN: Final = re.compile(r"[^\W\d]\w*(?:(?:\.|::|->|#)[^\W\d]\w*)*")
"""A chain of names: `app.config`, `Vec::new`, `Signer#sign`."""
SEPARATOR: Final = re.compile(r"\.|::|->|#")
_READERS_OWN: Final = re.compile(r"(?:[Mm]y|[Yy]our)(?=[A-Z_])")
"""The beginning of names that represent something of the reader's: `MyTask`."""
_SET: Final = re.compile(r"(?<![\w.])([^\W\d]\w*\.[^\W\d]\w*)\s*=(?!=)")
"""An attribute being set, with the name of its object."""
_STRING: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_KEYWORD: Final = re.compile(r"(\w+)\s*(?:=(?!=)|:)")
_CONSTRUCTORS: Final = word_set("__init__ constructor __new__")
_OMITTED: Final = word_set("... …")
_NO_ARGUMENTS: Final = word_set("self / *")
"""Parameters in a head that a call does not pass."""
_NESTING: Final = dict.fromkeys("([{", 1) | dict.fromkeys(")]}", -1)
"""How much each bracket adds to the depth."""
_LONGEST_SIGNATURE: Final = 200


class ExpressionChecker:
    """Checks expressions, one at a time."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Take the names of a repository."""
        self._names: Final = vocabulary
        self._facts: Final = vocabulary.facts

    def faults(self, code: str) -> Iterator[Fault]:
        """Yield the faults of an expression."""
        bare = _STRING.sub('""', code)
        given = self._attributes_set(bare)
        for match in CHAIN.finditer(bare):
            if _is_no_name(match):
                continue
            chain = match[0]
            if chain in given:
                continue
            fault = self._chain_fault(chain)
            if fault is not None:
                yield fault
                continue
            arguments = _arguments(bare, match.end())
            if arguments is not None:
                yield from self._call_faults(chain, arguments)

    def _attributes_set(self, code: str) -> set[str]:
        """Return the attributes that code sets on objects that accept any attribute."""
        given: set[str] = set()
        for chain in _SET.findall(code):
            name, _, _ = chain.partition(".")
            if self._names.takes_any(name):
                given.add(chain)
        return given

    def _chain_fault(self, chain: str) -> Fault | None:
        parts = SEPARATOR.split(chain)
        if parts[0] in self._names.bound:
            return self._first_name_fault(parts)
        if self._names.definitions(".".join(parts)):
            return None
        owners: list[Definition] = []
        path: list[str] = []
        for name in parts:
            fault = (
                self._member_fault(owners, name)
                or self._name_fault(name)
                or self._module_fault(path, name)
            )
            if fault is not None:
                return fault
            path.append(name)
            owners = self._types(path)
        return None

    def _types(self, path: Sequence[str]) -> list[Definition]:
        """Return the types that a chain may name: by the whole chain, else by its last name."""
        qualified = ".".join(path)
        types = self._names.types(qualified)
        if types:
            return types
        return self._names.types(path[-1])

    def _first_name_fault(self, names: Sequence[str]) -> Fault | None:
        for name in names:
            fault = self._name_fault(name)
            if fault is not None:
                return fault
        return None

    def _member_fault(
        self,
        owners: Sequence[Definition],
        name: str,
    ) -> Fault | None:
        if not owners:
            return None
        for owner in owners:
            if self._names.has_member(owner, name):
                return None
        # A module may have the same name as a type.
        module = owners[0].name
        files = self._names.module_files(module)
        if self._names.has_word(files, name):
            return None
        type_ = owners[0].qualified
        return Fault(
            claim=CheckedClaim.MEMBER,
            text=f"`{type_}` has no `{name}`",
        )

    def _name_fault(self, name: str) -> Fault | None:
        if _READERS_OWN.match(name):
            return None
        if name.endswith("_") and self._names.begins_any(name):
            return None
        # guard: verifier: a name must be in the source
        if name not in self._names.words:
            return Fault(
                claim=CheckedClaim.SYMBOL,
                text=f"the name `{name}` is nowhere in the code",
            )
        return None

    def _module_fault(self, path: list[str], name: str) -> Fault | None:
        """Return a fault if a module of the project has no such name."""
        if not path:
            return None
        first = path[0]
        last = path[-1]
        if self._names.definitions(last):
            return None
        # An object may have the same name as a module inside a package.
        if not self._names.is_package(first):
            return None
        module = ".".join(path)
        files = self._names.module_files(module)
        if not files or self._names.hold(files, name):
            return None
        return Fault(
            claim=CheckedClaim.MEMBER,
            text=f"the module `{module}` has no `{name}`",
        )

    def _call_faults(self, chain: str, arguments: str) -> Iterator[Fault]:
        if self._is_not_of_project(chain):
            return
        functions = self._functions(chain)
        given = _split(arguments)
        fitting = [
            function for function in functions if self._fits(function, given)
        ]
        # guard: verifier: a call must fit the signature
        if functions and not fitting:
            first = functions[0]
            signature = first.signature[:_LONGEST_SIGNATURE]
            yield Fault(
                claim=CheckedClaim.SIGNATURE,
                text=f"`{chain}({arguments})` does not fit the signature "
                f"`{signature}`",
            )

    def _is_not_of_project(self, chain: str) -> bool:
        """Whether a call may be of a builtin, or of a definition on the page."""
        if chain in library.BUILTINS:
            return True
        first, *_ = SEPARATOR.split(chain)
        return first in self._names.bound

    def _functions(self, chain: str) -> list[Definition]:
        """Return the functions that a call may refer to; none if it may be another project's."""
        functions: list[Definition] = []
        named = self._names.definitions(chain)
        if not named:
            named = self._methods(chain)
        for definition in named:
            function = self._called(definition)
            if function is None:
                return []
            functions.append(function)
        return functions

    def _called(self, definition: Definition) -> Definition | None:
        """Return the function that runs when a function or type is called."""
        if is_function(definition):
            return definition
        return self._constructor(definition)

    def _methods(self, chain: str) -> list[Definition]:
        """Return the methods of a type or its bases that a chain names: `Signer.sign`."""
        *owners, name = SEPARATOR.split(chain)
        if not owners:
            return []
        family = self._names.family(owners[-1])
        indexes = {type_.index for type_ in family}
        methods = self._names.definitions(name)
        return [method for method in methods if method.parent in indexes]

    def _constructor(self, type_: Definition) -> Definition | None:
        if self._names.has_outside_base(type_.index):
            return None
        family = self._names.ancestry(type_.index)
        for owner in family:
            for method in self._facts.methods(owner):
                if method.name in _CONSTRUCTORS:
                    return method
        return None

    def _fits(self, function: Definition, arguments: Sequence[str]) -> bool:
        inside = self._facts.function(function.index)
        if inside is None:
            return True
        if _takes_any(function):
            return True
        if not _OMITTED.isdisjoint(arguments):
            return True
        parameters: set[str] = set()
        for name in inside.parameters:
            bare = name.lstrip("*&")
            parameters.add(bare)
        if not _keywords(arguments) <= parameters:
            return False
        given = [value for value in arguments if value not in _NO_ARGUMENTS]
        return len(given) <= len(parameters)


def _is_no_name(match: re.Match[str]) -> bool:
    """Whether a match is not a name but a unit (`5px`), a keyword, or a string prefix (`b"…"`)."""
    name = match[0]
    code = match.string
    end = match.end()
    before = code[: match.start()]
    if before[-1:].isdigit():
        return True
    if code.startswith("=", end):
        return name.isidentifier()
    if code.startswith('"', end):
        return len(name) <= len("rb")
    return False


def _arguments(code: str, start: int) -> str | None:
    """Return the text between the parentheses that open at a position."""
    if not code.startswith("(", start):
        return None
    depth = 0
    for position in range(start, len(code)):
        char = code[position]
        depth += _NESTING.get(char, 0)
        if depth == 0:
            return code[start + 1 : position]
    return None


def _split(arguments: str) -> list[str]:
    """Split arguments at their outer commas."""
    pieces = [""]
    depth = 0
    for char in arguments:
        depth += _NESTING.get(char, 0)
        if char == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += char
    stripped = map(str.strip, pieces)
    return [piece for piece in stripped if piece]


def _keywords(arguments: Sequence[str]) -> set[str]:
    """Return the names of keyword arguments."""
    keywords: set[str] = set()
    for argument in arguments:
        match = _KEYWORD.match(argument)
        if match is not None:
            keywords.add(match[1])
    return keywords


def _takes_any(function: Definition) -> bool:
    signature = function.signature
    if "*" in signature:
        return True
    return "..." in signature
