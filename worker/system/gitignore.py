"""The rules of `.gitignore` files, as git applies them.

A pattern may be hostile: a regular expression for the whole path, as libraries build it,
can take minutes for one name. Here each part of a path has its own expression, which tries
each star once, and the positions that `**` allows are tracked in one pass over the path. So
no pattern takes long.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.system.disk import raise_if_passing

NAME: Final = ".gitignore"

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ANY: Final = re.compile(rb".*", re.DOTALL)
_NONE: Final = re.compile(rb"(?!)")
_DOUBLE_STAR: Final = re.compile(rb"\*{2,}")
_RANGE: Final = re.compile(rb"-(?=[^\]])")
"""The dash of a range in a set; a dash at the end of the set is a member."""
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
    last_part_only: bool
    """Whether the pattern is about a name in any folder."""
    parts: Sequence[Part]

    def matches(self, path: Sequence[bytes], *, is_folder: bool) -> bool:
        """Whether the line matches a path below the ignore file's folder."""
        if self.folders_only and not is_folder:
            return False
        if self.last_part_only:
            path = path[-1:]
        return _match(self.parts, path)


_DeepRule = tuple[int, _Rule]
"""A rule, and how many folders its file lies below the root."""


class IgnoreRules:
    """The ignore files of a folder and its subfolders, each read when needed."""

    def __init__(self, root: Path, max_bytes: int | None = None) -> None:
        """Take the folder; ignore files over `max_bytes` are skipped."""
        self._root = root
        self._max_bytes = max_bytes
        self._rules: dict[str, list[_DeepRule]] = {}

    def ignores(self, path: str) -> bool:
        """Whether a path is ignored, given that its folder is not.

        The path of a folder ends in a slash.
        """
        is_folder = path.endswith("/")
        folder, _, _ = path.rstrip("/").rpartition("/")
        parts = [part for part in os.fsencode(path).split(b"/") if part]
        for depth, rule in self._rules_for(folder):
            if rule.matches(parts[depth:], is_folder=is_folder):
                return rule.ignores
        return False

    def _rules_for(self, folder: str) -> list[_DeepRule]:
        """Return the rules for what is in a folder, in their precedence.

        Those of the innermost ignore file come first, and of each file the last line.
        """
        rules = self._rules.get(folder)
        if rules is None:
            rules = self._own_rules(folder)
            if folder:
                parent, _, _ = folder.rpartition("/")
                around = self._rules_for(parent)
                # Most folders have no ignore file, and share one list.
                rules = [*rules, *around] if rules else around
            self._rules[folder] = rules
        return rules

    def _own_rules(self, folder: str) -> list[_DeepRule]:
        depth = 0
        if folder:
            depth = folder.count("/") + 1
        content = self._read(self._root / folder / NAME)
        return [(depth, rule) for rule in reversed(read_rules(content))]

    def _read(self, file: Path) -> bytes:
        """Return the content of an ignore file; nothing if it cannot be used."""
        try:
            if not file.is_file() or file.is_symlink():
                return b""
            if self._is_too_large(file):
                return b""
            return file.read_bytes()
        except OSError as error:
            raise_if_passing(error, file)
            return b""

    def _is_too_large(self, file: Path) -> bool:
        if self._max_bytes is None:
            return False
        return file.stat().st_size > self._max_bytes


def rules_for(folder: Path) -> Callable[[str], bool]:
    """Return a function that decides whether git ignores a path in a folder.

    The rules of the repository around the folder count, unless they ignore the folder itself.
    """
    top = _repository_around(folder)
    # guard: the ignore files of the repository around a folder count
    if top is not None:
        rules = IgnoreRules(top)
        below = folder.relative_to(top).as_posix()
        if not _ignores_folder(rules, below):
            return lambda path: rules.ignores(f"{below}/{path}")
    return IgnoreRules(folder).ignores


def _repository_around(folder: Path) -> Path | None:
    for parent in folder.parents:
        if os.path.lexists(parent / ".git"):
            return parent
    return None


def _ignores_folder(rules: IgnoreRules, folder: str) -> bool:
    """Whether a folder, or one that contains it, is ignored."""
    path = ""
    for name in folder.split("/"):
        path += f"{name}/"
        if rules.ignores(path):
            return True
    return False


def read_rules(content: bytes) -> list[_Rule]:
    """Read an ignore file; lines without a pattern are skipped."""
    rules = []
    text = content.removeprefix(_BYTE_ORDER_MARK)
    for line in text.split(b"\n"):
        rule = _read_rule(line.removesuffix(b"\r"))
        if rule is not None:
            rules.append(rule)
    return rules


def _read_rule(line: bytes) -> _Rule | None:
    pattern = _without_spaces(line)
    if pattern.startswith(b"#"):
        return None
    ignores = not pattern.startswith(b"!")
    if not ignores:
        pattern = pattern[1:]
    path = pattern.removesuffix(b"/")
    if not path:
        return None
    return _Rule(
        ignores=ignores,
        folders_only=path != pattern,
        last_part_only=b"/" not in path,
        parts=_parts(path.removeprefix(b"/")),
    )


def _without_spaces(line: bytes) -> bytes:
    """Strip spaces at a line's end, up to an escaped one."""
    stripped = line.rstrip(b" ")
    bare = stripped.rstrip(b"\\")
    length = len(stripped)
    backslashes = length - len(bare)
    if backslashes % 2 == 0:
        return stripped
    return line[: length + 1]


def _parts(pattern: bytes) -> list[Part]:
    globs = _globs(pattern)
    parts = [_part(glob) for glob in globs]
    if parts[-1] is None:
        # `**` at the end matches what is in a folder, but not the folder itself.
        parts.insert(-1, _ANY)
    return parts


def _part(glob: bytes) -> Part:
    if _DOUBLE_STAR.fullmatch(glob):
        return None
    return _expression(glob)


def _globs(pattern: bytes) -> list[bytes]:
    """Split a pattern at its slashes, except in sets."""
    globs = []
    reader = _GlobReader(pattern)
    begin = 0
    while not reader.at_end:
        start = reader.position
        reader.piece()
        text = pattern[start : reader.position]
        if text in {b"/", b"\\/"}:
            globs.append(pattern[begin:start])
            begin = reader.position
    globs.append(pattern[begin:])
    return globs


def _match(parts: Sequence[Part], path: Sequence[bytes]) -> bool:
    """Whether the parts match a path, by tracking all positions that are reached."""
    end = len(parts)
    positions = _past_double_stars(parts, {0})
    for name in path:
        reached = set[int]()
        for position in positions - {end}:
            part = parts[position]
            if part is None:
                reached.add(position)
            elif part.fullmatch(name):
                reached.add(position + 1)
        positions = _past_double_stars(parts, reached)
    return end in positions


def _past_double_stars(parts: Sequence[Part], positions: set[int]) -> set[int]:
    """Add the positions that need no name: those after each `**`."""
    reached = set(positions)
    for position, part in enumerate(parts):
        if position in reached and part is None:
            reached.add(position + 1)
    return reached


def _expression(glob: bytes) -> re.Pattern[bytes]:
    """Compile a glob without slashes; each star is tried once, from the left."""
    reader = _GlobReader(glob)
    # The parts before, between and after the stars.
    pieces = [b""]
    while not reader.at_end:
        if reader.accept(b"*"):
            pieces.append(b"")
            continue
        piece = reader.piece()
        if piece is None:
            return _NONE
        pieces[-1] += piece
    expression, *others = pieces
    if not others:
        return re.compile(expression, re.DOTALL)
    *middle, last = others
    for piece in middle:
        if piece:
            expression += b"(?>.*?%b)" % piece
    expression += b".*" + last
    return re.compile(expression, re.DOTALL)


class _GlobReader:
    """Reads a glob from the left, and translates it to regular expressions."""

    def __init__(self, glob: bytes) -> None:
        self._glob = glob
        self.position = 0

    @property
    def at_end(self) -> bool:
        return self.position >= len(self._glob)

    def accept(self, text: bytes) -> bool:
        """Skip a text if it comes next."""
        if not self._glob.startswith(text, self.position):
            return False
        self.position += len(text)
        return True

    def piece(self) -> bytes | None:
        """Read a character, `?` or a set; return None for an expression that matches nothing."""
        if self.accept(b"?"):
            return b"."
        if self.accept(b"["):
            return self._set()
        character = self._character()
        if not character:
            return None
        return re.escape(character)

    def _character(self) -> bytes:
        """Read a character, which may be escaped; return nothing at the end."""
        self.accept(b"\\")
        start = self.position
        self.position += 1
        return self._glob[start : self.position]

    def _set(self) -> bytes | None:
        """Read a set of characters after its bracket; return None if it is malformed."""
        is_negated = self.accept(b"!") or self.accept(b"^")
        members = b""
        # A closing bracket that comes first is a member.
        while not members or not self.accept(b"]"):
            member = self._member()
            if member is None:
                return None
            members += member
        if is_negated:
            return b"[^%b]" % members
        return b"[%b]" % members

    def _member(self) -> bytes | None:
        """Read a class, a range or a character of a set; return None if the set has no end."""
        start = self.position
        if self._glob.startswith(b"[:", start):
            end = self._glob.find(b":]", start)
            if end > 0:
                name = self._glob[start + 2 : end]
                self.position = end + 2
                return _CLASSES.get(name)
        low = self._character()
        if not low:
            return None
        if not _RANGE.match(self._glob, self.position):
            return re.escape(low)
        return self._range(low)

    def _range(self, low: bytes) -> bytes | None:
        """Read the rest of a range; one that is in the wrong order has only its first character."""
        self.accept(b"-")
        high = self._character()
        if not high:
            return None
        first = re.escape(low)
        if low > high:
            return first
        return b"%b-%b" % (first, re.escape(high))
