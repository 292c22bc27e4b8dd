"""Facts of small repositories."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.course import write_tree
from worker.course.formats import (
    read_abstractions,
    read_order,
    read_relationships,
)
from worker.engines.static.analysis import analyze
from worker.engines.static.facts import Course
from worker.engines.static.pages import yaml_files
from worker.engines.static.pages.course import Chapter, CourseFacts


def read(tree: Path, files: Mapping[str, str]) -> CourseFacts:
    """Write a repository, and return its facts, with the course read back from its YAML."""
    analysis = analyze(write_tree(tree, files), lambda: None)
    abstractions = read_abstractions(yaml_files.abstractions(analysis))
    summary, relationships = read_relationships(
        yaml_files.relationships(analysis), abstractions
    )
    order = read_order(yaml_files.order(analysis), abstractions)
    return CourseFacts(
        analysis,
        Course(
            abstractions=abstractions,
            summary=summary,
            relationships=relationships,
            order=order,
        ),
    )


def chapter_of(facts: CourseFacts, name: str) -> Chapter:
    """Return the chapter whose unit owns a definition with this name."""
    return next(
        chapter
        for chapter in facts.chapters
        if name in {facts.definitions[i].name for i in chapter.unit.owned}
    )


def index_of(facts: CourseFacts, qualified: str) -> int:
    """Return the position of a definition."""
    return next(
        definition.index
        for definition in facts.definitions
        if definition.qualified == qualified
    )
