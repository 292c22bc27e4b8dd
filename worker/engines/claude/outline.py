"""What all prompts of a stage share: the README, and what the project defines."""

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
"""Characters of the outline."""
NAMES_SHARE: Final = 8_000
"""Characters of the outline that has names only."""
_SIGNATURE: Final = 120
_MEMBER: Final = 100
"""Characters of the head of a method."""
_SENTENCE: Final = 100
_LESS: Final = 0.93
"""What each method of a type is worth less than the one before it."""
_USING: Final = {
    Role.DOCUMENT: 1.0,
    Role.EXAMPLE: 1.0,
    Role.SOURCE: 0.5,
    Role.TEST: 0.25,
}
"""What the use of a name in a text counts."""
_LARGEST: Final = 400_000
"""Bytes of a text that is searched for uses."""
_ATTRIBUTE: Final = re.compile(r"(?<=[\w)\]])(?:\.|->|::)([^\W\d]\w*)")
_MAKERS: Final = ("__init__", "constructor", "__new__", "__call__")
"""Methods without which no other one is called."""
_OF_PROPERTY: Final = 0.25
"""What the use of a property counts: its name is more often another thing's."""
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
    """Return what the README says of the project, numbered."""
    path = facts.analysis.project.readme
    if path is None:
        return ""
    lines = facts.texts.lines(path)
    headings = facts.file(path).headings
    numbers = chosen_lines(lines, headings)
    return shown.file(path, numbers)


def definitions(facts: CourseFacts) -> str:
    """Return the definitions that matter most, by file and line; types with their methods."""
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
    """Return the definitions that matter most by file, with the names of their parameters."""
    rows = _listed(facts, _named_row, NAMES_SHARE)
    visible = list(map(shown_path, rows))
    return plain(visible, "outline")


def _listed(facts: CourseFacts, row_of: _RowOf, share: int) -> list[str]:
    """Return rows of definitions, those of a file below its path."""
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
    """Return the definitions that matter most, as many as there is room for."""
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
    """Return a row with the first sentence of what its source says, if it says anything."""
    sentence = first_sentence(doc)
    if not sentence:
        return row
    start = sentence[:_SENTENCE]
    return f"{row}  # {start}"


def _ranked(facts: CourseFacts) -> list[Definition]:
    """Return the definitions that others can use, those that matter most first."""
    rates = _rates(facts)

    def rank(index: int) -> tuple[float, int]:
        return -rates[index], index

    ranked: list[Definition] = []
    for index in sorted(rates, key=rank):
        definition = facts.definitions[index]
        ranked.append(definition)
    return ranked


def _rates(facts: CourseFacts) -> dict[int, float]:
    """Return what definitions are worth, each method less than its type."""
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
    """Yield what the methods of a type are worth, each less than the one before."""
    rate = max(worth, 0.0)
    for member in members:
        rate *= _LESS
        yield member.index, min(rate, worth)


def _is_offered(facts: CourseFacts, definition: Definition) -> bool:
    """Whether a definition outside of types is one that others use."""
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
    """Return the public methods of a type: how it is made, then those that are used most."""

    def rank(member: Definition) -> tuple[bool, float, int]:
        is_maker = member.name in _MAKERS
        uses = _uses(facts, member)
        return not is_maker, -uses, member.index

    parts = filter(_is_part, facts.members(definition))
    return sorted(parts, key=rank)


def _uses(facts: CourseFacts, member: Definition) -> float:
    """Count the files that use a method, and the texts that use it or a namesake of it."""
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
    """Count the files that use a name behind a dot, those for readers most."""

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
    """Whether others can use a method or a nested type: constructors too."""
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
    """Return the name of a definition, with those of its parameters."""
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
    """Yield the names of parameters, without that of the receiver."""
    bare = _NESTED.sub("", parameters)
    for part in bare.split(","):
        match = _PARAMETER.match(part)
        if match is None:
            continue
        name = match[1]
        if name not in _RECEIVERS:
            yield name


def _head(definition: Definition) -> str:
    """Return the head of a definition as its source has it, cut."""
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
    """Return a definition as a neighbour is shown: place, type, head, first sentence."""
    path = shown_path(definition.path)
    row = _row(definition).strip()
    placed = f"{path}:{row}"
    if definition.parent is None:
        return placed
    owner = facts.definitions[definition.parent]
    return f"{owner.name}: {placed}"
