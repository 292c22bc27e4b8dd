"""The part that all prompts of a stage share: the README, and the project's definitions."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from worker.engines.claude import secrets
from worker.engines.claude.readme import chosen_lines
from worker.engines.claude.shown import Shown, plain, shown_path
from worker.engines.static.choosing.candidates import is_logger
from worker.engines.static.facts import TYPES, Definition, Kind, Role
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.prose.docstrings import first_sentence

OUTLINE_SHARE: Final = 45_000
"""Characters of the whole outline."""
NAMES_SHARE: Final = 8_000
"""Characters of the outline that has names only."""
_SIGNATURE: Final = 120
_MEMBER: Final = 100
"""Characters of the head of a method."""
_SENTENCE: Final = 100
_LESS: Final = 0.93
"""The value of each method of a type, relative to the method before it."""
_USING: Final = {
    Role.DOCUMENT: 1.0,
    Role.EXAMPLE: 1.0,
    Role.SOURCE: 0.5,
    Role.TEST: 0.25,
}
"""The weight of a use of a name, by the role of the file."""
_LARGEST: Final = 400_000
"""The largest text that is searched for uses, in bytes."""
_ATTRIBUTE: Final = re.compile(r"(?<=[\w)\]])(?:\.|->|::)([^\W\d]\w*)")
_MAKERS: Final = ("__init__", "constructor", "__new__", "__call__")
"""Methods that come before all others, because they create or call an object."""
_OF_PROPERTY: Final = 0.25
"""The weight of a use of a property: its name often belongs to something else."""
_VALUES: Final = frozenset({Kind.CONSTANT, Kind.VARIABLE, Kind.MACRO})
_COMMENT: Final = re.compile(r":? # .*")
_RECEIVER: Final = re.compile(r"\((?:self|cls)(?:, |(?=\)))")
_RECEIVERS: Final = frozenset({"self", "cls"})
_NESTED: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|\{[^}]*\}")
_PARAMETER: Final = re.compile(r"\s*(\*{0,2}[^\W\d]\w*)")
_PROPERTY: Final = re.compile(r"(?:\w+\.)*(?:cached_?)?property\b")

_RowOf = Callable[[Definition], str]
"""Writes the row of a definition."""


def readme(facts: CourseFacts, shown: Shown) -> str:
    """Return the chosen lines of the README, numbered."""
    path = facts.analysis.project.readme
    if path is None:
        return ""
    lines = facts.texts.lines(path)
    headings = facts.file(path).headings
    numbers = chosen_lines(lines, headings)
    return shown.file(path, numbers)


def definitions(facts: CourseFacts) -> str:
    """Return the most important definitions, by file and line; types with their methods."""
    rows = _listed(facts, _row, OUTLINE_SHARE)
    explained: list[str] = []
    for row in rows:
        if row in facts.analysis.files:
            row_of_file = _file_row(facts, row)
            explained.append(row_of_file)
        else:
            explained.append(row)
    return plain(explained, "outline")


def names(facts: CourseFacts) -> str:
    """Return the most important definitions by file, with the names of their parameters."""
    rows = _listed(facts, _named_row, NAMES_SHARE)
    visible = list(map(shown_path, rows))
    return plain(visible, "outline")


def _listed(facts: CourseFacts, row_of: _RowOf, share: int) -> list[str]:
    """Return rows of definitions, grouped below the path of their file."""
    rows: list[str] = []
    path = ""
    fitting = _fitting(facts, row_of, share)
    fitting.sort(key=_place)
    for definition in fitting:
        if definition.path != path:
            path = definition.path
            rows.append(path)
        row = row_of(definition)
        rows.append(row)
    return rows


def _fitting(
    facts: CourseFacts,
    row_of: _RowOf,
    share: int,
) -> list[Definition]:
    """Return the most important definitions, as many as there is room for."""
    fitting: list[Definition] = []
    left = share
    for definition in _ranked(facts):
        row = row_of(definition)
        left -= len(row) + 1
        if left < 0:
            break
        fitting.append(definition)
    return fitting


def _place(definition: Definition) -> tuple[str, int]:
    return definition.path, definition.index


def _file_row(facts: CourseFacts, path: str) -> str:
    file = facts.file(path)
    row = shown_path(path)
    return _explained(row, file.doc)


def _explained(row: str, doc: str) -> str:
    """Return a row followed by the first sentence of its documentation, if there is any."""
    sentence = first_sentence(doc)
    if not sentence:
        return row
    start = sentence[:_SENTENCE]
    return f"{row}  # {start}"


def _ranked(facts: CourseFacts) -> list[Definition]:
    """Return the definitions that others can use, the most important first."""
    rates = _rates(facts)

    def rank(index: int) -> tuple[float, int]:
        return -rates[index], index

    ranked: list[Definition] = []
    for index in sorted(rates, key=rank):
        definition = facts.definitions[index]
        ranked.append(definition)
    return ranked


def _rates(facts: CourseFacts) -> dict[int, float]:
    """Return the value of each definition; a method's is less than its type's."""
    rates: dict[int, float] = {}
    for index, worth in facts.analysis.worth.items():
        definition = facts.definitions[index]
        if not _is_offered(facts, definition):
            continue
        rates[index] = worth
        members = most_used(facts, definition)
        rates.update(_rates_of(members, worth))
    return rates


def _rates_of(
    members: Iterable[Definition],
    worth: float,
) -> Iterator[tuple[int, float]]:
    """Yield the values of a type's methods, each less than the one before."""
    rate = max(worth, 0.0)
    for member in members:
        rate *= _LESS
        yield member.index, min(rate, worth)


def _is_offered(facts: CourseFacts, definition: Definition) -> bool:
    """Whether a top-level definition is meant for use by others."""
    if not definition.public:
        return False
    if definition.name.startswith("_"):
        return False
    if secrets.is_secret_file(definition.path):
        return False
    file = facts.file(definition.path)
    if file.role is not Role.SOURCE:
        return False
    if definition.kind not in _VALUES:
        return True
    worth = facts.analysis.worth[definition.index]
    return worth > 0 and not is_logger(definition)


def most_used(facts: CourseFacts, definition: Definition) -> list[Definition]:
    """Return the public methods of a type: constructors first, then the most used."""

    def rank(member: Definition) -> tuple[bool, float, int]:
        is_maker = member.name in _MAKERS
        uses = _uses(facts, member)
        return not is_maker, -uses, member.index

    parts = filter(_is_part, facts.members(definition))
    return sorted(parts, key=rank)


def _uses(facts: CourseFacts, member: Definition) -> float:
    """Count the files that use a method, and its share of the texts that use its name."""
    name = member.name
    users: set[str] = set()
    for reference in facts.into[member.index]:
        users.add(reference.path)
    texts = _uses_in_texts(facts)[name]
    namesakes = facts.by_name[name]
    uses = len(users) + texts / len(namesakes)
    if is_property(member):
        uses *= _OF_PROPERTY
    return uses


def is_property(member: Definition) -> bool:
    matches = map(_PROPERTY.match, member.decorators)
    return any(matches)


def _uses_in_texts(facts: CourseFacts) -> dict[str, float]:
    """Count the uses of a name after a dot, by file; files for readers count most."""

    def counted() -> dict[str, float]:
        uses: dict[str, float] = defaultdict(float)
        for path, file in facts.analysis.files.items():
            worth = _USING.get(file.role)
            if worth is None:
                continue
            if file.size > _LARGEST:
                continue
            lines = facts.texts.lines(path)
            text = "\n".join(lines)
            names = _ATTRIBUTE.findall(text)
            for name in set(names):
                uses[name] += worth
        return uses

    return facts.remembered("uses in texts", counted)


def _is_part(member: Definition) -> bool:
    """Whether others can use a method or a nested type; this includes constructors."""
    if member.name in _MAKERS:
        return True
    if not member.public:
        return False
    if member.name.startswith("_"):
        return False
    if member.kind in TYPES:
        return True
    return is_function(member)


def _row(definition: Definition) -> str:
    first = definition.line
    last = definition.end_line
    head = _head(definition)
    row = f"  {first}-{last} {head}"
    if definition.parent is not None:
        row = f"  {row}"
    return _explained(row, definition.doc)


def _named_row(definition: Definition) -> str:
    """Return the name of a definition, with the names of its parameters."""
    row = f"  {definition.name}"
    if definition.parent is not None:
        row = f"  {row}"
    if not is_function(definition):
        return row
    _, opening, inside = definition.signature.partition("(")
    if not opening:
        return row
    parameters, _, _ = inside.rpartition(")")
    parameter_names = _names_of(parameters)
    listed = ", ".join(parameter_names)
    return f"{row}({listed})"


def _names_of(parameters: str) -> Iterator[str]:
    """Yield the names of parameters, without the receiver."""
    bare = _NESTED.sub("", parameters)
    for part in bare.split(","):
        match = _PARAMETER.match(part)
        if match is None:
            continue
        name = match[1]
        if name not in _RECEIVERS:
            yield name


def _head(definition: Definition) -> str:
    """Return the head of a definition as in its source, shortened."""
    head = _COMMENT.sub("", definition.signature)
    if not head:
        return definition.name
    name = definition.name
    is_named = name in head
    if definition.kind in TYPES and not is_named:
        return f"{definition.kind} {name}"
    if definition.parent is None:
        return head[:_SIGNATURE]
    return _method_head(definition, head)


def _method_head(definition: Definition, head: str) -> str:
    head = _RECEIVER.sub("(", head, count=1)
    if is_property(definition):
        head = f"@property {head}"
    if len(head) <= _MEMBER:
        return head
    start = head[:_MEMBER]
    return f"{start}…"


def signature(facts: CourseFacts, definition: Definition) -> str:
    """Return a definition as a prompt shows neighbours: place, type, head, first sentence."""
    path = shown_path(definition.path)
    row = _row(definition).strip()
    placed = f"{path}:{row}"
    if definition.parent is None:
        return placed
    owner = facts.definitions[definition.parent]
    return f"{owner.name}: {placed}"
