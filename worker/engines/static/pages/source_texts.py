"""The texts of source files, read again where the course shows them, and their syntax trees."""

from functools import lru_cache
from typing import Final

from tree_sitter import Node, Tree

from worker.engines.static.facts import Files
from worker.engines.static.parsing.source_file import (
    MAX_PARSED_BYTES,
    SourceParser,
    parsed_size,
)
from worker.engines.static.reading.encoding import decode
from worker.engines.static.reading.language import PARSED
from worker.system.disk import raise_if_passing

_KEPT_TEXTS: Final = 256
_KEPT_TREES: Final = 64
"""A course goes from file to file; a tree takes some ten times the memory of its text."""


class SourceTexts:
    """Reads files, and keeps those that were read last."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._reader = SourceParser()
        self.text = lru_cache(_KEPT_TEXTS)(self._text)
        self.lines = lru_cache(_KEPT_TEXTS)(self._lines)
        self._tree = lru_cache(_KEPT_TREES)(self._parse)

    def _text(self, path: str) -> str:
        """Return a file as it can be shown, without the last line end.

        It is empty if there is no such file, or it cannot be read.
        """
        text = decode(self.raw(path)) or ""
        return text.removesuffix("\n")

    def _lines(self, path: str) -> tuple[str, ...]:
        """Return the lines of a file as they can be shown, if there are any."""
        text = self.text(path)
        if text:
            return tuple(text.split("\n"))
        return ()

    def raw(self, path: str) -> bytes:
        """Return the bytes of a file; none if there is no such file, or it cannot be read."""
        file = self._files.get(path)
        if file is None:
            return b""
        try:
            return file.location.read_bytes()
        except OSError as error:
            raise_if_passing(error, file.location)
            return b""

    def root(self, path: str) -> Node | None:
        """Return the root of a file's syntax tree; None in a language without a grammar."""
        tree = self._tree(path)
        if tree is not None:
            return tree.root_node
        return None

    def _parse(self, path: str) -> Tree | None:
        data = self._source(path)
        if data is None:
            return None
        return self._reader.tree(self._files[path].language, data)

    def _source(self, path: str) -> bytes | None:
        if path not in self._files or self._files[path].language not in PARSED:
            return None
        text = self.text(path)
        if text and parsed_size(text) <= MAX_PARSED_BYTES:
            return f"{text}\n".encode("utf-8", "replace")
        return None
