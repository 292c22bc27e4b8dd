"""Reads the type of a name's value from the code around its binding.

Code is read as it is written, without comments and text in quotes. What is not plainly of one
type is unknown: `list[Foo]` is a list, `Foo | Bar` may be either.
"""

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition
from worker.engines.static.reading.language import Language

_TYPE_FIRST: Final = frozenset(
    {Language.JAVA, Language.C, Language.CPP, Language.CSHARP, Language.PHP}
)
_LITERALS: Final = frozenset({Language.GO, Language.RUST})
"""Languages that create a value by naming its type before braces."""

_WORD: Final = rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*"
_PATH: Final = _WORD + rb"(?:(?:\.|::)[\w$\x80-\xff]+)*"
_ANNOTATION: Final = re.compile(rb"\s*[?!]?\s*:(?![:=])[ \t]*([^=,;\n){}]+)")
_GO_TYPE: Final = re.compile(
    rb"(?:[ \t]*,[ \t]*\w+)*[ \t]+(\*?" + _PATH + rb")"
)
_TYPE_BEFORE: Final = re.compile(
    rb"(" + _PATH + rb"(?:<[^;(){}]*>)?)\??(?:\s*[*&]+\s*|\s+)\Z"
)
_BEFORE: Final = 120
"""How many bytes before a name its type may take."""
_ASSIGNED: Final = re.compile(rb"\s*[?!]?\s*(?::(?!=)[^=\n;]*)?:?=(?!=)\s*")
_EXPRESSION: Final = re.compile(
    rb"[ \t]*((?:await\s+|new\s+|&)*)(" + _PATH + rb")"
)
_STATEMENT: Final = re.compile(rb"[(,|]\s*\Z")
"""What precedes a parameter, or one of several names that are assigned at once."""
_END: Final = re.compile(rb"[ \t]*(?:[\n;})]|\Z)")
_PLAIN: Final = re.compile(rb"(" + _PATH + rb")\s*(<.*>|\[.*\])?", re.DOTALL)
_CHOICE: Final = re.compile(rb"(?:[^|\[<]|\[[^\]]*\]?|<[^>]*>?)+")
_HOLDERS: Final = re.compile(
    rb"(?:(?:\w+\.)?Optional|Box|Rc|Arc|(?:std::)?(?:unique|shared)_ptr)"
    rb"[<\[](.*)[>\]]",
    re.DOTALL,
)
_MODIFIERS: Final = re.compile(
    rb"(?:[*&\s]|'\w+\s|(?:mut|const|final|readonly|dyn|impl)\s)+"
)
_NOTHING: Final = frozenset(
    {b"None", b"null", b"nil", b"undefined", b"nullptr"}
)
_LONGEST: Final = 2000
"""How many bytes the arguments of a call may take."""
_CLOSING: Final = {b"(": b")", b"{": b"}"}

_RESULT_AFTER: Final = re.compile(
    r"(?:->|\)\s*:)\s*([^()]+?)(?:\s+where\b.*)?\Z"
)
_DOCUMENTED: Final = re.compile(
    r":rtype:\W*([\w.]+)|@returns?\s*\[([\w:]+)\]|@returns?\s*\{([\w.]+)\}"
)
_GO_RESULT: Final = re.compile(
    r"func\s*(?:\([^()]*\)\s*)?\w+\s*(?:\[[^\]]*\])?"
    r"\([^()]*(?:\([^()]*\)[^()]*)*\)\s*\(?\s*(\*?[\w.]+)(?![\w.\[(])"
)


class Evidence(Enum):
    """How the code states a value."""

    TYPE = auto()
    """The path names its type."""
    CALL = auto()
    """The path is called: a type, or what returns a value."""
    COPY = auto()
    """The path is a name with the same value."""
    NOTHING = auto()
    UNKNOWN = auto()


class ValueOrigin(NamedTuple):
    """A value by the names in the code that state it."""

    source: Evidence
    path: str = ""


UNKNOWN: Final = ValueOrigin(Evidence.UNKNOWN)


def origin(
    code: bytes, place: int, name: bytes, language: Language
) -> ValueOrigin:
    end = place + len(name)
    if code[place:end] != name:
        return UNKNOWN
    before = code[max(0, place - _BEFORE) : place]
    declared = plain_type(_declared(code, before, end, language), language)
    if declared and declared not in {"auto", "var"}:
        return ValueOrigin(Evidence.TYPE, declared)
    if _STATEMENT.search(before):
        return UNKNOWN
    return _assigned(code, end, language)


def _declared(
    code: bytes, before: bytes, end: int, language: Language
) -> bytes:
    if language in _TYPE_FIRST:
        is_array = code[end : end + 1] == b"["
        match = None
        if not is_array:
            match = _TYPE_BEFORE.search(before)
    elif language is Language.GO:
        match = _GO_TYPE.match(code, end)
    elif language is Language.RUBY:
        return b""
    else:
        match = _ANNOTATION.match(code, end)
    if match is not None:
        return match[1]
    return b""


def plain_type(written: bytes, language: Language) -> str:
    """Return the names of a type without what makes it optional or a pointer; or nothing."""
    # What is between brackets may be a choice of its own.
    parts = _CHOICE.findall(written)
    choices = [part.strip(b" \t\n\"'") for part in parts]
    choices = [part for part in choices if part not in _NOTHING]
    if len(choices) != 1:
        return ""
    bare = choices[0].rstrip(b"?*& ")
    modifiers = _MODIFIERS.match(bare)
    if modifiers is not None:
        bare = bare[modifiers.end() :]
    holder = _HOLDERS.fullmatch(bare)
    if holder is not None:
        return plain_type(holder[1], language)
    match = _PLAIN.fullmatch(bare)
    if match is None:
        return ""
    arguments = match[2] or b""
    if arguments.startswith(b"[") and language is not Language.PYTHON:
        return ""
    return match[1].decode("utf-8", "replace")


def _assigned(code: bytes, end: int, language: Language) -> ValueOrigin:
    match = _ASSIGNED.match(code, end)
    if match:
        return _value(code, match.end(), language)
    return UNKNOWN


def returned(code: bytes, place: int, language: Language) -> ValueOrigin:
    """Return the value of a `return`."""
    if _END.match(code, place):
        return ValueOrigin(Evidence.NOTHING)
    return _value(code, place, language)


def _value(code: bytes, place: int, language: Language) -> ValueOrigin:
    match = _EXPRESSION.match(code, place)
    if match is None:
        return UNKNOWN
    path = match[2].decode("utf-8", "replace")
    after = match.end()
    if _END.match(code, after):
        if match[2] in _NOTHING:
            return ValueOrigin(Evidence.NOTHING, path)
        return ValueOrigin(Evidence.COPY, path)
    if language in _LITERALS and code.startswith(b" ", after):
        after += 1
    opening = code[after : after + 1]
    is_literal = opening == b"{"
    if is_literal and language not in _LITERALS:
        return UNKNOWN
    last = _matching(code, after, opening)
    if last is None or not _END.match(code, last):
        return UNKNOWN
    source = Evidence.CALL
    if is_literal or b"new" in match[1]:
        source = Evidence.TYPE
    return ValueOrigin(source, path)


def _matching(code: bytes, start: int, opening: bytes) -> int | None:
    """Return the byte after the bracket that closes the one at `start`; None if there is none."""
    closing = _CLOSING.get(opening)
    if closing is None:
        return None
    depth = 0
    limit = min(len(code), start + _LONGEST)
    for place in range(start, limit):
        mark = code[place : place + 1]
        if mark == opening:
            depth += 1
        elif mark == closing:
            depth -= 1
        if depth == 0:
            return place + 1
    return None


def result(function: Definition, language: Language) -> str:
    """Return the names of the type that a function returns, by its signature; or nothing."""
    signature = function.signature
    if language in _TYPE_FIRST:
        before, _, _ = signature.partition(f"{function.name}(")
        match_bytes = _TYPE_BEFORE.search(before.encode())
        written = b""
        if match_bytes:
            written = match_bytes[1]
    else:
        pattern = _RESULT_AFTER
        if language is Language.GO:
            pattern = _GO_RESULT
        match = pattern.search(signature)
        written = b""
        if match:
            written = match[1].encode()
    return plain_type(written, language)


def told_result(function: Definition, language: Language) -> str:
    """Return the name of the type that a function's signature or documentation says it returns."""
    written = result(function, language)
    documented = _DOCUMENTED.search(function.doc)
    if not written and documented is not None:
        written = documented[documented.lastindex or 0]
    return re.split(r"\.|::", written)[-1]


def says_result(function: Definition) -> bool:
    return _RESULT_AFTER.search(function.signature) is not None
