"""The version of a project and its requirements, as lines of its manifest declare them."""

import re
from collections.abc import Sequence
from posixpath import basename
from typing import Final, NamedTuple

from worker.engines.claude.words import Words
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts

_VERSION: Final = r"(\d[\w.+-]{0,30})"
_NEEDED: Final = r"([\w.<>=~^*,| -]{1,40})"


class _Patterns(NamedTuple):
    """Patterns that find the lines of a manifest."""

    version: str
    needs: str
    language: str


_MANIFESTS: Final = {
    "pyproject.toml": _Patterns(
        rf'version = "{_VERSION}"', rf'requires-python = "{_NEEDED}"', "Python"
    ),
    "package.json": _Patterns(
        rf'(?:  |\t)"version": "{_VERSION}",?',
        rf'\s+"node": "{_NEEDED}",?',
        "Node.js",
    ),
    "Cargo.toml": _Patterns(
        rf'version = "{_VERSION}"', rf'rust-version = "{_NEEDED}"', "Rust"
    ),
}
_PACKAGE: Final = frozenset({"[project]", "[tool.poetry]", "[package]"})
"""The tables that describe the package itself."""


class _Declared(NamedTuple):
    value: str
    line: int


def told(facts: CourseFacts, manifest: str, words: Words) -> str:
    """Return a paragraph on version and requirements, with its places; nothing without any."""
    patterns = _MANIFESTS.get(basename(manifest))
    if patterns is None:
        return ""
    lines = facts.texts.lines(manifest)
    version = _declared(lines, patterns.version)
    needs = _declared(lines, patterns.needs)
    sentences: list[str] = []
    if version is not None:
        sentences.append(words.release.format(version=version.value))
    if needs is not None:
        needed = f"{patterns.language} {markdown.text(needs.value)}"
        sentences.append(words.needs.format(needs=needed))
    if not sentences:
        return ""
    found = [entry for entry in (version, needs) if entry is not None]
    spans = sorted((entry.line, entry.line) for entry in found)
    place = markdown.place(manifest, *spans)
    return f"{' '.join(sentences)} ({place})"


def _declared(lines: Sequence[str], pattern: str) -> _Declared | None:
    """Return the first line that declares a value in the package's own table."""
    is_package = True
    for number, line in enumerate(lines, 1):
        if line.startswith("["):
            is_package = line.strip() in _PACKAGE
        match = re.fullmatch(pattern, line.rstrip())
        if match is not None and is_package:
            return _Declared(match[1], number)
    return None
