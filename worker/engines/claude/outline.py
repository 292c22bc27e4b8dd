"""The part of a prompt that all calls of a stage share: what the project is, and what it defines."""

from collections import defaultdict
from typing import Final

from worker.engines.claude import secrets
from worker.engines.claude.candidates import importance
from worker.engines.claude.shown import Shown, plain, shown_path
from worker.engines.static.facts import TYPES, Definition, Role
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.prose.docstrings import first_sentence

README_SHARE: Final = 15_000
"""Characters of the README."""
OUTLINE_SHARE: Final = 45_000
"""Characters of the outline."""
FILES_SHARE: Final = 6_000
_SIGNATURE: Final = 140
_SENTENCE: Final = 120


def readme(facts: CourseFacts, shown: Shown) -> str:
    """Return the beginning of the README, numbered."""
    path = facts.analysis.project.readme
    if path is None:
        return ""
    numbers: list[int] = []
    left = README_SHARE
    for number in range(1, facts.file(path).lines + 1):
        left -= shown.size(path, [number])
        if left < 0:
            break
        numbers.append(number)
    return shown.file(path, numbers)


def files(facts: CourseFacts) -> str:
    """Return the files of the project with what they are for, as far as there is room."""
    rows: list[str] = []
    left = FILES_SHARE
    for file in facts.analysis.files.values():
        if secrets.is_secret_file(file.path):
            continue
        row = f"{shown_path(file.path)} ({file.role}, {file.lines} lines)"
        left -= len(row)
        if left < 0:
            rows.append("…")
            break
        rows.append(row)
    return plain(rows, "files")


def definitions(facts: CourseFacts) -> str:
    """Return the definitions that matter most, by file and line."""
    rates = importance(facts.analysis)
    ranked = [
        definition for definition in facts.definitions if _is_part(definition)
    ]
    ranked = [
        definition
        for definition in ranked
        if facts.file(definition.path).role is Role.SOURCE
        and not secrets.is_secret_file(definition.path)
    ]
    ranked.sort(
        key=lambda definition: (
            definition.parent is not None,
            -rates[definition.index],
            definition.index,
        )
    )
    by_file: dict[str, list[Definition]] = defaultdict(list)
    left = OUTLINE_SHARE
    for definition in ranked:
        left -= len(_row(definition))
        if left < 0:
            break
        by_file[definition.path].append(definition)
    rows: list[str] = []
    for path, inside in sorted(by_file.items()):
        rows.append(shown_path(path))
        inside.sort(key=lambda definition: definition.index)
        rows += map(_row, inside)
    return plain(rows, "outline")


def _is_part(definition: Definition) -> bool:
    """Tell whether others can use a definition: constructors too."""
    is_maker = definition.name in {"__init__", "constructor"}
    return definition.public and (
        is_maker or not definition.name.startswith("_")
    )


def _row(definition: Definition) -> str:
    indent = "  " if definition.parent is None else "    "
    head = definition.signature[:_SIGNATURE] or definition.name
    if definition.kind in TYPES and definition.name not in head:
        head = f"{definition.kind} {definition.name}"
    doc = first_sentence(definition.doc)[:_SENTENCE]
    more = f"  # {doc}" if doc else ""
    return f"{indent}{definition.line}-{definition.end_line} {head}{more}"


def signature(definition: Definition) -> str:
    """Return a definition as a neighbour is shown: place, head, first sentence."""
    return f"{shown_path(definition.path)}:{_row(definition).strip()}"
