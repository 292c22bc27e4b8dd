"""The files of a course: their names, and the files that each stage must write."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from states.stages import INFO, STAGES, Stage

SNAPSHOT = "source.tar.gz"
"""The path of the artifact of stage `clone`."""
ARTIFACT_LIST: Final = "artifacts.json"
"""The path of a stage's list of artifacts, below its artifacts."""
YAML_STAGES: Final = tuple(info.stage for info in STAGES if info.file)
"""The stages that write one file."""
PAGE_STAGES: Final = tuple(info.stage for info in STAGES if info.folder)
"""The stages that write a file for each chapter."""

_FILES: Final = [re.escape(info.file) for info in STAGES if info.file]
_ITEMS: Final = [
    rf"{info.folder}/{info.stem}_\d+_[a-z0-9_-]*\.md"
    for info in STAGES
    if info.folder
]
_COURSE_PATH: Final = re.compile("|".join([*_FILES, *_ITEMS]))


@dataclass(frozen=True, kw_only=True, slots=True)
class ChapterRef:
    """An entry of the order, after which a chapter, its review and its tutorial are named."""

    index: int
    name: str


def slug(name: str) -> str:
    """Return a chapter's name as part of a file name, by the rule of the Fondation CLI."""
    text = name.strip().lower()
    text = re.sub(r"\s+", "_", text)
    text = re.sub(r"[^a-z0-9_-]", "_", text)
    return re.sub(r"_+", "_", text)


def item_path(stage: Stage, entry: ChapterRef) -> str:
    """Return the path of the file that one of the last three stages writes for a chapter."""
    info = INFO[stage]
    number = entry.index
    name = slug(entry.name)
    file_name = f"{info.stem}_{number}_{name}.md"
    return f"{info.folder}/{file_name}"


def chapter_paths(entry: ChapterRef) -> tuple[str, ...]:
    """Return the paths of a chapter, its review and its tutorial."""
    paths = []
    for stage in PAGE_STAGES:
        path = item_path(stage, entry)
        paths.append(path)
    return tuple(paths)


def chapter_of(path: str) -> str:
    """Return the part of a path that a chapter, its review and its tutorial share."""
    _, _, file = path.rpartition("/")
    _, _, name = file.partition("_")
    return name


def yaml_path(stage: Stage) -> str:
    """Return the path of the file of a stage that writes one."""
    path = INFO[stage].file
    if path is None:
        raise ValueError(f"{stage} writes more than one file")
    return path


def expected_paths(
    stage: Stage, order: Sequence[ChapterRef] | None
) -> tuple[str, ...]:
    """Return the paths of all files that a stage must write.

    The last three stages need `order`.
    """
    info = INFO[stage]
    if stage is Stage.CLONE:
        return (SNAPSHOT,)
    if info.file is not None:
        return (info.file,)
    if order is None:
        raise ValueError(
            f"{stage} writes a file per chapter, and the order is missing"
        )
    paths = []
    for entry in order:
        path = item_path(stage, entry)
        paths.append(path)
    return tuple(paths)


def is_course_path(path: str) -> bool:
    """Whether a file of a course can have this path."""
    return _COURSE_PATH.fullmatch(path) is not None


def media_type(path: str) -> str:
    if path == SNAPSHOT:
        return "application/gzip"
    if path.endswith(".yaml"):
        return "application/yaml"
    if path.endswith(".json"):
        return "application/json"
    return "text/markdown; charset=utf-8"
