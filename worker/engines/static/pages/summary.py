"""The summary of a project: its purpose, size, parts, relations, and what was left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from worker.engines.static.facts import (
    Project,
    Relation,
    Role,
    Skip,
    Skipped,
    SourceFile,
    Unit,
)
from worker.engines.static.prose.phrases import (
    capital,
    code,
    counted,
    listed,
    number,
)
from worker.engines.static.reading.language import PROSE, label

_MOST_LANGUAGES: Final = 3
_MOST_RELATIONS: Final = 4
_SMALLEST_SHARE: Final = 0.02
"""A language with a smaller share of the lines is not named."""
_NOUNS: Final = {
    Role.TEST: "test file",
    Role.EXAMPLE: "example",
    Role.DOCUMENT: "document",
    Role.CONFIGURATION: "configuration file",
    Role.GENERATED: "generated file",
    Role.VENDORED: "vendored file",
    Role.DATA: "data file",
}
_SEARCHED: Final = (Role.TEST, Role.EXAMPLE, Role.DOCUMENT)
"""Files that are searched for the names of definitions."""
_IGNORED: Final = (Role.CONFIGURATION, Role.GENERATED, Role.VENDORED, Role.DATA)
_UNREMARKABLE: Final = frozenset({Skip.EMPTY, Skip.BINARY})


def summarize(
    project: Project,
    files: Mapping[str, SourceFile],
    skipped: Sequence[Skipped],
    units: Sequence[Unit],
    relations: Sequence[Relation],
) -> str:
    """Return the paragraph."""
    parts = [
        project.tagline,
        _size(project, files),
        _parts(units),
        _relations(units, relations),
        _other_files(files),
        _left_out(skipped),
    ]
    return " ".join(part for part in parts if part)


def _size(project: Project, files: Mapping[str, SourceFile]) -> str:
    sources = [file for file in files.values() if file.role is Role.SOURCE]
    described = sources or list(files.values())
    if sources:
        noun = "source file"
    elif all(file.language in PROSE for file in described):
        noun = "document"
    else:
        noun = "file"
    count = counted(len(described), noun)
    return f"{project.name} has {count} with {_lines(described)}."


def _lines(files: Sequence[SourceFile]) -> str:
    counts: Counter[str] = Counter()
    for file in files:
        counts[label(file.language)] += file.lines
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shares = [
        f"{number(count)} of {language}"
        for language, count in ranked[:_MOST_LANGUAGES]
        if count >= total * _SMALLEST_SHARE
    ]
    lines = counted(total, "line")
    if len(shares) == 1:
        language, _ = ranked[0]
        return f"{lines} of {language}"
    return f"{lines} ({listed(shares)})"


def _parts(units: Sequence[Unit]) -> str:
    names = [code(unit.name) for unit in units]
    if len(names) == 1:
        return f"Its main part is {names[0]}."
    return f"Its main parts are {listed(names)}."


def _relations(units: Sequence[Unit], relations: Sequence[Relation]) -> str:
    clauses = []
    for relation in relations[:_MOST_RELATIONS]:
        source = code(units[relation.source].name)
        target = code(units[relation.target].name)
        clauses.append(f"{source} {relation.verb} {target}")
    return f"{capital(listed(clauses))}." if clauses else ""


def _other_files(files: Mapping[str, SourceFile]) -> str:
    """Say which files were not analysed."""
    roles = Counter(file.role for file in files.values())
    if not roles[Role.SOURCE]:
        return ""
    searched = _counted_roles(roles, _SEARCHED)
    ignored = _counted_roles(roles, _IGNORED)
    parts = []
    if searched:
        parts.append(f"{searched} searched only for mentions of the code.")
    if ignored:
        parts.append(f"{ignored} not examined.")
    return " ".join(parts)


def _counted_roles(counts: Counter[Role], roles: Sequence[Role]) -> str:
    """Return the number of files of each role as a subject with its verb: `One example was`."""
    present = [role for role in roles if counts[role]]
    if not present:
        return ""
    total = sum(counts[role] for role in present)
    subject = listed([counted(counts[role], _NOUNS[role]) for role in present])
    return f"{capital(subject)} {'was' if total == 1 else 'were'}"


def _left_out(skipped: Sequence[Skipped]) -> str:
    groups = [
        f"{counted(skip.count, 'file')} ({skip.reason}, for example {code(skip.example)})"
        for skip in skipped
        if skip.reason not in _UNREMARKABLE
    ]
    return f"Left out: {listed(groups)}." if groups else ""
