"""Small repositories as the static engine analyses them, in a form that compares with literals."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.course import write_tree
from worker.engines.static.analysis import analyze
from worker.engines.static.facts import Analysis, Definition, Reference
from worker.engines.static.parsing.source_file import Parsed, SourceParser
from worker.engines.static.reading.language import Language
from worker.engines.static.reading.survey import Survey, survey


def parsed(language: Language, text: str) -> Parsed:
    """Return what a language's parser reads from a file."""
    return SourceParser().read(language, text)


def kinds(parsed_file: Parsed) -> dict[str, str]:
    """Return each definition's kind by its name, qualified by its type where it has one."""
    return {
        f"{draft.parent.name if draft.parent else draft.owner}.{draft.name}".lstrip(
            "."
        ): str(draft.kind)
        for draft in parsed_file.drafts
    }


def surveyed(folder: Path, files: Mapping[str, str | bytes]) -> Survey:
    """Write files, and return their survey."""
    return survey(write_tree(folder, files), lambda: None)


def analysed(folder: Path, files: Mapping[str, str | bytes]) -> Analysis:
    """Write files, and return their analysis."""
    return analyze(write_tree(folder, files), lambda: None)


def defined(analysis: Analysis, qualified: str) -> Definition:
    """Return the only definition with a qualified name."""
    [definition] = [
        candidate
        for candidate in analysis.definitions
        if candidate.qualified == qualified
    ]
    return definition


def referred(analysis: Analysis) -> set[str]:
    """Return references as `user > used`: qualified name or file's path, with `?` for a guess."""
    return {_referred(analysis, reference) for reference in analysis.references}


def _referred(analysis: Analysis, reference: Reference) -> str:
    user = (
        reference.path
        if reference.source is None
        else analysis.definitions[reference.source].qualified
    )
    target = analysis.definitions[reference.target]
    mark = "" if reference.sure else "?"
    return f"{user} > {target.qualified}{mark}"


def names(analysis: Analysis) -> list[str]:
    """Return the names of the units, in order."""
    return [unit.name for unit in analysis.units]


def related(analysis: Analysis) -> list[str]:
    """Return the relations as sentences with their places: `Store creates Stock (store.py:3)`."""
    return [
        f"{analysis.units[relation.source].name} {relation.verb} "
        f"{analysis.units[relation.target].name} ({relation.path}:{relation.line})"
        for relation in analysis.relations
    ]
