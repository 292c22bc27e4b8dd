"""The canonical JSON form of a manifest: equal manifests have equal bytes."""

import json
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from states.manifest import Artifact, EngineRef, Manifest, StageRecord

JsonObject = dict[str, Any]
"""A JSON document, or an object in one."""

FORMATS: Final = (1, 2, 3)
"""The versions of the JSON form that this program reads."""
_FORMAT_KEY: Final = "format"
_NEW_FIELDS: Final[dict[type, frozenset[str]]] = {
    EngineRef: frozenset({"model", "language"}),
    Manifest: frozenset({"budget", "usage", "waiting", "update"}),
    StageRecord: frozenset({"kept", "listed"}),
}
"""The fields of formats 2 and 3, by class.

A manifest that uses none of them is written in format 1, without them. Format 3 has `listed`.
"""


class ManifestError(Exception):
    """The bytes are not a manifest: they are damaged, or belong to another file."""


class ManifestFormatError(ManifestError):
    """The manifest has a format that this version of the program does not know."""

    def __init__(self, found: object) -> None:
        *others, last = map(str, FORMATS)
        known = f"{', '.join(others)} and {last}"
        super().__init__(
            f"the manifest has format {found!r}, and this program knows only formats {known}: "
            "use the version of fondation-worker that wrote it, or a newer one"
        )


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as JSON: keys sorted, no spaces, ASCII, a newline at the end."""
    return _canonical({_FORMAT_KEY: _format(manifest), **_plain(manifest)})


def encode_artifacts(artifacts: tuple[Artifact, ...]) -> bytes:
    """Return a list of artifacts as JSON, each as in a manifest."""
    return _canonical(artifacts)


def decode(data: bytes) -> Manifest:
    """Read a manifest.

    Raises ManifestFormatError for an unknown format, and ManifestError for bytes that are
    not a manifest.
    """
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ManifestError(f"the manifest is not JSON: {error}") from error
    if not isinstance(document, dict) or _FORMAT_KEY not in document:
        raise ManifestError("the manifest does not say its format")
    version = document.pop(_FORMAT_KEY)
    if version not in FORMATS or isinstance(version, bool):
        raise ManifestFormatError(version)
    try:
        manifest: Manifest = _reader(Manifest)(document)
    except _FaultError as fault:
        raise ManifestError(f"manifest{fault.place} {fault}") from None
    return manifest


def decode_artifacts(data: bytes) -> tuple[Artifact, ...]:
    """Read a list of artifacts that `encode_artifacts` wrote; its digest has been checked."""
    artifacts: tuple[Artifact, ...] = _reader(tuple[Artifact, ...])(
        json.loads(data)
    )
    return artifacts


class _FaultError(Exception):
    """A value has a fault; each enclosing level adds its own place."""

    place = ""

    def inside(self, place: str) -> "_FaultError":
        self.place = place + self.place
        return self


_Read = Callable[[Any], Any]


def _canonical(document: object) -> bytes:
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), default=_plain
    )
    return text.encode("ascii") + b"\n"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    capitalized = []
    for part in rest:
        capital = part.capitalize()
        capitalized.append(capital)
    return "".join([first, *capitalized])


def _plain(value: Any) -> JsonObject:  # noqa: ANN401 - any dataclass
    """Return a dataclass by its JSON names; newer fields only if they are set."""
    kind: type = type(value)
    optional = _NEW_FIELDS.get(kind, frozenset())
    document = {}
    for json_name, name in _json_names(kind):
        content = getattr(value, name)
        if content is None and name in optional:
            continue
        document[json_name] = content
    return document


def _format(manifest: Manifest) -> int:
    if any(record.listed for record in manifest.stages):
        return 3
    for value in (manifest, manifest.engine):
        for name in _NEW_FIELDS[type(value)]:
            if getattr(value, name) is not None:
                return 2
    return 1


@cache
def _json_names(kind: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401 - any dataclass
    pairs = []
    for field in fields(kind):
        camel = _camel(field.name)
        pair = (camel, field.name)
        pairs.append(pair)
    return tuple(pairs)


@cache
def _reader(kind: Any) -> _Read:  # noqa: ANN401 - any type of a field
    """Return the function that reads values of a type; it is built once for each type."""
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_reader(kind)
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        return _optional_reader(kind)
    if origin is tuple:
        item_type = get_args(kind)[0]
        return _tuple_reader(_reader(item_type))
    if issubclass(kind, Enum):
        return _enum_reader(kind)
    return _scalar_reader(kind)


def _optional_reader(kind: Any) -> _Read:  # noqa: ANN401 - a union with None
    types = set(get_args(kind))
    types.remove(type(None))
    [value_type] = types
    read_value = _reader(value_type)

    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if value is None:
            return None
        return read_value(value)

    return read


@dataclass(frozen=True, kw_only=True, slots=True)
class _Field:
    name: str
    read: _Read
    is_required: bool


def _dataclass_reader(kind: type) -> _Read:
    known = _fields(kind)
    required = set()
    for json_name, field in known.items():
        if field.is_required:
            required.add(json_name)

    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if not isinstance(value, dict):
            raise _FaultError("is not an object")
        _check_fields(value.keys(), known.keys(), required)
        arguments = {}
        for json_name, item in value.items():
            field = known[json_name]
            content = _read_inside(f".{json_name}", field.read, item)
            arguments[field.name] = content
        return kind(**arguments)

    return read


def _fields(kind: type) -> dict[str, _Field]:
    """Return the fields of a dataclass by their JSON names."""
    hints = get_type_hints(kind)
    known = {}
    for field in fields(kind):
        name = field.name
        known[_camel(name)] = _Field(
            name=name,
            read=_reader(hints[name]),
            is_required=field.default is MISSING,
        )
    return known


def _read_inside(place: str, read: _Read, value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    """Read a part of a value; add the part's place to a fault in it."""
    try:
        return read(value)
    except _FaultError as fault:
        raise fault.inside(place) from None


def _check_fields(
    given: AbstractSet[str], known: AbstractSet[str], required: AbstractSet[str]
) -> None:
    unknown = given - known
    if unknown:
        listed = ", ".join(sorted(unknown))
        raise _FaultError(f"has unknown fields: {listed}")
    missing = required - given
    if missing:
        listed = ", ".join(sorted(missing))
        raise _FaultError(f"lacks {listed}")


def _tuple_reader(read_item: _Read) -> _Read:
    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if not isinstance(value, list):
            raise _FaultError("is not a list")
        items = []
        for position, item in enumerate(value):
            content = _read_inside(f"[{position}]", read_item, item)
            items.append(content)
        return tuple(items)

    return read


def _enum_reader(kind: type[Enum]) -> _Read:
    members = {member.value: member for member in kind}

    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        is_scalar = isinstance(value, str | int)
        # `True` would be equal to 1.
        is_bool = isinstance(value, bool)
        if is_scalar and not is_bool and value in members:
            return members[value]
        raise _FaultError(f"is {value!r}, which is not an allowed value")

    return read


def _scalar_reader(kind: type) -> _Read:
    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise _FaultError(
                f"is {value!r}, which is not of type {kind.__name__}"
            )
        return value

    return read
