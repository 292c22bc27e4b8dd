"""What a repository says of itself: its name, and what it is for in one sentence."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from worker.engines.static.choosing.ranking import readmes
from worker.engines.static.facts import Project, SourceFile
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import sentence
from worker.engines.static.reading.documents import plain

_NAME_PATTERNS: Final = {
    "go.mod": r"^module\s+\S*?([\w.-]+?)(?:/v\d+)?$",
    "setup.cfg": r"^name\s*=\s*(\S+)",
    "pom.xml": r"<name>([^<]{1,80})</name>",
}
"""Where manifests that are neither JSON nor TOML have a package's name."""
_MANIFESTS: Final = (
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "composer.json",
    "go.mod",
    "setup.cfg",
    "pom.xml",
)
_UNNAMED: Final = "This repository"
_WORDS: Final = 4
"""A sentence of fewer words is a slogan, or a button."""
_NO_TAGLINE: Final = re.compile(
    r"(?:to )?(?:install|npm |pip |go get|cargo |copyright|licen[cs]e|this (?:file|is a fork)|note:|warning|see |for |"
    r"documentation|build status|https?:|table of contents|\d)",
    re.IGNORECASE,
)
_LOOKED_AT: Final = 8


def describe(
    files: Mapping[str, SourceFile], texts: Mapping[str, str]
) -> Project:
    """Read the README and the manifests at the top of the repository."""
    readme = _top_readme(files, texts)
    manifests = [
        _manifest(name, texts[name]) for name in _MANIFESTS if name in texts
    ]
    names = [name for name, _ in manifests]
    taglines = [tagline for _, tagline in manifests]
    if readme is not None:
        file = files[readme]
        taglines = [*_sentences(file, texts[readme]), *taglines]
        if file.headings:
            names.append(file.headings[0].title)
    name = next(filter(None, names), _UNNAMED)
    tagline = next(filter(_is_tagline, taglines), "")
    return Project(
        name=plain(name)[:80], tagline=sentence(tagline), readme=readme
    )


def _top_readme(
    files: Mapping[str, SourceFile], texts: Mapping[str, str]
) -> str | None:
    for path in readmes(files):
        if path in texts and path.count("/") <= 1:
            return path
    return None


def _is_tagline(text: str) -> bool:
    return len(text.split()) >= _WORDS and not _NO_TAGLINE.match(text)


def _sentences(file: SourceFile, text: str) -> Iterable[str]:
    """Yield what may be the README's first real sentence."""
    if not file.headings or file.headings[0].line > _LOOKED_AT:
        yield from (
            first_sentence(paragraph)
            for paragraph in re.split(r"\n\s*\n", text)[:_LOOKED_AT]
        )
    yield from (
        first_sentence(heading.lead) for heading in file.headings[:_LOOKED_AT]
    )


def _manifest(name: str, text: str) -> tuple[str, str]:
    """Return name and description of a package; empty if missing or unreadable."""
    if name in _NAME_PATTERNS:
        match = re.search(_NAME_PATTERNS[name], text, re.MULTILINE)
        return match[1] if match else "", ""
    load = json.loads if name.endswith(".json") else tomllib.loads
    try:
        table = _table(load(text))
    except (ValueError, RecursionError):
        return "", ""
    for keys in (("project",), ("package",), ("tool", "poetry")):
        if isinstance(table.get("name"), str):
            break
        inner: Any = table
        for key in keys:
            inner = _table(inner).get(key)
        table = _table(inner) or table
    return _text(table.get("name")), _text(table.get("description"))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
