"""The smallest answer that fits a schema."""

import json
from collections.abc import Mapping
from typing import Any, Final

_PLAIN: Final[Mapping[str, object]] = {
    "boolean": True,
    "integer": 1,
    "null": None,
    "number": 1,
    "string": "A text.",
}


def filled(body: Mapping[str, Any]) -> str:
    """Return an object that fits the schema of a request; without one, a sentence."""
    form = (body.get("output_config") or {}).get("format")
    if form is None:
        return "An answer."
    return json.dumps(_value(form["schema"], form["schema"]))


def _value(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _value(root["$defs"][name], root)
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], root)
    if "const" in schema or "enum" in schema:
        return schema.get("const") or schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        parts = schema.get("properties", {})
        needed = schema.get("required", ())
        return {name: _value(parts[name], root) for name in needed}
    if kind == "array":
        return [_value(schema["items"], root)] if "items" in schema else []
    return _PLAIN[kind or "string"]
