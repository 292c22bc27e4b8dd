"""Reads a repository: each text file's language and role, parsed sources, other mentions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import basename
from typing import Final

from worker.engines.static.facts import (
    Files,
    Import,
    Role,
    Skip,
    Skipped,
    SourceFile,
    Texts,
)
from worker.engines.static.linking.imports import Modules
from worker.engines.static.parsing.source_file import (
    MAX_PARSED_BYTES,
    Parsed,
    SourceParser,
    parsed_size,
)
from worker.engines.static.reading.documents import (
    code_names,
    comment_on_top,
    headings,
    named,
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
from worker.engines.static.reading.roles import (
    build,
    is_about_project,
    role_of,
    twin,
)
from worker.engines.static.reading.walk import (
    MAX_FILE_BYTES,
    MAX_LONE_BYTES,
    FoundFile,
    walk,
)
from worker.system.disk import raise_if_passing

MAX_TEXT_BYTES: Final = 96 * 1024 * 1024
"""How much of a repository is read, sources first; the rest is left out."""
MAX_SOURCE_BYTES: Final = 48 * 1024 * 1024
"""How much is parsed, at about two megabytes a second."""

_NOTEBOOKS: Final = 2
_DOCUMENTS: Final = 10
"""How many lines of prose a collection has for each line in its scripts."""
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
"""The beginning of pointers that Git LFS, its forerunners and git-annex leave for files."""

Check = Callable[[], None]
"""Is called between files; waits while the engine is paused, and raises when it is stopped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What was read."""

    files: Files
    """By path, sorted."""
    parsed: Mapping[str, Parsed]
    """By path, sorted; the sources in languages with a grammar."""
    texts: Texts
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
            files = walk(
                self._root, self._leave, ignoring=ignoring, largest=largest
            )
            self._read(list(files))
            if self.files:
                break

    def _read(self, files: Sequence[FoundFile]) -> None:
        room = MAX_TEXT_BYTES
        for file in sorted(files, key=_priority):
            self._check()
            if file.size > room:
                self._leave(Skip.LIMIT, file.path)
                continue
            text = self._text(file)
            if text is not None:
                room -= file.size
                self._take(file, text)

    def _leave(self, reason: Skip, path: str) -> None:
        self._left[reason].append(path)
        if reason is Skip.EMPTY:
            self._note_package(path)

    def _note_package(self, path: str) -> None:
        if path.endswith(_INIT):
            self._packages.add(path.removesuffix(_INIT))

    def _text(self, file: FoundFile) -> str | None:
        """Return the text of a file, or leave it out."""
        try:
            data = file.location.read_bytes()
        except OSError as error:
            raise_if_passing(error, file.location)
            self._leave(Skip.UNREADABLE, file.path)
            return None
        is_pointer = data.startswith(_POINTERS)
        text = None
        if not is_pointer:
            text = decode(data)
        if text and not text.isspace():
            return text
        unread = Skip.EMPTY
        if text is None:
            unread = Skip.BINARY
        self._leave(Skip.POINTER if is_pointer else unread, file.path)
        return None

    def _take(self, file: FoundFile, text: str) -> None:
        path = file.path
        language = language_of(path, text)
        if language is Language.NOTEBOOK:
            text = notebook(text)
        self.files[path] = SourceFile(
            path=path,
            location=file.location,
            language=language,
            role=role_of(path, language, text),
            size=file.size,
            lines=text.removesuffix("\n").count("\n") + 1,
        )
        self.texts[path] = text
        self._note_package(path)

    def sources(self) -> None:
        """Parse the sources; where those define nothing, parse what may take their place."""
        paths = set(self._with_role(Role.SOURCE))
        self._give(
            Role.GENERATED, (path for path in paths if twin(path, paths))
        )
        self._parse()
        for role in _PROMOTED:
            if any(parsed.drafts for parsed in self.parsed.values()):
                break
            self._give(Role.SOURCE, self._representatives(role))
            self._parse()
        self._promote_prose()
        self.parsed = dict(sorted(self.parsed.items()))

    def _with_role(self, role: Role) -> list[str]:
        return [path for path, file in self.files.items() if file.role is role]

    def _give(self, role: Role, paths: Iterable[str]) -> None:
        for path in paths:
            self.files[path] = replace(self.files[path], role=role)

    def _promote_prose(self) -> None:
        """Take notebooks or documents for the sources of a collection with a few scripts in it."""
        code = self._lines(self.parsed)
        if not code or any(manifests(self.texts)):
            return
        notebooks = []
        documents = []
        for path, file in self.files.items():
            if file.language is Language.NOTEBOOK:
                notebooks.append(path)
            elif file.role is Role.DOCUMENT and not is_about_project(path):
                documents.append(path)
        for paths, times in ((notebooks, _NOTEBOOKS), (documents, _DOCUMENTS)):
            if self._lines(paths) >= times * code:
                self._give(Role.SOURCE, paths)

    def _lines(self, paths: Iterable[str]) -> int:
        return sum(self.files[path].lines for path in paths)

    def _representatives(self, role: Role) -> list[str]:
        """Return the files of a role; of several builds of one file, the best."""
        best: dict[str, tuple[bool, str]] = {}
        for path in self._with_role(role):
            is_parsed = self.files[path].language in PARSED
            if not is_parsed:
                continue
            if parsed_size(self.texts[path]) > MAX_PARSED_BYTES:
                continue
            product = path
            is_poor = False
            if role is Role.GENERATED:
                product, is_poor = build(path)
            other = best.get(product, (is_poor, path))
            best[product] = min(other, (is_poor, path))
        return sorted(path for _, path in best.values())

    def _parse(self) -> None:
        """Parse the remaining sources, and forget the texts of those with definitions."""
        parser = SourceParser()
        paths = self._with_role(Role.SOURCE)
        for path in sorted(paths, key=lambda path: (path.count("/"), path)):
            language = self.files[path].language
            if language not in PARSED or path in self.parsed:
                continue
            self._check()
            text = self.texts[path]
            size = parsed_size(text)
            if size > min(MAX_PARSED_BYTES, self._room):
                reason = Skip.LIMIT
                if size > MAX_PARSED_BYTES:
                    reason = Skip.LARGE
                self._leave(reason, path)
                self._give(Role.DATA, [path])
                continue
            self._room -= size
            self.parsed[path] = parser.read(language, text)
            if self.parsed[path].drafts:
                del self.texts[path]

    def complete(self) -> dict[str, SourceFile]:
        """Return the files with what was found in them."""
        settings = {
            path: text
            for path, text in self.texts.items()
            if basename(path) in _SETTINGS
        }
        declared = {
            path: (parsed.package, parsed.top_names)
            for path, parsed in self.parsed.items()
            if parsed.package
        }
        modules = Modules(self.parsed, self._packages, settings, declared)
        modules.name_root(
            statement.module
            for path, parsed in self.parsed.items()
            if self.files[path].language is Language.PYTHON
            for statement in parsed.imports
        )
        return {
            path: self._completed(file, modules)
            for path, file in sorted(self.files.items())
        }

    def _completed(self, file: SourceFile, modules: Modules) -> SourceFile:
        parsed = self.parsed.get(file.path)
        if parsed is not None:
            imports = tuple(
                _aimed(statement, file, modules) for statement in parsed.imports
            )
            return replace(file, doc=parsed.doc, imports=imports)
        text = self.texts[file.path]
        if file.language in PROSE and file.role is not Role.DATA:
            return replace(file, headings=headings(file.language, text))
        if file.role is Role.SOURCE:
            return replace(file, doc=comment_on_top(text))
        return file

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out, by reason."""
        return tuple(
            Skipped(reason=reason, count=len(paths), example=paths[0])
            for reason in Skip
            if (paths := self._left.get(reason))
        )


def _priority(file: FoundFile) -> tuple[bool, int, str]:
    """Order files: sources first, and among files of one kind the least deep first."""
    path = file.path
    language = language_of(path, "")
    is_source = False
    if language in PARSED:
        is_source = role_of(path, language, "") is Role.SOURCE
    return not is_source, path.count("/"), path


def _aimed(statement: Import, file: SourceFile, modules: Modules) -> Import:
    """Return an import with the files that it means."""
    targets = modules.targets(file.path, file.language, statement)
    if targets:
        return replace(statement, targets=targets)
    return statement


def survey(root: Path, check: Check) -> Survey:
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
    naming: dict[str, list[str]] = defaultdict(list)
    for path, file in read.files.items():
        if file.role in _MENTIONING and path in read.texts:
            check()
            find = named
            if file.language in PROSE:
                find = code_names
            for name in find(read.texts[path], wanted):
                naming[name].append(path)
    return naming
