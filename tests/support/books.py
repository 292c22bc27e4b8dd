"""Books of small trees."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.course import write_tree
from worker.course.formats import read_abstractions, read_order, read_relationships
from worker.engines.static.analysis import analyze
from worker.engines.static.facts import Course
from worker.engines.static.pages import yaml_files as papers
from worker.engines.static.pages.course import Chapter, CourseFacts


def read(tree: Path, files: Mapping[str, str]) -> CourseFacts:
    """Write a repository, and return its book, with the course read back from its YAML."""
    analysis = analyze(write_tree(tree, files), lambda: None)
    abstractions = read_abstractions(papers.abstractions(analysis))
    summary, relationships = read_relationships(
        papers.relationships(analysis), abstractions
    )
    order = read_order(papers.order(analysis), abstractions)
    return CourseFacts(
        analysis,
        Course(
            abstractions=abstractions,
            summary=summary,
            relationships=relationships,
            order=order,
        ),
    )


def chapter_of(book: CourseFacts, name: str) -> Chapter:
    """Return the chapter whose unit has a definition of that name."""
    return next(
        one
        for one in book.chapters
        if name in {book.definitions[i].name for i in one.unit.owned}
    )


def index_of(book: CourseFacts, qualified: str) -> int:
    """Return the position of a definition."""
    return next(one.index for one in book.definitions if one.qualified == qualified)
