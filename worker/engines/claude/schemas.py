"""The JSON schemas of answers: closed, without options, as structured output allows them."""

from typing import Any, Final

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "integer"}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _choice(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


_POINTER: Final[Schema] = {"file": _TEXT, "from": _NUMBER, "to": _NUMBER}
_LINES: Final = _object(**_POINTER)
_PROSE: Final = _object(
    kind=_choice("prose"), text=_TEXT, sources=_list(_LINES)
)
_LISTING: Final = _object(kind=_choice("code"), **_POINTER)
_EXAMPLE: Final = _object(kind=_choice("example"), language=_TEXT, code=_TEXT)
_DRAWING: Final = _object(kind=_choice("relations", "calls"), ids=_TEXTS)
_COMMANDS: Final = _object(kind=_choice("commands"), ids=_TEXTS)
_BLOCK: Final[Schema] = {
    "anyOf": [_PROSE, _LISTING, _EXAMPLE, _DRAWING, _COMMANDS]
}
ROLES: Final = ("problem", "use", "idea", "run", "code", "failure", "next")
"""What the parts of a chapter are for, in the order of a page."""
ACTIONS: Final = ("replace", "drop", "insert_after")

EXTRACT: Final = _object(
    chapters=_list(
        _object(candidates=_TEXTS, name=_TEXT, description=_TEXT, why=_TEXT)
    )
)
ANALYZE: Final = _object(
    summary=_list(_object(text=_TEXT, sources=_list(_LINES))),
    labels=_list(_object(relation=_TEXT, label=_TEXT)),
)
ORDER: Final = _object(order=_list(_object(unit=_TEXT, reason=_TEXT)))
CHAPTER: Final = _object(
    parts=_list(
        _object(role=_choice(*ROLES), title=_TEXT, blocks=_list(_BLOCK))
    )
)
REVIEW: Final = _object(
    edits=_list(
        _object(
            block=_NUMBER,
            action=_choice(*ACTIONS),
            reason=_TEXT,
            blocks=_list(_BLOCK),
        )
    )
)
TUTORIAL: Final = _object(
    introduction=_list(_BLOCK),
    exercises=_list(
        _object(title=_TEXT, task=_list(_BLOCK), solution=_list(_BLOCK))
    ),
)
