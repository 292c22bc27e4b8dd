"""The facts of a course so far: the analysis, with the course's own chapters."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from states.course_paths import yaml_path
from states.stages import INFO, Stage
from worker.course.formats import (
    Abstraction,
    OrderEntry,
    Relationship,
    read_abstractions,
    read_order,
    read_relationships,
)
from worker.engines.claude.candidates import with_units
from worker.engines.static.choosing import learning_order
from worker.engines.static.facts import Analysis, Course
from worker.engines.static.pages import summary, yaml_files
from worker.engines.static.pages.course import CourseFacts

_NO_SUMMARY: Final = ""


def course_facts(analysis: Analysis, output: Path, stage: Stage) -> CourseFacts:
    """Return the facts that a stage has: the analysis, and what earlier stages have written."""
    step = INFO[stage].step
    if step <= INFO[Stage.EXTRACT].step:
        return _facts(
            analysis, read_abstractions(yaml_files.abstractions(analysis))
        )
    abstractions = read_abstractions(_body(output, Stage.EXTRACT))
    own = _with_own_units(analysis, abstractions)
    if step <= INFO[Stage.ANALYZE].step:
        return _facts(own, abstractions)
    overview, relationships = read_relationships(
        _body(output, Stage.ANALYZE), abstractions
    )
    if step <= INFO[Stage.ORDER].step:
        return _facts(own, abstractions, overview, relationships)
    order = read_order(_body(output, Stage.ORDER), abstractions)
    return _facts(own, abstractions, overview, relationships, order)


def static_facts(analysis: Analysis) -> CourseFacts:
    """Return the facts of the course that the static engine would make."""
    abstractions = read_abstractions(yaml_files.abstractions(analysis))
    overview, relationships = read_relationships(
        yaml_files.relationships(analysis), abstractions
    )
    order = read_order(yaml_files.order(analysis), abstractions)
    return _facts(analysis, abstractions, overview, relationships, order)


def _body(output: Path, stage: Stage) -> bytes:
    return (output / yaml_path(stage)).read_bytes()


def _with_own_units(
    analysis: Analysis, abstractions: tuple[Abstraction, ...]
) -> Analysis:
    """Return the analysis with a course's chapters, their relations and their order."""
    names = [abstraction.name for abstraction in abstractions]
    if names == [unit.name for unit in analysis.units]:
        return analysis
    own = with_units(analysis, abstractions)
    overview = summary.summarize(own.project, own.skipped, own.units)
    order = learning_order.order(own.units, own.relations, {}, own.definitions)
    return replace(own, summary=overview, order=order)


def _facts(
    analysis: Analysis,
    abstractions: tuple[Abstraction, ...],
    overview: str = _NO_SUMMARY,
    relationships: tuple[Relationship, ...] = (),
    order: tuple[OrderEntry, ...] = (),
) -> CourseFacts:
    """Return the facts; until the order is known, chapters keep the order of their choice."""
    chapters = []
    for number, abstraction in enumerate(abstractions, 1):
        entry = OrderEntry(index=number, name=abstraction.name, reasoning="")
        chapters.append(entry)
    as_chosen = tuple(chapters)
    course = Course(
        abstractions=abstractions,
        summary=overview,
        relationships=relationships,
        order=order or as_chosen,
    )
    return CourseFacts(analysis, course)
