"""The files of a course, read and validated: engines are not trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeGuard

import yaml

from states.course_paths import ChapterRef, expected_paths, item_path
from states.stages import INFO, STAGES, Stage

MAX_ITEM_BYTES: Final = 8 * 1024 * 1024
"""The largest file that an engine may write."""
MAX_NAME_BYTES: Final = 255
"""The longest name that file systems give a file."""
MAX_INDEX: Final = 999_999
_KEPT: Final = 4
"""How many parsed files are cached: every stage reads the same ones."""
_SHOWN: Final = 40
_MOST_BITS: Final = 64
_FIRST: Final = INFO[Stage.EXTRACT].step
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_USUAL_INDEX: Final = 99
"""The index that measures step 1's names, before the order is known."""


class InvalidItemError(Exception):
    """A file of the course is not valid; the message says which, and where."""


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
        """The entry that its files are named after."""
        return ChapterRef(index=self.index, name=self.name)


@lru_cache(maxsize=_KEPT)
def read_abstractions(data: bytes) -> tuple[Abstraction, ...]:
    """Read `step1_abstractions.yaml`, or raise InvalidItemError."""
    place = "step1_abstractions.yaml"
    entries = _list(_load(place, data), place)
    abstractions: list[Abstraction] = []
    for number, entry in enumerate(entries):
        abstractions.append(_abstraction(entry, f"{place}[{number}]"))
    if not abstractions:
        raise InvalidItemError(f"{place} names no abstraction")
    _unique([abstraction.name for abstraction in abstractions], place, "name")
    for number, abstraction in enumerate(abstractions):
        chapter = ChapterRef(index=_USUAL_INDEX, name=abstraction.name)
        _check_file_names(chapter, f"{place}[{number}]")
    return tuple(abstractions)


def read_relationships(
    data: bytes, abstractions: Sequence[Abstraction]
) -> tuple[str, tuple[Relationship, ...]]:
    """Read `step2_relationships.yaml`: its summary and its relationships.

    Or raise InvalidItemError.
    """
    place = "step2_relationships.yaml"
    document = _mapping(_load(place, data), place)
    summary = _text(document, "summary", place)
    place = f"{place}: relationships"
    entries = _list(document.get("relationships"), place)
    count = len(abstractions)
    relationships: list[Relationship] = []
    for number, entry in enumerate(entries):
        relationships.append(_relationship(entry, f"{place}[{number}]", count))
    return summary, tuple(relationships)


def read_order(
    data: bytes, abstractions: Sequence[Abstraction]
) -> tuple[OrderEntry, ...]:
    """Read `step3_order.yaml`, in the order of its indexes; or raise InvalidItemError."""
    names = frozenset(abstraction.name for abstraction in abstractions)
    return _read_order(data, names)


@lru_cache(maxsize=_KEPT)
def _read_order(data: bytes, known: frozenset[str]) -> tuple[OrderEntry, ...]:
    place = "step3_order.yaml"
    document = _mapping(_load(place, data), place)
    chapters: list[OrderEntry] = []
    for number, entry in enumerate(
        _list(document.get("order"), f"{place}: order")
    ):
        chapters.append(_order_entry(entry, f"{place}: order[{number}]", known))
    if not chapters:
        raise InvalidItemError(f"{place}: order is empty")
    _unique([chapter.index for chapter in chapters], place, "index")
    chapters.sort(key=lambda chapter: chapter.index)
    return tuple(chapters)


class Rules:
    """What a stage must write, given the YAML files of the earlier stages."""

    def __init__(self, stage: Stage, outputs: Mapping[str, bytes]) -> None:
        """Read the files that the stage depends on from `outputs`, by path."""
        self._stage = stage
        self._abstractions: tuple[Abstraction, ...] = ()
        if INFO[stage].step > _FIRST:
            self._abstractions = read_abstractions(
                outputs[_file(Stage.EXTRACT)]
            )
        order: tuple[OrderEntry, ...] = ()
        if INFO[stage].folder:
            order = read_order(outputs[_file(Stage.ORDER)], self._abstractions)
        self.expected = expected_paths(
            stage, [chapter.entry for chapter in order]
        )
        self._paths = frozenset(self.expected)

    def fault(self, path: str, body: bytes) -> str | None:
        """Say what is wrong with a file of the stage, or return None."""
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
        if not _is_whole(value) or not 0 <= value < count:
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


def _order_entry(
    entry: object, place: str, known: frozenset[str]
) -> OrderEntry:
    fields = _mapping(entry, place)
    index, name = fields.get("index"), _text(fields, "name", place)
    if not _is_whole(index) or not 1 <= index <= MAX_INDEX:
        raise InvalidItemError(
            f"{place}: index is {_shown(index)}; "
            f"it must be a whole number from 1 to {MAX_INDEX}"
        )
    if name not in known:
        raise InvalidItemError(
            f"{place}: {name!r} is not a name in step1_abstractions.yaml"
        )
    _check_file_names(ChapterRef(index=index, name=name), place)
    reasoning = _text(fields, "reasoning", place, empty=True)
    return OrderEntry(index=index, name=name, reasoning=reasoning)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_file_names(entry: ChapterRef, place: str) -> None:
    """Refuse a name that is too long for a file, before files are made."""
    paths = [item_path(info.stage, entry) for info in STAGES if info.folder]
    longest = max(len(path.rpartition("/")[2]) for path in paths)
    # guard: a name of which no file can be made is refused
    if longest > MAX_NAME_BYTES:
        raise InvalidItemError(
            f"{place}: the name {entry.name[:_SHOWN]!r}... is too long: its files would have "
            f"names of {longest} bytes, and file systems allow {MAX_NAME_BYTES}"
        )


def _shown(value: object) -> str:
    """Return a value for a message; Python does not print numbers of thousands of digits."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a huge number"
    return repr(value)


def _text(
    fields: Mapping[Any, Any], field: str, place: str, *, empty: bool = False
) -> str:
    value = fields.get(field)
    if not isinstance(value, str) or not (empty or value.strip()):
        condition = "" if empty else ", and not empty"
        raise InvalidItemError(f"{place}: {field} must be a text{condition}")
    return value.strip()


def _mapping(value: object, place: str) -> Mapping[Any, Any]:
    if not isinstance(value, dict):
        raise InvalidItemError(
            f"{place} must be a mapping, not {type(value).__name__}"
        )
    return value


def _list(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidItemError(
            f"{place} must be a list, not {type(value).__name__}"
        )
    return value


def _unique(values: Sequence[str | int], place: str, field: str) -> None:
    seen: set[str | int] = set()
    for value in values:
        if value in seen:
            raise InvalidItemError(f"{place}: duplicate {field} {value!r}")
        seen.add(value)
