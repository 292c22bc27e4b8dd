"""The rules of `.gitignore` files, as git applies them.

A pattern is as hostile as any other file: the regular expression of a whole path, as
libraries make it of a pattern, can take minutes for one name. Here each part of a path has
an expression that tries each star once, and `**` is followed by keeping all positions at
once: no pattern takes long.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.system.disk import raise_if_passing

NAME: Final = ".gitignore"

_ANY: Final = re.compile(rb".*", re.DOTALL)
_NONE: Final = re.compile(rb"(?!)")
_STARS: Final = re.compile(rb"\*+")
_CLASSES: Final = {
    b"alnum": rb"0-9A-Za-z",
    b"alpha": rb"A-Za-z",
    b"blank": rb" \t",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": rb"0-9",
    b"graph": rb"!-~",
    b"lower": rb"a-z",
    b"print": rb" -~",
    b"punct": rb"!-/:-@\[-`{-~",
    b"space": rb"\t-\r ",
    b"upper": rb"A-Z",
    b"xdigit": rb"0-9A-Fa-f",
}

Part = re.Pattern[bytes] | None
"""The pattern of one part of a path; None is `**`, any number of parts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    """A line of an ignore file."""

    ignores: bool
    """False if the line begins with `!`, which includes paths again."""
    folders_only: bool
    anywhere: bool
    """Whether only the last part of a path counts."""
    parts: Sequence[Part]

    def matches(self, path: Sequence[bytes], *, is_folder: bool) -> bool:
        """Tell whether the line matches a path below the ignore file's folder."""
        if self.folders_only and not is_folder:
            return False
        return _match(self.parts, path[-1:] if self.anywhere else path)


class IgnoreRules:
    """The ignore files of a folder and its subfolders, each read when needed."""

    def __init__(self, root: Path, max_bytes: int | None = None) -> None:
        """Take the folder; ignore files over `max_bytes` are skipped."""
        self._root = root
        self._max_bytes = max_bytes
        self._rules: dict[str, list[_Rule]] = {}

    def ignores(self, path: str) -> bool:
        """Tell whether a path is ignored, if its folder is not; folders end with a slash."""
        parts = [os.fsencode(part) for part in path.split("/") if part]
        folder = path.rstrip("/")
        while folder:
            folder = folder.rpartition("/")[0]
            below = parts[len(folder.split("/")) if folder else 0 :]
            for rule in self._of(folder):
                if rule.matches(below, is_folder=path.endswith("/")):
                    return rule.ignores
        return False

    def _of(self, folder: str) -> list[_Rule]:
        """Return the rules of a folder's ignore file, the last line first: it takes precedence."""
        if folder not in self._rules:
            self._rules[folder] = read_rules(
                self._read(self._root / folder / NAME)
            )[::-1]
        return self._rules[folder]

    def _read(self, file: Path) -> bytes:
        try:
            if not file.is_file() or file.is_symlink():
                return b""
            if (
                self._max_bytes is not None
                and file.stat().st_size > self._max_bytes
            ):
                return b""
            return file.read_bytes()
        except OSError as error:
            raise_if_passing(error, file)
            return b""


def rules_for(folder: Path) -> Callable[[str], bool]:
    """Return a function that tells whether git ignores a path in a folder.

    The rules of the repository around the folder count, unless they ignore the folder itself.
    """
    top = next(
        (one for one in folder.parents if os.path.lexists(one / ".git")), None
    )
    # guard: the ignore files of the repository around a folder count
    if top is not None:
        rules = IgnoreRules(top)
        prefix = f"{folder.relative_to(top).as_posix()}/"
        ends = [
            end for end, character in enumerate(prefix, 1) if character == "/"
        ]
        if not any(rules.ignores(prefix[:end]) for end in ends):
            return lambda path: rules.ignores(prefix + path)
    return IgnoreRules(folder).ignores


def read_rules(content: bytes) -> list[_Rule]:
    """Read an ignore file; lines without a pattern are skipped."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [
        rule
        for line in lines
        if (rule := _rule(line.removesuffix(b"\r"))) is not None
    ]


def _rule(line: bytes) -> _Rule | None:
    pattern = _without_spaces(line)
    if pattern.startswith(b"#"):
        return None
    ignores = not pattern.startswith(b"!")
    pattern = pattern if ignores else pattern[1:]
    bare = pattern.removesuffix(b"/")
    if not bare:
        return None
    return _Rule(
        ignores=ignores,
        folders_only=bare != pattern,
        anywhere=b"/" not in bare,
        parts=_parts(bare.removeprefix(b"/")),
    )


def _without_spaces(line: bytes) -> bytes:
    """Strip spaces at a line's end, up to an escaped one."""
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    return line[: len(bare) + backslashes % 2]


def _parts(pattern: bytes) -> list[Part]:
    parts: list[Part] = [
        None if re.fullmatch(rb"\*{2,}", glob) else _expression(glob)
        for glob in _globs(pattern)
    ]
    if parts[-1] is None:  # what is in a folder, not the folder itself
        parts.insert(-1, _ANY)
    return parts


def _globs(pattern: bytes) -> list[bytes]:
    """Split a pattern at its slashes, except in sets."""
    globs, begin, at = [], 0, 0
    while at < len(pattern):
        end = _piece(pattern, at)[1]
        if pattern[at:end] in {b"/", b"\\/"}:
            globs.append(pattern[begin:at])
            begin = end
        at = end
    return [*globs, pattern[begin:]]


def _match(parts: Sequence[Part], path: Sequence[bytes]) -> bool:
    positions = _beyond(parts, {0})
    for name in path:
        reached = set[int]()
        for position in positions:
            if position == len(parts):
                continue
            part = parts[position]
            if part is None:
                reached.add(position)
            elif part.fullmatch(name):
                reached.add(position + 1)
        positions = _beyond(parts, reached)
    return len(parts) in positions


def _beyond(parts: Sequence[Part], positions: set[int]) -> set[int]:
    """Add the positions that need no name: those after each `**`."""
    found = set(positions)
    for position, part in enumerate(parts):
        if position in found and part is None:
            found.add(position + 1)
    return found


def _expression(glob: bytes) -> re.Pattern[bytes]:
    """Compile a glob without slashes; each star is tried once, from the left."""
    pieces = [b""]
    at = 0
    while at < len(glob):
        if stars := _STARS.match(glob, at):
            pieces.append(b"")
            at = stars.end()
            continue
        piece, at = _piece(glob, at)
        if piece is None:
            return _NONE
        pieces[-1] += piece
    first, *more = pieces
    if not more:
        return re.compile(first, re.DOTALL)
    middle = b"".join(b"(?>.*?%b)" % piece for piece in more[:-1] if piece)
    return re.compile(b"%b%b.*%b" % (first, middle, more[-1]), re.DOTALL)


def _piece(glob: bytes, at: int) -> tuple[bytes | None, int]:
    """Return the expression of one character of a glob, and the next position.

    None matches nothing.
    """
    character = glob[at : at + 1]
    if character == b"?":
        return b".", at + 1
    if character == b"[":
        return _set(glob, at + 1)
    if character == b"\\":
        escaped = glob[at + 1 : at + 2]
        return (re.escape(escaped), at + 2) if escaped else (None, at + 1)
    return re.escape(character), at + 1


def _set(glob: bytes, at: int) -> tuple[bytes | None, int]:
    """Read a set of characters after its bracket."""
    negated = glob[at : at + 1] in {b"!", b"^"}
    at += negated
    items, first = b"", True
    while first or glob[at : at + 1] != b"]":
        first = False
        item, at = _item(glob, at)
        if item is None:
            return None, at
        items += item
    if not items:
        return (b"." if negated else b"(?!)"), at + 1
    return b"[%b%b]" % (b"^" if negated else b"", items), at + 1


def _item(glob: bytes, at: int) -> tuple[bytes | None, int]:
    """Read a class, a range or a character of a set; None if the set has no end."""
    if glob.startswith(b"[:", at) and (end := glob.find(b":]", at)) > 0:
        return _CLASSES.get(glob[at + 2 : end]), end + 2
    low, at = _literal(glob, at)
    if (
        not low
        or glob[at : at + 1] != b"-"
        or glob[at + 1 : at + 2] in {b"", b"]"}
    ):
        return (re.escape(low) if low else None), at
    high, at = _literal(glob, at + 1)
    if not high:
        return None, at
    return (
        b"%b-%b" % (re.escape(low), re.escape(high))
        if low <= high
        else re.escape(low)
    ), at


def _literal(glob: bytes, at: int) -> tuple[bytes, int]:
    at += glob[at : at + 1] == b"\\"
    return glob[at : at + 1], at + 1
