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
    readme = next(
        (
            path
            for path in readmes(files)
            if path in texts and path.count("/") <= 1
        ),
        None,
    )
    said = [
        _manifest(name, texts[name]) for name in _MANIFESTS if name in texts
    ]
    title = (
        files[readme].headings[0].title
        if readme and files[readme].headings
        else ""
    )
    name = next((name for name, _ in said if name), "") or title or _UNNAMED
    taglines = [
        *(_sentences(files[readme], texts[readme]) if readme else ()),
        *(tagline for _, tagline in said),
    ]
    tagline = next(
        (
            one
            for one in taglines
            if len(one.split()) >= _WORDS and not _NO_TAGLINE.match(one)
        ),
        "",
    )
    return Project(
        name=plain(name)[:80], tagline=sentence(tagline), readme=readme
    )


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
    """Return name and description of a package; empty where it does not say, or cannot be read."""
    if name in {"go.mod", "setup.cfg", "pom.xml"}:
        patterns = {
            "go.mod": r"^module\s+\S*?([\w.-]+?)(?:/v\d+)?$",
            "setup.cfg": r"^name\s*=\s*(\S+)",
        }
        match = re.search(
            patterns.get(name, r"<name>([^<]{1,80})</name>"), text, re.MULTILINE
        )
        return match[1] if match else "", ""
    try:
        table = (
            json.loads(text) if name.endswith(".json") else tomllib.loads(text)
        )
    except (ValueError, RecursionError):
        return "", ""
    found = _table(table)
    for keys in (("project",), ("package",), ("tool", "poetry")):
        inner: Any = found
        for key in keys:
            inner = _table(inner).get(key)
        found = (
            _table(inner) or found
            if not isinstance(found.get("name"), str)
            else found
        )
    return _text(found.get("name")), _text(found.get("description"))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
