"""Reads a repository: each text file's language and role, parsed sources, other mentions."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from worker.engines.static.facts import (
    Import,
    Role,
    Skip,
    Skipped,
    SourceFile,
)
from worker.engines.static.linking.imports import Modules
from worker.engines.static.parsing.source_file import (
    MAX_PARSED_BYTES,
    Parsed,
    SourceParser,
)
from worker.engines.static.reading.documents import (
    code_names,
    headings,
    names,
    notebook,
)
from worker.engines.static.reading.encoding import decode
from worker.engines.static.reading.language import (
    PARSED,
    PROSE,
    Language,
    language_of,
)
from worker.engines.static.reading.manifests import manifests
from worker.engines.static.reading.roles import build, role_of, twin
from worker.engines.static.reading.walk import (
    MAX_FILE_BYTES,
    MAX_LONE_BYTES,
    FoundFile,
    walk,
)
from worker.system.disk import raise_if_passing

MAX_TEXT_BYTES: Final = 96 * 1024 * 1024
"""So much of a repository is read, sources before all else; the rest is left out."""
MAX_SOURCE_BYTES: Final = 48 * 1024 * 1024
"""So much is parsed, at about two megabytes a second."""

_MOSTLY: Final = 2
"""A collection of notebooks has this many times as many lines in them as in its scripts."""
_PROMOTED: Final = (
    Role.EXAMPLE,
    Role.TEST,
    Role.CONFIGURATION,
    Role.GENERATED,
    Role.VENDORED,
    Role.DATA,
)
"""What takes the place of sources in a repository that has none, the first that is there."""
_MENTIONING: Final = frozenset({Role.TEST, Role.EXAMPLE, Role.DOCUMENT})
_SETTINGS: Final = frozenset({"package.json", "go.mod"})
_WALKS: Final = (
    (True, MAX_FILE_BYTES),
    (False, MAX_FILE_BYTES),
    (False, MAX_LONE_BYTES),
)
"""Ways to walk the tree, until there are files: whether rules count, and the largest file."""
_INIT: Final = "/__init__.py"
_POINTERS: Final = (
    b"version https://git-lfs.github.com/spec/",
    b"version https://hawser.github.com/spec/",
    b"version http://git-media.io/v/",
    b"/annex/objects/",
)
"""How the files begin that Git LFS, its forerunners and git-annex leave in the place of others."""

Check = Callable[[], None]
"""Is called between files; waits while the engine is paused, and raises when it is stopped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What was read."""

    files: Mapping[str, SourceFile]
    """By path, sorted."""
    parsed: Mapping[str, Parsed]
    """By path, sorted; the sources in languages with a grammar."""
    texts: Mapping[str, str]
    """Of everything but the sources that define something."""
    skipped: tuple[Skipped, ...]


class _Surveyor:
    def __init__(self, root: Path, check: Check) -> None:
        self._root = root
        self._check = check
        self._left: dict[Skip, list[str]] = defaultdict(list)
        self._packages: set[str] = set()
        self.files: dict[str, SourceFile] = {}
        self.texts: dict[str, str] = {}
        self.parsed: dict[str, Parsed] = {}
        self._room = MAX_SOURCE_BYTES

    def read(self) -> None:
        """Read every file, the likeliest sources first.

        If there is none, also what is left out elsewhere.
        """
        for ignoring, largest in _WALKS:
            self._left.clear()
            self._read(
                list(
                    walk(
                        self._root,
                        self._leave,
                        ignoring=ignoring,
                        largest=largest,
                    )
                )
            )
            if self.files:
                break

    def _read(self, found: Sequence[FoundFile]) -> None:
        room = MAX_TEXT_BYTES
        for one in sorted(found, key=_priority):
            self._check()
            if one.size > room:
                self._leave(Skip.LIMIT, one.path)
            elif (text := self._text(one)) is not None:
                room -= one.size
                self._take(one, text)

    def _leave(self, reason: Skip, path: str) -> None:
        self._left[reason].append(path)
        if reason is Skip.EMPTY and path.endswith(_INIT):
            self._packages.add(path.removesuffix(_INIT))

    def _text(self, found: FoundFile) -> str | None:
        try:
            data = found.location.read_bytes()
        except OSError as error:
            raise_if_passing(error, found.location)
            self._leave(Skip.UNREADABLE, found.path)
            return None
        if data.startswith(_POINTERS):
            self._leave(Skip.POINTER, found.path)
            return None
        text = decode(data)
        if text is None or not text.strip():
            self._leave(Skip.BINARY if text is None else Skip.EMPTY, found.path)
            return None
        return text

    def _take(self, found: FoundFile, text: str) -> None:
        language = language_of(found.path, text)
        if language is Language.NOTEBOOK:
            text = notebook(text)
        self.files[found.path] = SourceFile(
            path=found.path,
            location=found.location,
            language=language,
            role=role_of(found.path, language, text),
            size=found.size,
            lines=text.count("\n") + (not text.endswith("\n")),
        )
        self.texts[found.path] = text
        if found.path.endswith(_INIT):
            self._packages.add(found.path.removesuffix(_INIT))

    def sources(self) -> None:
        """Parse the sources; where those define nothing, parse what may take their place."""
        paths = {
            path
            for path, file in self.files.items()
            if file.role is Role.SOURCE
        }
        for path in paths:
            if twin(path, paths):
                self._give(path, Role.GENERATED)
        self._parse()
        for role in _PROMOTED:
            if any(one.drafts for one in self.parsed.values()):
                break
            for path in self._representatives(role):
                self._give(path, Role.SOURCE)
            self._parse()
        self._promote_notebooks()
        self.parsed = dict(sorted(self.parsed.items()))

    def _promote_notebooks(self) -> None:
        """Take notebooks for the sources of a repository that holds little else and no package."""
        lines = {
            path: file.lines
            for path, file in self.files.items()
            if file.language is Language.NOTEBOOK
        }
        code = sum(self.files[path].lines for path in self.parsed)
        if sum(lines.values()) < code * _MOSTLY or any(manifests(self.texts)):
            return
        for path in lines:
            self._give(path, Role.SOURCE)

    def _representatives(self, role: Role) -> list[str]:
        """Return the files of a role, and of what was built several times the best build."""
        fitting = [
            path
            for path, file in self.files.items()
            if file.role is role and file.language in PARSED
        ]
        fitting = [
            path
            for path in fitting
            if len(self.texts[path]) <= MAX_PARSED_BYTES
        ]
        best: dict[str, tuple[bool, str]] = {}
        for path in fitting:
            product, poor = (
                build(path) if role is Role.GENERATED else (path, False)
            )
            best[product] = min(best.get(product, (poor, path)), (poor, path))
        return sorted(path for _, path in best.values())

    def _give(self, path: str, role: Role) -> None:
        self.files[path] = replace(self.files[path], role=role)

    def _parse(self) -> None:
        """Parse the remaining sources, and forget the texts of those with definitions."""
        reader = SourceParser()
        for path in sorted(
            self.files, key=lambda path: (path.count("/"), path)
        ):
            file = self.files[path]
            if (
                file.role is not Role.SOURCE
                or file.language not in PARSED
                or path in self.parsed
            ):
                continue
            self._check()
            text = self.texts[path]
            if len(text) > min(MAX_PARSED_BYTES, self._room):
                self._leave(
                    Skip.LARGE if len(text) > MAX_PARSED_BYTES else Skip.LIMIT,
                    path,
                )
                self._give(path, Role.DATA)
                continue
            self._room -= len(text)
            self.parsed[path] = reader.read(file.language, text)
            if self.parsed[path].drafts:
                del self.texts[path]

    def complete(self) -> dict[str, SourceFile]:
        """Return the files with what was found in them."""
        settings = {
            path: text
            for path, text in self.texts.items()
            if path.rpartition("/")[2] in _SETTINGS
        }
        declared = {
            path: (parsed.package, parsed.top_names)
            for path, parsed in self.parsed.items()
            if parsed.package
        }
        modules = Modules(self.parsed, self._packages, settings, declared)
        complete = {}
        for path in sorted(self.files):
            file = self.files[path]
            if path in self.parsed:
                imports = tuple(
                    _aimed(one, path, file.language, modules)
                    for one in self.parsed[path].imports
                )
                complete[path] = replace(
                    file, doc=self.parsed[path].doc, imports=imports
                )
            elif file.language in PROSE and file.role is not Role.DATA:
                complete[path] = replace(
                    file, headings=headings(file.language, self.texts[path])
                )
            else:
                complete[path] = file
        return complete

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out, by reason."""
        return tuple(
            Skipped(
                reason=reason,
                count=len(self._left[reason]),
                example=self._left[reason][0],
            )
            for reason in Skip
            if self._left[reason]
        )


def _priority(found: FoundFile) -> tuple[bool, int, str]:
    """Order files: sources first, and among files of one kind the least deep first."""
    language = language_of(found.path, "")
    source = (
        language in PARSED and role_of(found.path, language, "") is Role.SOURCE
    )
    return not source, found.path.count("/"), found.path


def _aimed(
    one: Import, path: str, language: Language, modules: Modules
) -> Import:
    targets = modules.targets(path, language, one)
    return replace(one, targets=targets) if targets else one


def survey(root: Path, check: Check) -> Survey:
    """Read a repository."""
    surveyor = _Surveyor(root, check)
    surveyor.read()
    surveyor.sources()
    files = surveyor.complete()
    return Survey(
        files=files,
        parsed=surveyor.parsed,
        texts=surveyor.texts,
        skipped=surveyor.skipped,
    )


def mentions(
    read: Survey, wanted: frozenset[str], check: Check
) -> dict[str, list[str]]:
    """Return the tests, examples and documents that name something, by name and sorted by path."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, file in read.files.items():
        if file.role in _MENTIONING and path in read.texts:
            check()
            text = read.texts[path]
            named = code_names(text) if file.language in PROSE else names(text)
            for name in named & wanted:
                found[name].append(path)
    return found
