"""The manifest's canonical JSON form: the same manifest is always the same bytes."""

import json
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from states.manifest import FORMAT, Manifest

_FORMAT_KEY: Final = "format"


class ManifestError(Exception):
    """The bytes are not a manifest: damaged, or not ours."""


class UnknownFormatError(ManifestError):
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
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def decode(data: bytes) -> Manifest:
    """Read a manifest; raise UnknownFormatError for another version's, ManifestError for anything else."""
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ManifestError(f"the manifest is not JSON: {error}") from error
    if not isinstance(document, dict) or _FORMAT_KEY not in document:
        raise ManifestError("the manifest does not say its format")
    found = document.pop(_FORMAT_KEY)
    if found != FORMAT or isinstance(found, bool):
        raise UnknownFormatError(found)
    manifest: Manifest = _typed(Manifest, document, "manifest")
    return manifest


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@cache
def _shape(kind: type) -> dict[str, tuple[str, Any, bool]]:
    """For each JSON key of a dataclass: the field's name, its type, and whether it must be there."""
    hints = get_type_hints(kind)
    return {_camel(field.name): (field.name, hints[field.name], field.default is MISSING) for field in fields(kind)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a field, any value of JSON
    if is_dataclass(value) and not isinstance(value, type):
        return {key: _plain(getattr(value, name)) for key, (name, _, _) in _shape(type(value)).items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _typed(kind: Any, value: Any, place: str) -> Any:  # noqa: ANN401 - any type of a field, any value of JSON
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, value, place)
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        inner = next(option for option in get_args(kind) if option is not type(None))
        return None if value is None else _typed(inner, value, place)
    if origin is tuple:
        if not isinstance(value, list):
            raise ManifestError(f"{place} is not a list")
        return tuple(_typed(get_args(kind)[0], item, f"{place}[{i}]") for i, item in enumerate(value))
    return _scalar(kind, value, place)


def _dataclass(kind: type, value: Any, place: str) -> Any:  # noqa: ANN401 - see _typed
    shape = _shape(kind)
    if not isinstance(value, dict):
        raise ManifestError(f"{place} is not an object")
    if unknown := value.keys() - shape.keys():
        raise ManifestError(f"{place} has unknown fields: {', '.join(sorted(unknown))}")
    if missing := [key for key, (_, _, required) in shape.items() if required and key not in value]:
        raise ManifestError(f"{place} lacks {', '.join(missing)}")
    found = {shape[key][0]: _typed(shape[key][1], item, f"{place}.{key}") for key, item in value.items()}
    return kind(**found)


def _scalar(kind: Any, value: Any, place: str) -> Any:  # noqa: ANN401 - see _typed
    if issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError as error:
            raise ManifestError(f"{place} is {value!r}, which is not one of its values") from error
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ManifestError(f"{place} is {value!r}, which is not of type {kind.__name__}")
    return value
