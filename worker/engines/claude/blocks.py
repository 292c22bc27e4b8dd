"""The blocks of a page as a model answers them: they point at things, and contain prose.

No answer is trusted, whatever schema it was requested with: anything that does not fit is a fault.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

MOST: Final = 80
"""Entries of a list in an answer; the rest are not read."""
LONGEST: Final = 4_000
"""Characters of a text in an answer; longer ones are not examined."""


class AnswerFault(Exception):  # noqa: N818 - a fault of data, told to the model
    """A part of an answer does not fit its schema; the message is one line for the model."""


class Lines(NamedTuple):
    """Lines of a file of the repository, both ends included."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Prose:
    """A paragraph or a list, and the lines that support it."""

    text: str
    sources: tuple[Lines, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """An excerpt of the repository's code."""

    lines: Lines


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenExample:
    """Code written by the model."""

    language: str
    code: str
    file: str = ""
    """The name to save it under; empty if it is not saved."""
    prints: str = ""
    """Its output; empty if it prints nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RelationDrawing:
    """A drawing of relations, by their ids."""

    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """A drawing of calls, by their ids, in the order in which they happen."""

    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Commands:
    """Commands for a terminal, by their ids."""

    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeChange:
    """New code for lines of the project, and the test that shows the difference."""

    lines: Lines
    code: str
    test: str
    """The id of a command that runs a test, or a test's own id."""


class DrawnBox(NamedTuple):
    """A box of a drawing."""

    id: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxArrow:
    """An arrow between two boxes, given by their ids, and the lines that support it."""

    source: str
    target: str
    text: str
    sources: tuple[Lines, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """A drawing composed by the model."""

    nodes: tuple[DrawnBox, ...]
    arrows: tuple[BoxArrow, ...]

    @property
    def texts(self) -> list[str]:
        """The texts in the boxes and at the arrows."""
        texts = [node.text for node in self.nodes]
        texts += [arrow.text for arrow in self.arrows]
        return list(filter(None, texts))

    def told(self, arrow: BoxArrow) -> str:
        """Return an arrow as text, with the texts of its boxes."""
        texts = {node.id: node.text for node in self.nodes}
        source = texts.get(arrow.source, "")
        target = texts.get(arrow.target, "")
        return f"{source} {arrow.text} {target}"

    @property
    def sources(self) -> tuple[Lines, ...]:
        """The lines that support all arrows."""
        sources: list[Lines] = []
        for arrow in self.arrows:
            sources += arrow.sources
        return tuple(sources)


Block = (
    Prose
    | Listing
    | WrittenExample
    | RelationDrawing
    | Calls
    | Commands
    | CodeChange
    | Drawing
)


class Fields:
    """An object of an answer."""

    def __init__(self, value: object) -> None:
        """Take a value that should be an object."""
        if not isinstance(value, Mapping):
            raise AnswerFault("an object was expected")
        self._values: Final = value

    def text(self, name: str) -> str:
        """Return a stripped text; it may be empty."""
        return self.whole_text(name).strip()

    def whole_text(self, name: str) -> str:
        """Return a text with its indentation, but without white space at its end."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise AnswerFault(f"`{name}` must be a text")
        # guard: answers: a huge text is not examined
        if len(value) > LONGEST:
            raise _too_long(name, len(value))
        return value.rstrip()

    def number(self, name: str) -> int:
        value = self._values.get(name)
        is_truth = isinstance(value, bool)
        if is_truth or not isinstance(value, int):
            raise AnswerFault(f"`{name}` must be a whole number")
        return value

    def entries(self, name: str) -> list[object]:
        """Return a list, up to a length."""
        value = self._values.get(name)
        if not isinstance(value, list):
            raise AnswerFault(f"`{name}` must be a list")
        return value[:MOST]

    def texts(self, name: str) -> tuple[str, ...]:
        texts: list[str] = []
        for value in self.entries(name):
            if not isinstance(value, str):
                raise AnswerFault(f"`{name}` must be a list of texts")
            text = value.strip()
            texts.append(text)
        return tuple(texts)


def _too_long(name: str, length: int) -> AnswerFault:
    return AnswerFault(
        f"`{name}` has {length} characters; at most {LONGEST} are allowed"
    )


def entries_of(answer: object, name: str, faults: list[str]) -> list[object]:
    """Return a list of an answer; if there is none, return an empty one and add a fault."""
    try:
        fields = Fields(answer)
        return fields.entries(name)
    except AnswerFault as fault:
        faults.append(str(fault))
        return []


def example_codes(answer: object) -> list[str]:
    """Return the code in an answer, at any depth, except huge texts.

    It comes with its output and the name of its file.
    """
    codes: list[str] = []
    for value in _objects(answer):
        codes += _codes(value)
    return codes


def example_files(answer: object) -> set[str]:
    """Return the file names under which the examples of an answer are saved."""
    files: set[str] = set()
    for value in _objects(answer):
        file = value.get("file")
        if value.get("kind") == "example" and isinstance(file, str):
            files.add(file.strip())
    return files - {""}


def _objects(answer: object) -> Iterator[Mapping[Any, object]]:
    """Yield all objects in an answer, the outermost first, but no more than `MOST` of a list."""
    values = [answer]
    for value in values:
        if isinstance(value, Mapping):
            yield value
            values += value.values()
        elif isinstance(value, list):
            values += value[:MOST]


def _codes(value: Mapping[Any, object]) -> Iterator[str]:
    if "code" not in value:
        return
    for name in ("code", "file", "prints"):
        text = value.get(name)
        # guard: answers: huge code is not parsed
        if text and isinstance(text, str) and len(text) <= LONGEST:
            yield text


@contextmanager
def noted(faults: list[str], place: str) -> Iterator[None]:
    """Add the fault that stopped the reading of an entry to a list, with the entry's place."""
    try:
        yield
    except AnswerFault as fault:
        faults.append(f"{place}: {fault}")


def _prose(fields: Fields) -> Prose:
    return Prose(
        text=fields.text("text"),
        sources=_sources(fields),
    )


def _sources(fields: Fields) -> tuple[Lines, ...]:
    sources: list[Lines] = []
    for entry in fields.entries("sources"):
        pointer = Fields(entry)
        sources.append(lines(pointer))
    return tuple(sources)


def _listing(fields: Fields) -> Listing:
    return Listing(lines=lines(fields))


def _example(fields: Fields) -> WrittenExample:
    language = fields.text("language")
    code = fields.text("code")
    printed = fields.whole_text("prints")
    return WrittenExample(
        language=language.lower(),
        code=code,
        file=fields.text("file"),
        prints=printed.strip("\n"),
    )


def lines(fields: Fields) -> Lines:
    """Read a reference to lines of a file."""
    path = fields.text("file")
    first = fields.number("from")
    last = fields.number("to")
    return Lines(path, first, last)


def _relations(fields: Fields) -> RelationDrawing:
    ids = fields.texts("ids")
    return RelationDrawing(ids=ids)


def _calls(fields: Fields) -> Calls:
    ids = fields.texts("ids")
    return Calls(ids=ids)


def _commands(fields: Fields) -> Commands:
    ids = fields.texts("ids")
    return Commands(ids=ids)


def _change(fields: Fields) -> CodeChange:
    code = fields.whole_text("code")
    return CodeChange(
        lines=lines(fields),
        code=code,
        test=fields.text("test"),
    )


def _drawing(fields: Fields) -> Drawing:
    nodes = map(Fields, fields.entries("nodes"))
    arrows = map(Fields, fields.entries("arrows"))
    return Drawing(
        nodes=tuple(map(_node, nodes)),
        arrows=tuple(map(_arrow, arrows)),
    )


def _node(fields: Fields) -> DrawnBox:
    return DrawnBox(
        id=fields.text("id"),
        text=fields.text("text"),
    )


def _arrow(fields: Fields) -> BoxArrow:
    return BoxArrow(
        source=fields.text("from"),
        target=fields.text("to"),
        text=fields.text("text"),
        sources=_sources(fields),
    )


_READERS: Final[dict[str, Callable[[Fields], Block]]] = {
    "prose": _prose,
    "code": _listing,
    "example": _example,
    "relations": _relations,
    "calls": _calls,
    "commands": _commands,
    "change": _change,
    "drawing": _drawing,
}


def read_block(value: object) -> Block:
    """Read a block, or raise AnswerFault."""
    fields = Fields(value)
    kind = fields.text("kind")
    reader = _READERS.get(kind)
    if reader is None:
        raise AnswerFault(f"{kind[:40]!r} is not a kind of block")
    return reader(fields)


class BlockRead(NamedTuple):
    """A block of an answer, or the reason why it cannot be read."""

    place: str
    """Its place in the answer, for the model."""
    block: Block | None
    fault: str = ""


def read_blocks(values: list[object], place: str) -> Iterator[BlockRead]:
    """Read the blocks of a list."""
    for number, value in enumerate(values, 1):
        here = f"{place}, block {number}"
        try:
            block = read_block(value)
        except AnswerFault as fault:
            yield BlockRead(here, None, str(fault))
            continue
        yield BlockRead(here, block)
