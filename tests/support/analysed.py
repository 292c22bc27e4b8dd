"""Small repositories as the static engine sees them, in a form that tests compare with literals."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.course import write_tree
from worker.engines.static.analysis import analyze
from worker.engines.static.facts import Analysis, Definition, Reference
from worker.engines.static.parsing.source_file import Parsed, SourceParser
from worker.engines.static.reading.language import Language
from worker.engines.static.reading.survey import Survey, survey


def parsed(language: Language, text: str) -> Parsed:
    """Return what the reader of a language finds in a file."""
    return SourceParser().read(language, text)


def kinds(found: Parsed) -> dict[str, str]:
    """Return each definition's kind by its name, qualified by its type where it has one."""
    return {
        f"{one.parent.name if one.parent else one.owner}.{one.name}".lstrip(
            "."
        ): str(one.kind)
        for one in found.drafts
    }


def surveyed(folder: Path, files: Mapping[str, str | bytes]) -> Survey:
    """Write files, and return what a survey reads of them."""
    return survey(write_tree(folder, files), lambda: None)


def analysed(folder: Path, files: Mapping[str, str | bytes]) -> Analysis:
    """Write files, and return their analysis."""
    return analyze(write_tree(folder, files), lambda: None)


def defined(analysis: Analysis, qualified: str) -> Definition:
    """Return the one definition of a qualified name."""
    [found] = [
        one for one in analysis.definitions if one.qualified == qualified
    ]
    return found


def referred(analysis: Analysis) -> set[str]:
    """Return references as `user > used`: qualified name or file's path, with `?` for a guess."""
    return {_referred(analysis, one) for one in analysis.references}


def _referred(analysis: Analysis, one: Reference) -> str:
    user = (
        one.path
        if one.source is None
        else analysis.definitions[one.source].qualified
    )
    return f"{user} > {analysis.definitions[one.target].qualified}{'' if one.sure else '?'}"


def names(analysis: Analysis) -> list[str]:
    """Return the names of the units, in order."""
    return [unit.name for unit in analysis.units]


def related(analysis: Analysis) -> list[str]:
    """Return the relations as sentences with their places: `Store creates Stock (store.py:3)`."""
    return [
        f"{analysis.units[one.source].name} {one.verb} "
        f"{analysis.units[one.target].name} ({one.path}:{one.line})"
        for one in analysis.relations
    ]
