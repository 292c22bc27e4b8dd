"""The manifest's canonical JSON form: the same manifest is always the same bytes."""

import json
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from states.manifest import FORMAT, Manifest

_FORMAT_KEY: Final = "format"


class ManifestError(Exception):
    """The bytes are not a manifest: damaged, or not ours."""


class ManifestFormatError(ManifestError):
    """The manifest was written by another version of the program, in a form that this one does not know."""

    def __init__(self, found: object) -> None:
        """Remember the version that was found."""
        super().__init__(
            f"the manifest has format {found!r}, and this program knows only format {FORMAT}: "
            "use the version of fondation-worker that wrote it, or a newer one"
        )
        self.found = found


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as JSON: keys sorted, no white space, ASCII only, a newline at the end."""
    document = {_FORMAT_KEY: FORMAT, **_plain(manifest)}
    return (
        json.dumps(
            document, sort_keys=True, separators=(",", ":"), default=_plain
        ).encode("ascii")
        + b"\n"
    )


def decode(data: bytes) -> Manifest:
    """Read a manifest.

    Raise UnknownFormatError for another version's, ManifestError for anything else.
    """
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ManifestError(f"the manifest is not JSON: {error}") from error
    if not isinstance(document, dict) or _FORMAT_KEY not in document:
        raise ManifestError("the manifest does not say its format")
    found = document.pop(_FORMAT_KEY)
    if found != FORMAT or isinstance(found, bool):
        raise ManifestFormatError(found)
    try:
        manifest: Manifest = _reader(Manifest)(document)
    except _FaultError as fault:
        raise ManifestError(f"manifest{fault.place} {fault.reason}") from None
    return manifest


class _FaultError(Exception):
    """What is wrong with a value; its place grows while the error rises."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = ""

    def inside(self, place: str) -> "_FaultError":
        self.place = place + self.place
        return self


_Read = Callable[[Any], Any]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    """Return a dataclass's fields under their names in JSON: all else, JSON's own encoder knows, and is quicker at."""
    kind: type = type(value)
    return {key: getattr(value, name) for key, name in _names(kind)}


@cache
def _names(kind: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401 - any dataclass
    return tuple((_camel(field.name), field.name) for field in fields(kind))


@cache
def _reader(kind: Any) -> _Read:  # noqa: ANN401 - any type of a field
    """Return what makes a value of a type from JSON.

    Built once for each type, as reading it is done often.
    """
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_reader(kind)
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        read = _reader(
            next(option for option in get_args(kind) if option is not type(None))
        )
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        return _tuple_reader(_reader(get_args(kind)[0]))
    return _enum_reader(kind) if issubclass(kind, Enum) else _scalar_reader(kind)


def _dataclass_reader(kind: type) -> _Read:
    hints = get_type_hints(kind)
    shape = {
        _camel(field.name): (field.name, _reader(hints[field.name]))
        for field in fields(kind)
    }
    required = {
        _camel(field.name) for field in fields(kind) if field.default is MISSING
    }

    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if not isinstance(value, dict):
            raise _FaultError("is not an object")
        if unknown := value.keys() - shape.keys():
            raise _FaultError(f"has unknown fields: {', '.join(sorted(unknown))}")
        if missing := required - value.keys():
            raise _FaultError(f"lacks {', '.join(sorted(missing))}")
        found = {}
        for key, item in value.items():
            name, read_item = shape[key]
            try:
                found[name] = read_item(item)
            except _FaultError as fault:
                raise fault.inside(f".{key}") from None
        return kind(**found)

    return read


def _tuple_reader(read_item: _Read) -> _Read:
    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if not isinstance(value, list):
            raise _FaultError("is not a list")
        found = []
        for position, item in enumerate(value):
            try:
                found.append(read_item(item))
            except _FaultError as fault:
                raise fault.inside(f"[{position}]") from None
        return tuple(found)

    return read


def _enum_reader(kind: type[Enum]) -> _Read:
    members = {member.value: member for member in kind}

    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if (
            not isinstance(value, str | int)
            or isinstance(value, bool)
            or value not in members
        ):
            raise _FaultError(f"is {value!r}, which is not one of its values")
        return members[value]

    return read


def _scalar_reader(kind: type) -> _Read:
    def read(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise _FaultError(f"is {value!r}, which is not of type {kind.__name__}")
        return value

    return read
