"""The files of a course: how they are called, and which a stage has to write."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from states.stages import INFO, STAGES, Stage

SNAPSHOT = "source.tar.gz"
"""The path of the artifact of stage `clone`."""

_COURSE_PATH: Final = re.compile(
    "|".join(
        re.escape(info.file)
        if info.file
        else rf"{info.folder}/{info.stem}_\d+_[a-z0-9_-]*\.md"
        for info in STAGES
        if info.file or info.folder
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChapterRef:
    """An entry of the order: a chapter, its review and its tutorial are named after it."""

    index: int
    name: str


def slug(name: str) -> str:
    """Return a name as it stands in file names: as the Fondation CLI has it."""
    spaced = re.sub(r"\s+", "_", name.strip().lower())
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9_-]", "_", spaced))


def item_path(stage: Stage, entry: ChapterRef) -> str:
    """Return the path of the file that one of the last three stages writes for an entry."""
    info = INFO[stage]
    return f"{info.folder}/{info.stem}_{entry.index}_{slug(entry.name)}.md"


def expected_paths(stage: Stage, order: Sequence[ChapterRef] | None) -> tuple[str, ...]:
    """Return the paths of all files that a stage has to write.

    `order` is needed for the last three stages.
    """
    info = INFO[stage]
    if stage is Stage.CLONE:
        return (SNAPSHOT,)
    if info.file is not None:
        return (info.file,)
    if order is None:
        raise ValueError(
            f"{stage} writes a file for every entry of the order, and there is none"
        )
    return tuple(item_path(stage, entry) for entry in order)


def is_course_path(path: str) -> bool:
    """Tell whether a path can be that of a file of a course."""
    return _COURSE_PATH.fullmatch(path) is not None


def media_type(path: str) -> str:
    """Return the media type of an artifact."""
    if path == SNAPSHOT:
        return "application/gzip"
    return (
        "application/yaml" if path.endswith(".yaml") else "text/markdown; charset=utf-8"
    )
