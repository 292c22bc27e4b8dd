"""Syntax highlighting by Pygments, reduced to the few token kinds in the style sheet."""

from collections.abc import Iterable
from functools import cache
from html import escape
from itertools import groupby
from typing import ClassVar, Final

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Name,
    Number,
    String,
    _TokenType,
)

MAX_CHARACTERS: Final = 30_000
"""Longer code is shown without colours."""
LANGUAGES: Final = frozenset({
    "bash", "c", "c++", "cfg", "clojure", "console", "cpp", "cs", "csharp",
    "css", "dart", "diff", "docker", "dockerfile", "elixir", "erlang",
    "go", "golang", "graphql", "groovy", "haskell", "html",
    "http", "ini", "java", "javascript", "js", "json", "jsx", "kotlin",
    "lua", "make", "makefile", "nginx", "objective-c", "ocaml", "perl", "php",
    "powershell", "proto", "protobuf", "py", "pycon", "python", "r", "rb",
    "rs", "ruby", "rust", "scala", "scss", "sh", "shell", "sql", "swift",
    "toml", "ts", "tsx", "typescript", "xml", "yaml", "yml", "zig", "zsh",
})  # fmt: skip
"""The languages in the code fences of courses; others are shown without colours."""
_KINDS: Final[dict[_TokenType, str]] = {
    Comment: "c",
    Comment.Preproc: "k",
    Keyword: "k",
    Keyword.Constant: "m",
    Name.Builtin: "b",
    Name.Class: "f",
    Name.Decorator: "f",
    Name.Function: "f",
    Name.Tag: "k",
    Number: "m",
    String: "s",
    Generic.Deleted: "gd",
    Generic.Inserted: "gi",
    Generic.Prompt: "c",
    Generic.Output: "",
}
_NAME: Final = r"[^\W\d]\w*"
"""A name in Python."""


def _with_short_names(rule: object) -> object:
    """Replace Python's list of all letters that a name may have by a short pattern."""
    match rule:
        case (str(pattern), *actions):
            return (pattern.replace(PythonLexer.uni_name, _NAME), *actions)
        case _:
            return rule


class _Python(PythonLexer):
    """Python's lexer with short patterns for names: its own take half of the time to compile."""

    tokens: ClassVar = {
        state: [_with_short_names(rule) for rule in rules]
        for state, rules in PythonLexer.tokens.items()
    }


def highlighted(code: str, language: str) -> str:
    """Return code as HTML."""
    name = language.lower()
    if name not in LANGUAGES or len(code) > MAX_CHARACTERS:
        return escape(code)
    lexer = _lexer(name)
    words = list(lexer.get_tokens(code))
    # A lexer is not trusted to return the code unchanged.
    if _text(words) != code:
        return escape(code)
    html = ""
    for kind, group in groupby(words, key=_kind_of_word):
        text = escape(_text(group), quote=False)
        html += _span(kind, text)
    return html


def _text(words: Iterable[tuple[_TokenType, str]]) -> str:
    return "".join(value for _, value in words)


def _span(kind: str, html: str) -> str:
    if not kind:
        return html
    return f'<span class="{kind}">{html}</span>'


def _kind_of_word(word: tuple[_TokenType, str]) -> str:
    token, _ = word
    return _kind(token)


@cache
def _lexer(name: str) -> Lexer:
    if name in PythonLexer.aliases:
        return _Python(stripnl=False, ensurenl=False)
    return get_lexer_by_name(name, stripnl=False, ensurenl=False)


@cache
def _kind(token: _TokenType) -> str:
    """Return the class of a token's kind, or of the nearest enclosing kind that has one."""
    for kind in reversed(token.split()):
        if kind in _KINDS:
            return _KINDS[kind]
    return ""
