"""A paragraph about the whole project: what it is, how large, its pieces, how they hang together, what was left out."""

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
from worker.engines.static.prose.phrases import capital, code, counted, listed
from worker.engines.static.reading.language import PROSE, label

_LANGUAGES: Final = 3
_RELATIONS: Final = 4
_SHARE: Final = 0.02
"""A language with a smaller share of the lines is not named."""
_APART: Final = {
    Role.TEST: "test file",
    Role.EXAMPLE: "example",
    Role.DOCUMENT: "document",
    Role.CONFIGURATION: "configuration file",
    Role.GENERATED: "generated file",
    Role.VENDORED: "vendored file",
    Role.DATA: "data file",
}
_READ: Final = (Role.TEST, Role.EXAMPLE, Role.DOCUMENT)
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
        _pieces(units),
        _relations(units, relations),
        _apart(files),
        _left_out(skipped),
    ]
    return " ".join(part for part in parts if part)


def _size(project: Project, files: Mapping[str, SourceFile]) -> str:
    sources = [file for file in files.values() if file.role is Role.SOURCE] or list(
        files.values()
    )
    counts: Counter[str] = Counter()
    for file in sources:
        counts[label(file.language)] += file.lines
    total = sum(counts.values())
    lines = counted(total, "line")
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [
        f"{count:,} of {language}"
        for language, count in ranked[:_LANGUAGES]
        if count >= total * _SHARE
    ]
    kind = "document" if all(file.language in PROSE for file in sources) else "file"
    kind = "source file" if any(file.role is Role.SOURCE for file in sources) else kind
    amount = (
        f"{lines} of {ranked[0][0]}"
        if len(named) == 1
        else f"{lines} ({listed(named)})"
    )
    return f"{project.name} has {counted(len(sources), kind)} with {amount}."


def _pieces(units: Sequence[Unit]) -> str:
    names = [code(unit.name) for unit in units]
    return (
        f"Its main pieces are {listed(names)}."
        if len(names) > 1
        else f"Its main piece is {names[0]}."
    )


def _relations(units: Sequence[Unit], relations: Sequence[Relation]) -> str:
    shown = [
        f"{code(units[one.source].name)} {one.verb} {code(units[one.target].name)}"
        for one in relations[:_RELATIONS]
    ]
    return f"{listed(shown)[:1].upper()}{listed(shown)[1:]}." if shown else ""


def _apart(files: Mapping[str, SourceFile]) -> str:
    """Say which files are no part of what was analysed."""
    roles = Counter(file.role for file in files.values())
    if not roles[Role.SOURCE]:
        return ""
    read = [counted(roles[role], _APART[role]) for role in _READ if roles[role]]
    other = [
        counted(roles[role], _APART[role])
        for role in _APART
        if roles[role] and role not in _READ
    ]
    said = (
        f"{capital(listed(read))} were read only for what they mention." if read else ""
    )
    return " ".join(
        part
        for part in (said, f"Not looked into: {listed(other)}." if other else "")
        if part
    )


def _left_out(skipped: Sequence[Skipped]) -> str:
    told = [
        f"{counted(one.count, 'file')} ({one.reason}, as {code(one.example)})"
        for one in skipped
        if one.reason not in _UNREMARKABLE
    ]
    return f"Left out: {listed(told)}." if told else ""
