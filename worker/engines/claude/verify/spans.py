"""Checks code in prose: names, members, signatures, imports, commands, flags, paths."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from worker.engines.claude.verify.fault import Claim, Fault
from worker.engines.claude.verify.vocabulary import Vocabulary, squeezed
from worker.engines.static.facts import Definition
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import is_function

_STRING: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_CHAIN: Final = re.compile(r"[^\W\d]\w*(?:(?:\.|::|->|#)[^\W\d]\w*)*")
_SEPARATOR: Final = re.compile(r"\.|::|->|#")
_IMPORT: Final = re.compile(
    r"\s*(?:from\s+([.\w]+)\s+import\s+([\w, ()*]+)|import\s+([\w., ]+?))\s*(?:#.*)?"
)
_FLAG: Final = re.compile(r"--?[A-Za-z][\w-]*")
_FLAG_SPAN: Final = re.compile(r"(--?[A-Za-z][\w-]*)(?:[= ].*)?")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_PATH: Final = re.compile(
    r"(?:[\w.@+-]+/)*[\w@+-][\w.@+-]*\.(?:py|pyi|js|ts|tsx|jsx|mjs|go|rs|java|kt"
    r"|c|h|cc|cpp|hpp|cs|rb|php|md|rst|toml|ya?ml|json|cfg|ini|txt|sh|html|xml)"
)
_FOLDER: Final = re.compile(r"(?:[\w.@+-]+/)+[\w.@+-]*")
_PROGRAM: Final = re.compile(
    r"(?:\$ )?(?:\S*/)?(?:python3?|pip3?|pytest|uv|poetry|tox|npm|npx|yarn|pnpm|node|go|cargo|"
    r"make|cmake|mvn|gradle|bundle|gem|composer|php|ruby|docker|git|curl|sh|bash)\s\S.*"
)
_HEAD: Final = re.compile(r"(?:async )?(?:def|func|fn|function|class)\s+.*")
_MOST: Final = 2000
"""Characters of code in a sentence."""

IsCommand = Callable[[str], bool]


class SpanChecker:
    """Checks code spans, one at a time."""

    def __init__(self, vocabulary: Vocabulary, is_command: IsCommand) -> None:
        """Take the names of a repository, and what tells its commands."""
        self._names: Final = vocabulary
        self._is_command: Final = is_command

    def faults(self, span: str) -> Iterator[Fault]:
        """Yield what is wrong with the code of one span."""
        code = span.strip()[:_MOST]
        if markdown.PLACE.fullmatch(code) and self._is_place(code):
            return
        if _PROGRAM.fullmatch(code):
            yield from self._command(code.removeprefix("$ "))
        elif flag := _FLAG_SPAN.fullmatch(code):
            yield from self._flag(flag[1])
        elif _IMPORT.fullmatch(code):
            yield from self.import_faults(code)
        elif _VARIABLE.fullmatch(code):
            yield from self._variable(code)
        elif _PATH.fullmatch(code) or _FOLDER.fullmatch(code):
            yield from self._path(code)
        elif _HEAD.fullmatch(code):
            yield from self._head(code)
        else:
            yield from self.expression_faults(code)

    def _is_place(self, code: str) -> bool:
        match = markdown.PLACE.fullmatch(code)
        return (
            match is not None
            and match["path"] in self._names.facts.analysis.files
        )

    def _command(self, command: str) -> Iterator[Fault]:
        # guard: verifier: a command must be one of the project's
        if not self._is_command(command):
            yield Fault(
                claim=Claim.COMMAND,
                text=f"the command `{command}` is not in the project's documents",
            )
        for flag in _FLAG.findall(command):
            if flag.startswith("--"):
                yield from self._flag(flag)

    def _flag(self, flag: str) -> Iterator[Fault]:
        # guard: verifier: a flag must be in the repository
        if flag not in self._names.flags:
            yield Fault(
                claim=Claim.FLAG,
                text=f"the flag `{flag}` is nowhere in the repository",
            )

    def _variable(self, name: str) -> Iterator[Fault]:
        # guard: verifier: an environment variable must be in the repository
        if name not in self._names.words:
            yield Fault(
                claim=Claim.VARIABLE,
                text=f"the name `{name}` is nowhere in the repository",
            )

    def _path(self, path: str) -> Iterator[Fault]:
        if not self._path_exists(path.removeprefix("./").rstrip("/")):
            # A dotted name such as `errors.py` may also be an expression: `app.config.json`.
            yield Fault(
                claim=Claim.PATH, text=f"there is no file or folder `{path}`"
            )

    def _path_exists(self, path: str) -> bool:
        # guard: verifier: a path must exist
        return any(
            f"/{path}/" in f"/{known}/"
            for known in self._names.facts.analysis.files
        ) or path in {"try_it.py", "try_it.mjs", "try_it.rb", "try_it.php"}

    def _head(self, code: str) -> Iterator[Fault]:
        """Compare the head of a definition with those in the source."""
        wanted = squeezed(code)
        chain = _CHAIN.search(code.partition(" ")[2].removeprefix("def "))
        name = "" if chain is None else _SEPARATOR.split(chain[0])[-1]
        named = self._names.named.get(name, [])
        heads = [squeezed(definition.signature) for definition in named]
        is_known = any(head.startswith(wanted) for head in heads)
        # guard: verifier: the head of a definition must be the source's
        if not is_known and not self._names.has_code(wanted, name):
            yield Fault(
                claim=Claim.SIGNATURE,
                text=f"`{code}` is not the head of a definition in the source",
            )

    def import_faults(self, code: str) -> Iterator[Fault]:
        """Yield what is wrong with an import of Python."""
        match = _IMPORT.fullmatch(code)
        if match is None:
            return
        if match[3]:
            for module in match[3].split(","):
                name = module.strip().split(" ")[0]
                if name and not self._module_exists(name):
                    yield _no_module(name)
            return
        module = match[1]
        if not self._module_exists(module):
            yield _no_module(module)
            return
        files = self._names.module_files(module)
        for name in re.findall(r"(?<!as )\b[^\W\d]\w*", match[2]):
            # guard: verifier: an imported name must be in its module
            if files and name != "as" and not self._is_in(files, name):
                yield Fault(
                    claim=Claim.IMPORT,
                    text=f"`{module}` has no `{name}` to import",
                )

    def _is_in(self, files: Sequence[str], name: str) -> bool:
        stems = {
            path.rpartition("/")[2].partition(".")[0]
            for path in self._names.facts.analysis.files
        }
        return name in stems or any(
            name in self._names.words_of(path) for path in files
        )

    def _module_exists(self, module: str) -> bool:
        if not module.strip("."):
            return True
        if self._names.module_files(module):
            return True
        first = module.lstrip(".").split(".")[0]
        return (
            first in self._names.outside_modules
            and not self._names.module_files(first)
        )

    def expression_faults(self, code: str) -> Iterator[Fault]:
        """Yield what is wrong with the names, members and calls of an expression."""
        bare = _STRING.sub('""', code)
        for match in _CHAIN.finditer(bare):
            before = bare[match.start() - 1 : match.start()]
            if before.isdigit() or _is_prefix(bare, match):
                continue
            fault = self._chain_fault(match[0], bare, match.end())
            if fault is not None:
                yield fault
                continue
            arguments = _arguments(bare, match.end())
            if arguments is not None:
                yield from self._call(match[0], arguments)

    def _chain_fault(self, chain: str, code: str, end: int) -> Fault | None:
        if self._names.named.get(chain.replace("::", ".").replace("#", ".")):
            return None
        parts = _SEPARATOR.split(chain)
        owner: list[Definition] = []
        for position, part in enumerate(parts):
            if owner and not any(
                self._names.has_member(one, part) for one in owner
            ):
                return Fault(
                    claim=Claim.MEMBER,
                    text=f"`{owner[0].qualified}` has no `{part}`",
                )
            is_keyword = code[end : end + 1] == "=" and len(parts) == 1
            # guard: verifier: a name must be in the source
            if part not in self._names.words and not is_keyword:
                return Fault(
                    claim=Claim.SYMBOL,
                    text=f"the name `{part}` is nowhere in the code",
                )
            qualified = ".".join(parts[: position + 1])
            owner = self._names.types(qualified) or self._names.types(part)
            fault = self._module_fault(parts, position)
            if fault is not None:
                return fault
        return None

    def _module_fault(self, parts: list[str], position: int) -> Fault | None:
        """Say that a module of the project has no such name."""
        if position == 0 or self._names.named.get(parts[position - 1]):
            return None
        module = ".".join(parts[:position])
        files = self._names.module_files(module)
        if position > 1 or parts[0] not in _package_names(self._names):
            files = files if position > 1 else []
        if files and not self._is_in(files, parts[position]):
            return Fault(
                claim=Claim.MEMBER,
                text=f"the module `{module}` has no `{parts[position]}`",
            )
        return None

    def _call(self, chain: str, arguments: str) -> Iterator[Fault]:
        functions = self._functions(chain)
        # guard: verifier: a call must fit the signature
        if functions and not any(
            _fits(self._names, function, arguments) for function in functions
        ):
            yield Fault(
                claim=Claim.SIGNATURE,
                text=f"`{chain}({arguments})` does not fit the signature "
                f"`{functions[0].signature[:200]}`",
            )

    def _functions(self, chain: str) -> list[Definition]:
        """Return what a call may call: functions of the name, or constructors of the type."""
        named = self._names.named.get(chain, [])
        if not named:
            named = self._of_member(_SEPARATOR.split(chain))
        functions: list[Definition] = []
        for definition in named:
            if is_function(definition):
                functions.append(definition)
                continue
            makers = [
                member
                for type_ in self._names.ancestry(definition.index)
                for member in self._names.facts.methods(type_)
                if member.name in {"__init__", "constructor", "__new__"}
            ]
            if not makers or self._names.has_outside_base(definition.index):
                return []
            functions.append(makers[0])
        return functions

    def _of_member(self, parts: list[str]) -> list[Definition]:
        """Return a method by its type's name, or by its own where only the project has it."""
        *owners, name = parts
        methods = self._names.named.get(name, [])
        if not owners:
            return []
        types = self._names.types(owners[-1])
        if types:
            family = {
                type_.index
                for owner in types
                for type_ in self._names.ancestry(owner.index)
            }
            return [one for one in methods if one.parent in family]
        return []


def _package_names(names: Vocabulary) -> frozenset[str]:
    return frozenset(names.modules) - frozenset(names.named)


def _no_module(module: str) -> Fault:
    return Fault(
        claim=Claim.IMPORT,
        text=f"`{module}` is neither a module of the project nor one that it imports",
    )


def _is_prefix(code: str, match: re.Match[str]) -> bool:
    """Tell whether a word is the prefix of a string, as in `b"…"`."""
    return (
        len(match[0]) <= len("rb")
        and code[match.end() : match.end() + 1] == '"'
    )


def _arguments(code: str, start: int) -> str | None:
    """Return what is between the parentheses that open at a place."""
    if code[start : start + 1] != "(":
        return None
    depth = 0
    for position in range(start, len(code)):
        depth += (code[position] in "([{") - (code[position] in ")]}")
        if depth == 0:
            return code[start + 1 : position]
    return None


def split_arguments(arguments: str) -> list[str]:
    """Split arguments at their outer commas."""
    pieces = [""]
    depth = 0
    for char in arguments:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += char
    return [piece.strip() for piece in pieces if piece.strip()]


def _fits(names: Vocabulary, function: Definition, arguments: str) -> bool:
    inside = names.facts.function(function.index)
    given = split_arguments(arguments)
    if inside is None or any(argument in {"...", "…"} for argument in given):
        return True
    parameters = {
        parameter.name.lstrip("*&") for parameter in inside.parameters
    }
    takes_rest = "*" in function.signature or "..." in function.signature
    keywords = [
        match[1]
        for argument in given
        if (match := re.match(r"(\w+)\s*(?:=(?!=)|:)", argument))
    ]
    if takes_rest:
        return True
    if not set(keywords) <= parameters:
        return False
    return len([one for one in given if one not in {"self", "/", "*"}]) <= len(
        parameters
    )
