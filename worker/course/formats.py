"""The files of a course, read and validated: nothing that an engine writes is believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import yaml

from states.course_paths import ChapterRef, expected_paths, item_path
from states.stages import INFO, STAGES, Stage

MAX_ITEM_BYTES: Final = 8 * 1024 * 1024
"""The largest file that is taken from an engine."""
MAX_NAME_BYTES: Final = 255
"""The longest name that file systems give a file."""
MAX_INDEX: Final = 999_999
_USUAL_INDEX: Final = 99
"""By which step 1's names are measured: the order, with the real one, is not known yet."""


class InvalidItemError(Exception):
    """A file of the course is not as it must be; the message says which, and where."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Abstraction:
    """An entry of step 1, its texts stripped."""

    name: str
    description: str
    file_paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Relationship:
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
        """What its files are named after."""
        return ChapterRef(index=self.index, name=self.name)


_KEPT: Final = 4
"""So many readings are kept: every stage begins by reading the same files."""


@lru_cache(maxsize=_KEPT)
def read_abstractions(data: bytes) -> tuple[Abstraction, ...]:
    """Read `step1_abstractions.yaml`, or raise InvalidItemError."""
    place = "step1_abstractions.yaml"
    entries = _list(_load(place, data), place)
    found = tuple(
        _abstraction(entry, f"{place}[{i}]") for i, entry in enumerate(entries)
    )
    if not found:
        raise InvalidItemError(f"{place} names no abstraction")
    _unique([abstraction.name for abstraction in found], place, "name")
    for i, abstraction in enumerate(found):
        _check_file_names(
            ChapterRef(index=_USUAL_INDEX, name=abstraction.name), f"{place}[{i}]"
        )
    return found


def read_relationships(
    data: bytes, abstractions: Sequence[Abstraction]
) -> tuple[str, tuple[Relationship, ...]]:
    """Read `step2_relationships.yaml`: its summary and its relationships.

    Or raise InvalidItemError.
    """
    place = "step2_relationships.yaml"
    document = _mapping(_load(place, data), place)
    summary = _text(document, "summary", place)
    entries = _list(document.get("relationships"), f"{place}: relationships")
    found = tuple(
        _relationship(entry, f"{place}: relationships[{i}]", len(abstractions))
        for i, entry in enumerate(entries)
    )
    return summary, found


def read_order(
    data: bytes, abstractions: Sequence[Abstraction]
) -> tuple[OrderEntry, ...]:
    """Read `step3_order.yaml`, in the order of its indexes; or raise InvalidItemError."""
    return _read_order(
        data, frozenset(abstraction.name for abstraction in abstractions)
    )


@lru_cache(maxsize=_KEPT)
def _read_order(data: bytes, known: frozenset[str]) -> tuple[OrderEntry, ...]:
    place = "step3_order.yaml"
    entries = _list(_mapping(_load(place, data), place).get("order"), f"{place}: order")
    found = tuple(
        _order_entry(entry, f"{place}: order[{i}]", known)
        for i, entry in enumerate(entries)
    )
    if not found:
        raise InvalidItemError(f"{place}: order is empty")
    _unique([entry.index for entry in found], place, "index")
    return tuple(sorted(found, key=lambda entry: entry.index))


class Rules:
    """What a stage has to write, given the YAML files of the stages before."""

    def __init__(self, stage: Stage, outputs: Mapping[str, bytes]) -> None:
        """Read what the stage depends on from `outputs`, the course's files by their paths."""
        self._stage = stage
        self._abstractions = (
            read_abstractions(outputs[_file(Stage.EXTRACT)])
            if INFO[stage].step > _FIRST
            else ()
        )
        order = (
            read_order(outputs[_file(Stage.ORDER)], self._abstractions)
            if INFO[stage].folder
            else ()
        )
        self.expected = expected_paths(stage, [found.entry for found in order])
        self._paths = frozenset(self.expected)

    def fault(self, path: str, body: bytes) -> str | None:
        """Say what is wrong with a file that the stage is said to have written, or return None."""
        try:
            self._check(path, body)
        except InvalidItemError as error:
            return str(error)
        return None

    def _check(self, path: str, body: bytes) -> None:
        if path not in self._paths:
            raise InvalidItemError(f"{path} is not a file that {self._stage} writes")
        if len(body) > MAX_ITEM_BYTES:
            raise InvalidItemError(
                f"{path} has {len(body)} bytes; at most {MAX_ITEM_BYTES} are taken"
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


_SHOWN: Final = 40
_MOST_BITS: Final = 64
_FIRST: Final = INFO[Stage.EXTRACT].step


def _check_markdown(path: str, body: bytes) -> None:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidItemError(f"{path} is not UTF-8: {error}") from error
    if not text.strip():
        raise InvalidItemError(f"{path} is empty")


def _file(stage: Stage) -> str:
    file = INFO[stage].file
    assert file is not None  # noqa: S101 - called only for the stages that write one file
    return file


def _load(place: str, data: bytes) -> Any:  # noqa: ANN401 - whatever YAML holds
    try:
        return yaml.load(data.decode("utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one
    except UnicodeDecodeError as error:
        raise InvalidItemError(f"{place} is not UTF-8: {error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InvalidItemError(f"{place} is not YAML: {reason}") from error


_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _abstraction(entry: object, place: str) -> Abstraction:
    fields = _mapping(entry, place)
    paths = _list(fields.get("file_paths"), f"{place}: file_paths")
    if not all(isinstance(path, str) for path in paths):
        raise InvalidItemError(f"{place}: file_paths must be texts")
    return Abstraction(
        name=_text(fields, "name", place),
        description=_text(fields, "description", place),
        file_paths=tuple(paths),
    )


def _relationship(entry: object, place: str, count: int) -> Relationship:
    fields = _mapping(entry, place)
    ends = {}
    for field in ("from_abstraction", "to_abstraction"):
        value = fields.get(field)
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or not 0 <= value < count
        ):
            raise InvalidItemError(
                f"{place}: {field} is {_shown(value)}; it must be from 0 to {count - 1}"
            )
        ends[field] = value
    return Relationship(
        source=ends["from_abstraction"],
        target=ends["to_abstraction"],
        label=_text(fields, "label", place),
        evidence=_text(fields, "evidence", place, empty=True),
    )


def _order_entry(entry: object, place: str, known: frozenset[str]) -> OrderEntry:
    fields = _mapping(entry, place)
    index, name = fields.get("index"), _text(fields, "name", place)
    if (
        not isinstance(index, int)
        or isinstance(index, bool)
        or not 1 <= index <= MAX_INDEX
    ):
        raise InvalidItemError(
            f"{place}: index is {_shown(index)}; it must be a whole number from 1 to {MAX_INDEX}"
        )
    if name not in known:
        raise InvalidItemError(
            f"{place}: {name!r} is no name of step1_abstractions.yaml"
        )
    _check_file_names(ChapterRef(index=index, name=name), place)
    return OrderEntry(
        index=index, name=name, reasoning=_text(fields, "reasoning", place, empty=True)
    )


def _check_file_names(entry: ChapterRef, place: str) -> None:
    """Refuse a name of which no file can be made, before anything is made of it."""
    paths = [item_path(info.stage, entry) for info in STAGES if info.folder]
    longest = max(len(path.rpartition("/")[2]) for path in paths)
    # guard: a name of which no file can be made is refused
    if longest > MAX_NAME_BYTES:
        raise InvalidItemError(
            f"{place}: the name {entry.name[:_SHOWN]!r}... is too long: its files would have names of {longest} bytes, "
            f"and file systems take {MAX_NAME_BYTES}"
        )


def _shown(value: object) -> str:
    """Return a value as a message has it; Python writes no number of thousands of digits."""
    return (
        "a huge number"
        if isinstance(value, int) and value.bit_length() > _MOST_BITS
        else repr(value)
    )


def _text(
    fields: Mapping[Any, Any], field: str, place: str, *, empty: bool = False
) -> str:
    value = fields.get(field)
    if not isinstance(value, str) or not (empty or value.strip()):
        raise InvalidItemError(
            f"{place}: {field} must be a text{'' if empty else ', and not empty'}"
        )
    return value.strip()


def _mapping(value: object, place: str) -> Mapping[Any, Any]:
    if not isinstance(value, dict):
        raise InvalidItemError(f"{place} must be a mapping, not {type(value).__name__}")
    return value


def _list(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidItemError(f"{place} must be a list, not {type(value).__name__}")
    return value


def _unique(values: Sequence[str | int], place: str, field: str) -> None:
    seen: set[str | int] = set()
    for value in values:
        if value in seen:
            raise InvalidItemError(f"{place}: {field} {value!r} stands there twice")
        seen.add(value)
