"""Decides which pages of an earlier course are still true of a newer commit.

Files are compared by content: a file that only moved has not changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from states.course_paths import (
    YAML_STAGES,
    ChapterRef,
    chapter_of,
    chapter_paths,
    yaml_path,
)
from states.manifest import EngineRef, Identity, Manifest
from states.repository_url import normal_form
from states.stages import State

Files = Mapping[str, str]
"""The SHA-256 of each file of a tree, by path."""

MOST_NEW: Final = 0.1
"""How much the unnamed source files may have grown in number, as a share of all source files."""
SOURCE_SUFFIXES: Final = frozenset(
    {
        ".c",
        ".cc",
        ".clj",
        ".cpp",
        ".cs",
        ".cxx",
        ".dart",
        ".erl",
        ".ex",
        ".exs",
        ".fs",
        ".go",
        ".groovy",
        ".h",
        ".hh",
        ".hpp",
        ".hs",
        ".hxx",
        ".java",
        ".jl",
        ".js",
        ".jsx",
        ".kt",
        ".kts",
        ".lua",
        ".m",
        ".mjs",
        ".ml",
        ".mm",
        ".php",
        ".pl",
        ".pm",
        ".ps1",
        ".py",
        ".pyi",
        ".pyx",
        ".r",
        ".rb",
        ".rs",
        ".scala",
        ".sh",
        ".sql",
        ".svelte",
        ".swift",
        ".ts",
        ".tsx",
        ".vue",
        ".zig",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The difference between two trees."""

    changed: frozenset[str]
    """Files that have different content in the new tree."""
    deleted: frozenset[str]
    """Files of the old tree whose content is gone."""
    added: frozenset[str]
    """Files of the new tree that are neither in the old one nor moved."""
    renamed: Mapping[str, str]
    """Old and new paths of files that were moved with their content."""

    @property
    def touched(self) -> int:
        """How many files have changed, were deleted, added or renamed."""
        others = (self.changed, self.deleted, self.added)
        return sum(map(len, others)) + len(self.renamed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """An abstraction of the earlier course, and the files that it names."""

    name: str
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Which items of the earlier course the new one may keep."""

    kept: frozenset[str]
    """Paths of items, such as `chapters/chapter_1_signer.md`."""
    why: str | None = None
    """The reason, if nothing is kept."""


def unusable(
    earlier: Manifest, identity: Identity, engine: EngineRef
) -> str | None:
    """Return why a job cannot update an earlier job's course, or None."""
    job_id = earlier.job_id
    if job_id == identity.job_id:
        return f"job {job_id} cannot update itself"
    old = earlier.identity.repository
    if normal_form(old) != normal_form(identity.repository):
        return f"job {job_id} is about {old}, not {identity.repository}"
    differs = _other_engine(earlier.engine, engine)
    if differs is not None:
        return f"job {job_id} was made with {differs}"
    if earlier.collected:
        return f"the files of job {job_id} were deleted by `gc`"
    if earlier.state is not State.COMPLETED:
        return f"job {job_id} is {earlier.state}, not completed"
    return None


def compare(old: Files, new: Files) -> Difference:
    """Return the difference between two trees."""
    gone = [path for path in old if path not in new]
    come = [path for path in new if path not in old]
    renamed = _renamed(old, new, gone, come)
    moved_here = set(renamed.values())
    changed: list[str] = []
    for path, digest in old.items():
        if path in new and new[path] != digest:
            changed.append(path)
    return Difference(
        changed=frozenset(changed),
        deleted=frozenset(gone) - renamed.keys(),
        added=frozenset(come) - moved_here,
        renamed=renamed,
    )


def plan(
    old: Files,
    new: Files,
    parts: Sequence[Part],
    chapters: Sequence[ChapterRef],
) -> Plan:
    """Decide which items of the earlier course to keep.

    The YAML files are kept if every abstraction still has all its files, and there are hardly more
    source files that none of them names. Then a chapter, its review and its tutorial are kept if no
    file of its abstraction has changed.
    """
    difference = compare(old, new)
    why = _lost_file(old, parts, difference) or _many_new(
        old, new, parts, difference
    )
    if why is not None:
        return Plan(kept=frozenset(), why=why)
    stale = _stale(old, parts, difference)
    kept = set()
    for stage in YAML_STAGES:
        kept.add(yaml_path(stage))
    for chapter in chapters:
        if chapter.name not in stale:
            kept.update(chapter_paths(chapter))
    return Plan(kept=frozenset(kept))


def still_kept(kept: Iterable[str], made: Iterable[str]) -> frozenset[str]:
    """Return the planned items of a stage that can still be kept.

    `made` are the YAML files and chapters of earlier stages that were made, although they were
    planned to be kept. Without the YAML files nothing is kept, and without a chapter neither its
    review nor its tutorial.
    """
    made = set(made)
    if any(path.endswith(".yaml") for path in made):
        return frozenset()
    chapters = set(map(chapter_of, made))
    return frozenset(path for path in kept if chapter_of(path) not in chapters)


def _other_engine(old: EngineRef, new: EngineRef) -> str | None:
    fields = (
        ("the engine", old.name, new.name),
        ("the model", old.model, new.model),
        ("the language", old.language, new.language),
    )
    for noun, before, now in fields:
        if before != now:
            return f"{noun} {before}, not {now}"
    return None


def _renamed(
    old: Files, new: Files, gone: Sequence[str], come: Sequence[str]
) -> dict[str, str]:
    """Pair files that have the same content under different paths."""
    targets = defaultdict[str, list[str]](list)
    for path in sorted(come):
        targets[new[path]].append(path)
    renamed = {}
    for path in sorted(gone):
        candidates = targets[old[path]]
        if candidates:
            target = _likeliest(path, candidates)
            candidates.remove(target)
            renamed[path] = target
    return renamed


def _likeliest(path: str, candidates: Sequence[str]) -> str:
    """Return the candidate with the same file name, else the first."""
    name = _file_name(path)
    for candidate in candidates:
        if _file_name(candidate) == name:
            return candidate
    return candidates[0]


def _lost_file(
    old: Files, parts: Sequence[Part], difference: Difference
) -> str | None:
    for part in parts:
        for path in part.paths:
            lost = sorted(difference.deleted.intersection(_files(path, old)))
            if lost:
                return (
                    f"the abstraction {part.name!r} has lost its file {lost[0]}"
                )
    return None


def _many_new(
    old: Files, new: Files, parts: Sequence[Part], difference: Difference
) -> str | None:
    named = {path for part in parts for path in part.paths}
    moved = {difference.renamed.get(path, path) for path in named}
    unnamed_before = _unnamed(old, named)
    unnamed_now = _unnamed(new, moved)
    sources = sum(map(is_source, old))
    if unnamed_now - unnamed_before <= MOST_NEW * sources:
        return None
    return (
        f"{unnamed_now} source files belong to no abstraction; before: "
        f"{unnamed_before} of {sources}"
    )


def _unnamed(files: Files, named: set[str]) -> int:
    folders = tuple(map(_folder, named))
    count = 0
    for path in files:
        is_named = path in named or path.startswith(folders)
        if is_source(path) and not is_named:
            count += 1
    return count


def is_source(path: str) -> bool:
    """Whether a file is source code, by its name."""
    _, dot, suffix = _file_name(path).rpartition(".")
    return dot + suffix.lower() in SOURCE_SUFFIXES


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _stale(
    old: Files, parts: Sequence[Part], difference: Difference
) -> frozenset[str]:
    """Return the names of the abstractions that have a changed file."""
    stale = []
    anything_changed = difference.touched > len(difference.renamed)
    for part in parts:
        sources = [_files(path, old) for path in part.paths]
        if sources and all(sources):
            is_stale = any(
                _has_changed(path, files, difference)
                for path, files in zip(part.paths, sources, strict=True)
            )
        else:
            # A path that names no file leaves its sources unknown.
            is_stale = anything_changed
        if is_stale:
            stale.append(part.name)
    return frozenset(stale)


def _has_changed(
    path: str, files: Sequence[str], difference: Difference
) -> bool:
    """Whether a path's files have changed, or a folder has a new one."""
    if not difference.changed.isdisjoint(files):
        return True
    return any(other.startswith(_folder(path)) for other in difference.added)


def _files(path: str, tree: Files) -> list[str]:
    """Return the files that a path names: itself, or those of a folder."""
    if path in tree:
        return [path]
    folder = _folder(path)
    return [other for other in tree if other.startswith(folder)]


def _folder(path: str) -> str:
    return f"{path.rstrip('/')}/"
