"""The files of a course, read and validated: engines are not trusted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

import yaml

from states.course_paths import (
    ChapterRef,
    chapter_paths,
    expected_paths,
    yaml_path,
)
from states.stages import INFO, Stage

MAX_ITEM_BYTES: Final = 8 * 1024 * 1024
"""The largest file that an engine may write."""
MAX_NAME_BYTES: Final = 255
"""The longest file name that file systems allow."""
MAX_INDEX: Final = 999_999
_CACHED: Final = 4
"""How many parsed files are cached, because every stage reads the same ones."""
_SHOWN: Final = 40
_WIDTH: Final = 100
_MOST_BITS: Final = 64
_FIRST: Final = INFO[Stage.EXTRACT].step
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_USUAL_INDEX: Final = 99
"""The index for measuring file names before the order is known."""


class InvalidItemError(Exception):
    """A file of the course is invalid; the message says which, and where."""


class Abstraction(NamedTuple):
    """An entry of step 1, with white space stripped."""

    name: str
    description: str
    file_paths: tuple[str, ...]


class Relationship(NamedTuple):
    """An entry of step 2: positions in step 1's list, counted from 0."""

    source: int
    target: int
    label: str
    evidence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderEntry:
    """An entry of step 3."""

    index: int
    name: str
    reasoning: str

    @property
    def entry(self) -> ChapterRef:
        """The entry that the chapter's files are named after."""
        return ChapterRef(index=self.index, name=self.name)


@lru_cache(maxsize=_CACHED)
def read_abstractions(data: bytes) -> tuple[Abstraction, ...]:
    """Read `step1_abstractions.yaml`, or raise InvalidItemError."""
    place = "step1_abstractions.yaml"
    document = _load(place, data)
    abstractions = []
    for entry in _entries(document, place):
        abstraction = _abstraction(entry)
        abstractions.append(abstraction)
    if not abstractions:
        raise InvalidItemError(f"{place} names no abstraction")
    names = [abstraction.name for abstraction in abstractions]
    _check_unique(names, place, "name")
    for number, name in enumerate(names):
        chapter = ChapterRef(index=_USUAL_INDEX, name=name)
        entry_place = _entry_place(place, number)
        _check_file_names(chapter, entry_place)
    return tuple(abstractions)


def read_relationships(
    data: bytes, abstractions: Sequence[Abstraction]
) -> tuple[str, tuple[Relationship, ...]]:
    """Return the summary and the relationships of `step2_relationships.yaml`.

    Raise InvalidItemError if the file is invalid.
    """
    document = _load_mapping("step2_relationships.yaml", data)
    summary = document.text("summary")
    last = len(abstractions) - 1
    relationships = []
    for entry in document.entries("relationships"):
        relationship = _relationship(entry, last)
        relationships.append(relationship)
    return summary, tuple(relationships)


def read_order(
    data: bytes, abstractions: Sequence[Abstraction]
) -> tuple[OrderEntry, ...]:
    """Read `step3_order.yaml`, sorted by index, or raise InvalidItemError."""
    names = frozenset(abstraction.name for abstraction in abstractions)
    return _read_order(data, names)


@lru_cache(maxsize=_CACHED)
def _read_order(data: bytes, known: frozenset[str]) -> tuple[OrderEntry, ...]:
    place = "step3_order.yaml"
    document = _load_mapping(place, data)
    chapters = []
    for entry in document.entries("order"):
        chapter = _order_entry(entry, known)
        chapters.append(chapter)
    if not chapters:
        raise InvalidItemError(f"{place}: order is empty")
    indexes = [chapter.index for chapter in chapters]
    _check_unique(indexes, place, "index")
    chapters.sort(key=lambda chapter: chapter.index)
    return tuple(chapters)


def rewritten(data: bytes, rewrite: Callable[[str, str], str]) -> bytes:
    """Return a YAML file whose texts have passed through `rewrite(field, text)`."""

    def visit(value: Any, field: str) -> Any:  # noqa: ANN401 - any value of YAML
        if isinstance(value, str):
            return rewrite(field, value)
        if isinstance(value, list):
            entries = []
            for entry in value:
                visited = visit(entry, field)
                entries.append(visited)
            return entries
        if isinstance(value, dict):
            fields = {}
            for key, entry in value.items():
                visited = visit(entry, key)
                fields[key] = visited
            return fields
        return value

    document = visit(yaml.safe_load(data), "")
    text = yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return text.encode()


class Rules:
    """The files that a stage must write, given the YAML files of the earlier stages."""

    def __init__(self, stage: Stage, outputs: Mapping[str, bytes]) -> None:
        """Read the YAML files that the stage depends on from `outputs`, by path."""
        info = INFO[stage]
        abstractions: tuple[Abstraction, ...] = ()
        if info.step > _FIRST:
            abstractions_file = outputs[yaml_path(Stage.EXTRACT)]
            abstractions = read_abstractions(abstractions_file)
        chapters = []
        if info.folder:
            order_file = outputs[yaml_path(Stage.ORDER)]
            order = read_order(order_file, abstractions)
            chapters = [chapter.entry for chapter in order]
        self._stage = stage
        self._abstractions = abstractions
        self.expected = expected_paths(stage, chapters)
        self._paths = frozenset(self.expected)

    def fault(self, path: str, body: bytes) -> str | None:
        """Return the fault of a file of the stage, or None."""
        try:
            self._check(path, body)
        except InvalidItemError as error:
            return str(error)
        return None

    def _check(self, path: str, body: bytes) -> None:
        if path not in self._paths:
            raise InvalidItemError(
                f"{path} is not a file that {self._stage} writes"
            )
        size = len(body)
        if size > MAX_ITEM_BYTES:
            raise InvalidItemError(
                f"{path} has {size} bytes; at most {MAX_ITEM_BYTES} are allowed"
            )
        match self._stage:
            case Stage.EXTRACT:
                read_abstractions(body)
            case Stage.ANALYZE:
                read_relationships(body, self._abstractions)
            case Stage.ORDER:
                read_order(body, self._abstractions)
            case _:
                _check_markdown(path, body)


def _check_markdown(path: str, body: bytes) -> None:
    text = _decoded(path, body)
    if not text.strip():
        raise InvalidItemError(f"{path} is empty")


def _decoded(place: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidItemError(f"{place} is not UTF-8: {error}") from error


def _abstraction(entry: "_Mapping") -> Abstraction:
    paths = entry.texts("file_paths")
    name = entry.text("name")
    description = entry.text("description")
    return Abstraction(name=name, description=description, file_paths=paths)


def _relationship(entry: "_Mapping", last: int) -> Relationship:
    source = entry.whole_number("from_abstraction", 0, last)
    target = entry.whole_number("to_abstraction", 0, last)
    label = entry.text("label")
    evidence = entry.text("evidence", may_be_empty=True)
    return Relationship(
        source=source,
        target=target,
        label=label,
        evidence=evidence,
    )


def _order_entry(entry: "_Mapping", known: frozenset[str]) -> OrderEntry:
    name = entry.text("name")
    index = entry.whole_number("index", 1, MAX_INDEX)
    if name not in known:
        raise entry.invalid(
            f"{name!r} is not a name in step1_abstractions.yaml"
        )
    reasoning = entry.text("reasoning", may_be_empty=True)
    chapter = OrderEntry(index=index, name=name, reasoning=reasoning)
    _check_file_names(chapter.entry, entry.place)
    return chapter


def _check_file_names(entry: ChapterRef, place: str) -> None:
    """Refuse a name that is too long for a file, before the files are made."""
    longest = 0
    for path in chapter_paths(entry):
        _, _, file_name = path.rpartition("/")
        length = len(file_name)
        longest = max(longest, length)
    # guard: a name that cannot be a file's is refused
    if longest > MAX_NAME_BYTES:
        beginning = entry.name[:_SHOWN]
        raise InvalidItemError(
            f"{place}: the name {beginning!r}... is too long: "
            f"its files would have names of {longest} bytes, "
            f"and file systems allow {MAX_NAME_BYTES}"
        )


def _check_unique(values: Sequence[str | int], place: str, field: str) -> None:
    seen = set()
    for value in values:
        if value in seen:
            fault = f"duplicate {field} {value!r}"
            raise InvalidItemError(f"{place}: {fault}")
        seen.add(value)


def _load(place: str, data: bytes) -> Any:  # noqa: ANN401 - any value of YAML
    text = _decoded(place, data)
    try:
        # A safe loader; in C where there is one.
        return yaml.load(text, Loader=_LOADER)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InvalidItemError(f"{place} is not YAML: {reason}") from error


def _load_mapping(place: str, data: bytes) -> "_Mapping":
    return _Mapping(_load(place, data), place)


class _Mapping:
    """A mapping of a YAML file; error messages begin with its place in the file."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            kind = type(value).__name__
            raise InvalidItemError(f"{place} must be a mapping, not {kind}")
        self.place = place
        self._fields: dict[Any, Any] = value

    def invalid(self, fault: str) -> InvalidItemError:
        """Return the error for a fault of the mapping."""
        return InvalidItemError(f"{self.place}: {fault}")

    def text(self, field: str, *, may_be_empty: bool = False) -> str:
        """Return a text without the white space around it."""
        value = self._fields.get(field)
        if isinstance(value, str):
            text = value.strip()
            if text or may_be_empty:
                return text
        condition = ", and not empty"
        if may_be_empty:
            condition = ""
        raise self.invalid(f"{field} must be a string{condition}")

    def texts(self, field: str) -> tuple[str, ...]:
        value = self._fields.get(field)
        texts = _list(value, self._place_of(field))
        for text in texts:
            if not isinstance(text, str):
                raise self.invalid(f"{field} must be strings")
        return tuple(texts)

    def whole_number(self, field: str, low: int, high: int) -> int:
        value = self._fields.get(field)
        if _is_whole_number(value) and low <= value <= high:
            return value
        shown = _shown(value)
        raise self.invalid(
            f"{field} is {shown}; it must be a whole number from {low} to {high}"
        )

    def entries(self, field: str) -> Iterator["_Mapping"]:
        """Yield the entries of a list of mappings."""
        value = self._fields.get(field)
        return _entries(value, self._place_of(field))

    def _place_of(self, field: str) -> str:
        return f"{self.place}: {field}"


def _entries(value: object, place: str) -> Iterator[_Mapping]:
    entries = _list(value, place)
    for number, entry in enumerate(entries):
        entry_place = _entry_place(place, number)
        yield _Mapping(entry, entry_place)


def _entry_place(place: str, number: int) -> str:
    return f"{place}[{number}]"


def _list(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        kind = type(value).__name__
        raise InvalidItemError(f"{place} must be a list, not {kind}")
    return value


def _is_whole_number(value: object) -> TypeGuard[int]:
    if isinstance(value, bool):
        return False
    return isinstance(value, int)


def _shown(value: object) -> str:
    """Return a value for a message; Python does not print integers of thousands of digits."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a huge number"
    return repr(value)
