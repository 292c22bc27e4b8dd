"""Reads the name and the description of a package from its manifest."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

_TABLES: Final = {
    "pyproject.toml": (("project",), ("tool", "poetry")),
    "package.json": ((),),
    "Cargo.toml": (("package",), ("workspace", "package")),
    "composer.json": ((),),
    "deno.json": ((),),
}
"""The tables of structured manifests that describe the package."""
_MOST_READ: Final = 64 * 1024
"""Characters of a manifest that are read."""
_KEPT: Final = 8
"""Manifests that are asked for again and again."""
_PATTERNS: Final = (
    (r"go\.mod", r"^module\s+\S*?([\w.-]+?)(?:/v\d+)?$", None),
    (r"setup\.cfg", r"^name\s*=\s*(\S+)", r"^description\s*=\s*(\S.*)"),
    (
        r"setup\.py",
        r"(?i)\bname\s*=\s*[\"']([^\"'\n]+)",
        r"\bdescription\s*=\s*(?:\(\s*)?(?:\"([^\"\n]+)\"|'([^'\n]+)')",
    ),
    (
        r"pom\.xml",
        r"<name>([^<$]{1,80})</name>",
        r"<description>([^<$]{1,600})</description>",
    ),
    (
        r"[\w.-]+\.gemspec",
        r"\.name\s*=\s*[\"']([^\"'\n]+)",
        r"\.summary\s*=\s*(?:%q[{(])?\"?'?([^\"}\n]+?)[\"')}]*$",
    ),
    (
        r"[\w.-]+\.csproj",
        r"<PackageId>([^<$]{1,80})<",
        r"<Description>([^<$]{1,600})<",
    ),
    (r"[\w.-]+\.sln", None, None),
    (
        r"[\w.-]+\.cabal",
        r"(?i)^name:\s*(\S+)",
        r"(?i)^synopsis:\s*(\S.*)",
    ),
    (r"pubspec\.yaml", r"^name:\s*(\S+)", r"^description:\s*(\w.*)"),
    (r"DESCRIPTION", r"^Package:\s*(\S+)", r"^Title:\s*(\S.*)"),
    (r"mix\.exs", r"\bapp:\s*:(\w+)", r"\bdescription:\s*\"([^\"\n]+)\""),
    (
        r"settings\.gradle(?:\.kts)?",
        r"^rootProject\.name\s*=\s*[\"']([^\"'\n]+)",
        None,
    ),
    (
        r"build\.gradle(?:\.kts)?",
        None,
        r"^description\s*=\s*[\"']([^\"'\n]+)",
    ),
    (
        r"CMakeLists\.txt",
        r"(?i)^[ \t]*project[ \t]*\(\s*([\w.+-]+)",
        r"(?i)\bDESCRIPTION\s+\"([^\"\n]+)\"",
    ),
    (r"meson\.build", r"^project\(\s*'([^'\n]+)'", None),
)
"""Manifests that are read by patterns: of their file name, the name, and the description."""
_NAMED_LIKE_PACKAGES: Final = frozenset({"csproj", "sln"})
"""Endings of manifests that have the name of their package."""


class PackageManifest(NamedTuple):
    """What a package calls itself; either may be empty."""

    name: str
    description: str


def manifests(texts: Mapping[str, str]) -> Iterator[PackageManifest]:
    """Yield the manifests at the top of a repository."""
    for name, tables in _TABLES.items():
        if name in texts:
            yield from _structured(name, texts[name], tables)
    at_top = sorted(path for path in texts if "/" not in path)
    for file_name, name_pattern, description_pattern in _PATTERNS:
        for path in at_top:
            if not re.fullmatch(file_name, path):
                continue
            text = texts[path]
            stem, _, ending = path.rpartition(".")
            name = _match(name_pattern, text)
            if not name and ending in _NAMED_LIKE_PACKAGES:
                name = stem
            description = _match(description_pattern, text)
            yield PackageManifest(name, description)


def _structured(
    name: str, text: str, tables: tuple[tuple[str, ...], ...]
) -> Iterator[PackageManifest]:
    for keys in tables:
        package: Any = table(name, text)
        for key in keys:
            package = package.get(key) if isinstance(package, dict) else None
        if isinstance(package, dict) and package:
            described = _string(package.get("description"))
            yield PackageManifest(_string(package.get("name")), described)


@lru_cache(maxsize=_KEPT)
def table(path: str, text: str) -> Mapping[str, Any]:
    """Return what a JSON or TOML file holds; nothing if it is broken, or no table."""
    load = json.loads if path.endswith(".json") else tomllib.loads
    try:
        whole = load(text)
    except (ValueError, RecursionError):
        return {}
    if isinstance(whole, dict):
        return whole
    return {}


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    return ""


def _match(pattern: str | None, text: str) -> str:
    if pattern is None:
        return ""
    match = re.search(pattern, text[:_MOST_READ], re.MULTILINE)
    if match is not None:
        return next(filter(None, match.groups()), "")
    return ""
