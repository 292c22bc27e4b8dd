"""The JSON schemas of answers: closed, without optional fields, as structured output requires."""

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
_EXAMPLE: Final = _object(
    kind=_choice("example"),
    file=_TEXT,
    language=_TEXT,
    code=_TEXT,
    prints=_TEXT,
)
_DRAWN: Final = _object(kind=_choice("relations", "calls"), ids=_TEXTS)
_ARROW: Final[Schema] = {"from": _TEXT, "to": _TEXT, "text": _TEXT}
_DRAWING: Final = _object(
    kind=_choice("drawing"),
    nodes=_list(_object(id=_TEXT, text=_TEXT)),
    arrows=_list(_object(**_ARROW, sources=_list(_LINES))),
)
_COMMANDS: Final = _object(kind=_choice("commands"), ids=_TEXTS)
_CHANGE: Final = _object(
    kind=_choice("change"), **_POINTER, code=_TEXT, test=_TEXT
)
_BLOCKS: Final = (_PROSE, _LISTING, _EXAMPLE, _DRAWN, _DRAWING, _COMMANDS)
_BLOCK: Final[Schema] = {"anyOf": [*_BLOCKS]}
_EXERCISE_BLOCKS: Final = (_PROSE, _LISTING, _EXAMPLE, _COMMANDS)
_EXERCISE_BLOCK: Final[Schema] = {"anyOf": [*_EXERCISE_BLOCKS]}
_TASK_BLOCK: Final[Schema] = {"anyOf": [*_EXERCISE_BLOCKS, _CHANGE]}
ROLES: Final = ("problem", "use", "idea", "run", "code", "failure")
"""The purposes of a chapter's parts; the first one opens the page."""
ACTIONS: Final = ("replace", "drop", "insert_after")

EXTRACT: Final = _object(
    chapters=_list(
        _object(candidates=_TEXTS, name=_TEXT, description=_TEXT, why=_TEXT)
    )
)
ANALYZE: Final = _object(
    summary=_list(_object(text=_TEXT, sources=_list(_LINES))),
    labels=_list(_object(relation=_TEXT, label=_TEXT)),
    example=_TEXT,
)
ORDER: Final = _object(order=_list(_object(unit=_TEXT, reason=_TEXT)))
CHAPTER: Final = _object(
    parts=_list(
        _object(role=_choice(*ROLES), title=_TEXT, blocks=_list(_BLOCK))
    ),
    next=_TEXT,
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
    introduction=_list(_EXERCISE_BLOCK),
    exercises=_list(
        _object(
            title=_TEXT,
            task=_list(_TASK_BLOCK),
            solution=_list(_EXERCISE_BLOCK),
        )
    ),
    map=_list(_object(path=_TEXT, text=_TEXT)),
)
