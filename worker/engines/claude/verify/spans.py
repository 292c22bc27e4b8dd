"""Checks code in prose: commands, flags, variables, paths, imports, heads and expressions."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from worker.engines.claude.verify.code import squeezed
from worker.engines.claude.verify.expressions import (
    CHAIN,
    SEPARATOR,
    ExpressionChecker,
)
from worker.engines.claude.verify.fault import CheckedClaim, Fault
from worker.engines.claude.verify.imports import IMPORT, ImportChecker
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.pages import markdown
from worker.engines.static.parsing.identifiers import word_set

_FLAG: Final = re.compile(r"--?[A-Za-z][\w-]*")
_FLAG_SPAN: Final = re.compile(r"--?[A-Za-z][\w-]*(?:[= ].*)?")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_PATH: Final = re.compile(
    r"(?:[\w.@+-]+/)*[\w@+-][\w.@+-]*\.(?:py|pyi|js|ts|tsx|jsx|mjs|go|rs|java|kt"
    r"|c|h|cc|cpp|hpp|cs|rb|php|md|rst|toml|ya?ml|json|cfg|ini|txt|sh|html|xml)"
)
_FOLDER: Final = re.compile(r"(?:[\w.@+-]+/)+[\w.@+-]*")
_PATH_PARTS: Final = re.compile(r"[/.]")
_ABOVE: Final = re.compile(r"(?:\.\.?/)+")
_ATTRIBUTES: Final = word_set("c go h html js json xml")
"""File endings that are also common names of attributes."""
_OF_WEB: Final = re.compile(
    r"(?:application|audio|font|image|message|multipart|text|video|\*)"
    r"/(?:[\w+-]|\.(?!\w+$)|\*)+(?:; ?[\w=-]+)?|/\S*|[\w-]+=[\w-]+"
)
"""A media type, the path of a URL, or a cookie or header with its value."""
_PROGRAM: Final = re.compile(
    r"(?:\$ )?(?:\S*/)?(?:python3?|pip3?|pytest|uv|poetry|tox|npm|npx|yarn|pnpm|node|go|cargo|"
    r"make|cmake|mvn|gradle|bundle|gem|composer|php|ruby|docker|git|curl|sh|bash)\s\S.*"
)
_HEAD: Final = re.compile(r"(?:async )?(?:def|func|fn|function|class)\s+.*")
_ENVIRONMENT: Final = ".venv"
"""Where the set-up commands install a Python project."""
_OWN_FILES: Final = word_set("try_it.py try_it.mjs try_it.rb try_it.php")
"""Files that an exercise lets its reader write."""
_MOST: Final = 2000
"""The longest code in a sentence, in characters."""

IsCommand = Callable[[str], bool]


class SpanChecker:
    """Checks code spans, one at a time."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        expressions: ExpressionChecker,
        imports: ImportChecker,
        is_command: IsCommand,
    ) -> None:
        """Take the names of a repository, and a function that recognises its commands."""
        self._names: Final = vocabulary
        self._is_command: Final = is_command
        self._expressions: Final = expressions
        self._checks: Final = (
            (_PROGRAM, self._command_faults),
            (_FLAG_SPAN, self._flag_faults),
            (IMPORT, imports.faults),
            (_VARIABLE, self._variable_faults),
            (_PATH, self._path_faults),
            (_FOLDER, self._path_faults),
            (_HEAD, self._head_faults),
        )

    def faults(self, span: str) -> Iterator[Fault]:
        """Yield the faults of one span's code."""
        code = span.strip()[:_MOST]
        if self._is_place(code) or _OF_WEB.fullmatch(code):
            return
        for pattern, check in self._checks:
            if pattern.fullmatch(code) and not self._is_attribute(code):
                yield from check(code)
                return
        yield from self._expressions.faults(code)

    def _is_place(self, code: str) -> bool:
        match = markdown.PLACE.fullmatch(code)
        if match is None:
            return False
        return match["path"] in self._names.files

    def _is_attribute(self, code: str) -> bool:
        """Whether code that looks like a file is an attribute: `request.json`."""
        owner, dot, name = code.partition(".")
        if not dot or name not in _ATTRIBUTES:
            return False
        words = self._names.words
        return owner in words and name in words

    def _command_faults(self, code: str) -> Iterator[Fault]:
        command = code.removeprefix("$ ")
        # guard: verifier: a command must be one of the project's
        if not self._is_command(command):
            yield Fault(
                claim=CheckedClaim.COMMAND,
                text=f"the command `{command}` is not in the project's documents",
            )
        for flag in _FLAG.findall(command):
            if flag.startswith("--"):
                yield from self._flag_faults(flag)

    def _flag_faults(self, code: str) -> Iterator[Fault]:
        flag, *_ = re.split("[= ]", code, maxsplit=1)
        # guard: verifier: a flag must be in the repository
        if flag not in self._names.flags:
            yield Fault(
                claim=CheckedClaim.FLAG,
                text=f"the flag `{flag}` is nowhere in the repository",
            )

    def _variable_faults(self, name: str) -> Iterator[Fault]:
        _, _, rest = name.partition("_")
        if rest in self._names.own:
            return
        # guard: verifier: an environment variable must be in the repository
        if name not in self._names.words:
            yield Fault(
                claim=CheckedClaim.VARIABLE,
                text=f"the name `{name}` is nowhere in the repository",
            )

    def _path_faults(self, path: str) -> Iterator[Fault]:
        from_top = _ABOVE.sub("", path)
        if not self._path_exists(from_top.rstrip("/")):
            yield Fault(
                claim=CheckedClaim.PATH,
                text=f"there is no file or folder `{path}`",
            )

    def _path_exists(self, path: str) -> bool:
        if path in _OWN_FILES:
            return True
        if path.startswith(_ENVIRONMENT):
            return True
        *names, _ = _PATH_PARTS.split(path)
        if names and self._names.own.issuperset(names):
            return True
        part = f"/{path}/"
        # guard: verifier: a path must exist
        return any(part in f"/{known}/" for known in self._names.files)

    def _head_faults(self, code: str) -> Iterator[Fault]:
        """Compare the head of a definition with those in the source."""
        head = squeezed(code)
        name = _defined_name(code)
        named = self._names.definitions(name)
        heads = []
        for definition in named:
            known_head = squeezed(definition.signature)
            heads.append(known_head)
        is_known = any(known.startswith(head) for known in heads)
        # guard: verifier: the head of a definition must be the source's
        if not is_known and not self._names.has_code(head, name):
            yield Fault(
                claim=CheckedClaim.SIGNATURE,
                text=f"`{code}` is not the head of a definition in the source",
            )


def _defined_name(head: str) -> str:
    """Return the name that a head defines, without its owner."""
    _, _, rest = head.partition(" ")
    definition = rest.removeprefix("def ")
    chain = CHAIN.search(definition)
    if chain is None:
        return ""
    *_, name = SEPARATOR.split(chain[0])
    return name
